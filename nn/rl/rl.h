/* What the parts of reinforcement learning share. */
#ifndef NN_RL_H
#define NN_RL_H

#include "wengert/tensor.h"

/* Names a tensor that was made and takes it over, to be ended by wg_disown. *to is NULL on failure, and where made is NULL, whose error stands. */
wg_status rl_own(wg_tensor **to, const char *name, wg_tensor *made);

/* Element i of an array of f32 or f64. */
static inline double rl_number_at(const void *data, wg_dtype dtype, int64_t i)
{
    return dtype == WG_F32 ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

static inline void rl_put(void *data, wg_dtype dtype, int64_t i, double value)
{
    if (dtype == WG_F32)
        ((float *)data)[i] = (float)value;
    else
        ((double *)data)[i] = value;
}

#endif
