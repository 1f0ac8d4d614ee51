/* Connectionist temporal classification: closed forms, long sequences, impossible targets, probabilities of 0, elements beyond a
   length, and derivatives of higher order. */
#include "elements.h"

#define EACH .reduction = WG_REDUCTION_NONE
#define IDS(...) wg_from(((const int64_t[]){__VA_ARGS__}), WG_SHAPE(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))

/* One sequence of log-probabilities x (T,C) with a target. */
static wg_tensor *one(wg_tensor *x, wg_tensor *target, int64_t times)
{
    const int64_t length = wg_numel(target);
    return made(
        wg_ctc(wg_unsqueeze(x, 1), wg_unsqueeze(target, 0), wg_from(&times, WG_SHAPE(1)), wg_from(&length, WG_SHAPE(1)), EACH));
}

/* All classes equally likely: a target of one label is read off T (T + 1)/2 paths, the empty one off one, and 1 1 off C(T + 1,
   4). */
static void equal_probabilities(void **state)
{
    (void)state;
    enum { CLASSES = 5 };
    static const int64_t times[] = {3, 10, 1000};
    for (size_t i = 0; i < N_OF(both); i++)
        for (size_t k = 0; k < N_OF(times); k++) {
            WG_TAPE(tape);
            const double t = (double)times[k], all = t * log(CLASSES), digits = both[i] == WG_F32 ? 2e-7 : 1e-13;
            wg_tensor *x = made(wg_full(both[i], WG_SHAPE(times[k], CLASSES), -log(CLASSES)));
            assert_near(wg_item(one(x, IDS(2), times[k])), all - log(t * (t + 1) / 2), digits * all);
            assert_near(wg_item(one(x, IDS(1, 1), times[k])), all - log((t + 1) * t * (t - 1) * (t - 2) / 24), digits * all);
            assert_near(wg_item(one(x, wg_zeros(WG_I64, WG_SHAPE(0)), times[k])), all, digits * all);
        }
}

/* Each time uses one class: the gradient of each time sums to -1. */
static void gradients_sum_to_minus_1(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = leaf(WG_F32, WG_SHAPE(200, 3, 6), 3), *targets = made(wg_ones(WG_I64, WG_SHAPE(3, 40)));
    wg_tensor *loss = made(
        wg_ctc(wg_mul_scalar(x, 50), targets, IDS(200, 150, 120), IDS(40, 30, 0), .reduction = WG_REDUCTION_SUM));
    wg_tensor *sums = made(wg_mul_scalar(wg_sum(wg_grad(loss, x), .axis = 2), 0.02));
    static const int64_t lengths[] = {200, 150, 120};
    for (int64_t t = 0; t < 200; t++)
        for (int64_t n = 0; n < 3; n++)
            assert_near(element(sums, t * 3 + n), t < lengths[n] ? -1 : 0, 2e-6);
}

/* Three labels cannot be read off two times, nor 1 1 off two, nor anything off no time. */
static void impossible_targets(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(2, 4, 4), 1), *times = IDS(2, 2, 0, 0), *lengths = IDS(3, 2, 1, 0);
    wg_tensor *targets = made(wg_reshape(IDS(1, 2, 3, 1, 1, 2, 1, 2, 3, 1, 2, 3), WG_SHAPE(4, 3)));
    ASSERT_ELEMENTS(made(wg_ctc(x, targets, times, lengths, EACH)), INF, INF, INF, 0);
    ASSERT_ELEMENTS(made(wg_ctc(x, targets, times, lengths, .zero_infinity = true, EACH)), 0, 0, 0, 0);
    assert_true(wg_item(wg_ctc(x, targets, times, lengths)) == INF);
    for (int i = 0; i < 2; i++) {
        wg_tensor *g = gradient(made(wg_ctc(x, targets, times, lengths, .zero_infinity = i == 1)), x);
        for (int64_t k = 0; k < wg_numel(g); k++)
            assert_near(element(g, k), 0, 0);
        assert_finite(second(g, x));
    }
    wg_tensor *some = made(wg_ctc(x, targets, times, IDS(2, 2, 0, 0), .zero_infinity = true)); /* the first is possible */
    assert_near(wg_item(some), -(element(x, 1) + element(x, 16 + 2)) / 2 / 4, 1e-15);
    wg_tensor *g = gradient(some, x);
    for (int64_t k = 0; k < wg_numel(g); k++)
        assert_near(element(g, k), k == 1 || k == 18 ? -0.125 : 0, 1e-15);
}

/* A path of probability 0 adds nothing. Logarithms of -10,000 do not vanish. */
static void probabilities_of_0(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(both); i++) {
        WG_TAPE(tape);
        wg_tensor *x = LEAF(both[i], -INF, 0, 0, -INF, -INF, 0),
                  *rows = made(wg_reshape(x, WG_SHAPE(3, 2))); /* the classes 1 0 1 are certain */
        ASSERT_ELEMENTS(one(rows, IDS(1, 1), 3), 0);
        wg_tensor *g = gradient(one(rows, IDS(1, 1), 3), x);
        ASSERT_ELEMENTS(g, 0, -1, -1, 0, 0, -1);
        assert_finite(second(g, x));
        ASSERT_ELEMENTS(one(rows, IDS(1), 3), INF);
        ASSERT_ELEMENTS(gradient(one(rows, IDS(1), 3), x), 0, 0, 0, 0, 0, 0);
        x = LEAF(both[i], -1e4, -1e4, -2e4, -1e4, -1e4, -3e4);
        ASSERT_ELEMENTS(one(made(wg_reshape(x, WG_SHAPE(3, 2))), IDS(1, 1), 3), 6e4);
        ASSERT_ELEMENTS(gradient(one(made(wg_reshape(x, WG_SHAPE(3, 2))), IDS(1, 1), 3), x), 0, -1, -1, 0, 0, -1);
        ASSERT_ELEMENTS(one(made(wg_reshape(x, WG_SHAPE(3, 2))), IDS(1), 3),
                        3e4 - log(2)); /* 1 1 0 and 0 1 0; 1 0 0 is negligible */
        x = LEAF(both[i], 0, (double)NAN);
        assert_true(isnan(wg_item(one(made(wg_reshape(x, WG_SHAPE(1, 2))), IDS(1), 1))));
    }
}

/* NaN beyond the input's length and labels that are none beyond the target's change nothing. */
static void nothing_beyond_a_length_is_read(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(4, 2, 3), 1), *times = IDS(4, 3), *lengths = IDS(2, 1);
    wg_tensor *targets = made(wg_reshape(IDS(1, 2, 2, 1), WG_SHAPE(2, 2))),
              *other = made(wg_reshape(IDS(1, 2, 2, -99), WG_SHAPE(2, 2)));
    wg_tensor *y = made(wg_copy(x));
    for (int k = 0; k < 3; k++)
        ((double *)wg_data_mut(y))[3 * 6 + 3 + k] = (double)NAN;
    wg_tensor *a = made(wg_set_requires_grad(x, true)), *b = made(wg_set_requires_grad(wg_detach(y), true));
    assert_same_bits(made(wg_ctc(a, targets, times, lengths)), made(wg_ctc(b, other, times, lengths)));
    assert_same_bits(gradient(wg_ctc(a, targets, times, lengths), a), gradient(wg_ctc(b, other, times, lengths), b));
}

/* The mean divides by the lengths of targets, by 1 for an empty one. */
static void reductions(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(5, 3, 4), 1), *targets = made(wg_reshape(IDS(1, 2, 3, 1, 2, 2), WG_SHAPE(3, 2)));
    wg_tensor *times = IDS(5, 4, 5), *lengths = IDS(2, 1, 0), *each = made(wg_ctc(x, targets, times, lengths, EACH));
    const double e[] = {element(each, 0), element(each, 1), element(each, 2)};
    assert_near(wg_item(wg_ctc(x, targets, times, lengths)), (e[0] / 2 + e[1] + e[2]) / 3, 1e-14);
    assert_near(wg_item(wg_ctc(x, targets, times, lengths, .reduction = WG_REDUCTION_SUM)), e[0] + e[1] + e[2], 1e-14);
    assert_near(wg_item(wg_ctc(x, targets, times, lengths, .reduction = WG_REDUCTION_BATCH_MEAN)), (e[0] + e[1] + e[2]) / 3, 1e-14);
    assert_true(isnan(wg_item(wg_ctc(wg_zeros(WG_F64, WG_SHAPE(5, 0, 4)), wg_zeros(WG_I64, WG_SHAPE(0, 2)),
                                     wg_zeros(WG_I64, WG_SHAPE(0)), wg_zeros(WG_I64, WG_SHAPE(0))))));
}

static wg_tensor *loss_of(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_ctc(x[0], wg_reshape(IDS(1, 2, 1, 1), WG_SHAPE(2, 2)), IDS(4, 4), IDS(2, 2));
}

/* D^k of the loss along one direction, by recording derivative upon derivative, against differences of D^(k-1). */
static void derivatives_of_high_order(void **state)
{
    (void)state;
    enum { ORDER = 5 };
    WG_TAPE(tape);
    const double h = 1e-5;
    wg_tensor *u = numbers(WG_F64, WG_SHAPE(4, 2, 3), 9);
    double along[ORDER][3];
    for (int side = 0; side < 3; side++) {
        wg_tensor *x = made(
            wg_set_requires_grad(wg_detach(wg_add(numbers(WG_F64, WG_SHAPE(4, 2, 3), 8), wg_mul_scalar(u, (side - 1) * h))), true));
        wg_tensor *y = made(loss_of(&x, 1, NULL));
        for (int k = 0; k < ORDER; k++) {
            along[k][side] = wg_item(y);
            y = made(wg_sum(wg_mul(u, gradient(y, x))));
        }
    }
    for (int k = 1; k < ORDER; k++)
        assert_near(along[k][1], (along[k - 1][2] - along[k - 1][0]) / (2 * h), 1e-8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_probabilities),       TEST(gradients_sum_to_minus_1),        TEST(impossible_targets),
        TEST(probabilities_of_0),        TEST(nothing_beyond_a_length_is_read), TEST(reductions),
        TEST(derivatives_of_high_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
