/* Building a node, linking it to its tape, releasing donated operands: shared by call.c and call_fast.c. Inlined, since this is
   most of the cost of an op call. */
#ifndef WG_NODE_H
#define WG_NODE_H

#include <string.h>

#include "core/arena.h"
#include "core/internal.h"

WG_HOT size_t wg_node_bytes(const struct wg_op *op, size_t n_in, size_t n_out)
{
    const size_t pointers = (n_in + n_out) * sizeof(wg_tensor *);
    const size_t versions = ((n_in + n_out) * sizeof(uint32_t) + 7) & ~(size_t)7;
    return sizeof(struct wg_node) + pointers + versions + op->params_size;
}

/* Initialises a node and its call; the operands are set later. wg_node_link sets the fields that only recording needs. */
WG_HOT struct wg_node *wg_node_init(struct wg_node *node, const struct wg_op *op, const void *params, size_t n_in, size_t n_out)
{
    wg_tensor **in = (wg_tensor **)(void *)(node + 1), **out = in + n_in;
    node->call.op = op;
    node->call.params = params;
    node->call.in = in;
    node->call.out = out;
    node->call.context = NULL;
    node->call.n_in = (uint16_t)n_in;
    node->call.n_out = (uint16_t)n_out;
    node->call.same_layout = false;
    for (size_t i = 0; i < n_out; i++)
        out[i] = NULL;
    return node;
}

WG_HOT struct wg_node *wg_node_new(struct wg_thread *th, const struct wg_op *op, const void *params, size_t n_in, size_t n_out)
{
    const size_t bytes = wg_node_bytes(op, n_in, n_out);
    struct wg_node *node = th->top ? wg_tape_alloc(th->top, bytes) : wg_object_new(bytes);
    if (!node)
        return NULL;
    char *params_at = (char *)node + bytes - op->params_size;
    if (op->params_size == sizeof(double)) /* one scalar, a common case: no call of memcpy */
        *(double *)(void *)params_at = *(const double *)params;
    else if (op->params_size)
        memcpy(params_at, params, op->params_size);
    return wg_node_init(node, op, params_at, n_in, n_out);
}

WG_HOT void wg_node_link(struct wg_thread *th, struct wg_node *node, bool needs)
{
    wg_tape *tape = th->top;
    node->seq = ++th->seq;
    node->cause = th->mode.cause;
    node->section = th->mode.section;
    node->mark = node->searched = 0;
    node->needs = needs;
    node->next = NULL;
    node->prev = tape->last;
    *(tape->last ? &tape->last->next : &tape->first) = node;
    tape->last = node;
    tape->n_nodes++;
}

/* Ends the donation of operand i, if it was donated. If the op may overwrite it, its value is gone afterwards, whether or not
   the first result y (or NULL) took its memory. */
WG_HOT void wg_end_donation(const struct wg_thread *th, const struct wg_op *op, wg_tensor *const *in, size_t n, unsigned i,
                            const wg_tensor *y)
{
    wg_tensor *t = in[i];
    if (!(t->flags & WG_T_DONATED) || (!wg_bit(op->inplace, i) && wg_ends_later(op, in, n, i)))
        return;
    t->flags &= (uint16_t)~WG_T_DONATED;
    if (!wg_bit(op->inplace, i) || (t->flags & (WG_T_SAVED | WG_T_PROXY | WG_T_HOLD | WG_T_ROOT)))
        return;
    if (wg_is_traced(th, t))
        t->state = WG_DROPPED; /* a rerun reads or writes it again */
    else if (y && t->storage == y->storage)
        wg_hand_over_value(t);
    else
        wg_release_value(t);
}

#endif
