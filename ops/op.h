/* What every op's file includes. With KERNEL_FILE defined, as the file's own name, it brings in the file's kernels for float and
   double, which the file keeps between #ifdef REAL and #else. */
#ifndef WG_OP_PRIVATE_H
#define WG_OP_PRIVATE_H

#include "core/internal.h"
#include "ops/kernel.h"
#include "wengert/ops.h"

/* Every op is named in one place, ops.def. */
#define WG_UNARY(name) extern const struct wg_op wg_op_##name;
#define WG_BINARY(name) extern const struct wg_op wg_op_##name;
#define WG_REDUCTION(name) extern const struct wg_op wg_op_##name;
#define WG_OP(name, arguments) extern const struct wg_op wg_op_##name;
#define WG_OP_WITH(name, arguments) extern const struct wg_op wg_op_##name;
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

/* ---- costs ---- */

/* Bytes of each operand's distinct elements, once; of those that are changed, read and written. */
wg_cost wg_cost_bytes(const wg_call *c);
/* That, and so many operations for each element of the first output. */
wg_cost wg_cost_each(const wg_call *c, double add, double mul, double div, double compare, double transcendental);

/* For an op that changes its operands: every element of those is read and written, with so many operations for each of in[0]'s. */
wg_cost wg_cost_update(const wg_call *c, double add, double mul, double div, double transcendental);

/* Shape rule of an op that changes operands: all are of one float dtype, those changed of in[0]'s shape, the others of that shape or
   scalars. */
wg_status wg_shape_update(const wg_call *c, wg_spec *out);
/* Parts of such rules: the first n inputs are of one float dtype and one shape, absent ones aside; input i is an f64 scalar. */
wg_status wg_check_same_layout(const wg_call *c, unsigned n);
wg_status wg_check_scalar(const wg_call *c, unsigned i);

/* ---- reductions ---- */

/* The options as params; E_ARGUMENT where an axis is not there or named twice. */
wg_status wg_reduce_resolve(const char *op, const wg_tensor *x, wg_reduce_options options, struct wg_reduce_params *params);
wg_status wg_reduce_shape(const wg_call *c, wg_spec *out);
/* Its part: the extents that are left. */
void wg_reduced_extents(const wg_call *c, wg_spec *out);
wg_tensor *wg_reduce(const struct wg_op *op, wg_tensor *x, wg_reduce_options options);
/* t, which lacks the reduced axes or has them with extent 1, seen with extent 1 there. */
wg_tensor *wg_restore_axes(const wg_call *c, wg_tensor *t);

/* What max and min share beside their kernels. */
wg_status wg_extremum_shape(const wg_call *c, wg_spec *out);
/* Of argmax and argmin. */
wg_status wg_argument_shape(const wg_call *c, wg_spec *out);
wg_cost wg_argument_cost(const wg_call *c);
wg_status wg_extremum_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_extremum_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
wg_cost wg_extremum_cost(const wg_call *c);
/* And their gradient and its reverse: in[2] is shaped as given; y as x but for extents of 1; the result is shaped as like. */
wg_status wg_route_shape(const wg_call *c, const wg_tensor *given, const wg_tensor *like, wg_spec *out);
wg_cost wg_route_cost(const wg_call *c);

wg_status wg_truth_shape(const wg_call *c, wg_spec *out); /* of any and all */

/* What var and std share: the number of elements less the correction (NaN unless positive), x less its mean. */
wg_status wg_variance_shape(const wg_call *c, wg_spec *out);
double wg_degrees_of_freedom(const wg_call *c);
wg_tensor *wg_centred(const wg_call *c);
wg_cost wg_variance_cost(const wg_call *c);
/* What norm2 and std share, whose result y is the length of x over axes: g x/y, and Σ t x/y; both, and their derivatives, 0 where y is
   0: sign y is a factor, which is flat. */
wg_tensor *wg_length_grad(const wg_call *c, wg_tensor *x, wg_tensor *g);
wg_tensor *wg_length_jvp(const wg_call *c, wg_tensor *x, wg_tensor *t);

/* For builders: parameters that several ops have, each in its range (wg_check_number). */
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

/* A view rule's common part: dtype of the first input, offset 0. */
wg_status wg_view_of(const wg_call *c, wg_spec *out);
/* The rule of a view of the first input as it is. */
wg_status wg_view_whole(const wg_call *c, wg_spec *out);

/* A builder may look at x's shape; if not, it applies the op all the same, which says what is wrong with x. */
static inline bool wg_has_value(const wg_tensor *x)
{
    return x && (x->state == WG_LIVE || x->state == WG_DROPPED) && (!x->tape || x->tape->thread == wg_self());
}

/* An axis that may count from the last; E_ARGUMENT if it is not there. */
wg_status wg_axis(const char *op, const wg_tensor *x, int axis, int *resolved);

/* ---- slices ---- */

/* Whether all of a slice's elements lie in an axis of that extent. */
bool wg_slice_fits(const struct wg_slice_params *p, int64_t extent);
/* The slice by its params: what a negative step cannot always say by a stop. */
wg_tensor *wg_slice_by(wg_tensor *x, const struct wg_slice_params *p);

/* For the vjp of a view that shows part of its input: gy is added to that part of the accumulator, which takes time linear in the part
   however large the input is, or, where there is none yet, spread over zeros. */
wg_status wg_give_through_view(const wg_call *c, wg_tensor *gy, wg_grad_slot *slot,
                               wg_tensor *(*spread)(const wg_call *, wg_tensor *));

/* A row of wg_map that copies; its params are the size of an element. */
void wg_copy_row(int64_t n, char *const *at, const int64_t *s, const void *params);
/* Copies from, whatever its dtype, to every step-th place from start along an axis of to; other extents are equal. */
wg_status wg_copy_part(const wg_tensor *from, const wg_tensor *to, int axis, int64_t start, int64_t step);

/* The value rounded to a dtype, an element of which is at the address. */
void wg_put_number(double value, wg_dtype dtype, char *at);
/* Copies from, whatever its dtype, into memory of to: element (i, j, …) to place first + i stride[0] + j stride[1] + …, in elements. */
wg_status wg_copy_into(const wg_tensor *from, const wg_tensor *to, int64_t first, const int64_t *stride);

/* ---- indices along an axis ---- */

struct wg_index_params {
    int axis;
};
/* The shape rule's part that gather and scatter_add share: whole is indexed by index along the axis. */
wg_status wg_index_shape(const wg_call *c, const wg_tensor *whole, const wg_tensor *index);
/* For composed ops: index, i64 of one axis, laid along an axis and seen with the other extents of like; E_DTYPE, E_SHAPE if it cannot. */
wg_tensor *wg_index_along(const wg_call *c, wg_tensor *index, int axis, wg_shape like);

/* ---- diagonals and triangles ---- */

/* An offset of a diagonal brought to where the matrix ends: beyond there is nothing. */
static inline int64_t wg_offset_within(int64_t offset, int64_t rows, int64_t columns)
{
    return offset < -rows ? -rows : offset > columns ? columns : offset;
}
/* The number of elements (i, i + offset), offset within. */
static inline int64_t wg_diagonal_length(int64_t offset, int64_t rows, int64_t columns)
{
    const int64_t down = rows + (offset < 0 ? offset : 0), across = columns - (offset > 0 ? offset : 0);
    return down < across ? down : across;
}

/* What tril and triu share: x in the last two axes where column - row is at most, or for upper at least, offset; else 0. */
wg_status wg_triangle_shape(const wg_call *c, wg_spec *out);
wg_status wg_triangle(const wg_call *c, bool upper, int64_t offset);
wg_cost wg_triangle_cost(const wg_call *c, bool upper, int64_t offset);

/* ---- Jacobian-vector products ---- */

/* The jvp of an op that is linear in its one input: itself. */
wg_status wg_jvp_linear(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
/* ty[0] = the sum of two inputs' parts, seen with the result's shape; WG_NONE where both are. */
wg_status wg_jvp_sum(const wg_call *c, wg_tensor *a, wg_tensor *b, wg_tensor **ty);
/* The vjp and jvp of an op of one input whose Jacobian is diagonal: the expression is that times g, the gradient or the tangent, in
   terms of c. It may give g away (wg_donate) at its last use. */
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

/* Those of such an op's own gradient f(x, gy), linear in gy: the expression is ∂f/∂x times g, in terms of c and g. */
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

/* The vjp and jvp of f(x, gy) that is linear in gy and flat in x. */
wg_status wg_vjp_routed(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_jvp_routed(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
/* Of an op that is flat in all its inputs: the zero that .flat declares. */
wg_status wg_vjp_flat(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_jvp_flat(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);

/* The part of an input with tangent t. */
#define WG_PART(t, expression) (wg_absent(t) ? WG_NONE : (expression))

/* Whether what should have been made was. */
static inline wg_status wg_made(const wg_tensor *t)
{
    return t ? WG_OK : WG_E_NULL;
}

/* ---- masks ---- */

/* Shape rule of what makes a mask: of operands of any one dtype; of masks; */
wg_status wg_comparison_shape(const wg_call *c, wg_spec *out);
wg_status wg_logical_shape(const wg_call *c, wg_spec *out);
/* or reads one, number mask of the inputs, the others being floats of one dtype. */
wg_status wg_masked_shape(const wg_call *c, unsigned mask, wg_spec *out);
/* A comparison for each element of a result of floats. */
wg_cost wg_comparison_cost(const wg_call *c);

/* ---- sorting ---- */

wg_status wg_order_shape(const wg_call *c, wg_spec *out);
wg_tensor *wg_order(const struct wg_op *op, wg_tensor *x, struct wg_order_params p, wg_tensor **places);
wg_status wg_order_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_order_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);

/* ---- along one axis, and labels ---- */

/* The builder of ops whose params are an axis of in[0], which may count from the last. */
wg_tensor *wg_apply_along(const struct wg_op *op, wg_tensor *const *in, size_t n, int axis);
/* Their shape rule: inputs and output are of one float dtype and one shape. */
wg_status wg_axis_shape(const wg_call *c, wg_spec *out);
/* How many lines along the axis there are. */
double wg_axis_slices(const wg_call *c);
/* Of t, i64, the first element in row-major order (those that stride 0 repeats count once) that is neither in 0..extent-1 nor ignored;
   false if there is none. */
bool wg_first_outside(const wg_tensor *t, int64_t extent, int64_t ignore, int64_t *number, int64_t *value);
/* E_ARGUMENT, naming the row, the index in row-major order, if one of the labels, i64, is neither in 0..classes-1 nor ignored. */
wg_status wg_labels_in(const char *op, const wg_tensor *labels, int64_t classes, int64_t ignore);
/* For shape rules: in[0] is a float matrix (N,C), in[1] i64 labels (N). */
wg_status wg_labels_shape(const wg_call *c);

/* ---- normalisation ---- */

/* How its operands lie over x: extents of 1 stand where the statistics, or gamma and beta, do not vary. */
struct wg_norm {
    wg_shape statistic, parameter;
    double m;     /* elements of x for each statistic */
    wg_tensor *y; /* where relu ends it: the result; else WG_NONE */
    wg_status (*grad)(wg_tensor *x, wg_tensor *gamma, wg_tensor *mean, wg_tensor *rstd, wg_tensor *gy, wg_tensor *y, wg_tensor **gx,
                      wg_tensor **ggamma, wg_tensor **gbeta);
};
struct wg_norm wg_norm_by_channel(const wg_tensor *x);
struct wg_norm wg_norm_by_row(const wg_tensor *x); /* along the last axis */
/* The derivatives of batch_norm and layer_norm (x, gamma, beta; y, mean, rstd) and of their gradients. */
wg_status wg_norm_vjp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_norm_jvp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
wg_status wg_norm_grad_vjp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_norm_grad_jvp(const struct wg_norm *n, const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);
/* Their builder: sets *to[i], where to[i] is not NULL, to the i-th of the op's results. */
wg_status wg_norm_apply(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n, wg_tensor **const *to);
/* E_ARGUMENT where the params are no eps. */
wg_status wg_norm_eps(const wg_call *c);
/* E_SHAPE where there would be a mean and a variance of no elements. */
wg_status wg_norm_statistics(const wg_call *c, bool over_nothing);
/* Of batch_norm and batch_norm_relu; of the latter's cost, comparisons are its own. */
wg_status wg_batch_norm_shape(const wg_call *c, wg_spec *out);
wg_cost wg_batch_norm_cost(const wg_call *c);
/* Additions that the sum over each channel of x takes beyond one for each element (channel.h). */
double wg_joins_by_channel(const wg_tensor *x);

/* Shape rule of batch_norm and its gradient: in[0] is x (N,C,…), the inputs of per_channel are (C) or absent, the others of x's
   shape. Outputs: one of x's shape, the others (C). */
wg_status wg_channels_shape(const wg_call *c, unsigned per_channel, wg_spec *out);
/* Shape rule of layer_norm and its gradient: in[0] is x (…,D), the inputs of per_row are (…), those of per_column (D) or absent, the
   others of x's shape. Outputs: one of x's shape and two (…). */
wg_status wg_rows_shape(const wg_call *c, unsigned per_row, unsigned per_column, wg_spec *out);

/* t, one number for each channel of x (N,C,…), as (1,C,1,…). */
wg_tensor *wg_over_channels(wg_tensor *t, const wg_tensor *x);
/* a + b, either of which may be WG_NONE for zero. */
wg_tensor *wg_plus(wg_tensor *a, wg_tensor *b);

/* ---- products ---- */

/* x with its last two axes swapped, a view; x has two at least. */
wg_tensor *wg_transposed(wg_tensor *x);
/* For vjps: the product a b as a gradient that is needed, added to the accumulator where there is one, else laid out as like is. */
wg_status wg_give_product(wg_grad_slot *slot, wg_tensor *a, wg_tensor *b, const wg_tensor *like);
/* For jvps: sum + a b over sum, which the jvp made itself; sum may be WG_NONE for zero. */
wg_tensor *wg_add_product(wg_tensor *sum, wg_tensor *a, wg_tensor *b);
/* t, which a vjp or jvp made and nobody else reads: wg_donate, even where gradients are shared. */
static inline wg_tensor *wg_take_own(wg_tensor *t)
{
    if (t && t->tape && t->state == WG_LIVE)
        t->flags |= WG_T_DONATED;
    return t;
}
/* What linear and linear_relu share, c = (x, w, b): the shape rule; the builder, which makes a matrix of x's leading axes; the
   gradients of x and w, g being that of x wᵀ + b; and the tangent of that, a tensor of its own. */
wg_status wg_layer_shape(const wg_call *c, wg_spec *out);
wg_tensor *wg_layer(const struct wg_op *op, wg_tensor *x, wg_tensor *w, wg_tensor *b);
wg_status wg_layer_vjp(const wg_call *c, wg_tensor *g, wg_grad_slot *gx);
wg_tensor *wg_layer_jvp(const wg_call *c, wg_tensor *const *tx);
/* The vjp of an op whose result is relu of a layer with operands x, w and b; layer gives the gradients of x and w, g being that of the
   layer's own result. */
typedef wg_status wg_layer_gradients(const wg_call *c, wg_tensor *g, wg_grad_slot *gx);
wg_status wg_relu_layer_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx, wg_layer_gradients *layer);
/* For shape rules: the result's rank, and its axes but the last two: those of in[0] and in[1], broadcast. Both have two at least. */
wg_status wg_broadcast_batches(const wg_call *c, wg_spec *out);
/* The cost of a matrix product whose left operand is given: an addition and a multiplication for each element of the result and
   each index inside. */
wg_cost wg_cost_product(const wg_call *c, const wg_tensor *left);

/* For builders: gives back what was made on the way where no tape owns it. */
static inline void wg_free_intermediate(wg_tensor *t)
{
    if (t && !t->tape)
        wg_free(t);
}

/* The initialisers of .kernel and .simd: what the file's kernel is called for each number type and instruction set. */
#ifdef WG_SIMD
#define KERNELS(name)                                                     \
    {name##_f32, name##_f64}, .simd = {                                   \
                                  {name##_f32_avx2, name##_f64_avx2},     \
                                  {name##_f32_avx512, name##_f64_avx512}, \
    }
#define ROWS(name)                                                                                            \
    {                                                                                                         \
        {name##_f32, name##_f64}, {name##_f32_avx2, name##_f64_avx2}, {name##_f32_avx512, name##_f64_avx512}, \
    }
#else
#define KERNELS(name)          \
    {                          \
        name##_f32, name##_f64 \
    }
#define ROWS(name)                 \
    {                              \
        {                          \
            name##_f32, name##_f64 \
        }                          \
    }
#endif
/* Of a reduction by reduce_tmpl.h whose totals are numbers of its operand's type. */
#define REDUCE_KERNELS(name) KERNELS(name), .block = ROWS(name##_block_row), .join = ROWS(name##_join_row)
/* Of an op whose kernel is MAP1, MAP2 or MAP3. */
#define MAP_KERNELS(name) KERNELS(name), .row = ROWS(name##_row)

#endif

#ifdef KERNEL_FILE
#include "ops/instances.h"
#undef KERNEL_FILE
#endif
