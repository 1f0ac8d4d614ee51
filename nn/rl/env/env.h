/* What an environment is inside, for the files of nn/rl/env. */
#ifndef NN_RL_ENV_H
#define NN_RL_ENV_H

#include "wengert/rl/env.h"

struct wg_rl_env {
    wg_rl_dynamics dynamics;
    char *name;
    double *bounds; /* all of them, one allocation */
};

#endif
