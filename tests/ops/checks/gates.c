/* What an op says that it does with the gradient of its result (WG_OP_DISTRIBUTES, WG_OP_SWAPS, WG_OP_ROUTES), against its vjp. */
#include "checks.h"

#include <math.h>

static double sum_of(const double *a, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i];
    return sum;
}

/* Weights of 1 everywhere: each element of an operand gets as many as there are elements that read it. */
static void check_distributes(const struct check_case *c, const struct result *r)
{
    for (int i = 0; i < c->n; i++)
        if (operand_leaf(c, i) && !(fabs(sum_of(r->grad[i], c->in[i].numel) - (double)r->numel[0]) <= 1e-9 * (double)r->numel[0]))
            check_fail(c->report, "gate", "%s: operand %d gets %g of a gradient of %lld ones: not WG_OP_DISTRIBUTES", c->name, i,
                       sum_of(r->grad[i], c->in[i].numel), (long long)r->numel[0]);
}

/* a b: the sum over each operand of gradient times operand is that of the result. */
static void check_swaps(const struct check_case *c, const struct result *r)
{
    const double want = sum_of(r->out[0], r->numel[0]);
    for (int i = 0; i < c->n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < c->in[i].numel && operand_leaf(c, i); k++)
            sum += r->grad[i][k] * c->in[i].value[k];
        if (operand_leaf(c, i) && !(fabs(sum - want) <= 1e-9 * (1 + fabs(want))))
            check_fail(c->report, "gate", "%s: <gradient, operand %d> is %g, the sum of the results %g: not WG_OP_SWAPS", c->name,
                       i, sum, want);
    }
    if (c->n != 2)
        check_fail(c->report, "gate", "%d operands: not WG_OP_SWAPS, which has two", c->n);
}

/* Whole numbers, of which there are no more than elements of the result. */
static void check_routes(const struct check_case *c, const struct result *r)
{
    double sum = 0;
    for (int i = 0; i < c->n; i++)
        for (int64_t k = 0; k < c->in[i].numel && operand_leaf(c, i); k++) {
            const double gradient = r->grad[i][k];
            if (gradient < 0 || gradient != floor(gradient)) {
                check_fail(c->report, "gate", "%s: operand %d, element %lld gets %g of a gradient of ones: not WG_OP_ROUTES",
                           c->name, i, (long long)k, gradient);
                return;
            }
            sum += gradient;
        }
    if (sum > (double)r->numel[0])
        check_fail(c->report, "gate", "%s: the operands get %g of %lld ones: not WG_OP_ROUTES", c->name, sum,
                   (long long)r->numel[0]);
}

void check_gate(const struct check_case *c)
{
    struct result r;
    if (!(c->op->flags & (WG_OP_DISTRIBUTES | WG_OP_SWAPS | WG_OP_ROUTES)))
        return;
    run_op(c, &(struct run){.dtype = WG_F64, .way = GIVEN, .ones = true}, &r);
    bool known = r.status == WG_OK;
    for (int i = 0; i < c->n; i++)
        known = known && (!operand_leaf(c, i) || r.grad[i]);
    if (known && (c->op->flags & WG_OP_DISTRIBUTES))
        check_distributes(c, &r);
    if (known && (c->op->flags & WG_OP_SWAPS))
        check_swaps(c, &r);
    if (known && (c->op->flags & WG_OP_ROUTES))
        check_routes(c, &r);
    c->report->comparisons += known;
    result_free(&r);
}
