/* The log of a step: one entry for each kernel that it asked for, with its operands as places in storages. capture.c writes it, plan.c
   thins it and finds memory, replay.c runs what that gives. */
#ifndef WG_LOG_H
#define WG_LOG_H

#include "core/arena.h"
#include "wengert/replay.h"

enum wg_buffer_kind {
    WG_EXTERNAL, /* was there before the step */
    WG_CONSTANT, /* made by the step without a kernel: never written */
    WG_INTERNAL, /* made by kernels of the step and gone when it ended */
    WG_RESULT,   /* made by kernels of the step, and there afterwards */
};

/* A storage that operands lie in. */
struct wg_buffer {
    struct wg_storage *block; /* with a reference but for internal ones, which have none once they are given back */
    size_t bytes;             /* from the beginning to the end of the last operand */
    struct wg_span changed;   /* all that launches write lies in it */
    struct wg_span handed;    /* of an external one: what handles that the step made and left show lies in it */
    uint8_t kind;             /* enum wg_buffer_kind */
    bool written;
};

/* How an operand lies: interned, so that it costs a number. */
struct wg_layout {
    int64_t numel;
    uint8_t dtype, rank;
    uint16_t flags; /* of density */
    uint32_t dims;  /* where its 2 rank numbers begin */
};

enum { WG_NO_BUFFER = UINT32_MAX }; /* the place of an absent operand */

struct wg_operand {
    uint32_t buffer, layout;
    int64_t offset; /* of the first element, in bytes */
};

struct wg_launch {
    const struct wg_op *op;
    wg_kernel *kernel;
    const void *params;
    void *context;
    size_t operand; /* number of the first one: outputs first, then inputs */
    uint16_t n_in, n_out;
    uint8_t dtype;
};

/* Growing arrays. */
struct wg_array {
    void *at;
    size_t n, capacity;
};

/* Long ones grow page by page, so that nothing is moved. */
struct wg_list {
    struct wg_array pages;
    size_t n;
};
enum { WG_PAGE = 256 }; /* elements */

/* A context whose destructor runs when the replay goes. */
struct wg_context {
    const char *name; /* of its closure */
    void *context;
    void (*destroy)(void *context);
};

/* A value of the caller's that the step made on an external storage, with a reference until the step ends. */
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
    struct wg_recorder recorder; /* first: see observer.h */
    const struct wg_thread *thread;
    struct wg_storage *born; /* made since the capture began and not given back, linked by next_free and previous */
    struct wg_arena arena;   /* what a replay keeps: params, calls, pointers */
    struct wg_list buffers, launches, operands;
    struct wg_array layouts, dims, contexts, shared;
    struct wg_array commits;                        /* numbers of launches before which an update was committed */
    struct wg_array externals_table, layouts_table; /* hash tables of numbers + 1 */
    size_t externals;
    struct wg_recent recent[WG_RECENT_PARAMS]; /* params, in turn */
    unsigned turn;
};

#define WG_AT(array, type, i) (&((type *)(array).at)[i])
#define WG_LISTED(list, type, i) ((type *)wg_listed(&(list), i, sizeof(type)))
#define WG_BUFFER(log, i) WG_LISTED((log)->buffers, struct wg_buffer, i)
#define WG_LAUNCH(log, i) WG_LISTED((log)->launches, struct wg_launch, i)
#define WG_OPERAND(log, i) WG_LISTED((log)->operands, struct wg_operand, i)
#define WG_LAYOUT(log, i) WG_AT((log)->layouts, struct wg_layout, i)

static inline void *wg_listed(const struct wg_list *list, size_t i, size_t size)
{
    return *WG_AT(list->pages, char *, i / WG_PAGE) + i % WG_PAGE * size;
}

/* Room for more elements of that size, of a few bytes at least, at the end; E_MEMORY. */
wg_status wg_array_reserve(struct wg_array *array, size_t more, size_t size);
void wg_array_free(struct wg_array *array);
wg_status wg_list_reserve(struct wg_list *list, size_t more, size_t size);
void wg_list_free(struct wg_list *list);
/* Zeroed bytes that live as long as the log or its replay; NULL and the error. */
void *wg_log_alloc(struct wg_log *log, size_t bytes);
void wg_log_free(struct wg_log *log); /* settled, with its references and contexts */

extern const struct wg_observer wg_capture_observer;
void wg_capture_stop(struct wg_thread *th); /* the step is over: nothing more goes into the log */

/* The bytes of its place that an operand covers. */
static inline struct wg_span wg_span_in(const struct wg_log *log, const struct wg_operand *operand)
{
    const struct wg_layout *layout = WG_LAYOUT(log, operand->layout);
    const int64_t *dims = WG_AT(log->dims, int64_t, layout->dims);
    return wg_span_at(operand->offset, (int64_t)wg_dtype_size((wg_dtype)layout->dtype), layout->rank, dims, dims + layout->rank);
}

/* Operand i of n_out + n_in: is it written, is it read? */
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
