/* The deterministic gradient against the stochastic one, on a bandit of 10, 25 and 50 actions (bandit.h). Rates and first deviations are swept for each method, and the
   setting with the least cost over the last tenth of the runs is shown, as the protocol has it. The stochastic gradient is the mean of
   ∇ ln π(a) Q_w(a). With the critic's constant in Q_w, as the gradient is written, the constant times the mean of ∇ ln π is noise, and it grows
   with the number of actions. Without it, that is with a baseline, the stochastic gradient uses a batch as well as the other.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019); Silver and others: Deterministic policy gradient algorithms, 2014. */
#include "../study.h"

#include <math.h>
#include <string.h>

#include "bandit.h"

enum { STEPS = 10000, MAX_BATCHES = 500, RUNS = 5, DIMENSIONS = 3 };

/* The mean cost over the last tenth of the runs of a setting, whose mean curve it gives; INFINITY if one diverges. */
static double cost_at_end(const struct study_run *run, const wg_rl_env *env, int m, int batches, enum method method,
                          const struct setting *setting, double *curve)
{
    double last = 0;
    memset(curve, 0, MAX_BATCHES * sizeof *curve);
    for (int r = 1; r <= RUNS; r++)
        if (!bandit_learn(env, m, batches, method, setting, run->seed * 1000 + (uint64_t)r, curve))
            return INFINITY;
    for (int i = 0; i < batches; i++)
        curve[i] /= RUNS;
    for (int i = batches - batches / 10; i < batches; i++)
        last += curve[i] / (batches / 10);
    return last;
}

/* The curve of the best setting, and its cost at the end. A quick run tries a few settings about the best ones. */
static double sweep(const struct study_run *run, const wg_rl_env *env, int m, int batches, enum method method, double *best)
{
    static const double rates[] = {0.01, 0.1, 0.3, 0.7, 1e-4, 3e-4, 1e-3, 3e-3, 0.03}, shares[] = {0.1, 0.01, 1},
                        sigmas[] = {0.003, 3, 10, 1, 0.3};
    double least = INFINITY, curve[MAX_BATCHES];
    for (int i = 0; i < (run->quick ? 4 : 9); i++)
        for (int k = 0; k < (run->quick ? 2 : 5); k++)
            for (int l = 0; l < (run->quick || method == DETERMINISTIC ? 1 : 3); l++) {
                const struct setting setting = {rates[i], shares[l], sigmas[k]};
                const double last = cost_at_end(run, env, m, batches, method, &setting, curve);
                if (last < least) {
                    least = last;
                    memcpy(best, curve, sizeof curve);
                }
            }
    wg_error_take(NULL); /* of batches that could not be fitted */
    return least;
}

/* The costs at the end. Control: the stochastic gradient has a baseline. */
static bool compare(struct study_run *run, int m, double end[METHODS])
{
    const int batches = STEPS / (2 * m);
    double curve[MAX_BATCHES] = {0};
    wg_rl_env *env = wg_rl_quadratic_bandit(.actions = m);
    bool good = env != NULL;
    for (int method = 0; method < METHODS && good; method++) {
        end[method] = sweep(run, env, m, batches, method == STOCHASTIC && run->control ? BASELINE : (enum method)method, curve);
        for (int i = 0, next = 1; i < batches && good; i++)
            if (i + 1 >= next || i + 1 == batches) { /* about 25 points for a factor of ten */
                good = study_row(run, "%d,%d,%d,%.6g", method, m, 2 * m * (i + 1), curve[i]);
                next = (int)fmax(next + 1, next * 1.1);
            }
    }
    wg_rl_env_destroy(env);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static const int actions[DIMENSIONS] = {10, 25, 50};
    double end[DIMENSIONS][METHODS], ratio[DIMENSIONS] = {0};
    bool good = study_row(run, "method,actions,step,cost");
    for (int i = 0; i < (run->quick ? 1 : DIMENSIONS) && good; i++) {
        good = compare(run, actions[i], end[i]);
        ratio[i] = end[i][STOCHASTIC] / end[i][DETERMINISTIC];
        study_claim(run, good && end[i][BASELINE] < 0.01 * end[i][STOCHASTIC],
                    "%d actions: with a baseline the stochastic gradient ends at the cost %.2g, below 1 %% of %.3g without",
                    actions[i], end[i][BASELINE], end[i][STOCHASTIC]);
    }
    if (run->quick)
        study_reduced(
            run, good && ratio[0] > 100,
            "bandit of 10 actions, few settings: after %d steps the stochastic gradient's cost is %.2g times the deterministic one's, above 100",
            STEPS, ratio[0]);
    else
        study_decide(
            run, good && ratio[0] > 100 && ratio[0] < ratio[1] && ratio[1] < ratio[2],
            "bandits of 10, 25 and 50 actions, best settings: after %d steps the stochastic gradient's cost is %.2g, %.2g and %.2g times the deterministic one's; above 100 and "
            "growing expected",
            STEPS, ratio[0], ratio[1], ratio[2]);
    return good;
}

const struct study study_action_bandit = {.name = "action_bandit", .control = "a baseline in the stochastic gradient", .run = run};
