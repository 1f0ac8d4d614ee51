/* Numeric parameters of ops: the ends of each range are accepted or refused as documented. NaN and numbers outside are refused
   by a message that names the parameter, the range and the number. An op with a numeric parameter that is in no list fails the
   test. */
#include "common.h"
#include "op_arguments.h"

/* Operands for the calls below. */
static wg_tensor *x, *y, *m, *s, *w, *signs, *labels, *generator, *count, *g[3];

/* Defines a call with the number v; returns whether it succeeded. */
#define MAKES(name, call)        \
    static bool name(double v)   \
    {                            \
        wg_tensor *made_ = call; \
        wg_drop(made_);          \
        return made_ != NULL;    \
    }
#define DOES(name, call)       \
    static bool name(double v) \
    {                          \
        return call == WG_OK;  \
    }
#define ADAM(...) wg_adam_update(y, m, s, x, count, count, __VA_ARGS__)
#define SGD(...) wg_sgd_update(y, WG_NONE, x, count, count, __VA_ARGS__)
#define SHAPED WG_F32, WG_SHAPE(2)
MAKES(clamp_low, wg_clamp(x, v, (double)INFINITY))
MAKES(clamp_high, wg_clamp(x, 1, v))
MAKES(hardtanh_low, wg_hardtanh(x, .low = v, .high = (double)INFINITY))
MAKES(hardtanh_high, wg_hardtanh(x, .low = 1, .high = v))
MAKES(clamp_grad_low, wg_clamp_grad(x, y, v, (double)INFINITY))
MAKES(clamp_grad_high, wg_clamp_grad(x, y, 1, v))
MAKES(leaky_relu_slope, wg_leaky_relu(x, .slope = v))
MAKES(leaky_relu_grad_slope, wg_leaky_relu_grad(x, y, v))
MAKES(elu_alpha, wg_elu(x, .alpha = v))
MAKES(elu_scale, wg_elu(x, .scale = v))
MAKES(elu_grad_alpha, wg_elu_grad(x, y, v, 1))
MAKES(elu_grad_scale, wg_elu_grad(x, y, 1, v))
MAKES(var_correction, wg_var(x, .correction = v))
MAKES(std_correction, wg_std(x, .correction = v))
MAKES(huber_delta, wg_huber(x, y, .delta = v))
MAKES(huber_terms_delta, wg_huber_terms(x, y, v))
MAKES(cross_entropy_smoothing, wg_cross_entropy(x, y, .smoothing = v))
MAKES(hinge_margin, wg_hinge(x, w, .margin = v))
MAKES(multi_margin_margin, wg_multi_margin(x, labels, .margin = v))
MAKES(crammer_singer_margin, wg_crammer_singer(x, labels, .margin = v))
MAKES(focal_gamma, wg_focal(x, w, .gamma = v))
MAKES(focal_alpha, wg_focal(x, w, .alpha = v))
MAKES(cosine_similarity_eps, wg_cosine_similarity(x, y, .eps = v))
MAKES(cosine_loss_eps, wg_cosine_loss(x, y, .eps = v))
MAKES(cosine_embedding_margin, wg_cosine_embedding(x, y, signs, .margin = v))
MAKES(contrastive_margin, wg_contrastive(x, y, signs, .margin = v))
MAKES(pairwise_distance_p, wg_pairwise_distance(x, y, .p = v))
MAKES(pairwise_distance_eps, wg_pairwise_distance(x, y, .eps = v))
MAKES(triplet_margin_margin, wg_triplet_margin(x, y, m, .margin = v))
MAKES(triplet_margin_p, wg_triplet_margin(x, y, m, .p = v))
MAKES(triplet_margin_eps, wg_triplet_margin(x, y, m, .eps = v))
MAKES(margin_ranking_margin, wg_margin_ranking(x, y, w, .margin = v))
MAKES(gaussian_nll_eps, wg_gaussian_nll(x, y, w, .eps = v))
MAKES(poisson_nll_eps, wg_poisson_nll(x, w, .eps = v))
MAKES(dice_smooth, wg_dice(w, w, .smooth = v))
MAKES(wasserstein_p, wg_wasserstein(x, y, .p = v))
MAKES(wasserstein_histogram_step, wg_wasserstein_histogram(w, w, .step = v))
MAKES(batch_norm_eps, wg_batch_norm(x, .eps = v))
MAKES(batch_norm_relu_eps, wg_batch_norm_relu(x, .eps = v))
MAKES(layer_norm_eps, wg_layer_norm(x, .eps = v))
MAKES(rms_norm_eps, wg_rms_norm(x, .eps = v))
MAKES(group_norm_eps, wg_group_norm(x, 1, .eps = v))
MAKES(normal_mean, wg_normal(generator, SHAPED, v, 1))
MAKES(normal_deviation, wg_normal(generator, SHAPED, 1, v))
MAKES(truncated_normal_mean, wg_truncated_normal(generator, SHAPED, v, 1, -(double)INFINITY, (double)INFINITY))
MAKES(truncated_normal_deviation, wg_truncated_normal(generator, SHAPED, 0, v, -(double)INFINITY, (double)INFINITY))
MAKES(truncated_normal_low, wg_truncated_normal(generator, SHAPED, 0, 1e308, v, (double)INFINITY))
MAKES(truncated_normal_high, wg_truncated_normal(generator, SHAPED, 0, 1, -1, v))
MAKES(bernoulli_p, wg_bernoulli(generator, SHAPED, v))
MAKES(dropout_p, wg_dropout(x, generator, v))
DOES(ema_update_rate, wg_ema_update(y, x, v))
DOES(running_variance_update_rate, wg_running_variance_update(y, x, v, 4))
DOES(sgd_update_momentum, SGD(v, 0, 0, false))
DOES(sgd_update_dampening, SGD(0.5, v, 0, false))
DOES(sgd_update_weight_decay, SGD(0, 0, v, false))
MAKES(attention_scale, wg_attention(x, y, y, .scale = v))
MAKES(attention_weights_scale, wg_attention_weights(x, y, .scale = v))
DOES(attention_grad_scale, wg_attention_grad(x, y, y, WG_NONE, wg_zeros(WG_F32, WG_SHAPE(2, 1)), x, false, v, &g[0], &g[1], &g[2]))
DOES(adam_update_beta1, ADAM(v, 0.9, 1e-8, 0, false))
DOES(adam_update_beta2, ADAM(0.9, v, 1e-8, 0, false))
DOES(adam_update_eps, ADAM(0.9, 0.9, v, 0, false))
DOES(adam_update_weight_decay, ADAM(0.9, 0.9, 1e-8, v, false))

#define INF ((double)INFINITY)
#define PARAMETER(op, parameter, range, low, takes_low, high, takes_high)          \
    {                                                                              \
#op, #parameter, range, low, high, takes_low, takes_high, op##_##parameter \
    }
static const struct parameter {
    const char *op, *parameter, *range;
    double low, high;
    bool takes_low, takes_high;
    bool (*call)(double v);
} parameters[] = {
    PARAMETER(clamp, low, "[-inf, inf]", -INF, true, INF, true),
    PARAMETER(clamp, high, "[1, inf]", 1, true, INF, true),
    PARAMETER(hardtanh, low, "[-inf, inf]", -INF, true, INF, true),
    PARAMETER(hardtanh, high, "[1, inf]", 1, true, INF, true),
    PARAMETER(clamp_grad, low, "[-inf, inf]", -INF, true, INF, true),
    PARAMETER(clamp_grad, high, "[1, inf]", 1, true, INF, true),
    PARAMETER(leaky_relu, slope, "[-inf, inf]", -INF, true, INF, true),
    PARAMETER(leaky_relu_grad, slope, "[-inf, inf]", -INF, true, INF, true),
    PARAMETER(elu, alpha, "[0, inf)", 0, true, INF, false),
    PARAMETER(elu, scale, "(0, inf)", 0, false, INF, false),
    PARAMETER(elu_grad, alpha, "[0, inf)", 0, true, INF, false),
    PARAMETER(elu_grad, scale, "(0, inf)", 0, false, INF, false),
    PARAMETER(var, correction, "(-inf, inf)", -INF, false, INF, false),
    PARAMETER(std, correction, "(-inf, inf)", -INF, false, INF, false),
    PARAMETER(huber, delta, "(0, inf)", 0, false, INF, false),
    PARAMETER(huber_terms, delta, "(0, inf)", 0, false, INF, false),
    PARAMETER(cross_entropy, smoothing, "[0, 1]", 0, true, 1, true),
    PARAMETER(hinge, margin, "(-inf, inf)", -INF, false, INF, false),
    PARAMETER(multi_margin, margin, "(-inf, inf)", -INF, false, INF, false),
    PARAMETER(crammer_singer, margin, "(-inf, inf)", -INF, false, INF, false),
    PARAMETER(focal, gamma, "[0, inf)", 0, true, INF, false),
    PARAMETER(focal, alpha, "[0, 1]", 0, true, 1, true),
    PARAMETER(cosine_similarity, eps, "(0, inf)", 0, false, INF, false),
    PARAMETER(cosine_loss, eps, "(0, inf)", 0, false, INF, false),
    PARAMETER(cosine_embedding, margin, "(-inf, inf)", -INF, false, INF, false),
    PARAMETER(contrastive, margin, "(-inf, inf)", -INF, false, INF, false),
    PARAMETER(pairwise_distance, p, "[1, inf]", 1, true, INF, true),
    PARAMETER(pairwise_distance, eps, "[0, inf)", 0, true, INF, false),
    PARAMETER(triplet_margin, margin, "(-inf, inf)", -INF, false, INF, false),
    PARAMETER(triplet_margin, p, "[1, inf]", 1, true, INF, true),
    PARAMETER(triplet_margin, eps, "[0, inf)", 0, true, INF, false),
    PARAMETER(margin_ranking, margin, "(-inf, inf)", -INF, false, INF, false),
    PARAMETER(gaussian_nll, eps, "(0, inf)", 0, false, INF, false),
    PARAMETER(poisson_nll, eps, "(0, inf)", 0, false, INF, false),
    PARAMETER(dice, smooth, "[0, inf)", 0, true, INF, false),
    PARAMETER(wasserstein, p, "[1, inf]", 1, true, INF, true),
    PARAMETER(wasserstein_histogram, step, "(0, inf)", 0, false, INF, false),
    PARAMETER(batch_norm, eps, "[0, inf)", 0, true, INF, false),
    PARAMETER(batch_norm_relu, eps, "[0, inf)", 0, true, INF, false),
    PARAMETER(layer_norm, eps, "[0, inf)", 0, true, INF, false),
    PARAMETER(rms_norm, eps, "[0, inf)", 0, true, INF, false),
    PARAMETER(group_norm, eps, "[0, inf)", 0, true, INF, false),
    PARAMETER(normal, mean, "(-inf, inf)", -INF, false, INF, false),
    PARAMETER(normal, deviation, "[0, inf)", 0, true, INF, false),
    PARAMETER(truncated_normal, mean, "(-inf, inf)", -INF, false, INF, false),
    PARAMETER(truncated_normal, deviation, "(0, inf)", 0, false, INF, false),
    PARAMETER(truncated_normal, low, "[-inf, inf)", -INF, true, INF, false),
    PARAMETER(truncated_normal, high, "(-1, inf]", -1, false, INF, true),
    PARAMETER(bernoulli, p, "[0, 1]", 0, true, 1, true),
    PARAMETER(dropout, p, "[0, 1)", 0, true, 1, false),
    PARAMETER(ema_update, rate, "[0, 1]", 0, true, 1, true),
    PARAMETER(running_variance_update, rate, "[0, 1]", 0, true, 1, true),
    PARAMETER(sgd_update, momentum, "[0, inf)", 0, true, INF, false),
    PARAMETER(sgd_update, dampening, "[-1, 1]", -1, true, 1, true),
    PARAMETER(sgd_update, weight_decay, "[0, inf)", 0, true, INF, false),
    PARAMETER(attention, scale, "[0, inf)", 0, true, INF, false),
    PARAMETER(attention_weights, scale, "[0, inf)", 0, true, INF, false),
    PARAMETER(attention_grad, scale, "[0, inf)", 0, true, INF, false),
    PARAMETER(adam_update, beta1, "[0, 1)", 0, true, 1, false),
    PARAMETER(adam_update, beta2, "[0, 1)", 0, true, 1, false),
    PARAMETER(adam_update, eps, "[0, inf)", 0, true, INF, false),
    PARAMETER(adam_update, weight_decay, "[0, inf)", 0, true, INF, false),
};
enum { N_PARAMETERS = sizeof parameters / sizeof *parameters };

/* Ops whose numeric parameters have no such range, with the reason. */
static const struct {
    const char *op, *why;
} others[] = {
    {"add_scalar", "an operand"},
    {"expect", "bounds of the operand's elements; misuse_expect has them"},
    {"mul_scalar", "an operand"},
    {"pow_scalar", "an operand"},
    {"mask_scale", "an operand"},
    {"norm", "1, 2 or INFINITY; extremes.c has others"},
    {"interpolate", "0: a size stands for the scale, and large ones make no tensor; misuse_interpolate has its range"},
    {"pad", "an operand; misuse_pad has those that do not fit its dtype"},
    {"uniform", "an interval of finite numbers of the dtype; misuse_uniform has it"},
};

static void try_number(const struct parameter *p, double v, bool donated)
{
    char message[200];
    WG_TAPE(tape);
    const int n = snprintf(message, sizeof message, "%s: expected %s in %s, got ", p->op, p->parameter, p->range);
    if (p->call(v) != donated)
        fail_msg("%s %s %s = %.17g", p->op, donated ? "refuses" : "takes", p->parameter, v);
    if (donated)
        return;
    const double got = strtod(wg_error_first()->message + n, NULL);
    assert_true(got == v || (isnan(got) && isnan(v)));
    expect_error(WG_E_ARGUMENT, message);
}

static void ranges_are_kept(void **unused)
{
    (void)unused;
    for (int i = 0; i < N_PARAMETERS; i++) {
        const struct parameter *p = &parameters[i];
        try_number(p, (double)NAN, false);
        try_number(p, -(double)NAN, false);
        try_number(p, p->low, p->takes_low);
        try_number(p, p->high, p->takes_high);
        try_number(p, isinf(p->low) ? (isinf(p->high) ? 0.5 : p->high - 0.5) : p->low + 0.5, true);
        if (!isinf(p->low))
            try_number(p, nextafter(p->low, -INF), false);
        if (!isinf(p->high))
            try_number(p, nextafter(p->high, INF), false);
        try_number(p, -INF, isinf(p->low) && p->takes_low);
        try_number(p, INF, isinf(p->high) && p->takes_high);
    }
}

static bool is_listed(const char *op)
{
    for (int i = 0; i < N_PARAMETERS; i++)
        if (strcmp(parameters[i].op, op) == 0)
            return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].op, op) == 0)
            return true;
    return false;
}

static void every_number_is_listed(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < N_OP_ARGUMENTS; i++)
        if (has_argument(i, "double ") && !is_listed(op_arguments[i].op))
            fail_msg("%s has a number among its parameters, and is in no list of tests/ops/parameters.c", op_arguments[i].op);
}

static int make_operands(void **unused)
{
    (void)unused;
    x = numbers(WG_F32, WG_SHAPE(2, 3), 1);
    y = numbers(WG_F32, WG_SHAPE(2, 3), 2);
    m = wg_zeros(WG_F32, WG_SHAPE(2, 3));
    s = wg_zeros(WG_F32, WG_SHAPE(2, 3));
    w = wg_ones(WG_F32, WG_SHAPE(2, 3));
    signs = wg_ones(WG_I64, WG_SHAPE(2));
    labels = wg_zeros(WG_I64, WG_SHAPE(2));
    count = wg_scalar(WG_F64, 1);
    generator = wg_generator(1, 0);
    return 0;
}

static int free_operands(void **unused)
{
    (void)unused;
    wg_free(x), wg_free(y), wg_free(m), wg_free(s), wg_free(w), wg_free(signs), wg_free(labels), wg_free(count), wg_free(generator);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(ranges_are_kept), TEST(every_number_is_listed)};
    return cmocka_run_group_tests(tests, make_operands, free_operands);
}
