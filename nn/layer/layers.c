/* The list of layers: from each entry of layers.def its constructor with the table of its options and, for an activation, its kind; and
   the table of fusions. And what layers share. */
#include "layers.h"

#include <math.h>
#include <stdio.h>

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* ---- names of the values of enums, for messages and printing ---- */

#define WG_ACTIVATION(name, NAME, gain) #name,
#define WG_ACTIVATION_LAYER(name, NAME, gain) #name,
const char *const wg_activation_names[] = {"identity",
#include "wengert/layers.def"
                                           NULL};

const char *const wg_padding_names[] = {"zeros", "reflect", "replicate", "circular", NULL};
const char *const wg_interpolation_names[] = {"nearest", "nearest_exact", "linear", "cubic", NULL};
const char *const wg_shortcut_names[] = {"pad", "projection", NULL};

/* ---- layers with options ---- */

#define WG_SIZE(name, help, ...) WG_OPTION_SIZE_OF(options_type, name, help, __VA_ARGS__),
#define WG_INT(name, preset, help, ...) WG_OPTION_INT_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_REAL(name, preset, help, ...) WG_OPTION_REAL_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_BOOL(name, preset, help) WG_OPTION_BOOL_OF(options_type, name, preset, help),
#define WG_DTYPE(name, preset, help) WG_OPTION_DTYPE_OF(options_type, name, preset, help),
#define WG_CHOICE(name, preset, help, type) WG_OPTION_CHOICE_OF(options_type, name, preset, help, type##_names),
#define WG_BOTH(name, preset, help, ...) WG_OPTION_PAIR_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_THREE(name, preset, help, ...) WG_OPTION_TRIPLE_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_EXTENTS(name, help, ...) WG_OPTION_SHAPE_OF(options_type, name, help, __VA_ARGS__),
#define WG_GENERATOR(name) WG_OPTION_TENSOR_OF(options_type, name, "draws the initial weights"),
#define WG_LAYER(name, options)                                                                              \
    wg_nn_module *wg_nn_##name##_with(wg_nn_##name##_options options_)                                       \
    {                                                                                                        \
        typedef wg_nn_##name##_options options_type;                                                         \
        static const wg_option option[] = {options};                                                         \
        static const wg_option_table table = {option, sizeof option / sizeof *option, sizeof(options_type)}; \
        return nn_create(&nn_##name##_kind, &table, &options_, NULL, "nn_" #name);                           \
    }
#include "wengert/layers.def"

/* ---- activations ---- */

static wg_tensor *forward_identity(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    return x;
}

static const wg_nn_sample activation_samples[] = {{.n_in = 1, .in = {{2, {3, 4}}}}, {.n_in = 0}};
static const struct wg_nn_kind nn_identity_kind = {.name = "identity", .forward = forward_identity, .samples = activation_samples};

#define WG_ACTIVATION(layer, NAME, gain)                                                                                     \
    static wg_tensor *forward_##layer(const wg_nn_call *call, wg_tensor *x)                                                  \
    {                                                                                                                        \
        (void)call;                                                                                                          \
        return wg_##layer(x);                                                                                                \
    }                                                                                                                        \
    const struct wg_nn_kind nn_##layer##_kind = {.name = #layer, .forward = forward_##layer, .samples = activation_samples}; \
    wg_nn_module *wg_nn_##layer(void)                                                                                        \
    {                                                                                                                        \
        return nn_create(&nn_##layer##_kind, NULL, NULL, NULL, "nn_" #layer);                                                \
    }
#define WG_ACTIVATION_LAYER(layer, NAME, gain) \
    static wg_nn_module *default_##layer(void) \
    {                                          \
        return wg_nn_##layer();                \
    }
#include "wengert/layers.def"

wg_nn_module *wg_nn_identity(void)
{
    return nn_create(&nn_identity_kind, NULL, NULL, NULL, "nn_identity");
}

static const struct activation {
    wg_nn_module *(*make)(void);
    double gain;
} activations[] = {
    [WG_ACTIVATION_IDENTITY] = {wg_nn_identity, 1},
#define WG_ACTIVATION(name, NAME, gain) [WG_ACTIVATION_##NAME] = {wg_nn_##name, gain},
#define WG_ACTIVATION_LAYER(name, NAME, gain) [WG_ACTIVATION_##NAME] = {default_##name, gain},
#include "wengert/layers.def"
};

wg_nn_module *wg_nn_activation(wg_activation activation)
{
    if ((unsigned)activation < WG_ACTIVATION_COUNT_)
        return activations[activation].make();
    (void)wg_error_set(WG_E_ARGUMENT, "nn_activation", "nn_activation: there is no activation %d", (int)activation);
    return NULL;
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

/* ---- what layers expect of an input ---- */

/* An optional input may be WG_NONE; one that died does not reach a layer (apply.c). */
static bool is_given(const wg_tensor *x, const char *op)
{
    return x != WG_NONE || nn_check_handle(x, op, "an input") == WG_OK;
}

bool nn_is_float(const wg_tensor *x, const char *op)
{
    if (!is_given(x, op))
        return false;
    const wg_dtype dtype = wg_dtype_of(x);
    if (dtype == WG_F32 || dtype == WG_F64)
        return true;
    (void)wg_error_set(WG_E_DTYPE, op, "%s: expected x of dtype f32 or f64, got %s", op, wg_dtype_name(dtype));
    return false;
}

bool nn_has_rank(const wg_tensor *x, int min_rank, const char *shape, const char *op)
{
    char text[200];
    if (wg_rank(x) >= min_rank)
        return true;
    (void)wg_error_set(WG_E_SHAPE, op, "%s: expected x of shape %s, got %s", op, shape,
                       wg_shape_text(wg_shape_of(x), text, sizeof text));
    return false;
}

/* The form's text with its extent in place of each %. */
static const char *shape_in_words(const struct nn_form *form, char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (const char *c = form->text; *c && used + 24 < size; c++)
        used += (size_t)(*c == '%' ? snprintf(text + used, size - used, "%lld", (long long)form->extent)
                                   : snprintf(text + used, size - used, "%c", *c));
    return text;
}

bool nn_fits(const wg_tensor *x, const struct nn_form *form)
{
    char expected[200], got[200];
    if (!nn_is_of_dtype(x, form->dtype, form->op))
        return false;
    const wg_shape shape = wg_shape_of(x);
    const int axis = form->axis < 0 ? form->axis + shape.rank : form->axis;
    if (shape.rank >= form->min_rank && (form->max_rank == 0 || shape.rank <= form->max_rank) && shape.extent[axis] == form->extent)
        return true;
    (void)wg_error_set(WG_E_SHAPE, form->op, "%s: expected x of shape %s, got %s", form->op,
                       shape_in_words(form, expected, sizeof expected), wg_shape_text(shape, got, sizeof got));
    return false;
}

wg_tensor *nn_per_channel(wg_tensor *t, const wg_tensor *x)
{
    const int rank = wg_rank(x);
    if (!t || t == WG_NONE || rank == 2)
        return t;
    wg_shape shape = {.rank = rank - 1, .extent = {wg_extent(x, 1)}};
    for (int i = 1; i < shape.rank; i++)
        shape.extent[i] = 1;
    return wg_reshape(t, shape);
}

wg_tensor *nn_dropped(wg_tensor *x, double p)
{
    return wg_train_mode() && p > 0 ? wg_dropout(x, wg_generator_default(), p) : x;
}

/* ---- what layers with a weight share ---- */

wg_status nn_add_affine(wg_nn_module *layer, wg_dtype dtype, int64_t extent, bool weight, bool bias)
{
    if (weight)
        WG_TRY(wg_nn_add_parameter(layer, "weight", wg_ones(dtype, WG_SHAPE(extent))));
    return bias ? wg_nn_add_parameter(layer, "bias", wg_zeros(dtype, WG_SHAPE(extent))) : WG_OK;
}

struct nn_affine nn_affine_of(const wg_nn_call *call, bool weight, bool bias)
{
    return (struct nn_affine){weight ? call->param[0] : WG_NONE, bias ? call->param[weight] : WG_NONE};
}

bool nn_is_of_dtype(const wg_tensor *x, wg_dtype dtype, const char *op)
{
    if (!is_given(x, op))
        return false;
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
    const wg_shape shape = WG_SHAPE(w->outputs > 0 ? w->outputs : w->shape.extent[0]);
    if (w->init == WG_INIT_LINEAR)
        return wg_uniform(w->generator, w->dtype, shape, -1 / sqrt(fan_in), 1 / sqrt(fan_in));
    return wg_zeros(w->dtype, shape);
}

wg_status nn_add_weight(wg_nn_module *layer, const struct nn_weight *w)
{
    if (w->init == WG_INIT_LINEAR && w->gain != 1)
        return wg_error_set(
            WG_E_ARGUMENT, w->op,
            "%s: .gain = %g and .init = WG_INIT_LINEAR exclude each other: give .init a rule that has a gain, such as WG_INIT_KAIMING_NORMAL",
            w->op, w->gain);
    WG_TRY(wg_nn_add_parameter(layer, "weight", wg_init_tensor(w->dtype, w->shape, w->generator, w->init, .gain = w->gain)));
    return w->bias ? wg_nn_add_parameter(layer, "bias", initial_bias(w)) : WG_OK;
}
