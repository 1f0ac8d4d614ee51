/* Exponential moving averages, m ← βm + (1 - β)x. Adam keeps one of each weight's gradients, ⟨g⟩, and one of their squares, ⟨g²⟩; its
   step is about ⟨g⟩/√⟨g²⟩. The exercise: three weights whose gradients alternate,

       w₁: 1.1, 0.9, 1.1, 0.9 …    w₂: 0.1, 0.1, 0.1 …    w₃: 1.1, -0.9, 1.1, -0.9 …

   What are ⟨g⟩, ⟨g²⟩ and their ratio? And what is the average of a constant x̄? It is (1 - βᵗ) x̄ after t steps from 0, so x̄ in the end,
   and at once if it is divided by 1 - βᵗ, as Adam does.

   The exercise is W. Gerstner's, Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>
#include <string.h>

enum { N = 3, STEPS = 6000, SHOWN = 30 };

static const double gradient[2][N] = {{1.1, 0.1, 1.1}, {0.9, 0.1, -0.9}};

/* The elements of an average in the optimizer's state: "0.m" or "0.v". */
static const double *average(const wg_optim *optim, const char *suffix)
{
    const wg_tensor_list state = wg_optim_state(optim);
    for (size_t i = 0; i < state.n; i++) {
        const char *dot = strrchr(state.name[i], '.');
        if (dot && strcmp(dot + 1, suffix) == 0)
            return wg_data_as(state.tensor[i], double);
    }
    return NULL;
}

/* A step of Adam with the gradient g: of the loss g·w. */
static bool step(wg_optim *optim, wg_tensor *w, const double *g)
{
    WG_TAPE(tape);
    return wg_backward(wg_sum(wg_mul(wg_from(g, WG_SHAPE(N)), w))) == WG_OK && wg_optim_step(optim) == WG_OK;
}

/* Adam's averages, over the last two steps: after an even number of steps both gradients have occurred equally often. */
static bool measure(struct study_run *run, double beta, double mean[N], double square[N])
{
    wg_tensor *w = wg_zeros(WG_F64, WG_SHAPE(N));
    bool good = w && wg_set_requires_grad(w, true);
    wg_optim *adam = good ? wg_optim_adam(((wg_tensor_list){1, &w, NULL}), .lr = 1e-3, .beta1 = beta, .beta2 = beta,
                                          .sum = run->control)
                          : NULL;
    const double *m = average(adam, "m"), *v = average(adam, "v");
    good = adam && m && v;
    for (int t = 1; good && t <= STEPS; t++) {
        good = step(adam, w, gradient[(t - 1) % 2]);
        for (int i = 0; i < N && t > STEPS - 2; i++)
            mean[i] += m[i] / 2, square[i] += v[i] / 2;
        for (int i = 0; i < N && t <= SHOWN; i++)
            good = good && study_row(run, "%g,%d,%d,%g,%.9g,%.9g,%.9g", beta, i + 1, t, gradient[(t - 1) % 2][i], m[i],
                                     m[i] / (1 - pow(beta, t)), v[i] / (1 - pow(beta, t)));
    }
    wg_optim_destroy(adam);
    wg_free(w);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static const double means[N] = {1, 0.1, 0.1}, squares[N] = {1.01, 0.01, 1.01}, ratios[N] = {0.990, 10, 0.099};
    double mean[N] = {0}, square[N] = {0}, unused[2][N] = {{0}}, worst = 0;
    bool good = study_row(run, "beta,weight,step,gradient,mean,corrected,square") && measure(run, 0.9, unused[0], unused[1]) &&
                measure(run, 0.995, mean, square);
    for (int i = 0; good && i < N; i++) {
        char text[80];
        snprintf(text, sizeof text, "w%d: ⟨g⟩/√⟨g²⟩, the size of Adam's step", i + 1);
        study_near(run, text, mean[i] / sqrt(square[i]), means[i] / sqrt(squares[i]), 1e-3);
        worst = fmax(worst, fabs(mean[i] / means[i] - 1));
        worst = fmax(worst, fabs(square[i] / squares[i] - 1));
        worst = fmax(worst, fabs(mean[i] / square[i] / ratios[i] - 1));
    }
    if (good)
        study_decide(
            run, worst <= 2e-3,
            "Adam's averages at β = 0.995: ⟨g⟩ = %.3f, %.3f, %.3f; ⟨g²⟩ = %.3f, %.3f, %.3f; ⟨g⟩/⟨g²⟩ = %.3f, %.2f, %.4f: as the "
            "exercise's 1, .1, .1; 1.01, .01, 1.01; .990, 10, .099 within 0.2 %%, its rounding",
            mean[0], mean[1], mean[2], square[0], square[1], square[2], mean[0] / square[0], mean[1] / square[1],
            mean[2] / square[2]);
    return good;
}

const struct study study_moving_average = {
    .name = "moving_average", .control = "a sum of gradients, m ← βm + g, in place of their mean", .run = run};
