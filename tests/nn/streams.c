/* Who draws from which stream: no two consumers of random numbers draw the same words unless one seed was given to both. */
#include <math.h>

#include "nn_check.h"

enum { ROWS = 6, IN = 5, ORDERED = 40 };

/* The first weight of a network, drawn from U(±1/√IN). */
static const float *first_weight(const wg_nn_module *net)
{
    return wg_data(wg_nn_parameters(net).tensor[0]);
}

static void two_networks_with_defaults_differ(void **state)
{
    (void)state;
    assert_int_equal(wg_seed(3, 0), WG_OK);
    wg_nn_module *net[4] = {wg_nn_mlp(WG_SIZES(IN, ROWS)), wg_nn_mlp(WG_SIZES(IN, ROWS)), wg_nn_linear(IN, ROWS),
                            wg_nn_linear(IN, ROWS)};
    assert_int_equal(wg_seed(3, 0), WG_OK);
    wg_nn_module *again[4] = {wg_nn_mlp(WG_SIZES(IN, ROWS)), wg_nn_mlp(WG_SIZES(IN, ROWS)), wg_nn_linear(IN, ROWS),
                              wg_nn_linear(IN, ROWS)};
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(first_weight(net[i]), first_weight(net[k]), IN * ROWS * sizeof(float));
        for (size_t p = 0; p < 2; p++) /* but wg_seed makes the program repeatable */
            assert_same_bits(wg_nn_parameters(net[i]).tensor[p], wg_nn_parameters(again[i]).tensor[p]);
    }
    for (int i = 0; i < 4; i++)
        wg_nn_destroy(net[i]), wg_nn_destroy(again[i]);
    assert_no_error();
}

/* Of the same distribution as first_weight. */
static wg_tensor *noise(wg_tensor *generator)
{
    return wg_uniform(generator, WG_F32, WG_SHAPE(ROWS, IN), -1 / sqrt(IN), 1 / sqrt(IN));
}

static void weights_are_no_draws_of_the_default_generator(void **state)
{
    (void)state;
    wg_nn_module *net[3];
    for (int i = 0; i < 3; i++) { /* whether the seed is given or not */
        assert_int_equal(wg_seed(7, 0), WG_OK);
        net[i] = i == 0   ? wg_nn_mlp(WG_SIZES(IN, ROWS))
                 : i == 1 ? wg_nn_mlp(WG_SIZES(IN, ROWS), .seed = 7)
                          : wg_nn_linear(IN, ROWS);
    }
    assert_int_equal(wg_seed(7, 0), WG_OK);
    for (int draw = 0; draw < 4; draw++) {
        wg_tensor *drawn = noise(wg_generator_default());
        for (int i = 0; i < 3; i++)
            assert_memory_not_equal(wg_data(drawn), first_weight(net[i]), IN * ROWS * sizeof(float));
        wg_free(drawn);
    }
    for (int i = 0; i < 3; i++)
        wg_nn_destroy(net[i]);
    assert_no_error();
}

/* The order of the next epoch: all rows in one batch. */
static void read_order(wg_batches *batches, float order[ORDERED])
{
    wg_tensor *rows = NULL;
    while (!rows)
        assert_int_equal(wg_batches_next(batches, &rows, NULL), WG_OK);
    assert_int_equal(wg_read(rows, order), WG_OK);
    wg_free(rows);
}

static wg_tensor *counted_rows(void)
{
    float x[ORDERED];
    for (int i = 0; i < ORDERED; i++)
        x[i] = (float)i;
    return wg_from(x, WG_SHAPE(ORDERED, 1));
}

static void the_order_of_an_epoch_is_no_workers_draw(void **state)
{
    (void)state;
    wg_tensor *x = counted_rows();
    wg_batches *batches = wg_batches_create(x, WG_NONE, .size = ORDERED, .seed = 5);
    float order[3][ORDERED];
    for (int epoch = 0; epoch < 3; epoch++)
        read_order(batches, order[epoch]);
    for (uint64_t worker = 0; worker < 5; worker++) {
        wg_tensor *generator = wg_generator(5, worker), *drawn = wg_permutation(generator, ORDERED);
        const int64_t *row = wg_data(drawn);
        for (int epoch = 0; epoch < 3; epoch++) {
            int same = 0;
            for (int i = 0; i < ORDERED; i++)
                same += order[epoch][i] == (float)row[i];
            assert_true(same < ORDERED / 2);
        }
        wg_free(generator), wg_free(drawn);
    }
    wg_batches_destroy(batches), wg_free(x);
    assert_no_error();
}

static void orders_without_a_seed_follow_the_threads(void **state)
{
    (void)state;
    wg_tensor *x = counted_rows();
    float order[3][ORDERED];
    for (int i = 0; i < 3; i++) {
        if (i != 1)
            assert_int_equal(wg_seed(11, 0), WG_OK);
        wg_batches *batches = wg_batches_create(x, WG_NONE, .size = ORDERED);
        read_order(batches, order[i]);
        const wg_batches_state at = wg_batches_state_of(batches);
        wg_batches *resumed = wg_batches_create(x, WG_NONE, .size = ORDERED);
        float next[2][ORDERED];
        assert_int_equal(wg_batches_restore(resumed, at), WG_OK);
        read_order(batches, next[0]), read_order(resumed, next[1]);
        assert_memory_equal(next[0], next[1], sizeof next[0]);
        wg_batches_destroy(batches), wg_batches_destroy(resumed);
    }
    assert_memory_not_equal(order[0], order[1], sizeof order[0]);
    assert_memory_equal(order[0], order[2], sizeof order[0]);
    int64_t before[4], after[4];
    assert_int_equal(wg_read(wg_generator_default(), before), WG_OK);
    wg_batches *plain = wg_batches_create(x, WG_NONE, .shuffle = false); /* which draws nothing */
    assert_int_equal(wg_read(wg_generator_default(), after), WG_OK);
    assert_memory_equal(before, after, sizeof before);
    wg_batches_destroy(plain), wg_free(x);
    assert_no_error();
}

/* Rule 14: of a step that fails. */
static void a_split_is_undone(void **state)
{
    (void)state;
    assert_int_equal(wg_seed(13, 0), WG_OK);
    wg_tensor *a = wg_generator_split(wg_generator_default(), 4), *lost, *b;
    {
        WG_TAPE(tape);
        lost = wg_generator_split(wg_generator_default(), 4);
        assert_null(wg_add(wg_ones(WG_F32, WG_SHAPE(2)), wg_ones(WG_F32, WG_SHAPE(3))));
    }
    wg_error_take(NULL);
    b = wg_generator_split(wg_generator_default(), 4);
    assert_memory_equal(wg_data(lost), wg_data(b), 4 * sizeof(int64_t));
    assert_memory_not_equal(wg_data(a), wg_data(b), sizeof(int64_t));
    assert_int_equal(((const int64_t *)wg_data(b))[1], 4);
    assert_int_equal(((const int64_t *)wg_data(wg_generator_default()))[2], 2); /* one block each */
    wg_free(a), wg_free(b), wg_free(lost);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_networks_with_defaults_differ),
        TEST(weights_are_no_draws_of_the_default_generator),
        TEST(the_order_of_an_epoch_is_no_workers_draw),
        TEST(orders_without_a_seed_follow_the_threads),
        TEST(a_split_is_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
