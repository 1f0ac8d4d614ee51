/* Losses where arithmetic ends: logits of ±10,000, infinite ones, probabilities of 0 and 1, vectors of length 0 and of 1e30, equal
   samples. Values, gradients, and that second derivatives are finite; and targets that a loss refuses, also in a replay. */
#include "elements.h"

#define NOT_A_NUMBER ((double)NAN)
#define EACH .reduction = WG_REDUCTION_NONE
#define SUM .reduction = WG_REDUCTION_SUM
#define FOR_BOTH(dtype) for (wg_dtype dtype = WG_F32; dtype <= WG_F64; dtype++)

static wg_tensor *signs(int64_t a, int64_t b, int64_t c, int64_t d)
{
    return made(wg_from(((const int64_t[]){a, b, c, d}), WG_SHAPE(4)));
}

/* Checks the gradient of the sum of `each` by x, and that the second derivative is finite. */
#define ASSERT_GRADIENT(each, x, ...)                    \
    do {                                                 \
        wg_tensor *g_ = gradient(made(wg_sum(each)), x); \
        ASSERT_ELEMENTS(g_, __VA_ARGS__);                \
        assert_finite(second(g_, x));                    \
    } while (0)

/* ---- scores of ±10,000 ---- */

static void scores_of_two_classes(void **state)
{
    (void)state;
    FOR_BOTH(dtype)
    {
        WG_TAPE(tape);
        wg_tensor *x = LEAF(dtype, 1e4, -1e4, 1e4, -1e4), *t = signs(1, -1, -1, 1), *bits = signs(1, 0, 0, 1);
        wg_tensor *logistic = wg_logistic(x, t, EACH), *hinge = wg_hinge(x, t, EACH), *focal = wg_focal(x, bits, EACH);
        ASSERT_ELEMENTS(logistic, 0, 0, 1e4, 1e4);
        ASSERT_GRADIENT(logistic, x, 0, 0, 1, -1);
        ASSERT_ELEMENTS(hinge, 0, 0, 10001, 10001);
        ASSERT_GRADIENT(hinge, x, 0, 0, 1, -1);
        ASSERT_ELEMENTS(focal, 0, 0, 7500, 2500);
        ASSERT_GRADIENT(focal, x, 0, 0, 0.75, -0.25);
        wg_tensor *weighted = wg_bce_with_logits(x, wg_cast(bits, dtype), .pos_weight = wg_scalar(dtype, 3), EACH);
        ASSERT_ELEMENTS(weighted, 0, 0, 1e4, 3e4);
        ASSERT_GRADIENT(weighted, x, 0, 0, 1, -3);
        wg_tensor *infinite = LEAF(dtype, INF, -INF, INF, -INF);
        ASSERT_ELEMENTS(wg_logistic(infinite, t, EACH), 0, 0, INF, INF);
        ASSERT_ELEMENTS(wg_hinge(infinite, t, EACH), 0, 0, INF, INF);
        ASSERT_ELEMENTS(wg_focal(infinite, bits, EACH), 0, 0, INF, INF);
        ASSERT_GRADIENT(wg_logistic(infinite, t, EACH), infinite, 0, 0, 1, -1);
        ASSERT_ELEMENTS(wg_bce_with_logits(infinite, wg_cast(bits, dtype), .pos_weight = wg_scalar(dtype, 3), EACH), 0, 0, INF,
                        INF);
        ASSERT_ELEMENTS(wg_bce_with_logits(infinite, wg_cast(bits, dtype), .weight = wg_scalar(dtype, 0), EACH), 0, 0, 0, 0);
    }
}

static void scores_of_several_classes(void **state)
{
    (void)state;
    FOR_BOTH(dtype)
    {
        WG_TAPE(tape);
        wg_tensor *x = LEAF(dtype, 1e4, -1e4, 0, 1e4, -1e4, 0), *rows = made(wg_reshape(x, WG_SHAPE(2, 3)));
        wg_tensor *labels = made(wg_from(((const int64_t[]){0, 1}), WG_SHAPE(2)));
        ASSERT_ELEMENTS(wg_multi_margin(rows, labels, .divide = false, EACH), 0, 30002);
        ASSERT_GRADIENT(wg_multi_margin(rows, labels, .divide = false, EACH), x, 0, 0, 0, 1, -2, 1);
        ASSERT_ELEMENTS(wg_crammer_singer(rows, labels, EACH), 0, 20001);
        ASSERT_GRADIENT(wg_crammer_singer(rows, labels, EACH), x, 0, 0, 0, 1, -1, 0);
        ASSERT_ELEMENTS(wg_cross_entropy(rows, labels, .smoothing = 0.25, .smoothing_rule = WG_SMOOTHING_EACH, EACH), 7500, 12500);
        ASSERT_GRADIENT(wg_cross_entropy(rows, labels, .smoothing = 0.25, .smoothing_rule = WG_SMOOTHING_EACH, EACH), x, 0.5, -0.25,
                        -0.25, 0.75, -0.5, -0.25);
        wg_tensor *low = made(wg_reshape(LEAF(dtype, -1e4, -2e4, -3e4, -1e4, -2e4, -3e4), WG_SHAPE(2, 3)));
        ASSERT_ELEMENTS(wg_crammer_singer(low, labels, EACH), 0, 10001);
        ASSERT_ELEMENTS(wg_multi_margin(low, labels, .divide = false, EACH), 0, 10001);
        /* A class of score -inf adds nothing; where it is the label, the loss is infinite. */
        x = LEAF(dtype, 2, -INF, 1.5, 2, -INF, 1.5);
        rows = made(wg_reshape(x, WG_SHAPE(2, 3)));
        ASSERT_ELEMENTS(wg_multi_margin(rows, labels, .divide = false, EACH), 0.5, INF);
        ASSERT_GRADIENT(wg_multi_margin(rows, labels, .divide = false, EACH), x, -1, 0, 1, 1, -2, 1);
        ASSERT_ELEMENTS(wg_crammer_singer(rows, labels, EACH), 0.5, INF);
        ASSERT_GRADIENT(wg_crammer_singer(rows, labels, EACH), x, -1, 0, 1, 1, -1, 0);
        wg_tensor *weight = LEAF(dtype, 1, 0, 1);
        ASSERT_ELEMENTS(wg_multi_margin(rows, labels, .weight = weight, EACH), 0.5 / 3, 0);
        ASSERT_GRADIENT(wg_multi_margin(rows, labels, .weight = weight, .divide = false, EACH), x, -1, 0, 1, 0, 0, 0);
        ASSERT_ELEMENTS(wg_multi_margin(wg_reshape(LEAF(dtype, 5), WG_SHAPE(1, 1)), wg_zeros(WG_I64, WG_SHAPE(1)), EACH),
                        0); /* one class */
        ASSERT_ELEMENTS(wg_crammer_singer(wg_reshape(LEAF(dtype, 5), WG_SHAPE(1, 1)), wg_zeros(WG_I64, WG_SHAPE(1)), EACH), 0);
    }
}

/* ---- probabilities of 0 and 1 ---- */

/* PyTorch's gradient at p = t = 0 or 1 is 0; the derivative of -ln(1 - p) at 0 is 1. */
static void probabilities_of_0_and_1(void **state)
{
    (void)state;
    FOR_BOTH(dtype)
    {
        WG_TAPE(tape);
        wg_tensor *p = LEAF(dtype, 0, 1, 0, 1, 0, 1), *t = LEAF(dtype, 0, 1, 1, 0, 0.5, 0.5), *loss = wg_bce(p, t, EACH);
        ASSERT_ELEMENTS(loss, 0, 0, 100, 100, 50, 50);
        ASSERT_GRADIENT(loss, p, 1, -1, -1e12, 1e12, -5e11 + 0.5, 5e11 - 0.5);
        ASSERT_GRADIENT(loss, t, 100, -100, 100, -100, 100, -100);
        p = LEAF(dtype, 1e-20, 1e-12, 1e-10);
        loss = wg_bce(p, wg_zeros(dtype, WG_SHAPE(3)), EACH); /* -ln(1 - p) = p, where 1 - p rounds to 1 */
        ASSERT_ELEMENTS(loss, 1e-20, -log1p(-1e-12), -log1p(-1e-10));
        ASSERT_ELEMENTS(wg_bce(LEAF(dtype, NOT_A_NUMBER), LEAF(dtype, 1)), NOT_A_NUMBER); /* NaN is data */
        wg_tensor *nothing = made(wg_zeros(dtype, WG_SHAPE(2, 3))), *all = made(wg_ones(dtype, WG_SHAPE(2, 3)));
        ASSERT_ELEMENTS(wg_dice(nothing, nothing), 0);
        ASSERT_ELEMENTS(wg_dice(nothing, all, .smooth = 0), 1);
        ASSERT_ELEMENTS(wg_dice(all, all, .smooth = 0), 0);
        ASSERT_ELEMENTS(wg_dice(nothing, nothing, .smooth = 0), NOT_A_NUMBER);
    }
}

/* A count of 0 adds nothing, whatever the rate. A variance of 0 counts as eps, and its gradient does not vanish. */
static void likelihoods(void **state)
{
    (void)state;
    FOR_BOTH(dtype)
    {
        WG_TAPE(tape);
        wg_tensor *x = LEAF(dtype, -INF, -1e4, 0), *none = made(wg_zeros(dtype, WG_SHAPE(3)));
        ASSERT_ELEMENTS(wg_poisson_nll(x, none, EACH), 0, 0, 1);
        ASSERT_GRADIENT(wg_poisson_nll(x, none, EACH), x, 0, 0, 1);
        ASSERT_ELEMENTS(wg_poisson_nll(x, LEAF(dtype, 2, 2, 0.5), .full = true, EACH), INF,
                        2e4 + 2 * log(2) - 2 + log(4 * M_PI) / 2, 1);
        wg_tensor *rate = LEAF(dtype, 0, 0, 1e4);
        ASSERT_ELEMENTS(wg_poisson_nll(rate, LEAF(dtype, 0, 1, 0), .log_input = false, EACH), 0, -log(1e-8), 1e4);
        assert_finite(gradient(wg_poisson_nll(rate, LEAF(dtype, 0, 1, 0), .log_input = false, SUM), rate));
        wg_tensor *v = LEAF(dtype, 0, 1e-9, 1e30);
        wg_tensor *nll = wg_gaussian_nll(LEAF(dtype, 1, 0, 1e4), none, v, .eps = 1e-4, EACH);
        ASSERT_ELEMENTS(nll, (1e4 + log(1e-4)) / 2, log(1e-4) / 2, log(1e30) / 2);
        ASSERT_GRADIENT(nll, v, (1e4 - 1e8) / 2, 5e3, 5e-31);
    }
}

/* ---- vectors ---- */

static void vectors_of_length_0_and_of_1e30(void **state)
{
    (void)state;
    FOR_BOTH(dtype)
    {
        WG_TAPE(tape);
        const double large = dtype == WG_F32 ? 1e30 : 1e250;
        wg_tensor *a = LEAF(dtype, 3 * large, 4 * large), *b = LEAF(dtype, 4 / large, 3 / large), *zero = LEAF(dtype, 0, 0);
        ASSERT_ELEMENTS(wg_cosine_similarity(a, a, .axis = 0), 1);
        ASSERT_ELEMENTS(wg_cosine_similarity(a, b, .axis = 0, .eps = 1e-37),
                        dtype == WG_F32 ? 24.0 / 25 : 24.0 / 25 * 5e-250 / 1e-37);
        ASSERT_ELEMENTS(wg_cosine_similarity(a, zero, .axis = 0), 0);
        ASSERT_ELEMENTS(gradient(wg_cosine_similarity(a, zero, .axis = 0), zero), 0.6e8, 0.8e8);
        for (double p = 1; p < 4; p++)
            ASSERT_ELEMENTS(wg_pairwise_distance(a, zero, .p = p), large * pow(pow(3, p) + pow(4, p), 1 / p));
        ASSERT_ELEMENTS(wg_pairwise_distance(a, zero, .p = INF), 4 * large);
        for (double p = 1; p < 4; p += 0.5) { /* equal vectors: 0, with a gradient of 0 */
            ASSERT_ELEMENTS(wg_pairwise_distance(a, a, .p = p, .eps = 0), 0);
            ASSERT_GRADIENT(wg_pairwise_distance(zero, wg_zeros(dtype, WG_SHAPE(2)), .p = p, .eps = 0), zero, 0, 0);
        }
        wg_tensor *similar = wg_scalar(WG_I64, 0), *other = wg_scalar(WG_I64, 1), *x = LEAF(dtype, 1, 2);
        ASSERT_ELEMENTS(wg_contrastive(x, wg_detach(x), similar), 0);
        ASSERT_GRADIENT(wg_contrastive(x, wg_detach(x), similar), x, 0, 0);
        ASSERT_ELEMENTS(wg_contrastive(x, wg_detach(x), other), 0.5);
        ASSERT_GRADIENT(wg_contrastive(x, wg_detach(x), other), x, 0, 0);
        ASSERT_ELEMENTS(wg_triplet_margin(x, wg_detach(x), wg_detach(x), .eps = 0), 1);
        ASSERT_GRADIENT(wg_triplet_margin(x, wg_detach(x), wg_detach(x), .eps = 0), x, 0, 0);
    }
}

/* ---- distributions ---- */

/* Against sums over all pairs of quantiles, and by hand: moving half of the mass by 3. */
static void wasserstein_distances(void **state)
{
    (void)state;
    FOR_BOTH(dtype)
    {
        WG_TAPE(tape);
        wg_tensor *x = LEAF(dtype, 4, 1), *t = LEAF(dtype, 1, 1, 1, 1);
        ASSERT_ELEMENTS(wg_wasserstein(x, t), 1.5);
        ASSERT_ELEMENTS(wg_wasserstein(x, t, .p = 2), sqrt(4.5));
        ASSERT_ELEMENTS(wg_wasserstein(x, t, .p = 3), cbrt(13.5));
        ASSERT_ELEMENTS(wg_wasserstein(x, t, .p = INF), 3);
        ASSERT_ELEMENTS(gradient(wg_wasserstein(x, t), x), 0.5, 0);
        ASSERT_ELEMENTS(gradient(wg_wasserstein(x, t), t), 0, 0, -0.25, -0.25);
        for (double p = 1; p < 4; p += 0.5) {
            ASSERT_ELEMENTS(wg_wasserstein(t, wg_detach(t), .p = p), 0);
            ASSERT_GRADIENT(wg_wasserstein(x, wg_detach(x), .p = p), x, 0, 0);
        }
        wg_tensor *p = LEAF(dtype, 0, 2, 0, 0), *q = LEAF(dtype, 0, 0.5, 0, 0.5);
        ASSERT_ELEMENTS(wg_wasserstein_histogram(p, q), 1);
        ASSERT_ELEMENTS(wg_wasserstein_histogram(p, q, .step = 0.25), 0.25);
        ASSERT_ELEMENTS(wg_wasserstein_histogram(p, wg_detach(p)), 0);
        ASSERT_ELEMENTS(wg_wasserstein_histogram(p, wg_zeros(dtype, WG_SHAPE(4))), NOT_A_NUMBER);
    }
}

/* ---- targets ---- */

/* Targets may be i64, u8 or floats, and get no gradient. */
static void targets_of_every_dtype(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = LEAF(WG_F64, 0.5, -2, 0.25), *t = LEAF(WG_F64, 1, 0, 1);
    wg_tensor *want = made(wg_focal(x, t));
    assert_same_bits(made(wg_focal(x, wg_cast(t, WG_I64))), want);
    assert_same_bits(made(wg_focal(x, wg_cast(t, WG_U8))), want);
    assert_null_and_error(wg_grad(want, t), WG_E_UNUSED, "");
    wg_tensor *s = LEAF(WG_F64, 1, -1, 1), *hinge = made(wg_hinge(x, s));
    assert_same_bits(made(wg_hinge(x, wg_cast(s, WG_I64))), hinge);
    assert_null_and_error(wg_grad(hinge, s), WG_E_UNUSED, "");
    assert_null_and_error(wg_grad(wg_margin_ranking(x, x, s), s), WG_E_UNUSED, "");
}

struct step {
    wg_tensor *x, *t, *loss;
};

static wg_status hinge_step(void *context)
{
    struct step *s = context;
    WG_TAPE(tape);
    wg_tensor *loss = wg_hinge(s->x, s->t), *kept = loss ? wg_keep(loss) : NULL;
    if (!kept)
        return wg_error_first()->code;
    wg_free(s->loss);
    s->loss = kept;
    return WG_OK;
}

/* A replay checks the targets of its own run. */
static void a_replay_refuses_wrong_targets(void **state)
{
    (void)state;
    struct step s = {.x = numbers(WG_F32, WG_SHAPE(4), 1), .t = signs(1, -1, 1, 1)};
    wg_tensor *good = signs(-1, -1, 1, -1), *bad = signs(-1, 0, 1, -1);
    wg_replay *replay = wg_replay_capture(hinge_step, &s);
    if (!replay)
        fail_msg("%s", wg_error_first()->message);
    assert_ok(wg_replay_bind(replay, s.t, good));
    assert_ok(wg_replay_run(replay));
    struct step eager = {.x = s.x, .t = good};
    assert_ok(hinge_step(&eager));
    assert_same_bits(s.loss, eager.loss);
    assert_ok(wg_replay_bind(replay, s.t, bad));
    assert_fails(wg_replay_run(replay), WG_E_ARGUMENT, "expected targets of -1 or 1, got 0 at element 1");
    wg_replay_destroy(replay);
    wg_free(s.x), wg_free(s.t), wg_free(s.loss), wg_free(eager.loss), wg_free(good), wg_free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(scores_of_two_classes),           TEST(scores_of_several_classes),
        TEST(probabilities_of_0_and_1),        TEST(likelihoods),
        TEST(vectors_of_length_0_and_of_1e30), TEST(wasserstein_distances),
        TEST(targets_of_every_dtype),          TEST(a_replay_refuses_wrong_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
