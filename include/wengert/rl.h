/* Reinforcement learning: environments and what is learned in them. This header includes the chapters. */
#ifndef WENGERT_RL_H
#define WENGERT_RL_H

#include "rl/agent.h"
#include "rl/buffer.h"
#include "rl/env.h"
#include "rl/environments.h"
#include "rl/exact.h"
#include "rl/linear.h"
#include "rl/noise.h"
#include "rl/normalizer.h"
#include "rl/policy.h"
#include "rl/render.h"
#include "rl/vector.h"

#endif
