/* Random numbers of episodes: one block of Philox for each. */
#include <math.h>

#include "wengert/error.h"
#include "wengert/philox.h"
#include "wengert/rl/env.h"

static bool given(const wg_rl_random *random, const char *op)
{
    if (!random)
        (void)wg_error_set(WG_E_NULL, op, "%s: the random numbers are NULL", op);
    return random != NULL;
}

/* Two numbers of 53 bits. */
static void draw(wg_rl_random *random, uint64_t k[2])
{
    uint32_t word[4];
    wg_philox(random->seed, random->stream, random->block++, word);
    for (int i = 0; i < 2; i++)
        k[i] = ((uint64_t)word[2 * i] << 32 | word[2 * i + 1]) >> 11;
}

double wg_rl_uniform(wg_rl_random *random, double low, double high)
{
    uint64_t k[2];
    if (!given(random, "rl_uniform"))
        return (double)NAN;
    draw(random, k);
    const double x = low + (high - low) * ((double)k[0] * 0x1p-53);
    return x < high ? x : nextafter(high, low); /* the sum may round up to high; NaN stays NaN */
}

double wg_rl_normal(wg_rl_random *random)
{
    uint64_t k[2];
    if (!given(random, "rl_normal"))
        return (double)NAN;
    draw(random, k);
    const double u = (double)(k[0] + 1) * 0x1p-53; /* in (0, 1], so its logarithm is finite */
    return sqrt(-2 * log(u)) * cos(6.283185307179586477 * ((double)k[1] * 0x1p-53));
}
