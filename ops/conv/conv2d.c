/* y[n,o,i,j] = b_o + Σ w[o,c,u,v] x[n,c,h,k] with h = i·stride + u·dilation - padding, k likewise, and zeros outside the image.
   Computed directly, without a matrix of patches (im2col). Each sum is one chain of fused multiply-adds over u, v, c in this
   order, starting from b_o. */
#ifdef REAL
#include "ops/conv/conv_forward.h"

static wg_status T(conv2d)(const wg_call *c)
{
    return T(convolve_all)(c, false);
}
#else
#define KERNEL_FILE "ops/conv/conv2d.c"
#include "ops/op.h"

wg_tensor *wg_conv2d_with(wg_tensor *x, wg_tensor *w, wg_tensor *b, wg_conv_options options)
{
    const struct wg_window_params p = wg_conv_params(options);
    return wg_invoke3(&wg_op_conv2d, &p, x, w, b);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(wg_conv_vjp(c, gy[0], gx));
    return WG_GIVE(gx[2], wg_channel_sum(gy[0]));
}

static wg_cost cost(const wg_call *c)
{
    return wg_conv_cost(c, c->in[0], c->in[1], c->out[0]);
}

const struct wg_op wg_op_conv2d = {
    .name = WG_REGISTERED("conv2d"),
    .params_size = sizeof(struct wg_window_params),
    WG_PARAMS(WG_CONV_PARAMS),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .shape = wg_conv_shape,
    .kernels = KERNELS(conv2d),
    .vjp = vjp,
    .jvp = wg_conv_jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    WG_SAMPLES(
        {"1x1", {WG_DIMS(2, 3, 6, 5), WG_DIMS(4, 3, 1, 1), WG_DIMS(4)}, .n = 3, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1)},
        {"3x2", {WG_DIMS(2, 2, 5, 4), WG_DIMS(3, 2, 3, 2), WG_DIMS(0)}, .n = 3, .none = WG_IN(2), WG_WINDOWS(1, 1, 0, 0, 1, 1, 1)},
        {"padded", {WG_DIMS(2, 1, 3, 4), WG_DIMS(2, 1, 3, 3), WG_DIMS(2)}, .n = 3, WG_WINDOWS(1, 1, 1, 2, 1, 1, 1)},
        {"remainder", {WG_DIMS(1, 2, 6, 7), WG_DIMS(2, 2, 1, 2), WG_DIMS(2)}, .n = 3, WG_WINDOWS(2, 3, 0, 0, 1, 1, 1)},
        {"dilated", {WG_DIMS(2, 1, 6, 5), WG_DIMS(2, 1, 2, 3), WG_DIMS(2)}, .n = 3, WG_WINDOWS(1, 1, 1, 0, 3, 2, 1)},
        {"groups", {WG_DIMS(1, 4, 3, 3), WG_DIMS(6, 2, 2, 2), WG_DIMS(6)}, .n = 3, WG_WINDOWS(1, 1, 0, 0, 1, 1, 2)},
        {"channels apart", {WG_DIMS(2, 3, 3, 3), WG_DIMS(3, 1, 2, 2), WG_DIMS(3)}, .n = 3, WG_WINDOWS(2, 1, 0, 0, 1, 1, 3)},
        {"whole image", {WG_DIMS(2, 2, 3, 4), WG_DIMS(2, 2, 3, 4), WG_DIMS(2)}, .n = 3, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1)},
        {"empty taps", {WG_DIMS(1, 1, 1, 2), WG_DIMS(1, 1, 3, 4), WG_DIMS(1)}, .n = 3, WG_WINDOWS(2, 2, 3, 3, 1, 1, 1)}),
};
#endif
