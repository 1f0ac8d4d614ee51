/* Checks of first derivatives: the vjp against central differences, and all ways of computing a gradient against each other. */
#include "checks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double relative = 1e-6, absolute = 1e-8;

/* ---- differences ---- */

/* (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h, whose error is of order h⁴. */
static double difference(const struct check_case *c, scalar_of_run *scalar, struct run run, double h)
{
    double f[4];
    static const double steps[4] = {1, -1, 2, -2};
    for (int i = 0; i < 4; i++) {
        run.by = run.along = steps[i] * h;
        f[i] = scalar(c, &run);
    }
    return (8 * (f[0] - f[1]) - (f[2] - f[3])) / (12 * h);
}

bool difference_agrees(const struct check_case *c, scalar_of_run *scalar, struct run run, double got, double *found)
{
    static const double steps[2] = {1e-3, 2.5e-4};
    bool agrees = false;
    if (c->op->flags & WG_OP_SURROGATE) {
        check_skip(c->report, "vjp", "WG_OP_SURROGATE: its derivatives are compared with each other only");
        return true;
    }
    c->report->comparisons++;
    for (int i = 0; i < 2 && !agrees; i++) {
        *found = difference(c, scalar, run, steps[i]);
        agrees = check_close(got, *found, relative, absolute);
    }
    if (agrees)
        c->report->worst = fmax(c->report->worst, fabs(got - *found) / (absolute + relative * fabs(*found)));
    return agrees;
}

/* <projection, results>, for the outputs that have one. */
static double projected(const struct check_case *c, const struct run *run)
{
    struct result r;
    double sum = 0;
    run_op(c, run, &r);
    for (int i = 0; i < r.n_out; i++)
        for (int64_t k = 0; k < r.numel[i] && float_result(c, &r, i); k++)
            sum += weight(PROJECTION, i, k) * r.out[i][k];
    sum = r.status == WG_OK ? sum : NAN;
    result_free(&r);
    return sum;
}

int64_t difference_stride(const struct check_case *c, int64_t n)
{
    enum { MOST = 1024, LEAST = 64, MOST_NUMBERS = 1 << 19 }; /* elements moved; numbers that the runs for them read */
    int64_t numbers = 1, most;
    for (int i = 0; i < c->n; i++)
        numbers += c->in[i].numel;
    most = MOST_NUMBERS / numbers;
    most = most > MOST ? MOST : most < LEAST ? LEAST : most;
    return 1 + (n - 1) / most;
}

/* ---- the vjp ---- */

void check_vjp(const struct check_case *c, bool *nonzero)
{
    struct result r;
    run_op(c, &(struct run){.dtype = WG_F64, .way = GIVEN}, &r);
    if (r.status != WG_OK)
        check_fail(c->report, "vjp", "%s: %s: %s", c->name, wg_status_name(r.status), r.error.message);
    for (int i = 0; i < c->n && r.status == WG_OK; i++) {
        if (!operand_leaf(c, i))
            continue;
        if (!r.grad[i]) {
            check_fail(c->report, "vjp", "%s: operand %d got no gradient", c->name, i);
            continue;
        }
        const int64_t stride = difference_stride(c, c->in[i].numel);
        if (stride > 1)
            check_skip(c->report, "vjp", "%s: differences for every %lld-th element of operand %d: it is long", c->name,
                       (long long)stride, i);
        for (int64_t k = 0; k < c->in[i].numel; k++) {
            double found;
            nonzero[i] = nonzero[i] || r.grad[i][k] != 0;
            if (k % stride == 0 && !difference_agrees(c, projected, (struct run){.dtype = WG_F64, .nudged = i + 1, .element = k},
                                                      r.grad[i][k], &found)) {
                check_fail(c->report, "vjp", "%s: gradient of operand %d, element %lld is %.12g, by differences %.12g", c->name, i,
                           (long long)k, r.grad[i][k], found);
                break;
            }
        }
    }
    result_free(&r);
}

/* ---- all ways to the same gradient ---- */

static void compare_way(const struct check_case *c, struct run run, const char *check, const char *what, const struct result *want,
                        double tolerance)
{
    struct result r;
    run_op(c, &run, &r);
    compare_results(c, check, what, &r, want, (struct tolerance){tolerance});
    result_free(&r);
}

/* Backward from one result at a time: the others' gradients are WG_NONE. Their sum is the gradient from all. */
static void check_roots_apart(const struct check_case *c, const struct result *all, wg_dtype dtype)
{
    struct result sum = {0}, r;
    int roots = 0;
    for (int i = 0; i < all->n_out; i++) {
        if (!float_result(c, all, i))
            continue;
        roots++;
        run_op(c, &(struct run){.dtype = dtype, .way = GIVEN, .roots = 1u << i}, &r);
        if (r.status != WG_OK)
            check_fail(c->report, "roots", "%s: from result %d alone: %s", c->name, i, r.error.message);
        for (int k = 0; k < c->n; k++) {
            if (!all->grad[k] || !r.grad[k])
                continue;
            sum.grad[k] = sum.grad[k] ? sum.grad[k] : numbers(c->in[k].numel);
            for (int64_t j = 0; j < c->in[k].numel; j++)
                sum.grad[k][j] += r.grad[k][j];
        }
        result_free(&r);
    }
    if (roots > 1) {
        sum.n_out = 0;
        struct result gradients = *all;
        gradients.n_out = 0;
        compare_results(c, "roots", "results one by one", &sum, &gradients, (struct tolerance){dtype == WG_F32 ? 1e-5 : 1e-12});
    }
    result_free(&sum);
}

/* A gradient of ones arrives from sum as a view with stride 0 and must give the same as a dense one. */
static void check_single(const struct check_case *c, wg_dtype dtype)
{
    struct result dense;
    run_op(c, &(struct run){.dtype = dtype, .way = GIVEN, .ones = true}, &dense);
    if (dense.status == WG_OK)
        compare_way(c, (struct run){.dtype = dtype, .way = GIVEN, .ones = true, .layout = SINGLE, .where = 1u << 31}, "ways",
                    "a gradient with stride 0", &dense, dtype == WG_F32 ? 1e-5 : 1e-12);
    result_free(&dense);
}

/* A gradient does not depend on which other gradients are computed. */
static void check_leaves_apart(const struct check_case *c, const struct result *all, wg_dtype dtype)
{
    char what[40];
    for (int i = 0; i < c->n; i++) {
        struct result one = *all;
        if (!operand_leaf(c, i))
            continue;
        for (int k = 0; k < c->n; k++)
            one.grad[k] = k == i ? all->grad[k] : NULL;
        snprintf(what, sizeof what, "operand %d's alone", i);
        compare_way(c, (struct run){.dtype = dtype, .way = GIVEN, .leaves = 1u << i}, "ways", what, &one, 0);
    }
}

void check_ways(const struct check_case *c, wg_dtype dtype)
{
    const double near = dtype == WG_F32 ? 1e-5 : 1e-12;
    struct result given;
    run_op(c, &(struct run){.dtype = dtype, .way = GIVEN}, &given);
    if (given.status != WG_OK) {
        result_free(&given);
        return; /* check_vjp reports it */
    }
    if (!c->op->compose) /* a composed op has no saves of its own */
        compare_way(c, (struct run){.dtype = dtype, .way = GIVEN, .poison = true}, "saves", "what is not saved overwritten", &given,
                    0);
    compare_way(c, (struct run){.dtype = dtype, .way = PROJECTED}, "ways", "gradients given away", &given, 0);
    check_roots_apart(c, &given, dtype);
    check_leaves_apart(c, &given, dtype);
    check_single(c, dtype);
    for (int i = 0; i < c->n; i++)
        for (int64_t k = 0; given.grad[i] && k < c->in[i].numel; k++)
            given.grad[i][k] += weight(BASE, i, k);
    compare_way(c, (struct run){.dtype = dtype, .way = INTO}, "ways", "added to a gradient", &given, near);
    result_free(&given);
}

/* ---- no derivative ---- */

static bool asks(const struct check_case *c, struct result *r)
{
    bool from = false, to = false;
    run_op(c, &(struct run){.dtype = WG_F64}, r);
    for (int i = 0; i < c->n; i++)
        from = from || operand_leaf(c, i);
    for (int i = 0; i < r->n_out; i++)
        to = to || float_result(c, r, i);
    result_free(r);
    if (!from || !to)
        check_skip(c->report, "vjp", "nothing to differentiate: %s",
                   !from ? "no operand that has a gradient" : "no result that is a float");
    return from && to;
}

/* Asking for a gradient that the op does not have is an error that names the op. */
void check_no_derivative(const struct check_case *c)
{
    struct result r;
    const unsigned excuse = c->op->flags & (WG_OP_NO_DERIVATIVE | WG_OP_STOP_GRADIENT);
    if (!asks(c, &r))
        return;
    if (!excuse && !c->op->vjp && !c->op->compose) {
        check_fail(c->report, "no derivative",
                   "%s: there is no vjp, and neither WG_OP_NO_DERIVATIVE nor WG_OP_STOP_GRADIENT says so", c->name);
        return;
    }
    if ((excuse & WG_OP_NO_DERIVATIVE) && (!c->op->reason || !*c->op->reason))
        check_fail(c->report, "no derivative", "%s: WG_OP_NO_DERIVATIVE without a reason", c->name);
    run_op(c, &(struct run){.dtype = WG_F64, .way = GIVEN}, &r);
    if (r.status != WG_E_NO_GRAD)
        check_fail(c->report, "no derivative", "%s: asking for the gradient gave %s, not WG_E_NO_GRAD", c->name,
                   wg_status_name(r.status));
    else if ((excuse & WG_OP_NO_DERIVATIVE) && !strstr(r.error.message, c->op->name))
        check_fail(c->report, "no derivative", "%s: the error does not name the op: %s", c->name, r.error.message);
    result_free(&r);
}
