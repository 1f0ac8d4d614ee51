/* Functions of the user's that the library calls in the middle of a step: closures, ops, hooks, forward functions of modules. Whatever one of
   them does, the stack of tapes is afterwards as it was. */
#include <string.h>

#include "core/internal.h"

static void describe(const wg_callback *callback, char *text, size_t size)
{
    const wg_tensor *t = callback->hooked;
    const char *name = t && t->state == WG_LIVE ? wg_name_of(t) : "";
    const struct wg_node *node = t && t->tape && !(t->flags & WG_T_PROXY) ? t->from.node : NULL;
    if (name[0])
        snprintf(text, size, "%s: %s \"%.60s\"", callback->op, callback->who, name);
    else if (t)
        snprintf(text, size, "%s: %s %s%.60s", callback->op, callback->who, node ? "the result of " : "a leaf",
                 node ? node->call.op->name : "");
    else
        snprintf(text, size, "%s: %s%.60s", callback->op, callback->who, callback->whose ? callback->whose : "");
}

void wg_callback_begin(wg_callback *callback)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return;
    callback->outer = th->callback;
    callback->top = th->top;
    callback->lost = *wg_lost_tapes();
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

/* Closes what callback left open; says what that was. */
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

wg_status wg_callback_end(wg_callback *callback, wg_status returned)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    th->callback = callback->outer;
    th->operation = callback->operation;
    const char *left = unwind(th, callback);
    if (left)
        return wg_callback_fail(callback, WG_E_STATE, left);
    const wg_status status = callback->refused ? WG_E_STATE : returned;
    if (status != WG_OK)
        wg_mark_failed(th);
    return status;
}

wg_status wg_callback_run(const char *op, const char *who, const char *whose, wg_status (*function)(void *context), void *context)
{
    if (!op || !who || !function)
        return wg_fail(WG_E_NULL, "callback_run", "callback_run: the %s is NULL", !op ? "op's name" : !who ? "text" : "function");
    wg_callback callback = {.op = op, .who = who, .whose = whose};
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

void wg_context_destroy(const char *name, void (*destroy)(void *context), void *context)
{
    char copy[48]; /* the name may go with the context */
    if (!destroy)
        return;
    snprintf(copy, sizeof copy, "%s", name);
    wg_callback callback = {.op = copy, .who = "its destroy"};
    wg_callback_begin(&callback);
    destroy(context);
    (void)wg_callback_end(&callback, WG_OK);
}
