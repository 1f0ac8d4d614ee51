/* Workload W18: a step of the whole loop of DDPG on the pendulum, with the networks and the batch of W6: the actor acts, noise is added, the
   environment steps, the transition goes into the buffer, 256 are drawn, and critic, actor and targets are updated. The buffer is full, as
   it is after 50,000 steps, but of numbers that are drawn. Replayed means that the agent captures its update: a step as a whole cannot be. */
#include "ddpg_loop.h"

enum { BATCH = 256, CAPACITY = 50000, SEED = 1, STATES = 3 };

static wg_status make_agent(struct ddpg_loop *l)
{
    l->actor = wg_nn_sequential(wg_nn_mlp(WG_SIZES(STATES, 256, 256, 1)), wg_nn_tanh());
    l->critic = wg_nn_mlp(WG_SIZES(STATES + 1, 256, 256, 1));
    if (!l->actor || !l->critic)
        return failure();
    WG_TRY(draw_parameters(&l->base, l->actor));
    WG_TRY(draw_parameters(&l->base, l->critic));
    l->actor_opt = adam(wg_nn_parameters(l->actor)), l->critic_opt = adam(wg_nn_parameters(l->critic));
    l->agent = wg_rl_ddpg(l->actor, l->critic, l->actor_opt, l->critic_opt, .tau = 0.005, .captured = l->base.captured);
    l->policy = l->agent ? wg_rl_actor_create(l->actor, STATES, 1) : NULL;
    return l->policy ? WG_OK : failure();
}

/* Fills the buffer with drawn transitions. */
static wg_status fill_with(struct ddpg_loop *l, wg_tensor *const x[4])
{
    const double *part[4];
    const bool no = false;
    for (int i = 0; i < 4; i++)
        if (!(part[i] = wg_data(x[i])))
            return failure();
    for (int64_t i = 0; i < CAPACITY; i++) {
        const wg_rl_transitions t = {.n = 1,
                                     .observation_size = STATES,
                                     .action_size = 1,
                                     .observation = part[0] + STATES * i,
                                     .action = part[1] + i,
                                     .reward = part[2] + i,
                                     .next = part[3] + STATES * i,
                                     .terminated = &no,
                                     .truncated = &no};
        WG_TRY(wg_rl_buffer_add(l->buffer, &t));
    }
    return WG_OK;
}

static wg_status make_buffer(struct ddpg_loop *l)
{
    struct subject *s = &l->base;
    const double most = 1.7320508075688772; /* mean 0 and variance 1, as DRAWN has them */
    l->buffer = wg_rl_buffer_create(STATES, 1, .capacity = CAPACITY, .batch = BATCH, .gamma = 0.99, .seed = SEED);
    wg_tensor *x[4] = {drawn(s, WG_F64, WG_SHAPE(CAPACITY, STATES), -most, most), drawn(s, WG_F64, WG_SHAPE(CAPACITY, 1), -1, 1),
                       drawn(s, WG_F64, WG_SHAPE(CAPACITY, 1), -most, most),
                       drawn(s, WG_F64, WG_SHAPE(CAPACITY, STATES), -most, most)};
    const wg_status status = l->buffer ? fill_with(l, x) : failure();
    for (int i = 0; i < 4; i++)
        wg_free(x[i]);
    return status;
}

static wg_status remember(struct ddpg_loop *l)
{
    const wg_tensor_list state[] = {wg_nn_parameters(l->actor),    wg_nn_parameters(l->critic),  wg_optim_state(l->actor_opt),
                                    wg_optim_state(l->critic_opt), wg_rl_agent_state(l->agent),  wg_rl_vector_state(l->envs),
                                    wg_rl_noise_state(l->noise),   wg_rl_buffer_state(l->buffer)};
    for (size_t i = 0; i < sizeof state / sizeof *state; i++)
        WG_TRY(subject_remember_list(&l->base, state[i]));
    return WG_OK;
}

static wg_status make(void *subject, const void *settings)
{
    struct ddpg_loop *l = subject;
    (void)settings;
    WG_TRY(subject_begin(&l->base, WG_F32));
    WG_TRY(make_agent(l));
    l->env = wg_rl_pendulum();
    l->envs = wg_rl_vector_create(l->env, 1, .seed = SEED);
    l->noise = l->envs ? wg_rl_gaussian(1, 1, .sigma = 0.1, .seed = SEED) : NULL;
    if (!l->noise)
        return failure();
    WG_TRY(make_buffer(l));
    return remember(l);
}

wg_status ddpg_loop_part(struct ddpg_loop *l, enum ddpg_part part)
{
    switch (part) {
    case DDPG_ACT:
        return wg_rl_act(l->policy, 1, wg_rl_vector_observations(l->envs), l->action);
    case DDPG_NOISE:
        return wg_rl_noise_add(l->noise, l->action);
    case DDPG_ENVIRONMENT:
        return wg_rl_vector_step(l->envs, l->action);
    case DDPG_ADD:
        return wg_rl_buffer_add(l->buffer, wg_rl_vector_last(l->envs));
    case DDPG_SAMPLE:
        l->batch = wg_rl_buffer_sample(l->buffer);
        return l->batch ? WG_OK : failure();
    default:
        return wg_rl_agent_learn(l->agent, l->batch);
    }
}

static wg_status step(void *subject)
{
    struct ddpg_loop *l = subject;
    for (int part = 0; part < DDPG_PARTS; part++)
        WG_TRY(ddpg_loop_part(l, (enum ddpg_part)part));
    return l->base.report ? wg_write(l->base.loss, (float[]){(float)wg_rl_agent_critic_loss(l->agent)}) : WG_OK;
}

static void finish(void *subject)
{
    struct ddpg_loop *l = subject;
    wg_rl_buffer_destroy(l->buffer), wg_rl_noise_destroy(l->noise);
    wg_rl_vector_destroy(l->envs), wg_rl_env_destroy(l->env);
    wg_rl_actor_destroy(l->policy), wg_rl_agent_destroy(l->agent);
    wg_optim_destroy(l->actor_opt), wg_optim_destroy(l->critic_opt);
    wg_nn_destroy(l->actor), wg_nn_destroy(l->critic);
    subject_finish(&l->base);
}

const struct workload w18 = {
    .name = "W18", .size = sizeof(struct ddpg_loop), .make = make, .step = step, .finish = finish, .captures = true};
