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

/* The names of an enum's values, terminated by NULL. */
extern const char *const wg_init_rule_names[], *const wg_activation_names[];

#endif
