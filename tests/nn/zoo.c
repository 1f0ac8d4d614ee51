/* What single layers of layers.def promise beside what every layer does (list.c): state, statistics of draws, rows that stand for nothing. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

/* ---- batch norm: means over all batches ---- */

/* Batches of 2 with means 1, 2, 6 and values ±1 around them; the unbiased variance of each is 2. */
static void cumulative_statistics_are_means_over_batches(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_batch_norm(1, .cumulative = true, .dtype = WG_F64);
    const double means[] = {1, 2, 6};
    for (int i = 0; i < 3; i++) {
        wg_tensor *x = wg_from(((const double[]){means[i] - 1, means[i] + 1}), WG_SHAPE(2, 1)), *y = wg_nn_apply(layer, x);
        assert_non_null(y);
        wg_free(x), wg_free(y);
    }
    const wg_tensor_list buffers = wg_nn_buffers(layer);
    assert_close(wg_item(buffers.tensor[0]), 3, 1e-12);
    assert_close(wg_item(buffers.tensor[1]), 2, 1e-12);
    assert_string_equal(buffers.name[2], "num_batches_tracked");
    assert_close(wg_item(buffers.tensor[2]), 3, 0);
    wg_nn_destroy(layer);
    assert_null(wg_nn_batch_norm(1, .cumulative = true, .momentum = 0.2));
    assert_error(WG_E_ARGUMENT, ".cumulative = true and .momentum = 0.2 exclude each other");
}

/* Another network's parameters leave the statistics and their count alone. */
static void functional_calls_do_not_count_batches(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_batch_norm(2, .cumulative = true);
    wg_tensor *x = wg_from(((const float[]){1, 2, 3, 5}), WG_SHAPE(2, 2)), *y = wg_nn_apply_with(layer, wg_nn_parameters(layer), x);
    assert_non_null(y);
    const double zeros[] = {0, 0}, ones[] = {1, 1};
    for (int i = 0; i < 3; i++)
        assert_values(wg_nn_buffers(layer).tensor[i], i == 1 ? ones : zeros, 0);
    wg_free(x), wg_free(y), wg_nn_destroy(layer);
    assert_no_error();
}

/* ---- embedding ---- */

struct lookup {
    wg_nn_module *net;
    wg_tensor *index;
    wg_optim *optim;
};

static wg_status look_up(void *context)
{
    const struct lookup *l = context;
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_sum(wg_nn_apply(l->net, l->index))));
    return l->optim ? wg_optim_step(l->optim) : WG_OK;
}

static void no_gradient_reaches_the_padding_row(void **state)
{
    (void)state;
    struct lookup l = {.net = wg_nn_embedding(3, 2, .padding = 0, .dtype = WG_F64),
                       .index = wg_from(((const int64_t[]){1, 0, 1}), WG_SHAPE(3))};
    wg_tensor *table = wg_nn_parameters(l.net).tensor[0];
    assert_int_equal(look_up(&l), WG_OK);
    assert_values(wg_gradient(table), (const double[]){0, 0, 2, 2, 0, 0}, 0);
    wg_clear_gradient(table);
    l.optim = wg_optim_adamw(wg_nn_parameters(l.net), .lr = 0.1, .weight_decay = 0.5);
    wg_replay *replay = wg_replay_capture(look_up, &l);
    assert_non_null(replay);
    for (int i = 0; i < 3; i++)
        assert_int_equal(wg_replay_run(replay), WG_OK);
    const double *rows = wg_data_as(table, double);
    assert_true(rows[0] == 0 && rows[1] == 0 && rows[2] != 0);
    /* what is written into the row is looked up like any other row, and no gradient reaches it either */
    const double written[] = {5, 6, 1, 2, 3, 4};
    assert_int_equal(wg_write(table, written), WG_OK);
    wg_tensor *y = wg_nn_apply(l.net, l.index);
    assert_values(y, (const double[]){1, 2, 5, 6, 1, 2}, 0);
    wg_free(y), wg_replay_destroy(replay), wg_optim_destroy(l.optim), wg_nn_destroy(l.net), wg_free(l.index);
    assert_no_error();
}

/* In training the rows that are looked up become shorter, as an effect of the step. */
static void long_rows_are_scaled_where_they_are_looked_up(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_embedding(3, 2, .max_norm = 1, .dtype = WG_F64);
    wg_tensor *table = wg_nn_parameters(net).tensor[0], *index = wg_from(((const int64_t[]){2, 0, 2}), WG_SHAPE(3));
    const double rows[] = {3, 4, 6, 8, 0.3, 0.4}, scaled[] = {0.3, 0.4, 0.6, 0.8, 0.3, 0.4}, kept[] = {0.6, 0.8, 6, 8, 0.3, 0.4};
    assert_int_equal(wg_write(table, rows), WG_OK);
    {
        WG_EVAL_MODE;
        wg_tensor *y = wg_nn_apply(net, index);
        assert_values(y, scaled, 1e-7);
        assert_values(table, rows, 0);
        wg_free(y);
    }
    {
        WG_TAPE(tape); /* a step that fails */
        assert_non_null(wg_nn_apply(net, index));
        assert_null(wg_reshape(index, WG_SHAPE(7)));
    }
    wg_error_take(NULL);
    assert_values(table, rows, 0);
    wg_tensor *y = wg_nn_apply(net, index);
    assert_values(y, scaled, 1e-7);
    assert_values(table, kept, 1e-7);
    wg_free(y), wg_free(index), wg_nn_destroy(net);
    assert_null(wg_nn_embedding(3, 2, .padding = 3));
    assert_error(WG_E_ARGUMENT, "expected padding below rows, 3, got 3");
}

/* ---- draws ---- */

struct moments {
    double mean, variance, zeros;
};

static struct moments moments_of(wg_tensor *t)
{
    struct moments m = {0, 0, 0};
    const double *x = wg_data_as(t, double);
    const double n = (double)wg_numel(t);
    for (int64_t i = 0; i < wg_numel(t); i++)
        m.mean += x[i] / n, m.zeros += (x[i] == 0) / n;
    for (int64_t i = 0; i < wg_numel(t); i++)
        m.variance += (x[i] - m.mean) * (x[i] - m.mean) / n;
    return m;
}

static struct moments moments_behind(wg_nn_module *layer, wg_tensor *x)
{
    wg_tensor *y = wg_nn_apply(layer, x);
    assert_non_null(y);
    const struct moments m = moments_of(y);
    {
        WG_EVAL_MODE;
        wg_tensor *same = wg_nn_apply(layer, x);
        assert_same_bits(same, x);
        wg_free(same);
    }
    wg_free(y), wg_nn_destroy(layer);
    return m;
}

/* 200,000 numbers: the mean is within five deviations of its estimate. */
static void dropout_keeps_the_mean(void **state)
{
    (void)state;
    wg_tensor *x = wg_ones(WG_F64, WG_SHAPE(100, 200, 10));
    const struct moments m = moments_behind(wg_nn_dropout(.p = 0.3), x);
    assert_true(fabs(m.mean - 1) < 5 * sqrt(0.3 / 0.7 / 200000) && fabs(m.zeros - 0.3) < 5 * sqrt(0.21 / 200000));
    wg_free(x);
}

static void whole_channels_are_dropped(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_dropout_channels(.p = 0.25);
    wg_tensor *x = wg_ones(WG_F64, WG_SHAPE(100, 200, 2, 5)), *y = wg_nn_apply(layer, x);
    const double *data = wg_data_as(y, double);
    for (int64_t channel = 0; channel < 20000; channel++)
        for (int i = 1; i < 10; i++)
            assert_true(data[channel * 10 + i] == data[channel * 10]);
    const struct moments m = moments_of(y);
    assert_true(fabs(m.zeros - 0.25) < 5 * sqrt(0.1875 / 20000));
    assert_close(data[0] == 0 ? 0 : data[0], data[0] == 0 ? 0 : 1 / 0.75, 1e-15);
    wg_free(x), wg_free(y), wg_nn_destroy(layer);
}

static void alpha_dropout_keeps_mean_and_variance(void **state)
{
    (void)state;
    wg_tensor *generator = wg_generator(5, 0), *x = wg_normal(generator, WG_F64, WG_SHAPE(200000), 0, 1);
    const struct moments m = moments_behind(wg_nn_dropout_alpha(.p = 0.4), x);
    assert_true(fabs(m.mean) < 0.015 && fabs(m.variance - 1) < 0.02);
    wg_free(x), wg_free(generator);
}

/* 200 channels of 1,000 numbers: means are uniform in ±2, deviations in 1 … 1.5. */
static void noise_differs_from_channel_to_channel(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_noise(.deviation = 1, .deviation_range = 0.5, .mean_range = 2);
    wg_tensor *x = wg_zeros(WG_F64, WG_SHAPE(1, 200, 1000)), *y = wg_nn_apply(layer, x), *again = wg_nn_apply(layer, x);
    double largest = 0, means = 0;
    for (int64_t c = 0; c < 200; c++) {
        double mean = 0, square = 0;
        for (int64_t i = 0; i < 1000; i++) {
            mean += wg_data_as(y, double)[c * 1000 + i] / 1000;
            square += pow(wg_data_as(y, double)[c * 1000 + i], 2) / 1000;
        }
        const double deviation = sqrt(square - mean * mean);
        assert_true(fabs(mean) < 2.25 && deviation > 0.85 && deviation < 1.7);
        largest = fmax(largest, fabs(mean)), means += mean * mean / 200;
    }
    assert_true(largest > 1.8 && fabs(means - 4.0 / 3) < 0.35);
    assert_memory_not_equal(wg_data(y), wg_data(again), 1000 * sizeof(double)); /* anew in each step */
    wg_free(x), wg_free(y), wg_free(again), wg_nn_destroy(layer);
    x = wg_zeros(WG_F64, WG_SHAPE(100, 2000));
    const struct moments m = moments_behind(wg_nn_noise(.deviation = 0.5), x);
    assert_true(fabs(m.mean) < 0.006 && fabs(m.variance - 0.25) < 0.005);
    wg_free(x);
    assert_no_error();
}

/* ---- activations ---- */

static void every_activation_makes_a_network(void **state)
{
    (void)state;
    wg_tensor *x = wg_ones(WG_F64, WG_SHAPE(2, 3));
    for (int i = 0; i < WG_ACTIVATION_COUNT_; i++) {
        wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 4, 1), .activation = (wg_activation)i, .dtype = WG_F64,
                                      .init = WG_INIT_KAIMING_NORMAL);
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_sum(wg_nn_apply(net, x))), WG_OK);
        wg_nn_destroy(net);
    }
    wg_free(x);
    assert_no_error();
}

/* ---- attention ---- */

/* The first query may attend to no key: its result is the bias of the last projection, and every gradient is finite. */
static void a_query_without_keys_spoils_nothing(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_multi_head_attention(4, 2, .dtype = WG_F64);
    wg_tensor *x = wg_set_requires_grad(wg_uniform(wg_generator_default(), WG_F64, WG_SHAPE(1, 3, 4), -1, 1), true);
    wg_tensor *mask = wg_from(((const uint8_t[]){0, 0, 0, 1, 1, 0, 1, 1, 1}), WG_SHAPE(3, 3)), *y[2];
    WG_TAPE(tape);
    assert_int_equal(wg_nn_apply_many(net, NULL, (wg_tensor *[]){x, mask}, 2, y, 2), WG_OK);
    const double zeros[4] = {0};
    assert_values(wg_select(wg_select(y[0], 0, 0), 0, 0), zeros, 0);
    assert_values(wg_select(wg_select(y[1], 0, 0), 0, 0), zeros, 0);
    assert_close(wg_item(wg_sum(wg_select(y[1], 1, 2))), 1, 1e-12);
    assert_int_equal(wg_backward(wg_sum(wg_square(wg_slice(y[0], 1, 1, 3, 1)))), WG_OK); /* a loss on the others alone */
    assert_true(wg_item(wg_all(wg_is_finite(wg_gradient(x)))) == 1);
    const wg_tensor_list params = wg_nn_parameters(net);
    for (size_t i = 0; i < params.n; i++)
        assert_true(wg_item(wg_all(wg_is_finite(wg_gradient(params.tensor[i])))) == 1);
    wg_nn_destroy(net), wg_free(x), wg_free(mask);
    assert_no_error();
}

/* The product of a query and a key depends on the distance of their positions alone. */
static void rotations_tell_distances(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_rotary_positions(8, 4, .dtype = WG_F64);
    const double q[] = {0.3, -1, 0.7, 2}, k[] = {1, 0.5, -0.2, 0.4};
    WG_TAPE(tape);
    wg_tensor *queries = wg_repeat(wg_from(q, WG_SHAPE(1, 4)), WG_SIZES(8, 1));
    wg_tensor *keys = wg_repeat(wg_from(k, WG_SHAPE(1, 4)), WG_SIZES(8, 1));
    wg_tensor *products = wg_matmul(wg_nn_apply(net, queries), wg_transpose(wg_nn_apply(net, keys), 0, 1));
    const double *p = wg_data_as(products, double);
    assert_non_null(p);
    for (int i = 1; i < 8; i++)
        for (int j = 1; j < 8; j++)
            assert_close(p[8 * i + j], p[8 * (i - 1) + j - 1], 1e-12);
    assert_true(fabs(p[1] - p[0]) > 1e-3);
    wg_nn_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cumulative_statistics_are_means_over_batches),
        TEST(functional_calls_do_not_count_batches),
        TEST(no_gradient_reaches_the_padding_row),
        TEST(long_rows_are_scaled_where_they_are_looked_up),
        TEST(dropout_keeps_the_mean),
        TEST(whole_channels_are_dropped),
        TEST(alpha_dropout_keeps_mean_and_variance),
        TEST(noise_differs_from_channel_to_channel),
        TEST(every_activation_makes_a_network),
        TEST(a_query_without_keys_spoils_nothing),
        TEST(rotations_tell_distances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
