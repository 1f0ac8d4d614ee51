/* K-FAC beside kfac_reference.py, which is written from the papers, and by what its directions are. */
#include "kfac.h"
#include "kfac_reference.h"

/* ---- beside the reference ---- */

static wg_nn_module *linear_net(void)
{
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(3, 4, .dtype = WG_F64), wg_nn_tanh(),
                                         wg_nn_linear(4, 2, .bias = false, .dtype = WG_F64));
    start(net, 0, 0.1, 0.6), start(net, 2, 0.7, 0.6);
    return net;
}

static wg_nn_module *grouped_net(void)
{
    wg_nn_module *net = wg_nn_sequential(wg_nn_conv2d(4, 4, 2, .stride = WG_PAIR(1, 2), .padding = WG_PAIR(0, 1),
                                                      .dilation = WG_PAIR(2, 1), .groups = 2, .bias = false, .dtype = WG_F64),
                                         wg_nn_tanh(), wg_nn_flatten(), wg_nn_linear(36, 2, .dtype = WG_F64));
    start(net, 0, 0.3, 0.5), start(net, 3, 0.5, 0.6);
    return net;
}

/* One step on tensors; the gradients stay for the caller. */
static wg_status run_step(wg_kfac *kfac, wg_tensor *x, wg_tensor *t)
{
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_mse(wg_kfac_apply(kfac, x), t)));
    return wg_kfac_precondition(kfac);
}

static void assert_steps(wg_nn_module *net, wg_kfac *kfac, wg_optim *optim, wg_shape shape, const double *expected, size_t n)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    size_t at = 0;
    for (int k = 1; k <= REFERENCE_STEPS; k++) {
        wg_tensor *x = waves(shape, 0.9 * k, 1), *t = waves(WG_SHAPE(shape.extent[0], 2), 0.4 * k, 0.8);
        const wg_status status = run_step(kfac, x, t);
        assert_no_error();
        assert_int_equal(status, WG_OK);
        for (size_t i = 0; i < params.n; i++) {
            const wg_tensor *g = wg_gradient(params.tensor[i]);
            assert_values(g, expected + at, 1e-10);
            at += (size_t)wg_numel(g);
        }
        assert_int_equal(wg_optim_step(optim), WG_OK);
        wg_free(x), wg_free(t);
    }
    assert_int_equal(at, n);
}

static void beside_the_reference(void **state)
{
    (void)state;
    const struct {
        wg_nn_module *(*make)(void);
        wg_shape shape;
        const double *expected;
        size_t n;
        double limit;
    } cases[] = {
        {linear_net, WG_SHAPE(5, 3), reference_linear, sizeof reference_linear / sizeof(double), 0},
        {linear_net, WG_SHAPE(5, 3), reference_limited, sizeof reference_limited / sizeof(double), 1e-3},
        {conv_net, WG_SHAPE(4, 2, 5, 4), reference_conv, sizeof reference_conv / sizeof(double), 0},
        {grouped_net, WG_SHAPE(3, 4, 5, 4), reference_grouped, sizeof reference_grouped / sizeof(double), 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wg_nn_module *net = cases[i].make();
        wg_optim *optim = wg_optim_sgd(wg_nn_parameters(net), .lr = REFERENCE_RATE);
        wg_kfac *kfac = wg_kfac_create(net, .damping = REFERENCE_DAMPING, .decay = REFERENCE_DECAY,
                                       .frequency = REFERENCE_FREQUENCY, .kl_limit = cases[i].limit, .optim = optim);
        assert_int_equal(wg_kfac_layers(kfac), 2);
        assert_steps(net, kfac, optim, cases[i].shape, cases[i].expected, cases[i].n);
        wg_kfac_destroy(kfac), wg_optim_destroy(optim), wg_nn_destroy(net);
    }
    assert_no_error();
}

/* ---- what the direction is ---- */

enum { ROWS = 8, INPUTS = 3, OUTPUTS = 4 };

/* Half the mean square distance of the samples, whose Fisher information for a result of unit variance is its Hessian. */
static wg_tensor *half_square(wg_tensor *y, wg_tensor *t)
{
    return wg_mul_scalar(wg_mse(y, t), 0.5 * (double)wg_extent(y, -1));
}

/* Noise whose rows have the second moments I exactly: columns of a Hadamard matrix. */
static wg_tensor *noise(void)
{
    wg_tensor *t = wg_zeros(WG_F64, WG_SHAPE(ROWS, OUTPUTS));
    double *data = wg_data_mut_as(t, double);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < OUTPUTS; j++)
            data[i * OUTPUTS + j] = __builtin_popcount((unsigned)(i & (j + 1))) % 2 ? -1 : 1;
    return t;
}

static double gradient_norm(const wg_nn_module *net, wg_tensor *x, wg_tensor *t)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    double norm = NAN;
    WG_TAPE(tape);
    assert_int_equal(wg_backward(half_square(wg_nn_apply(net, x), t)), WG_OK);
    assert_int_equal(wg_optim_clip_norm(params, (double)INFINITY, &norm), WG_OK);
    for (size_t i = 0; i < params.n; i++)
        wg_clear_gradient(params.tensor[i]);
    return norm;
}

/* The labels are drawn from the network's own predictions, and the loss is quadratic: one step with a rate of 1 is Newton's. */
static wg_status newton_step(wg_nn_module *net, wg_kfac *kfac, wg_tensor *x, wg_tensor *t, wg_tensor *e)
{
    wg_optim *optim = wg_optim_sgd(wg_nn_parameters(net), .lr = 1);
    WG_TAPE(tape);
    wg_tensor *y = kfac ? wg_kfac_apply(kfac, x) : wg_nn_apply(net, x);
    if (kfac)
        WG_TRY(wg_kfac_observe(kfac, half_square(y, wg_add(wg_detach(y), e))));
    WG_TRY(wg_backward(half_square(y, t)));
    if (kfac)
        WG_TRY(wg_kfac_precondition(kfac));
    const wg_status status = wg_optim_step(optim);
    wg_optim_destroy(optim);
    return status;
}

static void the_true_fisher_of_a_linear_layer_gives_newtons_step(void **state)
{
    (void)state;
    for (int bias = 0; bias < 2; bias++)
        for (int control = 0; control < 2; control++) {
            wg_nn_module *net = wg_nn_sequential(wg_nn_linear(INPUTS, OUTPUTS, .bias = bias, .dtype = WG_F64));
            wg_kfac *kfac = wg_kfac_create(net, .damping = 1e-24);
            wg_tensor *x = waves(WG_SHAPE(ROWS, INPUTS), 0.3, 1), *t = waves(WG_SHAPE(ROWS, OUTPUTS), 0.8, 2), *e = noise();
            start(net, 0, 0.1, 1);
            const double before = gradient_norm(net, x, t);
            assert_int_equal(newton_step(net, control ? NULL : kfac, x, t, e), WG_OK);
            const double after = gradient_norm(net, x, t);
            assert_true(control ? after > 0.01 * before : after < 1e-9 * before);
            wg_free(x), wg_free(t), wg_free(e);
            wg_kfac_destroy(kfac), wg_nn_destroy(net);
        }
    assert_no_error();
}

/* ---- how many steps ---- */

enum { SAMPLES = 64, FEATURES = 8, MOST = 129 };

/* z is normal. x is z turned, in directions whose standard deviations fall from 1 to 10^(-7/4): the second moments of x have a
   condition of 3000. */
static void make_problem(wg_tensor **x, wg_tensor **z)
{
    wg_tensor *generator = wg_generator(7, 0);
    *z = wg_normal(generator, WG_F64, WG_SHAPE(SAMPLES, FEATURES), 0, 1);
    *x = wg_zeros(WG_F64, WG_SHAPE(SAMPLES, FEATURES));
    const double *from = wg_data_as(*z, double), pi = acos(-1);
    double *to = wg_data_mut_as(*x, double);
    for (int n = 0; n < SAMPLES; n++)
        for (int j = 0; j < FEATURES; j++)
            for (int i = 0; i < FEATURES; i++)
                to[n * FEATURES + j] += from[n * FEATURES + i] * pow(10, -i / 4.0) * sqrt((i ? 2.0 : 1.0) / FEATURES) *
                                        cos(pi * i * (2 * j + 1) / (2.0 * FEATURES));
    wg_free(generator);
}

/* How many steps it takes a network of two layers to find z in x; at most that many. */
static int count_steps(double lr, double momentum, bool with_kfac, int most)
{
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(FEATURES, 16, FEATURES), .activation = WG_ACTIVATION_TANH, .seed = 3, .dtype = WG_F64);
    wg_optim *optim = wg_optim_sgd(wg_nn_parameters(net), .lr = lr, .momentum = momentum);
    wg_kfac *kfac = with_kfac ? wg_kfac_create(net, .damping = 0.01, .frequency = 5, .kl_limit = 0.01, .optim = optim) : NULL;
    wg_tensor *x, *z;
    make_problem(&x, &z);
    int steps = 0;
    for (double loss = 1; steps < most; steps++) {
        WG_TAPE(tape);
        wg_tensor *distance = wg_mul_scalar(wg_mse(kfac ? wg_kfac_apply(kfac, x) : wg_nn_apply(net, x), z), 0.5 * FEATURES);
        loss = wg_item(distance);
        if (loss < 0.2)
            break;
        assert_int_equal(wg_backward(distance), WG_OK);
        if (kfac)
            assert_int_equal(wg_kfac_precondition(kfac), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
    }
    wg_kfac_destroy(kfac), wg_optim_destroy(optim), wg_nn_destroy(net);
    wg_free(x), wg_free(z);
    return steps;
}

/* 43 steps; descent with the best of these rates takes 161 with momentum, and 1521 without. */
static void a_badly_conditioned_problem_takes_fewer_steps(void **state)
{
    (void)state;
    assert_true(3 * count_steps(0.2, 0.9, true, MOST) <= MOST + 30);
    for (double lr = 0.02; lr < 1; lr *= 2) {
        assert_int_equal(count_steps(lr, 0, false, MOST), MOST);
        assert_int_equal(count_steps(lr, 0.9, false, MOST), MOST);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(beside_the_reference),
        TEST(the_true_fisher_of_a_linear_layer_gives_newtons_step),
        TEST(a_badly_conditioned_problem_takes_fewer_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
