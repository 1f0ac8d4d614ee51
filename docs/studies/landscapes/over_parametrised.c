/* Gradient descent on an over-parametrised network converges linearly to loss 0. The network has m relu units and fixed signs aᵣ = ±1,

       f(x) = (κ/√m) Σᵣ aᵣ relu(wᵣᵀx),      R = Σᵢ (f(xᵢ) - yᵢ)²,

   n unit inputs and any labels. While the wᵣ hardly move, f - y shrinks by 1 - ηH a step with H near its limit for m → ∞,

       H∞ᵢⱼ = κ² xᵢᵀxⱼ (π - arccos xᵢᵀxⱼ)/2π.

   If its smallest eigenvalue is λ₀, then for large m and small η (theory: m = Ω(n⁶/(λ₀⁴δ³)) with probability 1 - δ, η = O(λ₀/n²))
   R_t ≤ (1 - ηλ₀/2)^t R₀. Here κ² is such that λ₀ = 2, so R_t ≤ (1 - η)^t R₀. The wᵣ move the less the more there are: by 1/√m.

   The theorem is in V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, after Du, Zhai, Poczos, Singh: Gradient descent provably
   optimizes over-parameterized neural networks, 2019. */
#include "../study.h"

#include <math.h>

enum { N = 10, D = 30, STEPS = 500, WIDTHS = 6 };
static const double RATE = 0.01;

struct problem {
    wg_tensor *x, *y;
    double kappa;
};

/* Random unit inputs and labels ±1, and κ from the smallest eigenvalue of H∞ with κ = 1. */
static bool make(struct problem *of, uint64_t seed)
{
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, 0), *z = wg_normal(generator, WG_F64, WG_SHAPE(N, D), 0, 1), *values, *vectors;
    wg_tensor *x = wg_div(z, wg_norm2(z, .axis = 1, .keepdims = true));
    wg_tensor *y = wg_sign(wg_normal(generator, WG_F64, WG_SHAPE(N), 0, 1));
    wg_tensor *cosine = wg_clamp(wg_matmul(x, wg_transpose(x, 0, 1)), -1, 1);
    wg_tensor *kernel = wg_mul(cosine, wg_add_scalar(wg_neg(wg_acos(cosine)), M_PI));
    if (wg_eigh(wg_mul_scalar(kernel, 1 / (2 * M_PI)), &values, &vectors) != WG_OK)
        return false;
    *of = (struct problem){.x = wg_keep(x), .y = wg_keep(y), .kappa = sqrt(2 / wg_data_as(values, double)[0])};
    return of->x && of->y;
}

/* f(x) - y, of the weights w (m, D) and the signs a (m). */
static wg_tensor *residual(const struct problem *of, wg_tensor *w, wg_tensor *a)
{
    wg_tensor *hidden = wg_relu(wg_matmul(of->x, wg_transpose(w, 0, 1)));
    return wg_sub(wg_mul_scalar(wg_matmul(hidden, a), of->kappa / sqrt((double)wg_numel(a))), of->y);
}

/* The largest R_t / ((1 - η)^t R₀) of a run, whose R_t are rows, and how far a unit moved, in the mean square. */
static bool descend(struct study_run *run, const struct problem *of, int64_t m, double *ratio, double *moved)
{
    wg_tensor *generator = wg_generator(run->seed, (uint64_t)m), *w = NULL, *start = NULL, *a = NULL;
    if (generator) {
        WG_TAPE(tape);
        w = wg_keep(wg_normal(generator, WG_F64, WG_SHAPE(m, D), 0, 1)), start = wg_keep(wg_copy(w));
        a = wg_keep(wg_sign(wg_normal(generator, WG_F64, WG_SHAPE(m), 0, 1)));
    }
    bool good = w && start && a && wg_set_requires_grad(w, true);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &w, NULL}), .lr = RATE) : NULL;
    double first = 0;
    *ratio = 0;
    good = sgd != NULL;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *loss = wg_mul_scalar(wg_sum(wg_square(residual(of, w, a))), 0.5);
        const double r = 2 * wg_item(loss);
        first = t == 0 ? r : first;
        *ratio = fmax(*ratio, r / (pow(1 - RATE, t) * first));
        good = (t % 10 || study_row(run, "%d,%d,%.5g", (int)m, t, r / first)) && wg_backward(loss) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
    }
    if (good) {
        WG_TAPE(tape);
        *moved = wg_item(wg_norm2(wg_sub(w, start))) / sqrt((double)m);
    }
    wg_optim_destroy(sgd);
    wg_free(generator), wg_free(w), wg_free(start), wg_free(a);
    return good;
}

/* Control: 4 units in the place of 4096. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct problem of = {0};
    double width[WIDTHS], ratio[WIDTHS], moved[WIDTHS];
    bool good = make(&of, run->seed) && study_row(run, "width,step,loss");
    for (int i = 0; i < WIDTHS && good; i++) {
        const int64_t m = run->control && i == WIDTHS - 1 ? 4 : 4 << 2 * i;
        width[i] = (double)m;
        good = descend(run, &of, m, &ratio[i], &moved[i]);
    }
    wg_free(of.x), wg_free(of.y);
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
