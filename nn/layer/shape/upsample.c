/* The layer that interpolates to another size. */
#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

/* Does every axis behind the channels have an element, and one when it is scaled? */
static bool has_elements(const wg_tensor *x, const wg_nn_upsample_options *o)
{
    bool has = true;
    for (int axis = 2; axis < wg_rank(x) && has; axis++)
        has = wg_extent(x, axis) > 0 && (o->scale == 0 || (double)wg_extent(x, axis) * o->scale >= 1);
    return has;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_upsample_options *o = call->options;
    const int rank = wg_rank(x);
    char text[200];
    if (!nn_is_float(x, "nn_upsample"))
        return NULL;
    const bool has_rank = rank >= 3 && rank <= 5 && (o->size.rank == 0 || o->size.rank == rank - 2);
    if (has_rank && has_elements(x, o))
        return wg_interpolate(x, .size = o->size, .scale = o->scale, .mode = o->mode, .align_corners = o->align_corners);
    (void)wg_error_set(WG_E_SHAPE, "nn_upsample", "nn_upsample: expected x (N, C, …) with %s behind its channels%s, got %s",
                       o->size.rank == 1   ? "one axis"
                       : o->size.rank == 2 ? "two axes"
                       : o->size.rank == 3 ? "three axes"
                                           : "one to three axes",
                       has_rank ? ", none without elements before or after" : "", wg_shape_text(wg_shape_of(x), text, sizeof text));
    return NULL;
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    const wg_nn_upsample_options *o = options;
    (void)layer;
    if ((o->size.rank == 0) == (o->scale == 0))
        return wg_error_set(WG_E_ARGUMENT, "nn_upsample", "nn_upsample: expected either .size or .scale");
    if (o->size.rank > 3)
        return wg_error_set(WG_E_ARGUMENT, "nn_upsample", "nn_upsample: expected a size of at most 3 extents, got %d",
                            o->size.rank);
    if (o->align_corners && o->mode < WG_INTERPOLATION_LINEAR)
        return wg_error_set(WG_E_ARGUMENT, "nn_upsample", "nn_upsample: .align_corners is for linear and cubic interpolation");
    return WG_OK;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_upsample_options){.scale = 2}, .n_in = 1, .in = {{4, {2, 2, 2, 3}}}},
    {.options = &(const wg_nn_upsample_options){.size = {2, {5, 3}}, .mode = WG_INTERPOLATION_LINEAR, .align_corners = true},
     .n_in = 1,
     .in = {{4, {1, 2, 3, 2}}}},
    {.options = &(const wg_nn_upsample_options){.scale = 1.5, .mode = WG_INTERPOLATION_LINEAR}, .n_in = 1, .in = {{3, {2, 2, 4}}}},
    {.options = &(const wg_nn_upsample_options){.scale = 2, .mode = WG_INTERPOLATION_CUBIC}, .n_in = 1, .in = {{4, {1, 1, 3, 2}}}},
    {.options = &(const wg_nn_upsample_options){.size = {3, {3, 2, 4}}, .mode = WG_INTERPOLATION_LINEAR},
     .n_in = 1,
     .in = {{5, {1, 1, 2, 2, 3}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_upsample_kind = {.name = "upsample", .forward = forward, .build = build, .samples = samples};
