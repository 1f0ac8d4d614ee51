/* The ops that square, divide or subtract, with their values and first derivatives in long double, whose range is far larger
   than that of f64. An op that is in no table is in the list of exempt ones, with the reason. */
#ifndef EXTREME_TABLES_H
#define EXTREME_TABLES_H

typedef long double real;

static real at_ends(real x, real left, real right, real between)
{
    return x == -INFINITY ? left : x == INFINITY ? right : between;
}

static real positive(real x)
{
    return x > 0 || isnan(x) ? x : 0;
}

static real sigmoid_of(real x)
{
    return x >= 0 ? 1 / (1 + expl(-x)) : expl(x) / (1 + expl(x));
}

static real softplus_of(real x)
{
    return positive(x) + log1pl(expl(-fabsl(x)));
}

static real bell_of(real x)
{
    return expl(-x * x / 2) / sqrtl(2 * acosl(-1));
}

static real below_of(real x) /* Φ */
{
    return erfcl(-x / sqrtl(2)) / 2;
}

#define GELU_SLOPE (2 * sqrtl(2 / acosl(-1)))
static real gelu_twice_u(real x)
{
    return GELU_SLOPE * (x + 0.044715L * x * x * x);
}

static real gelu_tanh_slope(real x)
{
    const real z = gelu_twice_u(x);
    return sigmoid_of(z) + x * GELU_SLOPE * (1 + 3 * 0.044715L * x * x) * sigmoid_of(z) * sigmoid_of(-z);
}

#define SELU_ALPHA 1.6732632423543772L
#define SELU_SCALE 1.0507009873554805L

/* The promised error of a derivative is relative to: itself; itself unless it is denormal; 1. */
enum promise { ITSELF, NORMAL, ONE };

/* X(name in the registry, the op of t, its value at x, its derivative, the promise) */
#define UNARY(X)                                                                                                                  \
    X(copy, wg_copy(t), x, 1, ITSELF)                                                                                             \
    X(neg, wg_neg(t), -x, -1, ITSELF)                                                                                             \
    X(add_scalar, wg_add_scalar(t, 0.5), x + 0.5L, 1, ITSELF)                                                                     \
    X(mul_scalar, wg_mul_scalar(t, 0.5), x * 0.5L, 0.5L, ITSELF)                                                                  \
    X(reciprocal, wg_reciprocal(t), 1 / x, -1 / (x * x), ITSELF)                                                                  \
    X(rsqrt, wg_rsqrt(t), 1 / sqrtl(x), -0.5L / (x * sqrtl(x)), ITSELF)                                                           \
    X(square, wg_square(t), x *x, 2 * x, ITSELF)                                                                                  \
    X(sqrt, wg_sqrt(t), sqrtl(x), 0.5L / sqrtl(x), ITSELF)                                                                        \
    X(pow_scalar, wg_pow_scalar(t, 3), x *x *x, 3 * x * x, ITSELF)                                                                \
    X(pow_scalar, wg_pow_scalar(t, 0.5), powl(x, 0.5L), 0.5L * powl(x, -0.5L), ITSELF)                                            \
    X(pow_scalar, wg_pow_scalar(t, -2), powl(x, -2), -2 * powl(x, -3), ITSELF)                                                    \
    X(abs, wg_abs(t), fabsl(x), (x > 0) - (x < 0), ITSELF)                                                                        \
    X(exp, wg_exp(t), expl(x), expl(x), ITSELF)                                                                                   \
    X(expm1, wg_expm1(t), expm1l(x), expl(x), ITSELF)                                                                             \
    X(log, wg_log(t), logl(x), 1 / x, ITSELF)                                                                                     \
    X(log1p, wg_log1p(t), log1pl(x), 1 / (1 + x), ITSELF)                                                                         \
    X(log2, wg_log2(t), log2l(x), 1 / (x * logl(2)), ITSELF)                                                                      \
    X(sin, wg_sin(t), sinl(x), cosl(x), ONE)                                                                                      \
    X(cos, wg_cos(t), cosl(x), -sinl(x), ONE)                                                                                     \
    X(tan, wg_tan(t), tanl(x), 1 + tanl(x) * tanl(x), ITSELF)                                                                     \
    X(asin, wg_asin(t), asinl(x), 1 / sqrtl((1 - x) * (1 + x)), ITSELF)                                                           \
    X(acos, wg_acos(t), acosl(x), -1 / sqrtl((1 - x) * (1 + x)), ITSELF)                                                          \
    X(atan, wg_atan(t), atanl(x), 1 / (1 + x * x), NORMAL)                                                                        \
    X(sinh, wg_sinh(t), sinhl(x), coshl(x), ITSELF)                                                                               \
    X(cosh, wg_cosh(t), coshl(x), sinhl(x), ITSELF)                                                                               \
    X(erf, wg_erf(t), erfl(x), 2 / sqrtl(acosl(-1)) * expl(-x * x), ITSELF)                                                       \
    X(tanh, wg_tanh(t), tanhl(x), 1 / (coshl(x) * coshl(x)), ONE)                                                                 \
    X(sigmoid, wg_sigmoid(t), sigmoid_of(x), sigmoid_of(x) * sigmoid_of(-x), ONE)                                                 \
    X(softplus, wg_softplus(t), softplus_of(x), sigmoid_of(x), ITSELF)                                                            \
    X(log_sigmoid, wg_log_sigmoid(t), -softplus_of(-x), sigmoid_of(-x), ITSELF)                                                   \
    X(relu, wg_relu(t), positive(x), x > 0, ITSELF)                                                                               \
    X(leaky_relu, wg_leaky_relu(t, .slope = 0.25), x > 0 ? x : x / 4, x > 0 ? 1 : 0.25L, ITSELF)                                  \
    X(elu, wg_elu(t, .alpha = 2), x > 0 ? x : 2 * expm1l(x), x > 0 ? 1 : 2 * expl(x), ITSELF)                                     \
    X(selu, wg_selu(t), SELU_SCALE *(x > 0 ? x : SELU_ALPHA * expm1l(x)), SELU_SCALE *(x > 0 ? 1 : SELU_ALPHA * expl(x)), ITSELF) \
    X(gelu, wg_gelu(t), at_ends(x, 0, x, x *below_of(x)), at_ends(x, 0, 1, below_of(x) + x * bell_of(x)), NORMAL)                 \
    X(gelu_tanh, wg_gelu_tanh(t), at_ends(x, 0, x, x *sigmoid_of(gelu_twice_u(x))), at_ends(x, 0, 1, gelu_tanh_slope(x)), NORMAL) \
    X(silu, wg_silu(t), at_ends(x, 0, x, x *sigmoid_of(x)), at_ends(x, 0, 1, sigmoid_of(x) * (1 + x * sigmoid_of(-x))), ITSELF)   \
    X(bounded_log, wg_bounded_log(t, false), isnan(logl(x)) ? NAN : fmaxl(logl(x), -100), 1 / fmaxl(x, 1e-12L), ITSELF)           \
    X(clamp, wg_clamp(t, -1, 1), x > 1 ? 1 : x < -1 ? -1 : x, x >= -1 && x <= 1, ITSELF)                                          \
    X(hardtanh, wg_hardtanh(t), x > 1 ? 1 : x < -1 ? -1 : x, x >= -1 && x <= 1, ITSELF)

static real angle_slope(real a, real b)
{
    return isnan(a) || isnan(b) ? NAN : isinf(a) || isinf(b) ? 0 : b / (a * a + b * b);
}

static real huber_of(real d)
{
    return d > 1 ? d - 0.5L : d * d / 2;
}

/* X(name, the op of t and u, its value at a and b, its derivatives with respect to a and b) */
#define BINARY(X)                                                                 \
    X(add, wg_add(t, u), a + b, 1, 1)                                             \
    X(sub, wg_sub(t, u), a - b, 1, -1)                                            \
    X(mul, wg_mul(t, u), a *b, b, a)                                              \
    X(div, wg_div(t, u), a / b, 1 / b, -a / (b * b))                              \
    X(atan2, wg_atan2(t, u), atan2l(a, b), angle_slope(a, b), -angle_slope(b, a)) \
    X(huber_terms, wg_huber_terms(t, u, 1), huber_of(fabsl(a - b)), fmaxl(-1, fminl(1, a - b)), -fmaxl(-1, fminl(1, a - b)))

/* ---- ops on a row of four elements ---- */

/* The gradient of the result. */
static const double weight_of_row[4] = {0.25, -0.75, 1.125, 0.375};

/* value computes y from x and returns its number of elements. slope is ∂/∂x_k of Σ weight y; if NULL, differences are used.
   most: the largest magnitude of x, by dtype, for which ops.def promises value and gradient. */
struct row_op {
    const char *op;
    wg_tensor *(*run)(wg_tensor *t);
    int (*value)(const real *x, real *y);
    real (*slope)(const real *x, int k);
    enum promise promise;
    double most[2];
};

static real sum_of(const real *x)
{
    return x[0] + x[1] + x[2] + x[3];
}

static real squares_about(const real *x, real mean)
{
    real sum = 0;
    for (int i = 0; i < 4; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum;
}

static real logsumexp_of(const real *x)
{
    const real most = fmaxl(fmaxl(x[0], x[1]), fmaxl(x[2], x[3]));
    return most + logl(expl(x[0] - most) + expl(x[1] - most) + expl(x[2] - most) + expl(x[3] - most));
}

static real normal_of(const real *x, int i)
{
    const real mean = sum_of(x) / 4;
    return (x[i] - mean) / sqrtl(squares_about(x, mean) / 4 + 1e-5L);
}

static real focal_of(real x) /* of a target of 1 */
{
    return 0.25L * sigmoid_of(-x) * sigmoid_of(-x) * softplus_of(-x);
}

static real cosine_of(const real *x) /* with four ones */
{
    return sum_of(x) / (2 * fmaxl(sqrtl(squares_about(x, 0)), 1e-8L));
}

/* An op with n results, y[i] = expression in x and i. */
#define ROW_OP(name, op, n, expression)             \
    static wg_tensor *run_##name(wg_tensor *t)      \
    {                                               \
        return op;                                  \
    }                                               \
    static int value_##name(const real *x, real *y) \
    {                                               \
        for (int i = 0; i < n; i++)                 \
            y[i] = expression;                      \
        return n;                                   \
    }
#define ZEROS wg_zeros(wg_dtype_of(t), wg_shape_of(t))
#define ONES wg_ones(wg_dtype_of(t), wg_shape_of(t))
#define LABEL(k) wg_from(((const int64_t[]){k}), WG_SHAPE(1))
#define AS_ROW wg_reshape(t, WG_SHAPE(1, 4))
#define AS_COLUMN wg_reshape(t, WG_SHAPE(4, 1))

ROW_OP(sum, wg_sum(t), 1, sum_of(x))
ROW_OP(mean, wg_mean(t), 1, sum_of(x) / 4)
ROW_OP(sum_squares, wg_sum_squares(t), 1, squares_about(x, 0))
ROW_OP(sum_abs, wg_sum_abs(t), 1, fabsl(x[0]) + fabsl(x[1]) + fabsl(x[2]) + fabsl(x[3]))
ROW_OP(norm2, wg_norm2(t), 1, sqrtl(squares_about(x, 0)))
ROW_OP(norm, wg_norm(t), 1, sqrtl(squares_about(x, 0)))
ROW_OP(norm_one, wg_norm(t, .p = 1), 1, fabsl(x[0]) + fabsl(x[1]) + fabsl(x[2]) + fabsl(x[3]))
ROW_OP(norm_infinite, wg_norm(t, .p = (double)INFINITY), 1, x[3])
ROW_OP(var, wg_var(t), 1, squares_about(x, sum_of(x) / 4) / 3)
ROW_OP(std, wg_std(t), 1, sqrtl(squares_about(x, sum_of(x) / 4) / 3))
ROW_OP(logsumexp, wg_logsumexp(t), 1, logsumexp_of(x))
ROW_OP(softmax, wg_softmax(t, .axis = 0), 4, expl(x[i] - logsumexp_of(x)))
ROW_OP(log_softmax, wg_log_softmax(t, .axis = 0), 4, x[i] - logsumexp_of(x))
ROW_OP(mse, wg_mse(t, ZEROS), 1, squares_about(x, 0) / 4)
ROW_OP(huber, wg_huber(t, ZEROS), 1,
       (huber_of(fabsl(x[0])) + huber_of(fabsl(x[1])) + huber_of(fabsl(x[2])) + huber_of(fabsl(x[3]))) / 4)
ROW_OP(kl_div, wg_kl_div(t, wg_full(wg_dtype_of(t), WG_SHAPE(4), 0.25), .reduction = WG_REDUCTION_SUM), 1, -logl(4) - sum_of(x) / 4)
ROW_OP(bce_with_logits, wg_bce_with_logits(t, ONES), 1,
       (softplus_of(-x[0]) + softplus_of(-x[1]) + softplus_of(-x[2]) + softplus_of(-x[3])) / 4)
ROW_OP(cross_entropy, wg_cross_entropy(AS_ROW, LABEL(1), .smoothing = 0.5), 1, logsumexp_of(x) - x[1] / 2 - sum_of(x) / 8)
ROW_OP(cross_entropy_labels, wg_cross_entropy_labels(AS_ROW, LABEL(1)), 1, logsumexp_of(x) - x[1])
ROW_OP(nll, wg_nll(AS_ROW, LABEL(2)), 1, -x[2])
ROW_OP(l1, wg_l1(t, ZEROS), 1, (fabsl(x[0]) + fabsl(x[1]) + fabsl(x[2]) + fabsl(x[3])) / 4)
ROW_OP(logistic, wg_logistic(t, ONES), 1, (softplus_of(-x[0]) + softplus_of(-x[1]) + softplus_of(-x[2]) + softplus_of(-x[3])) / 4)
ROW_OP(hinge, wg_hinge(t, ONES, .margin = 0.75), 1,
       (positive(0.75L - x[0]) + positive(0.75L - x[1]) + positive(0.75L - x[2]) + positive(0.75L - x[3])) / 4)
ROW_OP(focal, wg_focal(t, ONES), 1, (focal_of(x[0]) + focal_of(x[1]) + focal_of(x[2]) + focal_of(x[3])) / 4)
ROW_OP(multi_margin, wg_multi_margin(AS_ROW, LABEL(1), .divide = false), 1, 3 + x[0] + x[2] + x[3] - 3 * x[1])
ROW_OP(crammer_singer, wg_crammer_singer(AS_ROW, LABEL(1)), 1, 1 + x[3] - x[1])
ROW_OP(margin_ranking, wg_margin_ranking(ZEROS, t, ONES), 1,
       (positive(x[0]) + positive(x[1]) + positive(x[2]) + positive(x[3])) / 4)
ROW_OP(cosine_similarity, wg_cosine_similarity(t, ONES, .axis = 0), 1, cosine_of(x))
ROW_OP(cosine_loss, wg_cosine_loss(t, ONES, .axis = 0), 1, -cosine_of(x))
ROW_OP(pairwise_distance, wg_pairwise_distance(t, ZEROS), 1, sqrtl(squares_about(x, -1e-6L)))
ROW_OP(contrastive, wg_contrastive(t, ZEROS, wg_scalar(WG_I64, 0)), 1, squares_about(x, 0) / 2)
ROW_OP(gaussian_nll, wg_gaussian_nll(t, ZEROS, ONES), 1, squares_about(x, 0) / 8)
ROW_OP(wasserstein, wg_wasserstein(t, ZEROS), 1, (fabsl(x[0]) + fabsl(x[1]) + fabsl(x[2]) + fabsl(x[3])) / 4)
ROW_OP(layer_norm, wg_layer_norm(AS_ROW), 4, normal_of(x, i))
ROW_OP(group_norm, wg_group_norm(AS_ROW, 1), 4, normal_of(x, i))
ROW_OP(batch_norm, wg_batch_norm(AS_COLUMN), 4, normal_of(x, i))
ROW_OP(batch_norm_relu, wg_batch_norm_relu(AS_COLUMN), 4, positive(normal_of(x, i)))

/* Closed forms of the derivative for ops whose curvature makes differences inaccurate. */
static real share_of(const real *x, int k)
{
    return expl(x[k] - logsumexp_of(x));
}
#define SLOPE(name, expression)                    \
    static real slope_##name(const real *x, int k) \
    {                                              \
        const double *w = weight_of_row;           \
        return expression;                         \
    }
SLOPE(logsumexp, w[0] * share_of(x, k))
SLOPE(softmax,
      share_of(x, k) * (w[k] - (w[0] * share_of(x, 0) + w[1] * share_of(x, 1) + w[2] * share_of(x, 2) + w[3] * share_of(x, 3))))
SLOPE(log_softmax, w[k] - share_of(x, k) * (w[0] + w[1] + w[2] + w[3]))
SLOPE(huber, w[0] * fmaxl(-1, fminl(1, x[k])) / 4)
SLOPE(kl_div, w[0] / -4 + 0 * x[k])
SLOPE(bce_with_logits, w[0] * -sigmoid_of(-x[k]) / 4)
SLOPE(logistic, w[0] * -sigmoid_of(-x[k]) / 4)
SLOPE(hinge, w[0] * -(x[k] < 0.75L) / 4)
SLOPE(focal,
      w[0] * 0.25L * sigmoid_of(-x[k]) * sigmoid_of(-x[k]) * (-2 * sigmoid_of(x[k]) * softplus_of(-x[k]) - sigmoid_of(-x[k])) / 4)
SLOPE(multi_margin, w[0] * (k == 1 ? -3 : 1) + 0 * x[k])
SLOPE(crammer_singer, w[0] * ((k == 3) - (k == 1)) + 0 * x[k])
SLOPE(pairwise_distance, w[0] * (x[k] + 1e-6L) / sqrtl(squares_about(x, -1e-6L)))
SLOPE(margin_ranking, w[0] * (x[k] > 0) / 4)
SLOPE(cross_entropy, w[0] * (share_of(x, k) - 0.125L - (k == 1) * 0.5L))
SLOPE(cross_entropy_labels, w[0] * (share_of(x, k) - (k == 1)))

#define ANY                \
    {                      \
        INFINITY, INFINITY \
    }
#define BY_DIFFERENCES(op, row)                        \
    {                                                  \
#op, run_##row, value_##row, NULL, ITSELF, ANY \
    }
#define BY_FORMULA(op, promise)                             \
    {                                                       \
#op, run_##op, value_##op, slope_##op, promise, ANY \
    }
#define NORMALISED(op)                           \
    {                                            \
#op, run_##op, value_##op, NULL, ITSELF, \
        {                                        \
            INFINITY, 1e150                      \
        }                                        \
    }
static const struct row_op row_ops_table[] = {
    BY_DIFFERENCES(sum, sum),
    BY_DIFFERENCES(mean, mean),
    BY_DIFFERENCES(sum_squares, sum_squares),
    BY_DIFFERENCES(sum_abs, sum_abs),
    BY_DIFFERENCES(norm2, norm2),
    BY_DIFFERENCES(norm, norm),
    BY_DIFFERENCES(norm, norm_one),
    BY_DIFFERENCES(norm, norm_infinite),
    BY_DIFFERENCES(var, var),
    BY_DIFFERENCES(std, std),
    BY_DIFFERENCES(mse, mse),
    BY_DIFFERENCES(nll, nll),
    BY_DIFFERENCES(l1, l1),
    BY_DIFFERENCES(cosine_similarity, cosine_similarity),
    BY_DIFFERENCES(cosine_loss, cosine_loss),
    BY_DIFFERENCES(contrastive, contrastive),
    BY_DIFFERENCES(gaussian_nll, gaussian_nll),
    BY_DIFFERENCES(wasserstein, wasserstein),
    BY_FORMULA(logistic, ITSELF),
    BY_FORMULA(hinge, ITSELF),
    BY_FORMULA(focal, ONE),
    BY_FORMULA(margin_ranking, ITSELF),
    BY_FORMULA(multi_margin, ITSELF),
    BY_FORMULA(crammer_singer, ITSELF),
    BY_FORMULA(pairwise_distance, ITSELF),
    BY_FORMULA(logsumexp, ITSELF),
    BY_FORMULA(softmax, ONE),
    BY_FORMULA(log_softmax, ITSELF),
    BY_FORMULA(huber, ITSELF),
    BY_FORMULA(kl_div, ONE),
    BY_FORMULA(bce_with_logits, ITSELF),
    BY_FORMULA(cross_entropy, ITSELF),
    BY_FORMULA(cross_entropy_labels, ITSELF),
    NORMALISED(layer_norm),
    NORMALISED(group_norm),
    NORMALISED(batch_norm),
    NORMALISED(batch_norm_relu),
};

/* Ops that are in no table, with the reason. */
static const struct {
    const char *op, *why;
} exempt[] = {
    {"maximum", "chooses"},
    {"minimum", "chooses"},
    {"maximum_grad", "chooses"},
    {"minimum_grad", "chooses"},
    {"where", "chooses"},
    {"clamp_grad", "chooses"},
    {"relu_grad", "chooses"},
    {"leaky_relu_grad", "chooses a factor"},
    {"max", "chooses"},
    {"min", "chooses"},
    {"maxout", "chooses"},
    {"sort", "chooses"},
    {"topk", "chooses"},
    {"extremum_grad", "chooses"},
    {"extremum_pick", "chooses"},
    {"max_pool2d", "chooses"},
    {"max_pool2d_grad", "chooses"},
    {"max_pool2d_pick", "chooses"},
    {"max_pool1d", "chooses"},
    {"max_pool3d", "chooses"},
    {"adaptive_max_pool1d", "chooses"},
    {"adaptive_max_pool2d", "chooses"},
    {"adaptive_max_pool3d", "chooses"},
    {"argmax", "gives integers"},
    {"argmin", "gives integers"},
    {"permutation", "gives integers"},
    {"eq", "gives a mask"},
    {"ne", "gives a mask"},
    {"lt", "gives a mask"},
    {"le", "gives a mask"},
    {"gt", "gives a mask"},
    {"ge", "gives a mask"},
    {"logical_and", "gives a mask"},
    {"logical_or", "gives a mask"},
    {"logical_xor", "gives a mask"},
    {"logical_not", "gives a mask"},
    {"is_nan", "gives a mask"},
    {"is_inf", "gives a mask"},
    {"is_finite", "gives a mask"},
    {"any", "gives a mask"},
    {"all", "gives a mask"},
    {"sign", "rounds"},
    {"floor", "rounds"},
    {"ceil", "rounds"},
    {"round", "rounds"},
    {"cast", "rounds"},
    {"straight_through", "moves elements"},
    {"detach", "moves elements"},
    {"reshape", "moves elements"},
    {"permute", "moves elements"},
    {"slice", "moves elements"},
    {"slice_grad", "moves elements"},
    {"select", "moves elements"},
    {"transpose", "moves elements"},
    {"view_add", "adds"},
    {"broadcast_to", "moves elements"},
    {"expand", "moves elements"},
    {"squeeze", "moves elements"},
    {"unsqueeze", "moves elements"},
    {"flip", "moves elements"},
    {"concat", "moves elements"},
    {"stack", "moves elements"},
    {"repeat", "moves elements"},
    {"pad", "moves elements"},
    {"gather", "moves elements"},
    {"index_select", "moves elements"},
    {"embedding", "moves elements"},
    {"expect", "moves elements"},
    {"unfold", "moves elements"},
    {"pixel_shuffle", "moves elements"},
    {"pixel_unshuffle", "moves elements"},
    {"pad_mode", "moves elements"},
    {"one_hot", "moves elements"},
    {"tril", "moves elements"},
    {"triu", "moves elements"},
    {"diag", "moves elements"},
    {"diagonal", "moves elements"},
    {"diagonal_grad", "moves elements"},
    {"assign", "moves elements"},
    {"scatter_add", "adds"},
    {"index_add", "adds"},
    {"accumulate", "adds"},
    {"increment", "adds"},
    {"cumsum", "adds"},
    {"channel_sum", "adds"},
    {"relu_bias_grad", "adds"},
    {"fma", "a product and a sum"},
    {"prod", "a product; tests/ops/extremes.c has its zeros"},
    {"dot", "a sum of products"},
    {"outer", "a product"},
    {"matmul", "a sum of products"},
    {"addmm", "a sum of products"},
    {"linear", "a sum of products"},
    {"linear_relu", "a sum of products"},
    {"einsum", "a sum of products"},
    {"conv1d", "a sum of products"},
    {"conv2d", "a sum of products"},
    {"conv2d_relu", "a sum of products"},
    {"conv2d_input", "a sum of products"},
    {"conv2d_weight", "a sum of products"},
    {"conv3d", "a sum of products"},
    {"conv_transpose1d", "a sum of products"},
    {"conv_transpose2d", "a sum of products"},
    {"conv_transpose3d", "a sum of products"},
    {"resample", "a sum of products"},
    {"resample_grad", "a sum of products"},
    {"interpolate", "a sum of products"},
    {"fold", "adds"},
    {"avg_pool2d", "a sum and a factor"},
    {"avg_pool2d_grad", "a sum and a factor"},
    {"avg_pool1d", "a sum and a factor"},
    {"avg_pool3d", "a sum and a factor"},
    {"adaptive_avg_pool1d", "a sum and a factor"},
    {"adaptive_avg_pool2d", "a sum and a factor"},
    {"adaptive_avg_pool3d", "a sum and a factor"},
    {"lerp", "three operands: tests/ops/averages.c"},
    {"pow", "a and b have ranges that depend on each other: tests/accuracy, and kinks_agree in tests/ops/kinks.c"},
    {"lgamma", "series: tests/accuracy"},
    {"digamma", "series: tests/accuracy"},
    {"polygamma", "series: tests/accuracy"},
    {"atan2_slope", "reached as the derivative of atan2"},
    {"tanh_grad", "reached as the derivative of tanh"},
    {"sigmoid_grad", "reached as the derivative of sigmoid"},
    {"gelu_grad", "reached as the derivative of gelu"},
    {"gelu_tanh_grad", "reached as the derivative of gelu_tanh"},
    {"silu_grad", "reached as the derivative of silu"},
    {"mish", "a product of x and tanh of softplus"},
    {"rms_norm", "a quotient of x and norm2"},
    {"elu_grad", "reached as the derivative of elu"},
    {"softmax_grad", "reached as the derivative of softmax"},
    {"log_softmax_grad", "reached as the derivative of log_softmax"},
    {"cross_entropy_grad", "reached as the derivative of cross_entropy_labels"},
    {"batch_norm_grad", "reached as the derivative of batch_norm"},
    {"layer_norm_grad", "reached as the derivative of layer_norm"},
    {"lstm_cell", "sums and products of sigmoid and tanh"},
    {"gru_cell", "sums and products of sigmoid and tanh"},
    {"lstm", "sums and products of sigmoid and tanh"},
    {"lstm_grad", "reached as the derivative of lstm"},
    {"lstm_cell_grad", "reached as the derivative of lstm_cell"},
    {"gru_cell_grad", "reached as the derivative of gru_cell"},
    {"triplet_margin", "a difference of two pairwise_distance"},
    {"cosine_embedding", "a difference of cosine_similarity and a number"},
    {"poisson_nll", "a difference of eˣ and a product; tests/ops/extreme_losses.c"},
    {"bce", "for 0 … 1; its logarithms are bounded_log"},
    {"dice", "for 0 … 1, a quotient of sums"},
    {"wasserstein_histogram", "for 0 and above, of sums of quotients; tests/ops/extreme_losses.c"},
    {"ctc", "ctc_each and a mean"},
    {"ctc_each", "of logarithms: tests/ops/ctc.c"},
    {"ctc_grad", "reached as the derivative of ctc_each"},
    {"mask_scale", "a product, or nothing: tests/ops/excluded.c"},
    {"dropout", "a product, or nothing: tests/ops/excluded.c"},
    {"attention", "softmax and products: tests/ops/excluded.c"},
    {"attention_grad", "reached as the derivative of attention"},
    {"attention_weights", "softmax of a product: tests/ops/excluded.c"},
    {"cholesky", "linear algebra, by LAPACK"},
    {"triangular_solve", "linear algebra, by LAPACK"},
    {"solve", "linear algebra, by LAPACK"},
    {"inverse", "linear algebra, by LAPACK"},
    {"logdet", "linear algebra, by LAPACK"},
    {"qr", "linear algebra, by LAPACK"},
    {"eigh", "linear algebra, by LAPACK"},
    {"uniform", "draws"},
    {"normal", "draws"},
    {"truncated_normal", "draws"},
    {"bernoulli", "draws"},
    {"ema_update", "a weighted mean: tests/ops/averages.c"},
    {"running_variance_update", "a weighted mean of squares; tests/cases/batch_norm_statistics.c"},
    {"sgd_update", "products and sums"},
    {"adam_update", "its state holds g² in the parameter's dtype, as ops.def says"},
};

#endif
