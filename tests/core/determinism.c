/* The same seed gives the same bits, twice, with one thread and with two; the sizes are large enough for kernels to be split. */
#include "common.h"

enum { STEPS = 50, BATCH = 256, IN = 96, CLASSES = 10 };

struct run {
    int threads;
    wg_nn_module *net;
    wg_optim *optim;
    wg_batches *batches;
    double loss[STEPS];
};

static void train(struct run *run, const wg_tensor *x, const wg_tensor *y)
{
    assert_ok(wg_warmup(run->threads));
    assert_ok(wg_set_threads(run->threads));
    assert_ok(wg_seed(42, 0));
    run->net = wg_nn_mlp(WG_SIZES(IN, 300, 64, CLASSES), .batch_norm = true, .seed = 8);
    assert_non_null(run->net);
    run->optim = wg_optim_adam(wg_nn_parameters(run->net), .lr = 1e-3, .weight_decay = 1e-4);
    assert_non_null(run->optim);
    run->batches = wg_batches_create((wg_tensor *)(uintptr_t)x, (wg_tensor *)(uintptr_t)y, .size = BATCH, .seed = 5);
    assert_non_null(run->batches);
    for (int step = 0; step < STEPS; step++) {
        WG_TAPE(tape);
        wg_tensor *in, *labels;
        assert_ok(wg_batches_next(run->batches, &in, &labels));
        if (!in)
            assert_ok(wg_batches_next(run->batches, &in, &labels));
        wg_tensor *noise = made(wg_normal(wg_generator_default(), WG_F32, wg_shape_of(in), 0, 0.01));
        wg_tensor *loss = made(wg_cross_entropy(wg_nn_apply(run->net, wg_add(in, noise)), labels));
        run->loss[step] = wg_item(loss);
        assert_ok(wg_backward(loss));
        assert_ok(wg_optim_step(run->optim));
    }
}

static void assert_same_list(wg_tensor_list a, wg_tensor_list b)
{
    assert_int_equal(a.n, b.n);
    assert_true(a.n > 0);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(a.tensor[i], b.tensor[i]);
}

static void same_seed_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    struct run run[3] = {{.threads = 1}, {.threads = 1}, {.threads = 2}};
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(900, IN), 3), *y = made(wg_zeros(WG_I64, WG_SHAPE(900)));
    for (int i = 0; i < 900; i++)
        ((int64_t *)wg_data_mut(y))[i] = (i * 7) % CLASSES;
    for (int i = 0; i < 3; i++)
        train(&run[i], x, y);
    for (int i = 1; i < 3; i++) {
        assert_memory_equal(run[i].loss, run[0].loss, sizeof run[0].loss);
        assert_same_list(wg_nn_parameters(run[i].net), wg_nn_parameters(run[0].net));
        assert_same_list(wg_nn_buffers(run[i].net), wg_nn_buffers(run[0].net));
        assert_same_list(wg_optim_state(run[i].optim), wg_optim_state(run[0].optim));
    }
    assert_true(run[0].loss[STEPS - 1] < run[0].loss[0]);
    for (int i = 0; i < 3; i++) {
        wg_optim_destroy(run[i].optim);
        wg_nn_destroy(run[i].net);
        wg_batches_destroy(run[i].batches);
    }
    wg_free(x);
    wg_free(y);
}

static void another_seed_gives_other_bits(void **state)
{
    (void)state;
    wg_nn_module *a = wg_nn_mlp(WG_SIZES(4, 3), .seed = 1), *b = wg_nn_mlp(WG_SIZES(4, 3), .seed = 2);
    assert_true(a && b);
    assert_true(element(wg_nn_parameters(a).tensor[0], 0) != element(wg_nn_parameters(b).tensor[0], 0));
    wg_nn_destroy(a);
    wg_nn_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(same_seed_same_bits_for_any_number_of_threads),
        TEST(another_seed_gives_other_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
