/* Recorders that watch a thread: the list of watchers, and what they are told (observer.h). */
#include <time.h>

#include "core/arena.h"

/* Runs a node by what else looks on, and measures the time. A capture runs no kernel. */
static wg_status run_timed(const struct wg_thread *th, struct wg_node *node)
{
    wg_inspect *run = th->watchers ? wg_run_watched : th->inspect ? th->inspect : wg_node_run;
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    const wg_status status = run(th, node);
    clock_gettime(CLOCK_MONOTONIC, &end);
    node->nanoseconds = th->capture ? -1 : (float)((end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec);
    return status;
}

void wg_watch_by(struct wg_thread *th)
{
    bool timed = false;
    for (const wg_tape *tape = th->top; tape; tape = tape->below)
        timed = timed || tape->timed;
    th->run = timed ? run_timed : th->watchers ? wg_run_watched : th->inspect;
    th->sees_blocks = th->capture;
    for (const struct wg_recorder *watcher = th->watchers; watcher; watcher = watcher->next)
        th->sees_blocks = th->sees_blocks || watcher->observer->created;
    wg_watch(th);
}

void wg_watcher_add(struct wg_thread *th, struct wg_recorder *watcher)
{
    watcher->next = th->watchers;
    th->watchers = watcher;
    wg_watch_by(th);
}

void wg_watcher_remove(struct wg_thread *th, struct wg_recorder *watcher)
{
    struct wg_recorder **at = &th->watchers;
    while (*at != watcher)
        at = &(*at)->next;
    *at = watcher->next;
    wg_watch_by(th);
}

struct wg_recorder *wg_watcher_with(const struct wg_thread *th, const struct wg_observer *observer)
{
    struct wg_recorder *watcher = th->watchers;
    while (watcher && watcher->observer != observer)
        watcher = watcher->next;
    return watcher;
}

void wg_tell_entered(const struct wg_thread *th, enum wg_activity activity, const void *subject)
{
    for (struct wg_recorder *watcher = th->watchers; watcher; watcher = watcher->next)
        watcher->observer->enter(watcher, activity, subject);
}

void wg_tell_left(const struct wg_thread *th, enum wg_activity activity, const void *subject)
{
    for (struct wg_recorder *watcher = th->watchers; watcher; watcher = watcher->next)
        watcher->observer->leave(watcher, activity, subject);
}

void wg_tell_worked(const struct wg_thread *th, int helper, int64_t begin, int64_t end)
{
    for (struct wg_recorder *watcher = th->watchers; watcher; watcher = watcher->next)
        if (watcher->observer->worked)
            watcher->observer->worked(watcher, helper, begin, end);
}

wg_status wg_run_watched(const struct wg_thread *th, struct wg_node *node)
{
    wg_tell_entered(th, WG_ACTIVITY_OP, node);
    const wg_status status = th->inspect ? th->inspect(th, node) : wg_node_run(th, node);
    wg_tell_left(th, WG_ACTIVITY_OP, node);
    return status;
}

/* A block belongs to one recorder: to the capture if there is one. */
void wg_note_created(struct wg_thread *th, struct wg_storage *block, size_t payload)
{
    struct wg_recorder *recorder = th->capture;
    for (struct wg_recorder *watcher = th->watchers; watcher && !recorder; watcher = watcher->next)
        recorder = watcher->observer->created ? watcher : NULL;
    if (recorder)
        recorder->observer->created(recorder, block, payload);
}
