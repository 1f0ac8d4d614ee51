/* Checkpointing, second part: the function runs again, for a backward pass or for forward mode. The run starts from the state of
   the first run, and leaves no change behind. */
#include <string.h>

#include "grad/checkpoint.h"
#include "wengert/ops.h"

/* ---- did the second run do the same as the first? ---- */

static wg_status not_again(const char *what)
{
    return wg_fail(WG_E_STATE, "checkpoint", "checkpoint: run again for backward, the function did not %s as before", what);
}

static wg_status check_result(const wg_call *c, const wg_tensor *y)
{
    if (!y)
        return wg_error_cause();
    return y->dtype == c->out[0]->dtype && wg_same_dims(y, c->out[0]) ? WG_OK
                                                                      : not_again("give a result of the same shape and dtype");
}

static wg_status check_changes(const struct wg_checkpointed *p, const struct wg_undo *undo, const struct wg_undo *end)
{
    size_t n = 0;
    bool same = true;
    for (; undo != end && same; undo = undo->older, n++)
        same = n < p->n_before && undo->storage == p->before[n].storage && undo->at == p->before[n].at &&
               undo->bytes == p->before[n].bytes;
    return same && n == p->n_before ? WG_OK : not_again("draw from the same generators and change the same tensors");
}

/* True if t is from outside the function and could receive a gradient through it. */
static bool is_read(const struct wg_thread *th, const wg_tensor *t)
{
    const bool outside = (t->flags & WG_T_PROXY) || (t->from.node && t->from.node->seq <= th->mode.floor);
    const bool freed = (t->flags & WG_T_PROXY) && t->from.leaf->state == WG_DEAD; /* nobody can read its gradient */
    return outside && !freed && (t->flags & WG_T_NEEDS);
}

static wg_status collect_inputs(const wg_call *c, struct wg_hash *inputs)
{
    for (unsigned i = 0; i < c->n_in; i++) {
        struct wg_hash_slot *slot = wg_hash_slot_for(inputs, c->in[i]);
        if (!slot)
            return WG_E_MEMORY;
        if (!slot->key)
            wg_hash_put(inputs, slot, c->in[i]);
    }
    return WG_OK;
}

/* Checks that the function's nodes pass gradients to no tensor from outside that is not an input of c. */
static wg_status check_reads(const struct wg_thread *th, const wg_call *c)
{
    struct wg_hash inputs = {.n = 0};
    wg_status status = collect_inputs(c, &inputs);
    for (const struct wg_node *node = wg_first_above(th->top, th->mode.floor); node && status == WG_OK; node = node->next)
        for (unsigned i = 0; i < node->call.n_in && node->needs && status == WG_OK; i++)
            if (is_read(th, node->call.in[i]) && !wg_hash_find(&inputs, node->call.in[i]))
                status = not_again("read the same tensors");
    wg_hash_free(&inputs);
    return status;
}

/* ---- the second run ---- */

/* The fields of an input that a surrounding backward pass or push uses, saved while an inner one uses the same fields. */
struct waiting {
    wg_tensor *adjoint;
    uint16_t flags;
    uint8_t state;
    bool lent; /* the inner pass adds to this adjoint */
};

enum { PASS_FLAGS = WG_T_TARGET | WG_T_REACHED | WG_T_ROOT, BORROWED = PASS_FLAGS | WG_T_HOLD };

static struct waiting *set_aside(const wg_call *c)
{
    struct waiting *waiting = wg_object_new(c->n_in * sizeof *waiting);
    for (unsigned i = 0; i < c->n_in && waiting; i++) {
        waiting[i] = (struct waiting){c->in[i]->adjoint, c->in[i]->flags, c->in[i]->state, false};
        if (i > 0)
            c->in[i]->state = WG_LIVE; /* backward may read a dropped tensor */
        c->in[i]->flags = (uint16_t)((c->in[i]->flags & ~(unsigned)PASS_FLAGS) | WG_T_HOLD);
        c->in[i]->adjoint = NULL;
    }
    return waiting;
}

static void put_back(const wg_call *c, struct waiting *waiting)
{
    for (unsigned i = 0; i < c->n_in; i++) {
        if (!waiting[i].lent)
            c->in[i]->adjoint = waiting[i].adjoint;
        c->in[i]->flags = (uint16_t)((c->in[i]->flags & ~(unsigned)BORROWED) | (waiting[i].flags & BORROWED));
        c->in[i]->state = waiting[i].state;
    }
    wg_object_free(waiting);
}

/* Restores what the function changed to its state before the first run. The current bytes go on the tape's undo list. */
static wg_status change_back(struct wg_checkpointed *p, wg_tape *tape)
{
    for (size_t i = 0; i < p->n_before; i++) {
        struct wg_before *b = &p->before[i];
        WG_TRY(wg_undo_push_bytes(tape, b->storage, b->at, b->bytes));
        memcpy(b->at, wg_storage_data(b->saved), b->bytes);
        b->storage->version++;
        wg_note_copied(tape->thread, b->storage, b->at, b->saved, wg_storage_data(b->saved), b->bytes);
    }
    return WG_OK;
}

/* Runs the function from the state of its first run, then undoes its changes. */
static wg_tensor *run_again(struct wg_thread *th, const wg_call *c)
{
    struct wg_checkpointed *p = c->context;
    wg_tape *tape = th->top;
    const struct wg_undo *earlier = tape->undo;
    wg_tensor *y = NULL, **x = wg_object_new(p->n * sizeof *x);
    if (!x)
        return NULL;
    for (size_t i = 0; i < p->n; i++)
        x[i] = c->in[p->operand[i].at];
    for (size_t i = 0; i < p->n_before; i++)
        p->before[i].version = p->before[i].storage->version;
    th->mode.eval = p->eval;
    if (change_back(p, tape) == WG_OK) {
        const struct wg_undo *changed_back = tape->undo;
        y = wg_checkpoint_value(th, p->f, p->context, x, p->n);
        if (check_result(c, y) != WG_OK || check_changes(p, tape->undo, changed_back) != WG_OK || check_reads(th, c) != WG_OK)
            y = NULL;
    }
    wg_object_free(x);
    wg_undo_end(tape, earlier, true);
    return y;
}

/* The gradient of the result, for the inner pass. In a pass that is not recorded it moves there, if it is that pass's own and nobody else will
   read it: it would otherwise stay until the inner pass has ended. */
static wg_tensor *moved(struct wg_thread *th, wg_tensor *gy)
{
    const unsigned of_the_pass = WG_T_SCRATCH | WG_T_OWNED;
    if ((gy->flags & (of_the_pass | WG_T_HOLD)) != of_the_pass)
        return gy;
    wg_tensor *inner = wg_alias(th, gy);
    if (!inner)
        return NULL;
    inner->flags |= WG_T_SCRATCH; /* the root adopts it */
    wg_release_value(gy);
    return inner;
}

/* Computes the gradients with respect to the inputs that require one. They are added to the inputs' adjoints so far, so that each
   sum has the order that it has without the checkpoint. */
static wg_status gradients_again(struct wg_thread *th, const wg_call *c, wg_tensor *gy, bool create_graph, const wg_grad_slot *gx,
                                 struct waiting *waiting, wg_tensor **g)
{
    size_t n = 0;
    wg_tensor *y = run_again(th, c);
    if (y && !create_graph)
        gy = moved(th, gy);
    if (!y || !gy)
        return wg_error_cause();
    for (unsigned i = 0; i < c->n_in; i++) {
        if (!gx[i].need)
            continue;
        g[n++] = c->in[i];
        waiting[i].lent = waiting[i].adjoint && waiting[i].adjoint != WG_SYMBOLIC_ZERO;
        if (waiting[i].lent)
            c->in[i]->adjoint = waiting[i].adjoint;
    }
    th->nested++; /* a checkpoint inside the function runs its function again in this pass */
    /* A separate tape ends with this pass, so its values go as early as those of a backward without a checkpoint. */
    const wg_status status = wg_pass_part(y, g, n, g, (wg_grad_options){.create_graph = create_graph, .grad = gy}, !create_graph);
    th->nested--;
    return status;
}

/* For a pass that is not recorded: runs the function on a separate tape, of which only the gradients survive. */
static wg_status on_own_tape(struct wg_thread *th, const wg_call *c, wg_tensor *gy, const wg_grad_slot *gx, struct waiting *waiting,
                             wg_tensor **g, size_t n)
{
    struct wg_checkpointed *p = c->context;
    wg_tape *tape = wg_tape_push(th, false);
    if (!tape) {
        wg_tape_close(NULL);
        return WG_E_MEMORY;
    }
    wg_status status = gradients_again(th, c, gy, false, gx, waiting, g);
    if (status == WG_OK)
        status = wg_values_on(g, n, "checkpoint");
    wg_tape_close(tape);
    for (size_t i = 0; i < p->n_before; i++) /* the bytes are restored, and no tensor that read other bytes is left */
        p->before[i].storage->version = p->before[i].version;
    return status;
}

/* Puts the gradient g into the slot. If the caller owns g, it becomes a tensor of the pass's tape. added: g includes the
   adjoint. */
static wg_status hand_over(struct wg_thread *th, wg_grad_slot *slot, wg_tensor *g, bool added)
{
    slot->accumulated = added || wg_absent(g);
    slot->into = NULL;
    slot->result = g;
    if (wg_absent(g))
        return WG_OK;
    if (!g->tape) {
        slot->result = wg_alias(th, g);
        wg_value_unref(g);
    }
    if (added)
        slot->into = slot->result;
    return slot->result ? WG_OK : WG_E_MEMORY;
}

wg_status wg_checkpoint_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct wg_thread *th = wg_self();
    const bool recorded = !th->mode.scratch;
    if (th->top->trace)
        return wg_fail(WG_E_STATE, "checkpoint", "checkpoint: a backward that is traced needs a forward that is");
    size_t n = 0;
    for (unsigned i = 0; i < c->n_in; i++)
        n += gx[i].need;
    wg_tensor **g = wg_object_new((n + 1) * sizeof *g);
    struct waiting *waiting = g ? set_aside(c) : NULL;
    wg_status status = WG_E_MEMORY;
    if (waiting) {
        const struct wg_modes outer = wg_modes_nest(th);
        status = recorded ? gradients_again(th, c, gy[0], true, gx, waiting, g) : on_own_tape(th, c, gy[0], gx, waiting, g, n);
        th->mode = outer;
    }
    n = 0;
    const bool completed = status == WG_OK;
    for (unsigned i = 0; i < c->n_in && completed; i++)
        if (gx[i].need && hand_over(th, &gx[i], g[n++], waiting[i].lent) != WG_OK)
            status = WG_E_MEMORY;
    if (waiting)
        put_back(c, waiting);
    wg_object_free(g);
    return status;
}

static wg_status push_again(struct wg_thread *th)
{
    th->nested++;
    const wg_status status = wg_push(th, th->top, th->mode.floor, th->top->last);
    th->nested--;
    return status;
}

/* The tangents are in the inputs' adjoints, also those of captured tensors. */
wg_status wg_checkpoint_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    struct wg_thread *th = wg_self();
    struct waiting *waiting = set_aside(c);
    (void)tx;
    if (!waiting)
        return WG_E_MEMORY;
    const struct wg_modes outer = wg_modes_nest(th);
    wg_tensor *y = run_again(th, c);
    wg_status status = y ? WG_OK : wg_error_cause();
    for (unsigned i = 0; i < c->n_in; i++)
        c->in[i]->adjoint = waiting[i].adjoint;
    th->mode.no_grad = outer.no_grad;
    if (status == WG_OK)
        status = push_again(th);
    if (status == WG_OK)
        ty[0] = y->adjoint ? y->adjoint : WG_NONE;
    wg_push_clear(th->top, th->mode.floor);
    th->mode = outer;
    put_back(c, waiting);
    return status;
}
