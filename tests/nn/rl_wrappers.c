/* Environments of other environments, and normalised observations. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "nn_check.h"

/* ---- wrappers ---- */

static void rescaled_numbers_are_the_same_episode(void **state)
{
    (void)state;
    const double shift[] = {0, 0.5, 1}, scale[] = {1, 2, 0.125};
    wg_rl_env *plain = wg_rl_pendulum(), *env = wg_rl_rescale(wg_rl_pendulum(), shift, scale, 0.1);
    wg_rl_vector *a = wg_rl_vector_create(plain, 3, .seed = 1), *b = wg_rl_vector_create(env, 3, .seed = 1);
    for (int step = 0; step < 250; step++) {
        const double actions[] = {sin(step), 0.3, -1};
        assert_int_equal(wg_rl_vector_step(a, actions), WG_OK);
        assert_int_equal(wg_rl_vector_step(b, actions), WG_OK);
        const wg_rl_transitions *x = wg_rl_vector_last(a), *y = wg_rl_vector_last(b);
        for (int i = 0; i < 9; i++)
            assert_true(y->next[i] == (x->next[i] - shift[i % 3]) * scale[i % 3]);
        for (int i = 0; i < 3; i++)
            assert_true(y->reward[i] == 0.1 * x->reward[i] && y->truncated[i] == x->truncated[i]);
    }
    const wg_rl_box *box = &wg_rl_env_dynamics(env)->observation;
    const double low[] = {-1, -3, -1.125}, high[] = {1, 1, 0.875};
    for (int i = 0; i < 3; i++)
        assert_true(box->low[i] == low[i] && box->high[i] == high[i]);
    wg_rl_vector_destroy(a), wg_rl_vector_destroy(b), wg_rl_env_destroy(plain), wg_rl_env_destroy(env);
    assert_no_error();
}

static void a_repeated_action_adds_rewards_up(void **state)
{
    (void)state;
    wg_rl_env *plain = wg_rl_cart_pole_continuous(.limit = 0),
              *env = wg_rl_time_limit(wg_rl_repeat(wg_rl_cart_pole_continuous(.limit = 0), 4), 5);
    wg_rl_vector *a = wg_rl_vector_create(plain, 1, .seed = 2), *b = wg_rl_vector_create(env, 1, .seed = 2);
    const double gentle = 0.01, strong = 1;
    for (int step = 0; step < 2; step++) {
        for (int i = 0; i < 4; i++)
            assert_int_equal(wg_rl_vector_step(a, &gentle), WG_OK);
        assert_int_equal(wg_rl_vector_step(b, &gentle), WG_OK);
        assert_memory_equal(wg_rl_vector_observations(a), wg_rl_vector_observations(b), 4 * sizeof(double));
        assert_true(wg_rl_vector_last(b)->reward[0] == 4 && wg_rl_vector_last(b)->length[0] == step + 1);
    }
    bool ended = false;
    double reward = 4;
    for (int step = 0; step < 3 && !ended; step++) { /* until it falls: in the middle of a repetition */
        assert_int_equal(wg_rl_vector_step(b, &strong), WG_OK);
        ended = wg_rl_vector_last(b)->terminated[0] || wg_rl_vector_last(b)->truncated[0];
        reward = wg_rl_vector_last(b)->reward[0];
    }
    assert_true(ended && reward >= 1 && reward <= 4);
    wg_rl_vector_destroy(a), wg_rl_vector_destroy(b), wg_rl_env_destroy(plain), wg_rl_env_destroy(env);
    assert_no_error();
}

/* ---- normalised observations ---- */

enum { SIZE = 3, ROWS = 200 };

static double *numbers(void)
{
    wg_rl_random random = {.seed = 5};
    double *rows = malloc(SIZE * ROWS * sizeof *rows);
    for (int i = 0; i < SIZE * ROWS; i++)
        rows[i] = i % SIZE == 0 ? 1e6 + wg_rl_normal(&random) : i % SIZE == 1 ? wg_rl_uniform(&random, -3, 1) : 7;
    return rows;
}

/* In two passes. */
static void moments(const double *rows, int column, double *mean, double *variance)
{
    *mean = *variance = 0;
    for (int i = 0; i < ROWS; i++)
        *mean += rows[i * SIZE + column] / ROWS;
    for (int i = 0; i < ROWS; i++)
        *variance += (rows[i * SIZE + column] - *mean) * (rows[i * SIZE + column] - *mean) / ROWS;
}

static void mean_and_variance_are_those_of_all_rows(void **state)
{
    (void)state;
    double *rows = numbers(), *to = malloc(SIZE * ROWS * sizeof *to), mean[SIZE], variance[SIZE];
    wg_rl_normalizer *n = wg_rl_normalizer_create(SIZE, .clip = 1.5), *parts = wg_rl_normalizer_create(SIZE);
    assert_int_equal(wg_rl_normalizer_update(n, ROWS, rows), WG_OK);
    for (int i = 0; i < ROWS; i += 8)
        assert_int_equal(wg_rl_normalizer_update(parts, 8, rows + (ptrdiff_t)i * SIZE), WG_OK);
    const wg_tensor_list all = wg_rl_normalizer_state(n), other = wg_rl_normalizer_state(parts);
    for (size_t i = 0; i < all.n; i++)
        assert_same_bits(all.tensor[i], other.tensor[i]); /* rows are counted one by one */
    for (int k = 0; k < SIZE; k++) {
        moments(rows, k, &mean[k], &variance[k]);
        assert_close(((const double *)wg_data(all.tensor[1]))[k], mean[k], 1e-14);
        assert_close(((const double *)wg_data(all.tensor[2]))[k] / ROWS, variance[k], 1e-9); /* of 1e6 ± 1 */
    }
    assert_int_equal(wg_rl_normalizer_apply(n, ROWS, rows, to), WG_OK);
    for (int i = 0; i < SIZE * ROWS; i++)
        assert_close(to[i], fmin(fmax((rows[i] - mean[i % SIZE]) / sqrt(variance[i % SIZE] + 1e-8), -1.5), 1.5), 1e-8);
    assert_int_equal(wg_rl_normalizer_apply(n, ROWS, rows, rows), WG_OK); /* in place; and applying counts nothing */
    assert_memory_equal(rows, to, SIZE * ROWS * sizeof *to);
    assert_int_equal(*(const int64_t *)wg_data(all.tensor[0]), ROWS);
    free(rows), free(to);
    wg_rl_normalizer_destroy(n), wg_rl_normalizer_destroy(parts);
    assert_no_error();
}

static void without_rows_nothing_changes(void **state)
{
    (void)state;
    wg_rl_normalizer *n = wg_rl_normalizer_create(2, .clip = 5);
    double x[] = {1.5, -7}, expected[] = {1.5, -5};
    assert_int_equal(wg_rl_normalizer_update(n, 0, NULL), WG_OK);
    assert_int_equal(wg_rl_normalizer_apply(n, 1, x, x), WG_OK);
    assert_memory_equal(x, expected, sizeof x);
    assert_int_equal(wg_rl_normalizer_update(n, 1, x), WG_OK); /* one row: variance 0 */
    assert_int_equal(wg_rl_normalizer_apply(n, 1, x, x), WG_OK);
    assert_true(x[0] == 0 && x[1] == 0);
    wg_rl_normalizer_destroy(n);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(rescaled_numbers_are_the_same_episode), TEST(a_repeated_action_adds_rewards_up),
                                       TEST(mean_and_variance_are_those_of_all_rows), TEST(without_rows_nothing_changes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
