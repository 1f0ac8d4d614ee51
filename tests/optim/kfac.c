/* K-FAC beside kfac_reference.py, which is written from the papers, and by what its directions are. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

/* clang-format off */
#include "kfac_reference.h"
/* clang-format on */

static double wave(int64_t i, double phase, double scale)
{
    return scale * sin(1.7 * (double)i + 0.3 * (double)(i * i) + phase);
}

static void fill(wg_tensor *t, double phase, double scale)
{
    double *data = wg_data_mut_as(t, double);
    for (int64_t i = 0; i < wg_numel(t); i++)
        data[i] = wave(i, phase, scale);
}

static wg_tensor *waves(wg_shape shape, double phase, double scale)
{
    wg_tensor *t = wg_zeros(WG_F64, shape);
    fill(t, phase, scale);
    return t;
}

/* The parameters of a layer: weight and, if there is one, bias. */
static void start(wg_nn_module *net, size_t child, double phase, double scale)
{
    const wg_tensor_list list = wg_nn_parameters(wg_nn_child(net, child));
    fill(list.tensor[0], phase, scale);
    if (list.n > 1)
        fill(list.tensor[1], phase + 1, 0.2);
}

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

static wg_nn_module *conv_net(void)
{
    wg_nn_module *net = wg_nn_sequential(
        wg_nn_conv2d(2, 3, 3, .columns = 2, .stride = WG_PAIR(2, 1), .padding = WG_PAIR(1, 1), .dtype = WG_F64), wg_nn_tanh(),
        wg_nn_flatten(), wg_nn_linear(45, 2, .dtype = WG_F64));
    start(net, 0, 0.2, 0.5), start(net, 3, 0.5, 0.6);
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

static wg_nn_module *mlp(wg_dtype dtype)
{
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(3, 4, .dtype = dtype), wg_nn_relu(), wg_nn_linear(4, 2, .dtype = dtype));
    if (dtype == WG_F64)
        start(net, 0, 0.1, 0.6), start(net, 2, 0.7, 0.6);
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

/* ---- runs ---- */

struct run {
    wg_nn_module *net;
    wg_kfac *kfac;
    wg_optim *optim;
    wg_tensor *x, *t;
};

static struct run begin(void)
{
    struct run run = {.net = conv_net(), .x = wg_zeros(WG_F64, WG_SHAPE(4, 2, 5, 4)), .t = wg_zeros(WG_F64, WG_SHAPE(4, 2))};
    run.optim = wg_optim_sgd(wg_nn_parameters(run.net), .lr = 0.2, .momentum = 0.5);
    run.kfac = wg_kfac_create(run.net, .damping = 0.02, .decay = 0.6, .frequency = 3, .kl_limit = 0.01, .optim = run.optim);
    return run;
}

static void end(struct run *run)
{
    wg_kfac_destroy(run->kfac), wg_optim_destroy(run->optim), wg_nn_destroy(run->net);
    wg_free(run->x), wg_free(run->t);
}

static void load(const struct run *run, int step)
{
    fill(run->x, 0.9 * step, 1), fill(run->t, 0.4 * step, 0.8);
}

static wg_status take(void *context)
{
    struct run *run = context;
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_mse(wg_kfac_apply(run->kfac, run->x), run->t)));
    WG_TRY(wg_kfac_precondition(run->kfac));
    return wg_optim_step(run->optim);
}

static void take_steps(struct run *run, int from, int to)
{
    for (int step = from; step <= to; step++) {
        load(run, step);
        assert_int_equal(take(run), WG_OK);
    }
}

static void assert_same_lists(wg_tensor_list a, wg_tensor_list b)
{
    assert_int_equal(a.n, b.n);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(a.tensor[i], b.tensor[i]);
}

static void assert_same_runs(const struct run *a, const struct run *b)
{
    assert_same_lists(wg_nn_parameters(a->net), wg_nn_parameters(b->net));
    assert_same_lists(wg_kfac_state(a->kfac), wg_kfac_state(b->kfac));
    assert_same_lists(wg_optim_state(a->optim), wg_optim_state(b->optim));
}

static void copy_list(wg_tensor_list to, wg_tensor_list from)
{
    assert_int_equal(to.n, from.n);
    for (size_t i = 0; i < to.n; i++)
        assert_int_equal(wg_write_raw(to.tensor[i], wg_data(from.tensor[i])), WG_OK);
}

static void a_resumed_run_has_the_same_bits(void **state)
{
    (void)state;
    struct run whole = begin(), first = begin(), second = begin();
    take_steps(&whole, 1, 8);
    take_steps(&first, 1, 4);
    copy_list(wg_kfac_state(second.kfac), wg_kfac_state(first.kfac));
    copy_list(wg_optim_state(second.optim), wg_optim_state(first.optim));
    copy_list(wg_nn_parameters(second.net), wg_nn_parameters(first.net));
    take_steps(&second, 5, 8);
    assert_same_runs(&whole, &second);
    assert_string_equal(wg_kfac_state(whole.kfac).name[0], "damping");
    assert_string_equal(wg_kfac_state(whole.kfac).name[1], "0.weight.count");
    assert_string_equal(wg_kfac_state(whole.kfac).name[10], "3.weight.g_inverse");
    end(&whole), end(&first), end(&second);
    assert_no_error();
}

/* The replayed step follows the frequency, the rate and the damping as the step itself does. */
static void a_replayed_step_has_the_bits_of_the_step(void **state)
{
    (void)state;
    struct run eager = begin(), captured = begin();
    wg_replay *replay = NULL;
    for (int step = 1; step <= 9; step++) {
        load(&eager, step), load(&captured, step);
        if (step == 5) {
            assert_int_equal(wg_optim_set_lr(eager.optim, 0, 0.1), WG_OK);
            assert_int_equal(wg_optim_set_lr(captured.optim, 0, 0.1), WG_OK);
            assert_int_equal(wg_kfac_set_damping(eager.kfac, 0.1), WG_OK);
            assert_int_equal(wg_kfac_set_damping(captured.kfac, 0.1), WG_OK);
        }
        assert_int_equal(take(&eager), WG_OK);
        if (replay)
            assert_int_equal(wg_replay_run(replay), WG_OK);
        else
            assert_non_null(replay = wg_replay_capture(take, &captured));
        assert_same_runs(&eager, &captured);
    }
    take_steps(&eager, 10, 10), take_steps(&captured, 10, 10); /* beside the replay, which stays */
    assert_same_runs(&eager, &captured);
    wg_replay_destroy(replay);
    end(&eager), end(&captured);
    assert_no_error();
}

/* A captured step that only looks, as an evaluation would: what it saw is nobody's. */
static wg_status look(void *context)
{
    struct run *run = context;
    WG_TAPE(tape);
    return wg_error_if_null(wg_kfac_apply(run->kfac, run->x));
}

static void steps_that_are_left_count_for_nothing(void **state)
{
    (void)state;
    struct run plain = begin(), left = begin();
    take_steps(&plain, 1, 2), take_steps(&left, 1, 2);
    load(&left, 7);
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_mse(wg_kfac_apply(left.kfac, left.x), left.t)), WG_OK);
        wg_optim_clear_gradients(left.optim);
    }
    wg_replay *replay = wg_replay_capture(look, &left);
    assert_non_null(replay);
    take_steps(&plain, 3, 4), take_steps(&left, 3, 4);
    assert_same_runs(&plain, &left);
    wg_replay_destroy(replay);
    take_steps(&plain, 5, 5), take_steps(&left, 5, 5);
    assert_same_runs(&plain, &left);
    end(&plain), end(&left);
    assert_no_error();
}

/* Steps without wg_kfac_apply leave the factors, and use the inverses that there are. */
static void factors_need_not_be_seen_in_each_step(void **state)
{
    (void)state;
    struct run run = begin();
    take_steps(&run, 1, 1);
    wg_tensor *inverse = wg_copy(wg_kfac_state(run.kfac).tensor[9]), *before[2], *v[2];
    for (int k = 0; k < 2; k++) {
        WG_TAPE(tape);
        load(&run, 2);
        assert_int_equal(wg_backward(wg_mse(k ? wg_nn_apply(run.net, run.x) : wg_kfac_apply(run.kfac, run.x), run.t)), WG_OK);
        wg_tensor *g = wg_gradient(wg_nn_parameter(run.net, "3.weight"));
        before[k] = wg_own(wg_copy(g));
        assert_int_equal(wg_kfac_precondition(run.kfac), WG_OK);
        v[k] = wg_own(wg_copy(g));
        wg_optim_clear_gradients(run.optim);
    }
    assert_same_bits(before[0], before[1]);
    assert_same_bits(v[0], v[1]); /* the second of three steps computes no inverses */
    assert_same_bits(inverse, wg_kfac_state(run.kfac).tensor[9]);
    assert_close(wg_item(wg_kfac_state(run.kfac).tensor[1]), 2, 0);
    for (int k = 0; k < 2; k++)
        wg_free(before[k]), wg_free(v[k]);
    wg_free(inverse);
    end(&run);
    assert_no_error();
}

static void a_step_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct run plain = begin(), failed = begin();
    take_steps(&plain, 1, 2), take_steps(&failed, 1, 2);
    load(&failed, 3);
    wg_data_mut_as(failed.x, double)[5] = NAN;
    assert_int_equal(take(&failed), WG_E_NUMERIC);
    assert_error(WG_E_NUMERIC, "kfac_inverses: step 3: the factor of the layer's inputs is not finite");
    assert_same_runs(&plain, &failed);
    wg_optim_clear_gradients(failed.optim);
    take_steps(&plain, 3, 5), take_steps(&failed, 3, 5);
    assert_same_runs(&plain, &failed);
    end(&plain), end(&failed);
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

/* Values between layers are dropped, and their gradients are found all the same; no leaf has one afterwards. */
static void observing_the_training_loss_changes_nothing(void **state)
{
    (void)state;
    struct run plain = begin(), observed = begin();
    take_steps(&plain, 1, 2);
    for (int step = 1; step <= 2; step++) {
        load(&observed, step);
        WG_TAPE(tape);
        wg_tensor *loss = wg_mse(wg_kfac_apply(observed.kfac, observed.x), observed.t);
        assert_int_equal(wg_kfac_observe(observed.kfac, wg_mul_scalar(loss, 3)), WG_OK); /* the last one counts */
        assert_int_equal(wg_kfac_observe(observed.kfac, loss), WG_OK);
        assert_null(wg_gradient(wg_nn_parameter(observed.net, "0.weight")));
        assert_int_equal(wg_backward(loss), WG_OK);
        assert_int_equal(wg_kfac_precondition(observed.kfac), WG_OK);
        assert_int_equal(wg_optim_step(observed.optim), WG_OK);
    }
    assert_same_runs(&plain, &observed);
    end(&plain), end(&observed);
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

/* Hooks find that it is gone. */
static void a_kfac_may_end_before_its_tape(void **state)
{
    (void)state;
    wg_nn_module *net = mlp(WG_F64);
    wg_kfac *kfac = wg_kfac_create(net);
    wg_tensor *x = waves(WG_SHAPE(6, 3), 0.5, 1);
    {
        WG_TAPE(tape);
        wg_tensor *loss = wg_mean(wg_square(wg_kfac_apply(kfac, x)));
        wg_kfac_destroy(kfac);
        assert_int_equal(wg_backward(loss), WG_OK);
    }
    wg_nn_destroy(net), wg_free(x);
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
        TEST(a_resumed_run_has_the_same_bits),
        TEST(a_replayed_step_has_the_bits_of_the_step),
        TEST(steps_that_are_left_count_for_nothing),
        TEST(factors_need_not_be_seen_in_each_step),
        TEST(a_step_that_fails_changes_nothing),
        TEST(several_applications_count_together),
        TEST(observing_the_training_loss_changes_nothing),
        TEST(others_keep_their_gradients),
        TEST(f32_follows_f64),
        TEST(a_kfac_may_end_before_its_tape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
