/* Gradient descent on a quadratic function, mode by mode. L(θ) = ½ θᵀAθ has the gradient Aθ, and a step at the rate α is
   θ ← (I - αA)θ. Along an eigenvector of A with the eigenvalue λ, after t steps, θ is (1 - αλ)ᵗ times what it was: it decays for
   0 < αλ < 1, changes its sign at every step and decays for 1 < αλ < 2, and diverges for αλ > 2.

   The analysis is that of F. Gogianu, Optimization (Bitdefender ML). */
#include "../study.h"

#include <math.h>

enum { N = 21, STEPS = 40 };

/* A quadratic function with the eigenvalues 1, 2 … N, in a random basis. */
struct quadratic {
    wg_tensor *basis, *a; /* (N, N); the columns of basis are the eigenvectors */
    double half;          /* ½, or 1 in a control run */
};

static bool make(struct quadratic *q, uint64_t seed)
{
    double eigenvalue[N];
    wg_tensor *generator = wg_generator(seed, 0);
    bool good = generator != NULL;
    {
        WG_TAPE(tape);
        wg_tensor *basis = NULL, *r = NULL;
        for (int i = 0; i < N; i++)
            eigenvalue[i] = i + 1;
        good = good && wg_qr(wg_normal(generator, WG_F64, WG_SHAPE(N, N), 0, 1), &basis, &r) == WG_OK;
        wg_tensor *scaled = good ? wg_mul(basis, wg_from(eigenvalue, WG_SHAPE(N))) : NULL;
        q->a = scaled ? wg_keep(wg_matmul(scaled, wg_transpose(basis, 0, 1))) : NULL;
        q->basis = scaled ? wg_keep(basis) : NULL;
    }
    wg_free(generator);
    return q->a && q->basis;
}

/* half θᵀAθ, of θ (N, 1) */
static wg_tensor *loss(const struct quadratic *q, wg_tensor *theta)
{
    return wg_mul_scalar(wg_sum(wg_mul(theta, wg_matmul(q->a, theta))), q->half);
}

/* Writes the modes of θ as rows of the table. Returns the largest difference from (1 - αλ)ᵗ; NaN on failure. */
static double look(struct study_run *run, const struct quadratic *q, wg_tensor *theta, double rate, int t)
{
    WG_TAPE(tape);
    const double *mode = wg_data(wg_matmul(wg_transpose(q->basis, 0, 1), theta));
    double worst = 0;
    for (int i = 0; i < N; i++) {
        const double predicted = mode ? pow(1 - rate * (i + 1), t) : (double)NAN;
        if (isnan(predicted) || !study_row(run, "%g,%d,%.9g,%.9g", rate * (i + 1), t, mode[i], predicted))
            return NAN;
        worst = fmax(worst, fabs(mode[i] - predicted));
    }
    return worst;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const double rate = 0.1;
    struct quadratic q = {.half = run->control ? 1 : 0.5};
    double worst = 0;
    wg_tensor *theta = NULL;
    bool good = make(&q, run->seed) && (theta = wg_sum(q.basis, .axis = 1, .keepdims = true)) && wg_set_requires_grad(theta, true);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){1, &theta, NULL}), .lr = rate) : NULL;
    good = sgd && study_row(run, "alpha_lambda,step,mode,predicted");
    for (int t = 0; good && t <= STEPS; t++) {
        WG_TAPE(tape);
        worst = fmax(worst, look(run, &q, theta, rate, t));
        good = isfinite(worst) && wg_backward(loss(&q, theta)) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    if (good)
        study_decide(
            run, worst <= 1e-10,
            "each of %d modes of gradient descent, αλ = 0.1 … 2.1, is (1 - αλ)ᵗ times its start in all of %d steps: the largest "
            "difference is %.1e, at most 1e-10 (rounding)",
            N, STEPS, worst);
    wg_optim_destroy(sgd);
    wg_free(theta), wg_free(q.a), wg_free(q.basis);
    return good;
}

const struct study study_spectral_modes = {.name = "spectral_modes", .control = "the loss θᵀAθ, without its factor ½", .run = run};
