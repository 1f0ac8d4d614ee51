/* Random numbers in plain memory, for threads without a tape. */
#include <math.h>

#include "wengert/data/dataset.h"
#include "wengert/error.h"
#include "wengert/philox.h"

/* 64 bits, two from each block: as wg_permutation and wg_uniform in f64 take them. */
static uint64_t next(wg_dataset_random *random)
{
    if (random->left < 2) {
        wg_philox(random->seed, random->stream, random->block++, random->word);
        random->left = 4;
    }
    const int at = 4 - random->left;
    random->left -= 2;
    return (uint64_t)random->word[at] << 32 | random->word[at + 1];
}

static bool given(const wg_dataset_random *random, const char *op)
{
    if (!random)
        (void)wg_error_set(WG_E_NULL, op, "%s: the random numbers are NULL", op);
    return random != NULL;
}

double wg_dataset_uniform(wg_dataset_random *random)
{
    return given(random, "dataset_uniform") ? (double)(next(random) >> 11) * 0x1p-53 : NAN;
}

double wg_dataset_normal(wg_dataset_random *random)
{
    if (!given(random, "dataset_normal"))
        return NAN;
    if (random->has_spare) {
        random->has_spare = false;
        return random->spare;
    }
    const double u = (double)((next(random) >> 11) + 1) * 0x1p-53; /* in (0, 1], so its logarithm is finite */
    const double angle = 6.283185307179586477 * ((double)(next(random) >> 11) * 0x1p-53), r = sqrt(-2 * log(u));
    random->spare = r * sin(angle);
    random->has_spare = true;
    return r * cos(angle);
}

int64_t wg_dataset_below(wg_dataset_random *random, int64_t n)
{
    if (!given(random, "dataset_below"))
        return -1;
    if (n < 1) {
        (void)wg_error_set(WG_E_ARGUMENT, "dataset_below", "dataset_below: expected n of at least 1, got %lld", (long long)n);
        return -1;
    }
    __extension__ typedef unsigned __int128 product;
    const uint64_t bound = (uint64_t)n;
    product scaled = (product)next(random) * bound;
    if ((uint64_t)scaled < bound) {
        const uint64_t biased = -bound % bound;
        while ((uint64_t)scaled < biased)
            scaled = (product)next(random) * bound;
    }
    return (int64_t)(scaled >> 64);
}
