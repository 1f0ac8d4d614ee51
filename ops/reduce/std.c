/* The standard deviation over axes, √var. The root is computed in f64, so that squares of f32 elements neither overflow nor
   underflow. The gradient is (x - mean) / (y (n - correction)). */
#ifdef REAL
#define NAME std
#define OF_VARIANCE(v) sqrt(v)
#define OF_DEVIATION(d) (d)
#include "ops/reduce/variance_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/std.c"
#include "ops/op.h"

wg_tensor *wg_std_with(wg_tensor *x, wg_variance_options options)
{
    return wg_reduce(&wg_op_std, x, (wg_reduce_options){.axis = options.axis, .axes = options.axes, .keepdims = options.keepdims},
                     (struct wg_reduce_params){.correction = options.correction});
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    wg_tensor *scaled = wg_mul_scalar(gy[0], 1 / wg_degrees_of_freedom(c));
    return WG_GIVE(gx[0], wg_length_grad(c, wg_centred(c), scaled));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_mul_scalar(wg_length_jvp(c, wg_centred(c), tx[0]), 1 / wg_degrees_of_freedom(c)));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_variance_cost(c);
    if (c->in[0]->numel > 0 && wg_degrees_of_freedom(c) > 0)
        cost.transcendental = (double)c->out[0]->numel;
    return cost;
}

const struct wg_op wg_op_std = {
    .name = WG_REGISTERED("std"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS, WG_PARAM(REAL, struct wg_reduce_params, correction)),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_variance_shape,
    .kernels = KERNELS(std),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_OUT(0),
    WG_SAMPLES({"all", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 3}},
               {"rows", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 2, .correction = 1}},
               {"columns", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1, .keepdims = true}},
               {"outer", {WG_DIMS(2, 3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 5, .correction = 0.5}},
               {"blocks", {WG_DIMS(300)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1, .correction = 1}}),
};
#endif
