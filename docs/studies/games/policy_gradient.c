/* The deterministic policy gradient. A policy a = μ_θ(s) has the return J(θ). Its derivative needs no derivative of the process, if Q of the policy is known:
     ∇J = Σ_s ρ(s) ∇_a Q(s, a)|_{a=μ(s)} ∇_θ μ(s),   in practice (1/N) Σ_i over states s_i as the policy visits them,
   with the discounted visits ρ. For a mass on a line with a quadratic cost, J, Q and ρ are known in closed form (mass.h), so that both
   sides can be computed: this one, and differences of J.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019); Silver and others: Deterministic policy gradient algorithms, 2014. */
#include "../study.h"

#include <math.h>

#include "mass.h"

enum { POLICIES = 7 };

/* The gradient by θ at the gain. Two states stand for all that the policy visits: the expression is quadratic in s, and their mean square is that of the
   visits, Σ_t γᵗ E[s sᵀ]. Control: Q is that of another policy. */
static bool gradient(const double gain[2], bool spoiled, double g[2])
{
    struct mass mass, other = {.h = NULL};
    bool good = mass_make(&mass, gain) && (!spoiled || mass_make(&other, (const double[]){2, 2}));
    if (good) {
        WG_TAPE(tape);
        wg_tensor *start = wg_diag(wg_ones(WG_F64, WG_SHAPE(2)));
        wg_tensor *visits = wg_rl_lqr_moment(mass.problem, mass.gain, .start = start);
        wg_tensor *states = visits ? wg_mul_scalar(wg_transpose(wg_cholesky(visits), 0, 1), sqrt(2)) : NULL;
        wg_tensor *result = wg_rl_policy_gradient(mass.actor, states, mass_q, spoiled ? &other : &mass);
        good = result && wg_read(result, g) == WG_OK;
    }
    mass_free(&mass);
    if (spoiled)
        mass_free(&other);
    return good;
}

/* ∂J/∂θ_i by four-point differences; θ = -gain. */
static double difference(const struct mass *mass, const double gain[2], int i)
{
    const double h = 1e-3, weight[] = {1, -8, 8, -1}, at[] = {-2, -1, 1, 2};
    double sum = 0;
    for (int k = 0; k < 4; k++) {
        double moved[] = {gain[0], gain[1]};
        moved[i] -= at[k] * h;
        sum += weight[k] * mass_return(mass, moved) / (12 * h);
    }
    return sum;
}

/* J along gains (k, k), and at some of them the tangent that the policy gradient gives. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct mass mass;
    double worst = 0, g[2];
    bool good = mass_make(&mass, (const double[]){1, 1}) && study_row(run, "k,j");
    for (double k = 0.3; k < 4.01 && good; k += 0.05)
        good = study_row(run, "%.4g,%.6g", k, mass_return(&mass, (const double[]){k, k}));
    good = good && study_table(run, "tangents", "k,j,slope,theta1,theta2");
    for (int p = 0; p < POLICIES && good; p++) {
        const double k = 0.4 + 0.55 * p, gain[] = {k, k};
        good = gradient(gain, run->control, g) &&
               study_row(run, "%g,%.6g,%.6g,%.6g,%.6g", k, mass_return(&mass, gain), -g[0] - g[1], g[0], g[1]);
        for (int i = 0; i < 2; i++)
            worst = fmax(worst, fabs(g[i] - difference(&mass, gain, i)) / hypot(g[0], g[1]));
    }
    study_decide(
        run, good && worst <= 1e-7,
        "a mass on a line, 7 policies: (1/N) Σ ∇_a Q ∇_θ μ with the exact Q differs from four-point differences of the return by %.0e of its size, at most 1e-7 "
        "(the error of the differences)",
        worst);
    mass_free(&mass);
    return good;
}

const struct study study_policy_gradient = {.name = "policy_gradient", .control = "Q of another policy", .run = run};
