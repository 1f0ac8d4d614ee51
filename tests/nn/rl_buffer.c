/* Replay buffers: what a sample is made of, windows of several steps, priorities, and state. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

/* A transition of one number each: observation x, action a, reward r, next observation. */
struct row {
    double x, a, r, next;
    bool terminated, truncated;
};

static wg_status add(wg_rl_buffer *buffer, const struct row *row, int n)
{
    double x[4], a[4], r[4], next[4], total[4] = {0};
    int64_t length[4] = {0};
    bool terminated[4], truncated[4];
    for (int i = 0; i < n; i++) {
        x[i] = row[i].x, a[i] = row[i].a, r[i] = row[i].r, next[i] = row[i].next;
        terminated[i] = row[i].terminated, truncated[i] = row[i].truncated;
    }
    return wg_rl_buffer_add(buffer, &(wg_rl_transitions){n, 1, 1, x, a, r, next, terminated, truncated, total, length});
}

/* The returns of the samples that begin at a row, which must be the same in all of them. */
static void assert_return(wg_rl_buffer *buffer, int64_t row, double reward, double discount, double next)
{
    bool found = false;
    for (int k = 0; k < 200; k++) {
        const wg_rl_batch *batch = wg_rl_buffer_sample(buffer);
        assert_non_null(batch);
        for (int64_t i = 0; i < batch->n; i++)
            if (batch->index[i] == row) {
                found = true;
                assert_close(wg_data_as(batch->reward, double)[i], reward, 1e-12);
                assert_close(wg_data_as(batch->discount, double)[i], discount, 1e-12);
                assert_close(wg_data_as(batch->next, double)[i], next, 0);
            }
    }
    assert_true(found);
}

/* ---- ends of episodes ---- */

/* r = 1, γ = .99, Q' = 10: terminated 1; truncated 10.9; both 1. And γ = .9: 10. */
static void only_termination_ends_the_value(void **state)
{
    (void)state;
    const struct {
        bool terminated, truncated;
        double gamma, y;
    } cases[] = {{true, false, 0.99, 1},
                 {false, true, 0.99, 10.9},
                 {true, true, 0.99, 1},
                 {false, true, 0.9, 10},
                 {false, false, 0.99, 10.9}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = 4, .batch = 1, .gamma = cases[i].gamma, .dtype = WG_F64);
        assert_int_equal(add(buffer, &(struct row){0, 0, 1, 7, cases[i].terminated, cases[i].truncated}, 1), WG_OK);
        const wg_rl_batch *batch = wg_rl_buffer_sample(buffer);
        const double y = wg_data_as(batch->reward, double)[0] + wg_data_as(batch->discount, double)[0] * 10;
        assert_close(y, cases[i].y, 1e-12);
        wg_rl_buffer_destroy(buffer);
    }
    assert_no_error();
}

/* What follows a truncated episode in a sample is its last observation, not the first of the next episode. */
static void the_last_observation_is_kept(void **state)
{
    (void)state;
    wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = 8, .batch = 2, .n_step = 3, .gamma = 0.5, .dtype = WG_F64);
    assert_int_equal(add(buffer, &(struct row){1, 0, 1, 2, false, true}, 1), WG_OK);
    assert_int_equal(add(buffer, &(struct row){100, 0, 8, 101, false, false}, 1), WG_OK);
    assert_return(buffer, 0, 1, 0.5, 2);
    assert_return(buffer, 1, 8, 0.5, 101);
    wg_rl_buffer_destroy(buffer);
    assert_no_error();
}

/* A copy that is begun anew without an end of its episode is no chain of steps. */
static void a_break_ends_a_window(void **state)
{
    (void)state;
    wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = 8, .batch = 1, .n_step = 3, .gamma = 0.5, .dtype = WG_F64);
    assert_int_equal(add(buffer, &(struct row){1, 0, 1, 2, false, false}, 1), WG_OK);
    assert_int_equal(add(buffer, &(struct row){50, 0, 8, 51, false, false}, 1), WG_OK);
    assert_int_equal(add(buffer, &(struct row){51, 0, 16, 52, false, false}, 1), WG_OK);
    assert_return(buffer, 0, 1, 0.5, 2);
    assert_return(buffer, 1, 16, 0.25, 52);
    wg_rl_buffer_destroy(buffer);
    assert_no_error();
}

/* ---- several steps ---- */

/* n 3, γ .5, rewards 1 2 4 8, termination after the second; the buffer wraps between steps 2 and 3. */
static void windows_stop_at_ends_and_at_the_newest(void **state)
{
    (void)state;
    wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = 4, .batch = 2, .n_step = 3, .gamma = 0.5, .dtype = WG_F64);
    assert_int_equal(add(buffer, &(struct row){-2, 0, 100, -1, false, true}, 1), WG_OK); /* two rows that will be overwritten */
    assert_int_equal(add(buffer, &(struct row){-1, 0, 100, 0, false, true}, 1), WG_OK);
    const struct row rows[] = {
        {0, 0, 1, 1, false, false}, {1, 0, 2, 2, true, false}, {10, 0, 4, 11, false, false}, {11, 0, 8, 12, false, false}};
    for (int i = 0; i < 4; i++)
        assert_int_equal(add(buffer, &rows[i], 1), WG_OK);
    assert_int_equal(wg_rl_buffer_count(buffer), 4);
    assert_return(buffer, 2, 1 + 0.5 * 2, 0, 2); /* no bootstrap */
    assert_return(buffer, 3, 2, 0, 2);
    assert_return(buffer, 0, 4 + 0.5 * 8, 0.25, 12); /* two steps were really taken */
    assert_return(buffer, 1, 8, 0.5, 12);
    wg_rl_buffer_destroy(buffer);
    assert_no_error();
}

/* r = 1, 2, γ = .9, Q' = 10: 10.9 truncated, 2.8 terminated. */
static void two_steps_bootstrap_from_a_truncation(void **state)
{
    (void)state;
    for (int terminated = 0; terminated < 2; terminated++) {
        wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = 4, .batch = 1, .n_step = 2, .gamma = 0.9, .dtype = WG_F64);
        assert_int_equal(add(buffer, &(struct row){0, 0, 1, 1, false, false}, 1), WG_OK);
        assert_int_equal(add(buffer, &(struct row){1, 0, 2, 2, terminated, !terminated}, 1), WG_OK);
        assert_return(buffer, 0, 2.8, terminated ? 0 : 0.81, 2);
        assert_close(2.8 + (terminated ? 0 : 0.81) * 10, terminated ? 2.8 : 10.9, 1e-12);
        wg_rl_buffer_destroy(buffer);
    }
    assert_no_error();
}

/* Windows of one copy never run into another's. */
static void copies_have_windows_of_their_own(void **state)
{
    (void)state;
    wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = 6, .batch = 3, .copies = 2, .n_step = 2, .gamma = 0.5,
                                               .dtype = WG_F64);
    for (int step = 0; step < 4; step++) /* the fourth step overwrites the first */
        assert_int_equal(add(buffer,
                             (struct row[]){{step, 0, step + 1, step + 1, false, false},
                                            {100 + step, 0, 10 * (step + 1), 101 + step, false, step == 2}},
                             2),
                         WG_OK);
    assert_int_equal(wg_rl_buffer_count(buffer), 6);
    assert_return(buffer, 2, 2 + 0.5 * 3, 0.25, 3);
    assert_return(buffer, 3, 20 + 0.5 * 30, 0.25, 103);
    assert_return(buffer, 4, 3 + 0.5 * 4, 0.25, 4);
    assert_return(buffer, 5, 30, 0.5, 103); /* truncated */
    assert_return(buffer, 0, 4, 0.5, 4);
    assert_return(buffer, 1, 40, 0.5, 104);
    wg_rl_buffer_destroy(buffer);
    assert_no_error();
}

/* ---- which rows ---- */

/* Every row is drawn as often as every other one, within five standard errors. */
static void rows_are_drawn_uniformly(void **state)
{
    (void)state;
    enum { N = 10, BATCH = 5, SAMPLES = 4000 };
    int seen[N] = {0};
    wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = N, .batch = BATCH, .seed = 3);
    for (int i = 0; i < N; i++)
        assert_int_equal(add(buffer, &(struct row){i, 0, i, i + 1, false, false}, 1), WG_OK);
    for (int k = 0; k < SAMPLES; k++) {
        const wg_rl_batch *batch = wg_rl_buffer_sample(buffer);
        for (int i = 0; i < BATCH; i++) {
            seen[batch->index[i]]++;
            assert_true(wg_data_as(batch->observation, float)[i] == (float)batch->index[i]);
            assert_true(wg_data_as(batch->weight, float)[i] == 1);
        }
    }
    const double mean = (double)SAMPLES * BATCH / N, error = sqrt(mean * (1 - 1.0 / N));
    for (int i = 0; i < N; i++)
        assert_true(fabs(seen[i] - mean) < 5 * error);
    wg_rl_buffer_destroy(buffer);
    assert_no_error();
}

/* Priorities 1 to 4 and alpha 1: each draw is the first row at which the sum of priorities is above it; u = .95 is row 3. Weights for beta 1: 1,
   .5, .333, .25. */
static void rows_are_drawn_by_priority(void **state)
{
    (void)state;
    enum { N = 4, SEED = 5, SAMPLES = 500 };
    wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = N, .batch = N, .prioritized = true, .alpha = 1, .beta = 1,
                                               .epsilon = 0, .seed = SEED, .dtype = WG_F64);
    for (int i = 0; i < N; i++)
        assert_int_equal(add(buffer, &(struct row){i, 0, i, i + 1, false, false}, 1), WG_OK);
    const wg_rl_batch *batch = wg_rl_buffer_sample(buffer); /* all of priority 1: one draw each */
    double error[N];
    for (int i = 0; i < N; i++) {
        assert_int_equal(batch->index[i], i);
        error[i] = i % 2 ? -(i + 1) : i + 1;
    }
    wg_tensor *errors = wg_from(error, WG_SHAPE(N, 1));
    assert_int_equal(wg_rl_buffer_prioritize(buffer, errors), WG_OK);
    bool late = false;
    for (int k = 1; k < SAMPLES; k++) {
        wg_dataset_random random = {.seed = SEED, .stream = WG_STREAM_RL_SAMPLES + (uint64_t)k};
        batch = wg_rl_buffer_sample(buffer);
        for (int i = 0; i < N; i++) {
            const double u = (i + wg_dataset_uniform(&random)) / N, mass = 10 * u;
            const int64_t row = mass < 1 ? 0 : mass < 3 ? 1 : mass < 6 ? 2 : 3;
            late = late || u > 0.95;
            assert_int_equal(batch->index[i], row);
            assert_close(wg_data_as(batch->weight, double)[i], 1.0 / (double)(row + 1), 1e-15);
        }
    }
    assert_true(late);
    assert_int_equal(wg_rl_buffer_set_beta(buffer, 0.5), WG_OK);
    batch = wg_rl_buffer_sample(buffer);
    assert_close(wg_data_as(batch->weight, double)[N - 1], 0.5, 1e-15);
    wg_free(errors), wg_rl_buffer_destroy(buffer);
    assert_no_error();
}

/* A row whose error is 0 never comes with epsilon 0, and the weights of the others are those beside the least of theirs. */
static void a_priority_of_zero_leaves_the_weights(void **state)
{
    (void)state;
    wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = 2, .batch = 2, .prioritized = true, .alpha = 1, .beta = 1,
                                               .epsilon = 0, .seed = 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(add(buffer, &(struct row){i, 0, i, i + 1, false, false}, 1), WG_OK);
    assert_non_null(wg_rl_buffer_sample(buffer));
    wg_tensor *errors = wg_from(((const double[]){0, 3}), WG_SHAPE(2));
    assert_int_equal(wg_rl_buffer_prioritize(buffer, errors), WG_OK);
    const wg_rl_batch *batch = wg_rl_buffer_sample(buffer);
    for (int i = 0; i < 2; i++)
        assert_true(batch->index[i] == 1 && wg_data_as(batch->weight, float)[i] == 1);
    wg_free(errors), wg_rl_buffer_destroy(buffer);
    assert_no_error();
}

/* ---- state ---- */

/* The state of a buffer of one copy means other rows than that of two. */
static void state_of_other_copies_is_refused(void **state)
{
    (void)state;
    wg_rl_buffer *one = wg_rl_buffer_create(1, 1, .capacity = 4, .batch = 1),
                 *two = wg_rl_buffer_create(1, 1, .capacity = 4, .batch = 1, .copies = 2);
    assert_int_equal(add(one, &(struct row){0, 0, 1, 1, false, false}, 1), WG_OK);
    const wg_tensor_list from = wg_rl_buffer_state(one), to = wg_rl_buffer_state(two);
    for (size_t i = 0; i < from.n; i++)
        assert_int_equal(wg_write_raw(to.tensor[i], wg_data(from.tensor[i])), WG_OK);
    assert_null(wg_rl_buffer_sample(two));
    assert_error(WG_E_STATE, "rl_buffer_sample: the state was written by a buffer of 1 copies, and this one has 2");
    assert_int_equal(add(two, (struct row[2]){{0}}, 2), WG_E_STATE);
    assert_error(WG_E_STATE, "rl_buffer_add: the state was written by a buffer of 1 copies, and this one has 2");
    wg_rl_buffer_destroy(one), wg_rl_buffer_destroy(two);
    assert_no_error();
}

static wg_rl_buffer *filled_buffer(bool prioritized, int rows)
{
    wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = 20, .batch = 4, .n_step = 3, .prioritized = prioritized,
                                               .seed = 9);
    for (int i = 0; i < rows; i++)
        assert_int_equal(add(buffer, &(struct row){i, 0.1 * i, sin(i), i + 1, i % 7 == 6, false}, 1), WG_OK);
    return buffer;
}

/* A buffer whose state is written goes on as the one that it was read from. */
static void state_is_all_that_there_is(void **state)
{
    (void)state;
    for (int prioritized = 0; prioritized < 2; prioritized++) {
        wg_rl_buffer *a = filled_buffer(prioritized, 33), *b = filled_buffer(prioritized, 2);
        for (int k = 0; k < 3; k++)
            assert_non_null(wg_rl_buffer_sample(a));
        if (prioritized)
            assert_int_equal(wg_rl_buffer_prioritize(a, wg_rl_buffer_sample(a)->reward), WG_OK);
        const wg_tensor_list from = wg_rl_buffer_state(a), to = wg_rl_buffer_state(b);
        assert_true(from.n == (prioritized ? 7 : 6) && to.n == from.n);
        for (size_t i = 0; i < from.n; i++) {
            assert_string_equal(from.name[i], to.name[i]);
            assert_int_equal(wg_write_raw(to.tensor[i], wg_data(from.tensor[i])), WG_OK);
        }
        for (int k = 0; k < 5; k++) {
            const wg_rl_batch *x = wg_rl_buffer_sample(a), *y = wg_rl_buffer_sample(b);
            assert_same_bits(x->observation, y->observation), assert_same_bits(x->reward, y->reward);
            assert_same_bits(x->discount, y->discount), assert_same_bits(x->next, y->next), assert_same_bits(x->weight, y->weight);
        }
        wg_rl_buffer_destroy(a), wg_rl_buffer_destroy(b);
    }
    assert_no_error();
}

/* ---- errors ---- */

static void bad_transitions_are_refused(void **state)
{
    (void)state;
    wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = 4, .batch = 2);
    assert_int_equal(add(buffer, &(struct row){0, 0, NAN, 1, false, false}, 1), WG_E_NUMERIC);
    assert_error(WG_E_NUMERIC, "rl_buffer_add: the reward of row 0 is nan in component 0");
    assert_int_equal(add(buffer, &(struct row){0, 0, 0, INFINITY, false, false}, 1), WG_E_NUMERIC);
    assert_error(WG_E_NUMERIC, "rl_buffer_add: the next observation of row 0 is inf in component 0");
    assert_int_equal(add(buffer, &(struct row){0, 0, 1e300, 1, false, false}, 1), WG_E_NUMERIC); /* beyond f32 */
    assert_error(WG_E_NUMERIC, "rl_buffer_add: the reward of row 0 is 1e+300 in component 0");
    assert_int_equal(add(buffer, (struct row[2]){{0}}, 2), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "rl_buffer_add: expected 1 transitions, as .copies says, got 2");
    const double one[3] = {1, 1, 1};
    const bool no = false;
    assert_int_equal(wg_rl_buffer_add(buffer, &(wg_rl_transitions){1, 3, 1, one, one, one, one, &no, &no, one, NULL}), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "rl_buffer_add: expected observations of 1 numbers and actions of 1, got 3 and 1");
    assert_int_equal(wg_rl_buffer_count(buffer), 0);
    assert_int_equal(add(buffer, &(struct row){0}, 1), WG_OK);
    assert_null(wg_rl_buffer_sample(buffer));
    assert_error(WG_E_STATE, "rl_buffer_sample: a batch of 2 rows needs as many transitions, and there are 1");
    assert_int_equal(wg_rl_buffer_prioritize(buffer, NULL), WG_E_STATE);
    assert_error(WG_E_STATE, "rl_buffer_prioritize: no sample was drawn yet");
    wg_rl_buffer_destroy(buffer);
    assert_null(wg_rl_buffer_create(1, 1, .capacity = 10, .batch = 20));
    assert_error(WG_E_ARGUMENT, "rl_buffer_create: a batch of 20 rows needs a .capacity of as many transitions, got 10");
    assert_null(wg_rl_buffer_create(1, 1, .capacity = 10, .batch = 2, .copies = 3));
    assert_error(WG_E_ARGUMENT, "rl_buffer_create: expected a .capacity that is a multiple of .copies, got 10 and 3");
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_termination_ends_the_value),
        cmocka_unit_test(the_last_observation_is_kept),
        cmocka_unit_test(a_break_ends_a_window),
        cmocka_unit_test(windows_stop_at_ends_and_at_the_newest),
        cmocka_unit_test(two_steps_bootstrap_from_a_truncation),
        cmocka_unit_test(copies_have_windows_of_their_own),
        cmocka_unit_test(rows_are_drawn_uniformly),
        cmocka_unit_test(rows_are_drawn_by_priority),
        cmocka_unit_test(state_is_all_that_there_is),
        cmocka_unit_test(state_of_other_copies_is_refused),
        cmocka_unit_test(a_priority_of_zero_leaves_the_weights),
        cmocka_unit_test(bad_transitions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
