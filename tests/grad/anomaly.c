/* Anomaly mode names the op that made a bad value: forward, in backward, in forward mode and in an update. It reports nothing
   else. */
#include "common.h"

#include "core/internal.h"

static wg_tensor *pair(double a, double b)
{
    return made(wg_from(((const double[]){a, b}), WG_SHAPE(2)));
}

static wg_tensor *pair_leaf(double a, double b)
{
    return made(wg_set_requires_grad(pair(a, b), true));
}

/* Checks that the error message contains all texts, and clears the error. */
static void expect_anomaly(const char *const *texts)
{
    wg_error error;
    const wg_status code = wg_error_take(&error);
    if (code != WG_E_NUMERIC)
        fail_msg("%s: %s", wg_status_name(code), error.message);
    for (; *texts; texts++)
        if (!strstr(error.message, *texts))
            fail_msg("\"%s\" does not say \"%s\"", error.message, *texts);
}

#define SAYS(...) expect_anomaly((const char *const[]){__VA_ARGS__, NULL})

/* ---- forward ---- */

static void first_bad_value_is_named(void **state)
{
    (void)state;
    WG_ANOMALY(WG_ANOMALY_NAN_OR_INF);
    wg_tensor *x = pair_leaf(4, -1);
    assert_ok(wg_set_name(x, "weight"));
    for (int with_tape = 0; with_tape < 2; with_tape++) {
        wg_tape *tape = with_tape ? wg_tape_open() : NULL;
        assert_null(wg_mul(wg_sqrt(x), x));
        SAYS("sqrt: nan at [1]", "; operands: 0 (weight) f64 [2] in -1..4");
        if (tape)
            wg_tape_close(tape);
    }
    WG_TAPE(tape);
    assert_ok(wg_section_push("encoder"));
    assert_null(wg_div(x, wg_sub(x, x)));
    assert_string_equal(wg_error_first()->section, "encoder");
    SAYS("div: inf at [0]", "0 (weight) f64 [2] in -1..4; 1 f64 [2] in 0..0");
    wg_section_pop();
    wg_free(x);
}

/* The reported index is that of the logical element, for every memory layout. */
static void place_is_in_logical_order(void **state)
{
    (void)state;
    WG_ANOMALY(WG_ANOMALY_NAN);
    WG_TAPE(tape);
    wg_tensor *x = made(wg_from(((const float[]){1, 2, 3, 4, -1, 6}), WG_SHAPE(2, 3)));
    assert_null(wg_log(wg_permute(x, WG_AXES(1, 0))));
    SAYS("log: nan at [1, 1]", "0 f32 [3, 2] in -1..6");
    wg_tensor *row = made(wg_slice(x, 0, 1, 2, 1));
    assert_null(wg_log(wg_broadcast_to(row, WG_SHAPE(4, 3))));
    SAYS("log: nan at [0, 1]", "0 f32 [4, 3] in -1..6");
    made(wg_log(wg_slice(x, 0, 0, 1, 1)));          /* a view of a good element */
    made(wg_log(wg_zeros(WG_F64, WG_SHAPE(0, 2)))); /* no elements */
    made(wg_argmax(x, .axis = 1));                  /* integers */
}

static void infinities_are_bad_only_if_asked(void **state)
{
    (void)state;
    wg_tensor *x = pair(0, 1);
    WG_TAPE(tape);
    assert_int_equal(wg_anomaly_set(WG_ANOMALY_NAN), WG_ANOMALY_OFF);
    made(wg_log(x));
    assert_int_equal(wg_anomaly_set(WG_ANOMALY_NAN_OR_INF), WG_ANOMALY_NAN);
    assert_null(wg_log(x));
    SAYS("log: -inf at [0]");
    assert_int_equal(wg_anomaly_set(WG_ANOMALY_OFF), WG_ANOMALY_NAN_OR_INF);
    made(wg_sqrt(wg_neg(x)));
    {
        WG_ANOMALY(WG_ANOMALY_NAN);
        assert_null(wg_sqrt(wg_neg(x)));
        SAYS("sqrt: nan at [1]");
    }
    made(wg_sqrt(wg_neg(x)));
    wg_free(x);
}

/* ---- the origin of the value ---- */

static void what_came_from_outside_is_said(void **state)
{
    (void)state;
    WG_ANOMALY(WG_ANOMALY_NAN);
    wg_tensor *x = pair(1, (double)NAN), *good = pair(1, 2);
    assert_ok(wg_set_name(x, "data"));
    WG_TAPE(tape);
    assert_null(wg_mul(good, wg_reshape(x, WG_SHAPE(1, 2))));
    SAYS("mul: nan at [0, 1]", "0 f64 [2] in 1..2; 1 f64 [1, 2] in 1..1 and 1 nan, from outside");
    assert_null(wg_add(x, good));
    SAYS("0 (data) f64 [2] in 1..1 and 1 nan, from outside");
    assert_null(wg_exp(wg_from(((const double[]){NAN}), WG_SHAPE(1))));
    SAYS("exp: nan at [0]", "0 f64 [1] all 1 nan, from outside");
    made(wg_where(wg_from(((const uint8_t[]){1, 0}), WG_SHAPE(2)), x, good)); /* the bad element is not selected */
    made(wg_square(good));
    double *changed = wg_data_mut(good);
    changed[0] = (double)NAN;
    assert_null(wg_square(good));
    SAYS("square: nan at [0]", "from outside");
    wg_free(x), wg_free(good);
}

/* A value that was made with the mode off, or an infinity that was allowed, is traced to the op where it arose. */
static void origin_is_followed_up_the_graph(void **state)
{
    (void)state;
    wg_tensor *x = pair_leaf(0, 1);
    WG_TAPE(tape);
    assert_ok(wg_section_push("encoder"));
    wg_tensor *log = made(wg_log(x));
    wg_section_pop();
    wg_tensor *scaled = made(wg_reshape(wg_mul_scalar(log, 2), WG_SHAPE(1, 2)));
    WG_ANOMALY(WG_ANOMALY_NAN);
    assert_null(wg_mul_scalar(scaled, 0));
    SAYS("mul_scalar: nan at [0, 0]", "0 f64 [1, 2] in 0..0 and 1 inf, from log (in encoder)");
    wg_free(x);
}

/* ---- backward ---- */

/* √x, masked out: its value is finite, but its gradient is 0 · ∞. */
static void masked_value_with_a_bad_gradient(void **state)
{
    (void)state;
    WG_ANOMALY(WG_ANOMALY_NAN_OR_INF);
    wg_tensor *x = pair_leaf(0, 2.25), *mask = wg_from(((const uint8_t[]){0, 1}), WG_SHAPE(2));
    WG_TAPE(tape);
    assert_ok(wg_section_push("encoder"));
    assert_ok(wg_section_push("layer1"));
    wg_tensor *root = made(wg_sqrt(x));
    wg_section_pop();
    wg_section_pop();
    wg_tensor *loss = made(wg_sum(wg_where(mask, root, wg_zeros(WG_F64, WG_SHAPE(2)))));
    assert_null(wg_grad(loss, x, .create_graph = true));
    SAYS("div: nan at [0], in the derivative of sqrt (in encoder/layer1)", "operands: 0 f64 [2] in 0..1; 1 f64 [2] in 0..1.5",
         "; sqrt's: 0 f64 [2] in 0..2.25");
    assert_int_equal(wg_backward(loss), WG_E_NUMERIC);
    SAYS("div: nan at [0], in the derivative of sqrt (in encoder/layer1)", "; sqrt's: 0 f64 [2] in 0..2.25");
    assert_null(wg_gradient(x));
    wg_free(x), wg_free(mask);
}

/* ln of an element that the mask does not select: an infinity forward, in the branch not taken. */
static void unselected_branch(void **state)
{
    (void)state;
    wg_tensor *x = pair_leaf(0, 2), *mask = wg_from(((const uint8_t[]){0, 1}), WG_SHAPE(2));
    {
        WG_ANOMALY(WG_ANOMALY_NAN);
        WG_TAPE(tape);
        wg_tensor *loss = made(wg_sum(wg_where(mask, wg_log(x), wg_zeros(WG_F64, WG_SHAPE(2)))));
        assert_true(isfinite(wg_item(loss)));
        assert_int_equal(wg_backward(loss), WG_E_NUMERIC);
        SAYS("div: nan at [0], in the derivative of log", "; log's: 0 f64 [2] in 0..2");
    }
    {
        WG_ANOMALY(WG_ANOMALY_NAN_OR_INF);
        WG_TAPE(tape);
        assert_null(wg_where(mask, wg_log(x), wg_zeros(WG_F64, WG_SHAPE(2))));
        SAYS("log: -inf at [0]");
    }
    wg_free(x), wg_free(mask);
}

/* clamp hides the infinity of 1/0 and returns its limit; the message must name div. */
static void infinity_hidden_by_clamp(void **state)
{
    (void)state;
    wg_tensor *x = pair_leaf(0, 2), *one = pair(1, 1);
    {
        WG_ANOMALY(WG_ANOMALY_NAN);
        WG_TAPE(tape);
        wg_tensor *loss = made(wg_sum(wg_clamp(wg_div(one, x), -1, 1)));
        assert_near(wg_item(loss), 1.5, 0);
        assert_int_equal(wg_backward(loss), WG_E_NUMERIC);
        SAYS(": nan at [0], in the derivative of div", "; div's: 0 f64 [2] in 1..1; 1 f64 [2] in 0..2");
    }
    {
        WG_ANOMALY(WG_ANOMALY_NAN_OR_INF);
        WG_TAPE(tape);
        assert_null(wg_clamp(wg_div(one, x), -1, 1));
        SAYS("div: inf at [0]", "0 f64 [2] in 1..1; 1 f64 [2] in 0..2");
    }
    wg_free(x), wg_free(one);
}

/* In a gradient of a gradient and in forward mode the message lists the chain of derivatives. */
static wg_tensor *root_of(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_sqrt(x[0]);
}

static void higher_order_and_forward_mode(void **state)
{
    (void)state;
    WG_ANOMALY(WG_ANOMALY_NAN_OR_INF);
    wg_tensor *x = pair_leaf(0, 2), *t = pair(1, 1), *ty;
    assert_int_equal(wg_jvp(root_of, NULL, &x, 1, &t, NULL, &ty), WG_E_NUMERIC);
    SAYS("div: inf at [0], in the derivative of sqrt", "; sqrt's: 0 f64 [2] in 0..2");
    {
        WG_TAPE(tape); /* x^(3/2): its second derivative is infinite at 0 */
        wg_tensor *g = made(wg_grad(wg_sum(wg_pow_scalar(x, 1.5)), x, .create_graph = true));
        assert_null(wg_grad(wg_sum(g), x));
        SAYS("inf at [0], in the derivative of ", ", in the derivative of pow_scalar");
    }
    wg_free(x), wg_free(t);
}

/* The sum at a fan-out is an op of the engine. Here it computes ∞ - ∞ from gradients that overflowed. */
static void sums_of_gradients_are_looked_at(void **state)
{
    (void)state;
    WG_ANOMALY(WG_ANOMALY_NAN);
    wg_tensor *x = pair_leaf(1e-10, 2), *much = pair(1e308, 1);
    WG_TAPE(tape);
    wg_tensor *h = made(wg_mul_scalar(x, 1));
    wg_tensor *left = made(wg_sum(wg_mul(h, much))), *right = made(wg_sum(wg_mul(h, wg_neg(much))));
    wg_tensor *loss = made(wg_mul_scalar(wg_add(left, right), 10));
    assert_int_equal(wg_backward(loss, .retain = true), WG_E_NUMERIC);
    SAYS("add: nan at [0], in the derivative of mul", "0 f64 [2] in -10..-10 and 1 inf; 1 f64 [2] in 10..10 and 1 inf");
    wg_anomaly_set(WG_ANOMALY_NAN_OR_INF);
    assert_int_equal(wg_backward(loss), WG_E_NUMERIC);
    SAYS("mul: -inf at [0], in the derivative of mul", "; mul's: 0 f64 [2] in 1e-10..2; 1 f64 [2] in -1e+308..-1");
    wg_free(x), wg_free(much);
}

/* ---- a failed step has no effect ---- */

static wg_status step(wg_nn_module *net, wg_optim *opt, wg_tensor *x, wg_tensor *y)
{
    WG_TAPE(tape);
    wg_tensor *loss = wg_mean(wg_square(wg_sub(wg_nn_apply(net, x), y)));
    WG_TRY(wg_backward(loss));
    return wg_optim_step(opt);
}

static void good_step_has_the_same_bits(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(4, 2), 1), *y = numbers(WG_F32, WG_SHAPE(4, 1), 2);
    wg_nn_module *net[2];
    for (int i = 0; i < 2; i++) {
        net[i] = wg_nn_mlp(WG_SIZES(2, 8, 1), .activation = WG_ACTIVATION_TANH, .seed = 1);
        wg_optim *opt = wg_optim_adam(wg_nn_parameters(net[i]), .lr = 0.05);
        wg_anomaly_set(i ? WG_ANOMALY_NAN_OR_INF : WG_ANOMALY_OFF);
        for (int k = 0; k < 3; k++)
            assert_ok(step(net[i], opt, x, y));
        wg_anomaly_set(WG_ANOMALY_OFF);
        wg_optim_destroy(opt);
    }
    const wg_tensor_list a = wg_nn_parameters(net[0]), b = wg_nn_parameters(net[1]);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(a.tensor[i], b.tensor[i]);
    wg_nn_destroy(net[0]), wg_nn_destroy(net[1]);
    wg_free(x), wg_free(y);
}

/* With a whole optimizer: parameters, momenta, step counts and gradients are unchanged, and a retry gives the same bits. */
static void step_that_overflows_can_be_repeated(void **state)
{
    (void)state;
    wg_tensor *x = numbers(WG_F32, WG_SHAPE(4, 2), 1), *y = numbers(WG_F32, WG_SHAPE(4, 1), 2);
    wg_nn_module *net[2];
    for (int i = 0; i < 2; i++) {
        net[i] = wg_nn_mlp(WG_SIZES(2, 8, 1), .activation = WG_ACTIVATION_TANH, .seed = 1);
        wg_optim *opt = wg_optim_sgd(wg_nn_parameters(net[i]), .lr = 0.05, .momentum = 0.9);
        assert_ok(step(net[i], opt, x, y));
        if (i) {
            WG_ANOMALY(WG_ANOMALY_NAN_OR_INF);
            assert_ok(wg_optim_set_lr(opt, 0, 1e300));
            assert_int_equal(step(net[i], opt, x, y), WG_E_NUMERIC);
            SAYS("sgd_update: ", "inf at [", " of operand 0, which it changes");
            assert_null(wg_gradient(wg_nn_parameters(net[i]).tensor[0]));
            assert_ok(wg_optim_set_lr(opt, 0, 0.05));
        }
        assert_ok(step(net[i], opt, x, y));
        wg_optim_destroy(opt);
    }
    const wg_tensor_list a = wg_nn_parameters(net[0]), b = wg_nn_parameters(net[1]);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(a.tensor[i], b.tensor[i]);
    wg_nn_destroy(net[0]), wg_nn_destroy(net[1]);
    wg_free(x), wg_free(y);
}

/* The update of the second of two parameters overflows. Neither changes, with or without an open tape. */
static void update_that_goes_wrong_does_not_happen(void **state)
{
    (void)state;
    WG_ANOMALY(WG_ANOMALY_NAN_OR_INF);
    wg_tensor *p = pair(1, 2), *q = pair(1, 1e308), *g = pair(-1e308, 1), *h = pair(1, -1e308), *lr = made(wg_scalar(WG_F64, 10));
    wg_tensor *same_p = pair(1, 2), *same_q = pair(1, 1e308), *count = made(wg_scalar(WG_F64, 1));
    for (int with_tape = 0; with_tape < 2; with_tape++) {
        wg_tape *tape = with_tape ? wg_tape_open() : NULL;
        assert_ok(wg_update_begin());
        assert_ok(wg_accumulate(p, h));
        assert_ok(wg_sgd_update(q, WG_NONE, h, lr, count, 0, 0, 0, false));
        assert_int_equal(wg_update_commit(), WG_E_NUMERIC);
        SAYS("sgd_update: inf at [1] of operand 0, which it changes", "0 f64 [2] in 1..1e+308", "f64 [2] in -1e+308..1");
        assert_same_bits(p, same_p);
        assert_same_bits(q, same_q);
        assert_int_equal(wg_sgd_update(q, WG_NONE, h, lr, count, 0, 0, 0, false), WG_E_NUMERIC); /* outside an update bracket */
        SAYS("sgd_update: inf at [1] of operand 0");
        assert_same_bits(q, same_q);
        if (tape)
            wg_tape_close(tape);
        assert_same_bits(p, same_p);
    }
    wg_tensor *all[] = {p, q, g, h, lr, same_p, same_q, count};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
}

/* A draw whose result is bad leaves the generator unchanged. */
static void draw_that_goes_wrong_is_undone(void **state)
{
    (void)state;
    WG_ANOMALY(WG_ANOMALY_NAN_OR_INF);
    wg_tensor *generator = made(wg_generator(7, 0)), *same = made(wg_generator(7, 0)), *x = pair_leaf(-1, 1);
    assert_null(wg_normal(generator, WG_F32, WG_SHAPE(40), 0, 3e38));
    SAYS("normal: ", "inf at [");
    assert_same_bits(generator, same);
    {
        WG_TAPE(tape);
        made(wg_log(wg_square(wg_normal(generator, WG_F64, WG_SHAPE(2), 0, 1))));
        assert_null(wg_log(x));
        SAYS("log: nan at [0]");
    }
    assert_same_bits(generator, same);
    wg_free(generator), wg_free(same), wg_free(x);
}

static void traced_rerun_is_looked_at(void **state)
{
    (void)state;
    WG_ANOMALY(WG_ANOMALY_NAN);
    wg_tensor *x = pair(1, 2);
    WG_TAPE(tape, .trace = true);
    wg_tensor *y = made(wg_log(wg_donate(wg_mul_scalar(x, 1))));
    assert_ok(wg_write(x, ((const double[]){1, -1})));
    assert_int_equal(wg_tape_rerun(tape), WG_E_NUMERIC);
    SAYS("log: nan at [1]", "0 f64 [2] in -1..1");
    assert_ok(wg_write(x, ((const double[]){1, 1})));
    assert_ok(wg_tape_rerun(tape));
    assert_near(element(y, 1), 0, 0);
    wg_free(x);
}

/* With each allocation of a watched update failing in turn: nothing changes, nothing leaks. */
static void failing_allocations_are_clean(void **state)
{
    (void)state;
    WG_ANOMALY(WG_ANOMALY_NAN);
    wg_tensor *p = pair(1, 2), *q = pair(1, 2), *g = pair(3, 4), *same = pair(1, 2);
    bool failed = true;
    for (int k = 0; failed && k < 200; k++) {
        const int64_t live = wg_memory_now().live;
        wg_memory_fail(k, false);
        wg_status status = wg_update_begin();
        if (status == WG_OK) {
            const wg_status one = wg_accumulate(p, g), two = wg_accumulate(q, g);
            status = wg_update_commit();
            status = one != WG_OK ? one : two != WG_OK ? two : status;
        }
        wg_memory_fail(-1, false);
        failed = status != WG_OK;
        if (failed) {
            expect_error(WG_E_MEMORY, "");
            assert_same_bits(p, same);
            assert_same_bits(q, same);
        }
        assert_int_equal(wg_memory_now().live - live, 0);
    }
    assert_false(failed);
    wg_free(p), wg_free(q), wg_free(g), wg_free(same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_bad_value_is_named),
        TEST(place_is_in_logical_order),
        TEST(infinities_are_bad_only_if_asked),
        TEST(what_came_from_outside_is_said),
        TEST(origin_is_followed_up_the_graph),
        TEST(masked_value_with_a_bad_gradient),
        TEST(unselected_branch),
        TEST(infinity_hidden_by_clamp),
        TEST(higher_order_and_forward_mode),
        TEST(sums_of_gradients_are_looked_at),
        TEST(good_step_has_the_same_bits),
        TEST(step_that_overflows_can_be_repeated),
        TEST(update_that_goes_wrong_does_not_happen),
        TEST(draw_that_goes_wrong_is_undone),
        TEST(traced_rerun_is_looked_at),
        TEST(failing_allocations_are_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
