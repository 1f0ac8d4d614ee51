/* How a step of the loop of DDPG (W18) is divided: CPU time of each part in microseconds, the median over the steps, and its share.
   usage: bench-loop [STEPS] */
#include <stdio.h>
#include <stdlib.h>

#include "ddpg_loop.h"
#include "timing.h"

enum { MAX_STEPS = 100000, WARM = 20 };
static const char *const names[DDPG_PARTS] = {"act", "noise", "environment", "add", "sample", "update"};

/* CPU time, so that what else runs matters less. */
static double microseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

/* What a reading of the clock adds to each part. */
static double clock_cost(void)
{
    double cost[1001];
    for (int i = 0; i < 1001; i++) {
        const double before = microseconds();
        cost[i] = microseconds() - before;
    }
    return median(cost, 1001);
}

static wg_status run(struct ddpg_loop *loop, double *time, long steps)
{
    loop->base.captured = true;
    WG_TRY(wg_set_threads(1));
    WG_TRY(w18.make(loop, NULL));
    for (int i = 0; i < WARM; i++)
        WG_TRY(w18.step(loop));
    for (long i = 0; i < steps; i++)
        for (int part = 0; part < DDPG_PARTS; part++) {
            const double before = microseconds();
            WG_TRY(ddpg_loop_part(loop, (enum ddpg_part)part));
            time[part * steps + i] = microseconds() - before;
        }
    return WG_OK;
}

static void print(double *time, long steps)
{
    double part[DDPG_PARTS], sum = 0;
    const double cost = clock_cost();
    for (int i = 0; i < DDPG_PARTS; i++) {
        part[i] = median(time + i * steps, (size_t)steps) - cost;
        sum += part[i];
    }
    for (int i = 0; i < DDPG_PARTS; i++)
        printf("%-12s %9.2f us  %6.2f %%\n", names[i], part[i], 100 * part[i] / sum);
}

int main(int argc, char **argv)
{
    const long steps = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    if (argc > 2 || steps < 1 || steps > MAX_STEPS) {
        fprintf(stderr, "usage: bench-loop [STEPS]\n");
        return 2;
    }
    struct ddpg_loop loop = {.batch = NULL};
    double *time = malloc((size_t)(DDPG_PARTS * steps) * sizeof *time);
    const wg_status status = time ? run(&loop, time, steps) : WG_E_MEMORY;
    if (status == WG_OK)
        print(time, steps);
    w18.finish(&loop);
    free(time);
    return status == WG_OK ? 0 : wg_error_report(stderr);
}
