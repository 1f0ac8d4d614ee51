/* What an agent is inside. */
#ifndef NN_RL_AGENT_H
#define NN_RL_AGENT_H

#include "wengert/replay.h"
#include "wengert/rl/agent.h"

enum { MAX_CRITICS = 2 };

/* The tensors of a batch, borrowed: what the replays were captured with. */
enum { BATCH_TENSORS = 6 };

/* Of both kinds of agents; those of DDPG are a delay of 1 and no smoothing. */
struct agent_options {
    double tau, smoothing, clip, bound, average;
    int64_t delay;
    bool joined, captured;
};

struct wg_rl_agent {
    struct agent_options options;
    int n_critics;
    wg_nn_module *actor, *critic[MAX_CRITICS]; /* the caller's */
    wg_optim *actor_optim, *critic_optim;
    wg_nn_module *target_actor, *target_critic[MAX_CRITICS], *average;
    wg_tensor *generator, *count; /* of smoothing; updates so far, i64 (1) */
    wg_tensor *critic_loss, *actor_loss, *errors;
    size_t n_required; /* parameters of the first critic when the agent was made */
    bool learned;      /* there was an update */
    bool *required;    /* workspace: which of the first critic's parameters require a gradient */
    wg_tensor **state; /* wg_rl_agent_state */
    char **state_name;
    size_t n_state;
    wg_replay *replay[2];           /* an update of the critics alone, and one of all */
    wg_tensor *seen[BATCH_TENSORS]; /* borrowed */
    const wg_rl_batch *batch;       /* of the update that runs */
    bool whole;                     /* the update that runs moves the actor and the targets */
};

/* ---- learn.c ---- */

void agent_forget_replays(wg_rl_agent *agent);

/* ---- update.c ---- */

/* One update of the agent's batch, eagerly, or captured as a step. */
wg_status agent_update(void *agent);
/* That the networks fit a batch. */
wg_status agent_check_batch(const wg_rl_agent *agent, const wg_rl_batch *batch, const char *op);

#endif
