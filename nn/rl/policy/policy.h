/* What the files of policies share. */
#ifndef NN_RL_POLICY_H
#define NN_RL_POLICY_H

#include "wengert/rl/policy.h"

/* E_SHAPE unless an actor is made for so many numbers. */
wg_status actor_check_sizes(const wg_rl_actor *actor, int64_t observation, int64_t action, const char *op);

#endif
