/* What a thread records: sections, nodes, tapes with their lists, and the values of the caller. */
#ifndef WG_RECORD_H
#define WG_RECORD_H

#include "core/array.h"
#include "core/hash.h"
#include "core/pool.h"
#include "core/tensor_struct.h"
#include "cpu/isa.h"
#include "wengert/error.h"
#include "wengert/tape.h"

typedef struct wg_section {
    struct wg_section *parent, *next; /* next: list of all sections of the thread */
    struct wg_section *sibling;       /* ring of the sections with the same parent */
    struct wg_section *latest;        /* the child that was entered last */
    const char *name, *kind;
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
    float nanoseconds;           /* of its last run; negative: not measured. Set if a timed tape is open */
};

/* The op's function of one kind (run, row, block or join) for this dtype, of this instruction set if that has one, else portable;
   NULL if the op has none of this kind. */
#define WG_KERNEL(op, kind, isa, dtype) \
    ((op)->kernels[isa].kind[dtype] ? (op)->kernels[isa].kind[dtype] : (op)->kernels[WG_PORTABLE].kind[dtype])

/* False if the op lacks a portable kernel: it is a view, a composed op, or wrong. */
static inline bool wg_has_kernels(const struct wg_op *op)
{
    return op->kernels[WG_PORTABLE].run[WG_F32] && op->kernels[WG_PORTABLE].run[WG_F64];
}

/* True if the op has rows: it is element-wise. */
static inline bool wg_has_rows(const struct wg_op *op)
{
    return op->kernels[WG_PORTABLE].row[WG_F32];
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
    const wg_section *section;
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

struct wg_tape {
    struct wg_tape *below, *above;
    struct wg_thread *thread;
    struct wg_node *first, *last;
    size_t n_nodes;
    struct wg_arena nodes, slots; /* slots: the tape's tensors */
    wg_tensor *free_slots;        /* linked by adjoint */
    struct wg_hash gradients;     /* by leaf of this tape: its struct wg_leaf_gradient */
    struct wg_hash hooks;         /* by tensor: its struct wg_hooks */
    struct wg_hash names;         /* by tensor of this tape: its name */
    struct wg_hash adjoints;      /* traced: by result that the last backward pass reached: its whole gradient, on this tape too */
    struct wg_hash contributions; /* traced: by place of an operand in a node's call: the gradient that the last vjp gave for it */
    struct wg_closure_entry *closures; /* youngest first */
    struct wg_undo *undo;
    const wg_section *section_at_open;
    bool trace, failed;
    bool undoes; /* its effects are undone in any case */
    bool timed;  /* while it is open all ops are timed */
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

#endif
