/* The loop of DDPG of workload W18, for programs that take its step apart. */
#ifndef DDPG_LOOP_H
#define DDPG_LOOP_H

#include "bench.h"

struct ddpg_loop {
    struct subject base;
    wg_nn_module *actor, *critic;
    wg_optim *actor_opt, *critic_opt;
    wg_rl_agent *agent;
    wg_rl_env *env;
    wg_rl_vector *envs;
    wg_rl_actor *policy;
    wg_rl_noise *noise;
    wg_rl_buffer *buffer;
    double action[1];
    const wg_rl_batch *batch; /* the last sample */
};

/* The parts of a step, in their order. */
enum ddpg_part { DDPG_ACT, DDPG_NOISE, DDPG_ENVIRONMENT, DDPG_ADD, DDPG_SAMPLE, DDPG_UPDATE, DDPG_PARTS };

wg_status ddpg_loop_part(struct ddpg_loop *loop, enum ddpg_part part);

#endif
