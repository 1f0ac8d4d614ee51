/* K-FAC beside kfac_reference.py, which is written from the papers, and by what its directions are. */
#include "kfac.h"

/* clang-format off */
#include "kfac_reference.h"
/* clang-format on */

static wg_kfac *like_reference(wg_nn_module *net)
{
    return wg_kfac_create(net, .damping = REFERENCE_DAMPING, .decay = REFERENCE_DECAY, .frequency = REFERENCE_FREQUENCY);
}

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

/* ---- rows ---- */

/* Applies its child to each place of axis 1 by itself. */
static wg_tensor *forward_each(const wg_nn_call *call, wg_tensor *x)
{
    wg_tensor *place[4];
    const int64_t n = wg_extent(x, 1);
    for (int64_t i = 0; i < n; i++)
        place[i] = wg_nn_apply_child(call, 0, wg_select(x, 1, i));
    return wg_stack(place, (size_t)n, 1);
}

static const struct wg_nn_kind each_kind = {.name = "each", .forward = forward_each};

static wg_nn_module *each(wg_nn_module *child)
{
    wg_nn_module *net = wg_nn_module_create(&each_kind, NULL, NULL);
    assert_int_equal(wg_nn_add_child(net, "0", child), WG_OK);
    return net;
}

/* Steps of both networks on the same data leave the same parameters, nearly. */
static void assert_same_steps(wg_nn_module *a, wg_nn_module *b, wg_shape shape)
{
    wg_nn_module *net[] = {a, b};
    wg_kfac *kfac[2];
    wg_optim *optim[2];
    for (int i = 0; i < 2; i++) {
        kfac[i] = like_reference(net[i]);
        optim[i] = wg_optim_sgd(wg_nn_parameters(net[i]), .lr = 0.3);
    }
    for (int k = 1; k <= 4; k++)
        for (int i = 0; i < 2; i++) {
            wg_tensor *x = waves(shape, k, 1);
            WG_TAPE(tape);
            wg_tensor *y = wg_kfac_apply(kfac[i], x);
            assert_int_equal(wg_backward(wg_mean(wg_square(wg_add_scalar(y, 0.3 * k)))), WG_OK);
            assert_int_equal(wg_kfac_precondition(kfac[i]), WG_OK);
            assert_int_equal(wg_optim_step(optim[i]), WG_OK);
            wg_free(x);
        }
    const wg_tensor_list p = wg_nn_parameters(a), q = wg_nn_parameters(b);
    for (size_t i = 0; i < p.n; i++) {
        double expected[256];
        read_all(p.tensor[i], expected);
        assert_values(q.tensor[i], expected, 1e-10);
    }
    for (int i = 0; i < 2; i++)
        wg_kfac_destroy(kfac[i]), wg_optim_destroy(optim[i]), wg_nn_destroy(net[i]);
}

static void a_layer_applied_again_has_more_rows(void **state)
{
    (void)state;
    assert_same_steps(mlp(WG_F64), each(mlp(WG_F64)), WG_SHAPE(5, 3, 3));
    assert_no_error();
}

/* Two layers that share weight and bias are one layer: each of them sees a part of the rows. */
static wg_tensor *forward_halves(const wg_nn_call *call, wg_tensor *x)
{
    wg_tensor *half[2];
    for (size_t i = 0; i < 2; i++)
        half[i] = wg_nn_apply_child(call, i, wg_select(x, 1, (int64_t)i));
    return wg_stack(half, 2, 1);
}

static const struct wg_nn_kind halves_kind = {.name = "halves", .forward = forward_halves};

static void tied_layers_are_one(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_module_create(&halves_kind, NULL, NULL);
    assert_int_equal(wg_nn_add_child(net, "0", mlp(WG_F64)), WG_OK);
    assert_int_equal(wg_nn_add_child(net, "1", mlp(WG_F64)), WG_OK);
    const char *const names[][2] = {
        {"1.0.weight", "0.0.weight"}, {"1.0.bias", "0.0.bias"}, {"1.2.weight", "0.2.weight"}, {"1.2.bias", "0.2.bias"}};
    for (int i = 0; i < 4; i++)
        assert_int_equal(wg_nn_tie(net, names[i][0], names[i][1]), WG_OK);
    assert_same_steps(mlp(WG_F64), net, WG_SHAPE(5, 2, 3));
    assert_no_error();
}

static wg_nn_module *padded_net(bool outside)
{
    wg_nn_module *conv = outside
                             ? wg_nn_conv2d(2, 3, 3, .dtype = WG_F64)
                             : wg_nn_conv2d(2, 3, 3, .padding = WG_PAIR(1, 2), .padding_mode = WG_PADDING_REFLECT, .dtype = WG_F64);
    wg_nn_module *net = wg_nn_sequential(conv);
    start(net, 0, 0.2, 0.5);
    return net;
}

static wg_tensor *forward_padded(const wg_nn_call *call, wg_tensor *x)
{
    return wg_nn_apply_child(call, 0, wg_pad_mode(x, WG_SIZES(0, 0, 1, 2), WG_SIZES(0, 0, 1, 2), WG_PADDING_REFLECT));
}

static const struct wg_nn_kind padded_kind = {.name = "padded", .forward = forward_padded};

static void padding_of_another_mode_is_seen(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_module_create(&padded_kind, NULL, NULL);
    assert_int_equal(wg_nn_add_child(net, "0", padded_net(true)), WG_OK);
    assert_same_steps(padded_net(false), net, WG_SHAPE(3, 2, 4, 5));
    assert_no_error();
}

/* Two applications in one step, each with a half of the batch, are one with the whole. */
static void several_applications_count_together(void **state)
{
    (void)state;
    wg_nn_module *net[] = {mlp(WG_F64), mlp(WG_F64)};
    wg_tensor *x = waves(WG_SHAPE(6, 3), 0.5, 1);
    for (int i = 0; i < 2; i++) {
        wg_kfac *kfac = wg_kfac_create(net[i], .samples = 6);
        WG_TAPE(tape);
        wg_tensor *y[2];
        for (int k = 0; k < 2 && i == 1; k++)
            y[k] = wg_kfac_apply(kfac, wg_slice(x, 0, 3 * k, 3 * k + 3, 1));
        wg_tensor *all = i == 1 ? wg_concat(y, 2, 0) : wg_kfac_apply(kfac, x);
        assert_int_equal(wg_backward(wg_mean(wg_square(wg_add_scalar(all, 1)))), WG_OK);
        assert_int_equal(wg_kfac_precondition(kfac), WG_OK);
        wg_kfac_destroy(kfac);
    }
    const wg_tensor_list p = wg_nn_parameters(net[0]), q = wg_nn_parameters(net[1]);
    for (size_t i = 0; i < p.n; i++) {
        double expected[256];
        read_all(wg_gradient(p.tensor[i]), expected);
        assert_values(wg_gradient(q.tensor[i]), expected, 1e-11);
    }
    wg_nn_destroy(net[0]), wg_nn_destroy(net[1]), wg_free(x);
    assert_no_error();
}

/* ---- which parameters ---- */

/* Batch norm, a wrapped layer and a frozen one are none of its. */
static void others_keep_their_gradients(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(3, 4, .dtype = WG_F64), wg_nn_batch_norm(4, .dtype = WG_F64), wg_nn_tanh(),
                                         wg_nn_weight_norm(wg_nn_linear(4, 4, .dtype = WG_F64)),
                                         wg_nn_linear(4, 2, .dtype = WG_F64), wg_nn_linear(2, 2, .dtype = WG_F64));
    assert_int_equal(wg_nn_freeze(net, "5.*"), WG_OK);
    assert_int_equal(wg_nn_freeze(net, "4.bias"), WG_OK);
    wg_kfac *kfac = wg_kfac_create(net);
    assert_int_equal(wg_kfac_layers(kfac), 2);
    const wg_tensor_list params = wg_nn_parameters(net);
    wg_tensor *x = waves(WG_SHAPE(6, 3), 0.5, 1), *before[16] = {NULL};
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_mean(wg_square(wg_kfac_apply(kfac, x)))), WG_OK);
        for (size_t i = 0; i < params.n; i++)
            before[i] = wg_gradient(params.tensor[i]) ? wg_own(wg_copy(wg_gradient(params.tensor[i]))) : NULL;
        assert_int_equal(wg_kfac_precondition(kfac), WG_OK);
    }
    for (size_t i = 0; i < params.n; i++) {
        const char *name = params.name[i];
        const wg_tensor *g = wg_gradient(params.tensor[i]);
        const bool changed = strncmp(name, "0.", 2) == 0 || strcmp(name, "4.weight") == 0;
        assert_int_equal(g == NULL, name[0] == '5' || strcmp(name, "4.bias") == 0);
        if (g)
            assert_int_equal(memcmp(wg_data(g), wg_data(before[i]), (size_t)wg_numel(g) * sizeof(double)) != 0, changed);
        wg_free(before[i]);
    }
    wg_free(x), wg_kfac_destroy(kfac), wg_nn_destroy(net);
    assert_no_error();
}

static void f32_follows_f64(void **state)
{
    (void)state;
    wg_nn_module *wide = mlp(WG_F64), *narrow = mlp(WG_F32), *net[] = {narrow, wide};
    const wg_tensor_list p = wg_nn_parameters(wide), q = wg_nn_parameters(narrow);
    for (size_t i = 0; i < p.n; i++)
        for (int64_t k = 0; k < wg_numel(p.tensor[i]); k++)
            wg_data_mut_as(q.tensor[i], float)[k] = (float)wg_data_as(p.tensor[i], double)[k];
    for (int i = 0; i < 2; i++) {
        wg_kfac *kfac = wg_kfac_create(net[i], .damping = 0.1, .kl_limit = 0.01);
        WG_TAPE(tape);
        wg_tensor *x = wg_cast(waves(WG_SHAPE(6, 3), 0.5, 1), i ? WG_F64 : WG_F32); /* the tape's */
        assert_int_equal(wg_backward(wg_mean(wg_square(wg_kfac_apply(kfac, x)))), WG_OK);
        assert_int_equal(wg_kfac_precondition(kfac), WG_OK);
        wg_kfac_destroy(kfac);
    }
    for (size_t i = 0; i < p.n; i++) {
        double expected[64];
        read_all(wg_gradient(p.tensor[i]), expected);
        assert_values(wg_gradient(q.tensor[i]), expected, 1e-4);
    }
    wg_nn_destroy(wide), wg_nn_destroy(narrow);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(beside_the_reference),
        TEST(the_true_fisher_of_a_linear_layer_gives_newtons_step),
        TEST(a_layer_applied_again_has_more_rows),
        TEST(tied_layers_are_one),
        TEST(padding_of_another_mode_is_seen),
        TEST(several_applications_count_together),
        TEST(others_keep_their_gradients),
        TEST(f32_follows_f64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
