/* Checks of Jacobian-vector products, and of the derivative of the gradient. */
#include "checks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grad/forward_mode.h"
#include "wengert/ops.h"

/* ---- jvp ---- */

/* The tangents of the results for tangents of the operands in `moved`, by what the op records; NULL, meaning zero, where there
   is none. Each moved operand is a view that requires a gradient, as in wg_jvp. */
static wg_status tangents(const struct check_case *c, unsigned moved, const struct result *shapes, double **ty)
{
    const struct run run = {.dtype = WG_F64};
    wg_tensor *in[WG_SAMPLE_MAX], *used[WG_SAMPLE_MAX], *out[MAX_RESULTS];
    wg_error_take(NULL);
    operands_make(c, &run, false, in);
    wg_tape *tape = wg_tape_open();
    for (int i = 0; i < c->n; i++) {
        used[i] = moved >> i & 1 ? wg_reshape(in[i], wg_shape_of(in[i])) : in[i];
        if (!(moved >> i & 1))
            continue;
        used[i]->flags |= WG_T_NEEDS;
        used[i]->adjoint = weights_like(in[i], &run, TANGENT, i);
    }
    const uint64_t after = wg_self()->seq;
    wg_status status = wg_invoke(c->op, c->params, used, (size_t)c->n, out, c->op->n_out);
    if (status == WG_OK)
        status = wg_push(wg_self(), tape, after, tape->last);
    for (int i = 0; i < c->op->n_out && status == WG_OK; i++)
        if (float_result(c, shapes, i) && out[i]->adjoint)
            ty[i] = values_of(out[i]->adjoint);
    wg_tape_close(tape);
    operands_free(c, in);
    return status;
}

/* One element of one result, selected by the two fields of run that a directional run leaves unused. */
static double one_result(const struct check_case *c, const struct run *run)
{
    struct result r;
    struct run plain = *run;
    plain.roots = 0;
    plain.element = 0;
    run_op(c, &plain, &r);
    const double value = r.status == WG_OK ? r.out[run->roots][run->element] : NAN;
    result_free(&r);
    return value;
}

static void compare_tangents(const struct check_case *c, unsigned moved, const struct result *shapes)
{
    double *ty[MAX_RESULTS] = {NULL};
    if (tangents(c, moved, shapes, ty) != WG_OK) {
        wg_error error;
        wg_error_take(&error);
        check_fail(c->report, "jvp", "%s: %s", c->name, error.message);
        for (int i = 0; i < c->op->n_out; i++)
            free(ty[i]);
        return;
    }
    struct result r;
    run_op(c, &(struct run){.dtype = WG_F64, .way = GIVEN}, &r);
    double forward = 0, back = 0, size = 0;
    for (int i = 0; i < c->op->n_out; i++) {
        for (int64_t k = 0; k < shapes->numel[i] && float_result(c, shapes, i); k++) {
            const double got = ty[i] ? ty[i][k] : 0;
            const struct run run = {.dtype = WG_F64, .moved = moved, .roots = (unsigned)i, .element = k};
            double found;
            forward += weight(PROJECTION, i, k) * got;
            size += fabs(weight(PROJECTION, i, k) * got);
            if (k < 64 && !difference_agrees(c, one_result, run, got, &found)) {
                check_fail(c->report, "jvp", "%s: tangent of result %d, element %lld is %.12g, by differences %.12g", c->name, i,
                           (long long)k, got, found);
                break;
            }
        }
        free(ty[i]);
    }
    for (int i = 0; i < c->n && r.status == WG_OK; i++)
        for (int64_t k = 0; (moved >> i & 1) && r.grad[i] && k < c->in[i].numel; k++) {
            back += weight(TANGENT, i, k) * r.grad[i][k];
            size += fabs(weight(TANGENT, i, k) * r.grad[i][k]);
        }
    c->report->comparisons++;
    if (r.status == WG_OK && !check_close(forward, back, 1e-10, 1e-10 * (1 + size)))
        check_fail(c->report, "jvp", "%s: <v, J t> is %.15g, <J'v, t> is %.15g", c->name, forward, back);
    result_free(&r);
}

/* Tangents of all operands together, and of each alone with WG_NONE for the others. */
void check_jvp(const struct check_case *c)
{
    struct result shapes;
    unsigned all = 0;
    if (!c->op->jvp && !c->op->compose) {
        check_fail(c->report, "jvp", "the op has a vjp and no jvp");
        return;
    }
    run_op(c, &(struct run){.dtype = WG_F64}, &shapes);
    for (int i = 0; i < c->n; i++)
        all |= operand_leaf(c, i) ? 1u << i : 0;
    compare_tangents(c, all, &shapes);
    for (int i = 0; i < c->n; i++)
        if ((all >> i & 1) && all != 1u << i)
            compare_tangents(c, 1u << i, &shapes);
    result_free(&shapes);
}

/* ---- second order ---- */

/* <SECOND weights, gradients>, where the projection's weights are operands like the others. */
static double gradient_projected(const struct check_case *c, const struct run *run)
{
    struct result r;
    double sum = 0;
    run_op(c, run, &r);
    for (int i = 0; i < c->n; i++)
        for (int64_t k = 0; r.grad[i] && k < c->in[i].numel; k++)
            sum += weight(SECOND, i, k) * r.grad[i][k];
    sum = r.status == WG_OK ? sum : NAN;
    result_free(&r);
    return sum;
}

struct twice {
    wg_tensor *in[WG_SAMPLE_MAX], *out[MAX_RESULTS];
    wg_tensor *leaf[WG_SAMPLE_MAX + MAX_RESULTS], *g[WG_SAMPLE_MAX], *gg[WG_SAMPLE_MAX + MAX_RESULTS];
    int nudged[WG_SAMPLE_MAX + MAX_RESULTS]; /* as in struct run */
    int n_operands, n;
    bool first_done;
};

/* Computes the recorded first gradients, projects them, and computes the gradients of that. */
static wg_status differentiate_twice(const struct check_case *c, const struct result *shapes, struct twice *t)
{
    const struct run run = {.dtype = WG_F64};
    wg_tensor *first = WG_NONE, *second = WG_NONE;
    t->first_done = false;
    WG_TRY(wg_invoke(c->op, c->params, t->in, (size_t)c->n, t->out, c->op->n_out));
    t->n = 0;
    for (int i = 0; i < c->n; i++)
        if (operand_leaf(c, i)) {
            t->nudged[t->n] = i + 1;
            t->leaf[t->n++] = t->in[i];
        }
    t->n_operands = t->n;
    for (int i = 0; i < c->op->n_out; i++)
        if (float_result(c, shapes, i)) {
            wg_tensor *v = wg_set_requires_grad(weights_like(t->out[i], &run, PROJECTION, i), true);
            first = projection(first, t->out[i], v);
            t->nudged[t->n] = 101 + i;
            t->leaf[t->n++] = v;
        }
    WG_TRY(wg_grad_many(first, t->leaf, (size_t)t->n_operands, t->g, .create_graph = true, .unused = WG_UNUSED_ZEROS));
    t->first_done = true;
    for (int i = 0; i < t->n_operands; i++)
        second = projection(second, t->g[i], weights_like(t->g[i], &run, SECOND, t->nudged[i] - 1));
    return wg_grad_many(second, t->leaf, (size_t)t->n, t->gg, .unused = WG_UNUSED_ZEROS);
}

static void compare_second(const struct check_case *c, const struct twice *t)
{
    for (int i = 0; i < t->n; i++) {
        double *got = values_of(t->gg[i]), found;
        const int64_t n = t->gg[i]->numel, stride = difference_stride(c, n);
        if (stride > 1)
            check_skip(c->report, "second", "%s: differences for every %lld-th element only, of %lld", c->name, (long long)stride,
                       (long long)n);
        for (int64_t k = 0; k < n; k += stride) {
            const struct run run = {.dtype = WG_F64, .way = GIVEN, .nudged = t->nudged[i], .element = k};
            if (difference_agrees(c, gradient_projected, run, got[k], &found))
                continue;
            check_fail(c->report, "second", "%s: second gradient by %s %d, element %lld is %.12g, by differences %.12g", c->name,
                       t->nudged[i] > 100 ? "the gradient of result" : "operand", (t->nudged[i] - 1) % 100, (long long)k, got[k],
                       found);
            break;
        }
        free(got);
    }
}

/* A recorded gradient equals one that is not recorded. */
static void compare_recorded(const struct check_case *c, const struct twice *t, const struct result *first)
{
    for (int i = 0; i < t->n_operands; i++) {
        double *recorded = values_of(t->g[i]);
        const double *plain = first->grad[t->nudged[i] - 1];
        for (int64_t k = 0; k < t->g[i]->numel && plain; k++)
            if (!check_close(recorded[k], plain[k], 1e-12, 1e-12)) {
                check_fail(c->report, "second", "%s: recorded, gradient %d, element %lld is %.17g, not %.17g", c->name,
                           t->nudged[i] - 1, (long long)k, recorded[k], plain[k]);
                break;
            }
        free(recorded);
    }
}

void check_second(const struct check_case *c)
{
    struct result shapes;
    struct twice t;
    bool flat = true;
    wg_error error;
    for (int i = 0; i < c->n; i++)
        flat = flat && !(operand_leaf(c, i) && !(c->op->flat >> i & 1));
    if (flat) {
        check_skip(c->report, "second", "the gradient is zero by nature");
        return;
    }
    run_op(c, &(struct run){.dtype = WG_F64, .way = GIVEN}, &shapes);
    operands_make(c, &(struct run){.dtype = WG_F64}, true, t.in);
    wg_tape *tape = wg_tape_open();
    const wg_status status = differentiate_twice(c, &shapes, &t);
    wg_error_take(&error);
    /* Differences open their own tapes above this one. */
    if (status == WG_E_NO_GRAD && t.first_done) {
        check_skip(c->report, "second", "%s", error.message);
    } else if (status != WG_OK) {
        check_fail(c->report, "second", "%s: %s: %s", c->name, wg_status_name(status), error.message);
    } else {
        compare_recorded(c, &t, &shapes);
        compare_second(c, &t);
    }
    wg_tape_close(tape);
    operands_free(c, t.in);
    result_free(&shapes);
}
