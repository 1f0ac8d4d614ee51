/* A few epochs on the handwritten digits: the network learns, and the same seed gives the same bits twice and with two threads. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

enum { TRAIN = 898, EPOCHS = 8, CLASSES = 10 };

struct data {
    wg_tensor *x, *y;
};

static int load(void **state)
{
    static struct data data;
    wg_tensor *raw = NULL;
    if (wg_dataset_read_csv(DIGITS_CSV, &raw, &data.y) != WG_OK)
        return wg_error_report(stderr);
    data.x = wg_mul_scalar(raw, 1.0 / 16);
    wg_free(raw);
    *state = &data;
    return 0;
}

static int give_back(void **state)
{
    const struct data *data = *state;
    wg_free(data->x), wg_free(data->y);
    return 0;
}

static wg_nn_module *train(const struct data *data, int threads, int epochs)
{
    assert_int_equal(wg_set_threads(threads), WG_OK);
    wg_tensor *x = wg_slice(data->x, 0, 0, TRAIN, 1), *y = wg_slice(data->y, 0, 0, TRAIN, 1);
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(64, 128, 64, CLASSES), .batch_norm = true, .seed = 4);
    wg_optim *opt = wg_optim_adam(wg_nn_parameters(net), .lr = 3e-3);
    wg_batches *batches = wg_batches_create(x, y, .size = 32, .seed = 4);
    for (int epoch = 0; epoch < epochs;) {
        WG_TAPE(tape);
        wg_tensor *xs, *ys;
        assert_int_equal(wg_batches_next(batches, &xs, &ys), WG_OK);
        if (!xs) {
            epoch++;
            continue;
        }
        assert_int_equal(wg_backward(wg_cross_entropy(wg_nn_apply(net, xs), ys)), WG_OK);
        assert_int_equal(wg_optim_step(opt), WG_OK);
    }
    wg_batches_destroy(batches), wg_optim_destroy(opt), wg_free(x), wg_free(y);
    return net;
}

static double accuracy(const wg_nn_module *net, const struct data *data)
{
    WG_EVAL_MODE;
    wg_tensor *logits = wg_nn_apply(net, data->x);
    const float *row = wg_data(logits);
    const int64_t *label = wg_data(data->y);
    int right = 0;
    for (int64_t i = 0; i < TRAIN; i++, row += CLASSES) {
        int best = 0;
        for (int k = 1; k < CLASSES; k++)
            best = row[k] > row[best] ? k : best;
        right += best == label[i];
    }
    wg_free(logits);
    return (double)right / TRAIN;
}

static void the_data_are_whole(void **state)
{
    const struct data *data = *state;
    assert_int_equal(wg_extent(data->x, 0), 1797);
    assert_int_equal(wg_extent(data->x, 1), 64);
    const float *x = wg_data(data->x);
    const int64_t *y = wg_data(data->y);
    double sum = 0;
    int count[CLASSES] = {0};
    for (int i = 0; i < 1797 * 64; i++) {
        assert_true(x[i] >= 0 && x[i] <= 1);
        sum += (double)x[i] * 16;
    }
    for (int i = 0; i < 1797; i++)
        count[y[i]]++;
    assert_true(sum == 561718);
    const int expected[CLASSES] = {178, 182, 177, 183, 181, 182, 181, 179, 174, 180};
    assert_memory_equal(count, expected, sizeof count);
}

static void a_few_epochs_learn_most_of_it(void **state)
{
    wg_nn_module *net = train(*state, 1, EPOCHS);
    const double share = accuracy(net, *state);
    assert_true(share > 0.97);
    wg_nn_destroy(net);
    assert_no_error();
}

static void the_same_seed_gives_the_same_bits_with_any_threads(void **state)
{
    wg_nn_module *nets[3] = {train(*state, 1, 2), train(*state, 1, 2), train(*state, 2, 2)};
    for (int other = 1; other < 3; other++)
        for (size_t i = 0; i < wg_nn_parameters(nets[0]).n; i++)
            assert_same_bits(wg_nn_parameters(nets[0]).tensor[i], wg_nn_parameters(nets[other]).tensor[i]);
    for (int i = 0; i < 3; i++)
        wg_nn_destroy(nets[i]);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_data_are_whole),
        TEST(a_few_epochs_learn_most_of_it),
        TEST(the_same_seed_gives_the_same_bits_with_any_threads),
    };
    return cmocka_run_group_tests(tests, load, give_back);
}
