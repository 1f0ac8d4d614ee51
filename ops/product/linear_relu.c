/* y = max(x wᵀ + b, 0), NaN for NaN, in one pass, with the bits of linear followed by relu. The gradient tells from y which
   elements relu set to 0, so x wᵀ + b is not kept. */
#ifdef REAL
#include "ops/product/gemm.h"

static wg_status T(linear_relu)(const wg_call *c)
{
    return T(layer)(c, true);
}
#else
#define KERNEL_FILE "ops/product/linear_relu.c"
#include "ops/op.h"

wg_tensor *wg_linear_relu(wg_tensor *x, wg_tensor *w, wg_tensor *b)
{
    return wg_layer(&wg_op_linear_relu, x, w, b);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return wg_relu_layer_vjp(c, gy, gx, wg_layer_vjp);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_relu_grad(c->out[0], wg_take_own(wg_layer_jvp(c, tx))));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_product(c, c->in[0]);
    cost.add += wg_absent(c->in[2]) ? 0 : (double)c->out[0]->numel;
    cost.compare = (double)c->out[0]->numel;
    return cost;
}

const struct wg_op wg_op_linear_relu = {
    .name = WG_REGISTERED("linear_relu"),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .shape = wg_layer_shape,
    .kernels = KERNELS(linear_relu),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_OUT(0),
    .flags = WG_OP_ROW_MAJOR,
    WG_SAMPLES({"open", {WG_DIMS(3, 4), WG_DIMS(5, 4), WG_DIMS(5)}, .n = 3, .low = {0.1, 0.1, 0.1}, .high = {1, 1, 1}},
               {"half shut", {WG_DIMS(3, 1), WG_DIMS(4, 1), WG_DIMS(4)}, .n = 3, .low = {0.1, -50, -0.05}, .high = {1, 50, 0.05}},
               {"square", {WG_DIMS(4, 4), WG_DIMS(4, 4), WG_DIMS(4)}, .n = 3, .low = {0.1, 0.1, 0.1}, .high = {1, 1, 1}},
               {"no bias", {WG_DIMS(3, 4), WG_DIMS(5, 4), WG_DIMS(0)}, .n = 3, .low = {0.1, 0.1}, .high = {1, 1}, .none = WG_IN(2)},
               {"shut", {WG_DIMS(3, 4), WG_DIMS(5, 4), WG_DIMS(5)}, .n = 3, .low = {-1, 0.1, -1}, .high = {-0.1, 1, -0.1}}),
};
#endif
