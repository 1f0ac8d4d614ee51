/* Actor and critic: the deterministic policy gradient with networks, DDPG and TD3. An update is captured once and then runs as a replay,
   which records nothing and allocates nothing.

       wg_rl_agent *agent = wg_rl_ddpg(actor, critic, actor_optim, critic_optim, .tau = 0.005);
       …
       WG_TRY(wg_rl_agent_learn(agent, wg_rl_buffer_sample(buffer)));

   Actors map observations (n, o) to actions (n, a) in -1 … 1, as by tanh; critics map observations and actions to values (n, 1). Which units
   the environment has is known to wg_rl_vector_step alone. Networks and optimizers are the caller's, and live as long as the agent. */
#ifndef WENGERT_RL_AGENT_H
#define WENGERT_RL_AGENT_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "../nn.h"
#include "../optim.h"
#include "buffer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The stream of an agent's draws. */
#define WG_STREAM_RL_AGENT ((uint64_t)11 << 56)

/* ---- target networks ---- */

/* target ← (1 - τ) target + τ net, for parameters and for buffers, of which scalars and integers, counts, are copied: Polyak averaging. 0 leaves target as it
   is, 1 makes it net, bit by bit, and where both are equal and finite nothing changes. All tensors or, on failure, none: E_NULL; E_ARGUMENT (τ not in
   0 … 1, networks of other numbers of tensors), E_SHAPE, E_DTYPE. On an open tape an effect. Source: Lillicrap and others, 2016. */
WG_API WG_MUST_CHECK wg_status wg_rl_target_update(wg_nn_module *target, wg_nn_module *net, double tau);

/* ---- agents ---- */

typedef struct wg_rl_agent wg_rl_agent;

/* tau: τ of the targets after each update.
   joined: critics are given one input, (n, o + a), observation and action side by side; else two.
   average: a copy of the actor follows it by wg_rl_target_update with this rate, such as 0.001, for acting without the noise of the last updates
   (wg_rl_agent_average); 0: there is none.
   captured: false runs every update eagerly, with the same bits, as for a dump or a debugger. */
typedef struct WG_NAMED wg_rl_ddpg_options {
    double tau;
    bool joined;
    double average;
    bool captured;
} wg_rl_ddpg_options;

/* DDPG. One update: with y = R + discount · Q'(next, μ'(next)) the critic goes down the mean of w (Q(s, a) - y)², then the actor up the mean of
   Q(s, μ(s)), whose gradient reaches its own parameters alone, then both targets follow. y carries no gradient, and the targets Q' and μ'
   are applied in evaluation mode. The targets begin as copies of the networks.
   NULL and the error: E_NULL; E_ARGUMENT (an option out of its range; actor and critic share a parameter, or one that its optimizer does not have);
   E_MEMORY. Source: Silver and others, 2014; Lillicrap and others, 2016. */
#define wg_rl_ddpg(actor, critic, actor_optim, critic_optim, ...)     \
    wg_rl_ddpg_with((actor), (critic), (actor_optim), (critic_optim), \
                    WG_OPTIONS(wg_rl_ddpg_options, .tau = 0.005, .joined = true, .average = 0, .captured = true, __VA_ARGS__))
WG_API wg_rl_agent *wg_rl_ddpg_with(wg_nn_module *actor, wg_nn_module *critic, wg_optim *actor_optim, wg_optim *critic_optim,
                                    wg_rl_ddpg_options options);

/* tau, joined, average, captured: as for DDPG.
   delay: critics' updates for each one of the actor and of all targets.
   smoothing, clip: the target's action is clip(μ'(next) + clip(smoothing N(0, 1), ±clip), ±bound), one draw for each row and component.
   bound: infinite where the environment's actions have no bounds.
   seed: of these draws; WG_NO_SEED: drawn from this thread's generator. */
typedef struct WG_NAMED wg_rl_td3_options {
    double tau;
    int64_t delay;
    double smoothing, clip, bound;
    uint64_t seed;
    bool joined;
    double average;
    bool captured;
} wg_rl_td3_options;

/* TD3: DDPG with two critics, y being made of the lesser of their targets' values, and the loss the sum of both mean squares; with smoothed
   target actions; and with an actor and targets that are updated after every `delay` updates of the critics. The actor goes by the first critic.
   critic_optim has the parameters of both critics (wg_optim_add_group). Errors as for DDPG; E_ARGUMENT also if the critics begin equal, from which
   they would never part. Source: Fujimoto, van Hoof, Meger, 2018. */
#define wg_rl_td3(actor, critic, second_critic, actor_optim, critic_optim, ...)                                       \
    wg_rl_td3_with((actor), (critic), (second_critic), (actor_optim), (critic_optim),                                 \
                   WG_OPTIONS(wg_rl_td3_options, .tau = 0.005, .delay = 2, .smoothing = 0.2, .clip = 0.5, .bound = 1, \
                              .seed = WG_NO_SEED, .joined = true, .average = 0, .captured = true, __VA_ARGS__))
WG_API wg_rl_agent *wg_rl_td3_with(wg_nn_module *actor, wg_nn_module *critic, wg_nn_module *second_critic, wg_optim *actor_optim,
                                   wg_optim *critic_optim, wg_rl_td3_options options);

WG_API void wg_rl_agent_destroy(wg_rl_agent *agent); /* NULL is allowed */

/* An update by a sample. The first is captured, and captured again for a batch of other tensors. Options of the optimizers but the rate are as
   they were when it was captured. Errors, on which the count stays: E_NULL; E_SHAPE, which names the network whose result does not fit the batch;
   E_DTYPE; those of the networks and optimizers; E_STATE (a tape is open). Nothing has changed then, but for E_MEMORY in the middle, and, without .captured,
   for an error of the actor's half: the step of the critics is complete, or that of the actor, too, and what follows them is not done. What is frozen
   or unfrozen after the capture stays as it was captured. */
WG_API WG_MUST_CHECK wg_status wg_rl_agent_learn(wg_rl_agent *agent, const wg_rl_batch *batch);

/* Of the last update: Q(s, a) - y of the first critic, (n, 1), for wg_rl_buffer_prioritize, which is the agent's; the critics' loss; minus the
   mean of Q(s, μ(s)) of the last update of the actor. NULL and NaN with E_STATE before there was one, with E_NULL for NULL. */
WG_API const wg_tensor *wg_rl_agent_errors(const wg_rl_agent *agent);
WG_API double wg_rl_agent_critic_loss(const wg_rl_agent *agent);
WG_API double wg_rl_agent_actor_loss(const wg_rl_agent *agent);

/* The networks that the agent owns: the targets of actor and critics (critic 0 or 1), and the average of the actor. NULL and E_ARGUMENT where
   there is none. */
WG_API wg_nn_module *wg_rl_agent_target_actor(const wg_rl_agent *agent);
WG_API wg_nn_module *wg_rl_agent_target_critic(const wg_rl_agent *agent, int critic);
WG_API wg_nn_module *wg_rl_agent_average(const wg_rl_agent *agent);

WG_API int64_t wg_rl_agent_updates(const wg_rl_agent *agent); /* so far; 0 and E_NULL for NULL */

/* All that a later run must restore of the agent's own, by name (wg_run_add): targets, average, count, generator. Networks and optimizers are parts
   of their own. */
WG_API wg_tensor_list wg_rl_agent_state(const wg_rl_agent *agent);

#ifdef __cplusplus
}
#endif

#endif
