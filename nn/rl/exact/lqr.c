/* Linear dynamics with a quadratic cost: what a gain costs, and the gradient of that. */
#include <math.h>
#include <stdlib.h>

#include "exact.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

struct question {
    wg_rl_lqr_problem problem;
    wg_tensor *gain;
    wg_rl_lqr_options options;
};

/* ---- checks ---- */

static wg_status check_symmetric(wg_tensor *t, const char *op, const char *what)
{
    const int64_t n = wg_extent(t, 0);
    double *x = exact_read(t, op, what), size = 0, gap = 0;
    if (!x)
        return nn_first_error(WG_E_MEMORY);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            size = fmax(size, fabs(x[i * n + j])), gap = fmax(gap, fabs(x[i * n + j] - x[j * n + i]));
    free(x);
    if (gap <= 1e-9 * size)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s to be symmetric, got elements that differ by %g", op, what, gap);
}

/* That the symmetric t has no eigenvalue below 0, up to rounding, or none up to it. */
static wg_status check_definite(wg_tensor *t, bool strictly, const char *op, const char *what)
{
    WG_TRY(check_symmetric(t, op, what));
    WG_TAPE(tape, .keep_error = true);
    WG_NO_GRAD;
    wg_tensor *values, *vectors;
    const uint64_t before = nn_count_errors();
    if (!tape || wg_eigh(t, &values, &vectors) != WG_OK) {
        nn_name_error(before, op);
        return nn_first_error(WG_E_MEMORY);
    }
    const double *value = wg_data(values);
    const int64_t n = wg_numel(values);
    const double least = value ? value[0] : NAN, size = value ? fmax(fabs(value[0]), fabs(value[n - 1])) : NAN;
    if (strictly ? least > 0 : least >= -1e-12 * size)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s with eigenvalues %s, got %g", op, what,
                        strictly ? "above 0" : "of at least 0", least);
}

wg_status exact_check_problem(const wg_rl_lqr_problem *p, const char *op)
{
    WG_TRY(exact_check(p->a, WG_SHAPE(-1, -1), op, "a"));
    const int64_t n = wg_extent(p->a, 0);
    WG_TRY(exact_check(p->a, WG_SHAPE(n, n), op, "a"));
    WG_TRY(exact_check(p->b, WG_SHAPE(n, -1), op, "b"));
    const int64_t m = wg_extent(p->b, 1);
    WG_TRY(exact_check(p->q, WG_SHAPE(n, n), op, "q"));
    WG_TRY(exact_check(p->r, WG_SHAPE(m, m), op, "r"));
    WG_TRY(exact_check_finite(p->a, op, "a"));
    WG_TRY(exact_check_finite(p->b, op, "b"));
    WG_TRY(check_definite(p->q, false, op, "q"));
    WG_TRY(check_definite(p->r, true, op, "r"));
    if (p->gamma > 0 && p->gamma <= 1)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected gamma in (0, 1], got %g", op, p->gamma);
}

static wg_status check_gain(const wg_rl_lqr_problem *p, wg_tensor *gain, const char *op)
{
    WG_TRY(exact_check(gain, WG_SHAPE(wg_extent(p->b, 1), wg_extent(p->a, 0)), op, "the gain"));
    return exact_check_finite(gain, op, "the gain");
}

wg_tensor *exact_closed_loop(const wg_rl_lqr_problem *p, wg_tensor *gain)
{
    return wg_mul_scalar(wg_sub(p->a, wg_matmul(p->b, gain)), sqrt(p->gamma));
}

double exact_radius_of(const wg_rl_lqr_problem *p, wg_tensor *gain, const char *op)
{
    WG_TAPE(tape, .keep_error = true);
    WG_NO_GRAD;
    const int64_t n = wg_extent(p->a, 0);
    const uint64_t before = nn_count_errors();
    wg_tensor *f = tape ? exact_closed_loop(p, gain) : NULL;
    double *matrix = f ? exact_read(f, op, "a - b gain") : NULL, *work = matrix ? malloc((size_t)(n * n) * sizeof *work) : NULL;
    if (matrix && !work)
        (void)nn_no_memory(op);
    const double radius = work ? exact_radius(matrix, work, n) : NAN;
    nn_name_error(before, op);
    free(matrix), free(work);
    return radius;
}

double wg_rl_lqr_radius(wg_rl_lqr_problem problem, wg_tensor *gain)
{
    const char *op = "rl_lqr_radius";
    if (exact_check_problem(&problem, op) != WG_OK || check_gain(&problem, gain, op) != WG_OK)
        return NAN;
    return exact_radius_of(&problem, gain, op);
}

static wg_status check_stable(const wg_rl_lqr_problem *p, wg_tensor *gain, const char *op)
{
    const double radius = exact_radius_of(p, gain, op);
    if (radius < 1)
        return WG_OK;
    if (isnan(radius))
        return nn_first_error(WG_E_MEMORY);
    return wg_error_set(
        WG_E_NUMERIC, op,
        "%s: the gain does not keep the cost finite: expected the spectral radius of √γ (a - b gain) below 1, got %.9g", op,
        radius);
}

static wg_status check_source(wg_tensor *t, int64_t n, const char *op, const char *what)
{
    if (t == WG_NONE)
        return WG_OK;
    WG_TRY(exact_check(t, WG_SHAPE(n, n), op, what));
    return check_symmetric(t, op, what);
}

static wg_status check_sources(const struct question *q, const char *op)
{
    const wg_rl_lqr_options *o = &q->options;
    const int64_t n = wg_extent(q->problem.a, 0);
    WG_TRY(check_source(o->start, n, op, "start"));
    WG_TRY(check_source(o->noise, n, op, "noise"));
    if (o->start == WG_NONE && o->noise == WG_NONE)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .start, E[x xᵀ] of the first states, or .noise, its covariance", op);
    if (q->problem.gamma == 1 && o->start != WG_NONE && o->noise != WG_NONE)
        return wg_error_set(
            WG_E_ARGUMENT, op,
            "%s: with gamma 1 and noise the sum of costs is infinite: expected .noise alone, for the mean cost of a step", op);
    return WG_OK;
}

/* ---- formulas ---- */

static wg_tensor *quadratic(wg_tensor *middle, wg_tensor *side) /* sideᵀ middle side */
{
    return side ? wg_matmul(wg_transpose(side, 0, 1), wg_matmul(middle, side)) : NULL;
}

wg_tensor *exact_value(const wg_rl_lqr_problem *p, wg_tensor *gain)
{
    return exact_lyapunov(exact_closed_loop(p, gain), wg_add(p->q, quadratic(p->r, gain)));
}

/* r + γ bᵀPb and γ bᵀPa */
static wg_tensor *inner(const wg_rl_lqr_problem *p, wg_tensor *value)
{
    return wg_add(p->r, wg_mul_scalar(quadratic(value, p->b), p->gamma));
}

static wg_tensor *outer(const wg_rl_lqr_problem *p, wg_tensor *value)
{
    return wg_mul_scalar(wg_matmul(wg_transpose(p->b, 0, 1), wg_matmul(value, p->a)), p->gamma);
}

wg_tensor *exact_greedy(const wg_rl_lqr_problem *p, wg_tensor *value)
{
    return wg_solve(inner(p, value), outer(p, value));
}

/* S = X₀ + γ/(1-γ) W, or W */
static wg_tensor *source(const struct question *q)
{
    const double gamma = q->problem.gamma;
    wg_tensor *start = q->options.start, *noise = q->options.noise;
    if (noise == WG_NONE)
        return start;
    wg_tensor *sum = gamma == 1 ? noise : wg_mul_scalar(noise, gamma / (1 - gamma));
    return start == WG_NONE ? sum : wg_add(start, sum);
}

static wg_tensor *moment(const struct question *q)
{
    wg_tensor *f = exact_closed_loop(&q->problem, q->gain);
    return f ? exact_lyapunov(wg_transpose(f, 0, 1), source(q)) : NULL;
}

static wg_status result(wg_tensor *made, wg_tensor **out)
{
    *out = made;
    return made ? WG_OK : nn_first_error(WG_E_MEMORY);
}

static wg_status make_value(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    return result(exact_value(&q->problem, q->gain), out);
}

static wg_status make_moment(const void *arguments, wg_tensor **out)
{
    return result(moment(arguments), out);
}

static wg_status make_cost(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    return result(wg_sum(wg_mul(exact_value(&q->problem, q->gain), source(q))), out);
}

static wg_status make_gradient(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    const wg_rl_lqr_problem *p = &q->problem;
    wg_tensor *value = exact_value(p, q->gain);
    wg_tensor *slope = wg_sub(wg_matmul(inner(p, value), q->gain), outer(p, value));
    return result(wg_mul_scalar(wg_matmul(slope, moment(q)), 2), out);
}

static wg_status make_action_value(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    const wg_rl_lqr_problem *p = &q->problem;
    wg_tensor *value = exact_value(p, q->gain), *side = outer(p, value);
    if (!side)
        return nn_first_error(WG_E_MEMORY);
    wg_tensor *first[] = {wg_add(p->q, wg_mul_scalar(quadratic(value, p->a), p->gamma)), wg_transpose(side, 0, 1)};
    wg_tensor *second[] = {side, inner(p, value)};
    wg_tensor *rows[] = {wg_concat(first, 2, 1), wg_concat(second, 2, 1)};
    return result(wg_concat(rows, 2, 0), out);
}

static wg_tensor *ask(const struct question *q, bool with_source, exact_maker *make, const char *op)
{
    wg_tensor *out = NULL;
    if (exact_check_problem(&q->problem, op) != WG_OK || check_gain(&q->problem, q->gain, op) != WG_OK ||
        (with_source && check_sources(q, op) != WG_OK) || check_stable(&q->problem, q->gain, op) != WG_OK)
        return NULL;
    return exact_run(make, q, &out, 1, op) == WG_OK ? out : NULL;
}

wg_tensor *wg_rl_lqr_value(wg_rl_lqr_problem problem, wg_tensor *gain)
{
    return ask(&(struct question){.problem = problem, .gain = gain}, false, make_value, "rl_lqr_value");
}

wg_tensor *wg_rl_lqr_moment_with(wg_rl_lqr_problem problem, wg_tensor *gain, wg_rl_lqr_options options)
{
    return ask(&(struct question){problem, gain, options}, true, make_moment, "rl_lqr_moment");
}

wg_tensor *wg_rl_lqr_cost_with(wg_rl_lqr_problem problem, wg_tensor *gain, wg_rl_lqr_options options)
{
    return ask(&(struct question){problem, gain, options}, true, make_cost, "rl_lqr_cost");
}

wg_tensor *wg_rl_lqr_gradient_with(wg_rl_lqr_problem problem, wg_tensor *gain, wg_rl_lqr_options options)
{
    return ask(&(struct question){problem, gain, options}, true, make_gradient, "rl_lqr_gradient");
}

wg_tensor *wg_rl_lqr_action_value(wg_rl_lqr_problem problem, wg_tensor *gain)
{
    return ask(&(struct question){.problem = problem, .gain = gain}, false, make_action_value, "rl_lqr_action_value");
}
