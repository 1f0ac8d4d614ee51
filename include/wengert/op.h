/* What an op is. One constant struct says everything about one gate of the graph; the library's own ops and those that users write
   in their programs are the same struct. */
#ifndef WENGERT_OP_H
#define WENGERT_OP_H

#include "base.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wg_op;

/* One application of an op: what kernels and vjps are handed. */
typedef struct wg_call {
    const struct wg_op *op;
    const void *params; /* op->params_size bytes, copied from what the builder gave */
    wg_tensor *const *in;
    wg_tensor *const *out;
    void *context; /* a closure's, else NULL */
    uint16_t n_in, n_out;
    uint8_t dtype;    /* of the first operand that is a float, or of the first output */
    bool same_layout; /* one output, dense, and every operand is of its dtype and laid out as it; false: that was not asked */
} wg_call;

/* Dtype, extents and, for a view, strides of an output, as the shape rule states them. */
typedef struct wg_spec {
    wg_dtype dtype;
    int rank;
    int64_t extent[WG_MAX_RANK];
    int64_t stride[WG_MAX_RANK]; /* views only, in elements */
    int64_t offset;              /* views only: of the first element, from the input's first */
} wg_spec;

/* Where one input's gradient goes. need: somebody wants it. into: an accumulator of the input's shape, or NULL; a vjp may return
   "into + contribution" made by an op that takes it (wg_donate(slot->into)), and sets accumulated. */
typedef struct wg_grad_slot {
    bool need;
    bool accumulated;
    wg_tensor *into;
    wg_tensor *result;
} wg_grad_slot;

/* Work done by one application. An fma is an addition and a multiplication. Bytes: each element of each operand once. */
typedef struct wg_cost {
    double add, mul, div, compare, transcendental; /* sqrt counts as transcendental */
    double bytes_read, bytes_written;
} wg_cost;

#define WG_COST_FLOPS(c) ((c).add + (c).mul + (c).div)

/* Inputs for the automatic checks: shapes of the operands and the interval from which their elements are drawn, away from kinks. */
enum { WG_SAMPLE_MAX = 6 };
typedef struct wg_sample {
    const char *name;
    wg_shape shape[WG_SAMPLE_MAX];                  /* of in[0..n) */
    int n;                                          /* how many inputs */
    double low[WG_SAMPLE_MAX], high[WG_SAMPLE_MAX]; /* 0, 0 means (-1, 1) */
    wg_dtype dtype[WG_SAMPLE_MAX];                  /* WG_F32 here means "the dtype under test" */
    unsigned distinct;                              /* inputs whose elements must differ by at least 0.05: max routes */
    const void *params;
    unsigned none;     /* inputs given as WG_NONE */
    unsigned dominant; /* inputs whose last two axes are matrices with their extent added to the diagonal: definite, regular */
} wg_sample;

/* A shape inside a static initialiser, where WG_SHAPE's compound literal may not stand. */
#define WG_DIMS(...)                                                                                 \
    {                                                                                                \
        .rank = (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), .extent = { __VA_ARGS__ } \
    }

#define WG_IN(i) (1u << (i))
#define WG_OUT(i) (1u << (16 + (i)))
#define WG_ALL_IN 0xffffu

enum wg_op_flags {
    WG_OP_VIEW = 1,          /* no kernel: the output shares the first input's storage, laid out as the shape rule says */
    WG_OP_NO_DERIVATIVE = 2, /* asking for a gradient is an error that gives op->reason */
    WG_OP_STOP_GRADIENT = 4, /* stops gradients by request (detach) */
    WG_OP_RANDOM = 8,        /* draws random numbers */
    WG_OP_USER = 16, /* a user's op: its vjp sees only what it declared, and what its functions leave open is closed: E_STATE */
    WG_OP_ROW_MAJOR = 32,  /* results are row-major, not in their operand's order */
    WG_OP_BROADCASTS = 64, /* element by element, though the shape rule is its own (masks): tested so */
    WG_OP_UNCOUNTED =
        128, /* arithmetic that a library does or that depends on the data: the cost rule states it, no test counts it */
    WG_OP_SURROGATE = 256, /* its gradient is by design not that of its value: no test compares it with differences */
    WG_OP_EXACT_ALIAS =
        512, /* of what it changes it reads each element, wherever else that stands, before it writes it: see writes */
};

typedef wg_status wg_kernel(const wg_call *c);

/* n elements of every operand, outputs first: p[i] with stride s[i]. Those in wg_op.row are also asked for -n steps by a negative n: element
   after element, where the result of each is the first input of the next; p[1] is that of the first. Of n = 0 elements nothing is read:
   an empty operand need not have memory where its first element would lie. */
typedef void wg_row(int64_t n, char *const *p, const int64_t *s, const void *params);

struct wg_op {
    const char *name;
    size_t params_size;
    uint8_t n_in, n_out; /* n_in 0: any number. n_out 0 in an op without outputs, which is an update */
    uint16_t optional;   /* which inputs may be WG_NONE */

    /* Shapes and dtypes of the outputs, or an error that names the inputs'. NULL: float inputs of one dtype, broadcast. */
    wg_status (*shape)(const wg_call *c, wg_spec *out);

    /* The kernel per float dtype, [WG_F32] and [WG_F64]: reads c's tensors, writes its outputs, never a tape. */
    wg_kernel *kernel[2];

    /* The same kernels compiled for AVX2 and for AVX-512, which run instead where the CPU has it; NULL: there is none. */
    wg_kernel *simd[2][2];

    /* Where the kernel is a row run over all elements of one output, with the inputs broadcast and the op's params: that row, by
       instruction set (portable, AVX2, AVX-512) and dtype, so that a replay can run several such ops tile by tile. An element's bits
       depend on its operands alone, and the output may be any input exactly. NULL: it is not so. */
    wg_row *row[3][2];

    /* Where the kernel reduces blocks of 256 elements in row-major order and joins their totals, which are of the operand's dtype: over
       all axes, the one block, and what makes the result of n totals (its params are the number of elements, int64_t). Or NULL. */
    wg_row *block[3][2], *join[3][2];

    /* Instead of all that: what the op is made of. Makes out[0..c->n_out) from c->in by other ops, and those are recorded; what it
       needs on the way it may leave to the tape. It checks its operands itself. Higher orders, forward mode and cost come from the
       parts; of the fields above and below only params_size, n_in, n_out, optional and samples are read, and by the checks a shape
       rule, if there is one. */
    wg_status (*compose)(const wg_call *c, wg_tensor **out);

    /* Vector-Jacobian product, in differentiable ops: higher orders come free. gy[i] is WG_NONE where no gradient arrives.
       WG_GIVE(gx[i], expression) evaluates the expression only if input i's gradient is needed. */
    wg_status (*vjp)(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);

    /* Jacobian-vector product, likewise: tx[i] is WG_NONE where the tangent is zero, not all of them; ty[i] is set,
       to WG_NONE where it is zero. */
    wg_status (*jvp)(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);

    wg_cost (*cost)(const wg_call *c);

    unsigned saves; /* WG_IN(i) | WG_OUT(j): what vjp reads; the rest may be released before */
    unsigned flat;  /* inputs in which the op is piecewise constant: their gradient is zero, and said so here */

    /* Inputs that the first output may overwrite, if they are given away (wg_donate); inputs that the op changes: an effect. Operands
       may share memory: views of one tensor, or one tensor in several slots. The call then gives what it would give on copies of
       them, or an error, for
       - the first output overwrites an operand only if no other shares memory with it and backward does not read it. It may stand
         in other slots of an op that has rows, which read each element before they write it. Else the output has memory of its own;
       - an operand that the op changes may share no memory with another: E_ARGUMENT, before anything is changed. With WG_OP_EXACT_ALIAS
         it may be one that the op only reads, element by element.
       What lies between an operand's first element and its last counts as its memory (wg_shares_memory). */
    unsigned inplace, writes;

    unsigned flags;     /* enum wg_op_flags */
    const char *reason; /* with WG_OP_NO_DERIVATIVE: why */

    const struct wg_sample *samples;
    int n_samples;
};

#define WG_SAMPLES(...)                                 \
    .samples = (const struct wg_sample[]){__VA_ARGS__}, \
    .n_samples = (int)(sizeof((const struct wg_sample[]){__VA_ARGS__}) / sizeof(struct wg_sample))

/* ---- applying an op: what builders are made of ---- */

/* Applies op: checks, runs the kernel, records. n_out outputs are set, all or none. On failure the error is recorded. */
WG_API wg_status wg_invoke(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n_in, wg_tensor **out,
                           size_t n_out);

/* The same for one output and a fixed number of inputs; NULL on failure. Further outputs stay on the tape, unread. */
WG_API wg_tensor *wg_invoke1(const struct wg_op *op, const void *params, wg_tensor *a);
WG_API wg_tensor *wg_invoke2(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b);
WG_API wg_tensor *wg_invoke3(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b, wg_tensor *c);

/* For vjps: puts a gradient into its slot. NULL is the failure of what should have made it. */
WG_API wg_status wg_give(wg_grad_slot *slot, wg_tensor *gradient);
#define WG_GIVE(slot, expression) ((slot).need ? wg_give(&(slot), (expression)) : WG_OK)

/* For shape rules: the broadcast of all inputs that are not WG_NONE, or E_SHAPE; and one dtype, a float's, or E_DTYPE. */
WG_API wg_status wg_broadcast_shapes(const wg_call *c, wg_spec *out);
WG_API wg_status wg_same_float(const wg_call *c, wg_dtype *dtype);

/* For shape rules and builders: an error that says the op's name, the text and the inputs' shapes and dtypes. */
WG_API wg_status wg_call_error(const wg_call *c, wg_status code, const char *text);

/* ---- closures: an op made of two plain functions and a context ---- */

/* forward fills wg_data_mut(c->out[0]) from c->in; backward gives gradients as a vjp does, in differentiable ops. Both find the
   context in c->context. backward is handed inputs and output only as far as saves declares them: the others read as released.
   What forward makes on the way belongs to the open tape; with none open, and at each run of a replay, to a tape of the call's own, which
   is closed when forward returns, and there its operands and result are handles that end with the call.
   Of what it is handed forward writes its result alone, and backward nothing (wg_data_mut, wg_write, an update op): else E_STATE. A
   gradient that backward gives may not be dropped or freed: E_RELEASED, E_DANGLING. Without backward the closure has no derivative,
   and asking for one is E_NO_GRAD.
   While the backward pass is itself recorded (create_graph), f32 and f64 numbers that a backward, a jvp or a hook writes have no
   history, and derivatives would be wrong: so writing them is E_STATE, by wg_from (of more than one element), wg_write, wg_data_mut or an
   update op such as wg_assign. They are computed by ops, or by a closure; what depends on nothing is a constant, and is made before,
   by wg_full or wg_scalar, or under WG_NO_GRAD.
   destroy runs exactly once, when nothing can call the closure again, on failure too.
   replayable: forward may run again whenever a replay does (wg_replay_capture), on other numbers, and says all by its result. The context
   then belongs to the replay, which destroys it when it goes; without destroy it must live as long as the replay. */
typedef struct wg_closure {
    const char *name;
    wg_status (*forward)(const wg_call *c);
    wg_status (*backward)(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
    unsigned saves;
    wg_dtype dtype; /* of the output */
    wg_shape shape;
    void *context;
    void (*destroy)(void *context);
    bool replayable;
} wg_closure;

WG_API wg_tensor *wg_closure_apply(const wg_closure *closure, wg_tensor *const *in, size_t n_in);

/* In check mode, of this thread, a closure is tried out at its first application (of its forward and backward functions): its second
   derivative in a random direction against differences of its first. A backward that reads a value which is neither operand, result
   nor made from them by ops (an intermediate smuggled through the context) is then E_BUG, in words, instead of a wrong second
   derivative. Returns what the mode was; at first off. Cost: four forwards and backwards at the first application. */
WG_API bool wg_check_mode_set(bool on);

/* ---- the registry ---- */

WG_API size_t wg_op_count(void);
WG_API const struct wg_op *wg_op_at(size_t index); /* in the order of ops.def; NULL past the end */

#ifdef __cplusplus
}
#endif

#endif
