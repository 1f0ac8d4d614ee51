/* A linear layer, y = x wᵀ + b: x (N,in), w (out,in), b (out) or absent. wg_linear merges x's leading axes into one. */
#ifdef REAL
#include "ops/product/gemm.h"

static wg_status T(linear)(const wg_call *c)
{
    return T(layer)(c, false);
}
#else
#define KERNEL_FILE "ops/product/linear.c"
#include "ops/op.h"

wg_tensor *wg_linear(wg_tensor *x, wg_tensor *w, wg_tensor *b)
{
    return wg_layer(&wg_op_linear, x, w, b);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(wg_layer_vjp(c, gy[0], gx));
    return WG_GIVE(gx[2], wg_sum(gy[0], .axis = 0));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_layer_jvp(c, tx));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_product(c, c->in[0]);
    cost.add += wg_absent(c->in[2]) ? 0 : (double)c->out[0]->numel;
    return cost;
}

const struct wg_op wg_op_linear = {
    .name = WG_REGISTERED("linear"),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .shape = wg_layer_shape,
    .kernels = KERNELS(linear),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .flags = WG_OP_ROW_MAJOR,
    WG_SAMPLES({"biased", {WG_DIMS(3, 4), WG_DIMS(5, 4), WG_DIMS(5)}, .n = 3},
               {"square", {WG_DIMS(4, 4), WG_DIMS(4, 4), WG_DIMS(4)}, .n = 3},
               {"no bias", {WG_DIMS(3, 4), WG_DIMS(5, 4), WG_DIMS(0)}, .n = 3, .none = WG_IN(2)},
               {"one row", {WG_DIMS(1, 4), WG_DIMS(5, 4), WG_DIMS(5)}, .n = 3}),
};
#endif
