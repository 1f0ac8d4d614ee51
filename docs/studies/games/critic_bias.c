/* A policy gradient is as good as its critic's slope. The critic Q_w(s, a) is linear in products of s and a; w is fitted to transitions of a noisy mass on a line
   by LSTD-Q; the gradient (1/N) Σ ∇_a Q_w ∇_θ μ is compared with that of the exact Q on the same 200 states. If the products span Q, the error falls
   with the root of the samples, and the bias with it. If one is missing that says how the best action depends on the state, a
   bias stays, however many samples there are.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019); Silver and others, 2014; Lagoudakis, Parr: Least-squares policy
   iteration, 2003. */
#include "../study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mass.h"

enum { COPIES = 20, PROBES = 200, CRITICS = 4, SIZES = 4 };

/* Which of 1, s₁, s₂, a, s₁², s₁s₂, s₁a, s₂², s₂a, a² a critic has. */
static const struct critic {
    const char *name;
    int n;
    int64_t feature[10];
} critics[] = {
    {"all products", 10, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
    {"without s₂a", 9, {0, 1, 2, 3, 4, 5, 6, 7, 9}},
    {"squares alone", 7, {0, 1, 2, 3, 4, 7, 9}},
    {"linear", 4, {0, 1, 2, 3}},
};

struct fitted {
    const struct critic *critic;
    wg_tensor *w;
};

static wg_tensor *features_of(const struct critic *critic, wg_tensor *s, wg_tensor *a)
{
    return wg_index_select(wg_rl_quadratic_features(s, a), 1, wg_from(critic->feature, WG_SHAPE(critic->n)));
}

static wg_tensor *fitted_q(wg_tensor *s, wg_tensor *a, void *context)
{
    const struct fitted *fitted = context;
    return wg_matmul(features_of(fitted->critic, s, a), fitted->w);
}

/* n transitions of the policy with normal noise of deviation 0.5 on its actions, in rows: s (2), next (2), a, r. */
static bool collect(const struct mass *mass, int n, uint64_t seed, double *rows)
{
    wg_rl_vector *envs = wg_rl_vector_create(mass->env, COPIES, .seed = seed);
    wg_rl_random random = {.seed = seed, .stream = 1000};
    double *s = rows, *next = rows + 2 * n, *action = rows + 4 * n, *reward = rows + 5 * n;
    bool good = envs != NULL;
    for (int row = 0; row < n && good; row += COPIES) {
        const double *at = wg_rl_vector_observations(envs);
        for (int i = 0; i < COPIES; i++)
            action[row + i] = -at[2 * i] - at[2 * i + 1] + 0.5 * wg_rl_normal(&random);
        good = wg_rl_vector_step(envs, action + row) == WG_OK;
        const wg_rl_transitions *last = wg_rl_vector_last(envs);
        memcpy(s + 2 * row, last->observation, 2 * COPIES * sizeof *s);
        memcpy(next + 2 * row, last->next, 2 * COPIES * sizeof *s);
        memcpy(reward + row, last->reward, COPIES * sizeof *s);
    }
    wg_rl_vector_destroy(envs);
    return good;
}

/* The gradient by a critic that is fitted to these transitions. */
static bool gradient_by(const struct mass *mass, const struct critic *critic, int n, const double *rows, wg_tensor *probe,
                        double *g)
{
    WG_TAPE(tape);
    wg_tensor *s = wg_from(rows, WG_SHAPE(n, 2)), *next = wg_from(rows + 2 * n, WG_SHAPE(n, 2)),
              *a = wg_from(rows + 4 * n, WG_SHAPE(n, 1)), *r = wg_from(rows + 5 * n, WG_SHAPE(n));
    wg_tensor *after = features_of(critic, next, wg_nn_apply(mass->actor, next));
    struct fitted fitted = {critic, wg_rl_lstd(features_of(critic, s, a), after, r, .gamma = MASS_GAMMA)};
    wg_tensor *gradient = fitted.w ? wg_rl_policy_gradient(mass->actor, probe, fitted_q, &fitted) : NULL;
    return gradient && wg_read(gradient, g) == WG_OK;
}

/* Over `runs` sets of n transitions: |mean g - exact| and the root of the mean of |g - exact|², in units of |exact|. */
static bool measure(const struct study_run *run, const struct mass *mass, const struct critic *critic, int n, int runs,
                    wg_tensor *probe, const double *exact, double *bias, double *error)
{
    double *rows = malloc(sizeof *rows * 6 * (size_t)n), mean[2] = {0, 0}, square = 0, g[2];
    bool good = rows != NULL;
    for (int i = 0; i < runs && good; i++) {
        good = collect(mass, n, 1000 * run->seed + (uint64_t)i, rows) && gradient_by(mass, critic, n, rows, probe, g);
        for (int k = 0; k < 2 && good; k++) {
            mean[k] += g[k] / runs;
            square += pow(g[k] - exact[k], 2) / runs;
        }
    }
    const double size = hypot(exact[0], exact[1]);
    *bias = hypot(mean[0] - exact[0], mean[1] - exact[1]) / size;
    *error = sqrt(square) / size;
    free(rows);
    return good;
}

/* Control: the critic lacks the product of speed and action. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const int sizes = run->quick ? 2 : SIZES, runs = run->quick ? 10 : 40;
    double exact[2], n[SIZES], error[CRITICS][SIZES], bias[CRITICS][SIZES];
    struct mass mass;
    wg_tensor *generator = wg_generator(9, 0), *probe = wg_normal(generator, WG_F64, WG_SHAPE(PROBES, 2), 0, 1), *g = NULL;
    bool good = mass_make(&mass, (const double[]){1, 1}) && probe && study_row(run, "critic,n,error,bias");
    g = good ? wg_rl_policy_gradient(mass.actor, probe, mass_q, &mass) : NULL;
    good = g && wg_read(g, exact) == WG_OK;
    for (int k = 0; k < CRITICS && good; k++)
        for (int i = 0; i < sizes && good; i++) {
            n[i] = 800 * pow(4, i);
            good = measure(run, &mass, &critics[run->control && k == 0 ? 1 : k], (int)n[i], runs, probe, exact, &bias[k][i],
                           &error[k][i]) &&
                   study_row(run, "%s,%g,%.6g,%.6g", critics[k].name, n[i], error[k][i], bias[k][i]);
        }
    const int last = sizes - 1;
    const double exponent = good ? study_exponent(n, error[0], sizes) : (double)NAN;
    for (int k = 1; k < CRITICS && good; k++)
        study_claim(run, bias[k][last] > 0.1, "%s: with %g samples the bias is %.3f of the gradient, above 0.1", critics[k].name,
                    n[last], bias[k][last]);
    if (good && run->quick)
        study_reduced(
            run, error[0][last] < 0.3,
            "the gradient by a critic that spans Q: with %g samples its error is %.3f of its size, below 0.3; without the product s₂a %.3f",
            n[last], error[0][last], error[1][last]);
    else if (good)
        study_decide(
            run, fabs(exponent + 0.5) <= 0.15 && bias[0][last] < 0.02,
            "the gradient by a critic that spans Q: its error falls with the samples to the power %.2f, -0.5 within 0.15 expected, its bias to %.4f, below 0.02; without "
            "the product s₂a a bias of %.2f stays",
            exponent, bias[0][last], bias[1][last]);
    mass_free(&mass);
    wg_free(generator);
    wg_free(probe);
    wg_free(g);
    return good;
}

const struct study study_critic_bias = {
    .name = "critic_bias", .control = "a critic without the product of speed and action", .run = run};
