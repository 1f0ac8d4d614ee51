/* Noise on actions and on parameters; networks as policies, and their evaluation. */
#include <math.h>
#include <stdlib.h>

#include "formula.h"
#include "nn_check.h"

/* ---- noise on actions ---- */

/* θ .15, σ .2, dt .01, x = 1: x + θ(0 - x)dt + σ√dt N; for N = 1 that is 1.0185. */
static void a_step_of_the_process(void **state)
{
    (void)state;
    wg_rl_noise *noise = wg_rl_ornstein_uhlenbeck(1, 1, .sigma = 0.2, .theta = 0.15, .dt = 0.01, .seed = 6);
    double *x = wg_data_mut(wg_rl_noise_state(noise).tensor[0]), want = 0.5;
    assert_close(1 - 0.15 * 1 * 0.01 + 0.2 * sqrt(0.01) * 1, 1.0185, 1e-15);
    x[0] = want;
    for (int step = 0; step < 50; step++) {
        wg_dataset_random random = {.seed = 6, .stream = WG_STREAM_RL_NOISE + (uint64_t)step};
        double action = -0.25;
        want += 0.15 * (0 - want) * 0.01 + 0.2 * sqrt(0.01) * wg_dataset_normal(&random);
        assert_int_equal(wg_rl_noise_add(noise, &action), WG_OK);
        assert_close(x[0], want, 1e-15);
        assert_close(action, -0.25 + want, 1e-15);
    }
    wg_rl_noise_destroy(noise);
    assert_no_error();
}

/* In the long run the deviation is σ√(dt/(1 - (1 - θ dt)²)): .380 for dt = 1, .365 for dt = .01, the figures of the literature's two choices; and
   the memory is 7 and 667 steps: the correlation of steps apart by those is 1/e. */
static void the_process_has_its_spread_and_memory(void **state)
{
    (void)state;
    const struct {
        double dt, spread;
        int lag, steps;
    } cases[] = {{1, 0.380, 6, 200000}, {0.01, 0.365, 667, 2000000}};
    for (int c = 0; c < 2; c++) {
        wg_rl_noise *noise = wg_rl_ornstein_uhlenbeck(1, 1, .dt = cases[c].dt, .seed = 1);
        const double *x = wg_data(wg_rl_noise_state(noise).tensor[0]);
        double *before = calloc((size_t)cases[c].lag, sizeof *before), squares = 0, products = 0;
        for (int step = 0; step < cases[c].steps; step++) {
            double action = 0;
            assert_int_equal(wg_rl_noise_add(noise, &action), WG_OK);
            squares += x[0] * x[0];
            products += x[0] * before[step % cases[c].lag];
            before[step % cases[c].lag] = x[0];
        }
        assert_close(sqrt(squares / cases[c].steps), cases[c].spread, 0.03);
        assert_close(products / squares, pow(1 - 0.15 * cases[c].dt, cases[c].lag), 0.05);
        free(before), wg_rl_noise_destroy(noise);
    }
    assert_no_error();
}

/* It begins anew where an episode ended, and only there. */
static void the_process_begins_with_an_episode(void **state)
{
    (void)state;
    wg_rl_noise *noise = wg_rl_ornstein_uhlenbeck(3, 2, .mean = 0.1, .seed = 2);
    double action[6] = {0}, kept[6];
    const double *x = wg_data(wg_rl_noise_state(noise).tensor[0]);
    assert_close(x[0], 0.1, 0);
    assert_int_equal(wg_rl_noise_add(noise, action), WG_OK);
    memcpy(kept, x, sizeof kept);
    const bool terminated[] = {false, true, false}, truncated[] = {true, false, false};
    assert_int_equal(wg_rl_noise_follow(noise, &(wg_rl_transitions){.n = 3, .terminated = terminated, .truncated = truncated}),
                     WG_OK);
    for (int i = 0; i < 6; i++)
        assert_true(i < 4 ? x[i] == 0.1 : x[i] == kept[i] && kept[i] != 0.1);
    wg_rl_noise_destroy(noise);
    assert_no_error();
}

/* Independent in each row and component, of deviation σ; actions stay in ±1. */
static void gaussian_noise_is_independent(void **state)
{
    (void)state;
    enum { N = 4, A = 2, STEPS = 20000 };
    wg_rl_noise *noise = wg_rl_gaussian(N, A, .sigma = 0.2, .seed = 3);
    double product[N * A][N * A] = {{0}};
    for (int step = 0; step < STEPS; step++) {
        double action[N * A] = {0};
        assert_int_equal(wg_rl_noise_add(noise, action), WG_OK);
        for (int i = 0; i < N * A; i++)
            for (int k = 0; k < N * A; k++)
                product[i][k] += action[i] * action[k] / STEPS;
    }
    for (int i = 0; i < N * A; i++)
        for (int k = 0; k < N * A; k++)
            assert_close(product[i][k], i == k ? 0.04 : 0, 5 * 0.04 * sqrt(2.0 / STEPS));
    assert_int_equal(wg_rl_noise_set_sigma(noise, 100), WG_OK);
    double action[N * A] = {0};
    assert_int_equal(wg_rl_noise_add(noise, action), WG_OK);
    for (int i = 0; i < N * A; i++)
        assert_true(fabs(action[i]) <= 1);
    action[2] = 1.5;
    assert_int_equal(wg_rl_noise_add(noise, action), WG_E_ARGUMENT);
    assert_error(
        WG_E_ARGUMENT,
        "rl_noise_add: expected actions in ±1, got 1.5 in row 1, component 0: an actor ends in tanh, or .bound = INFINITY");
    action[2] = 0, action[3] = NAN;
    assert_int_equal(wg_rl_noise_add(noise, action), WG_E_NUMERIC);
    assert_error(WG_E_NUMERIC, "rl_noise_add: the action is nan in row 1, component 1");
    assert_int_equal(wg_rl_noise_set_sigma(noise, -1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "rl_noise_set_sigma: expected σ of at least 0, got -1");
    wg_rl_noise_destroy(noise);
    assert_no_error();
}

/* Without a bound nothing is cut. */
static void actions_without_bounds_are_not_cut(void **state)
{
    (void)state;
    wg_rl_noise *plain = wg_rl_gaussian(1, 1, .sigma = 3, .bound = INFINITY, .seed = 1),
                *process = wg_rl_ornstein_uhlenbeck(1, 1, .sigma = 3, .bound = INFINITY, .seed = 1);
    wg_rl_noise *noises[] = {plain, process};
    for (int i = 0; i < 2; i++) {
        const double *x = wg_data(wg_rl_noise_state(noises[i]).tensor[0]);
        double largest = 0;
        for (int step = 0; step < 50; step++) {
            double action = -2.47;
            assert_int_equal(wg_rl_noise_add(noises[i], &action), WG_OK);
            assert_true(action == -2.47 + x[0]);
            largest = fmax(largest, fabs(action));
        }
        assert_true(largest > 4);
        wg_rl_noise_destroy(noises[i]);
    }
    assert_no_error();
}

/* ---- noise on parameters ---- */

static wg_nn_module *normalised_actor(void)
{
    assert_int_equal(wg_seed(1, 0), WG_OK);
    return wg_nn_sequential(wg_nn_linear(3, 16), wg_nn_layer_norm(16), wg_nn_tanh(), wg_nn_linear(16, 2), wg_nn_tanh());
}

/* All but those of layer norm move, by σ N(0, 1) from where the actor is. */
static void parameters_move_but_those_of_norms(void **state)
{
    (void)state;
    wg_nn_module *actor = normalised_actor();
    wg_rl_parameter_noise *noise = wg_rl_parameter_noise_create(actor, .sigma = 0.1, .seed = 5);
    double squares = 0;
    int64_t n = 0;
    for (int episode = 0; episode < 200; episode++) {
        assert_int_equal(wg_rl_parameter_noise_perturb(noise), WG_OK);
        const wg_tensor_list a = wg_nn_parameters(actor), b = wg_nn_parameters(wg_rl_parameter_noise_actor(noise));
        for (size_t i = 0; i < a.n; i++)
            for (int64_t k = 0; k < wg_numel(a.tensor[i]); k++) {
                const double change = (double)wg_data_as(b.tensor[i], float)[k] - (double)wg_data_as(a.tensor[i], float)[k];
                if (a.name[i][0] == '1')
                    assert_true(change == 0);
                else
                    squares += change * change, n++;
            }
    }
    assert_close(sqrt(squares / (double)n), 0.1, 0.1 * 5 / sqrt(2.0 * (double)n));
    wg_rl_parameter_noise_destroy(noise), wg_nn_destroy(actor);
    assert_no_error();
}

/* σ goes to where the change of actions is the target. */
static void sigma_adapts_to_the_change_of_actions(void **state)
{
    (void)state;
    wg_nn_module *actor = normalised_actor();
    wg_tensor *observation = filled(WG_F32, WG_SHAPE(64, 3), 0);
    for (int large = 0; large < 2; large++) {
        wg_rl_parameter_noise *noise = wg_rl_parameter_noise_create(actor, .sigma = large ? 3 : 1e-3, .target = 0.2, .factor = 1.05,
                                                                    .seed = 7);
        for (int k = 0; k < 300; k++)
            assert_int_equal(wg_rl_parameter_noise_adapt(noise, observation), WG_OK);
        double squares = 0;
        for (int k = 0; k < 50; k++) {
            assert_int_equal(wg_rl_parameter_noise_perturb(noise), WG_OK);
            wg_tensor *a = wg_nn_apply(actor, observation), *b = wg_nn_apply(wg_rl_parameter_noise_actor(noise), observation);
            for (int64_t i = 0; i < wg_numel(a); i++)
                squares += pow((double)wg_data_as(a, float)[i] - (double)wg_data_as(b, float)[i], 2) / (double)wg_numel(a) / 50;
            wg_free(a), wg_free(b);
        }
        assert_close(sqrt(squares), 0.2, 0.06);
        wg_rl_parameter_noise_destroy(noise);
    }
    wg_free(observation), wg_nn_destroy(actor);
    assert_no_error();
}

/* Observations that do not fit draw nothing: what comes next is as if they had not been. */
static void a_failure_to_adapt_draws_nothing(void **state)
{
    (void)state;
    wg_nn_module *actor = normalised_actor();
    wg_tensor *wide = filled(WG_F32, WG_SHAPE(4, 5), 0);
    wg_rl_parameter_noise *a = wg_rl_parameter_noise_create(actor, .seed = 7), *b = wg_rl_parameter_noise_create(actor, .seed = 7);
    assert_int_equal(wg_rl_parameter_noise_adapt(a, wide), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "");
    assert_int_equal(wg_rl_parameter_noise_perturb(a) + wg_rl_parameter_noise_perturb(b), WG_OK);
    const wg_tensor_list x = wg_rl_parameter_noise_state(a), y = wg_rl_parameter_noise_state(b);
    for (size_t i = 0; i < x.n; i++)
        assert_same_bits(x.tensor[i], y.tensor[i]);
    wg_rl_parameter_noise_destroy(a), wg_rl_parameter_noise_destroy(b), wg_free(wide), wg_nn_destroy(actor);
    assert_no_error();
}

/* ---- policies ---- */

/* A captured network acts as the network does, for any number of rows and after its weights have changed. */
static void a_network_acts(void **state)
{
    (void)state;
    wg_nn_module *net = normalised_actor();
    wg_rl_actor *actor = wg_rl_actor_create(net, 3, 2);
    for (int64_t n = 1; n < 4; n++)
        for (int again = 0; again < 2; again++) {
            double observation[9], action[6];
            wg_tensor *x = filled(WG_F32, WG_SHAPE(n, 3), (double)n);
            for (int64_t i = 0; i < n * 3; i++)
                observation[i] = (double)wg_data_as(x, float)[i];
            assert_int_equal(fill_scaled(wg_nn_parameter(net, "0.bias"), (double)(n + again), 0.5, 0), WG_OK);
            assert_int_equal(wg_rl_act(actor, n, observation, action), WG_OK);
            wg_tensor *y = wg_nn_apply(net, x);
            for (int64_t i = 0; i < n * 2; i++)
                assert_true(action[i] == (double)wg_data_as(y, float)[i]);
            wg_free(x), wg_free(y);
        }
    wg_rl_actor_destroy(actor);
    double observation[2] = {0}, action[3];
    actor = wg_rl_actor_create(net, 3, 3);
    assert_int_equal(wg_rl_act(actor, 1, (double[3]){0}, action), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "rl_act: expected actions of [1, 3] of the network, got [1, 2]");
    wg_rl_actor_destroy(actor);
    actor = wg_rl_actor_create(net, 2, 2);
    assert_int_equal(wg_rl_act(actor, 1, observation, action), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "");
    wg_rl_actor_destroy(actor);
    actor = wg_rl_actor_create(net, 3, 2);
    assert_int_equal(wg_rl_act(actor, 1, (double[]){NAN, 0, 0}, action), WG_E_NUMERIC);
    assert_error(WG_E_NUMERIC, "rl_act: the observation is nan in row 0, component 0");
    wg_rl_actor_destroy(actor), wg_nn_destroy(net);
    assert_no_error();
}

static wg_status rest(void *context, int64_t n, const double *observations, double *actions)
{
    (void)context, (void)observations;
    for (int64_t i = 0; i < n; i++)
        actions[i] = 0;
    return WG_OK;
}

static wg_status push(void *context, int64_t n, const double *observations, double *actions)
{
    (void)context;
    for (int64_t i = 0; i < n; i++)
        actions[i] = observations[3 * i + 2] > 0 ? 1 : -1;
    return WG_OK;
}

/* The same seed is the same episodes, and so are the same starts; the paired difference is of the same episodes. */
static void evaluations_can_be_compared(void **state)
{
    (void)state;
    enum { N = 50 };
    wg_rl_env *env = wg_rl_pendulum();
    wg_rl_score a, b, again, paired;
    double of_a[N], of_b[N], sum = 0;
    assert_int_equal(wg_rl_evaluate(env, rest, NULL, &a, .episodes = N, .seed = 4, .returns = of_a), WG_OK);
    assert_int_equal(wg_rl_evaluate(env, rest, NULL, &again, .episodes = N, .seed = 4), WG_OK);
    assert_int_equal(wg_rl_evaluate(env, push, NULL, &b, .episodes = N, .seed = 4, .returns = of_b), WG_OK);
    assert_true(a.mean == again.mean && a.deviation == again.deviation && a.length == 200 && a.episodes == N);
    for (int i = 0; i < N; i++)
        sum += of_b[i] - of_a[i];
    assert_int_equal(wg_rl_score_paired(of_a, of_b, N, &paired), WG_OK);
    assert_close(paired.mean, sum / N, 1e-10), assert_close(paired.mean, b.mean - a.mean, 1e-10);
    struct {
        wg_rl_pendulum_state pendulum;
        int64_t steps;
    } upright[2] = {{{0, 0}, 0}, {{0, 0}, 150}};
    double returns[2];
    assert_int_equal(wg_rl_evaluate(env, rest, NULL, &a, .episodes = 2, .starts = upright, .returns = returns), WG_OK);
    assert_true(returns[0] == 0 && returns[1] == 0 && a.length == 125); /* upright and at rest it stays */
    wg_rl_env *endless = wg_rl_pendulum(.limit = 0);
    assert_int_equal(wg_rl_evaluate(endless, rest, NULL, &a, .episodes = 2, .max_steps = 10), WG_E_STATE);
    assert_error(WG_E_STATE,
                 "rl_evaluate: 2 of 2 episodes have not ended after 10 steps: wrap the environment by wg_rl_time_limit");
    wg_rl_env_destroy(env), wg_rl_env_destroy(endless);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_of_the_process),
        cmocka_unit_test(the_process_has_its_spread_and_memory),
        cmocka_unit_test(the_process_begins_with_an_episode),
        cmocka_unit_test(gaussian_noise_is_independent),
        cmocka_unit_test(actions_without_bounds_are_not_cut),
        cmocka_unit_test(parameters_move_but_those_of_norms),
        cmocka_unit_test(sigma_adapts_to_the_change_of_actions),
        cmocka_unit_test(a_failure_to_adapt_draws_nothing),
        cmocka_unit_test(a_network_acts),
        cmocka_unit_test(evaluations_can_be_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
