/* What critic and generator are given: packed samples, conditions, latents with bits, noise; and layers that look at groups and frequencies. */
#include <math.h>
#include <stdlib.h>

#include "formula.h"
#include "nn_check.h"

/* ---- packing ---- */

static void groups_follow_one_another(void **state)
{
    (void)state;
    const double rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    wg_tensor *x = wg_from(rows, WG_SHAPE(6, 2)), *line = wg_from(rows, WG_SHAPE(12)), *image = wg_from(rows, WG_SHAPE(2, 2, 3, 1));
    wg_tensor *pairs = wg_gan_pack(x, 2), *alone = wg_gan_pack(x, 1), *thirds = wg_gan_pack(line, 3), *both = wg_gan_pack(image, 2);
    assert_true(wg_rank(pairs) == 2 && wg_extent(pairs, 0) == 3 && wg_extent(pairs, 1) == 4);
    assert_true(wg_rank(thirds) == 2 && wg_extent(thirds, 0) == 4 && wg_extent(thirds, 1) == 3);
    assert_true(wg_rank(both) == 4 && wg_extent(both, 0) == 1 && wg_extent(both, 1) == 4 && wg_extent(both, 2) == 3);
    assert_values(pairs, rows, 0), assert_values(thirds, rows, 0), assert_values(both, rows, 0);
    assert_true(wg_shares_memory(pairs, x) && wg_extent(alone, 1) == 2);
    wg_free(pairs), wg_free(alone), wg_free(thirds), wg_free(both);
    assert_null(wg_gan_pack(x, 4));
    assert_error(WG_E_SHAPE, "gan_pack: expected a batch that groups of 4 samples divide, got 6 samples, [6, 2]");
    wg_free(x), wg_free(line), wg_free(image);
    assert_no_error();
}

/* A penalty of a packed critic: one score, one point, one norm over the group. */
static void a_penalty_of_groups(void **state)
{
    (void)state;
    wg_tensor *x = filled(WG_F64, WG_SHAPE(4, 2), 1);
    WG_TAPE(tape);
    wg_tensor *point = wg_gan_point(wg_gan_pack(x, 2)), *w = wg_from(((const double[]){1, 2, 2, 4}), WG_SHAPE(4));
    assert_close(wg_item(wg_gan_slope_penalty(wg_matmul(point, w), point)), 16, 1e-14); /* (5 - 1)² */
    wg_tensor *loose = wg_gan_point(x), *scores = wg_matmul(wg_gan_pack(loose, 2), w);
    assert_null(wg_gan_slope_penalty(scores, loose)); /* two scores of four points */
    assert_error(WG_E_SHAPE, "gan_slope_penalty: expected a point (N, ...) and scores of its N samples, got [4, 2] and [2]");
    wg_free(x);
}

/* ---- conditions ---- */

static void conditions_are_channels(void **state)
{
    (void)state;
    const float rows[] = {1, 2, 3, 4}, with[] = {1, 2, 0, 0, 1, 3, 4, 1, 0, 0}, maps[] = {1, 2, 0, 0, 1, 1, 3, 4, 1, 1, 0, 0};
    wg_tensor *labels = wg_from(((const int64_t[]){2, 0}), WG_SHAPE(2)), *two = wg_from(((const int64_t[]){1, 0}), WG_SHAPE(2));
    wg_tensor *x = wg_from(rows, WG_SHAPE(2, 2)), *image = wg_from(rows, WG_SHAPE(2, 1, 1, 2));
    wg_tensor *y = wg_gan_condition(x, labels, 3), *z = wg_gan_condition(image, two, 2);
    assert_true(wg_rank(y) == 2 && wg_extent(y, 1) == 5 && wg_dtype_of(y) == WG_F32);
    assert_true(wg_rank(z) == 4 && wg_extent(z, 1) == 3);
    for (int i = 0; i < 10; i++)
        assert_true(wg_data_as(y, float)[i] == with[i]);
    for (int i = 0; i < 12; i++)
        assert_true(wg_data_as(z, float)[i] == maps[i]);
    assert_null(wg_gan_condition(x, labels, 2));
    assert_error(WG_E_ARGUMENT, "gan_condition: one_hot: ");
    wg_free(labels), wg_free(two), wg_free(x), wg_free(image), wg_free(y), wg_free(z);
    assert_no_error();
}

/* ---- latents and labels ---- */

/* Means and deviations within five standard errors, bits ±1 alone, coordinates uncorrelated. */
static void latents_have_their_distribution(void **state)
{
    (void)state;
    enum { N = 20000, D = 5 };
    wg_tensor *generator = wg_generator(8, 0), *again = wg_generator(8, 0);
    wg_tensor *z = wg_gan_latent(generator, N, 2, 3, .dtype = WG_F64), *same = wg_gan_latent(again, N, 2, 3, .dtype = WG_F64);
    assert_same_bits(z, same);
    const double *at = wg_data_as(z, double);
    double product[D][D] = {{0}}, sum[D] = {0};
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++) {
            const double v = at[i * D + j];
            assert_true(j < 2 || v == 1 || v == -1);
            sum[j] += v;
            for (int k = 0; k <= j; k++)
                product[j][k] += v * at[i * D + k];
        }
    for (int j = 0; j < D; j++) {
        assert_true(fabs(sum[j] / N) < 5 / sqrt(N));
        for (int k = 0; k < j; k++)
            assert_true(fabs(product[j][k] / N) < 5 / sqrt(N));
        assert_true(fabs(product[j][j] / N - 1) < 5 * sqrt(2.0 / N));
    }
    wg_tensor *plain = wg_gan_latent(WG_NONE, 3, 2, 0), *bits = wg_gan_latent(WG_NONE, 3, 0, 4),
              *none = wg_gan_latent(WG_NONE, 0, 2, 1);
    assert_true(wg_extent(plain, 1) == 2 && wg_dtype_of(plain) == WG_F32 && wg_extent(bits, 1) == 4 && wg_extent(none, 0) == 0);
    wg_free(generator), wg_free(again), wg_free(z), wg_free(same), wg_free(plain), wg_free(bits), wg_free(none);
    assert_no_error();
}

static void labels_are_uniform(void **state)
{
    (void)state;
    enum { N = 20000, K = 7 };
    wg_tensor *generator = wg_generator(2, 0), *labels = wg_gan_labels(generator, N, K);
    double n[K] = {0};
    for (int i = 0; i < N; i++) {
        assert_true(wg_data_as(labels, int64_t)[i] >= 0 && wg_data_as(labels, int64_t)[i] < K);
        n[wg_data_as(labels, int64_t)[i]]++;
    }
    for (int k = 0; k < K; k++)
        assert_true(fabs(n[k] / N - 1.0 / K) < 5 * sqrt(1.0 / K / N));
    wg_free(generator), wg_free(labels);
    assert_no_error();
}

/* ---- noise ---- */

static void noise_has_its_deviation(void **state)
{
    (void)state;
    enum { N = 20000 };
    wg_tensor *generator = wg_generator(4, 0), *again = wg_generator(4, 0), *x = filled(WG_F64, WG_SHAPE(N), 1);
    wg_tensor *y = wg_gan_noise(x, 0.3, .generator = generator), *exact = wg_gan_noise(x, 0);
    double squares = 0;
    for (int i = 0; i < N; i++)
        squares += pow(wg_data_as(y, double)[i] - wg_data_as(x, double)[i], 2);
    assert_true(fabs(sqrt(squares / N) / 0.3 - 1) < 5 / sqrt(2 * N));
    assert_same_bits(x, exact);
    /* half of it by a factor, and the gradient that goes to the sample, and to the factor */
    WG_TAPE(tape);
    wg_tensor *half = wg_set_requires_grad(wg_full(WG_F64, WG_SCALAR, 0.5), true), *leaf = wg_gan_point(x);
    wg_tensor *z = wg_gan_noise(leaf, 0.3, .generator = again, .factor = half), *g[2];
    for (int i = 0; i < N; i += 999)
        assert_close(2 * (wg_data_as(z, double)[i] - wg_data_as(x, double)[i]), wg_data_as(y, double)[i] - wg_data_as(x, double)[i],
                     1e-13);
    assert_int_equal(wg_grad_many(wg_sum(z), ((wg_tensor *[]){leaf, half}), 2, g), WG_OK);
    assert_close(wg_item(wg_slice(g[0], 0, 7, 8, 1)), 1, 0);
    assert_close(wg_item(g[1]), 2 * (wg_item(wg_sum(z)) - wg_item(wg_sum(x))), 1e-10);
    wg_free(generator), wg_free(again), wg_free(x), wg_free(y), wg_free(exact);
    assert_no_error();
}

struct fade {
    wg_tensor *factor, *x, *sum;
};

static wg_status noisy_step(void *context)
{
    struct fade *f = context;
    WG_TAPE(tape);
    wg_tensor *noise = wg_sub(wg_gan_noise(f->x, 2, .factor = f->factor), f->x);
    return wg_assign(f->sum, wg_sum(wg_square(noise)));
}

/* A captured step reads the factor at each run. */
static void noise_fades_in_a_replay(void **state)
{
    (void)state;
    struct fade f = {wg_ones(WG_F64, WG_SCALAR), wg_zeros(WG_F64, WG_SHAPE(4000)), wg_zeros(WG_F64, WG_SCALAR)};
    wg_replay *replay = wg_replay_capture(noisy_step, &f);
    assert_non_null(replay);
    for (int i = 0; i < 3; i++) {
        const double factor[] = {1, 0.25, 0};
        assert_int_equal(wg_write(f.factor, &factor[i]), WG_OK);
        assert_int_equal(wg_replay_run(replay), WG_OK);
        assert_true(fabs(sqrt(wg_item(f.sum) / 4000) - 2 * factor[i]) <= 0.12 * factor[i]);
    }
    wg_replay_destroy(replay);
    wg_free(f.factor), wg_free(f.x), wg_free(f.sum);
    assert_no_error();
}

/* ---- layers ---- */

/* Groups of two of a batch of six: samples 0 and 3, 1 and 4, 2 and 5. Equal samples deviate by √ε. */
static void deviations_are_of_groups(void **state)
{
    (void)state;
    const double rows[] = {1, 5, 2, 2, 0, 0, 3, 5, 2, 2, 0, 6};
    wg_nn_module *layer = wg_nn_minibatch_deviation(.group = 2, .eps = 1e-8), *whole = wg_nn_minibatch_deviation(.group = 0);
    wg_tensor *x = wg_from(rows, WG_SHAPE(6, 2)), *y = wg_nn_apply(layer, x), *one = wg_slice(x, 0, 0, 1, 1),
              *z = wg_nn_apply(whole, one);
    const double first = (sqrt(1 + 1e-8) + 1e-4) / 2, second = 1e-4, third = (1e-4 + sqrt(9 + 1e-8)) / 2;
    assert_values(y, (const double[]){1, 5, first, 2, 2, second, 0, 0, third, 3, 5, first, 2, 2, second, 0, 6, third}, 1e-14);
    assert_values(z, (const double[]){1, 5, second}, 1e-14);
    wg_tensor *three = wg_slice(x, 0, 0, 3, 1);
    assert_null(wg_nn_apply(layer, three));
    assert_error(WG_E_SHAPE, "nn_minibatch_deviation: expected a batch that groups of 2 divide, got [3, 2]");
    wg_free(x), wg_free(y), wg_free(one), wg_free(z), wg_free(three), wg_nn_destroy(layer), wg_nn_destroy(whole);
    assert_no_error();
}

static void frequencies_double(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_fourier_features(4);
    wg_tensor *x = wg_from(((const double[]){0.3, -1.1}), WG_SHAPE(1, 2)), *y = wg_nn_apply(layer, x);
    double expected[18] = {0.3, -1.1};
    for (int k = 0; k < 4; k++)
        for (int j = 0; j < 2; j++) {
            const double angle = ldexp(acos(-1) / 2, k) * expected[j];
            expected[2 + 2 * k + j] = sin(angle), expected[10 + 2 * k + j] = cos(angle);
        }
    assert_int_equal(wg_numel(y), 18);
    assert_values(y, expected, 1e-14);
    wg_free(x), wg_free(y), wg_nn_destroy(layer);
    assert_no_error();
}

/* The k-th allocation fails: the generator is where it was, once the tape is closed or at once. */
static void failed_draws_are_undone(void **state)
{
    (void)state;
    wg_tensor *generator = wg_generator(1, 0), *x = filled(WG_F32, WG_SHAPE(3, 2), 0), *made[4] = {NULL};
    char before[32], after[32];
    assert_int_equal(wg_read_raw(generator, before), WG_OK);
    for (int64_t at = 0; !made[3]; at++) {
        assert_int_equal(wg_read_raw(generator, after), WG_OK);
        assert_memory_equal(after, before, sizeof before);
        {
            WG_TAPE(tape);
            wg_memory_fail(at, false);
            made[0] = wg_gan_latent(generator, 3, 2, 3), made[1] = wg_gan_labels(generator, 3, 2);
            made[2] = wg_gan_noise(x, 1, .generator = generator);
            made[3] = made[0] && made[1] && made[2] ? wg_gan_condition(x, made[1], 2) : NULL;
            wg_memory_fail(-1, false);
        }
        if (!made[3])
            assert_error(WG_E_MEMORY, "");
    }
    wg_free(generator), wg_free(x);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(groups_follow_one_another),       TEST(a_penalty_of_groups),      TEST(conditions_are_channels),
        TEST(latents_have_their_distribution), TEST(labels_are_uniform),       TEST(noise_has_its_deviation),
        TEST(noise_fades_in_a_replay),         TEST(deviations_are_of_groups), TEST(frequencies_double),
        TEST(failed_draws_are_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
