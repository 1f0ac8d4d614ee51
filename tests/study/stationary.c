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
        TEST(the_gallery_is_classified),
        TEST(beside_the_monkey_saddle),
        TEST(the_index_of_a_quadratic),
        TEST(names_of_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
