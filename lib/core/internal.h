/* The engine's own structures: storage, node, tape, thread. Everything mutable hangs from the thread. */
#ifndef WG_INTERNAL_H
#define WG_INTERNAL_H

#include <math.h>

#include "core/pool.h"
#include "core/tensor_struct.h"
#include "cpu/isa.h"
#include "wengert/check.h"
#include "wengert/error.h"

/* Part of every op call or vjp: inlined wherever it stands, so that numbers of operands and results known there leave no loops. */
#define WG_HOT static inline __attribute__((always_inline))

/* ---- the record ---- */

typedef struct wg_section {
    struct wg_section *parent, *next; /* next: of all sections of the thread */
    struct wg_section *sibling;       /* the next in the ring of those in the same parent */
    struct wg_section *latest;        /* of those in it, the one entered last */
    const char *name;
} wg_section;

enum { WG_MAX_OUTPUTS = 16 };

struct wg_node {
    wg_call call;
    struct wg_node *prev, *next;
    uint64_t seq;                /* order among all nodes of the thread */
    uint64_t mark;               /* the last walk that found a wanted tensor behind this node */
    uint64_t behind;             /* the last search for leaves that found this node behind its tensor */
    const struct wg_node *cause; /* the forward node whose backward made this one */
    const wg_section *section;
    struct wg_node *next_update; /* queue of an update bracket */
    bool needs;                  /* some output needs a gradient */
};

/* A row of op.h's tables: for an instruction set, or the portable one. */
static inline wg_row *wg_instance(wg_row *const (*table)[2], enum wg_isa isa, int dtype)
{
    return table[isa][dtype] ? table[isa][dtype] : table[WG_PORTABLE][dtype];
}

/* Behind a node: its inputs, its outputs, and the versions that their storages had, as far as backward reads them. */
static inline uint32_t *wg_versions(const struct wg_node *node)
{
    return (uint32_t *)(uintptr_t)(node->call.out + node->call.n_out);
}

/* Bytes by bumping: at .. end of the youngest chunk are free. */
struct wg_chunk {
    struct wg_chunk *prev;
    char *start, *end;
    char *filled; /* of an older chunk: where it was left */
};

struct wg_arena {
    char *at, *end;
    struct wg_chunk *chunks;
    size_t bytes; /* of all chunks */
};

/* A leaf of the tape's own: its gradient. */
struct wg_leaf_gradient {
    wg_tensor *leaf, *gradient;
    struct wg_leaf_gradient *next;
};

/* A hook, and the next one on its tensor. */
struct wg_hook_entry {
    wg_hook *fn;
    void *context;
    uint64_t added; /* the number of the walk that was the last to begin */
    struct wg_hook_entry *next;
};

/* The hooks of a tensor, in the order in which they were added. */
struct wg_hooked {
    const wg_tensor *tensor;
    struct wg_hook_entry *first, *last;
};

/* A tape's hooks by their tensors: a hash table with linear probing, at most half full. */
struct wg_hook_table {
    struct wg_hooked *place;
    size_t capacity, count; /* a power of two, or 0; tensors */
};

/* A gradient that is to be a leaf's, or, once it is, the one that it had before or NULL. */
struct wg_leaf_change {
    wg_tensor *leaf, *gradient;
    struct wg_leaf_gradient *entry; /* of a tape's leaf; what is put back has an entry or a leaf */
};

/* A gradient that an update's commit is to clear. */
struct wg_clearing {
    wg_tensor *leaf; /* a tape's, or a proxy */
    struct wg_clearing *next;
};

/* What is put back if the step fails: the bytes of an operand that an op overwrote, or the gradients that leaves had. */
struct wg_undo {
    struct wg_undo *older;
    struct wg_storage *storage, *saved; /* bytes: where they belong, and their copy */
    char *at;
    size_t bytes;
    struct wg_leaf_change *change; /* gradients: n of them, some of them empty; or NULL */
    size_t n;
    size_t room;       /* of change, where that stands behind the entry */
    bool holds_leaves; /* until they are handed down, the leaves have proxies on this tape or below it */
};

/* A closure of one of the tape's nodes. */
struct wg_closure_entry {
    const wg_closure *closure;
    struct wg_closure_entry *next;
};

/* A call of a user's function. wg_callback_begin and wg_callback_end stand around the call, both in the function that makes it, so the
   record may lie on the stack. */
typedef struct wg_callback {
    const char *op, *who, *whose; /* for the message: whose may be NULL, and is put behind who */
    const wg_tensor *hooked;      /* or the tensor whose hook is called */
    /* What the function is handed, and may not write: the operands and results of a call, NULL where it has none; gradients, or tangents,
       and the sums to which it may add. */
    const wg_call *call;
    wg_tensor *const *gradient;
    size_t n_gradients;
    const wg_grad_slot *slot;
    bool fills; /* a kernel: the call's results, and the operands that its op changes, are what it writes */
    /* What begin and end note. */
    struct wg_callback *outer;
    const wg_tape *top;
    const char *operation;
    uint64_t errors;
    int lost, vjp_depth;
    bool updating, refused;
} wg_callback;

/* A closure that check mode has found right. */
struct wg_checked {
    wg_status (*forward)(const wg_call *c);
    wg_status (*backward)(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
    struct wg_checked *next;
};

/* A tensor's name. */
struct wg_label {
    const wg_tensor *tensor;
    struct wg_label *next;
    char text[];
};

struct wg_tape {
    struct wg_tape *below, *above;
    struct wg_thread *thread;
    struct wg_node *first, *last;
    size_t n_nodes;
    struct wg_arena nodes, slots; /* the latter: tensors */
    wg_tensor *free_slots;        /* linked by adjoint */
    struct wg_leaf_gradient *gradients;
    struct wg_hook_table hooks;
    struct wg_closure_entry *closures; /* the youngest first */
    struct wg_undo *undo;
    struct wg_label *labels;
    const wg_section *section_at_open;
    bool trace, failed;
    bool queued; /* what an open update has yet to do stands on it */
};

/* A tensor that the caller owns. */
struct wg_value {
    wg_tensor t;
    atomic_int refs; /* the caller's, and one per tape that uses it */
    char *name;
    wg_tensor *gradient;
    wg_tensor **behind; /* of a kept tensor: the leaves behind it, each with a reference */
    size_t n_behind;
    int64_t more_dims[]; /* of a rank that the handle has no room for */
};

/* A leaf has more than one proxy only if its wish for a gradient changed while nodes used it: the youngest first. */
struct wg_proxy_link {
    wg_tensor *proxy;
    struct wg_proxy_link *older;
};

struct wg_leaf_entry {
    wg_tensor *leaf;
    struct wg_proxy_link *proxies;
};

/* What a thread does not use again at once, so that a dead handle is seen to be dead for a while: the blocks of freed values, and the slot
   arenas of closed tapes, of which the first chunk rests. Powers of two. */
enum { WG_RESTING_VALUES = 128, WG_RESTING_SLOTS = 2 };

struct wg_rest {
    struct wg_storage *value[WG_RESTING_VALUES]; /* a ring, full from the thread's start; NULL: there was no memory for it */
    struct wg_arena slots[WG_RESTING_SLOTS];     /* another */
    unsigned next_value, next_slots;
};

struct wg_thread {
    struct wg_pool pool; /* first: wg_pool_of */
    struct wg_rest rest;
    wg_tape *top, *bottom;
    uint64_t seq, pass, search;
    uint64_t floor;         /* walks see only nodes younger than this one; the others' results count as leaves */
    wg_tape *backward_tape; /* the top tape of the backward that is running, or NULL */
    wg_callback *callback;  /* the innermost of the user's functions that are running, or NULL */
    const char *operation;  /* the public function that is running, if it is no op and no function of the user's that it calls */
    int checkpoints;        /* functions being run by wg_checkpoint, one inside the other */
    int nested; /* functions being run for wg_checkpoint, wg_vjp and their like, and walks through second runs, one inside the other */
    bool no_grad;
    bool eval;
    wg_tensor *generator; /* the default one */
    bool releasing;       /* the walk that is running releases values on its way */
    bool scratch;         /* ops run but are not recorded: inside backward without create_graph */
    bool no_donation;     /* inside a backward that is recorded or traced: gradients are shared handles */
    bool in_hook;
    bool checking; /* a closure is being tried out */
    bool audit;    /* WENGERT_AUDIT is set: assert after each walk that it left nothing behind */
    wg_anomaly anomaly;
    wg_inspect *inspect;           /* anomaly mode's, or NULL: see observer.h */
    wg_try_closure *try_closure;   /* check mode's, or NULL */
    const struct wg_op *composing; /* the op that is being made of others, the outermost: errors name it */
    const wg_call *composing_call; /* and its operands */
    struct wg_checked *checked;
    struct wg_recorder *capture; /* of the step that is being captured, or NULL */
    bool rerunning;              /* a traced tape's nodes, whose kernels read what was dropped */
    bool updating;               /* between wg_update_begin and _commit */
    bool update_failed;
    bool watched; /* ops are captured, traced, looked at by anomaly mode, or refused, for a tape failed to open: wg_watch */
    int vjp_depth;
    int threads;
    struct wg_team *team; /* its helper threads, or NULL */
    enum wg_isa isa;      /* of the kernels of ops */
    const struct wg_node *cause;
    wg_tensor *scratch_list; /* made by the running vjp, linked by adjoint */
    struct wg_node *updates, **updates_end;
    struct wg_clearing *clearings;
    wg_tape *update_base; /* the top tape when the update began */
    wg_tape *update_tape; /* opened by wg_update_begin where none was open; it goes once the update is over and it is on top */
    bool update_lost;     /* the update's tape was closed: wg_update_commit is to say so */
    const wg_section *section;
    wg_section *sections;
    wg_section *latest_section; /* of those in no other, the one entered last */
    wg_tape *spare_tapes;
    struct wg_leaf_entry *leaves;
    size_t leaf_capacity, leaf_count;

    wg_error error;
    bool has_error;
    bool in_error_hook;
    wg_error_hook *hook;
    void *hook_context;
};

/* After any of these has changed. */
static inline void wg_watch(struct wg_thread *th)
{
    th->watched = th->capture || th->inspect || (th->top && th->top->trace) || *wg_lost_tapes() > 0;
}

/* May a rerun of a traced tape read or write t? Of its own tape, or of one above it, which may have read it: what the values of such a
   tensor are in, stays, though nobody else may ask for it. */
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

/* ---- errors ---- */

/* In a public function that is no op: whatever runs out of memory in it, it is this function that failed, for that is what the user called.
   Of functions inside one another the outermost counts; the user's own, which it calls, begin anew (wg_callback_begin). */
#define WG_OPERATION(name) \
    __attribute__((unused, cleanup(wg_operation_leave))) const char *wg_operation_ = wg_operation_enter((name))
static inline const char *wg_operation_enter(const char *name)
{
    struct wg_thread *th = wg_self();
    const char *before = th ? th->operation : NULL;
    if (th && !before)
        th->operation = name;
    return before;
}
static inline void wg_operation_leave(const char **before)
{
    struct wg_thread *th = wg_tls.state;
    if (th)
        th->operation = *before;
}

wg_status wg_fail(wg_status code, const char *op, const char *format, ...) WG_PRINTF(3, 4);
void wg_error_clear(struct wg_thread *th);
wg_status wg_error_cause(void);            /* why a NULL is one: the first error's code */
void wg_mark_failed(struct wg_thread *th); /* the open tape and the open update count as failed */
/* "encoder/layer1", into text. */
void wg_section_path(const wg_section *section, char *text, size_t size);
/* What one of op's functions returned, part of it: a failure that was not recorded where it happened is recorded now. */
wg_status wg_op_failed(struct wg_thread *th, const struct wg_op *op, wg_status status, const char *part);

/* What a number among an op's parameters may be; NaN is in no interval. */
struct wg_interval {
    double low, high;
    bool open_low, open_high; /* whether that end itself is left out */
};
#define WG_CLOSED(low, high) ((struct wg_interval){low, high, false, false})
#define WG_BELOW(low, high) ((struct wg_interval){low, high, false, true})
#define WG_FINITE ((struct wg_interval){-HUGE_VAL, HUGE_VAL, true, true})
#define WG_ANY_NUMBER WG_CLOSED(-HUGE_VAL, HUGE_VAL) /* but NaN */
#define WG_NOT_NEGATIVE WG_BELOW(0, HUGE_VAL)
#define WG_POSITIVE ((struct wg_interval){0, HUGE_VAL, true, true})
/* The error: E_ARGUMENT, which names the op, its parameter, the interval and the value. */
wg_status wg_refuse_number(const char *op, const char *parameter, double value, struct wg_interval in);
static inline wg_status wg_check_number(const char *op, const char *parameter, double value, struct wg_interval in)
{
    const bool above = in.open_low ? value > in.low : value >= in.low, below = in.open_high ? value < in.high : value <= in.high;
    return above && below ? WG_OK : wg_refuse_number(op, parameter, value, in);
}

/* ---- tensors ---- */

/* The handle checked for use by op: WG_OK, or the error recorded. */
wg_status wg_check_handle(const wg_tensor *t, const char *op, int index);
/* The same of what somebody's function made: which says what that is. What was dropped will not do either. */
wg_status wg_check_made(const wg_tensor *t, const char *op, const char *which);
/* May its shape be asked? Released values keep theirs; else the error is recorded. */
bool wg_has_shape(const wg_tensor *t, const char *op);
wg_status wg_shape_check(const char *op, int rank, const int64_t *extent, wg_dtype dtype, int64_t *numel);
/* Fills extents, row-major or given strides, and the flags of density. */
void wg_set_dims(wg_tensor *t, int rank, const int64_t *extent, const int64_t *stride);
static inline bool wg_same_dims(const wg_tensor *a, const wg_tensor *b)
{
    bool same = a->rank == b->rank;
    for (int i = 0; i < a->rank && same; i++)
        same = a->dims[i] == b->dims[i];
    return same;
}
wg_tensor *wg_value_new(int rank);
void wg_value_unref(wg_tensor *t);
/* A second handle on the same value. */
wg_tensor *wg_alias(struct wg_thread *th, const wg_tensor *t);
/* Is x behind a kept tensor on which t depends? */
bool wg_behind_kept(struct wg_thread *th, wg_tensor *t, const wg_tensor *x);
/* A value of the caller's on t's storage. */
wg_tensor *wg_value_on(const wg_tensor *t);
/* Each of op's n results, but those absent, replaced by such a value, before their tape closes: all of them, or none and the error. */
wg_status wg_values_on(wg_tensor **t, size_t n, const char *op);
/* Sets or clears flags of a handle that an op, a walk or wg_hold was given. A value of the caller's stays as it is: other threads may read
   it at the same time, and only its owner's own calls (wg_set_requires_grad, wg_set_name, wg_write, wg_free, gradients) write to it. */
static inline void wg_flag(wg_tensor *t, unsigned flags, bool on)
{
    if (t->tape)
        t->flags = (uint16_t)(on ? t->flags | flags : t->flags & ~flags);
}
static inline struct wg_value *wg_value_of(wg_tensor *t)
{
    return (struct wg_value *)t;
}

/* ---- tapes ---- */

/* Gives chunks back to the pool, where the next step finds them: all, or all but one, which is kept ready. */
void wg_arena_shrink(struct wg_arena *arena, bool all);
/* A first chunk for an arena without; E_MEMORY. */
wg_status wg_arena_begin(struct wg_arena *arena);

/* The tape's stand-in for a tensor of the caller's, made at its first use. */
wg_tensor *wg_proxy(struct wg_thread *th, wg_tensor *leaf);
struct wg_proxy_link *wg_proxies_of(struct wg_thread *th, const wg_tensor *leaf); /* or NULL */
struct wg_leaf_gradient *wg_leaf_gradient_find(const wg_tensor *t);
wg_tensor *wg_leaf_gradient(const wg_tensor *leaf); /* or NULL; the caller may have freed the leaf */
wg_status wg_undo_push(wg_tape *tape, const wg_tensor *t);
/* Where to write what a gradient was; a leaf there has a reference. NULL and the error. */
struct wg_leaf_change *wg_undo_more_gradients(wg_tape *tape);
static inline struct wg_leaf_change *wg_undo_gradient(wg_tape *tape)
{
    struct wg_undo *last = tape->undo;
    const bool room = last && last->n < last->room && !tape->thread->rerunning; /* a rerun undoes what is younger than it */
    return room ? &last->change[last->n++] : wg_undo_more_gradients(tape);
}
wg_status wg_undo_push_bytes(wg_tape *tape, struct wg_storage *storage, char *at, size_t bytes);
/* Ends the entries younger than until, which stays; NULL: all. Nothing of the list is ever held by the C stack alone, so that a thread that
   ends in between gives all of it back. */
void wg_undo_end(wg_tape *tape, const struct wg_undo *until, bool restore);
void wg_undo_hand_down(wg_tape *from, wg_tape *to);
void wg_undo_commit_all(struct wg_thread *th);
wg_tape *wg_tape_push(struct wg_thread *th, bool trace); /* an open, for the engine's own use: the error record stays */
void wg_tape_drop(struct wg_thread *th);                 /* closes the top tape, whatever an open update has yet to do on it */
void wg_update_tape_end(struct wg_thread *th);           /* closes update_tape, if it is time */
void wg_update_end(struct wg_thread *th);                /* ends the update; what is queued is not run */
void wg_gradient_drop(wg_tensor *leaf);                  /* for good */
void wg_callback_begin(wg_callback *callback);
/* The status of the call: returned, or an error. Where that is none of OK, an error has been recorded. */
wg_status wg_callback_end(wg_callback *callback, wg_status returned);
/* A tensor that callback's function "returned", or "gave as a gradient": it must be there. */
wg_status wg_callback_check(const wg_callback *callback, const wg_tensor *t, const char *verb);
/* May numbers be written over t's, in the function op, by whichever of the user's functions are running? */
wg_status wg_callback_may_write(struct wg_thread *th, const wg_tensor *t, const char *op);
/* May a tensor be made of numbers that have no history here, as what says? */
wg_status wg_may_hide(struct wg_thread *th, const char *op, const char *what);
/* An error of callback's function, which the message begins with. */
wg_status wg_callback_fail(const wg_callback *callback, wg_status code, const char *what);
/* What callback's function may not do to the tape or the update in which it was called; the call of the function fails. */
wg_status wg_callback_refuse(wg_callback *callback, const char *op, const char *rule);
void wg_context_destroy(const char *name, void (*destroy)(void *context), void *context); /* destroy may be NULL */
/* At the end of a thread, which may be inside any callback: closes all tapes; nothing can refuse that. */
void wg_tapes_abandon(struct wg_thread *th);
/* Applies an op that is made of others. */
wg_status wg_compose(struct wg_thread *th, const wg_call *c, wg_tensor **out);
wg_status wg_check_operand(struct wg_thread *th, const struct wg_op *op, const wg_tensor *t, size_t i);
wg_tensor *wg_call1(const struct wg_op *op, const void *params, wg_tensor *a);
wg_tensor *wg_call2(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b);
wg_tensor *wg_call3(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b, wg_tensor *c);
/* Do they share bytes? Those from the first element to the last count, gaps included. */
bool wg_overlap(const wg_tensor *a, const wg_tensor *b);
/* May op change its operand i, t, in place? Not where it has a history, nor where one of the user's functions that are running may not
   write it: the error is recorded. */
wg_status wg_may_change(struct wg_thread *th, const wg_tensor *t, const char *op, unsigned i);
/* The operand because of which c may not write over operand i, or -1: one that shares its memory, or that is read later. */
int wg_operand_in_the_way(const wg_call *c, unsigned i, unsigned read_later);
/* One tensor may stand in several slots. Does operand i, given away, stand in a later one where it may be overwritten? */
bool wg_ends_later(const struct wg_op *op, wg_tensor *const *in, size_t n, unsigned i) __attribute__((cold));
/* Was operand i given away, and may the first result have its bytes, if it has its dtype and extents? */
bool wg_may_overwrite(const struct wg_thread *th, const wg_call *c, unsigned i);
/* For vjps: nothing reads this result of the node again, so a walk that releases values releases it now. */
void wg_spent(wg_tensor *result);
/* A call's outputs by the op's rule, made or given up. */
wg_status wg_outputs_make(struct wg_thread *th, struct wg_node *node);
void wg_outputs_discard(struct wg_node *node);
wg_status wg_invoke_closure(const struct wg_op *op, wg_tensor *const *in, size_t n_in, wg_tensor **y, const wg_closure *closure);
bool wg_differentiable(const struct wg_thread *th, const wg_call *c); /* its node, once recorded, passes a gradient on */
void wg_node_record(struct wg_thread *th, struct wg_node *node);      /* links it to the top tape */
/* Uniform on ±[0.5, 1]; a value like any other. */
wg_tensor *wg_noise(wg_dtype dtype, wg_shape shape, uint64_t seed, uint64_t stream);
wg_status wg_node_run(const struct wg_thread *th, struct wg_node *node); /* the kernel of one node */
wg_status wg_run_users(const wg_call *c, wg_kernel *kernel);             /* the kernel of an op with WG_OP_USER */
wg_status wg_node_rerun(struct wg_thread *th, struct wg_node *node);     /* once more, with what its operands hold now */

/* ---- what a recorder is told (observer.h) ---- */

static inline void wg_note_copied(struct wg_thread *th, struct wg_storage *to_storage, char *to, struct wg_storage *from_storage,
                                  char *from, size_t bytes)
{
    if (th->capture)
        th->capture->observer->copied(th->capture, to_storage, to, from_storage, from, bytes);
}

static inline void wg_note_committed(struct wg_thread *th)
{
    if (th->capture)
        th->capture->observer->committed(th->capture);
}

static inline void wg_note_shared(struct wg_thread *th, wg_tensor *value)
{
    if (th && th->capture && !value->tape)
        th->capture->observer->shared(th->capture, value);
}

static inline wg_status wg_may_read(struct wg_thread *th, const wg_tensor *t, const char *op)
{
    return th && th->capture ? th->capture->observer->may_read(th, t, op) : WG_OK;
}

static inline wg_status wg_may_write(struct wg_thread *th, const char *op)
{
    return th && th->capture ? th->capture->observer->may_write(th, op) : WG_OK;
}

#endif
