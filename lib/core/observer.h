/* What core reports to the folders above it while they watch a thread, and what it lets them decide. It reaches them only
   through pointers in the thread, so it depends on none of them: wg_thread.capture (lib/replay), watchers, inspect and try_closure
   (lib/debug, lib/microscope). Each is NULL when nothing watches. */
#ifndef WG_OBSERVER_H
#define WG_OBSERVER_H

#include "wengert/op.h"
#include "wengert/tape.h"

struct wg_thread;
struct wg_storage;
struct wg_node;
struct wg_recorder;

/* What a thread does, from enter to leave. Activities nest. */
enum wg_activity {
    WG_ACTIVITY_OP,     /* runs a kernel; its subject is the struct wg_node, which is not linked to a tape yet */
    WG_ACTIVITY_VJP,    /* runs the vjp of a node and passes the gradients on; the struct wg_node */
    WG_ACTIVITY_PASS,   /* a backward pass; the name of the public function */
    WG_ACTIVITY_COMMIT, /* wg_update_commit runs the queued updates; NULL */
    WG_ACTIVITY_SECTION, /* a named section; the wg_section. Closing a tape and the end of a user's function leave sections silently */
    WG_ACTIVITY_TAPE,    /* a tape is open; the wg_tape */
    WG_ACTIVITY_CLOSING, /* a tape closes, and gives back what belongs to it; the wg_tape */
};

/* Functions of a recorder. A capture records a step instead of running it, and has all functions but enter and leave. Watchers look
   on while the step runs; they have enter, leave and thread_ends, and may have worked, or created and released. */
struct wg_observer {
    void (*enter)(struct wg_recorder *recorder, enum wg_activity activity, const void *subject);
    void (*leave)(struct wg_recorder *recorder, enum wg_activity activity, const void *subject);
    /* A part of shared work is done: by helper thread number `helper`, or 0 for the caller; nanoseconds of CLOCK_MONOTONIC. */
    void (*worked)(struct wg_recorder *recorder, int helper, int64_t begin, int64_t end);
    wg_status (*run)(struct wg_recorder *recorder, const wg_call *c, wg_kernel *kernel); /* called in place of the kernel */
    void (*created)(struct wg_recorder *recorder, struct wg_storage *storage, size_t payload);
    void (*released)(struct wg_recorder *recorder, struct wg_storage *storage);
    /* The engine has copied bytes outside any kernel. */
    void (*copied)(struct wg_recorder *recorder, struct wg_storage *to_storage, char *to, struct wg_storage *from_storage,
                   char *from, size_t bytes);
    void (*committed)(struct wg_recorder *recorder); /* all effects so far are final */
    /* A commit is about to drop the gradient of a leaf that is no tape's. True: the recorder does it, once the step has run. */
    bool (*clears)(struct wg_recorder *recorder, wg_tensor *leaf);
    void (*shared)(struct wg_recorder *recorder,
                   wg_tensor *value); /* a new value of the caller's shares the storage of another tensor */
    /* WG_OK if the program may read t's elements, or write elements, in the function op; else the error. */
    wg_status (*may_read)(struct wg_thread *th, const wg_tensor *t, const char *op);
    wg_status (*may_write)(struct wg_thread *th, const char *op);
    wg_status (*closure)(struct wg_thread *th, wg_closure *closure); /* before it is applied; may take over its context */
    void (*thread_ends)(struct wg_recorder *recorder);               /* during the step, after its tapes were closed */
};

/* One recording. The first member of the recorder's own struct. */
struct wg_recorder {
    const struct wg_observer *observer;
    struct wg_recorder *next; /* in the thread's list of watchers */
    wg_status failed;         /* from then on no effect takes place */
    wg_tape *around;          /* a capture's: the top tape when it began, or NULL; what was done there is no effect of the step */
};

/* Runs a node's kernel and checks the results. */
typedef wg_status wg_inspect(const struct wg_thread *th, struct wg_node *node);
/* Tries a closure before it is applied. */
typedef wg_status wg_try_closure(struct wg_thread *th, const wg_closure *closure, wg_tensor *const *in, size_t n_in);

#endif
