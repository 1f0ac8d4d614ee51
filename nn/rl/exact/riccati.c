/* The optimal gain: the discrete algebraic Riccati equation by structured doubling. */
#include <math.h>

#include "exact.h"
#include "wengert/error.h"
#include "wengert/ops.h"

/* With a for √γ a and g = γ b r⁻¹ bᵀ, h = q, each step is

       a ← a w⁻¹ a, g ← g + a w⁻¹ g aᵀ, h ← h + aᵀ h w⁻¹ a, where w = 1 + g h,

   which doubles how many steps of the recursion backwards from cost 0 h stands for: h → P. */
struct doubling {
    wg_tensor *a, *g, *h;
};

static wg_status begin(const wg_rl_lqr_problem *p, struct doubling *d)
{
    wg_tensor *bt = wg_transpose(p->b, 0, 1);
    d->a = wg_mul_scalar(p->a, sqrt(p->gamma));
    d->g = wg_mul_scalar(wg_matmul(p->b, wg_solve(p->r, bt)), p->gamma);
    d->h = p->q;
    return d->a && d->g ? WG_OK : nn_first_error(WG_E_MEMORY);
}

/* The largest element of x in magnitude, as an entry on the tape that nobody differentiates; NaN for NULL. */
static double size_of(wg_tensor *x)
{
    wg_tensor *size = x ? wg_norm(x, .p = (double)INFINITY) : NULL;
    return size ? wg_item(size) : NAN;
}

/* *change: how far h moved, relative to its size. */
static wg_status step(struct doubling *d, double *change)
{
    const int64_t n = wg_extent(d->a, 0);
    wg_tensor *at = wg_transpose(d->a, 0, 1), *w = wg_add(exact_eye(n), wg_matmul(d->g, d->h));
    wg_tensor *parts[] = {d->a, d->g}, *both = wg_solve(w, wg_concat(parts, 2, 1));
    if (!both)
        return nn_first_error(WG_E_MEMORY);
    wg_tensor *wa = wg_slice(both, 1, 0, n, 1), *wi = wg_slice(both, 1, n, 2 * n, 1);
    wg_tensor *more = wg_matmul(at, wg_matmul(d->h, wa)), *g = wg_add(d->g, wg_matmul(d->a, wg_matmul(wi, at)));
    d->h = wg_add(d->h, more), d->g = g, d->a = wg_matmul(d->a, wa);
    if (!d->h || !d->g || !d->a)
        return nn_first_error(WG_E_MEMORY);
    const double size = size_of(d->h);
    *change = size > 0 ? size_of(more) / size : size; /* NaN stays NaN */
    return WG_OK;
}

static wg_status unsolved(const char *op, const char *why, double number)
{
    return wg_error_set(WG_E_NUMERIC, op, "%s: %s (%.3g)", op, why, number);
}

static wg_status double_cost(const wg_rl_lqr_problem *p, wg_tensor **h, const char *op)
{
    struct doubling d;
    double change = (double)INFINITY;
    WG_TRY(begin(p, &d));
    for (int i = 0; i < 60 && change > 1e-15; i++)
        WG_TRY(step(&d, &change));
    *h = d.h;
    if (change <= 1e-12)
        return WG_OK;
    return unsolved(
        op, "the cost of no policy is finite: expected (√γ a, √γ b) that can be stabilised; the last doubling changed it by",
        change);
}

/* |q + γ aᵀPa - Kᵀ (r + γ bᵀPb) K - P|, relative to |P|. */
static double residual_of(const wg_rl_lqr_problem *p, wg_tensor *value, wg_tensor *gain)
{
    wg_tensor *at = wg_transpose(p->a, 0, 1);
    wg_tensor *next = wg_mul_scalar(wg_matmul(at, wg_matmul(value, p->a)), p->gamma);
    wg_tensor *saved = wg_mul_scalar(wg_matmul(wg_matmul(at, wg_matmul(value, p->b)), gain), p->gamma);
    wg_tensor *left = wg_sub(wg_sub(wg_add(p->q, next), saved), value);
    return size_of(left) / fmax(size_of(value), 1e-300);
}

static wg_status finish(const wg_rl_lqr_problem *p, wg_tensor *h, wg_tensor **out, const char *op)
{
    wg_tensor *gain = exact_greedy(p, h);
    if (!gain)
        return nn_first_error(WG_E_MEMORY);
    const double radius = exact_radius_of(p, gain, op);
    if (isnan(radius))
        return nn_first_error(WG_E_NUMERIC);
    if (!(radius < 1))
        return unsolved(op,
                        "the solution is not stable: expected q to see every state that does not die out on its own; the radius is",
                        radius);
    out[1] = exact_value(p, gain);
    out[0] = out[1] ? exact_greedy(p, out[1]) : NULL;
    if (!out[0])
        return nn_first_error(WG_E_MEMORY);
    const double residual = residual_of(p, out[1], out[0]);
    return residual <= 1e-9 ? WG_OK : unsolved(op, "the Riccati equation is badly conditioned: the residual is", residual);
}

struct riccati {
    const wg_rl_lqr_problem *problem;
    const char *op;
};

static wg_status solve(const void *arguments, wg_tensor **out)
{
    const struct riccati *r = arguments;
    wg_tensor *h;
    WG_TRY(double_cost(r->problem, &h, r->op));
    return finish(r->problem, h, out, r->op);
}

wg_status wg_rl_lqr_solve(wg_rl_lqr_problem problem, wg_tensor **gain, wg_tensor **value)
{
    const char *op = "rl_lqr_solve";
    const struct riccati r = {&problem, op};
    wg_tensor *out[2] = {NULL, NULL};
    if (value)
        *value = NULL;
    if (!gain)
        return nn_null_argument(op, "gain");
    *gain = NULL;
    WG_TRY(exact_check_problem(&problem, op));
    WG_TRY(exact_run(solve, &r, out, 2, op));
    *gain = out[0];
    if (value)
        *value = out[1];
    else
        (void)nn_then(out[1], NULL);
    return WG_OK;
}
