/* What the files of layers share: the kinds and fusions that layers.def lists. */
#ifndef NN_LAYERS_H
#define NN_LAYERS_H

#include "../module/module.h"

#define WG_LAYER(name, options) extern const struct wg_nn_kind nn_##name##_kind;
#define WG_ACTIVATION(name, NAME, gain) extern const struct wg_nn_kind nn_##name##_kind;
#define WG_FUSION(first, second) nn_fused nn_##first##_##second;
#include "wengert/layers.def"
#undef WG_LAYER
#undef WG_ACTIVATION
#undef WG_FUSION

/* True if x has the dtype of a layer's parameters; else E_DTYPE is recorded, with op in front. */
bool nn_is_of_dtype(const wg_tensor *x, wg_dtype dtype, const char *op);

/* Adds "weight", drawn by a rule, and, with bias, "bias" (the weight's first extent): U(±1/√fan_in) under WG_INIT_LINEAR, else 0.
   E_ARGUMENT for a gain under WG_INIT_LINEAR. */
struct nn_weight {
    const char *op; /* the constructor, for messages */
    wg_shape shape;
    bool bias;
    wg_dtype dtype;
    wg_init_rule init;
    double gain;
    wg_tensor *generator;
};
wg_status nn_add_weight(wg_nn_module *layer, const struct nn_weight *weight);

/* The names of an enum's values, terminated by NULL. */
extern const char *const wg_init_rule_names[], *const wg_activation_names[];

#endif
