/* What recurrent layers promise beside what every layer does (list.c) and the values of PyTorch (layers.txt, fixtures.c): lengths, states
   carried from sequence to sequence, dropout between layers, initial weights, errors. */
#include "formula.h"
#include "nn_check.h"

enum { IN = 3, UNITS = 4, STEPS = 6, ROWS = 3 };

/* The parameters' elements follow the formula. */
static wg_nn_module *filled_net(wg_nn_module *net)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    assert_true(params.n > 0);
    for (size_t i = 0; i < params.n; i++)
        assert_int_equal(fill(params.tensor[i], 10 * ((int)i + 1)), WG_OK);
    return net;
}

static void fill_parameter(const wg_nn_module *net, const char *name, double value)
{
    wg_tensor *param = wg_nn_parameter(net, name), *values = wg_full(WG_F64, wg_shape_of(param), value);
    assert_int_equal(wg_assign(param, values), WG_OK);
    wg_free(values);
}

static void assert_near(const wg_tensor *a, const wg_tensor *b)
{
    double expected[256];
    assert_int_equal(wg_numel(a), wg_numel(b));
    read_all(b, expected);
    assert_values(a, expected, 1e-13);
}

/* ---- one unit by hand ---- */

/* A cell of one feature and one unit: W .5, U .4, b .1, d .2, x 1, h .5, c .25; then the layer, whose second row has no step. */
static void cells_of_one_unit_have_known_values(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double value;
    } settings[] = {{"weight_ih", 0.5}, {"weight_hh", 0.4}, {"bias_ih", 0.1}, {"bias_hh", 0.2}};
    wg_nn_module *cell[2] = {wg_nn_gru_cell(1, 1, .dtype = WG_F64), wg_nn_lstm_cell(1, 1, .dtype = WG_F64)};
    wg_nn_module *layer[2] = {wg_nn_gru(1, 1, .dtype = WG_F64), wg_nn_lstm(1, 1, .dtype = WG_F64)};
    const double expected[2][2] = {{0.557173893205, 0}, {0.459736339247, 0.739534585803}};
    wg_tensor *in[4] = {wg_full(WG_F64, WG_SHAPE(1, 2, 1), 1), wg_full(WG_F64, WG_SHAPE(1, 2, 1), 0.5),
                        wg_full(WG_F64, WG_SHAPE(1, 2, 1), 0.25), wg_from(((const int64_t[]){1, 0}), WG_SHAPE(2))};
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 4; i++) {
            char name[40];
            snprintf(name, sizeof name, "%s_l0", settings[i].name);
            fill_parameter(cell[k], settings[i].name, settings[i].value), fill_parameter(layer[k], name, settings[i].value);
        }
        const size_t states = (size_t)k + 1;
        wg_tensor *of_cell[2], *of_layer[3], *inputs[4] = {in[0], in[1], k ? in[2] : in[3], in[3]};
        assert_int_equal(wg_nn_apply_many(cell[k], NULL, in, 1 + states, of_cell, states), WG_OK);
        assert_int_equal(wg_nn_apply_many(layer[k], NULL, inputs, 2 + states, of_layer, 1 + states), WG_OK);
        for (size_t s = 0; s < states; s++) {
            assert_values(of_cell[s], (const double[]){expected[k][s], expected[k][s]}, 1e-12);
            assert_values(of_layer[1 + s], (const double[]){expected[k][s], s ? 0.25 : 0.5}, 1e-12);
            wg_free(of_cell[s]), wg_free(of_layer[1 + s]);
        }
        assert_values(of_layer[0], (const double[]){expected[k][0], 0}, 1e-12);
        wg_free(of_layer[0]);
        wg_nn_destroy(cell[k]), wg_nn_destroy(layer[k]);
    }
    for (int i = 0; i < 4; i++)
        wg_free(in[i]);
    assert_no_error();
}

/* The layer is its cell, step by step, with the same bits. */
static void a_layer_repeats_its_cell(void **state)
{
    (void)state;
    wg_nn_module *layer = filled_net(wg_nn_lstm(IN, UNITS, .dtype = WG_F64));
    wg_nn_module *cell = filled_net(wg_nn_lstm_cell(IN, UNITS, .dtype = WG_F64));
    wg_tensor *x = filled(WG_F64, WG_SHAPE(STEPS, ROWS, IN), 1), *all[3];
    WG_TAPE(tape);
    assert_int_equal(wg_nn_apply_many(layer, NULL, &x, 1, all, 3), WG_OK);
    wg_tensor *zeros = wg_zeros(WG_F64, WG_SHAPE(ROWS, UNITS)), *step[2] = {zeros, zeros};
    for (int t = 0; t < STEPS; t++) {
        wg_tensor *in[3] = {wg_select(x, 0, t), step[0], step[1]};
        assert_int_equal(wg_nn_apply_many(cell, NULL, in, 3, step, 2), WG_OK);
        assert_near(wg_copy(wg_select(all[0], 0, t)), step[0]);
    }
    assert_near(all[1], step[0]);
    assert_near(all[2], step[1]);
    wg_nn_destroy(layer), wg_nn_destroy(cell), wg_free(x);
    assert_no_error();
}

static wg_tensor *loss_of(const wg_nn_module *net, wg_tensor *const *in, size_t n_in)
{
    wg_tensor *out[3];
    assert_int_equal(wg_nn_apply_many(net, NULL, in, n_in, out, 3), WG_OK);
    return wg_add(wg_sum(wg_square(out[0])), wg_add(wg_sum(wg_exp(out[1])), wg_sum(wg_exp(out[2]))));
}

/* The gradient of wg_lstm is one op where it is not recorded, else a loop over steps. Lengths of T make the layer a loop of cells. */
static void all_ways_through_an_lstm_have_one_gradient(void **state)
{
    (void)state;
    wg_nn_module *net = filled_net(wg_nn_lstm(IN, UNITS, .bidirectional = true, .batch_first = true, .dtype = WG_F64));
    const wg_tensor_list params = wg_nn_parameters(net);
    wg_tensor *in[2] = {filled(WG_F64, WG_SHAPE(ROWS, STEPS, IN), 1),
                        wg_from(((const int64_t[]){STEPS, STEPS, STEPS}), WG_SHAPE(ROWS))};
    {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(loss_of(net, in, 1)), WG_OK);
    }
    for (size_t n_in = 1; n_in <= 2; n_in++) {
        WG_TAPE(tape);
        wg_tensor *recorded[8];
        assert_int_equal(wg_grad_many(loss_of(net, in, n_in), params.tensor, params.n, recorded, .create_graph = true), WG_OK);
        for (size_t i = 0; i < params.n; i++)
            assert_near(wg_gradient(params.tensor[i]), recorded[i]);
    }
    for (size_t i = 0; i < params.n; i++)
        wg_clear_gradient(params.tensor[i]);
    wg_nn_destroy(net), wg_free(in[0]), wg_free(in[1]);
    assert_no_error();
}

/* ---- lengths ---- */

/* The rows of a batch of several lengths are as if each ran alone over its own steps; y is 0 behind them. */
static void a_row_ends_at_its_length(void **state)
{
    (void)state;
    wg_nn_module *net = filled_net(wg_nn_gru(IN, UNITS, .layers = 2, .bidirectional = true, .dtype = WG_F64));
    const int64_t length[ROWS] = {4, STEPS, 1};
    wg_tensor *in[2] = {filled(WG_F64, WG_SHAPE(STEPS, ROWS, IN), 1), wg_from(length, WG_SHAPE(ROWS))}, *all[2], *one[2];
    WG_TAPE(tape);
    assert_int_equal(wg_nn_apply_many(net, NULL, in, 2, all, 2), WG_OK);
    for (int row = 0; row < ROWS; row++) {
        wg_tensor *alone = wg_slice(wg_slice(in[0], 1, row, row + 1, 1), 0, 0, length[row], 1);
        wg_tensor *y = wg_slice(all[0], 1, row, row + 1, 1);
        assert_int_equal(wg_nn_apply_many(net, NULL, &alone, 1, one, 2), WG_OK);
        assert_near(wg_copy(wg_slice(y, 0, 0, length[row], 1)), one[0]);
        assert_near(wg_copy(wg_slice(all[1], 1, row, row + 1, 1)), one[1]);
        if (length[row] < STEPS)
            assert_true(wg_item(wg_sum(wg_abs(wg_slice(y, 0, length[row], STEPS, 1)))) == 0);
    }
    wg_nn_destroy(net), wg_free(in[0]), wg_free(in[1]);
    assert_no_error();
}

struct padded {
    wg_nn_module *net;
    wg_tensor *in[2], *sum; /* x and lengths; the result */
};

static wg_status sum_padded(void *context)
{
    struct padded *p = context;
    wg_tensor *y;
    WG_TAPE(tape);
    WG_TRY(wg_nn_apply_many(p->net, NULL, p->in, 2, &y, 1));
    return wg_assign(p->sum, wg_sum(y));
}

/* Lengths are an input of a replay: it takes others, and refuses those that do not fit, as the layer does. */
static void lengths_vary_from_run_to_run_of_a_replay(void **state)
{
    (void)state;
    struct padded p = {filled_net(wg_nn_lstm(IN, UNITS, .dtype = WG_F64)),
                       {filled(WG_F64, WG_SHAPE(STEPS, ROWS, IN), 1), wg_from(((const int64_t[]){1, 2, 3}), WG_SHAPE(ROWS))},
                       wg_zeros(WG_F64, WG_SCALAR)};
    wg_replay *replay = wg_replay_capture(sum_padded, &p);
    assert_non_null(replay);
    const int64_t other[ROWS] = {0, STEPS, 2}, wrong[2][ROWS] = {{1, STEPS + 1, 2}, {1, 2, -1}};
    assert_int_equal(wg_write(p.in[1], other), WG_OK);
    assert_int_equal(wg_replay_run(replay), WG_OK);
    const double replayed = wg_item(p.sum);
    assert_int_equal(sum_padded(&p), WG_OK);
    assert_true(wg_item(p.sum) == replayed);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wg_write(p.in[1], wrong[i]), WG_OK);
        assert_int_equal(wg_replay_run(replay), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, i ? "-1" : "7");
        assert_int_equal(sum_padded(&p), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "nn_lstm: expected lengths of at most 6 steps for x of shape [6, 3, 3], and none below 0");
        assert_true(wg_item(p.sum) == replayed);
    }
    wg_replay_destroy(replay), wg_nn_destroy(p.net), wg_free(p.in[0]), wg_free(p.in[1]), wg_free(p.sum);
    assert_no_error();
}

/* ---- states carried over ---- */

/* Two halves of a sequence give the results of the whole, and each half's gradient is its own. */
static void a_state_is_carried_from_sequence_to_sequence(void **state)
{
    (void)state;
    wg_nn_module *net = filled_net(wg_nn_lstm(IN, UNITS, .dtype = WG_F64));
    wg_tensor *x = filled(WG_F64, WG_SHAPE(2 * STEPS, ROWS, IN), 1), *weight = wg_nn_parameters(net).tensor[1];
    wg_tensor *carried[2] = {wg_zeros(WG_F64, WG_SHAPE(1, ROWS, UNITS)), wg_zeros(WG_F64, WG_SHAPE(1, ROWS, UNITS))};
    for (int half = 0; half < 2; half++) {
        WG_TAPE(tape);
        wg_tensor *out[3], *whole = wg_nn_apply(net, x), *before[2] = {wg_copy(carried[0]), wg_copy(carried[1])};
        wg_tensor *in[3] = {wg_slice(x, 0, half * STEPS, half * STEPS + STEPS, 1), carried[0], carried[1]};
        assert_int_equal(wg_nn_apply_many(net, NULL, in, 3, out, 3), WG_OK);
        for (int k = 0; k < 2; k++) /* carried over, without its history */
            wg_free(carried[k]), carried[k] = wg_keep(out[1 + k]);
        assert_near(out[0], wg_copy(wg_slice(whole, 0, half * STEPS, half * STEPS + STEPS, 1)));
        /* the gradient: that of the same steps from a constant state */
        wg_tensor *constant[3] = {in[0], before[0], before[1]}, *same;
        assert_int_equal(wg_nn_apply_many(net, NULL, constant, 3, &same, 1), WG_OK);
        wg_tensor *expected = wg_grad(wg_sum(wg_square(same)), weight);
        assert_int_equal(wg_backward(wg_sum(wg_square(out[0]))), WG_OK);
        assert_near(wg_gradient(weight), expected);
        wg_clear_gradient(weight);
    }
    wg_nn_destroy(net), wg_free(x), wg_free(carried[0]), wg_free(carried[1]);
    assert_no_error();
}

/* One state that is absent, as WG_NONE, is zeros beside the other. */
static void check_absent_states(wg_nn_module *net, wg_tensor *x, wg_tensor *h, wg_tensor *c)
{
    WG_TAPE(tape);
    wg_tensor *zeros = wg_zeros(WG_F64, wg_shape_of(h));
    assert_near(wg_nn_apply(net, x, WG_NONE, c), wg_nn_apply(net, x, zeros, c));
    assert_near(wg_nn_apply(net, x, h, WG_NONE), wg_nn_apply(net, x, h, zeros));
    assert_near(wg_nn_apply(net, x, WG_NONE, WG_NONE), wg_nn_apply(net, x));
    wg_nn_destroy(net);
}

static void an_absent_state_is_zeros(void **state)
{
    (void)state;
    wg_tensor *x = filled(WG_F64, WG_SHAPE(STEPS, ROWS, IN), 1), *row = filled(WG_F64, WG_SHAPE(ROWS, IN), 1);
    wg_tensor *h = filled(WG_F64, WG_SHAPE(1, ROWS, UNITS), 2), *c = filled(WG_F64, WG_SHAPE(1, ROWS, UNITS), 3);
    wg_tensor *first = filled(WG_F64, WG_SHAPE(ROWS, UNITS), 2), *second = filled(WG_F64, WG_SHAPE(ROWS, UNITS), 3);
    check_absent_states(filled_net(wg_nn_lstm(IN, UNITS, .dtype = WG_F64)), x, h, c);
    check_absent_states(filled_net(wg_nn_lstm_cell(IN, UNITS, .dtype = WG_F64)), row, first, second);
    wg_nn_module *net = filled_net(wg_nn_gru(IN, UNITS, .dtype = WG_F64));
    {
        WG_TAPE(tape);
        assert_near(wg_nn_apply(net, x, h, WG_NONE), wg_nn_apply(net, x, h)); /* no lengths */
    }
    wg_nn_destroy(net);
    wg_free(x), wg_free(row), wg_free(h), wg_free(c), wg_free(first), wg_free(second);
    assert_no_error();
}

/* ---- dropout between layers ---- */

static double mean_square(const wg_nn_module *net, wg_tensor *x)
{
    WG_TAPE(tape);
    wg_tensor *y = wg_nn_apply(net, x);
    return wg_item(wg_mean(wg_square(y)));
}

/* In training the second layer reads what dropout left of the first; in use, and with one layer, nothing is dropped. */
static void dropout_is_between_layers_only(void **state)
{
    (void)state;
    wg_tensor *x = filled(WG_F64, WG_SHAPE(STEPS, ROWS, IN), 1);
    for (int64_t layers = 1; layers <= 2; layers++) {
        wg_nn_module *dropping = filled_net(wg_nn_gru(IN, UNITS, .layers = layers, .dropout = 0.5, .dtype = WG_F64));
        wg_nn_module *plain = filled_net(wg_nn_gru(IN, UNITS, .layers = layers, .dtype = WG_F64));
        assert_int_equal(wg_seed(7, 0), WG_OK);
        const double first = mean_square(dropping, x), second = mean_square(dropping, x), without = mean_square(plain, x);
        assert_true(layers == 1 ? first == without && second == without : first != without && second != first);
        {
            WG_EVAL_MODE;
            assert_true(mean_square(dropping, x) == without);
        }
        wg_nn_destroy(dropping), wg_nn_destroy(plain);
    }
    wg_free(x);
    assert_no_error();
}

/* ---- initial weights, other shapes ---- */

/* U(±1/√hidden): within the bounds, close to them, and of their variance. */
static void weights_are_drawn_from_the_bounds_of_the_units(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_lstm(8, 64, .layers = 2, .bidirectional = true);
    const wg_tensor_list params = wg_nn_parameters(net);
    assert_int_equal(params.n, 16);
    assert_string_equal(params.name[0], "weight_ih_l0");
    assert_string_equal(params.name[7], "bias_hh_l0_reverse");
    assert_string_equal(params.name[12], "weight_ih_l1_reverse");
    assert_int_equal(wg_extent(params.tensor[8], 1), 128);
    for (size_t i = 0; i < params.n; i++) {
        WG_TAPE(tape);
        wg_tensor *absolute = wg_abs(params.tensor[i]);
        const double largest = wg_item(wg_max(absolute)), variance = wg_item(wg_mean(wg_square(absolute)));
        assert_true(largest <= 0.125 && largest > 0.12);
        assert_close(variance * 3 / (0.125 * 0.125), 1, 0.1);
    }
    wg_nn_destroy(net);
    assert_no_error();
}

static void a_batch_may_be_empty(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_lstm(IN, UNITS, .layers = 2);
    wg_tensor *in[2] = {wg_zeros(WG_F32, WG_SHAPE(STEPS, 0, IN)), wg_zeros(WG_I64, WG_SHAPE(0))}, *out[3];
    for (size_t n = 1; n <= 2; n++) {
        WG_TAPE(tape);
        assert_int_equal(wg_nn_apply_many(net, NULL, in, n, out, 3), WG_OK);
        assert_int_equal(wg_numel(out[0]) + wg_numel(out[1]) + wg_numel(out[2]), 0);
        assert_int_equal(wg_extent(out[0], 2), UNITS);
        assert_int_equal(wg_backward(wg_sum(out[0])), WG_OK);
    }
    wg_nn_destroy(net), wg_free(in[0]), wg_free(in[1]);
    assert_no_error();
}

/* In a sequential the layer takes the sequence and hands its outputs on. */
static void layers_stand_in_a_sequential(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_lstm(IN, UNITS, .bidirectional = true), wg_nn_gru(2 * UNITS, UNITS),
                                         wg_nn_linear(UNITS, 2));
    wg_tensor *x = wg_zeros(WG_F32, WG_SHAPE(STEPS, ROWS, IN)), *y = wg_nn_apply(net, x);
    assert_non_null(y);
    assert_true(wg_rank(y) == 3 && wg_extent(y, 0) == STEPS && wg_extent(y, 2) == 2);
    wg_free(x), wg_free(y), wg_nn_destroy(net);
    assert_no_error();
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_lstm(IN, UNITS), *cell = wg_nn_lstm_cell(IN, UNITS);
    wg_tensor *x = wg_zeros(WG_F32, WG_SHAPE(STEPS, ROWS, IN)), *h = wg_zeros(WG_F32, WG_SHAPE(1, ROWS, UNITS)), *out[4];
    assert_int_not_equal(wg_nn_apply_many(net, NULL, (wg_tensor *[]){x, h}, 2, out, 1), WG_OK);
    assert_error(WG_E_ARGUMENT, "nn_lstm: expected x, or x and h and c, and behind them lengths (B) or nothing, got 2 inputs");
    assert_int_not_equal(wg_nn_apply_many(net, NULL, (wg_tensor *[]){x}, 1, out, 4), WG_OK);
    assert_error(WG_E_ARGUMENT, "nn_lstm: expected to be asked for at most 3 results, got 4");
    assert_int_not_equal(wg_nn_apply_many(cell, NULL, (wg_tensor *[]){x, h}, 2, out, 1), WG_OK);
    assert_error(WG_E_ARGUMENT, "nn_lstm_cell: expected x, or x and h and c, got 2 inputs");
    assert_int_not_equal(wg_nn_apply_many(net, NULL, (wg_tensor *[]){x, h, x}, 3, out, 1), WG_OK);
    assert_error(WG_E_SHAPE, "nn_lstm: expected, for x of shape [6, 3, 3], c of dtype f32 and shape [1, 3, 4], got f32 [6, 3, 3]");
    assert_null(wg_nn_rnn(IN, UNITS, .activation = WG_ACTIVATION_GELU));
    assert_error(WG_E_ARGUMENT, "nn_rnn: expected .activation = WG_ACTIVATION_TANH or WG_ACTIVATION_RELU, got gelu");
    assert_null(wg_nn_rnn_cell(IN, UNITS, .activation = (wg_activation)99));
    assert_error(WG_E_ARGUMENT, "activation");
    assert_null(wg_nn_gru(IN, UNITS, .layers = 0));
    assert_error(WG_E_ARGUMENT, "nn_gru: expected layers in [1, 1024], got 0");
    wg_nn_destroy(net), wg_nn_destroy(cell), wg_free(x), wg_free(h);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cells_of_one_unit_have_known_values),
        TEST(a_layer_repeats_its_cell),
        TEST(all_ways_through_an_lstm_have_one_gradient),
        TEST(a_row_ends_at_its_length),
        TEST(lengths_vary_from_run_to_run_of_a_replay),
        TEST(a_state_is_carried_from_sequence_to_sequence),
        TEST(an_absent_state_is_zeros),
        TEST(dropout_is_between_layers_only),
        TEST(weights_are_drawn_from_the_bounds_of_the_units),
        TEST(a_batch_may_be_empty),
        TEST(layers_stand_in_a_sequential),
        TEST(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
