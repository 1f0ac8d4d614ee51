/* Weight norm and spectral norm: PyTorch's values (wrappers.txt, which wrappers.py wrote), and what every layer does. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "formula.h"
#include "nn_check.h"

/* ---- cases; wrappers.py has the first eight ---- */

static wg_nn_module *linear(wg_dtype dtype)
{
    return wg_nn_linear(3, 4, .dtype = dtype);
}

static wg_nn_module *conv(wg_dtype dtype)
{
    return wg_nn_conv2d(2, 4, 3, .padding = WG_PAIR(1, 1), .dtype = dtype);
}

static wg_nn_module *weight_norm(wg_nn_module *m)
{
    return wg_nn_weight_norm(m);
}

static wg_nn_module *weight_norm_axis_1(wg_nn_module *m)
{
    return wg_nn_weight_norm(m, .axis = 1 - 4);
}

static wg_nn_module *weight_norm_whole(wg_nn_module *m)
{
    return wg_nn_weight_norm(m, .axis = WG_ALL);
}

static wg_nn_module *weight_norm_bias(wg_nn_module *m)
{
    return wg_nn_weight_norm(m, .parameter = "bias");
}

static wg_nn_module *spectral_norm(wg_nn_module *m)
{
    return wg_nn_spectral_norm(m);
}

static wg_nn_module *spectral_norm_axis_1(wg_nn_module *m)
{
    return wg_nn_spectral_norm(m, .axis = 1, .iterations = 3);
}

static wg_nn_module *both(wg_nn_module *m)
{
    return wg_nn_spectral_norm(wg_nn_weight_norm(m), .parameter = "weight_v");
}

static const struct made {
    const char *name;
    wg_nn_module *(*make)(wg_dtype dtype);
    wg_nn_module *(*wrap)(wg_nn_module *m);
    wg_shape shape; /* of x */
    bool spectral, in_pytorch;
} cases[] = {
    {"weight_norm linear", linear, weight_norm, {2, {5, 3}}, false, true},
    {"weight_norm conv2d", conv, weight_norm, {4, {1, 2, 4, 3}}, false, true},
    {"weight_norm conv2d axis 1", conv, weight_norm_axis_1, {4, {1, 2, 4, 3}}, false, true},
    {"weight_norm linear whole", linear, weight_norm_whole, {2, {5, 3}}, false, true},
    {"weight_norm linear bias", linear, weight_norm_bias, {2, {5, 3}}, false, true},
    {"spectral_norm linear", linear, spectral_norm, {2, {5, 3}}, true, true},
    {"spectral_norm conv2d", conv, spectral_norm, {4, {1, 2, 4, 3}}, true, true},
    {"spectral_norm conv2d axis 1", conv, spectral_norm_axis_1, {4, {1, 2, 4, 3}}, true, true},
    {"both", linear, both, {2, {5, 3}}, true, false},
};
enum { CASES = sizeof cases / sizeof *cases, MAX = 200 };

struct trial {
    wg_nn_module *net;
    wg_tensor *x, *weights; /* of a sum over the result */
    wg_optim *optim;
};

static struct trial begin(const struct made *c, wg_dtype dtype)
{
    wg_nn_module *inner = c->make(dtype);
    const wg_tensor_list own = wg_nn_parameters(inner);
    for (size_t i = 0; i < own.n; i++)
        assert_int_equal(fill(own.tensor[i], 10 * ((int)i + 1)), WG_OK);
    struct trial t = {.net = c->wrap(inner), .x = filled(dtype, c->shape, 0)};
    assert_non_null(t.net);
    const wg_tensor_list buffers = wg_nn_buffers(t.net);
    for (size_t i = 0; i < buffers.n; i++) {
        wg_tensor *vector = filled(dtype, wg_shape_of(buffers.tensor[i]), 30 + (int)i), *norm = wg_norm2(vector);
        wg_tensor *unit = wg_div(vector, norm);
        assert_int_equal(wg_assign(buffers.tensor[i], unit), WG_OK);
        wg_free(vector), wg_free(norm), wg_free(unit);
    }
    WG_EVAL_MODE;
    wg_tensor *y = wg_nn_apply(t.net, t.x);
    t.weights = filled(dtype, wg_shape_of(y), 5);
    wg_free(y);
    t.optim = wg_optim_sgd(wg_nn_parameters(t.net), .lr = 0.1, .keep_grads = true);
    return t;
}

static void end(struct trial *t)
{
    wg_optim_destroy(t->optim), wg_nn_destroy(t->net), wg_free(t->x), wg_free(t->weights);
}

static wg_status step(void *context)
{
    struct trial *t = context;
    wg_optim_clear_gradients(t->optim);
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_sum(wg_mul(wg_nn_apply(t->net, t->x), t->weights))));
    return wg_optim_step(t->optim);
}

static void assert_same_state(struct trial *a, struct trial *b)
{
    const wg_tensor_list x = wg_nn_state(a->net), y = wg_nn_state(b->net);
    assert_int_equal(x.n, y.n);
    for (size_t i = 0; i < x.n; i++)
        assert_same_bits(x.tensor[i], y.tensor[i]);
}

/* ---- PyTorch's values ---- */

static void assert_as_in_pytorch(const char *name, const char *what, int number, const wg_tensor *t)
{
    static char line[1 << 14];
    char wanted[120];
    double got[MAX];
    assert_non_null(t);
    assert_int_equal(wg_read(t, got), WG_OK);
    if (number > 0)
        snprintf(wanted, sizeof wanted, "%s, %s %d:", name, what, number);
    else
        snprintf(wanted, sizeof wanted, "%s, %s:", name, what);
    FILE *file = fopen(WRAPPER_VALUES, "r");
    assert_non_null(file);
    char *at = NULL;
    while (!at && fgets(line, sizeof line, file))
        at = strncmp(line, wanted, strlen(wanted)) == 0 ? line + strlen(wanted) : NULL;
    fclose(file);
    if (!at)
        fail_msg("%s is not in wrappers.txt", wanted);
    for (int64_t i = 0; i < wg_numel(t); i++) {
        const double expected = strtod(at, &at);
        if (!(fabs(got[i] - expected) <= 1e-12 * (1 + fabs(expected))))
            fail_msg("%s element %d is %.17g, expected %.17g", wanted, (int)i, got[i], expected);
    }
    assert_string_equal(at, "\n");
}

static void check_step(const struct made *c, struct trial *t, int number)
{
    char what[80];
    const wg_tensor_list params = wg_nn_parameters(t->net), state = wg_nn_state(t->net);
    {
        wg_optim_clear_gradients(t->optim);
        WG_TAPE(tape);
        wg_tensor *x = wg_set_requires_grad(wg_copy(t->x), true), *y = wg_hold(wg_nn_apply(t->net, x));
        assert_int_equal(wg_backward(wg_sum(wg_mul(y, t->weights))), WG_OK);
        assert_int_equal(wg_optim_step(t->optim), WG_OK);
        if (number == 2)
            return;
        assert_as_in_pytorch(c->name, "result", number, y);
        assert_as_in_pytorch(c->name, "gradient of x", number, wg_gradient(x));
    }
    for (size_t i = 0; i < params.n; i++) {
        snprintf(what, sizeof what, "gradient of %s", params.name[i]);
        assert_as_in_pytorch(c->name, what, number, wg_gradient(params.tensor[i]));
    }
    for (size_t i = 0; i < state.n; i++)
        assert_as_in_pytorch(c->name, state.name[i], number, state.tensor[i]);
}

static void values_are_those_of_pytorch(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES; k++) {
        if (!cases[k].in_pytorch)
            continue;
        struct trial t = begin(&cases[k], WG_F64);
        for (int number = 1; number <= 3; number++)
            check_step(&cases[k], &t, number);
        WG_EVAL_MODE;
        wg_tensor *y = wg_nn_apply(t.net, t.x);
        assert_as_in_pytorch(cases[k].name, "evaluation", 0, y);
        wg_free(y), end(&t);
    }
    assert_no_error();
}

/* ---- what every layer does ---- */

static wg_tensor *as_function(wg_tensor *const *x, size_t n, void *context)
{
    return wg_nn_apply_with(context, (wg_tensor_list){.n = n - 1, .tensor = x + 1}, x[0]);
}

/* Spectral norm's u and v are constants of the gradient, so only in use it is that of the value. */
static void gradients_are_right(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES; k++)
        for (int use = cases[k].spectral; use < 2; use++) {
            struct trial t = begin(&cases[k], WG_F64);
            const wg_tensor_list params = wg_nn_parameters(t.net);
            wg_tensor *x[8] = {t.x};
            memcpy(x + 1, params.tensor, params.n * sizeof *x);
            const bool before = wg_train_mode_set(!use);
            if (wg_gradcheck(as_function, t.net, x, params.n + 1) != WG_OK ||
                wg_gradgradcheck(as_function, t.net, x, params.n + 1) != WG_OK)
                fail_msg("%s: %s", cases[k].name, wg_error_first()->message);
            wg_train_mode_set(before);
            end(&t);
        }
    assert_no_error();
}

static void f32_follows_f64(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES; k++) {
        struct trial narrow = begin(&cases[k], WG_F32), wide = begin(&cases[k], WG_F64);
        for (int i = 0; i < 3; i++)
            assert_int_equal(step(&narrow), WG_OK), assert_int_equal(step(&wide), WG_OK);
        const wg_tensor_list a = wg_nn_state(narrow.net), b = wg_nn_state(wide.net);
        for (size_t i = 0; i < a.n; i++) {
            double expected[MAX];
            assert_int_equal(wg_read(b.tensor[i], expected), WG_OK);
            assert_values(a.tensor[i], expected, 1e-5);
        }
        end(&narrow), end(&wide);
    }
    assert_no_error();
}

/* A copy, a fresh wrapper that is given the state, and replayed steps have the same bits. */
static void state_copies_and_replays(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES; k++) {
        struct trial t = begin(&cases[k], WG_F32), fresh = begin(&cases[k], WG_F32), copied = t;
        assert_int_equal(step(&t), WG_OK);
        copied.net = wg_nn_copy(t.net);
        copied.optim = wg_optim_sgd(wg_nn_parameters(copied.net), .lr = 0.1, .keep_grads = true);
        const wg_tensor_list from = wg_nn_state(t.net), to = wg_nn_state(fresh.net);
        for (size_t i = 0; i < from.n; i++) {
            assert_string_equal(from.name[i], to.name[i]);
            assert_int_equal(wg_write_raw(to.tensor[i], wg_data(from.tensor[i])), WG_OK);
        }
        wg_replay *replay = wg_replay_capture(step, &fresh);
        if (!replay)
            fail_msg("%s: %s", cases[k].name, wg_error_first()->message);
        assert_int_equal(wg_replay_run(replay), WG_OK);
        wg_replay_destroy(replay);
        for (int i = 0; i < 2; i++)
            assert_int_equal(step(&t), WG_OK), assert_int_equal(step(&copied), WG_OK);
        assert_same_state(&t, &fresh);
        assert_same_state(&t, &copied);
        wg_optim_destroy(copied.optim), wg_nn_destroy(copied.net);
        end(&t), end(&fresh);
    }
    assert_no_error();
}

/* Whichever allocation of a step or of the constructor fails, nothing has changed, or nothing is left. */
static void without_memory_nothing_changes(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES; k++) {
        struct trial t = begin(&cases[k], WG_F32), sound = begin(&cases[k], WG_F32);
        for (int64_t at = 0;; at++) {
            wg_memory_fail(at, false);
            const wg_status status = step(&t);
            wg_memory_fail(-1, false);
            if (status == WG_OK)
                break;
            assert_error(WG_E_MEMORY, "");
            assert_same_state(&t, &sound);
        }
        assert_int_equal(step(&sound), WG_OK);
        assert_same_state(&t, &sound);
        for (int64_t at = 0;; at++) {
            wg_nn_module *inner = cases[k].make(WG_F32);
            wg_memory_fail(at, false);
            wg_nn_module *net = cases[k].wrap(inner);
            wg_memory_fail(-1, false);
            wg_nn_destroy(net);
            if (net)
                break;
            assert_error(WG_E_MEMORY, "");
        }
        end(&t), end(&sound);
    }
    assert_no_error();
}

/* Frozen, nothing of it moves by an optimizer, and the gradient of the input is as before. */
static void frozen_wrappers_pass_gradients_on(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES; k++) {
        struct trial t = begin(&cases[k], WG_F64), other = begin(&cases[k], WG_F64);
        assert_int_equal(wg_nn_freeze(t.net, "*"), WG_OK);
        assert_int_equal(wg_nn_trainable(t.net).n, 0);
        WG_TAPE(tape);
        wg_tensor *x = wg_set_requires_grad(wg_copy(t.x), true);
        wg_tensor *a = wg_grad(wg_sum(wg_mul(wg_nn_apply(t.net, x), t.weights)), x);
        wg_tensor *b = wg_grad(wg_sum(wg_mul(wg_nn_apply(other.net, x), t.weights)), x);
        assert_same_bits(a, b);
        end(&t), end(&other);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_are_those_of_pytorch),
        TEST(gradients_are_right),
        TEST(f32_follows_f64),
        TEST(state_copies_and_replays),
        TEST(without_memory_nothing_changes),
        TEST(frozen_wrappers_pass_gradients_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
