/* The gradient of resample: gx = Aᵀ gy along the axis. */
#ifdef REAL
#include "ops/conv/resampling.h"

static wg_status T(resample_grad)(const wg_call *c)
{
    return T(resample_all)(c, true);
}
#else
#define KERNEL_FILE "ops/conv/resample_grad.c"
#include "ops/conv/sampling.h"
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_sampling_params *p = c->params;
    WG_TRY(wg_same_float(c, &out->dtype));
    WG_TRY(wg_sampling_check_axis(c));
    if (p->extent < 0)
        return wg_call_error(c, WG_E_ARGUMENT, "expected an extent of at least 0");
    WG_TRY(wg_sampling_check(c, p->extent));
    if (wg_extents(c->in[0])[p->axis] != p->sampling.extent)
        return wg_window_error(c, WG_E_SHAPE, "expected a gradient of extent %lld, got %lld", (long long)p->sampling.extent,
                               (long long)wg_extents(c->in[0])[p->axis]);
    out->rank = c->in[0]->rank;
    memcpy(out->extent, wg_extents(c->in[0]), (size_t)out->rank * sizeof *out->extent);
    out->extent[p->axis] = p->extent;
    return WG_OK;
}

wg_tensor *wg_resample_grad(wg_tensor *gy, int axis, int64_t extent, wg_sampling sampling)
{
    struct wg_sampling_params p = {.axis = axis, .extent = extent, .sampling = sampling};
    if (wg_has_value(gy) && wg_axis("resample_grad", gy, axis, &p.axis) != WG_OK)
        return NULL;
    return wg_invoke1(&wg_op_resample_grad, &p, gy);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_invoke1(&wg_op_resample, c->params, gy[0]));
}

static wg_cost cost(const wg_call *c)
{
    return wg_sampling_cost(c, true);
}

const struct wg_op wg_op_resample_grad = {
    .name = WG_REGISTERED("resample_grad"),
    .params_size = sizeof(struct wg_sampling_params),
    WG_PARAMS(WG_SAMPLING_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(resample_grad),
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = cost,
    WG_SAMPLES({"nearest", {WG_DIMS(2, 7, 2)}, .n = 1, SAMPLED(1, 5, .extent = 7, .step = 5.0 / 7)},
               {"fewer", {WG_DIMS(2, 3)}, .n = 1, SAMPLED(1, 7, .extent = 3, .step = 7.0 / 3)},
               {"linear", {WG_DIMS(2, 9)}, .n = 1, SAMPLED(1, 4, .rule = WG_SAMPLING_LINEAR, .extent = 9, .step = 4.0 / 9)},
               {"cubic", {WG_DIMS(8, 2)}, .n = 1, SAMPLED(0, 5, .rule = WG_SAMPLING_CUBIC, .extent = 8, .step = 5.0 / 8)},
               {"reflect", {WG_DIMS(2, 9)}, .n = 1, SAMPLED(1, 4, .rule = WG_SAMPLING_REFLECT, .extent = 9, .before = 2)},
               {"replicate", {WG_DIMS(9, 2)}, .n = 1, SAMPLED(0, 3, .rule = WG_SAMPLING_REPLICATE, .extent = 9, .before = 4)},
               {"windows",
                {WG_DIMS(2, 8, 3)},
                .n = 1,
                SAMPLED(1, 6, .rule = WG_SAMPLING_WINDOWS, .extent = 8, .before = 1, .size = 2, .stride = 2, .dilation = 3)}),
};
#endif
