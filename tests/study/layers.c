/* Gradients and signals, layer by layer. */
#include "landscapes.h"

/* W2 W1 x of row 6 of the seed book: ∇W1 = -(2/m) Σ [W2ᵀ (y - W2 σ(W1 x)) ⊙ σ'(W1 x)] xᵀ, which is 0 where W2 is. */
struct two {
    wg_tensor *x, *y;
};

static wg_tensor *two_layer_loss(wg_tensor *const *w, size_t n, void *context)
{
    (void)n;
    const struct two *two = context;
    wg_tensor *h = wg_tanh(wg_matmul(w[0], two->x));
    return wg_mul_scalar(wg_sum(wg_square(wg_sub(two->y, wg_matmul(w[1], h)))), 1.0 / (double)wg_extent(two->x, 1));
}

static wg_tensor *norms_at(double scale_of_both)
{
    struct two two = {numbers(WG_F64, WG_SHAPE(3, 7), 1), numbers(WG_F64, WG_SHAPE(2, 7), 2)};
    wg_tensor *base[2] = {numbers(WG_F64, WG_SHAPE(4, 3), 3), numbers(WG_F64, WG_SHAPE(2, 4), 4)}, *w[2];
    for (int i = 0; i < 2; i++)
        w[i] = made(wg_mul_scalar(base[i], scale_of_both));
    const wg_study_loss loss = {two_layer_loss, &two, {2, w, NULL}};
    wg_tensor *table = made(wg_study_gradient_norms(&loss));
    wg_free(two.x), wg_free(two.y), wg_free(base[0]), wg_free(base[1]), wg_free(w[0]), wg_free(w[1]);
    return table;
}

static void gradients_of_bad_initial_weights(void **state)
{
    (void)state;
    wg_tensor *zero = norms_at(0), *small = norms_at(0.01), *usual = norms_at(1), *large = norms_at(1000);
    assert_true(element(zero, 1) == 0 && element(zero, 4) == 0); /* no weight ever moves */
    assert_true(element(small, 1) < 0.05 * element(usual, 1));
    assert_true(element(large, 4) > 100 * element(usual, 4));
    assert_near(element(usual, 2), element(usual, 1) / sqrt(12), 1e-15);
    assert_near(element(large, 0), 1000 * element(usual, 0), 1e-9);
    wg_free(zero), wg_free(small), wg_free(usual), wg_free(large);
}

static wg_tensor *mean_square(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_mean(wg_square(x[0]));
}

/* The norms equal those of wg_backward's gradients, of f32 and tied to nothing else. */
static void norms_are_those_of_backward(void **state)
{
    (void)state;
    struct fit fit = fit_make(WG_SIZES(3, 5, 2), WG_F32, 6);
    const wg_study_loss loss = FIT_LOSS(fit);
    wg_tensor *table = made(wg_study_gradient_norms(&loss));
    {
        WG_TAPE(tape);
        assert_ok(wg_backward(squared_error(NULL, 0, &fit)));
    }
    for (size_t i = 0; i < loss.params.n; i++) {
        wg_tensor *norm = made(wg_norm2(wg_gradient(loss.params.tensor[i])));
        assert_near(element(table, 3 * (int64_t)i + 1), wg_item(norm), 1e-6 * wg_item(norm));
        wg_free(norm);
    }
    wg_free(table);
    fit_free(&fit);
}

/* A deep network of sigmoids, initial weights of variance 1/n: the gradient shrinks from layer to layer towards the first. */
static wg_tensor *deep(wg_activation activation, wg_init_rule init)
{
    const int64_t sizes[] = {16, 16, 16, 16, 16, 16, 16, 16, 16};
    wg_nn_module *net = wg_nn_mlp(((wg_sizes){9, sizes}), .activation = activation, .seed = 3, .dtype = WG_F64, .init = init);
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(32, 16), 1), *table = made(wg_study_signals(net, x, mean_square, NULL));
    assert_int_equal(wg_extent(table, 0), 15);
    wg_nn_destroy(net);
    wg_free(x);
    return table;
}

static void vanishing_gradients_are_seen(void **state)
{
    (void)state;
    wg_tensor *sigmoid = deep(WG_ACTIVATION_SIGMOID, WG_INIT_XAVIER_NORMAL),
              *relu = deep(WG_ACTIVATION_RELU, WG_INIT_KAIMING_NORMAL);
    for (int64_t row = 0; row < 14; row += 2) /* from each linear layer to the next one */
        if (row < 12)
            assert_true(element(sigmoid, 4 * row + 3) < 0.7 * element(sigmoid, 4 * (row + 2) + 3));
    assert_true(element(sigmoid, 3) < 1e-3 * element(sigmoid, 4 * 14 + 3)); /* orders of magnitude */
    assert_true(element(relu, 3) > 0.05 * element(relu, 4 * 14 + 3));
    for (int64_t row = 1; row < 14; row += 2)
        assert_true(element(relu, 4 * row + 2) > 0.2 && element(relu, 4 * row + 2) < 0.8); /* relu's zeros */
    wg_free(sigmoid), wg_free(relu);
}

/* Saturation: δz = δh φ'(z), so behind a unit at its plateau nothing is left of the gradient. */
static void a_plateau_stops_the_gradient(void **state)
{
    (void)state;
    wg_tensor *gradient[2];
    for (int i = 0; i < 2; i++) {
        wg_nn_module *net = wg_nn_sequential(wg_nn_identity(), wg_nn_tanh());
        wg_tensor *x = wg_full(WG_F64, WG_SHAPE(4, 3), i == 0 ? 0.5 : 12);
        wg_tensor *table = made(wg_study_signals(net, x, mean_square, NULL));
        const double h = tanh(i == 0 ? 0.5 : 12), of_h = 2 * h / 12;
        assert_near(element(table, 4), h, 1e-15);
        assert_near(element(table, 5), 0, 1e-15);
        assert_near(element(table, 7), of_h, 1e-15);
        assert_near(element(table, 3), of_h * (1 - h * h), 1e-15);
        gradient[i] = table;
        wg_nn_destroy(net);
        wg_free(x);
    }
    assert_true(element(gradient[1], 3) < 1e-9 * element(gradient[0], 3));
    wg_free(gradient[0]), wg_free(gradient[1]);
}

/* A row's numbers are those of the child's result. */
static void signals_of_a_network(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 5, 2), .seed = 1);
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(6, 3), 1), *table = made(wg_study_signals(net, x, mean_square, NULL));
    wg_tensor *y = made(wg_nn_apply(net, x)), *mean = made(wg_mean(y)), *std = made(wg_std(y, .correction = 0));
    assert_int_equal(wg_extent(table, 0), 3);
    assert_near(element(table, 8), wg_item(mean), 1e-7);
    assert_near(element(table, 9), wg_item(std), 1e-7);
    assert_false(wg_requires_grad(x));
    wg_tensor *all[] = {x, table, y, mean, std};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
    wg_nn_module *one = wg_nn_linear(3, 2);
    x = numbers(WG_F32, WG_SHAPE(6, 3), 1);
    assert_null(wg_study_signals(one, x, mean_square, NULL));
    expect_error(WG_E_ARGUMENT, "study_signals: expected a sequential network with layers, got linear with 0");
    wg_free(x);
    wg_nn_destroy(one);
    wg_nn_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gradients_of_bad_initial_weights), TEST(norms_are_those_of_backward), TEST(vanishing_gradients_are_seen),
        TEST(a_plateau_stops_the_gradient),     TEST(signals_of_a_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
