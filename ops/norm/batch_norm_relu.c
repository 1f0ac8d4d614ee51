/* y = max(batch_norm(x), 0) in one pass, with the bits of batch_norm followed by relu. The gradient tells from y which elements
   relu set to 0. */
#ifdef REAL
#define NAME batch_norm_relu
#define RELU true
#include "ops/norm/batch_norm_tmpl.h"
#else
#define KERNEL_FILE "ops/norm/batch_norm_relu.c"
#include "ops/op.h"

wg_tensor *wg_batch_norm_relu_with(wg_tensor *x, wg_batch_norm_options options)
{
    wg_tensor *y = NULL, *in[3] = {x, options.weight, options.bias};
    wg_tensor **to[4] = {&y, options.mean, options.rstd, options.variance};
    return wg_invoke_into(&wg_op_batch_norm_relu, &options.eps, in, 3, to) == WG_OK ? y : NULL;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct wg_norm norm = wg_norm_by_channel(c->in[0]);
    norm.y = c->out[0];
    return wg_norm_vjp(&norm, c, gy, gx);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    struct wg_norm norm = wg_norm_by_channel(c->in[0]);
    norm.y = c->out[0];
    return wg_norm_jvp(&norm, c, tx, ty);
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_batch_norm_cost(c);
    cost.compare = (double)c->out[0]->numel;
    return cost;
}

#define SHAPES(c, ...)                                                                \
    {WG_DIMS(__VA_ARGS__), WG_DIMS(c), WG_DIMS(c)}, .n = 3, .params = &(const double) \
    {                                                                                 \
        1e-2                                                                          \
    }
#define BETA(a, b) .low = {-1, -1, a}, .high = {1, 1, b}
const struct wg_op wg_op_batch_norm_relu = {
    .name = WG_REGISTERED("batch_norm_relu"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "eps")),
    .n_in = 3,
    .n_out = 4,
    .optional = WG_IN(1) | WG_IN(2),
    .shape = wg_batch_norm_shape,
    .kernels = KERNELS(batch_norm_relu),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_OUT(0) | WG_OUT(1) | WG_OUT(2),
    WG_SAMPLES({"open", SHAPES(3, 5, 3), BETA(5, 6)}, {"shut", SHAPES(3, 5, 3), BETA(-6, -5)},
               {"mixed", SHAPES(19, 4, 19), BETA(-100, 100)}, {"images", SHAPES(2, 3, 2, 2, 3), BETA(5, 6)},
               {"positions", SHAPES(2, 9, 2, 5, 7), BETA(-100, 100)},
               {"one parameter", SHAPES(3, 5, 3), BETA(5, 6), .none = WG_IN(1)}),
};
#undef SHAPES
#undef BETA
#endif
