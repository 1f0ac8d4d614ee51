/* Instruments for the Hessian's spectrum: the dense one, its extremes, its density and its trace, each against the dense one. */
#include "landscapes.h"

/* wg_hessian of the plane's function, which the study's must equal. */
static void the_hessian_is_that_of_wg_hessian(void **state)
{
    (void)state;
    PLANE(p, two_valleys, 0.7, -0.4);
    wg_tensor *h = made(wg_study_hessian(&p.loss)), *other;
    assert_ok(wg_hessian(two_valleys, NULL, &p.at, 1, &other));
    for (int64_t i = 0; i < 4; i++)
        assert_near(element(h, i), element(other, i), 1e-14);
    assert_near(element(h, 0), 3 * 0.49 - 2 * 0.7 - 2, 1e-14);
    wg_free(h), wg_free(other), wg_free(p.at);
}

/* The parameters in two tensors, one of them f32, and eigenvalues that are known. */
static void eigenvalues_of_a_quadratic(void **state)
{
    (void)state;
    const double d[] = {3, -2, 0, 5, 0.5, -7};
    wg_tensor *diagonal = wg_from(d, WG_SHAPE(6)), *a = numbers(WG_F64, WG_SHAPE(4), 1), *b = numbers(WG_F64, WG_SHAPE(2), 2);
    const wg_study_loss loss = {quadratic, diagonal, {2, (wg_tensor *[]){a, b}, NULL}};
    wg_tensor *values = made(wg_study_eigenvalues(&loss)), *ends = made(wg_study_extremes(&loss, .smallest = 2, .largest = 2));
    const double sorted[] = {-7, -2, 0, 0.5, 3, 5}, expected[] = {-7, -2, 3, 5};
    for (int64_t i = 0; i < 6; i++)
        assert_near(element(values, i), sorted[i], 1e-12);
    for (int64_t i = 0; i < 4; i++)
        assert_near(element(ends, i), expected[i], 1e-12);
    wg_free(values), wg_free(ends), wg_free(diagonal), wg_free(a), wg_free(b);
}

/* H v = λ v for each vector that comes with the values. */
static void assert_eigenvectors(const wg_study_loss *loss, wg_tensor *values, wg_tensor *vectors, double tolerance)
{
    WG_TAPE(tape);
    wg_tensor *h = made(wg_study_hessian(loss));
    for (int64_t i = 0; i < wg_numel(values); i++) {
        wg_tensor *v = wg_select(vectors, 0, i), *error = wg_sub(wg_matmul(h, v), wg_mul_scalar(v, element(values, i)));
        assert_near(wg_item(made(wg_norm2(v))), 1, 1e-12);
        assert_near(wg_item(made(wg_norm2(error))), 0, tolerance);
    }
}

/* The network has 1,000 parameters, and 5,000 in tests/run --long. */
static void extremes_are_the_dense_ones(void **state)
{
    (void)state;
    struct fit fit = fit_make(WG_SIZES(32, how_often(22, 90), how_often(8, 20), 10), WG_F64, 64);
    const wg_study_loss loss = FIT_LOSS(fit);
    wg_tensor *all = made(wg_study_eigenvalues(&loss)), *vectors;
    wg_tensor *ends = made(wg_study_extremes(&loss, .smallest = 3, .largest = 3, .vectors = &vectors));
    const int64_t n = wg_numel(all);
    assert_int_equal(n, how_often(1000, 5000));
    for (int64_t i = 0; i < 6; i++) {
        const double expected = element(all, i < 3 ? i : n - 6 + i);
        assert_near(element(ends, i), expected, 1e-8 * fabs(expected));
    }
    if (n < 2000)
        assert_eigenvectors(&loss, ends, vectors, 1e-7 * fabs(element(ends, 5)));
    wg_free(all), wg_free(ends), wg_free(vectors);
    fit_free(&fit);
}

static void too_few_products_are_an_error(void **state)
{
    (void)state;
    struct fit fit = fit_make(WG_SIZES(20, 40, 4), WG_F64, 64);
    const wg_study_loss loss = FIT_LOSS(fit);
    assert_null(wg_study_extremes(&loss, .basis = 4, .products = 6));
    expect_error(WG_E_NUMERIC, "study_extremes: after 6 products 0 of 2 eigenvalues are accurate to 1e-08");
    fit_free(&fit);
}

static double sum_of(const wg_tensor *t)
{
    double sum = 0;
    for (int64_t i = 0; i < wg_numel(t); i++)
        sum += element(t, i);
    return sum;
}

/* Within four standard errors of the exact trace; the error shrinks with the probes; and it is not 0, which any estimate would pass. */
static void hutchinson_is_within_its_error(void **state)
{
    (void)state;
    struct fit fit = fit_make(WG_SIZES(6, 10, 3), WG_F64, 32);
    const wg_study_loss loss = FIT_LOSS(fit);
    wg_tensor *all = made(wg_study_eigenvalues(&loss));
    const double exact = sum_of(all);
    wg_study_estimate few, many, again;
    assert_ok(wg_study_trace(&loss, &few, .probes = 20));
    assert_ok(wg_study_trace(&loss, &many, .probes = 500));
    assert_ok(wg_study_trace(&loss, &again, .probes = 500));
    assert_near(few.mean, exact, 4 * few.standard_error);
    assert_near(many.mean, exact, 4 * many.standard_error);
    assert_true(many.standard_error < few.standard_error / 2 && many.standard_error > 0);
    assert_true(many.standard_error < 0.2 * fabs(exact)); /* so that twice the trace is refused */
    assert_memory_equal(&many, &again, sizeof many);
    wg_free(all);
    fit_free(&fit);
}

/* Integral of a table's second column, by trapezoids, up to a value of the first. */
static double integral(const wg_tensor *table, double until)
{
    double sum = 0;
    for (int64_t i = 1; i < wg_extent(table, 0) && element(table, 2 * i) <= until; i++)
        sum += (element(table, 2 * i) - element(table, 2 * i - 2)) * (element(table, 2 * i + 1) + element(table, 2 * i - 1)) / 2;
    return sum;
}

/* The density sums up to the fraction of eigenvalues below any value, here of two clusters. */
static void density_is_that_of_the_eigenvalues(void **state)
{
    (void)state;
    double d[300];
    for (int i = 0; i < 300; i++)
        d[i] = i < 225 ? 0.01 * i / 225 : 4 + 0.01 * i / 300;
    wg_tensor *diagonal = wg_from(d, WG_SHAPE(300)), *a = numbers(WG_F64, WG_SHAPE(200), 1), *b = numbers(WG_F64, WG_SHAPE(100), 2);
    const wg_study_loss loss = {quadratic, diagonal, {2, (wg_tensor *[]){a, b}, NULL}};
    wg_tensor *table = made(wg_study_density(&loss, .probes = 30)), *again = made(wg_study_density(&loss, .probes = 30));
    assert_near(integral(table, INFINITY), 1, 1e-6);
    assert_near(integral(table, 2), 0.75, 0.02);
    assert_same_bits(table, again);
    wg_free(table), wg_free(again), wg_free(diagonal), wg_free(a), wg_free(b);
}

/* The seed alone decides what is drawn: not the thread's generator, nor what was studied before. */
static void another_seed_is_another_estimate(void **state)
{
    (void)state;
    PLANE(p, two_valleys, 0.7, -0.4);
    struct fit fit = fit_make(WG_SIZES(3, 4, 1), WG_F64, 8);
    const wg_study_loss loss = FIT_LOSS(fit);
    wg_study_estimate a, b, c;
    assert_ok(wg_study_trace(&loss, &a, .seed = 5));
    assert_ok(wg_study_trace(&p.loss, &b, .seed = 5));
    assert_ok(wg_study_trace(&loss, &b, .seed = 5));
    assert_ok(wg_study_trace(&loss, &c, .seed = 6));
    assert_true(a.mean == b.mean && a.mean != c.mean);
    wg_free(p.at);
    fit_free(&fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_hessian_is_that_of_wg_hessian), TEST(eigenvalues_of_a_quadratic),     TEST(extremes_are_the_dense_ones),
        TEST(too_few_products_are_an_error),     TEST(hutchinson_is_within_its_error), TEST(density_is_that_of_the_eigenvalues),
        TEST(another_seed_is_another_estimate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
