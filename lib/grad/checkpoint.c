/* Checkpointing: a function's values are thrown away after its result is known; backward runs the function again, as part of the walk
   that asks, and walks back through that. */
#include <string.h>

#include "grad/forward_mode.h"
#include "wengert/ops.h"

/* What the function changed outside its tape (a generator, running statistics), as it was before. */
struct before {
    struct wg_storage *storage, *saved;
    char *at;
    size_t bytes;
    uint32_t version; /* when the function ran again */
};

struct operand {
    unsigned at; /* which of the node's inputs it is; the others the function captured */
    bool held;   /* before the function ran */
};

struct checkpoint {
    struct wg_op op; /* made for one application: how many inputs there are, differs */
    wg_closure closure;
    wg_function *f;
    void *context;
    size_t n;
    struct operand *operand;
    bool eval;
    size_t n_before;
    struct before before[];
};

/* Walks that f makes itself see only what f made, at the first run as at the second, and f may do nothing to what is outside. */
static wg_tensor *value_of(struct wg_thread *th, wg_function *f, void *context, wg_tensor *const *x, size_t n)
{
    const uint64_t floor = th->floor;
    th->floor = th->seq;
    th->checkpoints++;
    wg_tensor *y = wg_function_value(th, "checkpoint", f, context, x, n);
    th->checkpoints--;
    th->floor = floor;
    return y;
}

/* ---- what the function read and changed ---- */

/* Of something that outlives the tape. */
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

/* Youngest first, as they stand on the tape: put back in this order, the oldest bytes win. */
static void note_changes(struct checkpoint *p, const wg_tape *tape)
{
    for (const struct wg_undo *undo = tape->undo; undo; undo = undo->older)
        if (is_change(undo, tape)) {
            p->before[p->n_before++] = (struct before){undo->storage, undo->saved, undo->at, undo->bytes, 0};
            wg_storage_ref(undo->storage);
            wg_storage_ref(undo->saved);
        }
}

static bool same_changes(const struct checkpoint *p, const struct wg_undo *undo, const struct wg_undo *end)
{
    size_t n = 0;
    for (; undo != end; undo = undo->older, n++)
        if (n == p->n_before || undo->storage != p->before[n].storage || undo->at != p->before[n].at ||
            undo->bytes != p->before[n].bytes)
            return false;
    return n == p->n_before;
}

static void destroy(void *context)
{
    struct checkpoint *p = context;
    for (size_t i = 0; i < p->n_before; i++) {
        wg_storage_unref(p->before[i].storage);
        wg_storage_unref(p->before[i].saved);
    }
    p->n_before = 0;
}

/* Inputs of the node to be, each once, but for input 0, its value. A tensor of the caller's, which the function may free and the closing of
   its tape give up, is held until the node holds it: an operand by its proxy on the outer tape, since the thread may end in the function, the
   others, found afterwards, by the list. */
struct reads {
    wg_tensor **t;
    size_t n, room;
    size_t operands; /* how many come first, once all are there */
};

static wg_status add_read(struct reads *r, wg_tensor *t, unsigned *place)
{
    if (t->flags & WG_T_PROXY)
        t = t->from.leaf;
    for (*place = 1; *place < r->n; ++*place)
        if (r->t[*place] == t)
            return WG_OK;
    if (r->n == r->room) {
        wg_tensor **grown = wg_object_new(2 * r->room * sizeof *grown);
        if (!grown)
            return WG_E_MEMORY;
        memcpy(grown, r->t, r->n * sizeof *grown);
        wg_object_free(r->t);
        r->t = grown;
        r->room *= 2;
    }
    r->t[r->n++] = t;
    if (!t->tape && r->operands > 0)
        atomic_fetch_add_explicit(&wg_value_of(t)->refs, 1, memory_order_relaxed);
    return WG_OK;
}

static void reads_end(struct reads *r)
{
    for (size_t i = r->operands; i > 0 && i < r->n; i++)
        if (!r->t[i]->tape)
            wg_value_unref(r->t[i]);
    wg_object_free(r->t);
}

/* The tensors from outside that the nodes of tape read; those that they change are no operands. */
static wg_status find_reads(const wg_tape *tape, struct reads *r)
{
    unsigned place;
    for (const struct wg_node *node = tape->first; node; node = node->next)
        for (unsigned i = 0; i < node->call.n_in; i++) {
            wg_tensor *t = node->call.in[i];
            if (wg_absent(t) || wg_bit(node->call.op->writes, i) || (t->tape == tape && !(t->flags & WG_T_PROXY)))
                continue;
            WG_TRY(add_read(r, t, &place));
        }
    return WG_OK;
}

/* Does what the function recorded pass gradients only to inputs of c? */
static bool same_reads(const struct wg_thread *th, const wg_call *c)
{
    for (const struct wg_node *node = wg_first_above(th->top, th->floor); node; node = node->next)
        for (unsigned i = 0; i < node->call.n_in && node->needs; i++) {
            const wg_tensor *t = node->call.in[i];
            const bool outside = (t->flags & WG_T_PROXY) || (t->from.node && t->from.node->seq <= th->floor);
            const bool freed = (t->flags & WG_T_PROXY) && t->from.leaf->state == WG_DEAD; /* its gradient nobody can ask for */
            bool known = !outside || freed || !(t->flags & WG_T_NEEDS);
            for (unsigned k = 0; k < c->n_in && !known; k++)
                known = c->in[k] == t;
            if (!known)
                return false;
        }
    return true;
}

/* ---- again ---- */

/* The tensors that a walk or push around this one is using: what waits in them is set aside. */
struct waiting {
    wg_tensor *adjoint;
    uint16_t flags;
    uint8_t state;
    bool lent; /* the adjoint, to the walk within */
};

enum { USED_BY_WALKS = WG_T_WANTED | WG_T_TOUCHED | WG_T_ROOT, BORROWED = USED_BY_WALKS | WG_T_HOLD };

static struct waiting *set_aside(const wg_call *c)
{
    struct waiting *waiting = wg_object_new(c->n_in * sizeof *waiting);
    for (unsigned i = 0; i < c->n_in && waiting; i++) {
        waiting[i] = (struct waiting){c->in[i]->adjoint, c->in[i]->flags, c->in[i]->state, false};
        if (i > 0)
            c->in[i]->state = WG_LIVE; /* dropped it may be, but not for backward */
        c->in[i]->flags = (uint16_t)((c->in[i]->flags & ~(unsigned)USED_BY_WALKS) | WG_T_HOLD);
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

/* What the function changed as it was before it ran; how it is now, on the tape's list. */
static wg_status change_back(struct checkpoint *p, wg_tape *tape)
{
    for (size_t i = 0; i < p->n_before; i++) {
        struct before *b = &p->before[i];
        WG_TRY(wg_undo_push_bytes(tape, b->storage, b->at, b->bytes));
        memcpy(b->at, wg_storage_data(b->saved), b->bytes);
        b->storage->version++;
        wg_note_copied(tape->thread, b->storage, b->at, b->saved, wg_storage_data(b->saved), b->bytes);
    }
    return WG_OK;
}

static wg_tensor *not_again(const char *what)
{
    wg_fail(WG_E_STATE, "checkpoint", "checkpoint: run again for backward, the function did not %s as before", what);
    return NULL;
}

/* Runs the function once more, from the state in which it ran; what it changes is as before afterwards. */
static wg_tensor *run_again(struct wg_thread *th, const wg_call *c)
{
    struct checkpoint *p = c->context;
    wg_tape *tape = th->top;
    const struct wg_undo *earlier = tape->undo;
    wg_tensor *y = NULL, **x = wg_object_new(p->n * sizeof *x);
    if (!x)
        return NULL;
    for (size_t i = 0; i < p->n; i++)
        x[i] = c->in[p->operand[i].at];
    for (size_t i = 0; i < p->n_before; i++)
        p->before[i].version = p->before[i].storage->version;
    th->eval = p->eval;
    if (change_back(p, tape) == WG_OK) {
        const struct wg_undo *changed_back = tape->undo;
        y = value_of(th, p->f, p->context, x, p->n);
        if (y && (y->dtype != c->out[0]->dtype || !wg_same_dims(y, c->out[0])))
            y = not_again("give a result of the same shape and dtype");
        if (y && !same_changes(p, tape->undo, changed_back))
            y = not_again("draw from the same generators and change the same tensors");
        if (y && !same_reads(th, c))
            y = not_again("read the same tensors");
    }
    wg_object_free(x);
    wg_undo_end(tape, earlier, true);
    return y;
}

/* Gradients by the inputs that are needed. They are added to what these have got so far, so that every sum is in the order that it has
   without the checkpoint. */
static wg_status gradients_again(struct wg_thread *th, const wg_call *c, wg_tensor *gy, bool create_graph, const wg_grad_slot *gx,
                                 struct waiting *waiting, wg_tensor **g)
{
    size_t n = 0;
    wg_tensor *y = run_again(th, c);
    if (!y)
        return wg_error_cause();
    for (unsigned i = 0; i < c->n_in; i++) {
        if (!gx[i].need)
            continue;
        g[n++] = c->in[i];
        waiting[i].lent = waiting[i].adjoint && waiting[i].adjoint != WG_KNOWN_ZERO;
        if (waiting[i].lent)
            c->in[i]->adjoint = waiting[i].adjoint;
    }
    return wg_walk_part(y, g, n, g, (wg_grad_options){.create_graph = create_graph, .grad = gy});
}

/* Where the walk is not recorded, the function runs on a tape of its own, of which only the gradients are left. */
static wg_status on_own_tape(struct wg_thread *th, const wg_call *c, wg_tensor *gy, const wg_grad_slot *gx, struct waiting *waiting,
                             wg_tensor **g, size_t n)
{
    struct checkpoint *p = c->context;
    wg_tape *tape = wg_tape_push(th, false);
    if (!tape) {
        wg_tape_close(NULL);
        return WG_E_MEMORY;
    }
    wg_status status = gradients_again(th, c, gy, false, gx, waiting, g);
    if (status == WG_OK)
        status = wg_values_on(g, n);
    wg_tape_close(tape);
    for (size_t i = 0; i < p->n_before; i++) /* the bytes are what they were, and nothing is left that read others */
        p->before[i].storage->version = p->before[i].version;
    return status;
}

/* On the tape on which the walk works: a gradient that is the caller's now becomes one of its own. */
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

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct wg_thread *th = wg_self();
    struct aside aside;
    const bool recorded = !th->scratch;
    if (th->top->trace)
        return wg_fail(WG_E_STATE, "checkpoint", "checkpoint: a backward that is traced needs a forward that is");
    size_t n = 0;
    for (unsigned i = 0; i < c->n_in; i++)
        n += gx[i].need;
    wg_tensor **g = wg_object_new((n + 1) * sizeof *g);
    struct waiting *waiting = g ? set_aside(c) : NULL;
    wg_status status = WG_E_MEMORY;
    if (waiting) {
        wg_step_aside(th, &aside);
        status = recorded ? gradients_again(th, c, gy[0], true, gx, waiting, g) : on_own_tape(th, c, gy[0], gx, waiting, g, n);
        wg_step_back(th, &aside);
    }
    n = 0;
    const bool walked = status == WG_OK;
    for (unsigned i = 0; i < c->n_in && walked; i++)
        if (gx[i].need && hand_over(th, &gx[i], g[n++], waiting[i].lent) != WG_OK)
            status = WG_E_MEMORY;
    if (waiting)
        put_back(c, waiting);
    wg_object_free(g);
    return status;
}

/* The tangents wait in the inputs, those of tensors that were captured too. */
static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    struct wg_thread *th = wg_self();
    struct aside aside;
    struct waiting *waiting = set_aside(c);
    (void)tx;
    if (!waiting)
        return WG_E_MEMORY;
    wg_step_aside(th, &aside);
    wg_tensor *y = run_again(th, c);
    wg_status status = y ? WG_OK : wg_error_cause();
    for (unsigned i = 0; i < c->n_in; i++)
        c->in[i]->adjoint = waiting[i].adjoint;
    th->no_grad = aside.no_grad;
    if (status == WG_OK)
        status = wg_push(th, th->top, th->floor, th->top->last);
    if (status == WG_OK)
        ty[0] = y->adjoint ? y->adjoint : WG_NONE;
    wg_push_clear(th->top, th->floor);
    wg_step_back(th, &aside);
    put_back(c, waiting);
    return status;
}

/* ---- once ---- */

/* The result is a view of input 0, which goes as soon as that is made. */
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

/* f may drop its operands or give them away; the caller, and the second run, have them still. */
static wg_status hold_operands(struct wg_thread *th, struct checkpoint *draft, wg_tensor *const *x, struct reads *r)
{
    for (size_t i = 0; i < draft->n; i++) {
        if (!x[i]->tape && !wg_proxy(th, x[i]))
            return WG_E_MEMORY;
        WG_TRY(add_read(r, x[i], &draft->operand[i].at));
    }
    r->operands = r->n;
    for (size_t i = 0; i < draft->n; i++) {
        draft->operand[i].held = x[i]->flags & WG_T_HOLD;
        wg_flag(x[i], WG_T_TAKE, false);
        wg_flag(x[i], WG_T_HOLD, true);
    }
    return WG_OK;
}

/* In the other order, for one that is given twice. */
static void let_operands_go(const struct checkpoint *draft, wg_tensor *const *x)
{
    for (size_t i = draft->n; i-- > 0;)
        if (!draft->operand[i].held)
            wg_flag(x[i], WG_T_HOLD, false);
}

/* What backward will want, on the outer tape. */
static struct checkpoint *note(const struct checkpoint *draft, wg_tape *outer, const wg_tape *tape, wg_tensor *y, struct reads *r)
{
    unsigned place;
    if (find_reads(tape, r) != WG_OK || (y->tape != tape && add_read(r, y, &place) != WG_OK))
        return NULL;
    struct checkpoint *p = wg_tape_alloc(outer, sizeof *p + count_changes(tape) * sizeof *p->before);
    if (!p || !(r->t[0] = wg_value_on(y)))
        return NULL;
    *p = *draft;
    p->op = (struct wg_op){.name = "checkpoint",
                           .n_out = 1,
                           .shape = shape,
                           .vjp = y->flags & WG_T_NEEDS ? vjp : NULL,
                           .jvp = jvp,
                           .saves = WG_ALL_IN & ~WG_IN(0),
                           .flags = WG_VIEW};
    p->closure = (wg_closure){.name = "checkpoint", .context = p, .destroy = destroy};
    note_changes(p, tape);
    return p;
}

/* Runs f on a tape that is closed again: r->t[0] becomes its value, the caller's, and the rest what it read. */
static struct checkpoint *run_once(struct wg_thread *th, struct checkpoint *draft, wg_tensor *const *x, struct reads *r)
{
    wg_tape *outer = th->top, *tape = NULL;
    draft->operand = wg_tape_alloc(outer, draft->n * sizeof *draft->operand);
    if (!draft->operand || hold_operands(th, draft, x, r) != WG_OK)
        return NULL;
    struct checkpoint *p = NULL;
    tape = wg_tape_push(th, false);
    if (tape) {
        wg_tensor *y = value_of(th, draft->f, draft->context, x, draft->n);
        p = y ? note(draft, outer, tape, y, r) : NULL;
        tape->failed = tape->failed || !p;
    }
    wg_tape_close(tape);
    let_operands_go(draft, x);
    return p;
}

/* What was read, as it stands on the outer tape: also what the caller's handle is no longer good for, as the function freed it. */
static wg_tensor **on_tape(struct wg_thread *th, const struct reads *r)
{
    wg_tensor **in = wg_object_new(r->n * sizeof *in);
    for (size_t i = 0; i < r->n && in; i++) {
        in[i] = r->t[i]->tape ? r->t[i] : wg_proxy(th, r->t[i]);
        if (!in[i]) {
            wg_object_free(in);
            return NULL;
        }
    }
    return in;
}

/* The node, on the outer tape. */
static wg_tensor *record(struct wg_thread *th, struct checkpoint *p, struct reads *r)
{
    wg_tensor *y = NULL, *value = r->t[0];
    r->t[0] = wg_alias(th, value);
    wg_value_unref(value);
    wg_tensor **in = r->t[0] ? on_tape(th, r) : NULL;
    if (!in || wg_invoke_closure(&p->op, in, r->n, &y, &p->closure) != WG_OK)
        destroy(p);
    if (r->t[0])
        wg_release_value(r->t[0]);
    wg_object_free(in);
    return y;
}

/* Where there is nothing to walk back through: the value alone, the caller's or the open tape's. */
static wg_tensor *only_value(struct wg_thread *th, wg_function *f, void *context, wg_tensor *const *x, size_t n)
{
    wg_tape *tape = wg_tape_push(th, false);
    wg_tensor *y = tape ? value_of(th, f, context, x, n) : NULL, *value = y ? wg_value_on(y) : NULL;
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
    struct checkpoint draft = {.f = f, .context = context, .n = n, .eval = th->eval};
    struct reads r = {.n = 1, .room = n + 16};
    r.t = wg_object_new(r.room * sizeof *r.t);
    struct checkpoint *p = r.t ? run_once(th, &draft, x, &r) : NULL;
    wg_tensor *y = p ? record(th, p, &r) : NULL;
    if (r.t)
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
        return value_of(th, f, context, x, n);
    wg_tensor *y = !th->top || th->no_grad ? only_value(th, f, context, x, n) : recorded(th, f, context, x, n);
    if (!y) /* the error was one of a tape that is closed */
        wg_mark_failed(th);
    return y;
}
