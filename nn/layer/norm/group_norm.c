/* The group normalisation layer. */
#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_group_norm_options *o = call->options;
    const struct nn_form form = {
        "nn_group_norm", o->dtype, .min_rank = 2, .axis = 1, .extent = o->channels, .text = "(N, %) or (N, %, ...)"};
    const struct nn_affine affine = nn_affine_of(call, o->affine, o->affine);
    return nn_fits(x, &form) ? wg_group_norm(x, o->groups, .weight = affine.weight, .bias = affine.bias, .eps = o->eps) : NULL;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_group_norm_options *o = options;
    if (o->channels % o->groups != 0)
        return wg_error_set(WG_E_ARGUMENT, "nn_group_norm",
                            "nn_group_norm: expected groups that divide channels, got %lld for %lld", (long long)o->groups,
                            (long long)o->channels);
    return nn_add_affine(layer, o->dtype, o->channels, o->affine, o->affine);
}

#define OPTIONS(...)                                             \
    &(const wg_nn_group_norm_options)                            \
    {                                                            \
        .groups = 2, .channels = 4, .dtype = WG_F64, __VA_ARGS__ \
    }
static const wg_nn_sample samples[] = {
    {.options = OPTIONS(.eps = 1e-5, .affine = true), .n_in = 1, .in = {{4, {2, 4, 3, 2}}}},
    {.options = OPTIONS(.eps = 0.1, .affine = false), .n_in = 1, .in = {{2, {3, 4}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_group_norm_kind = {.name = "group_norm", .forward = forward, .build = build, .samples = samples};
