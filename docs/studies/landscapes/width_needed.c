/* How wide must a network be for gradient descent to converge linearly? The theorem on m relu units (over_parametrised) says that m = Ω(n⁶/δ³)
   is enough for n points at the rate η = O(1/n²): then R_t ≤ (1 - η)^t R₀ with probability 1 - δ. Enough is not needed. The least
   width, among powers of 2, for which the bound holds from each of several random starts is some tens of units, for 4 points as for 64.

   The theorem is in V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, after Du, Zhai, Poczos, Singh: Gradient descent provably
   optimizes over-parameterized neural networks, 2019. */
#include "relu_net.h"

#include <math.h>

enum { SIZES = 5, INPUTS = 10, MAX_WIDTH = 512 };

/* The least width from which on the bound holds for all starts; 2 MAX_WIDTH if there is none, 0 on failure. Control: the rate 1/2. */
static int64_t least_width(struct study_run *run, int64_t n, int starts)
{
    struct relu_net of;
    const double rate = run->control ? 0.5 : 1.0 / (double)(n * n);
    bool good = relu_net_make(&of, n, INPUTS, run->seed), holds = true;
    int64_t least = 2 * MAX_WIDTH;
    for (int64_t m = MAX_WIDTH; m >= 2 && holds && good; m /= 2) {
        int within = 0;
        for (int start = 0; start < starts && good; start++) {
            const struct relu_net_descent by = {.m = m,
                                                .rate = rate,
                                                .steps = (int)(4 * n * n),
                                                .seed = run->seed,
                                                .stream = (uint64_t)(10000 * n + 10 * m + start)};
            double ratio;
            good = relu_net_descend(&of, by, NULL, &ratio, NULL);
            within += good && ratio <= 1 + 1e-9;
        }
        good = good && study_row(run, "%d,%d,%.4g", (int)n, (int)m, (double)within / starts);
        holds = within == starts;
        least = holds ? m : least;
    }
    relu_net_free(&of);
    return good ? least : 0;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const int starts = run->quick ? 2 : 10, sizes = run->quick ? 3 : SIZES;
    double n[SIZES], m[SIZES];
    bool good = study_row(run, "n,m,share");
    for (int i = 0; i < sizes && good; i++) {
        n[i] = 4 << i, m[i] = (double)least_width(run, (int64_t)n[i], starts);
        good = m[i] > 0;
    }
    good = good && study_table(run, "least", "n,m");
    for (int i = 0; i < sizes && good; i++)
        good = study_row(run, "%g,%g", n[i], m[i]);
    if (!good)
        return false;
    double widest = 0;
    for (int i = 0; i < sizes; i++)
        widest = fmax(widest, m[i]);
    (run->quick ? study_reduced : study_decide)(
        run, widest <= 64,
        "R_t ≤ (1 - η)^t R₀ at η = 1/n² holds from all of %d starts on 4 to %g points with random labels for networks of %g units and more, whatever n: expected at most 64, where n⁶ grows by %.0e",
        starts, n[sizes - 1], widest, pow(n[sizes - 1] / n[0], 6));
    return true;
}

const struct study study_width_needed = {.name = "width_needed", .control = "the rate 1/2 in the place of 1/n²", .run = run};
