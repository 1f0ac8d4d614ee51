/* If the Hessian at a stationary point were random, how likely would all its eigenvalues have one sign? Of a random symmetric matrix
   (Gaussian, mean 0, off the diagonal of half the variance) the share is 1 for n = 1, 1 - 1/√2 for n = 2 and 1/2 - √2/π for n = 3, and
   falls about as exp(-n² (ln 3)/4): eigenvalues repel each other, so it falls faster than 2^(1-n), that of n independent signs. So almost
   all stationary points would be saddles, with an index near n/2.

   The argument is that of W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3; the share is in Dean, Majumdar, Extreme value
   statistics of eigenvalues of Gaussian random matrices, 2008. */
#include "../study.h"

#include <math.h>

enum { MATRICES = 20000, LARGEST = 5 };

/* count[k]: how many of the matrices have k negative eigenvalues. Control: the eigenvalues are independent. */
static bool count_indices(struct study_run *run, wg_tensor *generator, int64_t n, int64_t count[LARGEST + 1])
{
    wg_tensor *values = NULL, *vectors = NULL;
    wg_tensor *g = wg_normal(generator, WG_F64, run->control ? WG_SHAPE(MATRICES, n) : WG_SHAPE(MATRICES, n, n), 0, 1);
    bool good = g != NULL;
    if (good && !run->control)
        good = wg_eigh(g, &values, &vectors) == WG_OK; /* of (g + gᵀ)/2 */
    for (int64_t i = 0; i < MATRICES && good; i++) {
        const double *spectrum = (const double *)wg_data(run->control ? g : values) + i * n;
        int64_t negative = 0;
        for (int64_t j = 0; j < n; j++)
            negative += spectrum[j] < 0;
        count[negative]++;
    }
    wg_free(g), wg_free(values), wg_free(vectors);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const double known[] = {1, 1 - sqrt(0.5), 0.5 - sqrt(2) / M_PI};
    double share[LARGEST], worst = 0;
    int64_t count[LARGEST + 1];
    wg_tensor *generator = wg_generator(run->seed, 0);
    bool good = generator && study_row(run, "n,index,share,one_sign,exact");
    for (int64_t n = 1; n <= LARGEST && good; n++) {
        for (int64_t k = 0; k <= n; k++)
            count[k] = 0;
        good = count_indices(run, generator, n, count);
        share[n - 1] = (double)(count[0] + count[n]) / MATRICES;
        if (n <= 3)
            worst = fmax(worst, fabs(share[n - 1] - known[n - 1]) / sqrt(fmax(known[n - 1] * (1 - known[n - 1]), 1e-9) / MATRICES));
        for (int64_t k = 0; k <= n && good; k++)
            good = study_row(run, "%d,%d,%.9g,%.9g,%.9g", (int)n, (int)k, (double)count[k] / MATRICES, share[n - 1],
                             n <= 3 ? known[n - 1] : (double)NAN);
    }
    wg_free(generator);
    if (!good)
        return false;
    study_claim(run, share[LARGEST - 1] < 2e-3, "of 20,000 random spectra with n = 5 a share of %g has one sign, below 2e-3",
                share[LARGEST - 1]);
    study_decide(
        run, worst <= 4.5,
        "of 20,000 random symmetric matrices the share with eigenvalues of one sign is %.4f for n = 2 (exact 0.2929) and %.4f for n = 3 (exact 0.0498): within 4.5 standard errors (%.1f)",
        share[1], share[2], worst);
    return true;
}

const struct study study_random_spectra = {.name = "random_spectra", .control = "independent eigenvalues", .run = run};
