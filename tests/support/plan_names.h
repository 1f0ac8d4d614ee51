/* How the checks of plans name values: by hashes. */
#ifndef PLAN_NAMES_H
#define PLAN_NAMES_H

#include <stdint.h>

static inline uint64_t mix(uint64_t h, uint64_t value)
{
    h = (h ^ value) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 31;
}

#endif
