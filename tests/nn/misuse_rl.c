/* Misuse of buffers, noise, policies and agents. */
#include <math.h>

#include "misuse.h"

static void misuse_buffers(void)
{
    assert_null_and_error(wg_rl_buffer_create(0, 1), WG_E_ARGUMENT,
                          "rl_buffer_create: expected at least 1 number in an observation");
    assert_null_and_error(wg_rl_buffer_create(1, -1), WG_E_ARGUMENT,
                          "rl_buffer_create: expected at least 1 number in an observation");
    assert_null_and_error(wg_rl_buffer_create(1, 1, .capacity = 0), WG_E_ARGUMENT, "rl_buffer_create: expected capacity in");
    assert_null_and_error(wg_rl_buffer_create(1, 1, .batch = 0), WG_E_ARGUMENT, "rl_buffer_create: expected batch in");
    assert_null_and_error(wg_rl_buffer_create(1, 1, .copies = 0), WG_E_ARGUMENT, "rl_buffer_create: expected copies in");
    assert_null_and_error(wg_rl_buffer_create(1, 1, .n_step = 0), WG_E_ARGUMENT, "rl_buffer_create: expected n_step in");
    assert_null_and_error(wg_rl_buffer_create(1, 1, .gamma = 1.5), WG_E_ARGUMENT,
                          "rl_buffer_create: expected gamma in [0, 1], got 1.5");
    assert_null_and_error(wg_rl_buffer_create(1, 1, .gamma = NAN), WG_E_ARGUMENT, "rl_buffer_create: expected gamma in");
    assert_null_and_error(wg_rl_buffer_create(1, 1, .alpha = -1), WG_E_ARGUMENT, "rl_buffer_create: expected alpha in");
    assert_null_and_error(wg_rl_buffer_create(1, 1, .beta = 2), WG_E_ARGUMENT, "rl_buffer_create: expected beta in");
    assert_null_and_error(wg_rl_buffer_create(1, 1, .epsilon = -1), WG_E_ARGUMENT, "rl_buffer_create: expected epsilon in");
    assert_null_and_error(wg_rl_buffer_create(1, 1, .dtype = WG_I64), WG_E_DTYPE, "rl_buffer_create: ");
    wg_rl_buffer_destroy(NULL);
    assert_fails(wg_rl_buffer_add(NULL, NULL), WG_E_NULL, "rl_buffer_add: the buffer is NULL");
    assert_true(wg_rl_buffer_count(NULL) == 0), expect_error(WG_E_NULL, "rl_buffer_count: the buffer is NULL");
    assert_null_and_error(wg_rl_buffer_sample(NULL), WG_E_NULL, "rl_buffer_sample: the buffer is NULL");
    assert_fails(wg_rl_buffer_prioritize(NULL, fx.y), WG_E_NULL, "rl_buffer_prioritize: the buffer is NULL");
    assert_fails(wg_rl_buffer_set_beta(NULL, 1), WG_E_NULL, "rl_buffer_set_beta: the buffer is NULL");
    assert_true(wg_rl_buffer_state(NULL).n == 0), expect_error(WG_E_NULL, "rl_buffer_state: the buffer is NULL");
}

static void misuse_buffer_contents(void)
{
    const double one = 1;
    const bool no = false;
    wg_rl_buffer *buffer = wg_rl_buffer_create(1, 1, .capacity = 1, .batch = 1, .prioritized = true, .epsilon = 0);
    const wg_rl_transitions right = {1, 1, 1, &one, &one, &one, &one, &no, &no, NULL, NULL};
    assert_fails(wg_rl_buffer_add(buffer, NULL), WG_E_NULL, "rl_buffer_add: the struct of transitions is NULL");
    wg_rl_transitions part = right;
    part.next = NULL;
    assert_fails(wg_rl_buffer_add(buffer, &part), WG_E_NULL, "rl_buffer_add: an array of the transitions is NULL");
    assert_ok(wg_rl_buffer_add(buffer, &right));
    assert_fails(wg_rl_buffer_prioritize(buffer, fx.y), WG_E_STATE, "rl_buffer_prioritize: no sample was drawn yet");
    assert_true(wg_rl_buffer_sample(buffer) != NULL);
    FOR_EACH_BAD(IS_NULL, assert_fails(wg_rl_buffer_prioritize(buffer, bad), code, "rl_buffer_prioritize: "));
    assert_fails(wg_rl_buffer_prioritize(buffer, fx.labels), WG_E_DTYPE,
                 "rl_buffer_prioritize: expected errors of f32 or f64, got i64");
    assert_fails(wg_rl_buffer_prioritize(buffer, fx.y), WG_E_SHAPE, "rl_buffer_prioritize: expected 1 contiguous errors");
    wg_tensor *zero = wg_zeros(WG_F32, WG_SHAPE(1)), *nan = wg_full(WG_F32, WG_SHAPE(1), NAN);
    assert_fails(wg_rl_buffer_prioritize(buffer, nan), WG_E_NUMERIC, "rl_buffer_prioritize: error 0 is nan");
    assert_ok(wg_rl_buffer_prioritize(buffer, zero));
    assert_null_and_error(wg_rl_buffer_sample(buffer), WG_E_NUMERIC, "rl_buffer_sample: the priorities have the sum 0");
    assert_fails(wg_rl_buffer_set_beta(buffer, NAN), WG_E_ARGUMENT, "rl_buffer_set_beta: expected β in 0 … 1, got nan");
    wg_rl_buffer_destroy(buffer);
}

static void misuse_noise(void)
{
    double action = 0;
    assert_null_and_error(wg_rl_gaussian(0, 1), WG_E_ARGUMENT, "rl_gaussian: expected at least 1 row");
    assert_null_and_error(wg_rl_gaussian(1, 1, .sigma = -1), WG_E_ARGUMENT, "rl_gaussian: expected sigma in");
    assert_null_and_error(wg_rl_ornstein_uhlenbeck(1, 0), WG_E_ARGUMENT, "rl_ornstein_uhlenbeck: expected at least 1 row");
    assert_null_and_error(wg_rl_ornstein_uhlenbeck(1, 1, .dt = 0), WG_E_ARGUMENT, "rl_ornstein_uhlenbeck: expected dt in");
    assert_null_and_error(wg_rl_ornstein_uhlenbeck(1, 1, .theta = 3), WG_E_ARGUMENT,
                          "rl_ornstein_uhlenbeck: expected theta times dt of at most 2");
    assert_null_and_error(wg_rl_ornstein_uhlenbeck(1, 1, .theta = NAN), WG_E_ARGUMENT, "rl_ornstein_uhlenbeck: expected theta in");
    assert_null_and_error(wg_rl_ornstein_uhlenbeck(1, 1, .mean = INFINITY), WG_E_ARGUMENT, "rl_ornstein_uhlenbeck: expected mean");
    wg_rl_noise_destroy(NULL);
    wg_rl_noise *noise = wg_rl_gaussian(2, 1);
    assert_fails(wg_rl_noise_add(NULL, &action), WG_E_NULL, "rl_noise_add: the noise is NULL");
    assert_fails(wg_rl_noise_add(noise, NULL), WG_E_NULL, "rl_noise_add: the array of actions is NULL");
    assert_fails(wg_rl_noise_follow(NULL, NULL), WG_E_NULL, "rl_noise_follow: the noise is NULL");
    assert_fails(wg_rl_noise_follow(noise, NULL), WG_E_NULL, "rl_noise_follow: the struct of transitions is NULL");
    const bool end = true;
    assert_fails(wg_rl_noise_follow(noise, &(wg_rl_transitions){.n = 1, .terminated = &end, .truncated = &end}), WG_E_SHAPE,
                 "rl_noise_follow: expected 2 transitions, got 1");
    assert_fails(wg_rl_noise_set_sigma(NULL, 1), WG_E_NULL, "rl_noise_set_sigma: the noise is NULL");
    assert_true(wg_rl_noise_state(NULL).n == 0), expect_error(WG_E_NULL, "rl_noise_state: the noise is NULL");
    wg_rl_noise_destroy(noise);
}

static void misuse_parameter_noise(void)
{
    wg_nn_module *net = wg_nn_linear(3, 2);
    assert_null_and_error(wg_rl_parameter_noise_create(NULL), WG_E_NULL, "rl_parameter_noise_create: the actor is NULL");
    assert_null_and_error(wg_rl_parameter_noise_create(net, .sigma = 0), WG_E_ARGUMENT,
                          "rl_parameter_noise_create: expected sigma in");
    assert_null_and_error(wg_rl_parameter_noise_create(net, .target = 0), WG_E_ARGUMENT,
                          "rl_parameter_noise_create: expected target in");
    assert_null_and_error(wg_rl_parameter_noise_create(net, .factor = 1), WG_E_ARGUMENT,
                          "rl_parameter_noise_create: expected factor in");
    wg_rl_parameter_noise_destroy(NULL);
    wg_rl_parameter_noise *noise = wg_rl_parameter_noise_create(net);
    assert_null_and_error(wg_rl_parameter_noise_actor(NULL), WG_E_NULL, "rl_parameter_noise_actor: the noise is NULL");
    assert_fails(wg_rl_parameter_noise_perturb(NULL), WG_E_NULL, "rl_parameter_noise_perturb: the noise is NULL");
    assert_fails(wg_rl_parameter_noise_adapt(NULL, fx.y), WG_E_NULL, "rl_parameter_noise_adapt: the noise is NULL");
    FOR_EACH_BAD(IS_NULL, assert_fails(wg_rl_parameter_noise_adapt(noise, bad), code, ""));
    assert_true(isnan(wg_rl_parameter_noise_sigma(NULL))), expect_error(WG_E_NULL, "rl_parameter_noise_sigma: the noise is NULL");
    assert_true(wg_rl_parameter_noise_state(NULL).n == 0), expect_error(WG_E_NULL, "rl_parameter_noise_state: the noise is NULL");
    wg_rl_parameter_noise_destroy(noise), wg_nn_destroy(net);
}

static void misuse_policies(void)
{
    wg_nn_module *net = wg_nn_linear(3, 2), *none = wg_nn_tanh();
    wg_rl_env *env = wg_rl_pendulum();
    wg_rl_score score;
    double x[3] = {0};
    assert_null_and_error(wg_rl_actor_create(NULL, 1, 1), WG_E_NULL, "rl_actor_create: the network is NULL");
    assert_null_and_error(wg_rl_actor_create(net, 0, 1), WG_E_ARGUMENT, "rl_actor_create: expected at least 1 number");
    assert_null_and_error(wg_rl_actor_create(none, 1, 1), WG_E_ARGUMENT, "rl_actor_create: expected a network with parameters");
    wg_rl_actor_destroy(NULL);
    wg_rl_actor *actor = wg_rl_actor_create(net, 3, 2);
    assert_fails(wg_rl_act(NULL, 1, x, x), WG_E_NULL, "rl_act: the actor is NULL");
    assert_fails(wg_rl_act(actor, 1, NULL, x), WG_E_NULL, "rl_act: the array of observations is NULL");
    assert_fails(wg_rl_act(actor, 1, x, NULL), WG_E_NULL, "rl_act: the array of actions is NULL");
    assert_fails(wg_rl_act(actor, 0, x, x), WG_E_ARGUMENT, "rl_act: expected at least 1 row, got 0");
    assert_fails(wg_rl_act(actor, 1, x, x), WG_E_STATE, "rl_act: a tape is open");
    assert_fails(wg_rl_evaluate(NULL, wg_rl_act, actor, &score), WG_E_NULL, "rl_evaluate: the environment is NULL");
    assert_fails(wg_rl_evaluate(env, NULL, actor, &score), WG_E_NULL, "rl_evaluate: the policy is NULL");
    assert_fails(wg_rl_evaluate(env, wg_rl_act, actor, NULL), WG_E_NULL, "rl_evaluate: the score is NULL");
    assert_fails(wg_rl_evaluate(env, wg_rl_act, NULL, &score), WG_E_NULL, "rl_act: the actor is NULL");
    assert_fails(wg_rl_evaluate(env, wg_rl_act, actor, &score, .episodes = 0), WG_E_ARGUMENT, "rl_evaluate: expected .episodes of");
    assert_fails(wg_rl_evaluate(env, wg_rl_act, actor, &score, .max_steps = 0), WG_E_ARGUMENT,
                 "rl_evaluate: expected .max_steps of");
    assert_fails(wg_rl_evaluate(env, wg_rl_act, actor, &score), WG_E_SHAPE,
                 "rl_evaluate: the environment has 3 observations and 1 actions, the actor is made for 3 and 2");
    assert_fails(wg_rl_score_of(NULL, 1, &score), WG_E_NULL, "rl_score_of: the array of returns is NULL");
    assert_fails(wg_rl_score_of(x, 0, &score), WG_E_ARGUMENT, "rl_score_of: expected at least 1 return, got 0");
    assert_fails(wg_rl_score_of(x, 1, NULL), WG_E_NULL, "rl_score_of: the score is NULL");
    assert_fails(wg_rl_score_paired(x, NULL, 1, &score), WG_E_NULL, "rl_score_paired: the array of returns is NULL");
    wg_rl_actor_destroy(actor), wg_nn_destroy(net), wg_nn_destroy(none), wg_rl_env_destroy(env);
}

static void misuse_targets(void)
{
    wg_nn_module *a = wg_nn_linear(3, 2), *wide = wg_nn_linear(4, 2), *bare = wg_nn_linear(3, 2, .bias = false),
                 *f64 = wg_nn_linear(3, 2, .dtype = WG_F64);
    assert_fails(wg_rl_target_update(NULL, a, 1), WG_E_NULL, "rl_target_update: the target is NULL");
    assert_fails(wg_rl_target_update(a, NULL, 1), WG_E_NULL, "rl_target_update: the network is NULL");
    assert_fails(wg_rl_target_update(a, a, 1.5), WG_E_ARGUMENT, "rl_target_update: expected τ in 0 … 1, got 1.5");
    assert_fails(wg_rl_target_update(a, bare, 1), WG_E_ARGUMENT,
                 "rl_target_update: the target has 2 parameters, and the network 1");
    assert_fails(wg_rl_target_update(a, wide, 1), WG_E_SHAPE,
                 "rl_target_update: weight is [2, 3] in the target and [2, 4] in the network");
    assert_fails(wg_rl_target_update(a, f64, 1), WG_E_DTYPE,
                 "rl_target_update: weight is f32 in the target and f64 in the network");
    wg_nn_destroy(a), wg_nn_destroy(wide), wg_nn_destroy(bare), wg_nn_destroy(f64);
}

static void misuse_agents(void)
{
    wg_nn_module *actor = wg_nn_linear(3, 2), *critic = wg_nn_linear(5, 1), *second = wg_nn_linear(5, 1);
    wg_optim *of_actor = wg_optim_sgd(wg_nn_parameters(actor)), *of_critic = wg_optim_sgd(wg_nn_parameters(critic));
    assert_null_and_error(wg_rl_ddpg(NULL, critic, of_actor, of_critic), WG_E_NULL, "rl_ddpg: the actor is NULL");
    assert_null_and_error(wg_rl_ddpg(actor, NULL, of_actor, of_critic), WG_E_NULL, "rl_ddpg: the critic is NULL");
    assert_null_and_error(wg_rl_ddpg(actor, critic, NULL, of_critic), WG_E_NULL, "rl_ddpg: the actor's optimizer is NULL");
    assert_null_and_error(wg_rl_ddpg(actor, critic, of_actor, NULL), WG_E_NULL, "rl_ddpg: the critics' optimizer is NULL");
    assert_null_and_error(wg_rl_ddpg(actor, critic, of_actor, of_critic, .tau = 2), WG_E_ARGUMENT,
                          "rl_ddpg: expected tau in [0, 1], got 2");
    assert_null_and_error(wg_rl_ddpg(actor, critic, of_actor, of_critic, .average = -1), WG_E_ARGUMENT,
                          "rl_ddpg: expected average in");
    assert_null_and_error(wg_rl_ddpg(actor, critic, of_critic, of_actor), WG_E_ARGUMENT,
                          "rl_ddpg: the optimizer of the actor does not have its parameter weight");
    assert_null_and_error(wg_rl_ddpg(actor, actor, of_actor, of_actor), WG_E_ARGUMENT,
                          "rl_ddpg: actor and critic share the parameter weight");
    assert_null_and_error(wg_rl_td3(actor, critic, NULL, of_actor, of_critic), WG_E_NULL, "rl_td3: the second critic is NULL");
    assert_null_and_error(wg_rl_td3(actor, critic, second, of_actor, of_critic), WG_E_ARGUMENT,
                          "rl_td3: the optimizer of the second critic does not have its parameter weight");
    assert_null_and_error(wg_rl_td3(actor, critic, critic, of_actor, of_critic), WG_E_ARGUMENT,
                          "rl_td3: the two critics share the parameter weight");
    assert_null_and_error(wg_rl_td3(actor, critic, second, of_actor, of_critic, .delay = 0), WG_E_ARGUMENT,
                          "rl_td3: expected delay in");
    assert_null_and_error(wg_rl_td3(actor, critic, second, of_actor, of_critic, .smoothing = -1), WG_E_ARGUMENT,
                          "rl_td3: expected smoothing in");
    assert_null_and_error(wg_rl_td3(actor, critic, second, of_actor, of_critic, .clip = NAN), WG_E_ARGUMENT,
                          "rl_td3: expected clip in");
    wg_rl_agent_destroy(NULL);
    wg_optim_destroy(of_actor), wg_optim_destroy(of_critic);
    wg_nn_destroy(actor), wg_nn_destroy(critic), wg_nn_destroy(second);
}

static void misuse_learning(void)
{
    wg_nn_module *actor = wg_nn_linear(3, 2), *critic = wg_nn_linear(5, 1);
    wg_optim *of_actor = wg_optim_sgd(wg_nn_parameters(actor)), *of_critic = wg_optim_sgd(wg_nn_parameters(critic));
    wg_rl_agent *agent = wg_rl_ddpg(actor, critic, of_actor, of_critic);
    const wg_rl_batch batch = {.n = 1};
    assert_fails(wg_rl_agent_learn(NULL, &batch), WG_E_NULL, "rl_agent_learn: the agent is NULL");
    assert_fails(wg_rl_agent_learn(agent, NULL), WG_E_NULL, "rl_agent_learn: the batch is NULL");
    assert_fails(wg_rl_agent_learn(agent, &batch), WG_E_STATE, "rl_agent_learn: a tape is open");
    assert_null_and_error(wg_rl_agent_errors(NULL), WG_E_NULL, "rl_agent_errors: the agent is NULL");
    assert_null_and_error(wg_rl_agent_errors(agent), WG_E_STATE, "rl_agent_errors: there was no update yet");
    assert_true(isnan(wg_rl_agent_critic_loss(NULL))), expect_error(WG_E_NULL, "rl_agent_critic_loss: the agent is NULL");
    assert_true(isnan(wg_rl_agent_critic_loss(agent))), expect_error(WG_E_STATE, "rl_agent_critic_loss: there was no update yet");
    assert_true(isnan(wg_rl_agent_actor_loss(NULL))), expect_error(WG_E_NULL, "rl_agent_actor_loss: the agent is NULL");
    assert_null_and_error(wg_rl_agent_target_actor(NULL), WG_E_NULL, "rl_agent_target_actor: the agent is NULL");
    assert_null_and_error(wg_rl_agent_target_critic(NULL, 0), WG_E_NULL, "rl_agent_target_critic: the agent is NULL");
    assert_null_and_error(wg_rl_agent_target_critic(agent, 1), WG_E_ARGUMENT,
                          "rl_agent_target_critic: the agent has no critic of that number");
    assert_null_and_error(wg_rl_agent_target_critic(agent, -1), WG_E_ARGUMENT,
                          "rl_agent_target_critic: the agent has no critic of that number");
    assert_null_and_error(wg_rl_agent_average(NULL), WG_E_NULL, "rl_agent_average: the agent is NULL");
    assert_null_and_error(wg_rl_agent_average(agent), WG_E_ARGUMENT, "rl_agent_average: the agent has no average: .average is 0");
    assert_true(wg_rl_agent_updates(NULL) == 0), expect_error(WG_E_NULL, "rl_agent_updates: the agent is NULL");
    assert_true(wg_rl_agent_state(NULL).n == 0), expect_error(WG_E_NULL, "rl_agent_state: the agent is NULL");
    wg_rl_agent_destroy(agent), wg_optim_destroy(of_actor), wg_optim_destroy(of_critic);
    wg_nn_destroy(actor), wg_nn_destroy(critic);
}

static const struct misuse table[] = {
    {"wg_rl_buffer_create_with", misuse_buffers},
    {"wg_rl_buffer_destroy", misuse_buffers},
    {"wg_rl_buffer_add", misuse_buffers},
    {"wg_rl_buffer_count", misuse_buffers},
    {"wg_rl_buffer_sample", misuse_buffers},
    {"wg_rl_buffer_state", misuse_buffers},
    {"wg_rl_buffer_prioritize", misuse_buffer_contents},
    {"wg_rl_buffer_set_beta", misuse_buffer_contents},
    {"wg_rl_gaussian_with", misuse_noise},
    {"wg_rl_ornstein_uhlenbeck_with", misuse_noise},
    {"wg_rl_noise_destroy", misuse_noise},
    {"wg_rl_noise_add", misuse_noise},
    {"wg_rl_noise_follow", misuse_noise},
    {"wg_rl_noise_set_sigma", misuse_noise},
    {"wg_rl_noise_state", misuse_noise},
    {"wg_rl_parameter_noise_create_with", misuse_parameter_noise},
    {"wg_rl_parameter_noise_destroy", misuse_parameter_noise},
    {"wg_rl_parameter_noise_actor", misuse_parameter_noise},
    {"wg_rl_parameter_noise_perturb", misuse_parameter_noise},
    {"wg_rl_parameter_noise_adapt", misuse_parameter_noise},
    {"wg_rl_parameter_noise_sigma", misuse_parameter_noise},
    {"wg_rl_parameter_noise_state", misuse_parameter_noise},
    {"wg_rl_actor_create", misuse_policies},
    {"wg_rl_actor_destroy", misuse_policies},
    {"wg_rl_act", misuse_policies},
    {"wg_rl_evaluate_with", misuse_policies},
    {"wg_rl_score_of", misuse_policies},
    {"wg_rl_score_paired", misuse_policies},
    {"wg_rl_target_update", misuse_targets},
    {"wg_rl_ddpg_with", misuse_agents},
    {"wg_rl_td3_with", misuse_agents},
    {"wg_rl_agent_destroy", misuse_agents},
    {"wg_rl_agent_learn", misuse_learning},
    {"wg_rl_agent_errors", misuse_learning},
    {"wg_rl_agent_critic_loss", misuse_learning},
    {"wg_rl_agent_actor_loss", misuse_learning},
    {"wg_rl_agent_target_actor", misuse_learning},
    {"wg_rl_agent_target_critic", misuse_learning},
    {"wg_rl_agent_average", misuse_learning},
    {"wg_rl_agent_updates", misuse_learning},
    {"wg_rl_agent_state", misuse_learning},
};

MISUSE_MAIN(table)
