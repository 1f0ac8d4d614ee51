/* Gradient descent on an over-parametrised network converges linearly to loss 0. The network has m relu units and fixed signs aᵣ = ±1,

       f(x) = (κ/√m) Σᵣ aᵣ relu(wᵣᵀx),      R = Σᵢ (f(xᵢ) - yᵢ)²,

   n unit inputs and any labels. While the wᵣ hardly move, f - y shrinks by 1 - ηH a step with H near its limit for m → ∞,

       H∞ᵢⱼ = κ² xᵢᵀxⱼ (π - arccos xᵢᵀxⱼ)/(2π).

   If its smallest eigenvalue is λ₀, then for large m and small η (theory: m = Ω(n⁶/(λ₀⁴δ³)) with probability 1 - δ, η = O(λ₀/n²))
   R_t ≤ (1 - ηλ₀/2)^t R₀. Here κ² is such that λ₀ = 2, so R_t ≤ (1 - η)^t R₀. The wᵣ move the less the more there are: by 1/√m.

   The theorem is in V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, after Du, Zhai, Poczos, Singh: Gradient descent provably
   optimizes over-parameterized neural networks, 2019. */
#include "relu_net.h"

#include <math.h>

enum { POINTS = 10, INPUTS = 30, STEPS = 500, WIDTHS = 6 };

/* Control: 4 units in the place of 4096. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct relu_net of;
    double width[WIDTHS], ratio[WIDTHS], moved[WIDTHS];
    bool good = relu_net_make(&of, POINTS, INPUTS, run->seed) && study_row(run, "width,step,loss");
    for (int i = 0; i < WIDTHS && good; i++) {
        const int64_t m = run->control && i == WIDTHS - 1 ? 4 : 4 << 2 * i;
        width[i] = (double)m;
        const struct relu_net_descent by = {.m = m, .rate = 0.01, .steps = STEPS, .seed = run->seed, .stream = (uint64_t)m};
        good = relu_net_descend(&of, by, run, &ratio[i], &moved[i]);
    }
    relu_net_free(&of);
    if (!good)
        return false;
    study_near(run, "a unit moves in 500 steps, in the mean square, by this power of the width 256 … 4096",
               study_exponent(width + 3, moved + 3, WIDTHS - 3), -0.5, .15);
    study_decide(
        run, ratio[WIDTHS - 1] <= 1 + 1e-9,
        "relu network of width %g on 10 points with random labels: R_t ≤ (1 - η)^t R₀ at each of 500 steps at the rate 0.01 (largest ratio %.4g; width 4: %.3g)",
        width[WIDTHS - 1], ratio[WIDTHS - 1], ratio[0]);
    return true;
}

const struct study study_over_parametrised = {.name = "over_parametrised", .control = "4 units in the place of 4096", .run = run};
