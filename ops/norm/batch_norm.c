/* Batch normalisation (Ioffe, Szegedy, 2015), per channel: x̂ = (x - μ)/√(σ² + ε), y = γ x̂ + β. Further outputs: μ and the
   reciprocal deviation 1/√(σ² + ε), which the gradient reads, and σ², from which running statistics are updated. */
#ifdef REAL
#define NAME batch_norm
#define RELU false
#include "ops/norm/batch_norm_tmpl.h"
#else
#define KERNEL_FILE "ops/norm/batch_norm.c"
#include "ops/op.h"

wg_tensor *wg_batch_norm_with(wg_tensor *x, wg_batch_norm_options options)
{
    wg_tensor *y = NULL, *in[3] = {x, options.weight, options.bias};
    wg_tensor **to[4] = {&y, options.mean, options.rstd, options.variance};
    return wg_invoke_into(&wg_op_batch_norm, &options.eps, in, 3, to) == WG_OK ? y : NULL;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_norm norm = wg_norm_by_channel(c->in[0]);
    return wg_norm_vjp(&norm, c, gy, gx);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct wg_norm norm = wg_norm_by_channel(c->in[0]);
    return wg_norm_jvp(&norm, c, tx, ty);
}

const struct wg_op wg_op_batch_norm = {
    .name = WG_REGISTERED("batch_norm"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "eps")),
    .n_in = 3,
    .n_out = 4,
    .optional = WG_IN(1) | WG_IN(2),
    .shape = wg_batch_norm_shape,
    .kernels = KERNELS(batch_norm),
    .vjp = vjp,
    .jvp = jvp,
    .cost = wg_batch_norm_cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_OUT(1) | WG_OUT(2),
    WG_SAMPLES({"rows", {WG_DIMS(5, 3), WG_DIMS(3), WG_DIMS(3)}, .n = 3, .params = &(const double){1e-2}},
               {"images", {WG_DIMS(3, 2, 2, 3), WG_DIMS(2), WG_DIMS(2)}, .n = 3, .params = &(const double){1e-2}},
               {"positions", {WG_DIMS(9, 2, 5, 7), WG_DIMS(2), WG_DIMS(2)}, .n = 3, .params = &(const double){1e-2}},
               {"plain", {WG_DIMS(4, 2), {0}, {0}}, .n = 3, .none = WG_IN(1) | WG_IN(2), .params = &(const double){1e-2}},
               {"groups", {WG_DIMS(4, 19), WG_DIMS(19), WG_DIMS(19)}, .n = 3, .params = &(const double){1e-2}}),
};
#endif
