/* Checks of values: a result is a function of its operands' values and not of their memory. */
#include "checks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dtype_matters(const struct check_case *c)
{
    for (int i = 0; i < c->n; i++)
        if (c->in[i].tested && !c->in[i].none)
            return true;
    return false;
}

static double largest(const double *p, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(p[i]));
    return most;
}

static bool agree(double got, double want, double scale, struct tolerance tolerance)
{
    if (tolerance.relative == 0 || check_same(got, want))
        return check_same(got, want);
    return check_close(got, want, tolerance.relative, tolerance.relative * scale);
}

static void compare_array(const struct check_case *c, const char *check, const char *what, const char *array, int which,
                          const double *got, const double *want, int64_t n, struct tolerance tolerance)
{
    const double scale = largest(want, n);
    c->report->comparisons += n;
    for (int64_t k = 0; k < n; k++)
        if (!agree(got[k], want[k], scale, tolerance)) {
            check_fail(c->report, check, "%s, %s: %s %d, element %lld is %.17g, not %.17g", c->name, what, array, which,
                       (long long)k, got[k], want[k]);
            return;
        }
}

static bool compare_outputs(const struct check_case *c, const char *check, const char *what, const struct result *got,
                            const struct result *want, struct tolerance tolerance)
{
    if (got->status != WG_OK) {
        check_fail(c->report, check, "%s, %s: %s: %s", c->name, what, wg_status_name(got->status), got->error.message);
        return false;
    }
    if (got->input_changed)
        check_fail(c->report, "inputs", "%s, %s: an operand was changed that the op does not write", c->name, what);
    for (int i = 0; i < want->n_out; i++) {
        if (i >= got->n_out || got->numel[i] != want->numel[i])
            check_fail(c->report, check, "%s, %s: result %d has another size", c->name, what, i);
        else
            compare_array(c, check, what, "result", i, got->out[i], want->out[i], want->numel[i], tolerance);
    }
    return true;
}

void compare_results(const struct check_case *c, const char *check, const char *what, const struct result *got,
                     const struct result *want, struct tolerance tolerance)
{
    if (!compare_outputs(c, check, what, got, want, tolerance))
        return;
    for (int i = 0; i < c->n; i++)
        if (want->grad[i] && got->grad[i])
            compare_array(c, check, what, "gradient", i, got->grad[i], want->grad[i], c->in[i].numel, tolerance);
        else if (want->grad[i] || got->grad[i])
            check_fail(c->report, check, "%s, %s: gradient %d is there once only", c->name, what, i);
}

/* Runs the case, with gradients if it has any. */
static void run_with_gradient(const struct check_case *c, struct run run, struct result *r)
{
    run_op(c, &run, r);
    if (r->status == WG_OK && run.way == NO_GRADIENT && has_derivative(c, r)) {
        result_free(r);
        run.way = GIVEN;
        run_op(c, &run, r);
    }
}

static double round_off(wg_dtype dtype)
{
    return dtype == WG_F32 ? 1e-5 : 1e-13;
}

/* ---- shapes ---- */

/* The shape that the checker expects of an op with the default shape rule. For other rules the declared shape is compared with
   the result's. */
static bool expected_shape(const struct check_case *c, wg_shape *shape)
{
    if (c->op->shape || c->op->compose)
        return false;
    *shape = WG_SCALAR;
    for (int i = 0; i < c->n; i++)
        if (!c->in[i].none && c->in[i].shape.rank > shape->rank)
            shape->rank = c->in[i].shape.rank;
    for (int axis = 0; axis < shape->rank; axis++) {
        shape->extent[axis] = 1;
        for (int i = 0; i < c->n; i++) {
            const int at = axis - (shape->rank - c->in[i].shape.rank);
            if (!c->in[i].none && at >= 0 && c->in[i].shape.extent[at] != 1)
                shape->extent[axis] = c->in[i].shape.extent[at];
        }
    }
    return true;
}

static bool same_shape(const wg_shape *a, const wg_shape *b)
{
    return a->rank == b->rank && memcmp(a->extent, b->extent, (size_t)a->rank * sizeof *a->extent) == 0;
}

void check_shape(const struct check_case *c, const struct result *r)
{
    wg_tensor *in[WG_SAMPLE_MAX];
    wg_spec spec[MAX_RESULTS];
    wg_shape expected;
    const wg_call call = {
        .op = c->op, .params = c->params, .in = in, .n_in = (uint16_t)c->n, .n_out = c->op->n_out, .dtype = WG_F64};
    operands_make(c, &(struct run){.dtype = WG_F64}, false, in);
    memset(spec, 0, sizeof spec);
    if (c->op->shape && c->op->shape(&call, spec) != WG_OK)
        check_fail(c->report, "shape", "%s: the shape rule refuses what the op accepted", c->name);
    for (int i = 0; i < c->op->n_out; i++) {
        wg_shape stated = {.rank = spec[i].rank};
        memcpy(stated.extent, spec[i].extent, sizeof stated.extent);
        if (c->op->shape && (!same_shape(&stated, &r->shape[i]) || spec[i].dtype != r->dtype[i]))
            check_fail(c->report, "shape", "%s: result %d is not what the shape rule states", c->name, i);
        if (expected_shape(c, &expected) && (!same_shape(&expected, &r->shape[i]) || r->dtype[i] != WG_F64))
            check_fail(c->report, "shape", "%s: result %d is not the broadcast of its operands", c->name, i);
    }
    operands_free(c, in);
    wg_error_take(NULL);
}

/* ---- layouts ---- */

static void compare_layout(const struct check_case *c, wg_dtype dtype, enum layout layout, unsigned where,
                           const struct result *plain)
{
    char what[80];
    struct result r;
    snprintf(what, sizeof what, "%s %s%s", wg_dtype_name(dtype), layout_names[layout], where == 1 ? " first operand" : "");
    run_with_gradient(c, (struct run){.dtype = dtype, .layout = layout, .where = where}, &r);
    c->report->cases++;
    if (r.status != WG_OK && (c->op->flags & WG_OP_VIEW) && r.status == WG_E_SHAPE &&
        strstr(r.error.message, "strides that allow a view"))
        check_skip(c->report, "layout", "%s, %s: no view of such memory: the builder copies first", c->name, layout_names[layout]);
    else
        compare_results(c, layout == REPEATED ? "repeated" : "layout", what, &r, plain, (struct tolerance){round_off(dtype)});
    result_free(&r);
}

void check_layouts(const struct check_case *c, wg_dtype dtype)
{
    static const enum layout layouts[] = {REVERSED, STEPPED, BACKWARDS};
    struct result plain;
    run_with_gradient(c, (struct run){.dtype = dtype}, &plain);
    for (unsigned i = 0; i < sizeof layouts / sizeof *layouts && plain.status == WG_OK; i++) {
        compare_layout(c, dtype, layouts[i], ~0u, &plain);
        if (c->n > 1)
            compare_layout(c, dtype, layouts[i], 1, &plain);
    }
    result_free(&plain);
}

/* Stride 0 against a copy of the repeated elements. */
void check_repeated(const struct check_case *c, wg_dtype dtype)
{
    struct check_case constant;
    struct result plain;
    if (case_repeated(&constant, c)) {
        run_with_gradient(&constant, (struct run){.dtype = dtype}, &plain);
        if (plain.status == WG_OK)
            compare_layout(&constant, dtype, REPEATED, ~0u, &plain);
        else if (plain.status == WG_E_NUMERIC)
            check_skip(c->report, "repeated", "%s: no answer for such values: %s", constant.name, plain.error.message);
        else
            check_fail(c->report, "repeated", "%s: %s", constant.name, plain.error.message);
        result_free(&plain);
    }
    case_free(&constant);
}

/* f(x, x) = f(x, copy of x), and its gradient is the sum of both. */
void check_shared(const struct check_case *c, wg_dtype dtype)
{
    struct check_case one, two;
    struct result shared, separate;
    if (case_shared(&one, c, false) && case_shared(&two, c, true)) {
        run_with_gradient(&two, (struct run){.dtype = dtype}, &separate);
        run_with_gradient(&one, (struct run){.dtype = dtype}, &shared);
        c->report->cases++;
        for (int i = 1; i < c->n; i++)
            if (one.in[i].shared == 0 && separate.grad[0] && separate.grad[i]) {
                for (int64_t k = 0; k < c->in[0].numel; k++)
                    separate.grad[0][k] += separate.grad[i][k];
                free(separate.grad[i]);
                separate.grad[i] = NULL;
            }
        if (separate.status == WG_OK)
            compare_results(&one, "shared", wg_dtype_name(dtype), &shared, &separate, (struct tolerance){10 * round_off(dtype)});
        else
            check_fail(c->report, "shared", "%s: %s", two.name, separate.error.message);
        result_free(&separate);
        result_free(&shared);
        case_free(&two);
    }
    case_free(&one);
}

/* ---- dtypes, threads, donated operands ---- */

/* f32 against f64: a relative 1e-5 for each element, 1e-5 log2 n where n elements are combined. */
void check_dtypes(const struct check_case *c)
{
    struct result single, wide;
    if (!dtype_matters(c)) {
        check_skip(c->report, "f32", "no operand is of the dtype under test");
        return;
    }
    run_with_gradient(c, (struct run){.dtype = WG_F32}, &single);
    run_with_gradient(c, (struct run){.dtype = WG_F64}, &wide);
    int64_t most = 1, least = INT64_MAX;
    for (int i = 0; i < c->n; i++)
        most = c->in[i].numel > most ? c->in[i].numel : most;
    for (int i = 0; i < wide.n_out; i++)
        least = wide.numel[i] < least ? wide.numel[i] : least;
    const double gathered = least > 0 && least < most ? (double)most / (double)least : 1;
    compare_results(c, "f32", "f32 against f64", &single, &wide, (struct tolerance){1e-5 * fmax(1, log2(gathered))});
    for (int i = 0; i < single.n_out && i < wide.n_out; i++)
        if (single.dtype[i] != (wide.dtype[i] == WG_F64 ? WG_F32 : wide.dtype[i]) && i < c->op->n_out)
            check_fail(c->report, "shape", "%s: result %d of f32 operands is %s", c->name, i, wg_dtype_name(single.dtype[i]));
    result_free(&single);
    result_free(&wide);
}

void check_threads(const struct check_case *c, wg_dtype dtype)
{
    struct result one, two;
    run_with_gradient(c, (struct run){.dtype = dtype, .threads = 1}, &one);
    run_with_gradient(c, (struct run){.dtype = dtype, .threads = 2}, &two);
    if (one.status == WG_OK)
        compare_results(c, "threads", "two threads", &two, &one, (struct tolerance){0});
    else
        check_skip(c->report, "threads", "%s: the op refuses it: %s", c->name, one.error.message);
    result_free(&one);
    result_free(&two);
}

/* A donated operand may be overwritten; values and gradients are the same. */
void check_taken(const struct check_case *c, wg_dtype dtype)
{
    struct result plain, donated;
    run_with_gradient(c, (struct run){.dtype = dtype}, &plain);
    for (int i = 0; i < c->n && plain.status == WG_OK; i++) {
        char what[60];
        if (!(c->op->inplace >> i & 1) || c->in[i].none || operand_written(c, i))
            continue;
        snprintf(what, sizeof what, "%s, operand %d given away", wg_dtype_name(dtype), i);
        if (has_derivative(c, &plain)) {
            run_op(c, &(struct run){.dtype = dtype, .take = 1u << i, .way = GIVEN}, &donated);
            compare_results(c, "taken", what, &donated, &plain, (struct tolerance){0});
            result_free(&donated);
        }
        run_op(c, &(struct run){.dtype = dtype, .take = 1u << i}, &donated);
        compare_outputs(c, "taken", what, &donated, &plain, (struct tolerance){0});
        result_free(&donated);
    }
    result_free(&plain);
}
