/* Operands that share memory. op.h states the rule; every op that overwrites an operand checks it here. */
#include "core/arena.h"

bool wg_overlap(const wg_tensor *a, const wg_tensor *b)
{
    return a->storage && a->storage == b->storage && wg_spans_meet(wg_span_of(a), wg_span_of(b));
}

bool wg_shares_memory(const wg_tensor *a, const wg_tensor *b)
{
    return wg_has_shape(a, "shares_memory") && wg_has_shape(b, "shares_memory") && wg_overlap(a, b);
}

/* True if each element of a is the same memory as the element of b with the same index. */
static bool same_elements(const wg_tensor *a, const wg_tensor *b)
{
    bool same = a->data == b->data && a->dtype == b->dtype && wg_same_dims(a, b);
    for (int axis = 0; axis < a->rank && same; axis++)
        same = wg_extents(a)[axis] == 1 || wg_strides(a)[axis] == wg_strides(b)[axis];
    return same;
}

bool wg_ends_later(const struct wg_op *op, wg_tensor *const *in, size_t n, unsigned i)
{
    for (unsigned k = i + 1; k < n; k++)
        if (in[k] == in[i] && wg_bit(op->inplace, k))
            return true;
    return false;
}

/* True if operand k does not prevent writing operand i, which has the same storage: their bytes are disjoint, or the op works
   element by element, k has the same elements, and k is neither changed nor read later. */
static bool may_stay(const wg_call *c, unsigned i, unsigned k, unsigned read_later)
{
    const struct wg_op *op = c->op;
    const bool one_by_one = wg_has_rows(op) || (op->flags & WG_OP_EXACT_ALIAS);
    if (!wg_overlap(c->in[k], c->in[i]))
        return true;
    return one_by_one && !wg_bit(op->writes, k) && !wg_bit(read_later & WG_ALL_IN, k) && same_elements(c->in[k], c->in[i]);
}

int wg_operand_in_the_way(const wg_call *c, unsigned i, unsigned read_later)
{
    const struct wg_storage *storage = c->in[i]->storage;
    if (wg_bit(read_later & WG_ALL_IN, i))
        return (int)i;
    for (unsigned k = 0; k < c->n_in; k++)
        if (c->in[k]->storage == storage && k != i && !may_stay(c, i, k, read_later))
            return (int)k;
    return -1;
}
