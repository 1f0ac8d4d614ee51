/* y = A x along one axis, A sparse: each element of the result is a sum of at most four of x's, times constants (sampling.c). */
#ifdef REAL
#include "ops/conv/resampling.h"

static wg_status T(resample)(const wg_call *c)
{
    return T(resample_all)(c, false);
}
#else
#define KERNEL_FILE "ops/conv/resample.c"
#include "ops/conv/sampling.h"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_sampling_params *p = c->params;
    WG_TRY(wg_same_float(c, &out->dtype));
    WG_TRY(wg_sampling_check_axis(c));
    WG_TRY(wg_sampling_check(c, wg_extents(c->in[0])[p->axis]));
    out->rank = c->in[0]->rank;
    memcpy(out->extent, wg_extents(c->in[0]), (size_t)out->rank * sizeof *out->extent);
    out->extent[p->axis] = p->sampling.extent;
    return WG_OK;
}

wg_tensor *wg_resample(wg_tensor *x, int axis, wg_sampling sampling)
{
    struct wg_sampling_params p = {.axis = axis, .sampling = sampling};
    if (wg_has_value(x) && wg_axis("resample", x, axis, &p.axis) != WG_OK)
        return NULL;
    return wg_invoke1(&wg_op_resample, &p, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct wg_sampling_params p = *(const struct wg_sampling_params *)c->params;
    p.extent = wg_extents(c->in[0])[p.axis];
    return WG_GIVE(gx[0], wg_invoke1(&wg_op_resample_grad, &p, gy[0]));
}

static wg_cost cost(const wg_call *c)
{
    return wg_sampling_cost(c, false);
}

const struct wg_op wg_op_resample = {
    .name = WG_REGISTERED("resample"),
    .params_size = sizeof(struct wg_sampling_params),
    WG_PARAMS(WG_SAMPLING_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(resample),
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = cost,
    WG_SAMPLES(
        {"nearest", {WG_DIMS(2, 5, 2)}, .n = 1, SAMPLED(1, 0, .extent = 7, .step = 5.0 / 7)},
        {"fewer", {WG_DIMS(3, 7)}, .n = 1, SAMPLED(1, 0, .extent = 3, .step = 7.0 / 3)},
        {"exact", {WG_DIMS(5)}, .n = 1, SAMPLED(0, 0, .rule = WG_SAMPLING_NEAREST_EXACT, .extent = 8, .step = 5.0 / 8)},
        {"linear", {WG_DIMS(2, 4)}, .n = 1, SAMPLED(1, 0, .rule = WG_SAMPLING_LINEAR, .extent = 9, .step = 4.0 / 9)},
        {"corners",
         {WG_DIMS(4, 3)},
         .n = 1,
         SAMPLED(0, 0, .rule = WG_SAMPLING_LINEAR, .extent = 6, .step = 3.0 / 5, .align_corners = true)},
        {"linear, fewer", {WG_DIMS(2, 11)}, .n = 1, SAMPLED(1, 0, .rule = WG_SAMPLING_LINEAR, .extent = 3, .step = 11.0 / 3)},
        {"cubic", {WG_DIMS(5, 2)}, .n = 1, SAMPLED(0, 0, .rule = WG_SAMPLING_CUBIC, .extent = 8, .step = 5.0 / 8)},
        {"reflect", {WG_DIMS(2, 4)}, .n = 1, SAMPLED(1, 0, .rule = WG_SAMPLING_REFLECT, .extent = 9, .before = 2)},
        {"replicate", {WG_DIMS(3, 2)}, .n = 1, SAMPLED(0, 0, .rule = WG_SAMPLING_REPLICATE, .extent = 9, .before = 4)},
        {"circular", {WG_DIMS(2, 3)}, .n = 1, SAMPLED(1, 0, .rule = WG_SAMPLING_CIRCULAR, .extent = 8, .before = 3)},
        {"windows",
         {WG_DIMS(2, 6, 3)},
         .n = 1,
         SAMPLED(1, 0, .rule = WG_SAMPLING_WINDOWS, .extent = 8, .before = 1, .size = 2, .stride = 2, .dilation = 3)}),
};
#endif
