/* y = s x where the mask is not 0, otherwise 0, even if x is infinite or NaN there. Operands broadcast. Linear in x. */
#ifdef REAL
#include "ops/random/mask_scale.h"

static wg_status T(mask_scale)(const wg_call *c)
{
    return wg_map(c, sizeof(ELEM), T(mask_scale_row));
}
#else
#define KERNEL_FILE "ops/random/mask_scale.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    return wg_masked_shape(c, 1, out);
}

wg_tensor *wg_mask_scale(wg_tensor *x, wg_tensor *mask, double s)
{
    return wg_invoke2(&wg_op_mask_scale, &s, x, mask);
}

WG_DIAGONAL(wg_mask_scale(wg_donate(g), c->in[1], *(const double *)c->params))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 1, 0, 0, 0);
}

const struct wg_op wg_op_mask_scale = {
    .name = WG_REGISTERED("mask_scale"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "scale")),
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .kernels = MAP_KERNELS(mask_scale),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(1),
    .inplace = WG_IN(0),
    .flags = WG_OP_BROADCASTS,
    WG_SAMPLES({"3x4",
                {WG_DIMS(3, 4), WG_DIMS(3, 4)},
                .n = 2,
                .dtype = {WG_F32, WG_U8},
                .low = {-1, 0},
                .high = {1, 2},
                .params = &(const double){1.25}},
               {"one mask a row",
                {WG_DIMS(3, 4), WG_DIMS(3, 1)},
                .n = 2,
                .dtype = {WG_F32, WG_U8},
                .low = {-1, 0},
                .high = {1, 2},
                .params = &(const double){-2}}),
};
#endif
