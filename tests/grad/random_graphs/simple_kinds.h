/* The kinds of ops that need no code of their own: functions of x, functions of a and b that broadcast, and reductions. Operands
   are mapped into a domain where the derivative is bounded. */
#ifndef RANDOM_GRAPHS_SIMPLE_KINDS_H
#define RANDOM_GRAPHS_SIMPLE_KINDS_H

#include "program.h"

static inline wg_tensor *positive(wg_tensor *x)
{
    return wg_add_scalar(wg_square(x), 0.5);
}

/* Maps to -0.9 … 0.9. */
static inline wg_tensor *inside(wg_tensor *x)
{
    return wg_mul_scalar(wg_tanh(x), 0.9);
}

#define UNARY_KINDS(X)                                                         \
    X(copy, wg_copy(x))                                                        \
    X(neg, wg_neg(x))                                                          \
    X(add_scalar, wg_add_scalar(x, draw_real(p, -1, 1)))                       \
    X(mul_scalar, wg_mul_scalar(x, draw_real(p, -2, 2)))                       \
    X(square, wg_square(x))                                                    \
    X(sqrt, wg_sqrt(positive(x)))                                              \
    X(rsqrt, wg_rsqrt(positive(x)))                                            \
    X(reciprocal, wg_reciprocal(positive(x)))                                  \
    X(pow_scalar, wg_pow_scalar(positive(x), draw_real(p, -2, 3)))             \
    X(exp, wg_exp(x))                                                          \
    X(expm1, wg_expm1(x))                                                      \
    X(log, wg_log(positive(x)))                                                \
    X(log1p, wg_log1p(wg_square(x)))                                           \
    X(log2, wg_log2(positive(x)))                                              \
    X(sin, wg_sin(x))                                                          \
    X(cos, wg_cos(x))                                                          \
    X(tan, wg_tan(inside(x)))                                                  \
    X(asin, wg_asin(inside(x)))                                                \
    X(acos, wg_acos(inside(x)))                                                \
    X(atan, wg_atan(x))                                                        \
    X(sinh, wg_sinh(x))                                                        \
    X(cosh, wg_cosh(x))                                                        \
    X(tanh, wg_tanh(x))                                                        \
    X(erf, wg_erf(x))                                                          \
    X(lgamma, wg_lgamma(positive(x)))                                          \
    X(digamma, wg_digamma(positive(x)))                                        \
    X(polygamma, wg_polygamma(1 + draw(p, 2), wg_add_scalar(wg_square(x), 1))) \
    X(sigmoid, wg_sigmoid(x))                                                  \
    X(log_sigmoid, wg_log_sigmoid(x))                                          \
    X(softplus, wg_softplus(x))                                                \
    X(gelu, wg_gelu(x))                                                        \
    X(gelu_tanh, wg_gelu_tanh(x))                                              \
    X(silu, wg_silu(x))

/* Ops with a kink at 0, in the value or in the gradient. */
#define ZERO_KINK_KINDS(X)                                            \
    X(relu, wg_relu(x))                                               \
    X(abs, wg_abs(x))                                                 \
    X(leaky_relu, wg_leaky_relu(x, .slope = draw_real(p, 0.01, 0.5))) \
    X(elu, wg_elu(x, .alpha = draw_real(p, 0.5, 2)))                  \
    X(selu, wg_selu(x))                                               \
    X(relu_squared, wg_mul(wg_relu(x), x))

/* Piecewise constant ops. */
#define STEP_KINDS(X)     \
    X(sign, wg_sign(x))   \
    X(floor, wg_floor(x)) \
    X(ceil, wg_ceil(x))   \
    X(round, wg_round(x))

#define BINARY_KINDS(X)                     \
    X(add, wg_add(a, b))                    \
    X(sub, wg_sub(a, b))                    \
    X(mul, wg_mul(a, b))                    \
    X(div, wg_div(a, positive(b)))          \
    X(pow, wg_pow(positive(a), wg_tanh(b))) \
    X(atan2, wg_atan2(a, positive(b)))      \
    X(fma, wg_fma(a, b, wg_sin(a)))         \
    X(lerp, wg_lerp(a, b, wg_sigmoid(b)))   \
    X(fan_out, wg_mul(wg_add(a, a), wg_sub(b, a)))

/* Ops with a kink where a = b. */
#define CROSSING_KINDS(X)                                  \
    X(maximum, wg_maximum(a, b))                           \
    X(minimum, wg_minimum(a, b))                           \
    X(where, wg_where(wg_gt(a, b), wg_sin(a), wg_tanh(b))) \
    X(mask_scale, wg_mask_scale(wg_add(a, b), wg_le(a, b), 1.5))

/* Reductions of x over axes o. x is constant along none of them, because a norm or deviation of 0 is a kink. */
#define REDUCTION_KINDS(X)                                                             \
    X(sum, wg_sum_with(x, o))                                                          \
    X(mean, wg_mean_with(x, o))                                                        \
    X(prod, wg_prod_with(x, o))                                                        \
    X(var, wg_var_with(x, OVER(wg_variance_options, o, .correction = 0.5)))            \
    X(std, wg_std_with(spread(p, x), OVER(wg_variance_options, o, .correction = 0.5))) \
    X(logsumexp, wg_logsumexp_with(x, o))                                              \
    X(norm2, wg_norm2_with(spread(p, x), o))                                           \
    X(norm, wg_norm_with(spread(p, x), OVER(wg_norm_options, o, .p = 2)))

/* x plus numbers that differ from element to element by enough that no two sums of x differ by rounding alone. */
static inline wg_tensor *spread(struct run *p, wg_tensor *x)
{
    const int64_t n = wg_numel(x);
    double *data = malloc((size_t)n * sizeof *data + 1);
    assert_non_null(data);
    for (int64_t i = 0; i < n; i++)
        data[i] = 2.5 + 0.7 * (double)(i * 7 % 11);
    return wg_add(x, host_numbers(p, data, WG_F64, wg_shape_of(x)));
}

/* The axes o among the options of another type. */
#define OVER(type, o, ...) ((type){.axis = (o).axis, .axes = (o).axes, .keepdims = (o).keepdims, __VA_ARGS__})

/* One axis, several, or all. */
static inline wg_reduce_options draw_axes(struct run *p, const wg_tensor *x)
{
    wg_reduce_options o = {.axis = WG_ALL, .keepdims = draw(p, 2)};
    const int way = draw(p, 4), rank = wg_rank(x);
    if (rank == 0 || way == 0)
        return o;
    if (way < 3) {
        o.axis = draw_axis(p, x) - (draw(p, 2) ? rank : 0);
        return o;
    }
    o.axes.axis[o.axes.count++] = (int8_t)draw(p, rank);
    for (int i = 0; i < rank; i++)
        if (i != o.axes.axis[0] && draw(p, 2))
            o.axes.axis[o.axes.count++] = (int8_t)i;
    return o;
}

#define UNARY_FUNCTION(name, expression)         \
    static wg_tensor *kind_##name(struct run *p) \
    {                                            \
        wg_tensor *x = operand(p);               \
        return expression;                       \
    }
UNARY_KINDS(UNARY_FUNCTION)

#define ZERO_KINK_FUNCTION(name, expression)     \
    static wg_tensor *kind_##name(struct run *p) \
    {                                            \
        wg_tensor *x = apart(p, operand(p));     \
        decide_above(p, x, 0);                   \
        return expression;                       \
    }
ZERO_KINK_KINDS(ZERO_KINK_FUNCTION)

#define STEP_FUNCTION(name, expression)                       \
    static wg_tensor *kind_##name(struct run *p)              \
    {                                                         \
        wg_tensor *x = apart(p, operand(p)), *y = expression; \
        decide(p, made(y));                                   \
        return wg_add(y, x);                                  \
    }
STEP_KINDS(STEP_FUNCTION)

#define BINARY_FUNCTION(name, expression)              \
    static wg_tensor *kind_##name(struct run *p)       \
    {                                                  \
        wg_tensor *a = operand(p), *b = partner(p, a); \
        return expression;                             \
    }
BINARY_KINDS(BINARY_FUNCTION)

#define CROSSING_FUNCTION(name, expression)                      \
    static wg_tensor *kind_##name(struct run *p)                 \
    {                                                            \
        wg_tensor *a = apart(p, operand(p)), *b = partner(p, a); \
        decide_greater(p, a, b);                                 \
        return expression;                                       \
    }
CROSSING_KINDS(CROSSING_FUNCTION)

#define REDUCTION_FUNCTION(name, expression)         \
    static wg_tensor *kind_##name(struct run *p)     \
    {                                                \
        wg_tensor *x = operand(p);                   \
        const wg_reduce_options o = draw_axes(p, x); \
        return expression;                           \
    }
REDUCTION_KINDS(REDUCTION_FUNCTION)

#endif
