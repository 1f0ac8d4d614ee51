/* What the files of initialisers share. A rule's file defines nn_init_NAME_kind; init.c has the list. */
#ifndef NN_INIT_H
#define NN_INIT_H

#include "../module/module.h"

/* What a rule makes: a tensor of that dtype and shape, on the open tape or the caller's. */
struct nn_init {
    const char *op; /* for messages */
    wg_dtype dtype;
    wg_shape shape;
    wg_tensor *generator;
    const void *options; /* the rule's own, in their ranges */
};

/* A rule. The shape is checked before it runs: its rank, if max_rank is not 0, and, if of_weight, that both fans are above 0. expected is
   that shape in words. */
struct nn_init_kind {
    wg_tensor *(*make)(const struct nn_init *init);
    int min_rank, max_rank;
    bool of_weight;
    const char *expected;
};

/* The kind of a rule for weights (out, in, …). */
#define NN_INIT_OF_WEIGHT(make_)                                                                                              \
    {                                                                                                                         \
        .make = (make_), .min_rank = 2, .max_rank = 8, .of_weight = true, .expected = "a weight (out, in, ...) with elements" \
    }

extern const char *const wg_init_rule_names[]; /* of the values of the enum, terminated by NULL */
bool nn_init_has_gain(wg_init_rule rule);
bool nn_option_is_set(double value); /* not WG_NOT_SET */

double nn_init_fan(const struct nn_init *init, wg_fan fan);
/* The normal and the uniform distribution of mean 0 and that deviation. E_ARGUMENT unless draws are finite. */
wg_tensor *nn_init_normal(const struct nn_init *init, double deviation);
wg_tensor *nn_init_uniform(const struct nn_init *init, double deviation);
/* Are weights as large as that numbers of the dtype? Else E_ARGUMENT; what: the options that they come from. */
bool nn_init_are_numbers(const struct nn_init *init, double largest, const char *what);
/* As large as draws of the normal distribution are: they may be a few times the deviation. */
double nn_init_largest_draw(double mean, double deviation);
/* (rows, columns) with ones on its main diagonal. */
wg_tensor *nn_init_identity(wg_dtype dtype, int64_t rows, int64_t columns);

#endif
