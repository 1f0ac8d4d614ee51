/* Runs all checks on one op. */
#include "checks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Over no elements a result may be NaN or infinite (the mean); otherwise samples are chosen so that results are finite. */
static bool check_finite(const struct check_case *c, const struct result *r)
{
    bool nothing = false;
    for (int i = 0; i < c->n; i++)
        nothing = nothing || (!c->in[i].none && c->in[i].numel == 0);
    for (int i = 0; i < r->n_out; i++)
        for (int64_t k = 0; k < r->numel[i]; k++) {
            if (isfinite(r->out[i][k]))
                continue;
            if (nothing)
                check_skip(c->report, "vjp", "%s: no differences: result %d is %g over nothing", c->name, i, r->out[i][k]);
            else
                check_fail(c->report, "forward", "%s: result %d, element %lld is %g", c->name, i, (long long)k, r->out[i][k]);
            return !nothing;
        }
    return true;
}

/* Checks the plain run in f64; without it nothing else can be checked. */
static bool check_forward(const struct check_case *c, bool *differentiable, bool *finite)
{
    struct result r;
    run_op(c, &(struct run){.dtype = WG_F64}, &r);
    const bool ran = r.status == WG_OK, refused = c->may_refuse && (r.status == WG_E_SHAPE || r.status == WG_E_ARGUMENT);
    if (refused)
        check_skip(c->report, "variants", "%s: the op refuses it: %s", c->name, r.error.message);
    else if (!ran)
        check_fail(c->report, "forward", "%s: %s: %s", c->name, wg_status_name(r.status), r.error.message);
    *finite = check_finite(c, &r);
    if (r.input_changed)
        check_fail(c->report, "inputs", "%s: an operand was changed that the op does not write", c->name);
    if (ran)
        check_shape(c, &r);
    *differentiable = ran && has_derivative(c, &r);
    result_free(&r);
    return ran;
}

static void check_one_dtype(const struct check_case *c, wg_dtype dtype, bool differentiable)
{
    c->report->cases++;
    check_layouts(c, dtype);
    check_repeated(c, dtype);
    check_shared(c, dtype);
    check_taken(c, dtype);
    check_threads(c, dtype);
    check_rerun(c, dtype, differentiable);
    if (c->op->compose)
        check_skip(c->report, "cost", "made of other ops, whose costs are checked");
    for (int layout = ROW_MAJOR; layout <= REPEATED && !c->op->compose; layout++)
        check_cost(c, dtype, (enum layout)layout);
    if (differentiable)
        check_ways(c, dtype);
}

static void check_case(const struct check_case *c, bool memory_too, bool *nonzero)
{
    bool differentiable = false, finite = false;
    if (!check_forward(c, &differentiable, &finite))
        return;
    for (int i = 0; i < c->n; i++)
        if (operand_written(c, i))
            check_skip(c->report, "layout", "operand %d is changed, so it is given in dense memory only", i);
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
        if (dtype == WG_F64 || dtype_matters(c)) {
            check_one_dtype(c, (wg_dtype)dtype, differentiable);
            if (memory_too) {
                check_aliases(c, (wg_dtype)dtype, differentiable);
                check_memory(c, (wg_dtype)dtype);
            }
        }
    check_dtypes(c);
    if (differentiable && finite) {
        check_vjp(c, nonzero);
        check_gate(c);
        check_jvp(c);
        check_second(c);
    } else if (!differentiable) {
        check_no_derivative(c);
    }
}

/* An op of one result without a shape rule is element-wise and should have row kernels: without them it has no fast path, and
   replay cannot fuse it. */
static void check_rows(const struct wg_op *op, struct check_report *report)
{
    const bool element_wise = !op->shape && !op->compose && !op->writes && op->n_out == 1 && !(op->flags & WG_OP_VIEW);
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
        if (element_wise && !op->kernels[WG_PORTABLE].row[dtype])
            check_fail(report, "rows", "an element-wise op of %s has no row: .kernels = MAP_KERNELS(name)",
                       wg_dtype_name((wg_dtype)dtype));
}

/* The mark that .saves is checked, here; ops without it are called as a user's. Backward relies on it that a registered op with a
   vjp has a derivative. */
static void check_registered(const struct wg_op *op, struct check_report *report)
{
    if (op->vjp && op->flags & WG_OP_NO_DERIVATIVE)
        check_fail(report, "registered", "WG_OP_NO_DERIVATIVE, and a vjp all the same");
    if (!op->registered)
        check_fail(report, "registered", "the definition lacks the mark of an op of ops.def: it is .name = WG_REGISTERED(\"…\")");
}

/* Checks a case large enough that threads share the work. */
static void check_enlarged(const struct wg_op *op, struct check_report *report)
{
    struct check_case c;
    if (op->flags & WG_OP_VIEW) {
        check_skip(report, "threads", "a view does no work that could be parted");
    } else if (case_enlarged(&c, op, 140000, report)) {
        check_threads(&c, WG_F32);
        check_threads(&c, WG_F64);
        report->cases += 2;
        case_free(&c);
    } else {
        check_skip(report, "threads", "%s: its shape cannot be enlarged, so it was run below the size that is parted among threads",
                   op->samples[0].name);
        case_free(&c);
    }
}

/* Fails if the gradient was 0 in every element of every case and the op does not declare that it is flat. */
static void check_not_all_zero(const struct wg_op *op, const bool *nonzero, struct check_report *report)
{
    bool leaf[WG_SAMPLE_MAX] = {false};
    struct check_case c;
    for (int s = 0; s < op->n_samples; s++) {
        case_of_sample(&c, op, s, report);
        for (int i = 0; i < c.n; i++)
            leaf[i] = leaf[i] || operand_leaf(&c, i);
        case_free(&c);
    }
    for (int i = 0; i < WG_SAMPLE_MAX; i++)
        if (leaf[i] && !nonzero[i] && !(op->flat >> i & 1))
            check_fail(report, "all zero", "the gradient of operand %d is zero throughout, and .flat does not say so", i);
        else if (leaf[i] && nonzero[i] && (op->flat >> i & 1))
            check_fail(report, "all zero", "the gradient of operand %d is not zero, though .flat says so", i);
}

void check_op(const struct wg_op *op, struct check_report *report)
{
    bool nonzero[WG_SAMPLE_MAX] = {false};
    struct check_case c;
    memset(report, 0, sizeof *report);
    report->op = op->name;
    if (op->n_samples == 0 || !op->samples) {
        check_fail(report, "samples", "the op has no samples, so nothing was checked");
        return;
    }
    for (int i = 0; i < op->n_samples; i++) {
        case_of_sample(&c, op, i, report);
        check_case(&c, true, nonzero);
        case_free(&c);
    }
    const int variants = variant_count(op);
    if (variants == 0)
        check_skip(report, "variants", "its parameters fix its shapes: only those of its %d samples were run", op->n_samples);
    for (int i = 0; i < variants; i++) {
        case_of_variant(&c, op, i, report);
        check_case(&c, false, nonzero);
        case_free(&c);
    }
    check_enlarged(op, report);
    check_rows(op, report);
    check_registered(op, report);
    if ((op->vjp || op->compose) && !(op->flags & WG_OP_NO_DERIVATIVE) && !check_found(report, "vjp"))
        check_not_all_zero(op, nonzero, report);
}
