/* What the files of layers share: the kinds and fusions that layers.def lists. */
#ifndef NN_LAYERS_H
#define NN_LAYERS_H

#include "../module/module.h"

#define WG_LAYER(name, options) extern const struct wg_nn_kind nn_##name##_kind;
#define WG_ACTIVATION(name, NAME, gain) extern const struct wg_nn_kind nn_##name##_kind;
#define WG_FUSION(first, second) nn_fused nn_##first##_##second;
#include "wengert/layers.def"

/* What a layer expects of an input: its dtype, its rank (max_rank 0: any rank from min_rank), and the extent of one axis, negative from
   the end. text says the shape in messages, in which % stands for the extent. */
struct nn_form {
    const char *op; /* the constructor, for messages */
    wg_dtype dtype;
    int min_rank, max_rank, axis;
    int64_t extent;
    const char *text;
};

/* True if x has that form; else E_DTYPE or E_SHAPE is recorded. */
bool nn_fits(const wg_tensor *x, const struct nn_form *form);
bool nn_is_of_dtype(const wg_tensor *x, wg_dtype dtype, const char *op);
bool nn_is_float(const wg_tensor *x, const char *op); /* f32 or f64 */
bool nn_has_rank(const wg_tensor *x, int min_rank, const char *shape, const char *op);

/* t (C) as axis 1 of x: (C), or (C,1,…) for x (N,C,…). */
wg_tensor *nn_per_channel(wg_tensor *t, const wg_tensor *x);

/* In training, with p above 0, wg_dropout with this thread's generator; else x. */
wg_tensor *nn_dropped(wg_tensor *x, double p);

/* The parameters γ and β of a normalisation, "weight" (extent), at first 1, and "bias" (extent), at first 0. The weight is the layer's
   first parameter and the bias the next; WG_NONE for one that the layer does not have. */
struct nn_affine {
    wg_tensor *weight, *bias;
};
wg_status nn_add_affine(wg_nn_module *layer, wg_dtype dtype, int64_t extent, bool weight, bool bias);
struct nn_affine nn_affine_of(const wg_nn_call *call, bool weight, bool bias);

/* Adds "weight", drawn by a rule, and, with bias, "bias" (outputs, or 0 for the weight's first extent): U(±1/√fan_in) under WG_INIT_LINEAR, else 0.
   E_ARGUMENT for a gain under WG_INIT_LINEAR. */
struct nn_weight {
    const char *op; /* the constructor, for messages */
    wg_shape shape;
    bool bias;
    int64_t outputs;
    wg_dtype dtype;
    wg_init_rule init;
    double gain;
    wg_tensor *generator;
};
wg_status nn_add_weight(wg_nn_module *layer, const struct nn_weight *weight);

/* For containers and models whose modules come one after another. Append: the next child, which is called by its number; it is taken over,
   NULL too, which is a failure. Forward: each child on the results of the one before. */
wg_status nn_append(wg_nn_module *net, wg_nn_module *layer);
wg_tensor *nn_forward_chain(const wg_nn_call *call, wg_tensor *x);

/* The names of an enum's values, terminated by NULL. */
extern const char *const wg_init_rule_names[],
    *const wg_activation_names[], *const wg_padding_names[], *const wg_interpolation_names[], *const wg_shortcut_names[];

#endif
