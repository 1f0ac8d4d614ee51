/* The header that every op's file includes. If KERNEL_FILE is defined, as the name of the including file, it also compiles that
   file's kernels, which are between #ifdef REAL and #else, for float and double. */
#ifndef WG_OP_PRIVATE_H
#define WG_OP_PRIVATE_H

#include "core/internal.h"
#include "ops/kernel.h"
#include "wengert/ops.h"

/* Declares every op of ops.def. */
#define WG_UNARY(name) extern const struct wg_op wg_op_##name;
#define WG_BINARY(name) extern const struct wg_op wg_op_##name;
#define WG_REDUCTION(name) extern const struct wg_op wg_op_##name;
#define WG_OP(name, arguments) extern const struct wg_op wg_op_##name;
#define WG_OP_WITH(name, operands, options) extern const struct wg_op wg_op_##name;
#define WG_OP_MANY(name, arguments) extern const struct wg_op wg_op_##name;
#define WG_CORE(name)
#include "wengert/ops.def"
#undef WG_UNARY
#undef WG_BINARY
#undef WG_REDUCTION
#undef WG_OP
#undef WG_OP_WITH
#undef WG_OP_MANY
#undef WG_CORE

/* For the definition of an op of ops.def, .name = WG_REGISTERED("tanh"): its name and its mark (struct wg_op, registered). */
#define WG_REGISTERED(name) name, .registered = true

/* ---- costs ---- */

/* The bytes moved: each operand's distinct elements once; those of an operand that the op changes count as read and as written. */
wg_cost wg_cost_bytes(const wg_call *c);
/* wg_cost_bytes, and the given number of operations per element of the first output. */
wg_cost wg_cost_each(const wg_call *c, double add, double mul, double div, double compare, double transcendental);

/* The cost of an op that changes its operands: wg_cost_bytes, and the given number of operations per element of in[0]. */
wg_cost wg_cost_update(const wg_call *c, double add, double mul, double div, double transcendental);

/* The shape rule of an op that changes operands: all operands have one float dtype. Those that are changed have in[0]'s shape, the
   others have that shape or one element. */
wg_status wg_shape_update(const wg_call *c, wg_spec *out);
/* Parts of such rules. The first: inputs 0 to n-1, except absent ones, have one float dtype and one shape. The second: input i is
   an f64 scalar. */
wg_status wg_check_same_layout(const wg_call *c, unsigned n);
wg_status wg_check_scalar(const wg_call *c, unsigned i);

/* ---- reductions ---- */

/* What WG_PARAMS describes of struct wg_reduce_params for every reduction. */
#define WG_REDUCE_PARAMS WG_PARAM(AXES, struct wg_reduce_params, axes), WG_PARAM_UNLESS(0, BOOL, struct wg_reduce_params, keepdims)

/* Sets the axes and keepdims of params; E_ARGUMENT if an axis does not exist or is named twice. */
wg_status wg_reduce_resolve(const char *op, const wg_tensor *x, wg_reduce_options options, struct wg_reduce_params *params);
wg_status wg_reduce_shape(const wg_call *c, wg_spec *out);
/* The part of wg_reduce_shape that sets rank and extents of the result. */
void wg_reduced_extents(const wg_call *c, wg_spec *out);
/* Calls op with the given params, whose axes and keepdims come from the options. */
wg_tensor *wg_reduce(const struct wg_op *op, wg_tensor *x, wg_reduce_options options, struct wg_reduce_params params);
/* A view of t in which the reduced axes have extent 1; t lacks these axes or has them with extent 1 already (keepdims). */
wg_tensor *wg_restore_axes(const wg_call *c, wg_tensor *t);

/* Shared by max and min: shape rule, derivatives, cost. */
wg_status wg_extremum_shape(const wg_call *c, wg_spec *out);
/* Shared by argmax and argmin. */
wg_status wg_argminmax_shape(const wg_call *c, wg_spec *out);
wg_cost wg_argminmax_cost(const wg_call *c);
wg_status wg_extremum_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_extremum_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
wg_cost wg_extremum_cost(const wg_call *c);
/* Shared by extremum_grad and extremum_pick, the gradient of max and min and its transpose. The inputs are x, y and in[2]: y has
   x's extents or 1, in[2] must have the shape of given, and the result has the shape of like. */
wg_status wg_route_shape(const wg_call *c, const wg_tensor *given, const wg_tensor *like, wg_spec *out);
wg_cost wg_route_cost(const wg_call *c);

wg_status wg_any_all_shape(const wg_call *c, wg_spec *out); /* shared by any and all */

/* Shared by var and std. wg_degrees_of_freedom: the number of reduced elements minus the correction, NaN unless that is positive.
   wg_centred: x minus its mean. */
wg_status wg_variance_shape(const wg_call *c, wg_spec *out);
double wg_degrees_of_freedom(const wg_call *c);
wg_tensor *wg_centred(const wg_call *c);
wg_cost wg_variance_cost(const wg_call *c);
/* Shared by norm2 and std, whose result y is the Euclidean length of x over the reduced axes: the vjp g x/y and the jvp Σ t x/y.
   Both contain the piecewise constant factor sign y, so they and their derivatives are 0 where y = 0. */
wg_tensor *wg_length_grad(const wg_call *c, wg_tensor *x, wg_tensor *g);
wg_tensor *wg_length_jvp(const wg_call *c, wg_tensor *x, wg_tensor *t);

/* For builders: range checks (wg_check_number) of parameters that several ops have. */
static inline wg_status wg_bounds_check(const char *op, double low, double high)
{
    WG_TRY(wg_check_number(op, "low", low, WG_ANY_NUMBER));
    return wg_check_number(op, "high", high, WG_CLOSED(low, HUGE_VAL));
}
static inline wg_status wg_elu_check(const char *op, double alpha, double scale)
{
    WG_TRY(wg_check_number(op, "alpha", alpha, WG_NOT_NEGATIVE));
    return wg_check_number(op, "scale", scale, WG_POSITIVE);
}

/* Common part of the shape rules of views: the first input's dtype, offset 0. */
wg_status wg_view_of(const wg_call *c, wg_spec *out);
/* The shape rule of a view with the first input's extents and strides. */
wg_status wg_view_whole(const wg_call *c, wg_spec *out);

/* True if a builder may read x's shape. If false, the builder still applies the op, whose operand check then reports what is
   wrong. */
static inline bool wg_has_value(const wg_tensor *x)
{
    return x && (x->state == WG_LIVE || x->state == WG_DROPPED) && (!x->tape || x->tape->thread == wg_self());
}

/* Resolves an axis, which may be negative to count from the last; E_ARGUMENT if x has no such axis. */
wg_status wg_axis(const char *op, const wg_tensor *x, int axis, int *resolved);
/* Copies a list of one number for each of x's axes; E_ARGUMENT, or E_NULL, if it has not so many. name: the argument's. */
wg_status wg_one_per_axis(const char *op, const char *name, const wg_tensor *x, wg_sizes list, int64_t *number);

/* ---- slices ---- */

/* True if all elements of the slice lie within an axis of that extent. */
bool wg_slice_fits(const struct wg_slice_params *p, int64_t extent);
/* Slices by start, step and count. With a negative step, start and stop cannot express every slice. */
wg_tensor *wg_slice_by(wg_tensor *x, const struct wg_slice_params *p);

/* The vjp of a view of part of its input. If there is an accumulator, gy is added to the viewed part of it, in time linear in the
   size of that part, whatever the size of the input. Otherwise spread writes gy into a tensor of zeros. */
wg_status wg_give_through_view(const wg_call *c, wg_tensor *gy, wg_grad_slot *slot,
                               wg_tensor *(*spread)(const wg_call *, wg_tensor *));

/* A row kernel that copies elements; its params point at the element size in bytes (size_t). */
void wg_copy_row(int64_t n, char *const *at, const int64_t *s, const void *params);
/* Copies from to the indices start, start + step, … along an axis of to. Any dtype; the other extents are equal. */
wg_status wg_copy_part(const wg_tensor *from, const wg_tensor *to, int axis, int64_t start, int64_t step);

/* Stores the value, converted to dtype, in the element at the address. */
void wg_put_number(double value, wg_dtype dtype, char *at);
/* Copies from into the memory of to: element (i, j, …) to offset first + i stride[0] + j stride[1] + …, in elements. Any dtype. */
wg_status wg_copy_into(const wg_tensor *from, const wg_tensor *to, int64_t first, const int64_t *stride);

/* ---- indices along an axis ---- */

struct wg_index_params {
    int axis;
};
/* Common part of the shape rules of gather and scatter_add: checks that index can index whole along the axis. */
wg_status wg_index_shape(const wg_call *c, const wg_tensor *whole, const wg_tensor *index);
/* For composed ops: the one-axis i64 tensor index, placed along the given axis and broadcast to like's other extents. E_DTYPE if it
   is not i64, E_SHAPE if it does not have exactly one axis. */
wg_tensor *wg_index_along(const wg_call *c, wg_tensor *index, int axis, wg_shape like);

/* ---- diagonals and triangles ---- */

/* A diagonal's offset clipped to -rows … columns; diagonals at or beyond these bounds are empty. */
static inline int64_t wg_offset_within(int64_t offset, int64_t rows, int64_t columns)
{
    return offset < -rows ? -rows : offset > columns ? columns : offset;
}
/* The number of elements (i, i + offset) of the matrix; offset is clipped already (wg_offset_within). */
static inline int64_t wg_diagonal_length(int64_t offset, int64_t rows, int64_t columns)
{
    const int64_t down = rows + (offset < 0 ? offset : 0), across = columns - (offset > 0 ? offset : 0);
    return down < across ? down : across;
}

/* Shared by tril and triu. In the last two axes the result is x where column - row <= offset (upper: >= offset), and 0
   elsewhere. */
wg_status wg_triangle_shape(const wg_call *c, wg_spec *out);
wg_status wg_triangle(const wg_call *c, bool upper, int64_t offset);
wg_cost wg_triangle_cost(const wg_call *c, bool upper, int64_t offset);

/* ---- Jacobian-vector products ---- */

/* The jvp of an op that is linear in its one input: the op applied to the tangent. */
wg_status wg_jvp_linear(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
/* ty[0] = a + b, the contributions of two inputs, broadcast to the result's shape. Either may be WG_NONE for zero; so is ty[0] if
   both are. */
wg_status wg_jvp_sum(const wg_call *c, wg_tensor *a, wg_tensor *b, wg_tensor **ty);
/* Defines vjp and jvp of an op of one input whose Jacobian is diagonal. The expression, in terms of c, is that diagonal times g,
   which is the gradient or the tangent. It may donate g at its last use. */
#define WG_DIAGONAL(expression)                                                    \
    static wg_tensor *times_slope(const wg_call *c, wg_tensor *g)                  \
    {                                                                              \
        return expression;                                                         \
    }                                                                              \
    static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx) \
    {                                                                              \
        return WG_GIVE(gx[0], times_slope(c, gy[0]));                              \
    }                                                                              \
    static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)   \
    {                                                                              \
        return wg_made(ty[0] = times_slope(c, tx[0]));                             \
    }

/* Defines vjp and jvp of the gradient op f(x, gy) of such an op; f is linear in gy. The expression, in terms of c and g, is ∂f/∂x
   times g. */
#define WG_DIAGONAL_GRAD(expression)                                                          \
    static wg_tensor *second_derivative(const wg_call *c, wg_tensor *g)                       \
    {                                                                                         \
        return expression;                                                                    \
    }                                                                                         \
    static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)            \
    {                                                                                         \
        WG_TRY(WG_GIVE(gx[0], second_derivative(c, gy[0])));                                  \
        return WG_GIVE(gx[1], wg_invoke2(c->op, c->params, c->in[0], wg_donate(gy[0])));      \
    }                                                                                         \
    static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)              \
    {                                                                                         \
        return wg_jvp_sum(c, WG_PART(tx[0], second_derivative(c, tx[0])),                     \
                          WG_PART(tx[1], wg_invoke2(c->op, c->params, c->in[0], tx[1])), ty); \
    }

/* The vjp and jvp of an op f(x, gy) that is linear in gy and piecewise constant in x. */
wg_status wg_vjp_routed(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_jvp_routed(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
/* The vjp and jvp of an op that is piecewise constant in all inputs, as .flat declares: zero. */
wg_status wg_vjp_flat(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_jvp_flat(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);

/* The contribution of an input with tangent t; WG_NONE, without evaluating the expression, if the tangent is zero. */
#define WG_PART(t, expression) (wg_absent(t) ? WG_NONE : (expression))

/* The status of a builder's result: an error if it is NULL. */
static inline wg_status wg_made(const wg_tensor *t)
{
    return t ? WG_OK : WG_E_NULL;
}

/* ---- masks ---- */

/* Shape rules of ops whose result is a mask. Comparison: two operands of one dtype, or one operand of a float dtype. Logical: all
   operands are masks. */
wg_status wg_comparison_shape(const wg_call *c, wg_spec *out);
wg_status wg_logical_shape(const wg_call *c, wg_spec *out);
/* The shape rule of an op that reads a mask: input number mask is the mask, the other inputs have one float dtype. */
wg_status wg_masked_shape(const wg_call *c, unsigned mask, wg_spec *out);
/* One comparison per element of the result if the operands are floats; integer comparisons are not counted. */
wg_cost wg_comparison_cost(const wg_call *c);

/* ---- sorting ---- */

wg_status wg_order_shape(const wg_call *c, wg_spec *out);
wg_tensor *wg_order(const struct wg_op *op, wg_tensor *x, struct wg_order_params p, wg_tensor **places);
wg_status wg_order_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_order_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);

/* ---- along one axis, and labels ---- */

/* The builder of ops whose only param is an axis of in[0]; a negative axis counts from the last. */
wg_tensor *wg_apply_along(const struct wg_op *op, wg_tensor *const *in, size_t n, int axis);
/* Their shape rule: inputs and output have one float dtype and one shape. */
wg_status wg_axis_shape(const wg_call *c, wg_spec *out);
/* The number of slices along the axis. */
double wg_axis_slices(const wg_call *c);
/* Finds the first element of t (i64), in row-major order, that is neither in 0..extent-1 nor equal to ignore, and sets its number
   and value; false if there is none. Elements repeated by stride 0 count once. */
bool wg_first_outside(const wg_tensor *t, int64_t extent, int64_t ignore, int64_t *number, int64_t *value);
/* E_ARGUMENT if one of the labels (i64) is neither in 0..classes-1 nor equal to ignore. The message names its row: its row-major
   index. */
wg_status wg_labels_in(const char *op, const wg_tensor *labels, int64_t classes, int64_t ignore);
/* For shape rules: checks that in[0] is a float matrix (N,C) and in[1] is i64 labels (N). */
wg_status wg_labels_shape(const wg_call *c);

/* ---- normalisation ---- */

/* The shapes under which a normalisation's operands broadcast over x: extent 1 on the axes along which the statistics, or gamma and
   beta, are constant. */
struct wg_norm {
    wg_shape statistic, parameter;
    double m;     /* elements of x per statistic */
    wg_tensor *y; /* the result if the op ends with relu, else WG_NONE */
    wg_status (*grad)(wg_tensor *x, wg_tensor *gamma, wg_tensor *mean, wg_tensor *rstd, wg_tensor *gy, wg_tensor *y, wg_tensor **gx,
                      wg_tensor **ggamma, wg_tensor **gbeta);
};
struct wg_norm wg_norm_by_channel(const wg_tensor *x);
struct wg_norm wg_norm_by_row(const wg_tensor *x); /* over the last axis */
/* The derivatives of batch_norm and layer_norm (x, gamma, beta; y, mean, rstd) and of their gradients. */
wg_status wg_norm_vjp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_norm_jvp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
wg_status wg_norm_grad_vjp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_norm_grad_jvp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
/* Their builder: sets *to[i] to the op's i-th result where to[i] is not NULL. */
wg_status wg_invoke_into(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n, wg_tensor **const *to);
/* E_ARGUMENT if eps, the op's params, is out of range. */
wg_status wg_norm_eps(const wg_call *c);
/* E_SHAPE if over_nothing, which means that a mean and a variance of no elements would be needed. */
wg_status wg_norm_statistics(const wg_call *c, bool over_nothing);
/* Shared by batch_norm and batch_norm_relu, which adds relu's comparisons to the cost itself. */
wg_status wg_batch_norm_shape(const wg_call *c, wg_spec *out);
wg_cost wg_batch_norm_cost(const wg_call *c);
/* The additions, beyond one per element, that summing each channel of x takes: those that join partial sums (channel.h). */
double wg_joins_by_channel(const wg_tensor *x);

/* The shape rule of batch_norm and its gradient: in[0] is x (N,C,…). The inputs in the bit set per_channel are (C) or absent, the
   others have x's shape. The first output has x's shape, the others are (C). */
wg_status wg_channels_shape(const wg_call *c, unsigned per_channel, wg_spec *out);
/* The shape rule of layer_norm and its gradient: in[0] is x (…,D). The inputs in the bit set per_row are (…), those in per_column
   (D) or absent, the others have x's shape. The first output has x's shape, the other two are (…). */
wg_status wg_rows_shape(const wg_call *c, unsigned per_row, unsigned per_column, wg_spec *out);

/* t, which has one element per channel of x (N,C,…), as (1,C,1,…). */
wg_tensor *wg_over_channels(wg_tensor *t, const wg_tensor *x);
/* a + b, either of which may be WG_NONE for zero. */
wg_tensor *wg_plus(wg_tensor *a, wg_tensor *b);

/* ---- products ---- */

/* A view of x with the last two axes swapped; x has at least two. */
wg_tensor *wg_transposed(wg_tensor *x);
/* For vjps: gives the matrix product a b as the gradient of a slot whose need the caller has checked. If a, b and the accumulator
   are matrices, the product is added to the accumulator; a new matrix is stored column by column if like is. */
wg_status wg_give_product(wg_grad_slot *slot, wg_tensor *a, wg_tensor *b, const wg_tensor *like);
/* For jvps: sum + a b, written over sum, which the jvp must have made itself. sum may be WG_NONE for zero. */
wg_tensor *wg_add_product(wg_tensor *sum, wg_tensor *a, wg_tensor *b);
/* Donates t even where wg_donate has no effect because the engine shares gradients (no_donation). Only for a tensor that the
   calling vjp or jvp made and that nothing else reads. */
static inline wg_tensor *wg_take_own(wg_tensor *t)
{
    if (t && t->tape && t->state == WG_LIVE)
        t->flags |= WG_T_DONATED;
    return t;
}
/* Shared by linear and linear_relu, whose inputs are x, w and b. In order: the shape rule; the builder, which merges x's leading
   axes into one so that x is a matrix; the gradients of x and w, where g is the gradient of x wᵀ + b; the tangent of x wᵀ + b, as a
   new tensor. */
wg_status wg_layer_shape(const wg_call *c, wg_spec *out);
wg_tensor *wg_layer(const struct wg_op *op, wg_tensor *x, wg_tensor *w, wg_tensor *b);
wg_status wg_layer_vjp(const wg_call *c, wg_tensor *g, wg_grad_slot *gx);
wg_tensor *wg_layer_jvp(const wg_call *c, wg_tensor *const *tx);
/* The vjp of an op that computes relu(layer(x, w, b)). The function layer gives the gradients of x and w; its g is the gradient of
   the layer's result before relu. */
typedef wg_status wg_layer_gradients(const wg_call *c, wg_tensor *g, wg_grad_slot *gx);
wg_status wg_relu_layer_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx, wg_layer_gradients *layer);
/* For the shape rules of matrix products: sets the result's rank and all its axes but the last two, by broadcasting those of in[0]
   and in[1]. Both have at least two axes. */
wg_status wg_broadcast_batches(const wg_call *c, wg_spec *out);
/* The cost of a matrix product with the given left operand: one addition and one multiplication per element of the result and per
   element of the summed (inner) axis. */
wg_cost wg_cost_product(const wg_call *c, const wg_tensor *left);

/* For builders: frees an intermediate tensor unless a tape owns it. */
static inline void wg_free_intermediate(wg_tensor *t)
{
    if (t && !t->tape)
        wg_free(t);
}

/* KERNELS(name), the initialiser of .kernels: an ENTRY for each instruction set that the file is compiled for. Each entry lists
   functions for f32 and f64 (BOTH). */
#ifdef WG_SIMD
#define KERNEL_TABLE(ENTRY, name)                               \
    {                                                           \
        ENTRY(name, ), ENTRY(name, _avx2), ENTRY(name, _avx512) \
    }
#else
#define KERNEL_TABLE(ENTRY, name) \
    {                             \
        ENTRY(name, )             \
    }
#endif
#define BOTH(name, isa)                  \
    {                                    \
        name##_f32##isa, name##_f64##isa \
    }
#define KERNEL_ENTRY(name, isa) \
    {                           \
        .run = BOTH(name, isa)  \
    }
#define KERNELS(name) KERNEL_TABLE(KERNEL_ENTRY, name)
/* For an op whose kernel is made by MAP1, MAP2 or MAP3. */
#define MAP_ENTRY(name, isa)                                 \
    {                                                        \
        .run = BOTH(name, isa), .row = BOTH(name##_row, isa) \
    }
#define MAP_KERNELS(name) KERNEL_TABLE(MAP_ENTRY, name)
/* For a reduction built with reduce_tmpl.h whose totals have the operand's type. */
#define REDUCE_ENTRY(name, isa)                                                                          \
    {                                                                                                    \
        .run = BOTH(name, isa), .block = BOTH(name##_block_row, isa), .join = BOTH(name##_join_row, isa) \
    }
#define REDUCE_KERNELS(name) KERNEL_TABLE(REDUCE_ENTRY, name)

#endif

#ifdef KERNEL_FILE
#include "ops/instances.h"
#undef KERNEL_FILE
#endif
