/* Checkpointing: a function's values are thrown away after its result is known; backward runs the function again, as part of the walk
   that asks, and walks back through that. */
#include <string.h>

#include "forward.h"
#include "wengert/ops.h"

/* What the function changed outside its tape (a generator, running statistics), as it was before. */
struct before {
    struct wg_storage *storage, *saved;
    char *at;
    size_t bytes;
};

struct checkpoint {
    struct wg_op op; /* made for one application: how many inputs there are, differs */
    wg_closure closure;
    wg_function *f;
    void *context;
    size_t n;
    unsigned *operand; /* which of the node's inputs f's operands are; the others it captured */
    bool eval;
    size_t n_before;
    struct before before[];
};

/* ---- what the function read and changed ---- */

static size_t count_changes(const wg_tape *tape)
{
    size_t n = 0;
    for (const struct wg_undo *undo = tape->undo; undo; undo = undo->older)
        n += undo->storage != NULL;
    return n;
}

/* Youngest first, as they stand on the tape: put back in this order, the oldest bytes win. */
static void note_changes(struct checkpoint *p, const wg_tape *tape)
{
    for (const struct wg_undo *undo = tape->undo; undo; undo = undo->older)
        if (undo->storage) {
            p->before[p->n_before++] = (struct before){undo->storage, undo->saved, undo->at, undo->bytes};
            wg_storage_ref(undo->storage);
            wg_storage_ref(undo->saved);
        }
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

/* Inputs of the node to be, each once, but for input 0, its value. */
struct reads {
    wg_tensor **t;
    size_t n, room;
};

static wg_status add_read(struct reads *r, wg_tensor *t, size_t *place)
{
    if ((t->flags & WG_T_PROXY) && t->from.leaf->state != WG_DEAD)
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
    return WG_OK;
}

/* The tensors from outside that the nodes of tape read; those that they change are no operands. */
static wg_status find_reads(const wg_tape *tape, struct reads *r)
{
    size_t place;
    for (const struct wg_node *node = tape->first; node; node = node->next)
        for (unsigned i = 0; i < node->call.n_in; i++) {
            wg_tensor *t = node->call.in[i];
            if (wg_absent(t) || wg_bit(node->call.op->writes, i) || (t->tape == tape && !(t->flags & WG_T_PROXY)))
                continue;
            WG_TRY(add_read(r, t, &place));
        }
    return WG_OK;
}

/* ---- again ---- */

/* The tensors that a walk or push around this one is using: what waits in them is set aside. */
struct waiting {
    wg_tensor *adjoint;
    uint16_t flags;
    uint8_t state;
};

static void set_aside(const wg_call *c, struct waiting *waiting, bool keep_adjoints)
{
    for (unsigned i = 0; i < c->n_in; i++)
        waiting[i] = (struct waiting){c->in[i]->adjoint, c->in[i]->flags, c->in[i]->state};
    for (unsigned i = 0; i < c->n_in; i++) {
        c->in[i]->state = WG_LIVE; /* dropped it may be, but not for backward */
        c->in[i]->flags &= (uint16_t)~(WG_T_WANTED | WG_T_TOUCHED | WG_T_ROOT);
        if (!keep_adjoints)
            c->in[i]->adjoint = NULL;
    }
}

static void put_back(const wg_call *c, const struct waiting *waiting)
{
    const unsigned used = WG_T_WANTED | WG_T_TOUCHED | WG_T_ROOT;
    for (unsigned i = 0; i < c->n_in; i++) {
        c->in[i]->adjoint = waiting[i].adjoint;
        c->in[i]->flags = (uint16_t)((c->in[i]->flags & ~used) | (waiting[i].flags & used));
        c->in[i]->state = waiting[i].state;
    }
}

/* Runs the function once more, from the state in which it ran; what it changes is as before afterwards. */
static wg_tensor *run_again(struct wg_thread *th, const wg_call *c)
{
    const struct checkpoint *p = c->context;
    wg_tape *tape = th->top;
    struct wg_undo *earlier = tape->undo;
    wg_tensor **x = wg_object_new(p->n * sizeof *x);
    wg_status status = x ? WG_OK : WG_E_MEMORY;
    for (size_t i = 0; i < p->n && status == WG_OK; i++)
        x[i] = c->in[p->operand[i]];
    tape->undo = NULL;
    for (size_t i = 0; i < p->n_before && status == WG_OK; i++) {
        const struct before *b = &p->before[i];
        status = wg_undo_push_bytes(tape, b->storage, b->at, b->bytes);
        if (status == WG_OK) {
            memcpy(b->at, wg_storage_data(b->saved), b->bytes);
            b->storage->version++;
        }
    }
    th->eval = p->eval;
    wg_tensor *y = status == WG_OK ? p->f(x, p->n, p->context) : NULL;
    wg_object_free(x);
    wg_undo_end(tape, true);
    tape->undo = earlier;
    if (y && th->top == tape && wg_check_handle(y, "checkpoint", -1) == WG_OK && y->dtype == c->out[0]->dtype &&
        wg_same_dims(y, c->out[0]))
        return y;
    if (!th->has_error)
        wg_fail(WG_E_STATE, "checkpoint", "checkpoint: the function did not give again what it gave before");
    return NULL;
}

/* Gradients by the inputs that are needed, on the open tape. */
static wg_status gradients_again(struct wg_thread *th, const wg_call *c, wg_tensor *gy, bool create_graph, const wg_grad_slot *gx,
                                 wg_tensor **g)
{
    size_t n = 0;
    wg_tensor *y = run_again(th, c);
    if (!y)
        return wg_error_cause();
    for (unsigned i = 0; i < c->n_in; i++)
        if (gx[i].need)
            g[n++] = c->in[i];
    if (y->flags & WG_T_NEEDS)
        return wg_grad_many(y, g, n, g, .create_graph = create_graph, .unused = WG_ZEROS, .grad = gy);
    for (size_t i = 0; i < n; i++)
        if (!(g[i] = wg_zeros((wg_dtype)g[i]->dtype, wg_shape_of(g[i]))))
            return WG_E_MEMORY;
    return WG_OK;
}

/* Where the walk is not recorded, the function runs on a tape of its own, of which only the gradients are left. */
static wg_status on_own_tape(struct wg_thread *th, const wg_call *c, wg_tensor *gy, const wg_grad_slot *gx, wg_tensor **g, size_t n)
{
    wg_tape *tape = wg_tape_push(th, false);
    if (!tape) {
        wg_tape_close(NULL);
        return WG_E_MEMORY;
    }
    wg_status status = gradients_again(th, c, gy, false, gx, g);
    size_t kept = 0;
    for (; kept < n && status == WG_OK; kept++)
        if (!(g[kept] = wg_value_on(g[kept]))) {
            status = WG_E_MEMORY;
            break;
        }
    wg_tape_close(tape);
    for (size_t i = 0; i < kept && status != WG_OK; i++)
        wg_value_unref(g[i]);
    return status;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    struct wg_thread *th = wg_self();
    struct aside aside;
    const bool recorded = !th->scratch;
    size_t n = 0;
    for (unsigned i = 0; i < c->n_in; i++)
        n += gx[i].need;
    wg_tensor **g = wg_object_new((n + 1) * sizeof *g);
    struct waiting *waiting = wg_object_new(c->n_in * sizeof *waiting);
    wg_status status = g && waiting ? WG_OK : WG_E_MEMORY;
    if (status == WG_OK) {
        set_aside(c, waiting, false);
        wg_step_aside(th, &aside);
        status = recorded ? gradients_again(th, c, gy[0], true, gx, g) : on_own_tape(th, c, gy[0], gx, g, n);
        wg_step_back(th, &aside);
        put_back(c, waiting);
    }
    n = 0;
    const bool walked = status == WG_OK;
    for (unsigned i = 0; i < c->n_in && walked; i++) {
        if (!gx[i].need)
            continue;
        wg_tensor *mine = recorded ? g[n] : wg_alias(th, g[n]);
        if (!recorded)
            wg_value_unref(g[n]);
        n++;
        if (wg_give(&gx[i], mine) != WG_OK)
            status = WG_E_MEMORY;
    }
    wg_object_free(g);
    wg_object_free(waiting);
    return status;
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    struct wg_thread *th = wg_self();
    struct aside aside;
    struct waiting *waiting = wg_object_new(c->n_in * sizeof *waiting);
    (void)tx; /* they wait in the inputs */
    if (!waiting)
        return WG_E_MEMORY;
    const bool no_grad = th->no_grad;
    set_aside(c, waiting, true);
    wg_step_aside(th, &aside);
    wg_tensor *y = run_again(th, c);
    wg_status status = y ? WG_OK : wg_error_cause();
    th->no_grad = no_grad;
    if (status == WG_OK)
        status = wg_push(th, th->top, th->floor, th->top->last);
    if (status == WG_OK)
        ty[0] = y->adjoint ? y->adjoint : WG_NONE;
    wg_push_clear(th->top, th->floor);
    wg_step_back(th, &aside);
    put_back(c, waiting);
    wg_object_free(waiting);
    return status;
}

/* ---- once ---- */

/* The result is a view of input 0, a value that is nobody's any more. */
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

/* The function's result on tape, or NULL and the error. */
static wg_tensor *result_of(struct wg_thread *th, wg_tape *tape, const struct checkpoint *p, wg_tensor *const *x)
{
    wg_tensor *y = p->f(x, p->n, p->context);
    if (th->top != tape) {
        wg_fail(WG_E_STATE, "checkpoint", "checkpoint: the function left a tape open, or closed one");
        return NULL;
    }
    if (!y && !th->has_error)
        wg_fail(WG_E_NULL, "checkpoint", "checkpoint: the function returned NULL");
    return y && wg_check_handle(y, "checkpoint", -1) == WG_OK ? y : NULL;
}

/* What backward will want, on the outer tape; the function's operands come first among what it read. */
static struct checkpoint *note(const struct checkpoint *draft, wg_tape *outer, const wg_tape *tape, wg_tensor *const *x, wg_tensor *y,
                               struct reads *r)
{
    size_t place;
    unsigned *operand = wg_tape_alloc(outer, draft->n * sizeof *operand);
    for (size_t i = 0; i < draft->n && operand; i++) {
        if (add_read(r, x[i], &place) != WG_OK)
            return NULL;
        operand[i] = (unsigned)place;
    }
    if (!operand || find_reads(tape, r) != WG_OK || (y->tape != tape && add_read(r, y, &place) != WG_OK))
        return NULL;
    struct checkpoint *p = wg_tape_alloc(outer, sizeof *p + count_changes(tape) * sizeof *p->before);
    if (p) {
        *p = *draft;
        p->operand = operand;
    }
    return p;
}

/* Runs f on a tape that is closed again: r->t[0] becomes its value, the caller's, and the rest what it read. */
static struct checkpoint *run_once(struct wg_thread *th, const struct checkpoint *draft, wg_tensor *const *x, struct reads *r)
{
    wg_tape *outer = th->top, *tape = wg_tape_push(th, false);
    if (!tape) {
        wg_tape_close(NULL);
        return NULL;
    }
    wg_tensor *y = result_of(th, tape, draft, x);
    struct checkpoint *p = y ? note(draft, outer, tape, x, y, r) : NULL;
    if (p && (r->t[0] = wg_value_on(y)))
        note_changes(p, tape);
    if (th->top == tape)
        wg_tape_close(tape);
    return r->t[0] ? p : NULL;
}

static wg_tensor *record(struct checkpoint *p, struct reads *r)
{
    wg_tensor *y = NULL;
    p->op = (struct wg_op){.name = "checkpoint",
                           .n_out = 1,
                           .optional = 0,
                           .shape = shape,
                           .vjp = vjp,
                           .jvp = jvp,
                           .saves = WG_ALL_IN & ~WG_IN(0),
                           .flags = WG_VIEW};
    p->closure = (wg_closure){.name = "checkpoint", .context = p, .destroy = destroy};
    if (wg_invoke_closure(&p->op, r->t, r->n, &y, &p->closure) != WG_OK)
        destroy(p);
    return y;
}

wg_tensor *wg_checkpoint(wg_function *f, void *context, wg_tensor *const *x, size_t n)
{
    struct wg_thread *th = wg_self();
    if (!th || !f || !x || n == 0) {
        wg_fail(WG_E_NULL, "checkpoint", "checkpoint: a function and operands are wanted");
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        if (wg_check_handle(x[i], "checkpoint", (int)i) != WG_OK)
            return NULL;
    if (!th->top || th->top->trace || th->no_grad)
        return f(x, n, context);
    const struct checkpoint draft = {.f = f, .context = context, .n = n, .eval = th->eval};
    struct reads r = {.n = 1, .room = n + 16};
    r.t = wg_object_new(r.room * sizeof *r.t);
    struct checkpoint *p = r.t ? run_once(th, &draft, x, &r) : NULL;
    wg_tensor *y = p ? record(p, &r) : NULL;
    if (r.t)
        wg_free(r.t[0]);
    wg_object_free(r.t);
    return y;
}
