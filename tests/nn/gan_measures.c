/* Measures of samples: modes of mixtures, and the nearest training sample. */
#include <math.h>
#include <stdlib.h>

#include "formula.h"
#include "nn_check.h"

/* ---- mixtures ---- */

static void centres_are_where_they_should_be(void **state)
{
    (void)state;
    wg_tensor *ring = wg_gan_ring_centres(8, 2), *grid = wg_gan_grid_centres(5, 4), *x, *y, *one = wg_gan_grid_centres(1, 4);
    double at[16], square[50], point[2];
    read_all(ring, at), read_all(grid, square), read_all(one, point);
    assert_true(point[0] == 0 && point[1] == 0);
    for (int i = 0; i < 8; i++) {
        assert_close(at[2 * i], 2 * cos(acos(-1) / 4 * i), 1e-15);
        assert_close(at[2 * i + 1], 2 * sin(acos(-1) / 4 * i), 1e-15);
    }
    for (int i = 0; i < 25; i++)
        assert_true(square[2 * i] == i % 5 * 2 - 4 && square[2 * i + 1] == i / 5 * 2 - 4);
    /* the labels of the synthetic sets number the same centres */
    for (int layout = 0; layout < 2; layout++) {
        assert_int_equal(wg_dataset_make_mixture(&x, &y, .rows = 200, .layout = (wg_dataset_layout)layout, .deviation = 0.02,
                                                 .dtype = WG_F64, .seed = 5),
                         WG_OK);
        for (int i = 0; i < 200; i++) {
            const double *centre = (layout ? square : at) + 2 * wg_data_as(y, int64_t)[i];
            assert_true(fabs(wg_data_as(x, double)[2 * i] - centre[0]) < 0.15);
            assert_true(fabs(wg_data_as(x, double)[2 * i + 1] - centre[1]) < 0.15);
        }
        wg_free(x), wg_free(y);
    }
    wg_free(ring), wg_free(grid), wg_free(one);
    assert_no_error();
}

/* Shares are within five standard errors of the weights, each coordinate has the deviation sigma, and labels name the centres. */
static void mixtures_have_their_weights(void **state)
{
    (void)state;
    enum { N = 20000, K = 4 };
    const double w[K] = {1, 0, 2, 5};
    wg_tensor *generator = wg_generator(3, 0), *centres = wg_gan_ring_centres(K, 1), *weights = wg_from(w, WG_SHAPE(K)), *labels;
    for (int equal = 0; equal < 2; equal++) {
        wg_tensor *x = wg_gan_mixture(generator, N, centres, 0.1, .weights = equal ? WG_NONE : weights, .dtype = WG_F64,
                                      .labels = &labels);
        double n[K] = {0}, squares = 0, at[2 * K];
        read_all(centres, at);
        for (int i = 0; i < N; i++) {
            const int64_t k = wg_data_as(labels, int64_t)[i];
            assert_true(k >= 0 && k < K);
            n[k]++;
            for (int j = 0; j < 2; j++)
                squares += pow(wg_data_as(x, double)[2 * i + j] - at[2 * k + j], 2);
        }
        for (int k = 0; k < K; k++) {
            const double p = equal ? 0.25 : w[k] / 8;
            assert_true(fabs(n[k] / N - p) <= 5 * sqrt(p * (1 - p) / N));
        }
        assert_true(fabs(sqrt(squares / (2 * N)) / 0.1 - 1) < 5 / sqrt(4 * N));
        wg_free(x), wg_free(labels);
    }
    WG_TAPE(tape);
    wg_tensor *x = wg_gan_mixture(WG_NONE, 3, centres, 0, .labels = &labels); /* on the tape, f32, by this thread's generator */
    assert_int_equal(wg_dtype_of(x), WG_F32);
    assert_int_equal(wg_numel(labels), 3);
    assert_int_equal(wg_extent(wg_gan_mixture(WG_NONE, 0, centres, 0), 0), 0);
    wg_free(generator), wg_free(centres), wg_free(weights);
    assert_no_error();
}

/* ---- modes ---- */

/* Means over repetitions of what an ideal sampler has, with tolerances of five standard errors of those means: of the share σ = √(q(1 - q)/n),
   of the divergence, which is χ²/2n nearly, σ = √(2(k - 1))/2n. */
static void an_ideal_sampler(void **state)
{
    (void)state;
    enum { N = 2500, TIMES = 40 };
    wg_tensor *generator = wg_generator(11, 0);
    for (int grid = 0; grid < 2; grid++) {
        const double k = grid ? 25 : 8, sigma = grid ? 0.05 : 0.01, q = 1 - exp(-4.5);
        wg_tensor *centres = grid ? wg_gan_grid_centres(5, 4) : wg_gan_ring_centres(8, 1);
        wg_gan_modes_result mean = {0}, r;
        for (int i = 0; i < TIMES; i++) {
            wg_tensor *x = wg_gan_mixture(generator, N, centres, sigma);
            assert_int_equal(wg_gan_modes(x, centres, sigma, &r), WG_OK);
            assert_int_equal(r.modes, (int64_t)k);
            mean.high_quality += r.high_quality / TIMES, mean.reverse_kl += r.reverse_kl / TIMES;
            mean.js += r.js / TIMES, mean.std_ratio += r.std_ratio / TIMES;
            wg_free(x);
        }
        assert_true(fabs(mean.high_quality - 0.98889) < 5 * sqrt(q * (1 - q) / N / TIMES) + 1e-5);
        assert_true(fabs(mean.reverse_kl - (k - 1) / (2 * N * q)) < 5 * sqrt(2 * (k - 1) / TIMES) / (2 * N) + 5e-5);
        assert_true(fabs(mean.js - mean.reverse_kl / 4) < 1e-4); /* to second order */
        assert_true(fabs(mean.std_ratio - sqrt(1 - 4.5 * exp(-4.5) / q)) < 5 / sqrt(4 * N * TIMES) + 1e-3);
        wg_free(centres);
    }
    wg_free(generator);
    assert_no_error();
}

/* Six samples, by hand: two near mode 0, one near mode 1, one at exactly 3σ from mode 1, one far away, one that is NaN. */
static void modes_by_hand(void **state)
{
    (void)state;
    const float at[] = {0, 0, 0.5f, 0, 8, 1, 8, 3, 100, 100, NAN, 0}, c[] = {0, 0, 8, 0, 0, 8};
    const double w[] = {0.5, 0.5, 1};
    wg_tensor *x = wg_from(at, WG_SHAPE(6, 2)), *centres = wg_from(c, WG_SHAPE(3, 2)), *weights = wg_from(w, WG_SHAPE(3));
    wg_gan_modes_result r;
    int64_t counts[3];
    double ratios[3];
    assert_int_equal(wg_gan_modes(x, centres, 1, &r, .counts = counts, .std_ratios = ratios), WG_OK);
    assert_true(r.modes == 2 && counts[0] == 2 && counts[1] == 1 && counts[2] == 0);
    assert_close(r.high_quality, 0.5, 1e-15);
    const double p = 2.0 / 3, q = 1.0 / 3, m = (p + q) / 2, half = q / 2;
    assert_close(r.reverse_kl, p * log(p / q), 1e-15); /* the second is 1/3 ln 1 */
    assert_close(r.js, (p * log(p / m) + (q * log(q / m) + q * log(q / half))) / 2, 1e-14);
    assert_close(r.std_ratio, 0.25, 1e-15); /* differences of 1/4 from the mean, squared and added: 1/8, over (2 - 1) 2 */
    assert_true(ratios[0] == r.std_ratio && isnan(ratios[1]) && isnan(ratios[2]));
    assert_int_equal(wg_gan_modes(x, centres, 1, &r, .count_from = 2, .radius = 3.5, .weights = weights), WG_OK);
    assert_true(r.modes == 2); /* with the one at 3σ */
    assert_close(r.reverse_kl, 0.5 * log(0.5 / 0.25) * 2, 1e-15);
    /* between two centres: the first */
    wg_tensor *middle = wg_from(((const double[]){4, 0}), WG_SHAPE(1, 2));
    assert_int_equal(wg_gan_modes(middle, centres, 1, &r, .radius = 5, .counts = counts), WG_OK);
    assert_true(counts[0] == 1 && counts[1] == 0);
    wg_free(middle);
    /* none of high quality */
    assert_int_equal(wg_gan_modes(x, centres, 1e-3, &r, .radius = 1e-9, .weights = weights), WG_OK);
    assert_true(r.modes == 1 && r.high_quality > 0); /* the sample at the centre itself */
    wg_tensor *far = wg_full(WG_F64, WG_SHAPE(4, 2), 50);
    assert_int_equal(wg_gan_modes(far, centres, 1, &r), WG_OK);
    assert_true(r.modes == 0 && r.high_quality == 0 && isnan(r.reverse_kl) && isnan(r.js) && isnan(r.std_ratio));
    wg_free(x), wg_free(centres), wg_free(weights), wg_free(far);
    assert_no_error();
}

/* Angles of a ring that end at 2π with both ends: the last centre is the first, and there are seven modes, not eight. */
static void a_ring_with_both_ends_is_refused(void **state)
{
    (void)state;
    double at[16];
    for (int i = 0; i < 8; i++)
        at[2 * i] = cos(2 * acos(-1) * i / 7), at[2 * i + 1] = sin(2 * acos(-1) * i / 7);
    wg_tensor *centres = wg_from(at, WG_SHAPE(8, 2)), *x = wg_copy(centres);
    wg_gan_modes_result r = {.modes = 3};
    int64_t counts[8] = {-1};
    assert_int_equal(wg_gan_modes(x, centres, 0.01, &r, .counts = counts), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "gan_modes: expected centres at least sigma = 0.01 apart, got 0 and 7 at a distance of 2.4");
    assert_true(r.modes == 0 && isnan(r.high_quality) && counts[0] == -1);
    wg_tensor *seven = wg_slice(centres, 0, 0, 7, 1); /* a view */
    assert_int_equal(wg_gan_modes(x, seven, 0.01, &r, .counts = counts), WG_OK);
    assert_true(r.modes == 7 && counts[0] == 2);
    wg_free(seven), wg_free(centres), wg_free(x);
    assert_no_error();
}

/* Weights of the first half of the modes are a twentieth of the others'; a mode counts from 50 of 10,000 samples. */
static void an_unbalanced_mixture(void **state)
{
    (void)state;
    const double w[8] = {0.05, 0.05, 0.05, 0.05, 1, 1, 1, 1};
    wg_tensor *weights = wg_from(w, WG_SHAPE(8)), *centres = wg_gan_ring_centres(8, 1), *generator = wg_generator(1, 0);
    wg_tensor *x = wg_gan_mixture(generator, 10000, centres, 0.01, .weights = weights);
    wg_gan_modes_result r, uniform;
    int64_t counts[8];
    assert_int_equal(wg_gan_modes(x, centres, 0.01, &r, .count_from = 50, .weights = weights, .counts = counts), WG_OK);
    assert_int_equal(r.modes, 8);
    assert_true(r.high_quality > 0.98 && r.reverse_kl < 0.002);
    for (int i = 0; i < 8; i++)
        assert_true(fabs((double)counts[i] - 9889 * w[i] / 4.2) < 200);
    assert_int_equal(wg_gan_modes(x, centres, 0.01, &uniform, .count_from = 200), WG_OK);
    assert_true(uniform.modes == 4 && uniform.reverse_kl > 0.3);
    wg_free(weights), wg_free(centres), wg_free(generator), wg_free(x);
    assert_no_error();
}

/* ---- the nearest training sample ---- */

static double distance_between(const double *a, const double *b, int d)
{
    double sum = 0;
    for (int j = 0; j < d; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sqrt(sum);
}

/* Sizes that are no multiples of blocks, of f32 and f64, with rows that lie far from the origin, where products cancel. */
static void nearest_is_brute_force(void **state)
{
    (void)state;
    enum { N = 150, M = 2100, D = 6 };
    for (int far = 0; far < 2; far++)
        for (int wide = 0; wide < 2; wide++) {
            const wg_dtype dtype = wide ? WG_F64 : WG_F32;
            wg_tensor *x = wg_zeros(dtype, WG_SHAPE(N, 2, 3)), *data = wg_zeros(dtype, WG_SHAPE(M, 3, 2)), *distances, *index;
            assert_int_equal(fill_scaled(x, 0, 1, far ? 1e7 : 0) + fill_scaled(data, 17, 1, far ? 1e7 : 0), WG_OK);
            wg_tensor *turned = wg_transpose(data, 1, 2); /* (M, 2, 3), not contiguous */
            double *a = malloc(N * D * sizeof *a), *b = malloc(M * D * sizeof *b);
            wg_tensor *copy = wg_copy(turned);
            read_all(x, a), read_all(copy, b);
            assert_int_equal(wg_gan_nearest(x, turned, &distances, &index), WG_OK);
            for (int i = 0; i < N; i++) {
                int best = 0;
                for (int j = 1; j < M; j++)
                    if (distance_between(a + i * D, b + j * D, D) < distance_between(a + i * D, b + best * D, D))
                        best = j;
                assert_int_equal(wg_data_as(index, int64_t)[i], best);
                assert_true(wg_data_as(distances, double)[i] == distance_between(a + i * D, b + best * D, D));
            }
            free(a), free(b);
            wg_free(x), wg_free(data), wg_free(turned), wg_free(copy), wg_free(distances), wg_free(index);
        }
    assert_no_error();
}

/* A generator that repeats its training data has distances of 0, of the first of equal rows. */
/* Where squares, or products, of the elements are no numbers. */
static void nearest_in_any_unit(void **state)
{
    (void)state;
    const double units[] = {1e-310, 1e-200, 1e-160, 1e160, 1e200, 1e307};
    for (int u = 0; u < 6; u++) {
        const double unit = units[u], samples[] = {3 * unit, 4 * unit, 0, 1e-3 * unit},
                     rows[] = {0, 0, 3 * unit, 3.5 * unit, 9 * unit, 9 * unit};
        wg_tensor *x = wg_from(samples, WG_SHAPE(2, 2)), *data = wg_from(rows, WG_SHAPE(3, 2)), *distances, *index;
        assert_int_equal(wg_gan_nearest(x, data, &distances, &index), WG_OK);
        assert_true(fabs(wg_data_as(distances, double)[0] / (0.5 * unit) - 1) < 1e-12);
        assert_true(fabs(wg_data_as(distances, double)[1] / (1e-3 * unit) - 1) < (unit < 1e-300 ? 1e-6 : 1e-12)); /* a subnormal */
        assert_true(wg_data_as(index, int64_t)[0] == 1 && wg_data_as(index, int64_t)[1] == 0);
        wg_free(x), wg_free(data), wg_free(distances), wg_free(index);
    }
    const double mixed[] = {1e-200, 0, 3e-200, 1e200}, near[] = {2e-200, 1e-200, 1e200}; /* of both kinds at once */
    wg_tensor *x = wg_from(mixed, WG_SHAPE(4, 1)), *data = wg_from(near, WG_SHAPE(3, 1)), *distances, *index;
    assert_int_equal(wg_gan_nearest(x, data, &distances, &index), WG_OK);
    const int64_t rows[] = {1, 1, 0, 2};
    const double away[] = {0, 1e-200, 1e-200, 0};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wg_data_as(index, int64_t)[i], rows[i]);
        assert_true(fabs(wg_data_as(distances, double)[i] - away[i]) < 1e-214);
    }
    wg_free(x), wg_free(data), wg_free(distances), wg_free(index);
    assert_no_error();
}

static void copies_are_found(void **state)
{
    (void)state;
    const double rows[] = {1, 2, 3, 4, 1, 2}, at[] = {3, 4, 1, 2, NAN, 0, 3, 5};
    WG_TAPE(tape);
    wg_tensor *distances, *index, *data = wg_from(rows, WG_SHAPE(3, 2)), *x = wg_from(at, WG_SHAPE(4, 2));
    assert_int_equal(wg_gan_nearest(x, data, &distances, &index), WG_OK);
    assert_true(wg_tape_top() == tape);
    const int64_t *i = wg_data_as(index, int64_t);
    const double *d = wg_data_as(distances, double);
    assert_true(i[0] == 1 && i[1] == 0 && i[2] == -1 && i[3] == 1);
    assert_true(d[0] == 0 && d[1] == 0 && isnan(d[2]) && d[3] == 1);
    assert_int_equal(wg_gan_nearest(x, data, NULL, NULL), WG_OK);
    assert_int_equal(wg_gan_nearest(wg_slice(x, 0, 0, 0, 1), data, &distances, NULL), WG_OK);
    assert_int_equal(wg_numel(distances), 0);
    assert_no_error();
}

/* The k-th allocation fails: nothing is given, and nothing is lost. */
static void failures_leave_nothing(void **state)
{
    (void)state;
    wg_tensor *x = filled(WG_F64, WG_SHAPE(4, 2), 0), *data = filled(WG_F64, WG_SHAPE(5, 2), 3), *made[2] = {x, x};
    wg_tensor *centres = wg_gan_ring_centres(3, 1), *generator = wg_generator(1, 0), *weights = wg_ones(WG_F64, WG_SHAPE(3));
    for (int64_t at = 0;; at++) {
        wg_memory_fail(at, false);
        const wg_status status = wg_gan_nearest(x, data, &made[0], &made[1]);
        wg_memory_fail(-1, false);
        if (status == WG_OK)
            break;
        assert_true(!made[0] && !made[1]);
        assert_error(WG_E_MEMORY, "");
    }
    wg_free(made[0]), wg_free(made[1]);
    for (int64_t at = 0;; at++) {
        wg_memory_fail(at, false);
        made[0] = wg_gan_mixture(generator, 4, centres, 0.1, .weights = weights, .labels = &made[1]);
        wg_memory_fail(-1, false);
        if (made[0])
            break;
        assert_null(made[1]);
        assert_error(WG_E_MEMORY, "");
    }
    wg_free(made[0]), wg_free(made[1]), wg_free(x), wg_free(data), wg_free(centres), wg_free(generator), wg_free(weights);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(centres_are_where_they_should_be),
        TEST(mixtures_have_their_weights),
        TEST(an_ideal_sampler),
        TEST(modes_by_hand),
        TEST(a_ring_with_both_ends_is_refused),
        TEST(an_unbalanced_mixture),
        TEST(nearest_is_brute_force),
        TEST(nearest_in_any_unit),
        TEST(copies_are_found),
        TEST(failures_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
