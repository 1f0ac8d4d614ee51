/* Observations of curvature, and steps with the loss. */
#include <math.h>

#include "training.h"
#include "wengert/derivative.h"
#include "wengert/replay.h"
#include "wengert/stage.h"
#include "wengert/unroll.h"

enum { N = 3 };

static wg_tensor *vector(double a, double b, double c)
{
    const double values[N] = {a, b, c};
    return wg_from(values, WG_SHAPE(N));
}

static wg_tensor *parameter(double a, double b, double c)
{
    return wg_set_requires_grad(vector(a, b, c), true);
}

static void give(wg_tensor *p, double a, double b, double c)
{
    wg_tensor *g = vector(a, b, c);
    assert_int_equal(wg_add_gradient(p, g), WG_OK);
    wg_free(g);
}

static wg_tensor *state_of(const wg_optim *optim, const char *name)
{
    const wg_tensor_list all = wg_optim_state(optim);
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(all.name[i], name) == 0)
            return all.tensor[i];
    fail_msg("there is no state %s", name);
    return NULL;
}

/* ---- observations ---- */

/* With keep_grads and stages: nothing but h, which sees the gradient as it is, of the parameter that has one. */
static void an_observation_changes_the_curvature_alone(void **state)
{
    (void)state;
    wg_tensor *p[2] = {parameter(1, 2, 3), parameter(1, 2, 3)};
    wg_optim *optim = wg_optim_sophia_g(((wg_tensor_list){2, p, NULL}), .beta2 = 0.75, .keep_grads = true);
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_clip_norm(.limit = 1e-3)), WG_OK);
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_accumulate(.steps = 2)), WG_OK);
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_ema()), WG_OK);
    for (int i = 0; i < 2; i++) {
        give(p[0], 2, -4, 0);
        assert_int_equal(wg_optim_observe(optim), WG_OK);
        assert_null(wg_gradient(p[0]));
    }
    const double h[N] = {4 * 0.4375, 16 * 0.4375, 0}, zeros[N] = {0}, at[N] = {1, 2, 3};
    assert_values(state_of(optim, "0.h"), h, 1e-15);
    for (int i = 0; i < 2; i++)
        assert_values(p[i], at, 0);
    const char *const untouched[] = {"1.h", "0.m", "0.ema.average", "0.accumulate.sum"};
    for (int i = 0; i < 4; i++)
        assert_values(state_of(optim, untouched[i]), zeros, 0);
    assert_close(wg_item(state_of(optim, "0.count")), 0, 0);
    assert_close(wg_item(state_of(optim, "accumulate.taken")), 0, 0);
    wg_optim_destroy(optim), wg_free(p[0]), wg_free(p[1]);
    assert_no_error();
}

static wg_status observe(void *context)
{
    struct training *t = context;
    WG_TAPE(tape);
    wg_tensor *loss = wg_add(wg_sum(wg_square(wg_square(t->p[0]))), wg_sum(wg_mul(t->p[0], t->p[1])));
    WG_TRY(wg_backward(loss));
    return wg_optim_observe(t->optim);
}

static wg_status observe_and_step(void *context)
{
    struct training *t = context;
    WG_TRY(observe(t));
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_sum(wg_square(wg_add(t->p[0], t->p[1])))));
    return wg_optim_step(t->optim);
}

static struct training begin(int rule)
{
    struct training t = {{parameter(1, -2, 3), parameter(0.5, 1, -1)}, NULL};
    const wg_tensor_list list = {2, t.p, NULL};
    t.optim = rule == 0 ? wg_optim_sophia_g(list) : rule == 1 ? wg_optim_sophia_h(list) : wg_optim_adahessian(list);
    assert_non_null(t.optim);
    return t;
}

static void end(struct training *t)
{
    wg_optim_destroy(t->optim), wg_free(t->p[0]), wg_free(t->p[1]);
}

static void an_observation_without_memory_changes_nothing(void **state)
{
    (void)state;
    for (int rule = 0; rule < 3; rule++) {
        struct training tried = begin(rule), sound = begin(rule);
        int64_t failures = 0;
        for (;; failures++) {
            wg_memory_fail(failures, false);
            const wg_status status = observe(&tried);
            wg_memory_fail(-1, false);
            if (status == WG_OK)
                break;
            assert_error(WG_E_MEMORY, "");
            assert_same_training(&tried, &sound);
            wg_clear_gradient(tried.p[0]), wg_clear_gradient(tried.p[1]);
        }
        assert_true(failures > 3);
        assert_int_equal(observe(&sound), WG_OK);
        assert_same_training(&tried, &sound);
        end(&tried), end(&sound);
    }
    assert_no_error();
}

/* In turn with steps, and where the parameters that have gradients are others. */
static void observations_between_steps_have_the_same_bits_replayed(void **state)
{
    (void)state;
    for (int rule = 0; rule < 3; rule++) {
        struct training eager = begin(rule), replayed = begin(rule);
        wg_replay *replay = wg_replay_capture(observe_and_step, &replayed);
        assert_non_null(replay);
        assert_int_equal(observe_and_step(&eager), WG_OK);
        for (int i = 0; i < 5; i++) {
            give(eager.p[0], 1, 2, 3), give(replayed.p[0], 1, 2, 3);
            assert_int_equal(wg_optim_observe(eager.optim), WG_OK);
            assert_int_equal(wg_optim_observe(replayed.optim), WG_OK);
            assert_int_equal(observe_and_step(&eager), WG_OK);
            assert_int_equal(wg_replay_run(replay), WG_OK);
        }
        assert_same_training(&eager, &replayed);
        wg_replay_destroy(replay);
        end(&eager), end(&replayed);
    }
    assert_no_error();
}

/* ½ pᵀ A p */
static const double matrix[N * N] = {3, 1, -1, 1, 2, 0.5, -1, 0.5, 4};

static wg_tensor *quadratic(wg_tensor *const *p, size_t n, void *context)
{
    (void)n;
    return wg_mul_scalar(wg_sum(wg_mul(p[0], wg_matmul(context, p[0]))), 0.5);
}

/* The mean of u ⊙ Hu is H's diagonal: u is random, so within five standard deviations. */
static void hutchinson_estimates_the_diagonal(void **state)
{
    (void)state;
    enum { DRAWS = 4000 };
    assert_int_equal(wg_seed(1, 0), WG_OK);
    wg_tensor *p = parameter(1, 2, 3), *a = wg_from(matrix, WG_SHAPE(N, N));
    const double beta = 1 - 1.0 / DRAWS;
    wg_optim *optim = wg_optim_sophia_h(((wg_tensor_list){1, &p, NULL}), .beta2 = beta);
    for (int i = 0; i < DRAWS; i++) {
        WG_TAPE(tape);
        WG_NO_GRAD;
        wg_tensor *u = wg_normal(wg_generator_default(), WG_F64, WG_SHAPE(N), 0, 1), *hu;
        assert_int_equal(wg_hvp(quadratic, a, &p, 1, &u, NULL, NULL, &hu), WG_OK);
        assert_int_equal(wg_add_gradient(p, wg_mul(u, hu)), WG_OK);
        assert_int_equal(wg_optim_observe(optim), WG_OK);
    }
    double h[N];
    assert_int_equal(wg_read(state_of(optim, "0.h"), h), WG_OK);
    for (int i = 0; i < N; i++) {
        double variance = 2 * matrix[i * N + i] * matrix[i * N + i];
        for (int j = 0; j < N; j++)
            variance += j == i ? 0 : matrix[i * N + j] * matrix[i * N + j];
        assert_close(h[i] / (1 - pow(beta, DRAWS)), matrix[i * N + i], 5 * sqrt(variance / DRAWS));
    }
    wg_optim_destroy(optim), wg_free(p), wg_free(a);
    assert_no_error();
}

/* ---- steps with the loss ---- */

/* Of ½‖p‖² the rate is a half; above the largest it is that; where the loss is below its bound, nothing moves. */
static void polyak_rates(void **state)
{
    (void)state;
    const struct {
        double minimum, max_rate, rate;
    } cases[] = {{0, INFINITY, 0.5}, {0, 0.25, 0.25}, {3, INFINITY, 0.5 * 4 / 7}, {100, 1, 0}};
    for (int k = 0; k < 4; k++)
        for (int f32 = 0; f32 < 2; f32++) {
            wg_tensor *p = parameter(1, 2, -3);
            wg_optim *optim = wg_optim_polyak_sgd(((wg_tensor_list){1, &p, NULL}), .minimum = cases[k].minimum,
                                                  .max_rate = cases[k].max_rate);
            WG_TAPE(tape);
            wg_tensor *loss = wg_reshape(wg_mul_scalar(wg_sum(wg_square(p)), 0.5), WG_SHAPE(1, 1));
            loss = f32 ? wg_cast(loss, WG_F32) : loss;
            assert_int_equal(wg_backward(loss), WG_OK);
            assert_int_equal(wg_optim_step_with_loss(optim, loss), WG_OK);
            const double rest = 1 - cases[k].rate, expected[N] = {rest, 2 * rest, -3 * rest};
            assert_values(p, expected, 1e-15);
            assert_close(wg_item(state_of(optim, "rate")), cases[k].rate, 1e-15);
            wg_optim_destroy(optim), wg_free(p);
        }
    assert_no_error();
}

/* An optimizer that does not need the loss takes its step. */
static void other_steps_with_a_loss(void **state)
{
    (void)state;
    wg_tensor *p[2] = {parameter(1, 2, -3), parameter(1, 2, -3)};
    wg_optim *with = wg_optim_adam(((wg_tensor_list){1, p, NULL})), *without = wg_optim_adam(((wg_tensor_list){1, p + 1, NULL}));
    wg_tensor *loss = wg_scalar(WG_F64, NAN);
    for (int i = 0; i < 3; i++) {
        give(p[0], 1, 2, i), give(p[1], 1, 2, i);
        assert_int_equal(wg_optim_step_with_loss(with, loss), WG_OK);
        assert_int_equal(wg_optim_step(without), WG_OK);
    }
    assert_same_bits(p[0], p[1]);
    wg_optim_destroy(with), wg_optim_destroy(without), wg_free(p[0]), wg_free(p[1]), wg_free(loss);
    assert_no_error();
}

static void a_step_that_needs_the_loss_says_so(void **state)
{
    (void)state;
    wg_tensor *p = parameter(1, 2, 3);
    wg_optim *optim = wg_optim_polyak_sgd(((wg_tensor_list){1, &p, NULL}));
    give(p, 1, 1, 1);
    assert_int_equal(wg_optim_step(optim), WG_E_STATE);
    assert_error(WG_E_STATE, "optim_step: the step of polyak_sgd depends on the loss: wg_optim_step_with_loss(optim, loss)");
    assert_non_null(wg_gradient(p));
    assert_int_equal(wg_optim_observe(optim), WG_E_STATE);
    assert_error(WG_E_STATE, "optim_observe: polyak_sgd observes no curvature");
    assert_int_equal(wg_optim_add_stage(optim, wg_stage_extragradient()), WG_OK);
    assert_int_equal(wg_optim_step_ahead(optim), WG_E_STATE);
    assert_error(WG_E_STATE, "optim_step_ahead: extragradient leads ahead by a step, and that of polyak_sgd depends on the loss");
    {
        WG_TAPE(tape);
        assert_null(wg_optim_unroll(optim));
        assert_error(WG_E_ARGUMENT, "optim_unroll: polyak_sgd needs the loss");
    }
    wg_optim_destroy(optim), wg_free(p);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_observation_changes_the_curvature_alone),
        TEST(an_observation_without_memory_changes_nothing),
        TEST(observations_between_steps_have_the_same_bits_replayed),
        TEST(hutchinson_estimates_the_diagonal),
        TEST(polyak_rates),
        TEST(other_steps_with_a_loss),
        TEST(a_step_that_needs_the_loss_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
