/* The list of layers: from each entry of layers.def its constructor with the table of its options and, for an activation, its kind; and
   the table of fusions. And what layers share. */
#include "layers.h"

#include <math.h>

#include "wengert/error.h"
#include "wengert/ops.h"

/* ---- names of the values of enums, for messages and printing ---- */

const char *const wg_init_rule_names[] = {"linear", "kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal", NULL};

#define WG_LAYER(name, options)
#define WG_FUSION(first, second)
#define WG_ACTIVATION(name, NAME, gain) #name,
const char *const wg_activation_names[] = {"identity",
#include "wengert/layers.def"
                                           NULL};
#undef WG_LAYER
#undef WG_FUSION
#undef WG_ACTIVATION

/* ---- layers with options ---- */

#define WG_SIZE(name, help, ...) WG_OPTION_SIZE_OF(options_type, name, help, __VA_ARGS__),
#define WG_INT(name, preset, help, ...) WG_OPTION_INT_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_REAL(name, preset, help, ...) WG_OPTION_REAL_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_BOOL(name, preset, help) WG_OPTION_BOOL_OF(options_type, name, preset, help),
#define WG_DTYPE(name, preset, help) WG_OPTION_DTYPE_OF(options_type, name, preset, help),
#define WG_CHOICE(name, preset, help, type) WG_OPTION_CHOICE_OF(options_type, name, preset, help, type##_names),
#define WG_BOTH(name, preset, help, ...) WG_OPTION_PAIR_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_GENERATOR(name) WG_OPTION_TENSOR_OF(options_type, name, "draws the initial weights"),
#define WG_ACTIVATION(name, NAME, gain)
#define WG_FUSION(first, second)
#define WG_LAYER(name, options)                                                                              \
    wg_nn_module *wg_nn_##name##_with(wg_nn_##name##_options options_)                                       \
    {                                                                                                        \
        typedef wg_nn_##name##_options options_type;                                                         \
        static const wg_option option[] = {options};                                                         \
        static const wg_option_table table = {option, sizeof option / sizeof *option, sizeof(options_type)}; \
        return nn_create(&nn_##name##_kind, &table, &options_, NULL, "nn_" #name);                           \
    }
#include "wengert/layers.def"
#undef WG_LAYER
#undef WG_ACTIVATION
#undef WG_FUSION

/* ---- activations ---- */

static wg_tensor *forward_identity(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    return x;
}

static const wg_nn_sample activation_samples[] = {{.n_in = 1, .in = {{.rank = 2, .extent = {3, 4}}}}, {.n_in = 0}};
static const struct wg_nn_kind nn_identity_kind = {.name = "identity", .forward = forward_identity, .samples = activation_samples};

#define WG_LAYER(name, options)
#define WG_FUSION(first, second)
#define WG_ACTIVATION(layer, NAME, gain)                                                                                     \
    static wg_tensor *forward_##layer(const wg_nn_call *call, wg_tensor *x)                                                  \
    {                                                                                                                        \
        (void)call;                                                                                                          \
        return wg_##layer(x);                                                                                                \
    }                                                                                                                        \
    const struct wg_nn_kind nn_##layer##_kind = {.name = #layer, .forward = forward_##layer, .samples = activation_samples}; \
    wg_nn_module *wg_nn_##layer(void)                                                                                        \
    {                                                                                                                        \
        return wg_nn_activation(WG_ACTIVATION_##NAME);                                                                       \
    }
#include "wengert/layers.def"
#undef WG_ACTIVATION

static const struct activation {
    const struct wg_nn_kind *kind;
    double gain;
} activations[] = {
    [WG_ACTIVATION_IDENTITY] = {&nn_identity_kind, 1},
#define WG_ACTIVATION(name, NAME, gain) [WG_ACTIVATION_##NAME] = {&nn_##name##_kind, gain},
#include "wengert/layers.def"
#undef WG_ACTIVATION
#undef WG_FUSION
};

wg_nn_module *wg_nn_activation(wg_activation activation)
{
    if ((unsigned)activation < WG_ACTIVATION_COUNT_)
        return nn_create(activations[activation].kind, NULL, NULL, NULL, "nn_activation");
    (void)wg_error_set(WG_E_ARGUMENT, "nn_activation", "nn_activation: there is no activation %d", (int)activation);
    return NULL;
}

wg_nn_module *wg_nn_identity(void)
{
    return wg_nn_activation(WG_ACTIVATION_IDENTITY);
}

double nn_gain_of(wg_activation activation)
{
    return (unsigned)activation < WG_ACTIVATION_COUNT_ ? activations[activation].gain : 1;
}

/* ---- fusions ---- */

static const struct fusion {
    const struct wg_nn_kind *first, *second;
    nn_fused *forward;
} fusions[] = {
#define WG_ACTIVATION(name, NAME, gain)
#define WG_FUSION(first, second) {&nn_##first##_kind, &nn_##second##_kind, nn_##first##_##second},
#include "wengert/layers.def"
};

nn_fused *nn_fusion_of(const struct wg_nn_kind *first, const struct wg_nn_kind *second)
{
    for (size_t i = 0; i < sizeof fusions / sizeof *fusions; i++)
        if (fusions[i].first == first && fusions[i].second == second)
            return fusions[i].forward;
    return NULL;
}

/* ---- what layers with a weight share ---- */

bool nn_is_of_dtype(const wg_tensor *x, wg_dtype dtype, const char *op)
{
    if (wg_dtype_of(x) == dtype)
        return true;
    (void)wg_error_set(WG_E_DTYPE, op, "%s: expected x of the weight's dtype, %s, got %s: wg_cast x, or make the layer with .dtype",
                       op, wg_dtype_name(dtype), wg_dtype_name(wg_dtype_of(x)));
    return false;
}

static wg_tensor *initial_bias(const struct nn_weight *w)
{
    double fan_in = 1;
    for (int i = 1; i < w->shape.rank; i++)
        fan_in *= (double)w->shape.extent[i];
    const wg_shape shape = WG_SHAPE(w->shape.extent[0]);
    if (w->init == WG_INIT_LINEAR)
        return wg_uniform(w->generator, w->dtype, shape, -1 / sqrt(fan_in), 1 / sqrt(fan_in));
    return wg_zeros(w->dtype, shape);
}

wg_status nn_add_weight(wg_nn_module *layer, const struct nn_weight *w)
{
    if (w->init == WG_INIT_LINEAR && w->gain != 1)
        return wg_error_set(WG_E_ARGUMENT, w->op,
                            "%s: .gain = %g and .init = WG_INIT_LINEAR exclude each other: Kaiming and Xavier rules have a gain",
                            w->op, w->gain);
    WG_TRY(wg_nn_add_parameter(layer, "weight", wg_init_tensor(w->dtype, w->shape, w->generator, w->init, .gain = w->gain)));
    return w->bias ? wg_nn_add_parameter(layer, "bias", initial_bias(w)) : WG_OK;
}
