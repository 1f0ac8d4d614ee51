/* The exact Wasserstein distance. The solver is a closure without a derivative, so that it runs again in each run of a replay. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../module/module.h"
#include "transport.h"
#include "wengert/error.h"
#include "wengert/op.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/transport.h"

/* ---- the closure ---- */

/* The elements of t in f64. */
static wg_status read_as_double(const wg_tensor *t, double *to)
{
    wg_tensor *wide = wg_cast((wg_tensor *)t, WG_F64);
    return wide ? wg_read(wide, to) : WG_E_MEMORY;
}

static wg_status check_finite(const double *element, int64_t n, int64_t m, const char *op)
{
    for (int64_t i = 0; i < n * m; i++)
        if (!isfinite(element[i]))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: expected finite costs, got %g in row %lld, column %lld", op, element[i],
                                (long long)(i / m), (long long)(i % m));
    return WG_OK;
}

/* Of points (n,d), where they are known. */
static wg_status check_points(const wg_tensor *points, const char *name)
{
    const int64_t n = wg_numel(points), d = wg_extent(points, 1);
    double *element = malloc((size_t)n * sizeof *element);
    if (!element)
        return nn_no_memory("transport_exact");
    wg_status status = read_as_double(points, element);
    for (int64_t i = 0; i < n && status == WG_OK; i++)
        if (!isfinite(element[i]))
            status = wg_error_set(WG_E_ARGUMENT, "transport_exact",
                                  "transport_exact: expected finite coordinates, got %g in row %lld, column %lld of %s", element[i],
                                  (long long)(i / d), (long long)(i % d), name);
    free(element);
    return status;
}

/* Divides by the sum, which is 1 but for rounding: GLPK would find sums that differ by that infeasible. */
static wg_status normalise(double *weight, int64_t n, const char *op)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += weight[i];
    if (!(sum > 0)) /* which the ops before have checked, but for NaN */
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected weights that sum to 1, got %g", op, sum);
    for (int64_t i = 0; i < n; i++)
        weight[i] /= sum;
    return WG_OK;
}

/* g_j = min_i c_ij - f_i: the largest that the costs allow, so that the potentials are feasible but for the rounding of a sum. */
static void raise_columns(const struct transport_problem *problem, double *g)
{
    for (int64_t j = 0; j < problem->m; j++)
        g[j] = (double)INFINITY;
    for (int64_t i = 0; i < problem->n; i++)
        for (int64_t j = 0; j < problem->m; j++)
            g[j] = fmin(g[j], problem->cost[i * problem->m + j] - problem->f[i]);
}

/* f_i = min_j c_ij - g_j where no weight asks for a value: the slope of the cost for a weight that grows there. */
static void raise_rows(const struct transport_problem *problem, const double *g)
{
    for (int64_t i = 0; i < problem->n; i++) {
        double least = (double)INFINITY;
        for (int64_t j = 0; j < problem->m && problem->a[i] == 0; j++)
            least = fmin(least, problem->cost[i * problem->m + j] - g[j]);
        problem->f[i] = problem->a[i] == 0 ? least : problem->f[i];
    }
}

/* plan, f and g behind each other, in the result's dtype. */
static wg_status write(wg_tensor *to, const double *result, int64_t count)
{
    if (wg_dtype_of(to) == WG_F64)
        return wg_write(to, result);
    float *element = wg_data_mut_as(to, float);
    for (int64_t i = 0; element && i < count; i++)
        element[i] = (float)result[i];
    return element ? WG_OK : nn_first_error(WG_E_STATE);
}

static wg_status solve_into(const wg_call *c, double *memory, int64_t n, int64_t m)
{
    double *cost = memory, *a = cost + n * m, *b = a + n, *result = b + m;
    const struct transport_problem problem = {n, m, cost, a, b, result, result + n * m};
    const char *op = "transport_solve";
    if (c->n_in == 5) {
        WG_TRY(check_points(c->in[3], "x"));
        WG_TRY(check_points(c->in[4], "y"));
    }
    WG_TRY(read_as_double(c->in[0], cost));
    WG_TRY(read_as_double(c->in[1], a));
    WG_TRY(read_as_double(c->in[2], b));
    WG_TRY(check_finite(cost, n, m, op));
    WG_TRY(normalise(a, n, op));
    WG_TRY(normalise(b, m, op));
    WG_TRY(transport_minimize(&problem, op));
    raise_columns(&problem, problem.f + n);
    raise_rows(&problem, problem.f + n);
    return write(c->out[0], result, n * m + n + m);
}

static wg_status solve_forward(const wg_call *c)
{
    const int64_t n = wg_extent(c->in[0], 0), m = wg_extent(c->in[0], 1);
    double *memory = calloc((size_t)(2 * (n * m + n + m)), sizeof *memory);
    if (!memory)
        return nn_no_memory("transport_solve");
    const wg_status status = solve_into(c, memory, n, m);
    free(memory);
    return status;
}

/* ---- the problem ---- */

enum { MAX_PAIRS = 50000000 }; /* GLPK has at most 100 million columns, and 500 million coefficients */

static wg_status check(wg_tensor *cost, const wg_transport_solve_options *weights, const char *op)
{
    char text[200];
    WG_TRY(nn_check_handle(cost, op, "the cost"));
    const wg_dtype dtype = wg_dtype_of(cost);
    const wg_shape shape = wg_shape_of(cost);
    if (dtype != WG_F32 && dtype != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected costs of dtype f32 or f64, got %s", op, wg_dtype_name(dtype));
    if (shape.rank != 2 || wg_numel(cost) == 0 || wg_numel(cost) > MAX_PAIRS)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected costs (n,m) of 1 to 50 million pairs, got %s", op,
                            wg_shape_text(shape, text, sizeof text));
    WG_TRY(transport_check_weights(weights->weights_x, shape.extent[0], dtype, op, "weights_x"));
    return transport_check_weights(weights->weights_y, shape.extent[1], dtype, op, "weights_y");
}

/* Weights as an operand of the closure, through which no gradient flows. */
static wg_tensor *constant_weights(wg_tensor *weights, bool of_y, int64_t n, wg_dtype dtype)
{
    return wg_detach(transport_weights(transport_expected_weights(weights, of_y), n, dtype));
}

/* points: whose costs they are, for messages; NULL: that is not known. */
static wg_status solve(wg_tensor *cost, wg_tensor *weights_x, wg_tensor *weights_y, const struct transport_call *points,
                       wg_transport_solution *solution)
{
    const int64_t n = wg_extent(cost, 0), m = wg_extent(cost, 1);
    const wg_dtype dtype = wg_dtype_of(cost);
    const wg_closure closure = {
        .name = "transport_solve", .forward = solve_forward, .dtype = dtype, .shape = WG_SHAPE(n * m + n + m), .replayable = true};
    wg_tensor *in[] = {wg_detach(cost), constant_weights(weights_x, false, n, dtype), constant_weights(weights_y, true, m, dtype),
                       points ? wg_detach(points->x) : NULL, points ? wg_detach(points->y) : NULL};
    wg_tensor *all = wg_closure_apply(&closure, in, points ? 5 : 3);
    const wg_transport_solution made = {wg_reshape(wg_slice(all, 0, 0, n * m, 1), WG_SHAPE(n, m)),
                                        wg_slice(all, 0, n * m, n * m + n, 1), wg_slice(all, 0, n * m + n, n * m + n + m, 1)};
    if (!made.plan || !made.f || !made.g)
        return nn_first_error(WG_E_MEMORY);
    *solution = made;
    return WG_OK;
}

/* What a tape of its own has made is the caller's. */
static wg_status keep(wg_transport_solution *solution)
{
    const wg_transport_solution kept = {wg_keep(solution->plan), wg_keep(solution->f), wg_keep(solution->g)};
    if (kept.plan && kept.f && kept.g) {
        *solution = kept;
        return WG_OK;
    }
    wg_free(kept.plan), wg_free(kept.f), wg_free(kept.g);
    return nn_first_error(WG_E_MEMORY);
}

static wg_status solve_without_tape(wg_tensor *cost, const wg_transport_solve_options *options, wg_transport_solution *made)
{
    WG_TAPE(tape, .keep_error = true);
    if (!tape)
        return nn_first_error(WG_E_MEMORY);
    WG_TRY(solve(cost, options->weights_x, options->weights_y, NULL, made));
    return keep(made);
}

wg_status wg_transport_solve_with(wg_tensor *cost, wg_transport_solution *solution, wg_transport_solve_options options)
{
    const char *op = "transport_solve";
    wg_transport_solution made;
    if (!solution)
        return nn_null_argument(op, "the solution");
    WG_TRY(check(cost, &options, op));
    const uint64_t before = nn_count_errors();
    const wg_status status = wg_tape_top() ? solve(cost, options.weights_x, options.weights_y, NULL, &made)
                                           : solve_without_tape(cost, &options, &made);
    if (status == WG_OK)
        *solution = made;
    else
        nn_name_error(before, op);
    return status;
}

/* ---- the distance ---- */

/* 0, with the gradient that a least cost has by the weights: the potential. */
static wg_tensor *slope_by_weights(wg_tensor *weights, wg_tensor *potential)
{
    return wg_sum(wg_mul(potential, wg_sub(weights, wg_detach(weights))));
}

static wg_tensor *exact(const struct transport_call *call)
{
    const double p = ((const wg_transport_options *)call->options)->p;
    const struct transport_scaled scaled = transport_scale(call->x, call->y, p);
    wg_tensor *cost = scaled.x && scaled.y ? transport_cost(scaled.x, scaled.y, p) : NULL;
    wg_transport_solution solution;
    if (!cost || solve(cost, call->weights_x, call->weights_y, call, &solution) != WG_OK)
        return NULL;
    wg_tensor *sum = wg_sum(wg_mul(solution.plan, cost));
    if (call->weights_x != WG_NONE)
        sum = wg_add(sum, slope_by_weights(call->weights_x, solution.f));
    if (call->weights_y != WG_NONE)
        sum = wg_add(sum, slope_by_weights(call->weights_y, solution.g));
    return wg_mul(transport_root(sum, p), scaled.unit);
}

wg_tensor *wg_transport_exact_with(wg_tensor *x, wg_tensor *y, wg_transport_options options)
{
    const struct transport_call call = {"transport_exact", x, y, options.weights_x, options.weights_y, &options, exact};
    if (transport_check_option(call.op, "p", options.p, 1, 1e6) != WG_OK)
        return NULL;
    return transport_run(&call, 2);
}
