/* y = max(conv2d(x, w, b), 0), NaN for NaN, in one pass, with the bits of conv2d followed by relu. The gradient tells from y
   which elements relu set to 0. */
#ifdef REAL
#include "ops/conv/conv_forward.h"

static wg_status T(conv2d_relu)(const wg_call *c)
{
    return T(convolve_all)(c, true);
}
#else
#define KERNEL_FILE "ops/conv/conv2d_relu.c"
#include "ops/op.h"

wg_tensor *wg_conv2d_relu_with(wg_tensor *x, wg_tensor *w, wg_tensor *b, wg_conv_options options)
{
    const struct wg_window_params p = wg_conv_params(options);
    return wg_invoke3(&wg_op_conv2d_relu, &p, x, w, b);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return wg_relu_layer_vjp(c, gy, gx, wg_conv_vjp);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    WG_TRY(wg_conv_jvp(c, tx, ty));
    return wg_made(ty[0] = wg_relu_grad(c->out[0], ty[0]));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_conv_cost(c, c->in[0], c->in[1], c->out[0]);
    cost.compare = (double)c->out[0]->numel;
    return cost;
}

#define SHAPES {WG_DIMS(2, 2, 4, 3), WG_DIMS(3, 2, 2, 3), WG_DIMS(3)}, .n = 3
const struct wg_op wg_op_conv2d_relu = {
    .name = WG_REGISTERED("conv2d_relu"),
    .params_size = sizeof(struct wg_window_params),
    WG_PARAMS(WG_CONV_PARAMS),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .shape = wg_conv_shape,
    .kernels = KERNELS(conv2d_relu),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_OUT(0),
    WG_SAMPLES({"open", SHAPES, .low = {0.1, 0.1, 0.1}, .high = {1, 1, 1}, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1)},
               {"shut", SHAPES, .low = {-1, 0.1, -1}, .high = {-0.1, 1, -0.1}, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1)},
               {"half shut", SHAPES, .low = {0.1, 0.1, -100}, .high = {0.2, 0.2, 100}, WG_WINDOWS(2, 1, 1, 0, 1, 1, 1)},
               {"no bias", SHAPES, .low = {0.1, 0.1}, .high = {1, 1}, .none = WG_IN(2), WG_WINDOWS(1, 1, 0, 1, 1, 1, 1)},
               {"groups",
                {WG_DIMS(1, 4, 3, 3), WG_DIMS(6, 2, 2, 2), WG_DIMS(6)},
                .n = 3,
                .low = {0.1, 0.1, 0.1},
                .high = {1, 1, 1},
                WG_WINDOWS(1, 1, 0, 0, 1, 1, 2)}),
};
#undef SHAPES
#endif
