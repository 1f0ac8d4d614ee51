/* The rate of SGD on a function whose gradient is L-Lipschitz, with gradients ĝ = ∇f + ξ, E‖ξ‖² = σ² (V. Cevher, Mathematics of Data,
   EPFL, 2019, lecture 7). With the rate γ = 1/(L√N) and Δ = f(x₁) - min f, the mean over N steps is

       (1/N) Σ E‖∇f(xₜ)‖² ≤ (1/√N)(2LΔ + σ²).

   Two misprints: equation 8 has ĝ in the place of the gradient, though the proof bounds ‖∇f‖²; and the bracket of equation 13 is
   misprinted: 1/√N stands before both terms. E‖ĝ‖² = E‖∇f‖² + σ² is at least σ² for any N.

   On f(x) = (L/2)‖x‖² all is known: E xₜ² ← (1-γL)² E xₜ² + γ²σ² for each element, so the mean can be computed, and it is attained by
   SGD. */
#include "../study.h"

#include <math.h>

enum { D = 4, RUNS = 250, LENGTHS = 6 }; /* a row of the parameter is a run of its own */
static const int lengths[LENGTHS] = {4, 16, 64, 256, 1024, 4096};
static const double L = 2, start = 1, noise = 1; /* x₁ = start in each element; σ² = D noise² */

/* Mean over t ≤ N of E‖∇f(xₜ)‖², by the recursion of second moments. */
static double exact_mean(int N, double sigma2, double delta)
{
    const double gamma = 1 / (L * sqrt(N));
    double second = 2 * delta / L, sum = 0; /* E‖xₜ‖² */
    for (int t = 0; t < N; t++) {
        sum += L * L * second;
        second = (1 - gamma * L) * (1 - gamma * L) * second + gamma * gamma * sigma2;
    }
    return sum / N;
}

/* The same by SGD, averaged over the runs: of the gradient, and of what SGD is given. */
static bool descend(int N, uint64_t seed, double *gradient, double *given)
{
    wg_tensor *x = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(RUNS, D), start), true), *generator = wg_generator(seed, 0);
    wg_optim *sgd = x ? wg_optim_sgd(((wg_tensor_list){1, &x, NULL}), .lr = 1 / (L * sqrt(N))) : NULL;
    bool good = sgd && generator;
    *gradient = *given = 0;
    for (int t = 0; t < N && good; t++) {
        WG_TAPE(tape);
        wg_tensor *xi = wg_normal(generator, WG_F64, WG_SHAPE(RUNS, D), 0, noise);
        wg_tensor *loss = wg_sum(wg_add(wg_mul_scalar(wg_square(x), L / 2), wg_mul(xi, x)));
        *gradient += wg_item(wg_sum_squares(wg_mul_scalar(x, L))) / RUNS / N;
        good = wg_backward(loss) == WG_OK;
        *given += wg_item(wg_sum_squares(wg_gradient(x))) / RUNS / N;
        good = good && wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    wg_free(x), wg_free(generator);
    return good;
}

/* Control: ĝ on the left-hand side, as printed. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const double sigma2 = D * noise * noise, delta = L / 2 * D * start * start, bracket = 2 * L * delta + sigma2;
    double N[LENGTHS], left[LENGTHS], off = 0, slack = INFINITY, given = 0;
    bool good = study_row(run, "N,gradient,given,exact,bound,first_term_alone");
    for (int i = 0; i < LENGTHS && good; i++) {
        double gradient;
        N[i] = lengths[i];
        const double exact = exact_mean(lengths[i], sigma2, delta), bound = bracket / sqrt(N[i]);
        good = descend(lengths[i], run->seed, &gradient, &given) &&
               study_row(run, "%g,%.9g,%.9g,%.9g,%.9g,%.9g", N[i], gradient, given, exact, bound,
                         2 * L * delta / sqrt(N[i]) + sigma2);
        left[i] = run->control ? given : gradient;
        off = fmax(off, fabs(gradient / exact - 1));
        slack = fmin(slack, bound - left[i]);
    }
    if (!good)
        return false;
    const double last = sqrt(N[LENGTHS - 1]);
    study_claim(run, off < 0.05, "SGD's mean of ‖∇f‖² over %d runs is the computed one within %.2g %% of 5 %%", RUNS, 100 * off);
    study_near(run, "√N times the mean of ‖∇f‖² at N = 4096, over the bracket 2LΔ + σ²: both its terms carry 1/√N",
               last * exact_mean(4096, sigma2, delta) / bracket, 0.5, 0.01);
    study_near(run, "at N = 1, σ = 0 the bound is attained, so its 2LΔ can't be less", exact_mean(1, 0, delta) / (2 * L * delta), 1,
               1e-12);
    study_claim(run, given > bracket / last, "E8, printed: at N = 4096 the mean of ‖ĝ‖² is %.3g, above the bound %.3g", given,
                bracket / last);
    const double exponent = study_exponent(N + 2, left + 2, LENGTHS - 2);
    study_decide(
        run, slack >= 0 && fabs(exponent + 0.5) < 0.05,
        "N = 4 … 4096, γ = 1/(L√N): the mean of the stated squared norm falls as N^%.3f (-0.5 ± 0.05) and stays below (2LΔ + "
        "σ²)/√N; least distance %.3g",
        exponent, slack);
    return true;
}

const struct study study_errata_rate = {.name = "errata_rate", .control = "‖ĝ‖², as printed, for ‖∇f‖²", .run = run};
