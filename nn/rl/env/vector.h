/* What a vector of copies is inside. A step computes into memory of its own, which becomes the present state when all copies are done. */
#ifndef NN_RL_VECTOR_H
#define NN_RL_VECTOR_H

#include "env.h"
#include "pool.h"
#include "wengert/rl/vector.h"

/* What a later run restores: each copy's state, its position in the random numbers, its observation, its episode's reward and steps. */
enum vector_part { STATES, RANDOM, OBSERVATIONS, TOTALS, LENGTHS, PARTS };

/* The arrays of transitions. */
struct rows {
    double *observation, *action, *reward, *next, *total;
    int64_t *length;
    bool *terminated, *truncated;
};

/* What is not finite of a copy's step. */
enum fault { NO_FAULT, BAD_REWARD, BAD_NEXT, BAD_FIRST };

struct wg_rl_vector {
    const wg_rl_env *env;
    const wg_rl_dynamics *dynamics;
    int64_t n;
    size_t stride; /* bytes from a state to the next */
    wg_tensor *part[PARTS];
    struct rows last, coming; /* of the last step, and of that which is computed */
    wg_rl_transitions lent;   /* last */
    char *state; /* computed: states, positions, observations that the next step starts from, actions in the environment's units */
    wg_rl_random *random;
    double *first, *scaled;
    unsigned char *fault;
    double *middle, *half; /* of the action's bounds, for each component; NaN where it is not scaled */
    char *memory;          /* of all these arrays */
    struct pool *pool;
};

/* Where the parts are, to be written. E_STATE and others of wg_data_mut. */
wg_status vector_parts(const wg_rl_vector *vector, void *at[PARTS]);
/* Begins a new episode in every copy. op: what the program called. */
wg_status vector_reset(wg_rl_vector *vector, const char *op);
/* Whether the observation of a copy has a component that is not finite: its index, or -1. */
int64_t vector_not_finite(const wg_rl_vector *vector, const double *observation);

#endif
