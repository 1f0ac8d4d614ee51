/* Synthetic sets: formulas, seeds, rows that do not depend on how many there are. */
#include "data_check.h"

/* Each set with its options but seed and rows. */
static wg_status make(int set, int64_t rows, uint64_t seed, wg_dtype dtype, wg_tensor **x, wg_tensor **y)
{
    switch (set) {
    case 0:
        return wg_dataset_make_blobs(x, y, .rows = rows, .seed = seed, .dtype = dtype);
    case 1:
        return wg_dataset_make_moons(x, y, .rows = rows, .seed = seed, .dtype = dtype);
    case 2:
        return wg_dataset_make_rings(x, y, .rows = rows, .seed = seed, .dtype = dtype);
    case 3:
        return wg_dataset_make_spirals(x, y, .rows = rows, .seed = seed, .dtype = dtype);
    case 4:
        return wg_dataset_make_teacher(x, y, .rows = rows, .seed = seed, .dtype = dtype, .outputs = 3);
    case 5:
        return wg_dataset_make_teacher(x, y, .rows = rows, .seed = seed, .dtype = dtype, .classes = 4);
    case 6:
        return wg_dataset_make_mixture(x, y, .rows = rows, .seed = seed, .dtype = dtype);
    case 7:
        return wg_dataset_make_mixture(x, y, .rows = rows, .seed = seed, .dtype = dtype, .layout = WG_DATASET_LAYOUT_GRID);
    default:
        return wg_dataset_make_regression(x, y, .rows = rows, .seed = seed, .dtype = dtype, .features = 5);
    }
}

enum { SETS = 9 };

static void a_seed_is_a_set(void **state)
{
    (void)state;
    for (int set = 0; set < SETS; set++) {
        wg_tensor *x[4], *y[4];
        assert_ok(make(set, 50, 7, WG_F64, &x[0], &y[0]));
        assert_ok(make(set, 50, 7, WG_F64, &x[1], &y[1]));
        assert_ok(make(set, 20, 7, WG_F32, &x[2], &y[2]));
        assert_ok(make(set, 50, 8, WG_F64, &x[3], &y[3]));
        assert_same_bits(x[0], x[1]);
        assert_same_bits(y[0], y[1]);
        const int64_t features = wg_extent(x[0], 1), targets = wg_numel(y[2]) / 20;
        for (int64_t i = 0; i < 20 * features; i++) /* fewer rows: the first of them */
            assert_true(element(x[2], i) == (double)(float)element(x[0], i));
        for (int64_t i = 0; i < 20 * targets; i++)
            assert_near(element(y[2], i), wg_dtype_of(y[2]) == WG_I64 ? element(y[0], i) : (double)(float)element(y[0], i), 0);
        assert_memory_not_equal(wg_data(x[0]), wg_data(x[3]), 50 * 8);
        for (int i = 0; i < 4; i++)
            wg_free(x[i]), wg_free(y[i]);
    }
}

/* No two sets of one seed draw the same numbers: the first coordinates of the sets differ. */
static void sets_have_streams_of_their_own(void **state)
{
    (void)state;
    wg_tensor *a, *b, *y[2];
    assert_ok(wg_dataset_make_teacher(&a, &y[0], .rows = 4, .features = 5, .dtype = WG_F64));
    assert_ok(wg_dataset_make_regression(&b, &y[1], .rows = 4, .features = 5, .dtype = WG_F64));
    for (int i = 0; i < 20; i++)
        assert_true(element(a, i) != element(b, i));
    wg_free(a), wg_free(b), wg_free(y[0]), wg_free(y[1]);
}

static void points_fulfil_their_formulas(void **state)
{
    (void)state;
    wg_tensor *x, *y;
    assert_ok(wg_dataset_make_moons(&x, &y, .rows = 400, .noise = 0, .dtype = WG_F64));
    for (int i = 0; i < 400; i++) {
        const bool second = element(y, i) == 1;
        const double a = element(x, 2 * i) - (second ? 1 : 0), b = element(x, 2 * i + 1) - (second ? 0.5 : 0);
        assert_near(a * a + b * b, 1, 1e-12);
        assert_true(second ? b <= 1e-12 : b >= -1e-12);
        assert_int_equal(second, i % 2);
    }
    wg_free(x), wg_free(y);
    assert_ok(wg_dataset_make_rings(&x, &y, .rows = 400, .classes = 4, .noise = 0, .dtype = WG_F64));
    for (int i = 0; i < 400; i++)
        assert_near(hypot(element(x, 2 * i), element(x, 2 * i + 1)), (i % 4 + 1) / 4.0, 1e-12);
    wg_free(x), wg_free(y);
    assert_ok(wg_dataset_make_spirals(&x, &y, .rows = 400, .classes = 3, .turns = 1.5, .noise = 0, .dtype = WG_F64));
    for (int i = 0; i < 400; i++) {
        const double a = element(x, 2 * i), b = element(x, 2 * i + 1), r = hypot(a, b),
                     t = 6.283185307179586 * (i % 3 / 3.0 + 1.5 * r);
        assert_true(r < 1 && fabs(a - r * cos(t)) < 1e-12 && fabs(b - r * sin(t)) < 1e-12);
    }
    wg_free(x), wg_free(y);
}

/* Means of 10000 rows within four standard errors of the centres, and the deviation about them. */
static void clusters_have_their_deviation(void **state)
{
    (void)state;
    wg_tensor *x, *y;
    assert_ok(wg_dataset_make_blobs(&x, &y, .rows = 30000, .features = 4, .deviation = 2, .dtype = WG_F64, .seed = 1));
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 4; k++) {
            double mean = 0, squares = 0;
            for (int i = c; i < 30000; i += 3)
                mean += ((const double *)wg_data(x))[4 * i + k] / 10000;
            for (int i = c; i < 30000; i += 3)
                squares += pow(((const double *)wg_data(x))[4 * i + k] - mean, 2) / 10000;
            assert_near(sqrt(squares), 2, 4 * 2 / sqrt(20000));
            assert_true(fabs(mean) < 10.1);
        }
    wg_free(x), wg_free(y);
}

static void mixtures_have_their_modes(void **state)
{
    (void)state;
    for (int grid = 0; grid < 2; grid++) {
        enum { ROWS = 20000 };
        const int modes = grid ? 25 : 8;
        wg_tensor *x, *y;
        int64_t count[25] = {0};
        assert_ok(
            wg_dataset_make_mixture(&x, &y, .rows = ROWS, .layout = (wg_dataset_layout)grid, .deviation = 0.05, .dtype = WG_F64));
        double squares = 0, chi = 0;
        for (int64_t i = 0; i < ROWS; i++) {
            const int64_t k = ((const int64_t *)wg_data(y))[i];
            const double t = 6.283185307179586 * (double)k / 8, *at = (const double *)wg_data(x) + 2 * i;
            const double a = grid ? -4 + 2 * (double)(k % 5) : 2 * cos(t), b = grid ? -4 + 2 * (double)(k / 5) : 2 * sin(t);
            assert_true(hypot(at[0] - a, at[1] - b) < 0.35);
            squares += pow(at[0] - a, 2) + pow(at[1] - b, 2);
            count[k]++;
        }
        assert_near(sqrt(squares / (2 * ROWS)), 0.05, 4 * 0.05 / sqrt(4 * ROWS));
        for (int k = 0; k < modes; k++)
            chi += pow((double)count[k] - (double)ROWS / modes, 2) / ((double)ROWS / modes);
        assert_true(chi < (grid ? 51.2 : 24.3)); /* once in a thousand */
        wg_free(x), wg_free(y);
    }
}

/* The least squares solution is the weights; the spectrum of Xᵀ X / n is the one that was asked for. */
static void regression_has_its_weights_and_spectrum(void **state)
{
    (void)state;
    enum { ROWS = 20000, D = 5 };
    wg_tensor *x, *y;
    assert_ok(
        wg_dataset_make_regression(&x, &y, .rows = ROWS, .features = D, .condition = 100, .noise = 0, .dtype = WG_F64, .seed = 2));
    wg_tensor *w = wg_dataset_regression_weights(.features = D, .condition = 100, .dtype = WG_F64, .seed = 2);
    for (int j = 0; j < D; j++) {
        double squares = 0;
        for (int64_t i = 0; i < ROWS; i++)
            squares += pow(((const double *)wg_data(x))[D * i + j], 2) / ROWS;
        assert_near(squares * pow(100, j / 4.0), 1, 4 * sqrt(2.0 / ROWS));
    }
    for (int64_t i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int j = 0; j < D; j++)
            sum += ((const double *)wg_data(x))[D * i + j] * element(w, j);
        assert_near(((const double *)wg_data(y))[i], sum, 1e-12);
    }
    assert_int_equal(wg_extent(y, 1), 1);
    wg_free(x), wg_free(y), wg_free(w);
    assert_ok(wg_dataset_make_regression(&x, &y, .rows = 10));
    assert_int_equal(wg_extent(x, 1), 500); /* row 52 of the course's table: 10000 × 500 */
    wg_free(x), wg_free(y);
}

/* A teacher's labels are learnable and of every class; its real outputs have a spread near that of tanh of a normal. */
static void teachers_answer(void **state)
{
    (void)state;
    wg_tensor *x, *y;
    int count[4] = {0};
    assert_ok(wg_dataset_make_teacher(&x, &y, .rows = 4000, .classes = 4, .seed = 1));
    for (int i = 0; i < 4000; i++)
        count[((const int64_t *)wg_data(y))[i]]++;
    for (int c = 0; c < 4; c++)
        assert_true(count[c] > 100);
    wg_free(x), wg_free(y);
    assert_ok(wg_dataset_make_teacher(&x, &y, .rows = 4000, .outputs = 30, .hidden = 200, .features = 100, .dtype = WG_F64));
    double squares = 0;
    for (int i = 0; i < 120000; i++)
        squares += pow(((const double *)wg_data(y))[i], 2) / 120000;
    assert_near(squares, 0.394, 0.1); /* E tanh² of a standard normal */
    wg_free(x), wg_free(y);
}

static void bad_options_are_named(void **state)
{
    (void)state;
    wg_tensor *x, *y;
    assert_fails(wg_dataset_make_blobs(&x, &y, .classes = 0), WG_E_ARGUMENT, "dataset_make_blobs: expected classes from 1");
    assert_fails(wg_dataset_make_moons(&x, &y, .noise = -1), WG_E_ARGUMENT, "expected noise from 0");
    assert_fails(wg_dataset_make_moons(&x, &y, .noise = (double)NAN), WG_E_ARGUMENT, "got nan");
    assert_fails(wg_dataset_make_rings(&x, &y, .rows = 0), WG_E_ARGUMENT, "expected rows from 1");
    assert_fails(wg_dataset_make_teacher(&x, &y, .classes = 1), WG_E_ARGUMENT, "classes above 1");
    assert_fails(wg_dataset_make_teacher(&x, &y, .classes = 3, .outputs = 2), WG_E_ARGUMENT, "expected outputs from 1 to 1, got 2");
    assert_fails(wg_dataset_make_mixture(&x, &y, .layout = WG_DATASET_LAYOUT_GRID, .modes = 8), WG_E_ARGUMENT, "a square");
    assert_fails(wg_dataset_make_regression(&x, &y, .condition = 0.5), WG_E_ARGUMENT, "expected condition from 1");
    assert_fails(wg_dataset_make_spirals(&x, &y, .dtype = WG_U8), WG_E_DTYPE, "expected f32 or f64, got u8");
    assert_true(!x && !y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_seed_is_a_set),
        TEST(sets_have_streams_of_their_own),
        TEST(points_fulfil_their_formulas),
        TEST(clusters_have_their_deviation),
        TEST(mixtures_have_their_modes),
        TEST(regression_has_its_weights_and_spectrum),
        TEST(teachers_answer),
        TEST(bad_options_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
