/* The source of random choices for random programs; they depend on the seed alone. */
#ifndef RANDOM_GRAPHS_RANDOM_H
#define RANDOM_GRAPHS_RANDOM_H

#include "common.h"

static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 20;
}

#endif
