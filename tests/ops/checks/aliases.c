/* Operands that share memory: the call gives what it gives on copies, or refuses before anything is changed. Tried on every pair
   of operands one of which may be overwritten. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "wengert/ops.h"

/* How the other operand shares the target's memory. */
enum sharing {
    ITSELF,  /* the same handle */
    VIEW,    /* a view of the first elements, as many as the operand has */
    FLIPPED, /* the same elements in reverse order */
    SHIFTED, /* one element further on; both are in a larger tensor */
    N_SHARINGS
};
static const char *const sharing_names[N_SHARINGS] = {"is", "is a view of", "is the reverse of", "lies one element beyond"};

struct pair {
    int target, other;
    enum sharing sharing;
    bool copies; /* run the reference: copy operands that share memory first */
};

static bool same_shape(const wg_shape *a, const wg_shape *b)
{
    return a->rank == b->rank && memcmp(a->extent, b->extent, (size_t)a->rank * sizeof *a->extent) == 0;
}

static bool possible(const struct check_case *c, const struct pair *p)
{
    const struct operand *target = &c->in[p->target], *other = &c->in[p->other];
    if (p->target == p->other || target->none || other->none || target->tested != other->tested || target->dtype != other->dtype ||
        other->numel > target->numel || target->numel == 0)
        return false;
    if (p->sharing == FLIPPED && (target->numel < 2 || operand_written(c, p->other))) /* an operand that is written must be dense */
        return false;
    return p->sharing == VIEW || p->sharing == SHIFTED || same_shape(&target->shape, &other->shape);
}

static wg_tensor *part(wg_tensor *line, int64_t first, const struct operand *x)
{
    return wg_reshape(wg_slice(line, 0, first, first + x->numel, 1), x->shape);
}

/* Makes the pair as views of base, which is their common memory. */
static void lay_pair(const struct check_case *c, const struct pair *p, wg_tensor *base, wg_tensor **in)
{
    const struct operand *target = &c->in[p->target], *other = &c->in[p->other];
    if (p->sharing == SHIFTED) {
        in[p->target] = part(base, 0, target);
        in[p->other] = part(base, 1, other);
        return;
    }
    in[p->target] = in[p->other] = base;
    if (p->sharing == ITSELF)
        return;
    wg_tensor *line = wg_reshape(base, WG_SHAPE(target->numel));
    in[p->other] = part(p->sharing == FLIPPED ? wg_flip(line, 0) : line, 0, other);
}

/* The caller's tensor that holds the pair: the target's values and one more. */
static wg_tensor *make_base(const struct check_case *c, const struct pair *p, wg_dtype dtype)
{
    const struct operand *target = &c->in[p->target];
    double *value = numbers(target->numel + 1);
    memcpy(value, target->value, (size_t)target->numel * sizeof *value);
    value[target->numel] = c->in[p->other].value[0];
    wg_tensor *base = place(value, target->tested ? dtype : target->dtype,
                            p->sharing == SHIFTED ? WG_SHAPE(target->numel + 1) : target->shape, ROW_MAJOR);
    free(value);
    return base;
}

static void check_untouched(const struct check_case *c, const wg_tensor *t, const double *before)
{
    if (t->state != WG_LIVE) /* donated */
        return;
    double *now = values_of(t);
    for (int64_t k = 0; k < t->numel; k++)
        if (!check_same(now[k], before[k])) {
            check_fail(c->report, "aliases", "%s: an operand was changed and can still be read", c->name);
            break;
        }
    free(now);
}

/* Runs the pair on a tape. The leaves are the caller's operands; the target's leaf is the pair's memory. */
static void run_pair(const struct check_case *c, const struct pair *p, const struct run *run, wg_tensor *const *leaves,
                     struct result *r)
{
    const bool writes = operand_written(c, p->target);
    wg_tensor *in[WG_SAMPLE_MAX], *out[MAX_RESULTS] = {NULL};
    WG_TAPE(tape);
    memcpy(in, leaves, sizeof in);
    lay_pair(c, p, writes ? leaves[p->target] : wg_copy(leaves[p->target]), in);
    wg_tensor *given = in[p->target];
    double *before = values_of(given);
    if (p->copies)
        in[p->other] = wg_copy(in[p->other]);
    else if (!writes)
        wg_donate(given);
    r->status = wg_invoke(c->op, c->params, in, (size_t)c->n, out, c->op->n_out);
    for (int i = 0; i < c->op->n_out && r->status == WG_OK; i++)
        result_keep(r, out[i]);
    if (!writes || r->status != WG_OK)
        check_untouched(c, given, before);
    free(before);
    for (int i = 0; i < c->n && r->status == WG_OK; i++)
        if (operand_written(c, i))
            result_keep(r, in[i]);
    if (r->status == WG_OK && run->way != NO_GRADIENT)
        r->status = run_backward(c, run, in, out);
    if (r->status == WG_OK && run->way != NO_GRADIENT)
        result_gradients(c, run, leaves, r);
}

static void run_fresh(const struct check_case *c, const struct pair *p, const struct run *run, struct result *r)
{
    wg_tensor *leaves[WG_SAMPLE_MAX] = {NULL};
    memset(r, 0, sizeof *r);
    wg_error_take(NULL);
    operands_make(c, run, run->way != NO_GRADIENT, leaves);
    wg_free(leaves[p->target]);
    if (leaves[p->other] != leaves[p->target])
        wg_free(leaves[p->other]);
    leaves[p->other] = leaves[p->target] = make_base(c, p, run->dtype);
    if (run->way != NO_GRADIENT && operand_leaf(c, p->target))
        wg_set_requires_grad(leaves[p->target], true);
    run_pair(c, p, run, leaves, r);
    operands_free(c, leaves);
    wg_error_take(&r->error);
}

static void check_pair(const struct check_case *whole, struct pair p, struct run run)
{
    struct check_case c = *whole;
    struct result shared, copied;
    char what[80];
    const bool writes = operand_written(&c, p.target), both = writes && operand_written(&c, p.other);
    c.in[p.other].shared = p.target; /* it has no leaf of its own */
    snprintf(what, sizeof what, "%s, operand %d %s %s %d", wg_dtype_name(run.dtype), p.other, sharing_names[p.sharing],
             writes ? "changed operand" : "donated operand", p.target);
    p.copies = true;
    run_fresh(&c, &p, &run, &copied);
    p.copies = false;
    run_fresh(&c, &p, &run, &shared);
    c.report->cases++;
    const bool refused = writes && shared.status == WG_E_ARGUMENT && strstr(shared.error.message, "shares memory");
    if (both && !refused)
        check_fail(c.report, "aliases", "%s, %s: two changed operands share memory, and the op does not say so", c.name, what);
    if (p.sharing == SHIFTED) /* as has the leaf */
        c.in[p.target].numel++;
    if (copied.status == WG_OK && !refused)
        compare_results(&c, "aliases", what, &shared, &copied, (struct tolerance){run.dtype == WG_F32 ? 1e-4 : 1e-12});
    result_free(&copied);
    result_free(&shared);
}

void check_aliases(const struct check_case *c, wg_dtype dtype, bool differentiable)
{
    const struct run plain = {.dtype = dtype}, recorded = {.dtype = dtype, .way = PROJECTED};
    for (int target = 0; target < c->n && !c->op->compose; target++)
        for (int other = 0; other < c->n && wg_bit(c->op->inplace | c->op->writes, (unsigned)target); other++)
            for (int sharing = 0; sharing < N_SHARINGS; sharing++) {
                const struct pair p = {.target = target, .other = other, .sharing = (enum sharing)sharing};
                if (possible(c, &p))
                    check_pair(c, p, plain);
                if (possible(c, &p) && differentiable) /* backward may read a donated operand */
                    check_pair(c, p, recorded);
            }
}
