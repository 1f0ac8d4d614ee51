/* Building a node, linking it to its tape, releasing donated operands: shared by call.c and call_fast.c. Inlined, since this is
   most of the cost of an op call. */
#ifndef WG_NODE_H
#define WG_NODE_H

#include <string.h>

#include "core/internal.h"
#include "core/tensor_build.h"

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

/* Marks the tensors that the node's backward reads, and stores the versions of their storages. present: no operand is absent. */
WG_HOT void wg_mark_saved(struct wg_node *node, size_t n_in, size_t n_out, bool present)
{
    const wg_call *c = &node->call;
    for (unsigned i = 0; i < n_in; i++)
        if (wg_bit(c->op->saves & WG_ALL_IN, i) && (present || !wg_absent(c->in[i]))) {
            c->in[i]->flags |= WG_T_SAVED;
            wg_versions(node)[i] = c->in[i]->storage->version;
        }
    for (unsigned i = 0; i < n_out; i++)
        if (c->op->saves & WG_OUT(i)) {
            c->out[i]->flags |= WG_T_SAVED;
            wg_versions(node)[n_in + i] = c->out[i]->storage->version;
        }
}

/* Records the node of a call with n_in operands and n_out results: links it to the tape, its results to it, and marks what its
   backward reads. needs: some operand needs a gradient that the op passes on. floats: no operand is absent, and all results
   have a float dtype. */
WG_HOT void wg_record(struct wg_thread *th, struct wg_node *node, size_t n_in, size_t n_out, bool needs, bool floats)
{
    const wg_call *c = &node->call;
    wg_node_link(th, node, needs);
    for (size_t i = 0; i < n_out; i++) {
        c->out[i]->from.node = node;
        if (needs && (floats || c->out[i]->dtype <= WG_F64))
            c->out[i]->flags |= WG_T_NEEDS;
    }
    if (needs && c->op->saves)
        wg_mark_saved(node, n_in, n_out, floats);
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
