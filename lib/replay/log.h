/* The log of a step: one entry for each kernel launch, with its operands as positions in buffers. capture.c writes it, plan.c
   removes unneeded launches and lays out memory, and replay.c turns the plan into calls and runs them. */
#ifndef WG_LOG_H
#define WG_LOG_H

#include "core/arena.h"
#include "wengert/replay.h"

enum wg_buffer_kind {
    WG_EXTERNAL, /* existed before the step */
    WG_CONSTANT, /* made by the step without a kernel; never written */
    WG_INTERNAL, /* written by kernels of the step, and released when it ended */
    WG_RESULT,   /* written by kernels of the step, and still live afterwards */
};

/* A storage that contains operands. */
struct wg_buffer {
    struct wg_storage *block; /* with a reference, except for internal buffers; NULL once an internal one is released */
    size_t bytes;             /* from the start of the storage to the end of its last operand */
    struct wg_span changed;   /* contains every byte that launches write */
    struct wg_span handed;    /* external buffers: contains every byte shown by handles that the step made and left */
    uint8_t kind;             /* enum wg_buffer_kind */
    bool written;
};

/* Extents and strides of operands. Equal layouts are stored once, so an operand refers to its layout by an index. */
struct wg_layout {
    int64_t numel;
    uint8_t dtype, rank;
    uint16_t flags; /* WG_T_CONTIGUOUS, WG_T_DENSE */
    uint32_t dims;  /* index in log->dims of its rank extents, followed by its rank strides */
};

enum { WG_NO_BUFFER = UINT32_MAX }; /* the buffer index of an absent operand */

struct wg_operand {
    uint32_t buffer, layout;
    int64_t offset; /* of the first element, in bytes */
};

struct wg_launch {
    const struct wg_op *op;
    wg_kernel *kernel;
    const void *params;
    void *context;
    size_t operand; /* index of the first operand; outputs come before inputs */
    uint16_t n_in, n_out;
    uint8_t dtype;
};

/* A context whose destructor runs when the replay is destroyed. */
struct wg_context {
    const char *name; /* of its closure */
    void *context;
    void (*destroy)(void *context);
};

/* A value that the step made for the caller on an external storage; the log holds a reference until the step ends. */
struct wg_shared {
    wg_tensor *value;
    uint32_t buffer;
};

enum { WG_RECENT_PARAMS = 8 };
struct wg_recent {
    const void *at;
    size_t size;
};

struct wg_log {
    struct wg_recorder recorder;    /* the first member: see observer.h */
    const struct wg_thread *thread; /* of the capture; a replay that outlives it is known by the serial */
    uint64_t thread_serial;
    struct wg_storage *born; /* storages created since the capture began and not yet released; a list linked by next_free and
                                previous */
    struct wg_arena arena;   /* memory that the replay keeps: params, calls, pointers */
    struct wg_list buffers, launches, operands, layouts;
    struct wg_array dims, contexts, shared;
    bool defers;                               /* gradients are cleared after the run, */
    struct wg_array cleared;                   /* those of these leaves: wg_tensor *, with references */
    struct wg_array commits;                   /* for each commit of an update: the number of launches before it */
    struct wg_hash externals, numbers;         /* by storage: the index of its external buffer; by layout: its index */
    struct wg_recent recent[WG_RECENT_PARAMS]; /* the latest params, overwritten in turn */
    unsigned turn;
};

#define WG_BUFFER(log, i) WG_LISTED((log)->buffers, struct wg_buffer, i)
#define WG_LAUNCH(log, i) WG_LISTED((log)->launches, struct wg_launch, i)
#define WG_OPERAND(log, i) WG_LISTED((log)->operands, struct wg_operand, i)
#define WG_LAYOUT(log, i) WG_LISTED((log)->layouts, struct wg_layout, i)

/* Zeroed bytes that live as long as the log or its replay; returns NULL and records the error. */
void *wg_log_alloc(struct wg_log *log, size_t bytes);
void wg_log_trim(struct wg_log *log); /* frees what only planning reads */
void wg_log_free(struct wg_log *log); /* a log whose capture has stopped; also releases its references and destroys its contexts */

extern const struct wg_op wg_op_store; /* y = x in y's memory; its context is the op of the assignment */
extern const struct wg_observer wg_capture_observer;
void wg_capture_stop(struct wg_thread *th); /* ends the capture: nothing more is logged */

/* The bytes of its buffer that an operand covers. */
static inline struct wg_span wg_span_in(const struct wg_log *log, const struct wg_operand *operand)
{
    const struct wg_layout *layout = WG_LAYOUT(log, operand->layout);
    const int64_t *dims = WG_NTH(log->dims, int64_t, layout->dims);
    return wg_span_at(operand->offset, (int64_t)wg_dtype_size((wg_dtype)layout->dtype), layout->rank, dims, dims + layout->rank);
}

/* Whether the launch writes, or reads, operand i of n_out + n_in. */
static inline bool wg_launch_writes(const struct wg_launch *launch, unsigned i)
{
    return i < launch->n_out || wg_bit(launch->op->writes, i - launch->n_out);
}

static inline bool wg_launch_reads(const struct wg_launch *launch, unsigned i)
{
    return i >= launch->n_out;
}

static inline unsigned wg_launch_operands(const struct wg_launch *launch)
{
    return (unsigned)launch->n_out + launch->n_in;
}

#endif
