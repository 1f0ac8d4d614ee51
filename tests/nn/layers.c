/* Layers and initialisation: shapes and ranges of the weights, batch normalisation's statistics, training and use. */
#include <math.h>

#include "nn_check.h"

/* ---- initialisation ---- */

static void statistics(const wg_tensor *t, double *mean, double *variance, double *largest)
{
    const double *data = wg_data(t);
    const int64_t n = wg_numel(t);
    *mean = *variance = *largest = 0;
    for (int64_t i = 0; i < n; i++) {
        *mean += data[i] / (double)n;
        *largest = fmax(*largest, fabs(data[i]));
    }
    for (int64_t i = 0; i < n; i++)
        *variance += (data[i] - *mean) * (data[i] - *mean) / (double)(n - 1);
}

/* 48,000 draws: a share of 0.02 of the variance is more than three standard errors of a normal's. */
static void assert_spread(const wg_tensor *t, double variance, double bound)
{
    double mean, found, largest;
    statistics(t, &mean, &found, &largest);
    assert_true(fabs(mean) < 4 * sqrt(variance / 48000));
    assert_true(fabs(found / variance - 1) < 0.025);
    if (bound > 0)
        assert_true(largest <= bound && largest > 0.999 * bound);
    else
        assert_true(largest > 3 * sqrt(variance));
}

static void a_linear_layer_begins_as_in_pytorch(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_linear(400, 120, .dtype = WG_F64);
    assert_spread(wg_nn_parameters(layer).tensor[0], 1.0 / 1200, 1.0 / 20);
    const double *bias = wg_data(wg_nn_parameters(layer).tensor[1]);
    double largest = 0;
    for (int i = 0; i < 120; i++)
        largest = fmax(largest, fabs(bias[i]));
    assert_true(largest <= 0.05 && largest > 0.04);
    wg_nn_destroy(layer);
    layer = wg_nn_linear(400, 120, .dtype = WG_F64, .init = WG_INIT_XAVIER_UNIFORM, .bias = false);
    assert_int_equal(wg_nn_parameters(layer).n, 1);
    assert_spread(wg_nn_parameters(layer).tensor[0], 2.0 / 520, sqrt(6.0 / 520));
    wg_nn_destroy(layer);
    layer = wg_nn_mlp(WG_SIZES(400, 120, 2), .dtype = WG_F64, .init = WG_INIT_KAIMING_NORMAL);
    assert_spread(wg_nn_parameters(layer).tensor[0], 2.0 / 400, 0);
    assert_close(((const double *)wg_data(wg_nn_parameters(layer).tensor[1]))[119], 0, 0);
    wg_nn_destroy(layer);
    assert_no_error();
}

static void the_seed_makes_the_weights(void **state)
{
    (void)state;
    wg_nn_module *a = wg_nn_mlp(WG_SIZES(5, 4, 3), .seed = 7), *b = wg_nn_mlp(WG_SIZES(5, 4, 3), .seed = 7);
    wg_nn_module *c = wg_nn_mlp(WG_SIZES(5, 4, 3), .seed = 8);
    for (size_t i = 0; i < 4; i++)
        assert_same_bits(wg_nn_parameters(a).tensor[i], wg_nn_parameters(b).tensor[i]);
    assert_memory_not_equal(wg_data(wg_nn_parameters(a).tensor[0]), wg_data(wg_nn_parameters(c).tensor[0]), 20 * sizeof(float));
    wg_nn_destroy(a), wg_nn_destroy(b), wg_nn_destroy(c);
}

static void bad_settings_are_refused(void **state)
{
    (void)state;
    wg_tensor *g = wg_generator(1, 0), *w = wg_zeros(WG_F64, WG_SHAPE(3)), *labels = wg_zeros(WG_I64, WG_SHAPE(3, 2));
    assert_int_equal(wg_init_kaiming_normal(w, g), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "[3]");
    assert_int_equal(wg_init_kaiming_normal(labels, g), WG_E_DTYPE);
    assert_error(WG_E_DTYPE, "i64");
    assert_int_equal(wg_init_uniform(NULL, g, 0, 1), WG_E_NULL);
    assert_error(WG_E_NULL, "init_uniform");
    assert_null(wg_nn_linear(0, 3));
    assert_error(WG_E_ARGUMENT, "nn_linear: expected in (features of x) in [1, inf), got 0");
    assert_null(wg_nn_linear(3, 3, .init = WG_INIT_XAVIER_NORMAL, .gain = 0));
    assert_error(WG_E_ARGUMENT, "gain");
    assert_null(wg_nn_linear(3, 3, .dtype = WG_I64));
    wg_error_take(NULL);
    assert_null(wg_nn_linear(3, 3, .gain = 2));
    assert_error(WG_E_ARGUMENT, "nn_linear: .gain = 2 and .init = WG_INIT_LINEAR exclude each other");
    assert_null(wg_nn_conv2d(3, 3, 1, .gain = 2));
    assert_error(WG_E_ARGUMENT, "nn_conv2d: .gain = 2 and .init = WG_INIT_LINEAR exclude each other");
    assert_null(wg_init_tensor(WG_F32, WG_SHAPE(2, 2), g, WG_INIT_LINEAR, .gain = 2));
    assert_error(WG_E_ARGUMENT, "init_tensor: the rule linear has no option gain, got .gain = 2");
    assert_null(wg_init_tensor(WG_F32, WG_SHAPE(2, 2), g, WG_INIT_XAVIER_NORMAL, .fan = WG_FAN_OUT));
    assert_error(WG_E_ARGUMENT, "init_tensor: the rule xavier_normal has no option fan");
    assert_null(wg_init_tensor(WG_F32, WG_SHAPE(2, 2), g, WG_INIT_KAIMING_NORMAL, .fan = (wg_fan)2));
    assert_error(WG_E_ARGUMENT, "init_tensor: expected fan to be one of 2 values");
    assert_null(wg_nn_batch_norm(0));
    assert_error(WG_E_ARGUMENT, "nn_batch_norm: expected channels (C) in [1, inf), got 0");
    assert_null(wg_nn_batch_norm(3, .momentum = 2));
    assert_error(WG_E_ARGUMENT, "expected momentum in [0, 1], got 2");
    assert_null(wg_nn_mlp(WG_SIZES(3)));
    assert_error(WG_E_ARGUMENT, "two sizes");
    assert_null(wg_nn_mlp(WG_SIZES(3, 4, 2), .activation = (wg_activation)99));
    assert_error(WG_E_ARGUMENT, "expected activation to be one of 15 values, 0 (identity), 1 (");
    wg_free(g), wg_free(w), wg_free(labels);
}

/* ---- layers ---- */

static void layers_compute_what_they_say(void **state)
{
    (void)state;
    const double x_data[] = {-1, 0.5, 2, 0, 1, -3}, w[] = {1, 2, 3, -1, 0.5, 0}, b[] = {0.1, -0.2};
    wg_tensor *x = wg_from(x_data, WG_SHAPE(2, 3));
    wg_nn_module *linear = wg_nn_linear(3, 2, .dtype = WG_F64);
    assert_int_equal(wg_write(wg_nn_parameters(linear).tensor[0], w), WG_OK);
    assert_int_equal(wg_write(wg_nn_parameters(linear).tensor[1], b), WG_OK);
    wg_nn_module *layers[] = {linear, wg_nn_relu(), wg_nn_tanh(), wg_nn_sigmoid()};
    const double wanted[4][6] = {
        {6.1, 1.05, -6.9, 0.3},
        {0, 0.5, 2, 0, 1, 0},
        {tanh(-1), tanh(0.5), tanh(2), 0, tanh(1), tanh(-3)},
        {1 / (1 + exp(1)), 1 / (1 + exp(-0.5)), 1 / (1 + exp(-2)), 0.5, 1 / (1 + exp(-1)), 1 / (1 + exp(3))}};
    for (int i = 0; i < 4; i++) {
        wg_tensor *y = wg_nn_apply(layers[i], x);
        assert_values(y, wanted[i], 1e-14);
        wg_free(y), wg_nn_destroy(layers[i]);
    }
    wg_free(x);
    assert_no_error();
}

/* What lies between layers is given back while the forward pass still runs. */
static void sequential_drops_what_lies_between(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_tanh(), wg_nn_tanh(), wg_nn_tanh(), wg_nn_tanh(), wg_nn_tanh());
    wg_tensor *x = wg_ones(WG_F64, WG_SHAPE(1000, 100));
    WG_TAPE(tape);
    const int64_t before = wg_memory_now().live;
    assert_non_null(wg_nn_apply(net, x));
    assert_true(wg_memory_now().live - before < 3 * 800000);
    wg_nn_destroy(net), wg_free(x);
}

/* ---- batch normalisation ---- */

static const double batch[12] = {0.3, -1.2, 2.5, 1.1, 0.4, -0.7, -2.2, 1.9, 0.8, 0.6, 0.2, 3.1}; /* (4,3) */

static void channel_statistics(int channel, double *mean, double *variance)
{
    *mean = *variance = 0;
    for (int row = 0; row < 4; row++)
        *mean += batch[row * 3 + channel] / 4;
    for (int row = 0; row < 4; row++)
        *variance += pow(batch[row * 3 + channel] - *mean, 2) / 4;
}

static void running_statistics_follow_the_batches(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_batch_norm(3, .dtype = WG_F64);
    wg_tensor *x = wg_from(batch, WG_SHAPE(4, 3));
    double running[2][3] = {{0, 0, 0}, {1, 1, 1}}, wanted[12];
    for (int step = 0; step < 3; step++) {
        wg_tensor *y = wg_nn_apply(layer, x);
        for (int c = 0; c < 3; c++) {
            double mean, variance;
            channel_statistics(c, &mean, &variance);
            running[0][c] = 0.9 * running[0][c] + 0.1 * mean;
            running[1][c] = 0.9 * running[1][c] + 0.1 * variance * 4 / 3; /* unbiased */
            for (int row = 0; row < 4; row++)
                wanted[row * 3 + c] = (batch[row * 3 + c] - mean) / sqrt(variance + 1e-5);
        }
        assert_values(y, wanted, 1e-13);
        wg_free(y);
        assert_values(wg_nn_buffers(layer).tensor[0], running[0], 1e-13);
        assert_values(wg_nn_buffers(layer).tensor[1], running[1], 1e-10);
    }
    wg_nn_destroy(layer), wg_free(x);
    assert_no_error();
}

static void use_reads_the_running_statistics(void **state)
{
    (void)state;
    const double mean[] = {1, -2, 0.5}, variance[] = {4, 0.25, 2}, gamma[] = {2, 0.5, -1}, beta[] = {0.1, 0.2, 0.3};
    wg_nn_module *layer = wg_nn_batch_norm(3, .dtype = WG_F64, .eps = 1e-3);
    const wg_tensor_list params = wg_nn_parameters(layer), stats = wg_nn_buffers(layer);
    assert_int_equal(wg_write(stats.tensor[0], mean), WG_OK);
    assert_int_equal(wg_write(stats.tensor[1], variance), WG_OK);
    assert_int_equal(wg_write(params.tensor[0], gamma), WG_OK);
    assert_int_equal(wg_write(params.tensor[1], beta), WG_OK);
    double wanted[12];
    for (int i = 0; i < 12; i++)
        wanted[i] = (batch[i] - mean[i % 3]) / sqrt(variance[i % 3] + 1e-3) * gamma[i % 3] + beta[i % 3];
    wg_tensor *flat = wg_from(batch, WG_SHAPE(4, 3)), *images = wg_reshape(flat, WG_SHAPE(4, 3, 1, 1));
    WG_EVAL_MODE;
    wg_tensor *y = wg_nn_apply(layer, flat), *z = wg_nn_apply(layer, images);
    assert_values(y, wanted, 1e-14);
    assert_values(z, wanted, 1e-14);
    assert_int_equal(wg_rank(z), 4);
    assert_values(stats.tensor[0], mean, 0);
    wg_free(y), wg_free(z), wg_free(flat), wg_free(images), wg_nn_destroy(layer);
    assert_no_error();
}

/* DESIGN, rule 15: the statistics may move on before backward reads what use saved. */
static void rule_15_use_saves_copies_of_its_statistics(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_batch_norm(3, .dtype = WG_F64);
    wg_tensor *x = wg_from(batch, WG_SHAPE(4, 3));
    WG_TAPE(tape);
    wg_tensor *y;
    {
        WG_EVAL_MODE;
        y = wg_nn_apply(layer, x);
    }
    assert_non_null(wg_nn_apply(layer, x)); /* training moves the statistics */
    assert_int_equal(wg_backward(wg_sum(y)), WG_OK);
    const double sums[3] = {(0.3 + 1.1 - 2.2 + 0.6) / sqrt(1 + 1e-5), (-1.2 + 0.4 + 1.9 + 0.2) / sqrt(1 + 1e-5),
                            (2.5 - 0.7 + 0.8 + 3.1) / sqrt(1 + 1e-5)};
    assert_values(wg_gradient(wg_nn_parameters(layer).tensor[0]), sums, 1e-14);
    assert_values(wg_gradient(wg_nn_parameters(layer).tensor[1]), (const double[]){4, 4, 4}, 0);
    wg_nn_destroy(layer), wg_free(x);
    assert_no_error();
}

static void running_statistics_are_undone_if_the_step_fails(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_batch_norm(3, .dtype = WG_F64);
    wg_tensor *x = wg_from(batch, WG_SHAPE(4, 3)), *wrong = wg_ones(WG_F64, WG_SHAPE(4, 2));
    {
        WG_TAPE(tape);
        wg_tensor *y = wg_nn_apply(layer, x);
        assert_non_null(y);
        assert_null(wg_add(y, wrong));
    }
    wg_error_take(NULL);
    assert_values(wg_nn_buffers(layer).tensor[0], (const double[]){0, 0, 0}, 0);
    assert_values(wg_nn_buffers(layer).tensor[1], (const double[]){1, 1, 1}, 0);
    assert_null(wg_nn_apply(layer, wrong));
    assert_error(WG_E_SHAPE, "(N, 3)");
    wg_nn_destroy(layer), wg_free(x), wg_free(wrong);
}

static void batch_norm_does_not_train_on_one_value_a_channel(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_batch_norm(3);
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(1, 3));
    assert_null(wg_nn_apply(layer, x));
    assert_error(WG_E_SHAPE, "nn_batch_norm: training takes more than one value of each channel, got [1, 3]");
    assert_values(wg_nn_buffers(layer).tensor[1], (const double[]){1, 1, 1}, 0);
    {
        WG_EVAL_MODE;
        wg_tensor *y = wg_nn_apply(layer, x);
        assert_non_null(y);
        wg_free(y);
    }
    wg_free(x), wg_nn_destroy(layer);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(batch_norm_does_not_train_on_one_value_a_channel),
        TEST(a_linear_layer_begins_as_in_pytorch),
        TEST(the_seed_makes_the_weights),
        TEST(bad_settings_are_refused),
        TEST(layers_compute_what_they_say),
        TEST(sequential_drops_what_lies_between),
        TEST(running_statistics_follow_the_batches),
        TEST(use_reads_the_running_statistics),
        TEST(rule_15_use_saves_copies_of_its_statistics),
        TEST(running_statistics_are_undone_if_the_step_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
