/* The return of an episode begins one reward late. Rewards are indexed by R_{t+1} = R(S_t, A_t): the first that an episode from S₁ is
   paid is R₂. Printed beside it is Z = Σ_{t≥1} γ^{t-1} R_t (V. Cevher, Mathematics of Data, EPFL, 2019, lecture 7), which begins at R₁,
   a reward that no step from S₁ has paid. With R₁ = 0 it is γ times the return. Right is Z = Σ_{t≥1} γ^{t-1} R_{t+1}, whose mean is
   V(S₁) = R(S₁, A₁) + γ V(S₂). */
#include "../study.h"

#include <math.h>

enum { LENGTH = 6, STATES = LENGTH + 1, GAMMAS = 20 };

/* V(S₁) of a path of LENGTH steps with these rewards, which ends in a state that pays nothing more: by solving Bellman's equation. */
static double value(const double *paid, double gamma)
{
    WG_TAPE(tape);
    double p[STATES * STATES] = {0}, r[STATES] = {0};
    for (int s = 0; s < STATES; s++) {
        p[s * STATES + (s < LENGTH ? s + 1 : s)] = 1;
        r[s] = s < LENGTH ? paid[s] : 0;
    }
    const wg_rl_mdp path = {wg_from(p, WG_SHAPE(STATES, 1, STATES)), wg_from(r, WG_SHAPE(STATES, 1)), gamma};
    const double *v = wg_data(wg_rl_mdp_values(path, wg_zeros(WG_I64, WG_SHAPE(STATES))));
    return v ? v[0] : (double)NAN;
}

/* Σ γ^{t-1} R_{t+shift}; R[t] is R_t. */
static double sum(const double *R, double gamma, int shift)
{
    double z = 0;
    for (int t = 1; t + shift < LENGTH + 2; t++)
        z += pow(gamma, t - 1) * R[t + shift];
    return z;
}

/* Control: the printed sum. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double R[LENGTH + 2] = {0}, worst = 0, worst_library = 0, ratio = 0; /* R₁ = 0: nothing was paid before */
    wg_tensor *generator = wg_generator(run->seed, 0),
              *drawn = generator ? wg_uniform(generator, WG_F64, WG_SHAPE(LENGTH), 0.5, 2) : NULL;
    bool good = drawn && wg_read(drawn, R + 2) == WG_OK && study_row(run, "gamma,value,right,printed");
    for (int i = 1; i <= GAMMAS && good; i++) {
        const double gamma = i / (GAMMAS + 1.0), v = value(R + 2, gamma), right = sum(R, gamma, 1), printed = sum(R, gamma, 0);
        double z[LENGTH];
        good = wg_rl_returns(R + 2, LENGTH, gamma, 0, z) == WG_OK &&
               study_row(run, "%.6g,%.9g,%.9g,%.9g", gamma, v, right, printed);
        worst = fmax(worst, fabs((run->control ? printed : right) - v));
        worst_library = fmax(worst_library, fabs(z[0] - right));
        ratio = fmax(ratio, fabs(printed / v - gamma));
    }
    wg_free(generator), wg_free(drawn);
    if (!good)
        return false;
    study_claim(run, ratio < 1e-12, "E16, printed: Σ γ^{t-1} R_t is γ V(S₁), within %.1e of 1e-12, and not V(S₁)", ratio);
    study_claim(run, worst_library < 1e-12, "wg_rl_returns counts from R₂ on: off Σ γ^{t-1} R_{t+1} by %.1e", worst_library);
    study_decide(
        run, worst < 1e-12,
        "%d values of γ, a path of %d random rewards: the stated return is off V(S₁) by Bellman's equation by %.1e; 1e-12 allowed, "
        "for rounding",
        GAMMAS, LENGTH, worst);
    return true;
}

const struct study study_errata_return = {.name = "errata_return", .control = "Σ γ^{t-1} R_t, as printed,", .run = run};
