/* The classifier of stationary points on the gallery of landscapes. */
#include "landscapes.h"

static wg_study_point classified(wg_function *f, double x, double y)
{
    PLANE(p, f, x, y);
    wg_study_point point;
    assert_ok(wg_study_classify(&p.loss, &point));
    wg_free(p.at);
    return point;
}

static void the_gallery_is_classified(void **state)
{
    (void)state;
    assert_int_equal(classified(bowl, 0, 0).kind, WG_STUDY_MINIMUM);
    assert_int_equal(classified(dome, 0, 0).kind, WG_STUDY_MAXIMUM);
    assert_int_equal(classified(saddle, 0, 0).kind, WG_STUDY_SADDLE);
    assert_int_equal(classified(monkey, 0, 0).kind, WG_STUDY_INCONCLUSIVE);
    assert_int_equal(classified(valley, 0, 3).kind, WG_STUDY_INCONCLUSIVE);
    assert_int_equal(classified(plateau, 0.2, -0.3).kind, WG_STUDY_INCONCLUSIVE);
    assert_int_equal(classified(two_valleys, -1, 0).kind, WG_STUDY_MINIMUM);
    assert_int_equal(classified(two_valleys, 0, 0).kind, WG_STUDY_SADDLE);
    assert_int_equal(classified(two_valleys, 2, 0).kind, WG_STUDY_MINIMUM);
    assert_true(classified(two_valleys, 2, 0).loss < classified(two_valleys, -1, 0).loss);
    assert_int_equal(classified(tilted, 0, 0).kind, WG_STUDY_NOT_STATIONARY);
    assert_int_equal(classified(bowl, 0.1, 0).kind, WG_STUDY_NOT_STATIONARY);
}

/* A little beside the monkey saddle's point the second derivatives decide: the classifier did look at them. */
static void beside_the_monkey_saddle(void **state)
{
    (void)state;
    PLANE(p, monkey, 1e-4, 0);
    wg_study_point point;
    assert_ok(wg_study_classify(&p.loss, &point));
    assert_int_equal(point.kind, WG_STUDY_SADDLE);
    assert_near(point.smallest, -6e-4, 1e-12);
    assert_near(point.largest, 6e-4, 1e-12);
    wg_free(p.at);
}

/* The index is the number of negative eigenvalues: that of ½ Σ d x² is the number of negative d. */
static void the_index_of_a_quadratic(void **state)
{
    (void)state;
    for (int negative = 0; negative <= 9; negative++) {
        double d[9];
        for (int i = 0; i < 9; i++)
            d[i] = i < negative ? -1 - i : 2 + i;
        wg_tensor *diagonal = wg_from(d, WG_SHAPE(9)), *a = wg_zeros(WG_F64, WG_SHAPE(6)), *b = wg_zeros(WG_F64, WG_SHAPE(3));
        const wg_study_loss loss = {quadratic, diagonal, {2, (wg_tensor *[]){a, b}, NULL}};
        wg_study_point point;
        assert_ok(wg_study_classify(&loss, &point));
        assert_int_equal(point.negative, negative);
        assert_int_equal(point.positive, 9 - negative);
        assert_int_equal(point.kind, negative == 0 ? WG_STUDY_MINIMUM : negative == 9 ? WG_STUDY_MAXIMUM : WG_STUDY_SADDLE);
        wg_free(diagonal), wg_free(a), wg_free(b);
    }
}

/* ---- the strict-saddle property ---- */

static wg_study_strict_result strict(wg_function *f, double x, double y, double delta)
{
    PLANE(p, f, x, y);
    wg_study_strict_result result;
    assert_ok(wg_study_strict_saddle(&p.loss, &result, .alpha = 0.5, .gamma = 0.5, .epsilon = 0.3, .delta = delta));
    assert_near(element(p.at, 0), x, 0);
    assert_near(element(p.at, 1), y, 0);
    wg_free(p.at);
    return result;
}

static void strict_saddle_conditions(void **state)
{
    (void)state;
    assert_int_equal(strict(two_valleys, 1, 0, 0.1).holds, WG_STUDY_STRICT_GRADIENT);
    assert_int_equal(strict(two_valleys, 0.05, 0, 0.1).holds, WG_STUDY_STRICT_CURVATURE);
    assert_int_equal(strict(saddle, 0, 0.1, 0.1).holds, WG_STUDY_STRICT_CURVATURE);
    const wg_study_strict_result near = strict(two_valleys, 2.03, 0.02, 0.1);
    assert_int_equal(near.holds, WG_STUDY_STRICT_MINIMUM);
    assert_near(near.distance, hypot(0.03, 0.02), 1e-9);
    assert_true(near.convexity >= 0.5 && near.convexity <= 2);
}

/* x⁴ + y⁴: Newton's steps shrink by a third only, so no minimum is found within reason. */
static wg_tensor *quartic(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_pow_scalar(x[0], 4));
}

/* What has not the property: the monkey saddle; a plateau; a minimum further than delta; one whose neighbourhood is not convex. */
static void strict_saddle_refuted(void **state)
{
    (void)state;
    assert_int_equal(strict(monkey, 0, 0, 0.1).holds, WG_STUDY_STRICT_NONE);
    assert_int_equal(strict(plateau, 0.1, 0.1, 0.1).holds, WG_STUDY_STRICT_NONE);
    assert_true(isnan(strict(plateau, 0.1, 0.1, 0.1).distance));
    assert_true(isnan(strict(quartic, 0.1, 0.1, 0.5).distance));
    const wg_study_strict_result far = strict(two_valleys, 2.03, 0.02, 0.01), wide = strict(two_valleys, 2, 0, 2);
    assert_int_equal(far.holds, WG_STUDY_STRICT_NONE);
    assert_near(far.distance, hypot(0.03, 0.02), 1e-9);
    assert_int_equal(wide.holds, WG_STUDY_STRICT_NONE);
    assert_true(wide.convexity < 0);
}

static void names_of_kinds(void **state)
{
    (void)state;
    assert_string_equal(wg_study_kind_name(WG_STUDY_INCONCLUSIVE), "inconclusive");
    assert_string_equal(wg_study_kind_name(WG_STUDY_NOT_STATIONARY), "not stationary");
    assert_string_equal(wg_study_kind_name((wg_study_kind)99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_gallery_is_classified), TEST(beside_the_monkey_saddle), TEST(the_index_of_a_quadratic),
        TEST(strict_saddle_conditions),  TEST(strict_saddle_refuted),    TEST(names_of_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
