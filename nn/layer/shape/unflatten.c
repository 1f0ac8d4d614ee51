/* The layer that splits an axis. */
#include "../layers.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_tensor *wrong(const wg_nn_call *call, const wg_tensor *x)
{
    const wg_nn_unflatten_options *o = call->options;
    char got[200], size[200];
    (void)wg_error_set(WG_E_SHAPE, "nn_unflatten", "nn_unflatten: expected x whose axis %lld splits into %s, got %s",
                       (long long)o->axis, wg_shape_text(o->size, size, sizeof size),
                       wg_shape_text(wg_shape_of(x), got, sizeof got));
    return NULL;
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_unflatten_options *o = call->options;
    const wg_shape from = wg_shape_of(x);
    const int64_t axis = o->axis < 0 ? o->axis + from.rank : o->axis;
    wg_shape to = {.rank = 0};
    int64_t elements = 1;
    if (!nn_is_float(x, "nn_unflatten"))
        return NULL;
    if (axis < 0 || axis >= from.rank || from.rank - 1 + o->size.rank > WG_MAX_RANK)
        return wrong(call, x);
    for (int i = 0; i < from.rank; i++) {
        if (i != axis)
            to.extent[to.rank++] = from.extent[i];
        for (int k = 0; i == axis && k < o->size.rank; k++) {
            to.extent[to.rank++] = o->size.extent[k];
            if (__builtin_mul_overflow(elements, o->size.extent[k], &elements))
                return wrong(call, x);
        }
    }
    return elements == from.extent[axis] ? wg_reshape(x, to) : wrong(call, x);
}

static wg_status build(wg_nn_module *layer, const void *options)
{
    (void)layer;
    if (((const wg_nn_unflatten_options *)options)->size.rank > 0)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, "nn_unflatten", "nn_unflatten: expected a size, .size = WG_SHAPE(16, 5, 5)");
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_unflatten_options){.axis = 1, .size = {3, {2, 1, 3}}}, .n_in = 1, .in = {{2, {2, 6}}}},
    {.options = &(const wg_nn_unflatten_options){.axis = -2, .size = {2, {2, 2}}}, .n_in = 1, .in = {{3, {2, 4, 3}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_unflatten_kind = {.name = "unflatten", .forward = forward, .build = build, .samples = samples};
