/* How long a step of every environment of environments.def takes, by the number of copies and of threads: nanoseconds for one copy, checks of its
   action and new episodes included, in the quietest of ROUNDS rounds; and steps a second of one thread.
   usage: bench-environments */
#include <stdio.h>

#include <wengert.h>

#include "timing.h"

enum { ROUNDS = 30, MAX_COPIES = 4096 };

#define WG_ENVIRONMENT(name, made, limit) \
    static wg_rl_env *make_##name(void)   \
    {                                     \
        return made;                      \
    }
#include <wengert/rl/environments.def>
#undef WG_ENVIRONMENT

static const struct entry {
    const char *name;
    wg_rl_env *(*make)(void);
} entries[] = {
#define WG_ENVIRONMENT(name, made, limit) {#name, make_##name},
#include <wengert/rl/environments.def>
#undef WG_ENVIRONMENT
};

/* Seconds for a step of a copy; below 0 on failure. */
static double measure(const wg_rl_env *env, int64_t copies, int threads)
{
    wg_rl_vector *v = wg_rl_vector_create(env, copies, .seed = 1, .threads = threads);
    const size_t n = (size_t)(copies * wg_rl_env_dynamics(env)->action.size);
    const int steps = (int)(20000 / copies) + 4;
    double *actions = malloc(2 * n * sizeof *actions), best = v && actions ? 1 : -1;
    wg_rl_random random = {.seed = 2};
    for (size_t i = 0; actions && i < 2 * n; i++)
        actions[i] = wg_rl_uniform(&random, -1, 1);
    for (int round = 0; round < ROUNDS && best > 0; round++) {
        const double start = now();
        for (int step = 0; step < steps && best > 0; step++)
            if (wg_rl_vector_step(v, actions + (size_t)(step / 8 % 2) * n) != WG_OK)
                best = -1;
        const double time = (now() - start) / steps / (double)copies;
        best = time < best ? time : best;
    }
    free(actions);
    wg_rl_vector_destroy(v);
    return best;
}

int main(void)
{
    static const int64_t copies[] = {1, 16, 256, MAX_COPIES, 256, MAX_COPIES};
    static const int threads[] = {1, 1, 1, 1, 2, 2};
    printf("%-26s %10s %8s %8s %8s %8s %8s %8s\n", "ns for a step", "1 copy", "16", "256", "4096", "256, 2t", "4096, 2t",
           "steps/s");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        wg_rl_env *env = entries[i].make();
        double best = 1;
        printf("%-26s  ", entries[i].name);
        for (int k = 0; k < 6 && env && best > 0; k++) {
            const double time = measure(env, copies[k], threads[k]);
            best = time < 0 || (k < 4 && time < best) ? time : best;
            printf(" %8.1f", 1e9 * time);
            fflush(stdout);
        }
        printf(" %8.2fM\n", 1e-6 / best);
        wg_rl_env_destroy(env);
        if (!env || best < 0)
            return wg_error_report(stderr);
    }
    return 0;
}
