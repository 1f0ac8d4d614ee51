/* Calls of user functions in the middle of a step: closures, ops, hooks, forward functions of modules. Afterwards the stack of
   tapes and the section are as they were before, whatever the function did. */
#include <string.h>

#include "core/internal.h"

/* Writes a description of the called function. */
static void describe_function(const wg_callback *callback, char *text, size_t size)
{
    const wg_tensor *t = callback->hooked;
    const char *name = t && t->state == WG_LIVE ? wg_name_of(t) : "";
    const struct wg_node *node = t && t->tape && !(t->flags & WG_T_PROXY) ? t->from.node : NULL;
    if (name[0])
        snprintf(text, size, "%s \"%.60s\"", callback->who, name);
    else if (t)
        snprintf(text, size, "%s %s%.60s", callback->who, node ? "the result of " : "a leaf", node ? node->call.op->name : "");
    else
        snprintf(text, size, "%s%.60s", callback->who, callback->whose ? callback->whose : "");
}

static void describe(const wg_callback *callback, char *text, size_t size)
{
    const int used = snprintf(text, size, "%s: ", callback->op);
    if (used > 0 && (size_t)used < size)
        describe_function(callback, text + used, size - (size_t)used);
}

/* Number of errors that the thread has recorded since its record was cleared. */
static uint64_t errors_of(const struct wg_thread *th)
{
    return th->has_error ? 1 + th->error.later : 0;
}

void wg_callback_begin(wg_callback *callback)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return;
    callback->outer = th->callback;
    callback->top = th->top;
    callback->section = th->mode.section;
    callback->lost = *wg_lost_tapes();
    callback->errors = errors_of(th);
    callback->vjp_depth = th->mode.vjp_depth;
    callback->updating = th->updating;
    callback->refused = false;
    callback->operation = th->operation;
    th->operation = NULL;
    th->callback = callback;
}

wg_status wg_callback_fail(const wg_callback *callback, wg_status code, const char *what)
{
    char text[200];
    describe(callback, text, sizeof text);
    return wg_fail(code, callback->op, "%s %s", text, what);
}

/* Closes the tapes and the update that the function left open. Returns a message about them, or NULL. */
static const char *unwind(struct wg_thread *th, const wg_callback *callback)
{
    const char *left = NULL;
    if (th->updating && !callback->updating)
        left = "left an update open (wg_update_begin)";
    else if (th->top != callback->top || *wg_lost_tapes() > callback->lost)
        left = "left a tape open";
    while (*wg_lost_tapes() > callback->lost)
        wg_tape_close(NULL);
    if (th->updating && !callback->updating)
        wg_update_end(th);
    while (th->top != callback->top)
        wg_tape_drop(th);
    if (*wg_lost_tapes() < callback->lost) {
        *wg_lost_tapes() = callback->lost;
        wg_watch(th);
        left = "closed a tape that it did not open";
    }
    return left;
}

wg_status wg_callback_check(const wg_callback *callback, const wg_tensor *t, const char *verb)
{
    if (wg_is_live(t))
        return WG_OK;
    char function[120], which[160];
    describe_function(callback, function, sizeof function);
    snprintf(which, sizeof which, "what %s %s", function, verb);
    return wg_check_made(t, callback->op, which);
}

/* In a backward pass with shared gradients other readers need the gradients that the function received: it may not have dropped
   or freed them. */
static wg_status check_handed(const struct wg_thread *th, const wg_callback *callback)
{
    for (size_t i = 0; i < callback->n_gradients && th->mode.no_donation; i++)
        if (!wg_absent(callback->gradient[i]))
            WG_TRY(wg_callback_check(callback, callback->gradient[i], "was given"));
    return WG_OK;
}

/* Records the status of a function that failed without recording an error. */
static void record_failure(const struct wg_thread *th, const wg_callback *callback, wg_status status)
{
    char text[120];
    if (th->has_error && errors_of(th) != callback->errors)
        return;
    snprintf(text, sizeof text, "failed: %s (%d), %s", wg_status_name(status), (int)status, wg_status_text(status));
    wg_callback_fail(callback, status, text);
}

wg_status wg_callback_end(wg_callback *callback, wg_status returned)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    th->callback = callback->outer;
    th->operation = callback->operation;
    th->mode.section = callback->section;
    const char *left = unwind(th, callback);
    if (left)
        return wg_callback_fail(callback, WG_E_STATE, left);
    const wg_status status = callback->refused ? WG_E_STATE : returned == WG_OK ? check_handed(th, callback) : returned;
    if (status != WG_OK) {
        record_failure(th, callback, status);
        wg_mark_failed(th);
    }
    return status;
}

/* How many of the functions that are running op has called. */
static int running(const struct wg_thread *th, const char *op)
{
    int n = 0;
    for (const wg_callback *callback = th->callback; callback; callback = callback->outer)
        n += callback->op == op || strcmp(callback->op, op) == 0; /* mostly literals of one place */
    return n;
}

/* Separate, so that its text takes no stack in each of the nested calls. */
static __attribute__((noinline)) wg_status too_deep(const wg_callback *callback)
{
    char text[120];
    snprintf(text, sizeof text, "would run inside %d others, and no more may: does it call itself without end?", WG_MAX_DEPTH);
    return wg_callback_fail(callback, WG_E_STATE, text);
}

wg_status wg_callback_run(const char *op, const char *who, const char *whose, wg_status (*function)(void *context), void *context)
{
    if (!op || !who || !function)
        return wg_fail(WG_E_NULL, "callback_run", "callback_run: the %s is NULL", !op ? "op's name" : !who ? "text" : "function");
    const struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    wg_callback callback = {.op = op, .who = who, .whose = whose};
    if (running(th, op) >= WG_MAX_DEPTH)
        return too_deep(&callback);
    wg_callback_begin(&callback);
    return wg_callback_end(&callback, function(context));
}

wg_status wg_callback_refuse(wg_callback *callback, const char *op, const char *rule)
{
    char text[200];
    callback->refused = true;
    describe(callback, text, sizeof text);
    return wg_fail(WG_E_STATE, op, "%s: %s: %s", op, rule, text);
}

/* ---- what a function may write ---- */

static bool same_memory(const wg_tensor *a, const wg_tensor *b)
{
    return a && (a == b || wg_overlap(a, b));
}

/* True if t is a result that callback's function fills, or an operand that its op changes. */
static bool is_its_own(const wg_callback *callback, const wg_tensor *t)
{
    const wg_call *c = callback->call;
    for (unsigned i = 0; callback->fills && i < c->n_out; i++)
        if (same_memory(c->out[i], t))
            return true;
    for (unsigned i = 0; callback->fills && i < c->n_in; i++)
        if (wg_bit(c->op->writes, i) && same_memory(c->in[i], t))
            return true;
    return false;
}

/* True if t was passed to callback's function for reading. */
static bool is_handed(const wg_callback *callback, const wg_tensor *t)
{
    const wg_call *c = callback->call;
    for (unsigned i = 0; c && i < c->n_in; i++)
        if (same_memory(c->in[i], t) || (callback->slot && same_memory(callback->slot[i].into, t)))
            return true;
    for (unsigned i = 0; c && i < c->n_out; i++)
        if (same_memory(c->out[i], t))
            return true;
    for (size_t i = 0; i < callback->n_gradients; i++)
        if (same_memory(callback->gradient[i], t))
            return true;
    return false;
}

/* True if a kernel is running inside the innermost vjp, hook or jvp. Its op records what the kernel's results depend on. */
static bool in_kernel(const struct wg_thread *th)
{
    const wg_callback *callback = th->callback;
    while (callback && callback->vjp_depth == th->mode.vjp_depth && !callback->fills)
        callback = callback->outer;
    return callback && callback->vjp_depth == th->mode.vjp_depth;
}

/* True if t is a result whose kernel is still running: it has no node yet. Kernels of registered ops run without a
   callback record, so wg_callback_may_write finds them this way. */
static bool is_under_way(const wg_tensor *t)
{
    return t->tape && !(t->flags & WG_T_PROXY) && !t->from.node && t->slot != WG_NO_RESULT;
}

/* A recorded gradient has correct derivatives only if everything that it was computed from is recorded. So a recorded backward
   refuses tensors without history. */
wg_status wg_may_hide(struct wg_thread *th, const char *op, const char *what)
{
    if (th->mode.vjp_depth == 0 || th->mode.scratch || th->mode.no_grad || in_kernel(th))
        return WG_OK;
    char text[200] = "";
    if (th->callback && th->callback->vjp_depth == th->mode.vjp_depth) {
        th->callback->refused = true;
        describe(th->callback, text, sizeof text);
    } else if (th->mode.cause) {
        snprintf(text, sizeof text, "%.60s: its backward", th->mode.cause->call.op->name);
    }
    return wg_fail(WG_E_STATE, op,
                   "%s: %s inside a backward that is recorded would hide what it depends on: compute it with ops, or declare it "
                   "saved; what depends on nothing is made under WG_NO_GRAD%s%s",
                   op, what, text[0] ? ": " : "", text);
}

wg_status wg_callback_may_write(struct wg_thread *th, const wg_tensor *t, const char *op)
{
    for (wg_callback *callback = th->callback; callback; callback = callback->outer) {
        if (is_its_own(callback, t))
            return WG_OK;
        if (is_handed(callback, t))
            return wg_callback_refuse(callback, op, "a function may not write what it is given to read, which others read too");
    }
    return t->dtype > WG_F64 || is_under_way(t) ? WG_OK : wg_may_hide(th, op, "a value that is written");
}

void wg_context_destroy(const char *name, void (*destroy)(void *context), void *context)
{
    char copy[48]; /* the name may be freed with the context */
    if (!destroy)
        return;
    snprintf(copy, sizeof copy, "%s", name);
    wg_callback callback = {.op = copy, .who = "its destroy"};
    wg_callback_begin(&callback);
    destroy(context);
    (void)wg_callback_end(&callback, WG_OK);
}
