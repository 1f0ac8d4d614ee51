/* What the layers of transformers share. */
#ifndef NN_ATTENTION_H
#define NN_ATTENTION_H

#include "../layers.h"

/* x (…,T,features), with at most `length` positions T: what tables of positions expect. */
bool nn_fits_positions(const wg_tensor *x, wg_dtype dtype, int64_t length, int64_t features, const char *op);

/* Angles i base^(-2k/features) of positions i below length, k below features/2: their sines, else their cosines, (length, features/2). */
wg_tensor *nn_table_of_angles(wg_dtype dtype, int64_t length, int64_t features, double base, bool sines);

/* A feed-forward network and what is around it, the same in every transformer layer. */
struct nn_transformer {
    const char *op;
    int64_t width, heads, hidden;
    double dropout, eps;
    wg_activation activation;
    bool norm_first, causal;
    wg_dtype dtype;
    wg_tensor *generator;
};

/* The members that the options of every transformer layer share. */
#define NN_TRANSFORMER_OPTIONS(o)                                                                              \
    .width = (o)->width, .heads = (o)->heads, .hidden = (o)->hidden, .dropout = (o)->dropout, .eps = (o)->eps, \
    .activation = (o)->activation, .norm_first = (o)->norm_first, .dtype = (o)->dtype, .generator = (o)->generator

/* What the options' ranges do not say; the check of what a layer is given. */
wg_status nn_check_transformer(const struct nn_transformer *t);
bool nn_takes_inputs(const struct nn_transformer *t, const wg_nn_call *call, size_t most, const char *which);
bool nn_fits_sequence(const struct nn_transformer *t, const wg_tensor *x); /* (B,T,width) */

/* Adds a child of multi-head attention, of linear1, linear2, and of so many norms, called norm1, norm2, … */
wg_status nn_add_attention(const struct nn_transformer *t, wg_nn_module *layer, const char *name, bool causal);
wg_status nn_add_feed_forward(const struct nn_transformer *t, wg_nn_module *layer);
wg_status nn_add_norms(const struct nn_transformer *t, wg_nn_module *layer, int n);

/* x + f(norm(x)), or norm(x + f(x)): a part of a layer beside its residual path. part computes f on the children of the call. norm is the
   child that normalises. */
struct nn_part {
    wg_tensor *(*compute)(const struct nn_transformer *t, const wg_nn_call *call, wg_tensor *x);
    size_t norm;
};
wg_tensor *nn_apply_part(const struct nn_transformer *t, const wg_nn_call *call, const struct nn_part *part, wg_tensor *x);

/* linear2(dropout(activation(linear1(x)))), children first and first + 1. */
wg_tensor *nn_feed_forward(const struct nn_transformer *t, const wg_nn_call *call, size_t first, wg_tensor *x);

/* Encoder layers one after another, children "0", "1", …: each is given what the one before made and the further inputs. */
wg_nn_module *nn_encoder_stack(const struct nn_transformer *t, int64_t layers);

#endif
