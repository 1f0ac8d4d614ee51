/* The definition of an op. One constant struct holds everything about one operation of the graph. The library's own ops and
   those that users write in their programs are the same struct. */
#ifndef WENGERT_OP_H
#define WENGERT_OP_H

#include "base.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wg_op;

/* One application of an op, as kernels and vjps receive it. */
typedef struct wg_call {
    const struct wg_op *op;
    const void *params; /* op->params_size bytes, copied from the builder's */
    wg_tensor *const *in;
    wg_tensor *const *out;
    void *context; /* of a closure; else NULL */
    uint16_t n_in, n_out;
    uint8_t dtype;    /* of the first floating-point operand, else of the first output */
    bool same_layout; /* one dense output, and every operand has its dtype and layout; false: unknown */
} wg_call;

/* Dtype, extents and, for a view, strides of an output, as the shape rule determines them. */
typedef struct wg_spec {
    wg_dtype dtype;
    int rank;
    int64_t extent[WG_MAX_RANK];
    int64_t stride[WG_MAX_RANK]; /* views only, in elements */
    int64_t offset;              /* views only: first element, counted from the input's first element */
} wg_spec;

/* The place for the gradient of one input.
   need: the gradient is required.
   into: an accumulator of the input's shape, or NULL. A vjp may add its contribution to it: it returns "into + contribution",
   computed by an op that can overwrite the accumulator (wg_donate(slot->into)), and sets accumulated. */
typedef struct wg_grad_slot {
    bool need;
    bool accumulated;
    wg_tensor *into;
    wg_tensor *result;
} wg_grad_slot;

/* The work of one application. A fused multiply-add counts as one addition and one multiplication. Bytes: each element of each
   operand counts once. */
typedef struct wg_cost {
    double add, mul, div, compare, transcendental; /* sqrt counts as transcendental */
    double bytes_read, bytes_written;
} wg_cost;

/* Operands for the automatic checks: their shapes and the interval from which their elements are drawn, away from kinks. */
enum { WG_SAMPLE_MAX = 6 };
typedef struct wg_sample {
    const char *name;
    wg_shape shape[WG_SAMPLE_MAX];                  /* of in[0..n) */
    int n;                                          /* number of inputs */
    double low[WG_SAMPLE_MAX], high[WG_SAMPLE_MAX]; /* 0, 0 means (-1, 1) */
    wg_dtype dtype[WG_SAMPLE_MAX];                  /* WG_F32 here means "the dtype under test" */
    unsigned distinct;                              /* inputs whose elements differ by at least 0.05, as max requires */
    const void *params;
    unsigned none;     /* inputs that are WG_NONE */
    unsigned dominant; /* inputs whose last two axes are matrices with their extent added to the diagonal: definite, regular */
} wg_sample;

/* A shape for a static initialiser, where WG_SHAPE's compound literal is not allowed. */
#define WG_DIMS(...)                                                                                 \
    {                                                                                                \
        .rank = (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), .extent = { __VA_ARGS__ } \
    }

/* What a member of an op's params is. */
typedef enum wg_param_type {
    WG_PARAM_REAL,  /* double */
    WG_PARAM_INT,   /* int */
    WG_PARAM_INT64, /* int64_t */
    WG_PARAM_BOOL,  /* bool */
    WG_PARAM_PAIR,  /* int64_t[2] */
    WG_PARAM_AXES,  /* uint8_t: a bit for each axis */
    WG_PARAM_DTYPE, /* wg_dtype */
} wg_param_type;

/* A member of an op's params that graphs and pictures show, as "name=value", or as the value alone if name is "". preset: not shown if it
   has this value. */
typedef struct wg_param {
    const char *name;
    wg_param_type type;
    size_t offset;
    double preset;
} wg_param;

#define WG_PARAM(kind, params, member)                                        \
    {                                                                         \
#member, WG_PARAM_##kind, offsetof(params, member), __builtin_nan("") \
    }
#define WG_PARAM_UNLESS(value, kind, params, member)                        \
    {                                                                       \
#member, WG_PARAM_##kind, offsetof(params, member), (double)(value) \
    }
/* For params that are no struct: the only value. */
#define WG_PARAM_ONLY(kind, name)                   \
    {                                               \
        name, WG_PARAM_##kind, 0, __builtin_nan("") \
    }

#define WG_IN(i) (1u << (i))
#define WG_OUT(i) (1u << (16 + (i)))
#define WG_ALL_IN 0xffffu

enum wg_op_flags {
    WG_OP_VIEW = 1,          /* no kernel: the output shares the first input's storage, with strides from the shape rule */
    WG_OP_NO_DERIVATIVE = 2, /* a request for its gradient is an error with the message op->reason */
    WG_OP_STOP_GRADIENT = 4, /* stops gradients on purpose (detach) */
    WG_OP_RANDOM = 8,        /* draws random numbers */
    WG_OP_ROW_MAJOR = 16,    /* results are row-major, not in their operand's physical order */
    WG_OP_BROADCASTS = 32,   /* element-wise with broadcasting, with a shape rule of its own (masks); tested as such */
    WG_OP_UNCOUNTED = 64,  /* its arithmetic runs in a library or depends on the data: the cost rule states it, no test counts it */
    WG_OP_SURROGATE = 128, /* its gradient differs from that of its value on purpose: no test compares it with differences */
    WG_OP_EXACT_ALIAS = 256, /* reads an element in all operands before it writes it; see writes */
    WG_OP_STORES = 4096,     /* in[0] becomes in[1], element by element, and nothing else happens */
    WG_OP_SURE = 8192, /* the kernel never fails: it allocates nothing and refuses no values. Not needed for an op with rows */
    /* What the op does with the gradient that arrives, for pictures (wg_graph_write_gates). The tests of ops hold it against vjp. */
    WG_OP_DISTRIBUTES = 512, /* passes it on to each operand: add */
    WG_OP_SWAPS = 1024,      /* passes it on times the other of two operands: mul */
    WG_OP_ROUTES = 2048,     /* passes each element on to one element of one operand, or to none: maximum, relu */
};

typedef wg_status wg_kernel(const wg_call *c);

/* Runs over n elements of every operand, outputs first: operand i starts at p[i] and has stride s[i], in elements.
   n < 0, for wg_op_kernels.row only: a recurrence of |n| steps; each result is the first input of the next step, and p[1] is the
   first input of the first step.
   n = 0: nothing is read, so an empty operand requires no memory at its first element. */
typedef void wg_row(int64_t n, char *const *p, const int64_t *s, const void *params);

/* The functions that do an op's work, for one instruction set, by dtype: [WG_F32] and [WG_F64]. */
struct wg_op_kernels {
    /* The whole call: reads c's tensors, writes c's outputs and uses no tape. Operands are as the program gave them: each has extents
       of its own, which the kernel broadcasts itself, and any strides (wg_stride), also 0 and negative ones. An output is dense, with
       its axes in the order of an operand's, so its elements lie by wg_stride too; with WG_OP_ROW_MAJOR it is row-major. It may lie in
       the memory of an operand only if .inplace says so. */
    wg_kernel *run[2];

    /* For element-wise ops, whose kernel runs a row over all elements of one output with the inputs broadcast and the op's
       params: that row, so that a replay can run several such ops tile by tile. The bits of an element depend on its operands
       alone, and the output may coincide exactly with any input. A row is beside run, which is required all the same. NULL: the op is not
       of this kind. */
    wg_row *row[2];

    /* For kernels that reduce blocks of 256 elements in row-major order and then join the totals of the blocks, which have the
       operand's dtype. When all axes are reduced, block computes the total of one block, and join computes the result from n
       totals (its params are the number of elements, an int64_t). Otherwise NULL. */
    wg_row *block[2], *join[2];
};

struct wg_op {
    const char *name;
    size_t params_size;
    const struct wg_param *param; /* n_param members of the params, or NULL: WG_PARAMS */
    uint8_t n_in, n_out;          /* n_in 0: any number. n_out 0: an op without outputs, an update */
    uint16_t optional;            /* WG_IN(i) for each input that may be WG_NONE */

    /* Set by the ops of ops.def alone, whose automatic checks prove .saves; leave it out. The functions of any other op are called as a
       user's: vjp and jvp see only the values that .saves declares, the others read as released, and what a function leaves open
       (a tape, an update) is closed and is E_STATE. */
    bool registered;

    /* The shape rule: sets dtypes and shapes of the outputs, or returns an error that names those of the inputs. NULL:
       floating-point inputs of one dtype, which are broadcast. */
    wg_status (*shape)(const wg_call *c, wg_spec *out);

    /* The op's kernels by instruction set: portable, AVX2, AVX-512. The portable ones are required, for both dtypes. Where another
       instruction set has no function of a kind, the portable one runs. An op of two plain functions, for f32 and f64, has
       .kernels = {{.run = {square_f32, square_f64}}}. */
    struct wg_op_kernels kernels[3];

    /* For a composed op, in place of shape, kernels, derivatives and cost. compose computes out[0..c->n_out) from c->in by other
       ops, and those are recorded; it need not free its intermediate values, which belong to the tape. It checks its operands
       itself. Derivatives of any order, forward mode and cost come from the parts. Of the fields above and below, only
       params_size, n_in, n_out, optional and samples are read, and, by the automatic checks, a shape rule if there is one. */
    wg_status (*compose)(const wg_call *c, wg_tensor **out);

    /* The vector-Jacobian product, written in differentiable ops, so that derivatives of higher order follow from it. gy[i] is
       WG_NONE where no gradient arrives. WG_GIVE(gx[i], expression) evaluates the expression only if input i's gradient is
       required. NULL: the op has no derivative, and a gradient that would pass through it is E_NO_GRAD; WG_OP_NO_DERIVATIVE and .reason
       say why, WG_OP_STOP_GRADIENT makes the result a constant. */
    wg_status (*vjp)(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);

    /* The Jacobian-vector product, also in differentiable ops. tx[i] is WG_NONE where the tangent is zero; at least one is not.
       It sets every ty[i], to WG_NONE where the tangent is zero. */
    wg_status (*jvp)(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);

    /* The work of the call, of which it reads dtypes, shapes and params. It may run no op (E_STATE). NULL, or a result with a number that is
       negative or not finite: unknown. */
    wg_cost (*cost)(const wg_call *c);

    unsigned saves; /* WG_IN(i) | WG_OUT(j): the values that vjp and jvp read; others may be released before */
    unsigned flat;  /* WG_IN(i): the op is piecewise constant in input i, whose gradient is therefore zero */

    /* inplace: WG_IN(i) for each input that the first output may overwrite if it is donated (wg_donate).
       writes: WG_IN(i) for each input that the op changes; such a change is an effect.
       Operands may share memory: views of one tensor, or one tensor as several operands. The call then returns the same result as
       on copies of the operands, or an error, because
       - the first output overwrites an operand only if no other operand shares memory with it and backward does not read it. The
         same tensor may also be another operand if the op has rows, which read each element before they write it. Otherwise the
         output has memory of its own;
       - an operand that the op changes may share no memory with another one: E_ARGUMENT, before anything is changed. With
         WG_OP_EXACT_ALIAS it may be the same tensor, element by element, as an operand that the op only reads.
       The memory of an operand is everything between its first and its last element (wg_shares_memory). */
    unsigned inplace, writes;

    unsigned flags;     /* enum wg_op_flags */
    const char *reason; /* with WG_OP_NO_DERIVATIVE: why there is none */

    const struct wg_sample *samples;
    int n_samples;
    int n_param;
};

#define WG_PARAMS(...)                               \
    .param = (const struct wg_param[]){__VA_ARGS__}, \
    .n_param = (int)(sizeof((const struct wg_param[]){__VA_ARGS__}) / sizeof(struct wg_param))

#define WG_SAMPLES(...)                                 \
    .samples = (const struct wg_sample[]){__VA_ARGS__}, \
    .n_samples = (int)(sizeof((const struct wg_sample[]){__VA_ARGS__}) / sizeof(struct wg_sample))

/* ---- applying an op: the functions that builders call ---- */

/* Applies op: checks the operands, runs the kernel, records the call. Sets all n_out outputs or none. On failure the error is
   recorded. */
WG_API wg_status wg_invoke(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n_in, wg_tensor **out,
                           size_t n_out);

/* wg_invoke for one output and a fixed number of inputs; NULL on failure. Further outputs remain on the tape, unread. */
WG_API wg_tensor *wg_invoke1(const struct wg_op *op, const void *params, wg_tensor *a);
WG_API wg_tensor *wg_invoke2(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b);
WG_API wg_tensor *wg_invoke3(const struct wg_op *op, const void *params, wg_tensor *a, wg_tensor *b, wg_tensor *c);

/* For vjps: puts a gradient into its slot. gradient NULL means that computing it failed. */
WG_API wg_status wg_give(wg_grad_slot *slot, wg_tensor *gradient);
#define WG_GIVE(slot, expression) ((slot).need ? wg_give(&(slot), (expression)) : WG_OK)

/* For shape rules. wg_broadcast_shapes broadcasts all inputs that are not WG_NONE, or returns E_SHAPE. wg_same_float checks that
   they have one floating-point dtype, or returns E_DTYPE. */
WG_API wg_status wg_broadcast_shapes(const wg_call *c, wg_spec *out);
WG_API wg_status wg_same_float(const wg_call *c, wg_dtype *dtype);

/* For shape rules and builders: records an error with the op's name, the text and the inputs' shapes and dtypes; returns code. */
WG_API wg_status wg_call_error(const wg_call *c, wg_status code, const char *text);

/* ---- closures: an op made of two plain functions and a context ---- */

/* forward computes the output's elements: it fills wg_data_mut(c->out[0]), which is row-major, from c->in. Operands are as the program
   gave them, views and transposed tensors too: their elements lie by wg_stride (wg_read copies them in row-major order). backward computes the gradients as a vjp
   does, in differentiable ops. Both find the context in c->context. backward may read the inputs and the output that saves
   declares; the others read as released. Without backward the closure has no derivative, and a request for one is E_NO_GRAD.
   Ownership: tensors that forward makes for its own use belong to the open tape. With no tape open, and in each run of a replay,
   they belong to a tape of the call's own, which is closed when forward returns; the handles of operands and result then also end
   with the call.
   Writing: forward may write its result only, and backward none of the tensors that it receives (wg_data_mut, wg_write, an update
   op): E_STATE. A gradient that backward returns must not be dropped or freed: E_RELEASED, E_DANGLING.
   With create_graph the backward pass is itself recorded. f32 and f64 elements that a backward, a jvp or a hook writes have no
   history, so their derivatives would be wrong. Writing them is therefore E_STATE: by wg_from (of more than one element), wg_write,
   wg_data_mut or an update op such as wg_assign. Compute them by ops or by a closure. Make a constant before, by wg_full or
   wg_scalar, or under WG_NO_GRAD.
   destroy runs exactly once, when nothing can call the closure again; on failure too.
   replayable: each run of a replay (wg_replay_capture) may call forward again, on other elements, and its result is its only
   effect. The context then belongs to the replay, which destroys it when it is destroyed itself; without destroy the context
   must live as long as the replay. */
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

/* Check mode, a mode of this thread. In check mode a closure is tested at its first application (of each pair of forward and
   backward functions): its second derivative in a random direction is compared with differences of its first. The check finds a
   backward that reads a value which is neither operand nor result nor computed from them by ops, such as an intermediate value
   passed through the context. The result is then E_BUG with an explanation, instead of a wrong second derivative. Returns the
   previous mode; a thread starts with it off.
   Cost: four calls of forward and backward at the first application. */
WG_API bool wg_check_mode_set(bool on);

/* ---- the registry ---- */

WG_API size_t wg_op_count(void);
WG_API const struct wg_op *wg_op_at(size_t index); /* in the order of ops.def; NULL past the end */

#ifdef __cplusplus
}
#endif

#endif
