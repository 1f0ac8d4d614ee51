/* The engine's internal structures and functions: node, tape, thread, errors, undo, callbacks. All mutable state is reached from
   the thread. */
#ifndef WG_INTERNAL_H
#define WG_INTERNAL_H

#include <math.h>

#include "core/array.h"
#include "core/hash.h"
#include "core/pool.h"
#include "core/tensor_struct.h"
#include "cpu/isa.h"
#include "wengert/check.h"
#include "wengert/error.h"
#include "wengert/options.h"

/* For code on the path of every op call or vjp. Always inlined, so that operand and result counts that are constants at the call
   site leave no loops. */
#define WG_HOT static inline __attribute__((always_inline))

/* ---- the record ---- */

typedef struct wg_section {
    struct wg_section *parent, *next; /* next: list of all sections of the thread */
    struct wg_section *sibling;       /* ring of the sections with the same parent */
    struct wg_section *latest;        /* the child that was entered last */
    const char *name;
} wg_section;

enum { WG_MAX_OUTPUTS = 16 };

struct wg_node {
    wg_call call;
    struct wg_node *prev, *next;
    uint64_t seq;                /* position in the order of all nodes of the thread */
    uint64_t mark;               /* number of the last backward pass that found a target tensor upstream of this node */
    uint64_t searched;           /* number of the last search for leaves that reached this node */
    const struct wg_node *cause; /* the forward node whose vjp made this one */
    const wg_section *section;
    struct wg_node *next_update; /* queue of an update bracket */
    bool needs;                  /* some output needs a gradient */
};

/* The row of op.h's table for this instruction set and dtype, or the portable one if there is none. */
static inline wg_row *wg_instance(wg_row *const (*table)[2], enum wg_isa isa, int dtype)
{
    return table[isa][dtype] ? table[isa][dtype] : table[WG_PORTABLE][dtype];
}

/* The storage versions of the node's inputs, then outputs, stored behind its operand pointers. Set only for tensors that
   backward reads. */
static inline uint32_t *wg_versions(const struct wg_node *node)
{
    return (uint32_t *)(uintptr_t)(node->call.out + node->call.n_out);
}

/* A chunk of a bump allocator. The free bytes are at .. end of the youngest chunk. */
struct wg_chunk {
    struct wg_chunk *prev;
    char *start, *end;
    char *filled; /* in an older chunk: the end of its used part */
};

struct wg_arena {
    char *at, *end;
    struct wg_chunk *chunks;
    size_t bytes; /* total size of all chunks */
};

/* The gradient of a leaf that belongs to the tape. */
struct wg_leaf_gradient {
    wg_tensor *leaf, *gradient;
};

/* One hook of a tensor, in the list of that tensor's hooks. */
struct wg_hook_entry {
    wg_hook *fn;
    void *context;
    uint64_t added; /* the latest pass number when the hook was added: only later passes call it */
    struct wg_hook_entry *next;
};

/* The hooks of one tensor, in the order in which they were added. */
struct wg_hooks {
    struct wg_hook_entry *first, *last;
};

/* A change of a leaf's gradient: the new gradient before the change is applied, and the previous one (or NULL) afterwards. */
struct wg_leaf_change {
    wg_tensor *leaf, *gradient;
    struct wg_leaf_gradient *entry; /* for a leaf of a tape; an undo entry sets either entry or leaf */
};

/* A leaf whose gradient is cleared when the open update commits. */
struct wg_clearing {
    wg_tensor *leaf; /* a leaf of a tape, or a proxy */
    struct wg_clearing *next;
};

/* An undo entry: what is restored if the step fails. Either the bytes of an operand that an op overwrote, or the previous
   gradients of leaves. */
struct wg_undo {
    struct wg_undo *older;
    struct wg_storage *storage, *saved; /* bytes: the storage that was written, and the copy */
    char *at;
    size_t bytes;
    struct wg_leaf_change *change; /* gradients: n changes, some of which may be empty; or NULL */
    size_t n;
    size_t capacity;   /* of change, if it lies in this allocation; 0 if it is a block of its own */
    bool holds_leaves; /* each leaf has a counted reference; else proxies on this tape or below keep it alive */
};

/* The closure of one of the tape's nodes. */
struct wg_closure_entry {
    const wg_closure *closure;
    struct wg_closure_entry *next;
};

/* One call of a user's function. The function that makes the call runs wg_callback_begin before it and wg_callback_end after it,
   so the record may lie on its stack. */
typedef struct wg_callback {
    const char *op, *who, *whose; /* for the message; whose is printed after who and may be NULL */
    const wg_tensor *hooked;      /* set instead of whose if the function is a hook: its tensor */
    /* The tensors that the function receives and may not write: operands and results of the call (NULL if there is no call),
       gradients or tangents, and the accumulators in slot, to which it may add. */
    const wg_call *call;
    wg_tensor *const *gradient;
    size_t n_gradients;
    const wg_grad_slot *slot;
    bool fills; /* the function is a kernel: it may write the call's results and the operands that its op changes */
    /* Set by wg_callback_begin and wg_callback_end. */
    struct wg_callback *outer;
    const wg_tape *top;
    const char *operation;
    uint64_t errors;
    int lost, vjp_depth;
    bool updating, refused;
} wg_callback;

/* A closure that passed check mode. */
struct wg_checked {
    wg_status (*forward)(const wg_call *c);
    wg_status (*backward)(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
    struct wg_checked *next;
};

/* The name of a tape's tensor. */
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
    struct wg_arena nodes, slots;      /* slots: the tape's tensors */
    wg_tensor *free_slots;             /* linked by adjoint */
    struct wg_hash gradients;          /* by leaf of this tape: its struct wg_leaf_gradient */
    struct wg_hash hooks;              /* by tensor: its struct wg_hooks */
    struct wg_closure_entry *closures; /* youngest first */
    struct wg_undo *undo;
    struct wg_label *labels;
    const wg_section *section_at_open;
    bool trace, failed;
    bool queued; /* an open update has work queued on this tape */
};

/* A tensor that the caller owns. */
struct wg_value {
    wg_tensor t;
    atomic_int refs;   /* one for the caller, and one for each tape that uses it */
    atomic_int owners; /* objects that share it (wg_adopt); 0: it is the caller's */
    char *name;
    wg_tensor *gradient;
    struct wg_array origins; /* of a kept tensor: the leaves that it was computed from, each with a reference */
    bool shares;             /* made on the storage of a tensor of a tape (wg_keep, wg_own), as which it may still be read */
    int64_t more_dims[];     /* extents and strides if the rank exceeds WG_INLINE_RANK */
};

/* A leaf has several proxies only if its requires_grad flag changed while nodes used it. The list begins with the youngest. */
struct wg_proxy_link {
    wg_tensor *proxy;
    struct wg_proxy_link *older;
};

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
    wg_try_closure *try_closure;   /* check mode's function or NULL */
    const struct wg_op *composing; /* the outermost composed op that is running; errors name it */
    const wg_call *composing_call; /* its call */
    struct wg_checked *checked;
    struct wg_recorder *capture; /* of the running capture, or NULL */
    bool rerunning;              /* a traced tape runs again; its kernels may read dropped values */
    bool updating;               /* between wg_update_begin and wg_update_commit */
    bool update_failed;
    /* Ops leave the fast path: they are captured, traced or inspected, or refused because a tape failed to open. Set by
       wg_watch. */
    bool watched;
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
    wg_section *latest_section; /* of the sections without a parent, the one entered last */
    wg_tape *spare_tapes;
    struct wg_hash leaves; /* by leaf of the caller's with a proxy on an open tape: its youngest struct wg_proxy_link */

    wg_error error;
    bool has_error;
    bool in_error_hook;
    wg_error_hook *hook;
    void *hook_context;
};

/* To be called after capture, inspect, the top tape or the number of lost tapes changed. */
static inline void wg_watch(struct wg_thread *th)
{
    th->watched = th->capture || th->inspect || (th->top && th->top->trace) || *wg_lost_tapes() > 0;
}

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

/* ---- errors ---- */

/* Declares the public function that is running, for functions that are not ops: an E_MEMORY error names the function that the
   user called. When public functions call each other the outermost one counts. A user's function that the library calls starts
   with none (wg_callback_begin). */
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
wg_status wg_error_cause(void);            /* for a NULL result: the code of the first error, or WG_E_NULL */
void wg_mark_failed(struct wg_thread *th); /* marks the top tape and the open update as failed */
/* Writes the path of section into text, such as "encoder/layer1". */
void wg_section_path(const wg_section *section, char *text, size_t size);
/* Handles the failure of one of op's functions, named by part: records an error if the function itself recorded none. Returns
   status. */
wg_status wg_op_failed(struct wg_thread *th, const struct wg_op *op, wg_status status, const char *part);

/* Ranges of numeric parameters of ops. */
#define WG_CLOSED(low, high) ((wg_range)WG_BETWEEN(low, high))
#define WG_BELOW(low, high) ((wg_range)WG_FROM_BELOW(low, high))
#define WG_FINITE ((wg_range)WG_ANY_VALUE)
#define WG_ANY_NUMBER WG_CLOSED(-HUGE_VAL, HUGE_VAL) /* any but NaN */
#define WG_NOT_NEGATIVE WG_BELOW(0, HUGE_VAL)
#define WG_POSITIVE ((wg_range)WG_ABOVE(0))
static inline bool wg_in_range(double value, wg_range range)
{
    return (range.above ? value > range.low : value >= range.low) && (range.below ? value < range.high : value <= range.high);
}
/* Records E_ARGUMENT, with the op, the parameter, the range and the value. */
wg_status wg_refuse_number(const char *op, const char *parameter, double value, wg_range range);
static inline wg_status wg_check_number(const char *op, const char *parameter, double value, wg_range range)
{
    return wg_in_range(value, range) ? WG_OK : wg_refuse_number(op, parameter, value, range);
}

/* ---- tensors ---- */

/* WG_OK if op may use the handle; else the error is recorded. index: the operand's number, or -1. */
wg_status wg_check_handle(const wg_tensor *t, const char *op, int index);
/* The same for a tensor that a user's function made; which describes it in the message. A dropped tensor is refused. */
wg_status wg_check_made(const wg_tensor *t, const char *op, const char *which);
/* True if the shape of t is valid, which it stays when the value is released. Otherwise the error is recorded. */
bool wg_has_shape(const wg_tensor *t, const char *op);
wg_status wg_shape_check(const char *op, int rank, const int64_t *extent, wg_dtype dtype, int64_t *numel);
/* Sets extents, strides (row-major if stride is NULL), numel and the flags CONTIGUOUS and DENSE. */
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
/* A second handle on the same storage. */
wg_tensor *wg_alias(struct wg_thread *th, const wg_tensor *t);
/* True if t depends on a kept tensor that was computed from x. */
bool wg_depends_through_kept(struct wg_thread *th, wg_tensor *t, const wg_tensor *x);
/* A value owned by the caller with t's elements. It shares t's storage, unless that lies in a slot of a tape: then the elements
   are copied. */
wg_tensor *wg_value_on(const wg_tensor *t);
/* Replaces each of op's n results, except absent ones, by such a value before their tape closes. On failure none is replaced,
   and the error is recorded. */
wg_status wg_values_on(wg_tensor **t, size_t n, const char *op);
/* Sets or clears flags of a handle that was passed to an op, a backward pass or wg_hold. Only tensors of a tape are changed:
   other threads may read a value of the caller's at the same time, so only its owner's own calls (wg_set_requires_grad,
   wg_set_name, wg_write, wg_free, gradients) write to it. */
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

/* Returns chunks to the pool, from which the next step takes them: all chunks, or all but the oldest. */
void wg_arena_shrink(struct wg_arena *arena, bool all);
/* Makes sure that the arena has a chunk. Its free bytes are poisoned under AddressSanitizer. E_MEMORY on failure. */
wg_status wg_arena_begin(struct wg_arena *arena);

/* The tape's tensor that represents a tensor of the caller's, made at its first use. NULL on failure. */
wg_tensor *wg_proxy(struct wg_thread *th, wg_tensor *leaf);
struct wg_proxy_link *wg_proxies_of(struct wg_thread *th, const wg_tensor *leaf); /* or NULL */
/* The gradient of a leaf of a tape; find: or NULL; for: made if there is none, NULL if there is no memory. */
struct wg_leaf_gradient *wg_leaf_gradient_find(const wg_tensor *t);
struct wg_leaf_gradient *wg_leaf_gradient_for(wg_tensor *t);
wg_tensor *wg_leaf_gradient(const wg_tensor *leaf); /* or NULL; accepts a leaf that the caller has freed */
wg_status wg_undo_push(wg_tape *tape, const wg_tensor *t);
/* Adds an undo entry and returns its first change, in which the caller stores a leaf's previous gradient. If it stores the leaf,
   it must give it a reference. NULL and the error on failure. */
struct wg_leaf_change *wg_undo_more_gradients(wg_tape *tape);
static inline struct wg_leaf_change *wg_undo_gradient(wg_tape *tape)
{
    struct wg_undo *last = tape->undo;
    /* During a rerun always a new entry: an older one would not be undone with the rerun. */
    const bool fits = last && last->n < last->capacity && !tape->thread->rerunning;
    return fits ? &last->change[last->n++] : wg_undo_more_gradients(tape);
}
wg_status wg_undo_push_bytes(wg_tape *tape, struct wg_storage *storage, char *at, size_t bytes);
/* Ends all entries younger than until (NULL: all entries); restore: puts back what they saved. An entry is always reachable from
   a list, never from the C stack alone, so a thread that ends in between frees all of them. */
void wg_undo_end(wg_tape *tape, const struct wg_undo *until, bool restore);
void wg_undo_hand_down(wg_tape *from, wg_tape *to);
void wg_undo_commit_all(struct wg_thread *th);
wg_tape *wg_tape_push(struct wg_thread *th, bool trace); /* wg_tape_open for the engine: keeps the error record */
void wg_tape_drop(struct wg_thread *th);                 /* closes the top tape, even if an open update has work queued on it */
void wg_update_tape_end(struct wg_thread *th);           /* closes update_tape if the update has ended and the tape is on top */
void wg_update_end(struct wg_thread *th);                /* ends the update without running what is queued */
void wg_gradient_drop(wg_tensor *leaf);                  /* not undone if the step fails */
void wg_callback_begin(wg_callback *callback);
/* The status of the call: returned, or an error of its own. If it is not WG_OK an error has been recorded. */
wg_status wg_callback_end(wg_callback *callback, wg_status returned);
/* Checks that a tensor of callback's function is live. verb completes the message: "returned" or "gave as a gradient". */
wg_status wg_callback_check(const wg_callback *callback, const wg_tensor *t, const char *verb);
/* WG_OK if the running user functions allow op to overwrite t's elements; else the error is recorded. */
wg_status wg_callback_may_write(struct wg_thread *th, const wg_tensor *t, const char *op);
/* WG_OK if op may make or write elements that have no history here; what names them in the message. Else the error is recorded. */
wg_status wg_may_hide(struct wg_thread *th, const char *op, const char *what);
/* Records an error whose message begins with callback's function. */
wg_status wg_callback_fail(const wg_callback *callback, wg_status code, const char *what);
/* Refuses op inside callback's function, because it would end the tape or update in which the function was called. The call of
   the function fails. */
wg_status wg_callback_refuse(wg_callback *callback, const char *op, const char *rule);
void wg_context_destroy(const char *name, void (*destroy)(void *context), void *context); /* destroy may be NULL */
/* Closes all tapes at the end of a thread, unconditionally, even inside a callback. */
void wg_tapes_abandon(struct wg_thread *th);
/* Applies a composed op. */
wg_status wg_compose(struct wg_thread *th, const wg_call *c, wg_tensor **out);
wg_status wg_check_operand(struct wg_thread *th, const struct wg_op *op, const wg_tensor *t, size_t i);
wg_tensor *wg_call1(const struct wg_op *op, const void *params, wg_tensor *a);
wg_tensor *wg_call2(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b);
wg_tensor *wg_call3(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b, wg_tensor *c);
/* True if a and b share bytes. The bytes of a tensor reach from its first to its last element, gaps included. */
bool wg_overlap(const wg_tensor *a, const wg_tensor *b);
/* WG_OK if op may change its operand i, t, in place. Refused if t has a history, or if a running user function may not write it:
   the error is recorded. */
wg_status wg_may_change(struct wg_thread *th, const wg_tensor *t, const char *op, unsigned i);
/* Index of an operand that prevents c from writing over operand i, because it shares memory with it or is read later; -1 if
   there is none. read_later: mask of operands and results that backward reads. */
int wg_operand_in_the_way(const wg_call *c, unsigned i, unsigned read_later);
/* One tensor may be passed in several operand slots. True if donated operand i appears again in a later slot in which it may be
   overwritten. */
bool wg_ends_later(const struct wg_op *op, wg_tensor *const *in, size_t n, unsigned i) __attribute__((cold));
/* True if operand i was donated and its memory may hold the first result. The caller compares dtype and extents. */
bool wg_may_overwrite(const struct wg_thread *th, const wg_call *c, unsigned i);
/* For vjps: the node's result is not read again. A backward pass that releases values releases it now. */
void wg_spent(wg_tensor *result);
/* Makes a call's outputs by its op's shape rule; wg_outputs_discard releases them. */
wg_status wg_outputs_make(struct wg_thread *th, struct wg_node *node);
void wg_outputs_discard(struct wg_node *node);
wg_status wg_invoke_closure(const struct wg_op *op, wg_tensor *const *in, size_t n_in, wg_tensor **y, const wg_closure *closure);
bool wg_differentiable(const struct wg_thread *th, const wg_call *c); /* the node of c, once recorded, passes a gradient on */
void wg_node_record(struct wg_thread *th, struct wg_node *node);      /* links it to the top tape */
/* Elements uniform on ±[0.5, 1]. */
wg_tensor *wg_noise(wg_dtype dtype, wg_shape shape, uint64_t seed, uint64_t stream);
wg_status wg_node_run(const struct wg_thread *th, struct wg_node *node); /* runs the node's kernel */
wg_status wg_run_users(const wg_call *c, wg_kernel *kernel);             /* runs the kernel of an op with WG_OP_USER */
wg_status wg_node_rerun(struct wg_thread *th, struct wg_node *node);     /* runs it again on the operands' current values */

/* ---- notifications to a recorder (observer.h) ---- */

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
