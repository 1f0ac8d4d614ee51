/* The instance normalisation layer: group normalisation with a group for each channel. */
#include "statistics.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

static bool has_positions(const wg_nn_instance_norm_options *o, const wg_tensor *x)
{
    if (wg_extent(x, 0) == 0 || wg_numel(x) > wg_extent(x, 0) * o->channels)
        return true;
    char text[200];
    (void)wg_error_set(WG_E_SHAPE, "nn_instance_norm", "nn_instance_norm: expected more than one position in each channel, got %s",
                       wg_shape_text(wg_shape_of(x), text, sizeof text));
    return false;
}

/* The means over the batch of each image's mean and variance. */
static wg_status update(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_instance_norm_options *o = call->options;
    const int64_t n = wg_extent(x, 0), positions = wg_numel(x) / (n * o->channels);
    WG_NO_GRAD;
    wg_tensor *flat = wg_reshape(x, WG_SHAPE(n, o->channels, positions));
    wg_tensor *mean = wg_mean(flat, .axes = WG_AXES(0, 2));
    wg_tensor *variance = wg_mean(wg_var(flat, .axes = WG_AXES(2), .correction = 0), .axes = WG_AXES(0));
    return nn_update_statistics(call, mean, variance, positions, o->momentum);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_instance_norm_options *o = call->options;
    const struct nn_form form = {
        "nn_instance_norm", o->dtype, .min_rank = 3, .axis = 1, .extent = o->channels, .text = "(N, %, L) or (N, %, H, W, ...)"};
    const struct nn_affine affine = nn_affine_of(call, o->affine, o->affine);
    if (!nn_fits(x, &form))
        return NULL;
    if (o->track && !wg_train_mode())
        return nn_by_statistics(call, x, affine, o->eps);
    if (!has_positions(o, x) || (o->track && !call->functional && wg_numel(x) > 0 && update(call, x) != WG_OK))
        return NULL;
    return wg_group_norm(x, o->channels, .weight = affine.weight, .bias = affine.bias, .eps = o->eps);
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_instance_norm_options *o = options;
    WG_TRY(nn_add_affine(layer, o->dtype, o->channels, o->affine, o->affine));
    return o->track ? nn_add_statistics(layer, o->dtype, o->channels) : WG_OK;
}

#define OPTIONS(...)                                \
    &(const wg_nn_instance_norm_options)            \
    {                                               \
        .channels = 3, .dtype = WG_F64, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.momentum = 0.1, .eps = 1e-5, .affine = true), .n_in = 1, .in = {{4, {2, 3, 3, 2}}}},
    {.options = OPTIONS(.momentum = 0.1, .eps = 0.1, .affine = false), .n_in = 1, .in = {{3, {2, 3, 4}}}},
    {.options = OPTIONS(.momentum = 0.3, .eps = 1e-5, .affine = true, .track = true), .n_in = 1, .in = {{4, {3, 3, 2, 2}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_instance_norm_kind = {.name = "instance_norm", .forward = forward, .build = build, .samples = samples};
