/* What core tells rooms above it while they watch a thread, and what it lets them decide. It calls them through the thread alone, so that
   it knows none of them: wg_thread.capture (lib/replay), inspect and try_closure (lib/debug); each is NULL when nobody watches. */
#ifndef WG_OBSERVER_H
#define WG_OBSERVER_H

#include "wengert/op.h"
#include "wengert/tape.h"

struct wg_thread;
struct wg_storage;
struct wg_node;
struct wg_recorder;

/* For whatever records a step instead of running it. */
struct wg_observer {
    wg_status (*run)(struct wg_recorder *recorder, const wg_call *c, wg_kernel *kernel); /* in place of the kernel */
    void (*created)(struct wg_recorder *recorder, struct wg_storage *storage);
    void (*released)(struct wg_recorder *recorder, struct wg_storage *storage);
    /* The engine itself has copied bytes. */
    void (*copied)(struct wg_recorder *recorder, struct wg_storage *to_storage, char *to, struct wg_storage *from_storage,
                   char *from, size_t bytes);
    void (*committed)(struct wg_recorder *recorder); /* all effects so far are final */
    void (*shared)(struct wg_recorder *recorder,
                   wg_tensor *value); /* a value of the caller's was made on another tensor's storage */
    /* May the program, in the function op, read t's elements, or write some? Else the error. */
    wg_status (*may_read)(struct wg_thread *th, const wg_tensor *t, const char *op);
    wg_status (*may_write)(struct wg_thread *th, const char *op);
    wg_status (*closure)(struct wg_thread *th, wg_closure *closure); /* before it is applied; may take over its context */
    void (*thread_ends)(struct wg_thread *th);                       /* in the middle of the step, its tapes closed */
};

/* One recording: the first member of what the recording room keeps. */
struct wg_recorder {
    const struct wg_observer *observer;
    wg_status failed; /* no effect takes place from here on */
};

/* Runs a node's kernel and looks at what it made. */
typedef wg_status wg_inspect(const struct wg_thread *th, struct wg_node *node);
/* Tries a closure out before it is applied. */
typedef wg_status wg_try_closure(struct wg_thread *th, const wg_closure *closure, wg_tensor *const *in, size_t n_in);

#endif
