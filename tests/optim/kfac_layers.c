/* Which layers K-FAC takes, and which rows they have: applied again, tied, padded; which parameters are left alone. */
#include "kfac.h"

static wg_kfac *make_kfac(wg_nn_module *net)
{
    return wg_kfac_create(net, .damping = 0.02, .decay = 0.6, .frequency = 2);
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
        kfac[i] = make_kfac(net[i]);
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

/* Two passes leave twice the gradient, and twice the factor of one, as twice the samples would. */
static void the_gradients_of_several_passes_count_together(void **state)
{
    (void)state;
    wg_nn_module *net[] = {mlp(WG_F64), mlp(WG_F64)};
    wg_tensor *x = waves(WG_SHAPE(6, 3), 0.5, 1);
    for (int i = 0; i < 2; i++) {
        wg_kfac *kfac = wg_kfac_create(net[i], .samples = i == 0 ? 12 : 6);
        WG_TAPE(tape);
        wg_tensor *loss = wg_mean(wg_square(wg_kfac_apply(kfac, x)));
        if (i == 1)
            assert_int_equal(wg_backward(loss, .retain = true), WG_OK);
        assert_int_equal(wg_backward(loss), WG_OK);
        assert_int_equal(wg_kfac_precondition(kfac), WG_OK);
        wg_kfac_destroy(kfac);
    }
    const wg_tensor_list p = wg_nn_parameters(net[0]), q = wg_nn_parameters(net[1]);
    for (size_t i = 0; i < p.n; i++) {
        double expected[64];
        read_all(wg_gradient(p.tensor[i]), expected);
        for (int64_t k = 0; k < wg_numel(p.tensor[i]); k++)
            expected[k] *= 2;
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

/* 12 and 1 columns more, 3 rows; 45 and 1 columns, 2 rows: each square twice. */
static void options_are_printed(void **state)
{
    (void)state;
    wg_nn_module *net = conv_net();
    wg_kfac *kfac = wg_kfac_create(net, .decay = 0.5, .frequency = 7);
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size), *full = fopen("/dev/full", "w");
    assert_int_equal(wg_kfac_set_damping(kfac, 0.25), WG_OK);
    assert_int_equal(wg_kfac_print(kfac, stream), WG_OK);
    fclose(stream);
    assert_string_equal(text, "kfac(damping=0.25, decay=0.5, frequency=7, samples=0, kl_limit=0): 2 layers, 4596 elements\n");
    assert_int_equal(wg_kfac_print(kfac, full), WG_E_IO);
    assert_error(WG_E_IO, "kfac_print: the stream could not be written");
    fclose(full), free(text);
    wg_kfac_destroy(kfac), wg_nn_destroy(net);
    assert_no_error();
}

/* A kind of the program's with the name of one of the library's, and without its options. */
static wg_tensor *forward_own(const wg_nn_call *call, wg_tensor *x)
{
    return wg_mul(x, call->param[0]);
}

static const struct wg_nn_kind own_linear = {.name = "linear", .forward = forward_own},
                               own_conv = {.name = "conv2d", .forward = forward_own};

static void kinds_of_the_same_name_are_none(void **state)
{
    (void)state;
    const struct wg_nn_kind *kinds[] = {&own_linear, &own_conv};
    for (int i = 0; i < 2; i++) {
        wg_nn_module *own = wg_nn_module_create(kinds[i], NULL, NULL);
        assert_int_equal(wg_nn_add_parameter(own, "weight", waves(WG_SHAPE(3), 0.4, 1)), WG_OK);
        wg_nn_module *net = wg_nn_sequential(own, wg_nn_linear(3, 2, .dtype = WG_F64));
        wg_kfac *kfac = wg_kfac_create(net);
        wg_tensor *x = waves(WG_SHAPE(4, 3), 0.5, 1);
        assert_int_equal(wg_kfac_layers(kfac), 1);
        {
            WG_TAPE(tape);
            assert_int_equal(wg_backward(wg_mean(wg_square(wg_kfac_apply(kfac, x)))), WG_OK);
            assert_int_equal(wg_kfac_precondition(kfac), WG_OK);
        }
        wg_free(x), wg_kfac_destroy(kfac), wg_nn_destroy(net);
    }
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
        TEST(a_layer_applied_again_has_more_rows),
        TEST(tied_layers_are_one),
        TEST(padding_of_another_mode_is_seen),
        TEST(several_applications_count_together),
        TEST(the_gradients_of_several_passes_count_together),
        TEST(others_keep_their_gradients),
        TEST(options_are_printed),
        TEST(kinds_of_the_same_name_are_none),
        TEST(f32_follows_f64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
