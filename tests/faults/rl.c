/* Allocation failures in reinforcement learning: buffers, noise, agents and policies. */
#include "sweep.h"

enum { OBSERVATION = 3, ACTION = 1, ROWS = 8 };

struct world {
    wg_nn_module *actor, *critic[2];
    wg_optim *actor_optim, *critic_optim;
    wg_rl_env *env;
    wg_rl_vector *envs;
    wg_rl_buffer *buffer;
    wg_rl_noise *noise;
    wg_rl_parameter_noise *parameter_noise;
    wg_rl_agent *agent;
    wg_rl_actor *policy;
    const wg_rl_batch *batch;
};

static wg_rl_agent *td3(const struct world *w)
{
    return wg_rl_td3(w->actor, w->critic[0], w->critic[1], w->actor_optim, w->critic_optim, .delay = 2, .average = 0.1, .seed = 1);
}

static bool make_parts(struct world *w)
{
    w->envs = wg_rl_vector_create(w->env, 1, .seed = 1);
    w->buffer = w->envs
                    ? wg_rl_buffer_create(OBSERVATION, ACTION, .capacity = 2 * ROWS, .batch = ROWS, .prioritized = true, .seed = 1)
                    : NULL;
    w->noise = w->buffer ? wg_rl_ornstein_uhlenbeck(1, ACTION, .seed = 1) : NULL;
    w->parameter_noise = w->noise ? wg_rl_parameter_noise_create(w->actor, .seed = 1) : NULL;
    w->agent = w->parameter_noise ? td3(w) : NULL;
    w->policy = w->agent ? wg_rl_actor_create(w->actor, OBSERVATION, ACTION) : NULL;
    return w->policy != NULL;
}

static void end_parts(struct world *w)
{
    wg_rl_actor_destroy(w->policy), wg_rl_agent_destroy(w->agent), wg_rl_parameter_noise_destroy(w->parameter_noise);
    wg_rl_noise_destroy(w->noise), wg_rl_buffer_destroy(w->buffer), wg_rl_vector_destroy(w->envs);
    w->policy = NULL, w->agent = NULL, w->parameter_noise = NULL, w->noise = NULL, w->buffer = NULL, w->envs = NULL;
}

static void *prepare_networks(void)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w || wg_seed(1, 0) != WG_OK)
        return NULL;
    w->env = wg_rl_pendulum();
    w->actor = wg_nn_sequential(wg_nn_linear(OBSERVATION, 4), wg_nn_layer_norm(4), wg_nn_linear(4, ACTION), wg_nn_tanh());
    for (int i = 0; i < 2; i++)
        w->critic[i] = wg_nn_linear(OBSERVATION + ACTION, 1);
    w->actor_optim = wg_optim_adam(wg_nn_parameters(w->actor));
    w->critic_optim = wg_optim_adam(wg_nn_parameters(w->critic[0]));
    return wg_optim_add_group(w->critic_optim, wg_nn_parameters(w->critic[1])) == WG_OK && w->env ? w : NULL;
}

/* With enough transitions for a batch, and nothing captured yet. */
static void *prepare_filled(void)
{
    struct world *w = prepare_networks();
    if (!w || !make_parts(w))
        return NULL;
    for (int step = 0; step < ROWS + 2; step++) {
        double action = 0.1 * step - 0.5;
        if (wg_rl_vector_step(w->envs, &action) != WG_OK || wg_rl_buffer_add(w->buffer, wg_rl_vector_last(w->envs)) != WG_OK)
            return NULL;
    }
    wg_memory_trim();
    w->batch = wg_rl_buffer_sample(w->buffer);
    return w->batch ? w : NULL;
}

static bool learn(void *state)
{
    struct world *w = state;
    return wg_rl_agent_learn(w->agent, w->batch) == WG_OK;
}

static bool act(void *state)
{
    struct world *w = state;
    double action;
    return wg_rl_act(w->policy, 1, wg_rl_vector_observations(w->envs), &action) == WG_OK;
}

static bool perturb(void *state)
{
    struct world *w = state;
    return wg_rl_parameter_noise_perturb(w->parameter_noise) == WG_OK;
}

static bool follow(void *state)
{
    struct world *w = state;
    return wg_rl_target_update(wg_rl_agent_target_actor(w->agent), w->actor, 0.5) == WG_OK;
}

/* On copies of its own, so that nothing of the world may change. */
static bool evaluate(void *state)
{
    struct world *w = state;
    wg_rl_score score;
    wg_rl_actor *policy = wg_rl_actor_create(w->actor, OBSERVATION, ACTION);
    const bool done = policy && wg_rl_evaluate(w->env, wg_rl_act, policy, &score, .episodes = 2) == WG_OK;
    wg_rl_actor_destroy(policy);
    return done;
}

static bool make(void *state)
{
    struct world *w = state;
    const bool done = make_parts(w);
    end_parts(w);
    return done;
}

static size_t save(void *state, char *bytes, size_t size)
{
    const struct world *w = state;
    size_t used = put_tensors(bytes, 0, size, wg_nn_state(w->actor));
    for (int i = 0; i < 2; i++)
        used = put_tensors(bytes, used, size, wg_nn_state(w->critic[i]));
    used = put_tensors(bytes, used, size, wg_optim_state(w->actor_optim));
    used = put_tensors(bytes, used, size, wg_optim_state(w->critic_optim));
    if (!w->agent)
        return used;
    used = put_tensors(bytes, used, size, wg_rl_agent_state(w->agent));
    used = put_tensors(bytes, used, size, wg_rl_noise_state(w->noise));
    return put_tensors(bytes, used, size, wg_rl_parameter_noise_state(w->parameter_noise));
}

static void finish(void *state)
{
    struct world *w = state;
    end_parts(w);
    wg_optim_destroy(w->actor_optim), wg_optim_destroy(w->critic_optim);
    wg_nn_destroy(w->actor), wg_nn_destroy(w->critic[0]), wg_nn_destroy(w->critic[1]);
    wg_rl_env_destroy(w->env);
    free(w);
}

static const struct scenario scenarios[] = {
    {"making", prepare_networks, make, save, finish},    {"a first update of the critics", prepare_filled, learn, save, finish},
    {"acting", prepare_filled, act, save, finish},       {"perturbing", prepare_filled, perturb, save, finish},
    {"following", prepare_filled, follow, save, finish}, {"evaluating", prepare_filled, evaluate, save, finish},
};

static void whatever_allocation_fails_nothing_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        assert_true(sweep(&scenarios[i]) > 3);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(whatever_allocation_fails_nothing_changes, NULL, clean_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
