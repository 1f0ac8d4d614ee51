/* One run of one op on given operands: its results and, if wanted, the gradients of a random projection of them, as plain numbers. */
#ifndef WG_CHECK_RUN_H
#define WG_CHECK_RUN_H

#include "check.h"
#include "core/arena.h"

/* An operand's values, row-major, whatever memory they are given in. */
struct operand {
    bool none;
    bool tested;    /* of the dtype under test */
    int shared;     /* the operand before it that is the very same tensor, or -1 */
    wg_dtype dtype; /* if not tested */
    wg_shape shape;
    int64_t numel;
    double *value;
};

struct check_case {
    const struct wg_op *op;
    struct check_report *report;
    const void *params;
    char name[80];
    bool may_refuse; /* shapes that were made up: the op may say that they do not fit */
    int n;
    struct operand in[WG_SAMPLE_MAX];
};

/* How the elements of an operand lie in memory. */
enum layout {
    ROW_MAJOR,
    REVERSED,  /* dense, the axes in the opposite order */
    STEPPED,   /* every second element of a larger buffer, whose other elements are NaN */
    BACKWARDS, /* negative strides */
    REPEATED,  /* stride 0 along the first axis longer than 1, along which the values are constant */
    SINGLE,    /* stride 0 along all axes: one value throughout */
    N_LAYOUTS
};
extern const char *const layout_names[N_LAYOUTS];

enum gradient_way {
    NO_GRADIENT,
    GIVEN,     /* the projection's weights are given to backward */
    PROJECTED, /* the projection is computed on the tape, so that backward may give gradients away */
    INTO,      /* that, and every input has a gradient already when the op's vjp runs: GIVEN's plus weight(BASE) */
};

/* Weights are made from (kind, operand, element), so they need not be stored: ± 0.25 … 1.25, exact in f32. */
enum weight_kind { PROJECTION, TANGENT, BASE, SECOND };
double weight(enum weight_kind kind, int which, int64_t element);

struct run {
    wg_dtype dtype;
    enum layout layout;
    unsigned where; /* the operands laid out so, a bit each; the others are row-major. Bit 31: the projection's weights */
    enum gradient_way way;
    unsigned roots;  /* the outputs projected, a bit each; 0 means all */
    unsigned leaves; /* the operands that require a gradient; 0 means all */
    bool ones;       /* the projection's weights are all 1 */
    unsigned take;   /* operands given away */
    bool poison;     /* what vjp does not read is overwritten before backward */
    int threads;     /* 0: 1 */
    int nudged;      /* 1 + operand, or 101 + output for a weight of the projection, of which one element is changed; 0: none */
    int64_t element;
    double by;
    double along;          /* inputs are moved so far along their TANGENT weights */
    unsigned moved;        /* those that are */
    bool fail, persistent; /* the fail_at-th allocation fails */
    int64_t fail_at;
};

enum { MAX_RESULTS = 8 };

struct result {
    wg_status status;
    wg_error error;
    int n_out; /* the op's outputs, then the operands that it wrote */
    wg_shape shape[MAX_RESULTS];
    wg_dtype dtype[MAX_RESULTS];
    int64_t numel[MAX_RESULTS];
    double *out[MAX_RESULTS];
    double *grad[WG_SAMPLE_MAX]; /* NULL where the operand has none */
    bool input_changed;          /* one that the op does not write, or, if it failed, any */
    int64_t requests;            /* allocations asked for */
};

void run_op(const struct check_case *c, const struct run *run, struct result *result);
void result_free(struct result *result);

/* ---- parts that other checks use ---- */

double *numbers(int64_t n); /* zeroed; ends the test if there is no memory */
/* Values as a tensor, the caller's or the tape's. NULL if Wengert has no memory. */
wg_tensor *place(const double *value, wg_dtype dtype, wg_shape shape, enum layout layout);
double *values_of(const wg_tensor *t);
/* The operands of a case, as the caller's tensors; those under test require a gradient if wanted. False: no memory. */
bool operands_make(const struct check_case *c, const struct run *run, bool want_gradient, wg_tensor **in);
void operands_free(const struct check_case *c, wg_tensor **in);
/* weight(kind, which) as a tensor of t's shape and dtype. */
wg_tensor *weights_like(const wg_tensor *t, const struct run *run, enum weight_kind kind, int which);
wg_tensor *projection(wg_tensor *sum, wg_tensor *t, wg_tensor *weights); /* sum (may be WG_NONE) + <t, weights>, recorded */

/* Backward from the results; and what came of it and them as numbers. */
wg_status run_backward(const struct check_case *c, const struct run *run, wg_tensor *const *in, wg_tensor *const *out);
void result_gradients(const struct check_case *c, const struct run *run, wg_tensor *const *in, struct result *r);
void result_keep(struct result *r, const wg_tensor *t);

bool operand_leaf(const struct check_case *c, int i); /* has a gradient, and is not another's second name */
bool operand_written(const struct check_case *c, int i);
bool has_derivative(const struct check_case *c, const struct result *r);
bool float_result(const struct check_case *c, const struct result *r, int i); /* an output that a gradient may arrive at */

#endif
