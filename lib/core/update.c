/* Update brackets: updates that happen as a whole or not at all. Between begin and commit, ops that change an operand are
   checked and queued on the tape. */
#include "core/internal.h"

wg_status wg_update_may_begin(const struct wg_thread *th)
{
    if (th->updating)
        return wg_fail(WG_E_STATE, "update_begin", "update_begin: brackets do not nest");
    if (th->checkpoints > 0)
        return wg_fail(WG_E_STATE, "update_begin", "update_begin: not inside a function that is checkpointed: it runs twice");
    if (*wg_lost_tapes() > 0)
        return wg_fail(WG_E_MEMORY, "update_begin", "update_begin: the tape around this could not be opened");
    for (const wg_tape *tape = th->top; tape; tape = tape->below)
        if (tape->undoes)
            return wg_fail(WG_E_STATE, "update_begin",
                           "update_begin: a tape is open whose effects are undone (.undo), an update's are final");
    return WG_OK;
}

wg_status wg_update_begin(void)
{
    WG_OPERATION("update_begin");
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    WG_TRY(wg_update_may_begin(th));
    if (!th->top) {
        th->update_tape = wg_tape_push(th, false);
        if (!th->update_tape) {
            wg_tape_close(NULL);
            return wg_fail(WG_E_MEMORY, "update_begin", "update_begin: no memory for a tape");
        }
    }
    th->updating = true;
    th->update_base = th->top;
    th->update_failed = th->update_lost = false;
    th->updates = NULL;
    th->updates_end = &th->updates;
    th->clearings = NULL;
    return WG_OK;
}

void wg_update_end(struct wg_thread *th)
{
    for (wg_tape *tape = th->top; tape; tape = tape->below)
        tape->queued = false;
    th->updating = false;
    th->update_base = NULL;
    th->updates = NULL;
    th->updates_end = &th->updates;
    th->clearings = NULL;
    wg_update_tape_end(th);
}

/* Runs the queue. Its kernels cannot fail: the shape rules and builders have checked everything. */
static wg_status run_all(struct wg_thread *th)
{
    for (struct wg_node *node = th->updates; node; node = node->next_update) {
        wg_node_record(th, node);
        if ((th->run ? th->run(th, node) : wg_node_run(th, node)) != WG_OK)
            return wg_fail(WG_E_BUG, node->call.op->name, "%s: an update must check before it writes", node->call.op->name);
    }
    return WG_OK;
}

/* Runs the queue in anomaly mode, which may refuse what a node writes. Then everything that the queue has written is restored. */
static wg_status run_all_inspected(struct wg_thread *th)
{
    wg_tape *tape = th->top;
    const struct wg_undo *earlier = tape->undo;
    wg_status status = WG_OK;
    for (struct wg_node *node = th->updates; node && status == WG_OK; node = node->next_update) {
        wg_node_record(th, node);
        status = wg_node_rerun(th, node);
    }
    wg_undo_end(tape, earlier, status != WG_OK);
    return status;
}

/* A user's function that was called inside an update may not end that update. */
static wg_status check_callback(struct wg_thread *th, const char *name)
{
    return th->callback && th->callback->updating
               ? wg_callback_refuse(th->callback, name,
                                    "a function is running inside the update, and may end only those that it began")
               : WG_OK;
}

wg_status wg_update_commit(void)
{
    WG_OPERATION("update_commit");
    struct wg_thread *th = wg_self();
    if (th && th->update_lost) {
        th->update_lost = false;
        return wg_fail(WG_E_STATE, "update_commit",
                       "update_commit: the tape on which the update began was closed before it: the update was cancelled");
    }
    if (!th || !th->updating)
        return wg_fail(WG_E_STATE, "update_commit", "update_commit: no update was begun");
    WG_TRY(check_callback(th, "update_commit"));
    if (th->update_failed) {
        const wg_status status = th->has_error ? th->error.code : WG_E_STATE;
        wg_update_cancel();
        return status;
    }
    wg_note_entered(th, WG_ACTIVITY_COMMIT, NULL);
    const wg_status status = th->inspect ? run_all_inspected(th) : run_all(th);
    if (status == WG_OK) {
        struct wg_recorder *capture = th->capture;
        for (const struct wg_clearing *clearing = th->clearings; clearing; clearing = clearing->next)
            if (!capture || !capture->observer->clears(capture, clearing->leaf))
                wg_gradient_drop(clearing->leaf);
        wg_undo_commit_all(th);
    }
    wg_note_left(th, WG_ACTIVITY_COMMIT, NULL);
    wg_update_end(th);
    return status;
}

void wg_update_cancel(void)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return;
    th->update_lost = false;
    if (th->updating && check_callback(th, "update_cancel") == WG_OK)
        wg_update_end(th);
}
