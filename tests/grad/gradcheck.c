/* wg_gradcheck and wg_gradgradcheck: right derivatives pass, wrong ones are found and reported, operands are unchanged. */
#include "common.h"

#include "core/internal.h"

enum { BOTH = 2 }; /* modes: 0 a random direction, 1 the whole Jacobian */

static wg_tensor *layer(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_mul(wg_tanh(wg_linear(x[0], x[1], x[2])), wg_exp(wg_mul_scalar(x[2], 0.5)));
}

static wg_tensor *rows_of(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_sum(wg_square(wg_index_select(x[0], 0, x[1])), .axis = 1);
}

static void right_functions_pass(void **state)
{
    (void)state;
    wg_tensor *x[3] = {numbers(WG_F64, WG_SHAPE(3, 2), 1), leaf(WG_F64, WG_SHAPE(4, 2), 2), leaf(WG_F64, WG_SHAPE(4), 3)};
    wg_tensor *picked[2] = {leaf(WG_F64, WG_SHAPE(3, 2), 4), wg_from(((const int64_t[]){2, 0, 2, 1}), WG_SHAPE(4))};
    wg_tensor *none = wg_zeros(WG_F64, WG_SHAPE(0, 2));
    wg_tensor *empty[3] = {none, x[1], x[2]};
    for (int with_tape = 0; with_tape < 2; with_tape++) {
        wg_tape *tape = with_tape ? wg_tape_open() : NULL;
        for (int full = 0; full < BOTH; full++) {
            assert_ok(wg_gradcheck(layer, NULL, x, 3, .full = full));
            assert_ok(wg_gradgradcheck(layer, NULL, x, 3, .full = full, .seed = 5));
            assert_ok(wg_gradcheck(rows_of, NULL, picked, 2, .full = full));
            assert_ok(wg_gradgradcheck(rows_of, NULL, picked, 2, .full = full));
            assert_ok(wg_gradcheck(layer, NULL, empty, 3, .full = full));
        }
        if (tape) {
            assert_int_equal(wg_tape_nodes(tape), 0);
            wg_tape_close(tape);
        }
    }
    for (int i = 0; i < 3; i++)
        wg_free(x[i]);
    wg_free(picked[0]), wg_free(picked[1]), wg_free(none);
}

static wg_tensor *logs(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_log(x[0]);
}

static void steps_fit_the_size_of_an_element(void **state)
{
    (void)state;
    const double at[] = {1e-7, 1e-3, 1, 1e6, 1e12};
    wg_tensor *x = wg_from(at, WG_SHAPE(5));
    assert_ok(wg_gradcheck(logs, NULL, &x, 1));
    WG_ANOMALY(WG_ANOMALY_NAN_OR_INF); /* a step beyond the logarithm's domain is no anomaly */
    assert_ok(wg_gradcheck(logs, NULL, &x, 1));
    wg_free(x);
}

/* ---- y = x³ as a closure, with mistakes ---- */

enum mistake { RIGHT, SIGN, DROPPED, SCALE, IS_NAN, ZERO, SMUGGLED, ONE_ELEMENT, MISTAKES };

struct cube {
    enum mistake mistake;
    wg_tensor *weights; /* for ONE_ELEMENT */
};

static wg_status cube_forward(const wg_call *c)
{
    const double *x = wg_data(c->in[0]);
    double *y = wg_data_mut(c->out[0]);
    for (int64_t i = 0; i < wg_numel(c->in[0]); i++)
        y[i] = x[i] * x[i] * x[i] + x[i];
    return WG_OK;
}

static wg_status cube_backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct cube *cube = c->context;
    wg_tensor *x = c->in[0], *three = wg_mul_scalar(wg_square(x), 3);
    switch (cube->mistake) {
    case SIGN:
        return WG_GIVE(gx[0], wg_neg(wg_mul(gy[0], wg_add_scalar(three, 1))));
    case DROPPED:
        return WG_GIVE(gx[0], wg_mul(gy[0], three));
    case SCALE:
        return WG_GIVE(gx[0], wg_mul(gy[0], wg_mul_scalar(wg_add_scalar(three, 1), 1.00001)));
    case IS_NAN:
        return WG_GIVE(gx[0], wg_mul(gy[0], wg_sqrt(wg_neg(three))));
    case ZERO:
        return WG_GIVE(gx[0], wg_mul_scalar(gy[0], 0));
    case SMUGGLED:
        return WG_GIVE(gx[0], wg_mul(gy[0], wg_detach(wg_add_scalar(three, 1))));
    case ONE_ELEMENT:
        return WG_GIVE(gx[0], wg_mul(gy[0], wg_mul(wg_add_scalar(three, 1), cube->weights)));
    default:
        return WG_GIVE(gx[0], wg_mul(gy[0], wg_add_scalar(three, 1)));
    }
}

static wg_tensor *cube(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    const wg_closure closure = {.name = "cube",
                                .forward = cube_forward,
                                .backward = cube_backward,
                                .saves = WG_IN(0),
                                .dtype = WG_F64,
                                .shape = WG_SHAPE(3),
                                .context = context};
    return wg_closure_apply(&closure, x, 1);
}

/* Checks that the operands have these bits. */
static void assert_at(const wg_tensor *x, const double *at)
{
    assert_memory_equal(wg_data(x), at, 3 * sizeof *at);
    assert_null(wg_gradient(x));
}

static void wrong_gradients_are_found(void **state)
{
    (void)state;
    const double at[] = {0.1, -0.7, 1.3};
    wg_tensor *x = wg_set_requires_grad(wg_from(at, WG_SHAPE(3)), true),
              *weights = wg_from(((const double[]){1, 1, 1.00001}), WG_SHAPE(3));
    static const char *const says[MISTAKES][BOTH] = {
        [SIGN] = {"gradcheck: along a random direction",
                  "gradcheck: operand 0, element 0: the gradient (of element 0 of the result) is "
                  "-1.03, by differences 1.03"},
        [DROPPED] = {"gradcheck: along a random direction", "is 0.03, by differences 1.03"},
        [SCALE] = {"gradcheck: along a random direction", "is 1.0300103, by differences 1.03"},
        [IS_NAN] = {"gradcheck: operand 0, element 0: the gradient is ", "element 0: the gradient is "},
        [ZERO] = {"the derivative is 0, by differences", "is 0, by differences 1.03"},
        [ONE_ELEMENT] = {"gradcheck: along a random direction",
                         "operand 0, element 2: the gradient (of element 2 of the result) is 6.0700607, by differences 6.07"},
    };
    for (enum mistake m = RIGHT; m < MISTAKES; m++)
        for (int full = 0; full < BOTH; full++) {
            struct cube context = {m, weights};
            const wg_status status = wg_gradcheck(cube, &context, &x, 1, .full = full);
            if (says[m][full]) {
                assert_int_equal(status, WG_E_BUG);
                expect_error(WG_E_BUG, says[m][full]);
            } else {
                assert_ok(status);
            }
            assert_at(x, at);
        }
    wg_free(x), wg_free(weights);
}

static void tolerances_are_the_callers(void **state)
{
    (void)state;
    const double at[] = {0.1, -0.7, 1.3};
    wg_tensor *x = wg_from(at, WG_SHAPE(3));
    struct cube context = {SCALE, NULL};
    assert_ok(wg_gradcheck(cube, &context, &x, 1, .rtol = 1e-4));
    assert_ok(wg_gradcheck(cube, &context, &x, 1, .atol = 1e-3, .full = false));
    assert_fails(wg_gradcheck(cube, &context, &x, 1, .rtol = 0, .atol = 0), WG_E_BUG, "gradcheck: ");
    wg_free(x);
}

static void wrong_second_derivatives_are_found(void **state)
{
    (void)state;
    const double at[] = {0.1, -0.7, 1.3};
    wg_tensor *x = wg_set_requires_grad(wg_from(at, WG_SHAPE(3)), true);
    for (int full = 0; full < BOTH; full++) {
        struct cube context = {SMUGGLED, NULL};
        assert_ok(wg_gradcheck(cube, &context, &x, 1, .full = full));
        assert_fails(wg_gradgradcheck(cube, &context, &x, 1, .full = full), WG_E_BUG, "gradgradcheck: ");
        context.mistake = RIGHT;
        assert_ok(wg_gradgradcheck(cube, &context, &x, 1, .full = full));
        assert_at(x, at);
    }
    wg_free(x);
}

/* The gradient of each operand is differentiated: the first one is right, the second smuggles a value. */
static wg_tensor *square_and_cube(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return wg_add(wg_mul(x[0], x[0]), cube(x + 1, 1, context));
}

static void wrong_second_derivatives_of_a_second_operand_are_found(void **state)
{
    (void)state;
    const double at[] = {0.1, -0.7, 1.3};
    wg_tensor *x[] = {wg_from(at, WG_SHAPE(3)), wg_from(at, WG_SHAPE(3))};
    for (int full = 0; full < BOTH; full++) {
        struct cube context = {SMUGGLED, NULL};
        assert_fails(wg_gradgradcheck(square_and_cube, &context, x, 2, .full = full), WG_E_BUG, "gradgradcheck: ");
        context.mistake = RIGHT;
        assert_ok(wg_gradgradcheck(square_and_cube, &context, x, 2, .full = full));
    }
    wg_free(x[0]), wg_free(x[1]);
}

/* ---- functions whose value changes from run to run ---- */

struct drift {
    int runs, bad_from;
};

/* The same value in each run except for its last bit. */
static wg_tensor *drifting(wg_tensor *const *x, size_t n, void *context)
{
    struct drift *drift = context;
    (void)n;
    return wg_mul_scalar(wg_square(x[0]), ++drift->runs >= drift->bad_from ? 1 + 0x1p-52 : 1);
}

static wg_tensor *growing(wg_tensor *const *x, size_t n, void *context)
{
    struct drift *drift = context;
    (void)n;
    return wg_sum(x[0], .axis = 0, .keepdims = ++drift->runs >= drift->bad_from);
}

static wg_tensor *infinite(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_minimum(wg_log(wg_sub(x[0], x[0])), wg_zeros(WG_F64, WG_SCALAR));
}

static wg_tensor *halved(wg_tensor *const *x, size_t n, void *context)
{
    struct drift *drift = context;
    (void)n;
    return wg_mul_scalar(x[0], ++drift->runs >= drift->bad_from ? 0.5 : 1);
}

static void functions_that_are_none_are_found(void **state)
{
    (void)state;
    const double at[] = {0.1, -0.7, 1.3};
    wg_tensor *x = wg_from(at, WG_SHAPE(3));
    for (int full = 0; full < BOTH; full++) {
        struct drift drift = {0, 2};
        assert_fails(wg_gradcheck(drifting, &drift, &x, 1, .full = full), WG_E_BUG,
                     "gradcheck: the function is not deterministic: ");
        drift = (struct drift){0, 2};
        assert_fails(wg_gradcheck(growing, &drift, &x, 1, .full = full), WG_E_BUG, "its result is [1], and was []");
        assert_fails(wg_gradcheck(infinite, NULL, &x, 1, .full = full), WG_E_BUG, "gradcheck: element 0 of the result is -inf");
        for (int run = 3; run < 8; run++) { /* the change begins in backward, in forward mode, or in a difference */
            drift = (struct drift){0, run};
            assert_int_equal(wg_gradcheck(halved, &drift, &x, 1, .full = full), WG_E_BUG);
            expect_error(WG_E_BUG, "gradcheck: ");
        }
        assert_at(x, at);
    }
    wg_free(x);
}

/* Dropout draws the same mask in every run, and the generator is restored. */
static wg_tensor *dropped(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return wg_square(wg_mul(x[0], wg_bernoulli(context, WG_F64, WG_SHAPE(3), 0.5)));
}

static void draws_are_repeated_and_undone(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *generator = made(wg_generator(3, 0)), *same = made(wg_generator(3, 0));
    assert_ok(wg_gradcheck(dropped, generator, &x, 1));
    assert_same_bits(generator, same);
    {
        WG_TAPE(tape);
        assert_ok(wg_gradgradcheck(dropped, generator, &x, 1));
        assert_same_bits(generator, same);
    }
    assert_same_bits(generator, same);
    wg_free(x), wg_free(generator), wg_free(same);
}

/* ---- failures ---- */

static wg_tensor *leaves_a_tape_open(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    wg_tape_open();
    return wg_square(x[0]);
}

static wg_tensor *fails(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_matmul(x[0], wg_ones(WG_F64, WG_SHAPE(5, 5)));
}

static void failures_leave_nothing_behind(void **state)
{
    (void)state;
    const double at[] = {0.1, -0.7, 1.3};
    wg_tensor *x = wg_from(at, WG_SHAPE(3));
    const int64_t live = wg_memory_now().live;
    assert_fails(wg_gradcheck(leaves_a_tape_open, NULL, &x, 1), WG_E_STATE, "left a tape open");
    assert_null(wg_tape_top());
    assert_fails(wg_gradcheck(fails, NULL, &x, 1), WG_E_SHAPE, "matmul: ");
    assert_fails(wg_gradgradcheck(fails, NULL, &x, 1), WG_E_SHAPE, "matmul: ");
    assert_null(wg_tape_top());
    assert_true(wg_grad_mode());
    assert_at(x, at);
    assert_int_equal(wg_memory_now().live - live, 0);
    wg_free(x);
}

/* Every allocation fails in turn: E_MEMORY, and nothing changes. */
static void failing_allocations_are_clean(void **state)
{
    (void)state;
    const double at[] = {0.1, -0.7, 1.3};
    wg_tensor *x = wg_set_requires_grad(wg_from(at, WG_SHAPE(3)), true);
    for (int which = 0; which < 4; which++) {
        bool failed = true;
        for (int k = 0; failed && k < 5000; k++) {
            struct cube context = {RIGHT, NULL};
            const int64_t live = wg_memory_now().live;
            wg_memory_fail(k, false);
            const wg_status status = which < 2 ? wg_gradcheck(cube, &context, &x, 1, .full = which & 1)
                                               : wg_gradgradcheck(cube, &context, &x, 1, .full = which & 1);
            wg_memory_fail(-1, false);
            failed = status != WG_OK;
            if (failed)
                expect_error(WG_E_MEMORY, "");
            assert_null(wg_tape_top());
            assert_true(wg_grad_mode());
            assert_at(x, at);
            if (wg_memory_now().live != live)
                fail_msg("allocation %d, check %d: %lld bytes were not given back", k, which,
                         (long long)(wg_memory_now().live - live));
            k += failed ? k / 60 : 0; /* the later allocations repeat */
        }
        assert_false(failed);
    }
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(right_functions_pass),
        TEST(steps_fit_the_size_of_an_element),
        TEST(wrong_gradients_are_found),
        TEST(tolerances_are_the_callers),
        TEST(wrong_second_derivatives_are_found),
        TEST(wrong_second_derivatives_of_a_second_operand_are_found),
        TEST(functions_that_are_none_are_found),
        TEST(draws_are_repeated_and_undone),
        TEST(failures_leave_nothing_behind),
        TEST(failing_allocations_are_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
