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

/* A network with batch normalisation, as a pure function of its parameters: what wg_hessian differentiates. */
static wg_tensor *of_parameters(wg_tensor *const *params, size_t n, void *context)
{
    const struct fit *fit = context;
    return wg_mean(wg_square(wg_sub(wg_nn_apply_with(fit->net, (wg_tensor_list){.n = n, .tensor = params}, fit->x), fit->y)));
}

/* The study differentiates the gradient backwards, wg_hessian forwards: two ways, and every block of two parameters agrees. */
static void a_network_two_ways(void **state)
{
    (void)state;
    struct fit fit = fit_make(WG_SIZES(3, 4, 2), WG_F64, 9);
    wg_nn_destroy(fit.net);
    fit.net = wg_nn_mlp(WG_SIZES(3, 4, 2), .activation = WG_ACTIVATION_SIGMOID, .batch_norm = true, .seed = 1, .dtype = WG_F64);
    const wg_study_loss loss = FIT_LOSS(fit);
    const size_t n = loss.params.n;
    wg_tensor *h = made(wg_study_hessian(&loss)), *block[8 * 8];
    assert_int_equal(n, 6);
    assert_ok(wg_hessian(of_parameters, &fit, loss.params.tensor, n, block));
    const int64_t size = wg_extent(h, 0);
    int64_t row = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t rows = wg_numel(loss.params.tensor[i]);
        int64_t column = 0;
        for (size_t j = 0; j < n; j++) {
            const int64_t columns = wg_numel(loss.params.tensor[j]);
            for (int64_t k = 0; k < rows * columns; k++)
                assert_near(element(h, (row + k / columns) * size + column + k % columns), element(block[i * n + j], k), 1e-13);
            column += columns;
            wg_free(block[i * n + j]);
        }
        row += rows;
    }
    wg_free(h);
    fit_free(&fit);
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
    assert_null(wg_study_extremes(&loss, .smallest = INT64_MAX, .largest = INT64_MAX)); /* their sum would overflow (UBSan) */
    expect_error(WG_E_ARGUMENT, "study_extremes: expected .smallest and .largest of at most ");
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

/* 300 numbers with three values only: the subspace is invariant after three steps, and goes on in a random direction. */
static void eigenvalues_that_occur_often(void **state)
{
    (void)state;
    double d[300];
    for (int i = 0; i < 300; i++)
        d[i] = i < 100 ? -1 : i < 290 ? 0.5 : 3;
    wg_tensor *diagonal = wg_from(d, WG_SHAPE(300)), *a = numbers(WG_F64, WG_SHAPE(200), 1), *b = numbers(WG_F64, WG_SHAPE(100), 2);
    const wg_study_loss loss = {quadratic, diagonal, {2, (wg_tensor *[]){a, b}, NULL}};
    wg_tensor *vectors, *ends = made(wg_study_extremes(&loss, .smallest = 1, .largest = 2, .basis = 60, .vectors = &vectors));
    wg_tensor *table = made(wg_study_density(&loss, .probes = 40));
    assert_near(element(ends, 0), -1, 1e-12);
    assert_near(element(ends, 1), 3, 1e-12);
    assert_near(element(ends, 2), 3, 1e-12);
    assert_eigenvectors(&loss, ends, vectors, 1e-10);
    assert_near(integral(table, 0), 100.0 / 300, 0.03);
    assert_near(integral(table, 1.5), 290.0 / 300, 0.02);
    assert_near(integral(table, INFINITY), 1, 1e-6);
    wg_free(diagonal), wg_free(a), wg_free(b), wg_free(vectors), wg_free(ends), wg_free(table);
}

/* Fewer products are enough for a looser tolerance. */
static void tolerance_decides_when_to_stop(void **state)
{
    (void)state;
    struct fit fit = fit_make(WG_SIZES(20, 40, 4), WG_F64, 64);
    const wg_study_loss loss = FIT_LOSS(fit);
    wg_free(made(wg_study_extremes(&loss, .basis = 8, .products = 700, .tolerance = 1e-4)));
    assert_null(wg_study_extremes(&loss, .basis = 8, .products = 700));
    expect_error(WG_E_NUMERIC, "study_extremes: after ");
    fit_free(&fit);
}

/* Of f32 parameters, too, to the last bit. */
static void the_hessian_is_symmetric(void **state)
{
    (void)state;
    struct fit fit = fit_make(WG_SIZES(5, 6, 2), WG_F32, 12);
    const wg_study_loss loss = FIT_LOSS(fit);
    wg_tensor *h = made(wg_study_hessian(&loss));
    const int64_t n = wg_extent(h, 0);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            assert_true(element(h, i * n + j) == element(h, j * n + i));
    wg_free(h);
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
    assert_ok(wg_study_trace(&loss, &many, .probes = 10000));
    assert_ok(wg_study_trace(&loss, &again, .probes = 10000));
    assert_near(few.mean, exact, 4 * few.standard_error);
    assert_near(many.mean, exact, 4 * many.standard_error);
    assert_true(many.standard_error < few.standard_error / 10 && many.standard_error > 0);
    assert_true(many.standard_error < 0.02 * fabs(exact)); /* so that an estimate of 1.1 times the trace is refused */
    assert_memory_equal(&many, &again, sizeof many);
    wg_free(all);
    fit_free(&fit);
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

/* Results do not depend on the number of threads, here of a network whose products are large enough for several. */
static void threads_change_no_bit(void **state)
{
    (void)state;
    struct fit fit = fit_make(WG_SIZES(32, 80, 10), WG_F64, 256);
    const wg_study_loss loss = FIT_LOSS(fit);
    const int threads = wg_threads();
    wg_tensor *ends[2], *density[2];
    for (int i = 0; i < 2; i++) {
        assert_ok(wg_set_threads(i == 0 ? 1 : 3));
        ends[i] = made(wg_study_extremes(&loss));
        density[i] = made(wg_study_density(&loss, .probes = 2, .steps = 20, .points = 50));
    }
    assert_same_bits(ends[0], ends[1]);
    assert_same_bits(density[0], density[1]);
    assert_ok(wg_set_threads(threads));
    wg_free(ends[0]), wg_free(ends[1]), wg_free(density[0]), wg_free(density[1]);
    fit_free(&fit);
}

/* f32 parameters: products are f32's, so eigenvalues are good to about 1e-6 of the largest. */
static void eigenvalues_of_f32_parameters(void **state)
{
    (void)state;
    struct fit narrow = fit_make(WG_SIZES(6, 10, 3), WG_F32, 32), wide = fit_make(WG_SIZES(6, 10, 3), WG_F64, 32);
    const wg_study_loss of_narrow = FIT_LOSS(narrow), of_wide = FIT_LOSS(wide);
    for (size_t i = 0; i < of_narrow.params.n; i++) { /* the same numbers in both */
        wg_tensor *same = made(wg_cast(of_narrow.params.tensor[i], WG_F64));
        assert_ok(wg_assign(of_wide.params.tensor[i], same));
        wg_free(same);
    }
    wg_tensor *a = made(wg_study_extremes(&of_narrow)), *b = made(wg_study_extremes(&of_wide));
    const double largest = element(b, 1);
    for (int64_t i = 0; i < 2; i++)
        assert_near(element(a, i), element(b, i), 3e-6 * largest);
    assert_true(element(a, 1) != element(b, 1));
    wg_free(a), wg_free(b);
    fit_free(&narrow), fit_free(&wide);
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
        TEST(the_hessian_is_that_of_wg_hessian),
        TEST(eigenvalues_of_a_quadratic),
        TEST(extremes_are_the_dense_ones),
        TEST(too_few_products_are_an_error),
        TEST(hutchinson_is_within_its_error),
        TEST(density_is_that_of_the_eigenvalues),
        TEST(another_seed_is_another_estimate),
        TEST(eigenvalues_that_occur_often),
        TEST(tolerance_decides_when_to_stop),
        TEST(the_hessian_is_symmetric),
        TEST(a_network_two_ways),
        TEST(threads_change_no_bit),
        TEST(eigenvalues_of_f32_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
