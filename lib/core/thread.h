/* The state of a thread, from which everything that changes is reached. */
#ifndef WG_THREAD_H
#define WG_THREAD_H

#include "core/record.h"
#include "wengert/check.h"

/* A quarantine. Freed values and the slot arenas of closed tapes wait here before they are reused, so that a dangling handle is
   detected for a while. Of each slot arena only the oldest chunk waits. Both capacities are powers of two. */
enum { WG_RESTING_VALUES = 128, WG_RESTING_SLOTS = 2 };

struct wg_rest {
    struct wg_storage *value[WG_RESTING_VALUES]; /* ring, filled when the thread starts; NULL where memory was short */
    struct wg_arena slots[WG_RESTING_SLOTS];     /* ring */
    unsigned next_value, next_slots;
};

/* What governs the ops that a thread runs. A pass inside a pass (wg_modes_nest) saves it and restores it by assignment. */
struct wg_modes {
    uint64_t floor;              /* passes visit only nodes younger than this; results of older nodes count as leaves */
    wg_tape *backward_tape;      /* the top tape of the running backward pass, or NULL */
    const struct wg_node *cause; /* the node whose vjp or jvp is running, or NULL */
    const wg_section *section;   /* the innermost open section, or NULL */
    wg_tensor *scratch_list;     /* made by the running vjp, linked by adjoint */
    int vjp_depth;               /* vjps that are running, one inside the other */
    bool no_grad;
    bool eval;
    bool releasing;   /* the running backward pass releases values as it goes */
    bool scratch;     /* ops run but are not recorded: backward without create_graph */
    bool no_donation; /* inside a recorded or traced backward: gradients are shared handles */
    bool in_hook;
};

struct wg_thread {
    struct wg_pool pool; /* first member: wg_pool_of depends on it */
    struct wg_rest rest;
    wg_tape *top, *bottom;
    uint64_t seq, pass, search;
    uint64_t serial; /* no other thread has it, while its address may be that of one that has ended */
    struct wg_modes mode;
    wg_callback *callback; /* the innermost running call of a user's function, or NULL */
    const char *operation; /* the running public function, unless that is an op or was called by a user's function */
    int checkpoints;       /* depth of nested functions run by wg_checkpoint */
    /* Depth of nested functions run by wg_checkpoint, wg_vjp and similar transforms, and of nested passes through recomputed
       functions */
    int nested;
    wg_tensor *generator; /* the thread's default generator */
    bool checking;        /* check mode is trying a closure */
    bool audit;           /* WENGERT_AUDIT is set: after each pass, assert that it left no adjoints or flags behind */
    wg_anomaly anomaly;
    wg_inspect *inspect;           /* anomaly mode's function or NULL (observer.h) */
    wg_inspect *run;               /* in place of wg_node_run; NULL without watchers, inspect and timed tapes */
    wg_try_closure *try_closure;   /* check mode's function or NULL */
    const struct wg_op *composing; /* the outermost composed op that is running; errors name it */
    const wg_call *composing_call; /* its call */
    struct wg_checked *checked;
    struct wg_recorder *capture;  /* of the running capture, or NULL */
    struct wg_recorder *watchers; /* those that look on while ops run, or NULL */
    bool rerunning;               /* a traced tape runs again; its kernels may read dropped values */
    bool updating;                /* between wg_update_begin and wg_update_commit */
    bool update_failed;
    /* Set by wg_watch. keeps_blocks: results do not lie in slots, since ops are captured, traced or inspected. watched: ops leave the
       fast path, because of that, of watchers, or to be refused because a tape failed to open. sees_blocks: a recorder is told of
       each block that is handed out. */
    bool keeps_blocks, watched, sees_blocks;
    int threads;
    struct wg_team *team; /* its helper threads, or NULL */
    enum wg_isa isa;      /* instruction set of the ops' kernels */
    struct wg_node *updates, **updates_end;
    struct wg_clearing *clearings;
    wg_tape *update_base; /* the top tape when the update began */
    /* The tape that wg_update_begin opened because none was open; closed as soon as the update has ended and the tape is on top */
    wg_tape *update_tape;
    bool update_lost; /* the tape of the update was closed; wg_update_commit reports it */
    wg_section *sections;
    struct wg_hash section_table; /* the same sections by parent, name and kind */
    wg_section *latest_section;   /* of the sections without a parent, the one entered last */
    wg_tape *spare_tapes;
    struct wg_hash leaves; /* by leaf of the caller's with a proxy on an open tape: its youngest struct wg_proxy_link */

    wg_error error;
    bool has_error;
    bool in_error_hook;
    wg_error_hook *hook;
    void *hook_context;
};

/* To be called after the top tape or the number of lost tapes changed. */
static inline void wg_watch(struct wg_thread *th)
{
    th->keeps_blocks = th->capture || th->inspect || (th->top && th->top->trace) || *wg_lost_tapes() > 0;
    th->watched = th->keeps_blocks || th->run;
}

/* To be called after capture, inspect or watchers changed, or a timed tape was opened or closed. */
void wg_watch_by(struct wg_thread *th);

/* True if t's tape or a tape above it is traced. A rerun may then read or write t, so t's storage must stay, although the
   program may no longer read it. */
static inline bool wg_is_traced(const struct wg_thread *th, const wg_tensor *t)
{
    for (const wg_tape *tape = th->top; tape; tape = tape->below) {
        if (tape->trace)
            return true;
        if (tape == t->tape)
            break;
    }
    return false;
}

#endif
