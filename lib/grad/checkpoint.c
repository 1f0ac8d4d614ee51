/* Checkpointing, first part: the first run of the function, and the node that it leaves on the tape.

   The function's intermediate values are freed once its result is known. Backward runs the function again and differentiates that
   run, as part of the current backward pass (checkpoint_again.c). */
#include <string.h>

#include "grad/checkpoint.h"
#include "wengert/ops.h"

/* Runs f with the floor raised, so that in both runs a backward pass inside f sees only f's own nodes. While th->checkpoints is
   above 0, f may not change leaves, hooks or parameters from outside. */
wg_tensor *wg_checkpoint_value(struct wg_thread *th, wg_function *f, void *context, wg_tensor *const *x, size_t n)
{
    const uint64_t floor = th->mode.floor;
    th->mode.floor = th->seq;
    th->checkpoints++;
    wg_tensor *y = wg_function_value(th, "checkpoint", f, context, x, n);
    th->checkpoints--;
    th->mode.floor = floor;
    return y;
}

/* ---- what the function read and changed ---- */

/* True if the undo entry is for memory that outlives the tape. */
static bool is_change(const struct wg_undo *undo, const wg_tape *tape)
{
    return undo->storage && !wg_storage_is_of(undo->storage, tape);
}

static size_t count_changes(const wg_tape *tape)
{
    size_t n = 0;
    for (const struct wg_undo *undo = tape->undo; undo; undo = undo->older)
        n += is_change(undo, tape);
    return n;
}

/* Notes the changes youngest first, in the order of the undo list. Restored in this order, the oldest bytes are written last. */
static void note_changes(struct wg_checkpointed *p, const wg_tape *tape)
{
    for (const struct wg_undo *undo = tape->undo; undo; undo = undo->older)
        if (is_change(undo, tape)) {
            p->before[p->n_before++] = (struct wg_before){undo->storage, undo->saved, undo->at, undo->bytes, 0};
            wg_storage_ref(undo->storage);
            wg_storage_ref(undo->saved);
        }
}

static void destroy(void *context)
{
    struct wg_checkpointed *p = context;
    for (size_t i = 0; i < p->n_before; i++) {
        wg_storage_unref(p->before[i].storage);
        wg_storage_unref(p->before[i].saved);
    }
    p->n_before = 0;
}

/* The inputs of the node to be recorded, each once; entry 0 is reserved for the function's value.

   A tensor of the caller's must be held until the node holds it, because the function may free it, and closing the function's tape
   gives it up. An operand is held by its proxy on the outer tape, since the thread may end inside the function. The other tensors
   are found after the run; the list holds a reference to each. */
struct reads {
    struct wg_array tensors;
    struct wg_hash numbers; /* by tensor: its index */
    size_t operands;        /* entries up to the last operand, entry 0 included; 0 until all are there */
};

static wg_tensor **read_at(const struct reads *r, size_t i)
{
    return WG_NTH(r->tensors, wg_tensor *, i);
}

static wg_status add_read(struct reads *r, wg_tensor *t, unsigned *number)
{
    if (t->flags & WG_T_PROXY)
        t = t->from.leaf;
    struct wg_hash_slot *slot = wg_hash_slot_for(&r->numbers, t);
    if (!slot)
        return WG_E_MEMORY;
    if (!slot->key) {
        WG_TRY(wg_array_reserve(&r->tensors, 1, sizeof t));
        wg_hash_put(&r->numbers, slot, t);
        slot->value.number = r->tensors.n;
        *read_at(r, r->tensors.n++) = t;
        if (!t->tape && r->operands > 0)
            atomic_fetch_add_explicit(&wg_value_of(t)->refs, 1, memory_order_relaxed);
    }
    *number = (unsigned)slot->value.number;
    return WG_OK;
}

static void reads_end(struct reads *r)
{
    for (size_t i = r->operands; i > 0 && i < r->tensors.n; i++)
        if (!(*read_at(r, i))->tape)
            wg_value_unref(*read_at(r, i));
    wg_array_free(&r->tensors);
    wg_hash_free(&r->numbers);
}

/* Adds the tensors from outside that the nodes of tape read. Tensors that a node writes are not operands. */
static wg_status find_reads(const wg_tape *tape, struct reads *r)
{
    unsigned number;
    for (const struct wg_node *node = tape->first; node; node = node->next)
        for (unsigned i = 0; i < node->call.n_in; i++) {
            wg_tensor *t = node->call.in[i];
            if (wg_absent(t) || wg_bit(node->call.op->writes, i) || (t->tape == tape && !(t->flags & WG_T_PROXY)))
                continue;
            WG_TRY(add_read(r, t, &number));
        }
    return WG_OK;
}

/* ---- the first run ---- */

/* The result is a view of input 0, the function's value, which is released as soon as the view exists. */
static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *y = c->in[0];
    out->dtype = (wg_dtype)y->dtype;
    out->rank = y->rank;
    memcpy(out->extent, wg_extents(y), (size_t)y->rank * sizeof *out->extent);
    memcpy(out->stride, wg_strides(y), (size_t)y->rank * sizeof *out->stride);
    out->offset = 0;
    return WG_OK;
}

/* Holds the operands: f may drop or donate them, but the caller and the second run still need them. */
static wg_status hold_operands(struct wg_thread *th, struct wg_checkpointed *draft, wg_tensor *const *x, struct reads *r)
{
    for (size_t i = 0; i < draft->n; i++) {
        if (!x[i]->tape && !wg_proxy(th, x[i]))
            return WG_E_MEMORY;
        WG_TRY(add_read(r, x[i], &draft->operand[i].at));
    }
    r->operands = r->tensors.n;
    for (size_t i = 0; i < draft->n; i++) {
        draft->operand[i].held = x[i]->flags & WG_T_HOLD;
        wg_flag(x[i], WG_T_DONATED, false);
        wg_flag(x[i], WG_T_HOLD, true);
    }
    return WG_OK;
}

/* Restores the operands' flags, in reverse order, because an operand may be given twice. */
static void let_operands_go(const struct wg_checkpointed *draft, wg_tensor *const *x)
{
    for (size_t i = draft->n; i-- > 0;)
        if (!draft->operand[i].held)
            wg_flag(x[i], WG_T_HOLD, false);
}

/* Allocates what backward needs on the outer tape. NULL on failure. */
static struct wg_checkpointed *note(const struct wg_checkpointed *draft, wg_tape *outer, const wg_tape *tape, wg_tensor *y,
                                    struct reads *r)
{
    unsigned number;
    if (find_reads(tape, r) != WG_OK || (y->tape != tape && add_read(r, y, &number) != WG_OK))
        return NULL;
    struct wg_checkpointed *p = wg_tape_alloc(outer, sizeof *p + count_changes(tape) * sizeof *p->before);
    if (!p || !(*read_at(r, 0) = wg_value_on(y)))
        return NULL;
    *p = *draft;
    p->op = (struct wg_op){.name = "checkpoint",
                           .n_out = 1,
                           .shape = shape,
                           .registered = true,
                           .vjp = wg_checkpoint_vjp,
                           .jvp = wg_checkpoint_jvp,
                           .saves = WG_ALL_IN & ~WG_IN(0),
                           .flags = WG_OP_VIEW | (y->flags & WG_T_NEEDS ? 0 : WG_OP_STOP_GRADIENT)};
    p->closure = (wg_closure){.name = "checkpoint", .context = p, .destroy = destroy};
    note_changes(p, tape);
    return p;
}

/* Runs f on a tape that is closed afterwards. The first of the tensors read becomes f's value, owned by the caller; the others are what f read. */
static struct wg_checkpointed *run_once(struct wg_thread *th, struct wg_checkpointed *draft, wg_tensor *const *x, struct reads *r)
{
    wg_tape *outer = th->top, *tape = NULL;
    draft->operand = wg_tape_alloc(outer, draft->n * sizeof *draft->operand);
    if (!draft->operand || hold_operands(th, draft, x, r) != WG_OK)
        return NULL;
    struct wg_checkpointed *p = NULL;
    tape = wg_tape_push(th, false);
    if (tape) {
        wg_tensor *y = wg_checkpoint_value(th, draft->f, draft->context, x, draft->n);
        p = y ? note(draft, outer, tape, y, r) : NULL;
        tape->failed = tape->failed || !p;
    }
    wg_tape_close(tape);
    let_operands_go(draft, x);
    return p;
}

/* The tensors read, as tensors of the outer tape. Includes those whose handle the function has freed. */
static wg_tensor **on_tape(struct wg_thread *th, const struct reads *r)
{
    wg_tensor **in = wg_object_new(r->tensors.n * sizeof *in);
    for (size_t i = 0; i < r->tensors.n && in; i++) {
        wg_tensor *t = *read_at(r, i);
        in[i] = t->tape ? t : wg_proxy(th, t);
        if (!in[i]) {
            wg_object_free(in);
            return NULL;
        }
    }
    return in;
}

/* Records the node on the outer tape and returns its result. */
static wg_tensor *record(struct wg_thread *th, struct wg_checkpointed *p, struct reads *r)
{
    wg_tensor *y = NULL, *value = *read_at(r, 0), *alias = wg_alias(th, value);
    *read_at(r, 0) = alias;
    wg_value_unref(value);
    wg_tensor **in = alias ? on_tape(th, r) : NULL;
    if (!in || wg_invoke_closure(&p->op, in, r->tensors.n, &y, &p->closure) != WG_OK)
        destroy(p);
    if (alias)
        wg_release_value(alias);
    wg_object_free(in);
    return y;
}

/* f's value alone, owned by the caller or by the open tape: no tape is open, or grad mode is off. */
static wg_tensor *only_value(struct wg_thread *th, wg_function *f, void *context, wg_tensor *const *x, size_t n)
{
    wg_tape *tape = wg_tape_push(th, false);
    wg_tensor *y = tape ? wg_checkpoint_value(th, f, context, x, n) : NULL, *value = y ? wg_value_on(y) : NULL;
    if (tape)
        tape->failed = tape->failed || !value;
    wg_tape_close(tape);
    if (!value || !th->top)
        return value;
    y = wg_alias(th, value);
    wg_value_unref(value);
    return y;
}

static wg_tensor *recorded(struct wg_thread *th, wg_function *f, void *context, wg_tensor *const *x, size_t n)
{
    struct wg_checkpointed draft = {.f = f, .context = context, .n = n, .eval = th->mode.eval};
    struct reads r = {.operands = 0};
    if (wg_array_reserve(&r.tensors, n + 1, sizeof(wg_tensor *)) != WG_OK)
        return NULL;
    r.tensors.n = 1;
    struct wg_checkpointed *p = run_once(th, &draft, x, &r);
    wg_tensor *y = p ? record(th, p, &r) : NULL;
    reads_end(&r);
    return y;
}

wg_tensor *wg_checkpoint(wg_function *f, void *context, wg_tensor *const *x, size_t n)
{
    WG_OPERATION("checkpoint");
    struct wg_thread *th = wg_self();
    if (wg_work_check(th, "checkpoint", x, n) != WG_OK)
        return NULL;
    if (th->top && th->top->trace)
        return wg_checkpoint_value(th, f, context, x, n);
    wg_tensor *y = !th->top || th->mode.no_grad ? only_value(th, f, context, x, n) : recorded(th, f, context, x, n);
    if (!y) /* the error belonged to a tape that is closed by now */
        wg_mark_failed(th);
    return y;
}
