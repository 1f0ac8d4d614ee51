/* A run that was stopped in the middle of an episode and resumed has the bits of one that was not: DDPG and TD3, both kinds of noise, priorities,
   several copies and steps. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "nn_check.h"

enum { STEPS = 400, STOP = 237, WARM_UP = 40, COPIES = 2 };

struct learner {
    bool td3;
    wg_rl_env *env;
    wg_rl_vector *envs;
    wg_rl_buffer *buffer;
    wg_rl_noise *noise;
    wg_rl_parameter_noise *parameter_noise;
    wg_nn_module *actor, *critic[2];
    wg_optim *actor_optim, *critic_optim;
    wg_rl_agent *agent;
    wg_rl_actor *explorer;
    wg_run *run;
    int64_t step;
};

static void make_agent(struct learner *l)
{
    l->actor = wg_nn_sequential(wg_nn_linear(3, 8), wg_nn_layer_norm(8), wg_nn_relu(), wg_nn_linear(8, 1), wg_nn_tanh());
    for (int i = 0; i < 1 + l->td3; i++)
        l->critic[i] = wg_nn_sequential(wg_nn_linear(4, 8), wg_nn_dropout(.p = 0.1), wg_nn_relu(), wg_nn_linear(8, 1));
    l->actor_optim = wg_optim_adam(wg_nn_parameters(l->actor)), l->critic_optim = wg_optim_adam(wg_nn_parameters(l->critic[0]));
    if (l->td3)
        assert_int_equal(wg_optim_add_group(l->critic_optim, wg_nn_parameters(l->critic[1])), WG_OK);
    l->agent = l->td3 ? wg_rl_td3(l->actor, l->critic[0], l->critic[1], l->actor_optim, l->critic_optim, .average = 0.01)
                      : wg_rl_ddpg(l->actor, l->critic[0], l->actor_optim, l->critic_optim);
    l->parameter_noise = wg_rl_parameter_noise_create(l->actor);
    l->explorer = wg_rl_actor_create(l->td3 ? l->actor : wg_rl_parameter_noise_actor(l->parameter_noise), 3, 1);
    assert_non_null(l->agent);
}

static void add_parts(struct learner *l)
{
    const wg_tensor_list none = {0, NULL, NULL}, second = l->td3 ? wg_nn_state(l->critic[1]) : none;
    l->run = wg_run_create();
    assert_int_equal(wg_run_add(l->run, "actor", wg_nn_state(l->actor)), WG_OK);
    assert_int_equal(wg_run_add(l->run, "critic", wg_nn_state(l->critic[0])), WG_OK);
    assert_int_equal(second.n ? wg_run_add(l->run, "second", second) : WG_OK, WG_OK);
    assert_int_equal(wg_run_add(l->run, "actor_optim", wg_optim_state(l->actor_optim)), WG_OK);
    assert_int_equal(wg_run_add(l->run, "critic_optim", wg_optim_state(l->critic_optim)), WG_OK);
    assert_int_equal(wg_run_add(l->run, "agent", wg_rl_agent_state(l->agent)), WG_OK);
    assert_int_equal(wg_run_add(l->run, "envs", wg_rl_vector_state(l->envs)), WG_OK);
    assert_int_equal(wg_run_add(l->run, "buffer", wg_rl_buffer_state(l->buffer)), WG_OK);
    assert_int_equal(wg_run_add(l->run, "noise", wg_rl_noise_state(l->noise)), WG_OK);
    assert_int_equal(wg_run_add(l->run, "parameter_noise", wg_rl_parameter_noise_state(l->parameter_noise)), WG_OK);
    assert_int_equal(wg_run_add_count(l->run, "step", &l->step), WG_OK);
}

static void make(struct learner *l, bool td3, uint64_t seed)
{
    *l = (struct learner){.td3 = td3};
    assert_int_equal(wg_seed(seed, 0), WG_OK);
    l->env = wg_rl_pendulum(.limit = 50);
    l->envs = wg_rl_vector_create(l->env, COPIES);
    l->buffer = wg_rl_buffer_create(3, 1, .capacity = 150 * COPIES, .batch = 16, .copies = COPIES, .n_step = 3, .prioritized = td3);
    l->noise = td3 ? wg_rl_gaussian(COPIES, 1) : wg_rl_ornstein_uhlenbeck(COPIES, 1);
    make_agent(l);
    add_parts(l);
}

static void step(struct learner *l)
{
    double action[COPIES];
    assert_int_equal(wg_rl_act(l->explorer, COPIES, wg_rl_vector_observations(l->envs), action), WG_OK);
    assert_int_equal(wg_rl_noise_add(l->noise, action), WG_OK);
    assert_int_equal(wg_rl_vector_step(l->envs, action), WG_OK);
    assert_int_equal(wg_rl_noise_follow(l->noise, wg_rl_vector_last(l->envs)), WG_OK);
    assert_int_equal(wg_rl_buffer_add(l->buffer, wg_rl_vector_last(l->envs)), WG_OK);
    if (++l->step < WARM_UP)
        return;
    const wg_rl_batch *batch = wg_rl_buffer_sample(l->buffer);
    assert_int_equal(wg_rl_agent_learn(l->agent, batch), WG_OK);
    if (l->td3)
        assert_int_equal(wg_rl_buffer_prioritize(l->buffer, wg_rl_agent_errors(l->agent)), WG_OK);
    if (l->step % 25 == 0)
        assert_int_equal(wg_rl_parameter_noise_adapt(l->parameter_noise, batch->observation), WG_OK);
    if (l->step % 50 == 0)
        assert_int_equal(wg_rl_parameter_noise_perturb(l->parameter_noise), WG_OK);
}

static void end(struct learner *l)
{
    wg_run_destroy(l->run), wg_rl_actor_destroy(l->explorer), wg_rl_parameter_noise_destroy(l->parameter_noise);
    wg_rl_agent_destroy(l->agent), wg_optim_destroy(l->actor_optim), wg_optim_destroy(l->critic_optim);
    wg_nn_destroy(l->actor), wg_nn_destroy(l->critic[0]), wg_nn_destroy(l->critic[1]);
    wg_rl_noise_destroy(l->noise), wg_rl_buffer_destroy(l->buffer), wg_rl_vector_destroy(l->envs), wg_rl_env_destroy(l->env);
}

static void assert_same_lists(wg_tensor_list a, wg_tensor_list b)
{
    assert_int_equal(a.n, b.n);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(a.tensor[i], b.tensor[i]);
}

static void a_resumed_run_has_the_same_bits(void **state)
{
    (void)state;
    for (int td3 = 0; td3 < 2; td3++) {
        char path[60];
        struct learner whole, stopped, resumed;
        snprintf(path, sizeof path, "rl_resume-%d.checkpoint", (int)getpid());
        make(&whole, td3, 5);
        while (whole.step < STEPS)
            step(&whole);
        make(&stopped, td3, 5);
        while (stopped.step < STOP)
            step(&stopped);
        assert_int_equal(wg_run_save(stopped.run, path), WG_OK);
        end(&stopped);
        make(&resumed, td3, 6); /* everything comes from the file */
        assert_int_equal(wg_run_load(resumed.run, path), WG_OK);
        assert_int_equal(resumed.step, STOP);
        while (resumed.step < STEPS)
            step(&resumed);
        assert_same_lists(wg_nn_state(whole.actor), wg_nn_state(resumed.actor));
        assert_same_lists(wg_nn_state(whole.critic[0]), wg_nn_state(resumed.critic[0]));
        assert_same_lists(wg_rl_agent_state(whole.agent), wg_rl_agent_state(resumed.agent));
        assert_same_lists(wg_rl_buffer_state(whole.buffer), wg_rl_buffer_state(resumed.buffer));
        assert_same_lists(wg_rl_vector_state(whole.envs), wg_rl_vector_state(resumed.envs));
        end(&whole), end(&resumed);
        assert_int_equal(unlink(path), 0);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_resumed_run_has_the_same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
