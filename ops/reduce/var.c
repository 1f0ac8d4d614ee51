/* The variance over axes, Σ (x - mean)² / (n - correction). Its gradient is 2 (x - mean) / (n - correction). */
#ifdef REAL
#define NAME var
#define OF_VARIANCE(v) (v)
#define OF_DEVIATION(d) ((d) * (d))
#include "ops/reduce/variance_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/var.c"
#include "ops/op.h"

wg_tensor *wg_var_with(wg_tensor *x, wg_variance_options options)
{
    return wg_reduce(&wg_op_var, x, (wg_reduce_options){.axis = options.axis, .axes = options.axes, .keepdims = options.keepdims},
                     (struct wg_reduce_params){.correction = options.correction});
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *scaled = wg_mul_scalar(wg_restore_axes(c, gy[0]), 2 / wg_degrees_of_freedom(c));
    return WG_GIVE(gx[0], wg_mul(wg_donate(wg_centred(c)), scaled));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    wg_tensor *sum = wg_invoke1(&wg_op_sum, c->params, wg_mul(wg_donate(wg_centred(c)), tx[0]));
    return wg_made(ty[0] = wg_mul_scalar(sum, 2 / wg_degrees_of_freedom(c)));
}

const struct wg_op wg_op_var = {
    .name = WG_REGISTERED("var"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS, WG_PARAM(REAL, struct wg_reduce_params, correction)),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_variance_shape,
    .kernels = KERNELS(var),
    .vjp = vjp,
    .jvp = jvp,
    .cost = wg_variance_cost,
    .saves = WG_IN(0),
    WG_SAMPLES({"all", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 3}},
               {"rows", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 2, .correction = 1}},
               {"columns", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1, .keepdims = true}},
               {"outer", {WG_DIMS(2, 3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 5, .correction = 0.5}},
               {"blocks", {WG_DIMS(300)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1, .correction = 1}}),
};
#endif
