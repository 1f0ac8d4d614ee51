/* Layer normalisation (Ba, Kiros, Hinton, 2016), along the last axis: x̂ = (x - μ)/√(σ² + ε), y = γ x̂ + β. Two passes in f64:
   μ, then σ² about μ. Further outputs, which the gradient reads: μ and the reciprocal deviation 1/√(σ² + ε). */
#ifdef REAL
#include "ops/norm/rows.h"
#include "ops/norm/rstd.h"

/* One row. at and s: y, mean, rstd, x, gamma, beta; gamma and beta may be NULL. */
static inline __attribute__((always_inline)) void T(normalise_row)(int64_t n, char *const *at, const int64_t *s, int64_t sy,
                                                                   int64_t sx, double eps)
{
    ELEM *y = (ELEM *)(void *)at[0];
    const ELEM *x = (const ELEM *)(const void *)at[3], *gamma = (const ELEM *)(const void *)at[4],
               *beta = (const ELEM *)(const void *)at[5];
    WIDE sum[T(PARTS)], square[T(PARTS)];
    for (int64_t k = 0; k < T(PARTS); k++)
        sum[k] = square[k] = (WIDE)0;
    FOR_PARTS(n, sum[k] = sum[k] + (WIDE)(REAL)x[i * sx]);
    const WIDE mean = T(joined)(sum) / (WIDE)n;
    FOR_PARTS(n, const WIDE d = (WIDE)(REAL)x[i * sx] - mean; square[k] = square[k] + d * d);
    const REAL rstd = (REAL)T(norm_rstd)(T(joined)(square) / (WIDE)n + (WIDE)eps);
    *(ELEM *)(void *)at[1] = (REAL)mean;
    *(ELEM *)(void *)at[2] = rstd;
    for (int64_t i = 0; i < n; i++) /* in f64: in f32 a large mean would cancel the digits of the difference */
        y[i * sy] = (REAL)((WIDE)(REAL)x[i * sx] - mean) * rstd;
    for (int64_t i = 0; gamma && i < n; i++)
        y[i * sy] = (REAL)y[i * sy] * (REAL)gamma[i * s[4]];
    for (int64_t i = 0; beta && i < n; i++)
        y[i * sy] = (REAL)y[i * sy] + (REAL)beta[i * s[5]];
}

static void T(layer_norm_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    const double eps = *(const double *)params;
    if (s[0] == 1 && s[3] == 1) /* contiguous: constant strides let the compiler vectorise */
        T(normalise_row)(n, at, s, 1, 1, eps);
    else
        T(normalise_row)(n, at, s, s[0], s[3], eps);
}

static wg_status T(layer_norm)(const wg_call *c)
{
    return wg_rows(c, sizeof(ELEM), WG_OUT(1) | WG_OUT(2), T(layer_norm_row));
}
#else
#define KERNEL_FILE "ops/norm/layer_norm.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_norm_eps(c));
    WG_TRY(wg_rows_shape(c, 0, WG_IN(1) | WG_IN(2), out));
    bool rows = true;
    for (int axis = 0; axis < out[1].rank; axis++)
        rows = rows && out[1].extent[axis] > 0;
    return wg_norm_statistics(c, rows && out[0].extent[out[1].rank] == 0);
}

wg_tensor *wg_layer_norm_with(wg_tensor *x, wg_layer_norm_options options)
{
    wg_tensor *y = NULL, *in[3] = {x, options.weight, options.bias}, **to[3] = {&y, options.mean, options.rstd};
    return wg_invoke_into(&wg_op_layer_norm, &options.eps, in, 3, to) == WG_OK ? y : NULL;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_norm norm = wg_norm_by_row(c->in[0]);
    return wg_norm_vjp(&norm, c, gy, gx);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct wg_norm norm = wg_norm_by_row(c->in[0]);
    return wg_norm_jvp(&norm, c, tx, ty);
}

/* A row's two sums are each joined from 16 parts. */
static wg_cost cost(const wg_call *c)
{
    const bool gamma = !wg_absent(c->in[1]), beta = !wg_absent(c->in[2]);
    const double rows = (double)c->out[1]->numel;
    wg_cost cost = wg_cost_each(c, 4 + beta, 2 + gamma, 0, 0, 0);
    cost.add += 33 * rows;
    cost.div = 3 * rows;
    cost.transcendental = rows;
    return cost;
}

const struct wg_op wg_op_layer_norm = {
    .name = WG_REGISTERED("layer_norm"),
    .params_size = sizeof(double),
    WG_PARAMS(WG_PARAM_ONLY(REAL, "eps")),
    .n_in = 3,
    .n_out = 3,
    .optional = WG_IN(1) | WG_IN(2),
    .shape = shape,
    .kernels = KERNELS(layer_norm),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_OUT(1) | WG_OUT(2),
    WG_SAMPLES({"rows", {WG_DIMS(3, 5), WG_DIMS(5), WG_DIMS(5)}, .n = 3, .params = &(const double){1e-2}},
               {"batches", {WG_DIMS(2, 2, 18), WG_DIMS(18), WG_DIMS(18)}, .n = 3, .params = &(const double){1e-2}},
               {"plain", {WG_DIMS(3, 4), {0}, {0}}, .n = 3, .none = WG_IN(1) | WG_IN(2), .params = &(const double){1e-2}},
               {"shifted", {WG_DIMS(3, 4), {0}, WG_DIMS(4)}, .n = 3, .none = WG_IN(1), .params = &(const double){1e-2}},
               {"one row", {WG_DIMS(6), WG_DIMS(6), WG_DIMS(6)}, .n = 3, .params = &(const double){1e-2}}),
};
#endif
