/* One run of one op on given operands: its results and, if requested, the gradients of a random projection of them, as plain
   arrays. */
#ifndef WG_CHECK_RUN_H
#define WG_CHECK_RUN_H

#include "check.h"
#include "core/arena.h"

/* An operand's values in row-major order, for any memory layout. */
struct operand {
    bool none;
    bool tested;    /* has the dtype under test */
    int shared;     /* index of an earlier operand that is the same tensor, or -1 */
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
    bool may_refuse; /* the shapes are invented: the op may refuse them */
    int n;
    struct operand in[WG_SAMPLE_MAX];
};

/* Memory layouts of an operand. */
enum layout {
    ROW_MAJOR,
    REVERSED,  /* dense, the axes in reverse order */
    STEPPED,   /* every second element of a larger buffer, the others NaN */
    BACKWARDS, /* negative strides */
    REPEATED,  /* stride 0 along the first axis longer than 1, along which values are constant */
    SINGLE,    /* stride 0 along all axes: one value */
    N_LAYOUTS
};
extern const char *const layout_names[N_LAYOUTS];

enum gradient_way {
    NO_GRADIENT,
    GIVEN,     /* the projection's weights are passed to backward */
    PROJECTED, /* the projection is computed on the tape, so that backward may donate gradients */
    INTO,      /* PROJECTED, and every input already has a gradient when the op's vjp runs: the result is GIVEN's plus
                  weight(BASE) */
};

/* Weights are computed from (kind, operand, element) and need not be stored: ± 0.25 … 1.25, exact in f32. */
enum weight_kind { PROJECTION, TANGENT, BASE, SECOND };
double weight(enum weight_kind kind, int which, int64_t element);

struct run {
    wg_dtype dtype;
    enum layout layout;
    unsigned where; /* operands in that layout, one bit each; the others are row-major. Bit 31: the projection's weights */
    enum gradient_way way;
    unsigned roots;  /* the projected outputs, one bit each; 0: all */
    unsigned leaves; /* the operands that require a gradient; 0: all */
    bool ones;       /* the projection's weights are all 1 */
    unsigned take;   /* donated operands */
    bool poison;     /* what vjp does not read is overwritten before backward */
    int threads;     /* 0 means 1 */
    int nudged;      /* 1 + operand, or 101 + output for a weight of the projection, of which one element is changed; 0: none */
    int64_t element;
    double by;
    double along;          /* inputs are moved by this multiple of their TANGENT weights */
    unsigned moved;        /* which inputs */
    bool fail, persistent; /* the fail_at-th allocation fails; persistent: all later ones too */
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
    double *grad[WG_SAMPLE_MAX]; /* NULL if the operand has none */
    bool input_changed;          /* an operand that the op does not write was changed; after a failure, any operand */
    int64_t requests;            /* number of allocations */
};

void run_op(const struct check_case *c, const struct run *run, struct result *result);
void result_free(struct result *result);

/* ---- parts used by other checks ---- */

double *numbers(int64_t n); /* zeroed; ends the test if there is no memory */
/* Values as a tensor in that layout, the caller's or the tape's. NULL if Wengert has no memory. */
wg_tensor *place(const double *value, wg_dtype dtype, wg_shape shape, enum layout layout);
double *values_of(const wg_tensor *t);
/* The operands of a case as the caller's tensors; those under test require a gradient if want_gradient. False: no memory. */
bool operands_make(const struct check_case *c, const struct run *run, bool want_gradient, wg_tensor **in);
void operands_free(const struct check_case *c, wg_tensor **in);
/* weight(kind, which) as a tensor of t's shape and dtype. */
wg_tensor *weights_like(const wg_tensor *t, const struct run *run, enum weight_kind kind, int which);
wg_tensor *projection(wg_tensor *sum, wg_tensor *t, wg_tensor *weights); /* sum (may be WG_NONE) + <t, weights>, recorded */

/* Runs backward from the results; reads gradients into r. */
wg_status run_backward(const struct check_case *c, const struct run *run, wg_tensor *const *in, wg_tensor *const *out);
void result_gradients(const struct check_case *c, const struct run *run, wg_tensor *const *in, struct result *r);
void result_keep(struct result *r, const wg_tensor *t);

bool operand_leaf(const struct check_case *c, int i); /* has a gradient and is not another operand's second name */
bool operand_written(const struct check_case *c, int i);
bool has_derivative(const struct check_case *c, const struct result *r);
bool float_result(const struct check_case *c, const struct result *r, int i); /* an output that can have a gradient */

#endif
