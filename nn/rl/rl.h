/* What the parts of reinforcement learning share. */
#ifndef NN_RL_H
#define NN_RL_H

#include "wengert/tensor.h"

/* Names a tensor that was made and takes it over, to be ended by wg_disown. NULL and the error for NULL, or if there is no memory. */
wg_tensor *rl_own(wg_tensor *made, const char *name);

/* *seed, or, for WG_NO_SEED, one that is drawn from this thread's generator. */
wg_status rl_seed(uint64_t *seed);

#endif
