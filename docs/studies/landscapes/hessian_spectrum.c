/* The Hessian of a network's loss before and after training, by instruments that never form it, and by all its eigenvalues: the ends of
   the spectrum by Lanczos' method, the trace by Hutchinson's random probes, the density by stochastic Lanczos quadrature. If a Hessian
   were a random matrix, half its eigenvalues would be clearly negative at any point. A trained network's is not random: all its negative
   eigenvalues are close to 0, beside few large positive ones.

   The argument from random spectra is that of W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "teacher_net.h"

#include <math.h>

enum { ENDS = 3, STEPS = 300 };

static double at(const wg_tensor *t, int64_t i)
{
    return wg_data_as(t, double)[i];
}

/* The largest relative difference of the ends by Lanczos from those of the whole matrix. */
static double ends_differ(const wg_study_loss *loss, const wg_tensor *all)
{
    wg_tensor *ends = wg_study_extremes(loss, .smallest = ENDS, .largest = ENDS);
    double worst = ends ? 0 : (double)NAN;
    for (int64_t i = 0; ends && i < 2 * ENDS; i++) {
        const double want = at(all, i < ENDS ? i : wg_numel(all) - 2 * ENDS + i);
        worst = fmax(worst, fabs(at(ends, i) - want) / fabs(want));
    }
    wg_free(ends);
    return worst;
}

/* The share of eigenvalues below x, each of them widened to a Gaussian as in the table of the density. */
static double share_below(const wg_tensor *all, double x, double width)
{
    double sum = 0;
    for (int64_t i = 0; i < wg_numel(all); i++)
        sum += erfc((at(all, i) - x) / (width * sqrt(2))) / 2;
    return sum / (double)wg_numel(all);
}

/* Rows of the density, and claims that its integrals are 1 and the shares of eigenvalues. */
static bool claim_density(struct study_run *run, const wg_study_loss *loss, const char *when, const wg_tensor *all)
{
    const double width = (at(all, wg_numel(all) - 1) - at(all, 0)) / 200;
    wg_tensor *table = wg_study_density(loss, .width = width, .points = 400);
    double integral = 0, worst = 0;
    bool good = table != NULL;
    for (int64_t i = 0; good && i < wg_extent(table, 0); i++) {
        const double x = at(table, 2 * i), y = at(table, 2 * i + 1);
        if (i > 0)
            integral += (x - at(table, 2 * i - 2)) * (y + at(table, 2 * i - 1)) / 2;
        if (i % 10 == 0)
            worst = fmax(worst, fabs(integral - share_below(all, x, width)));
        good = study_row(run, "%s,%.6g,%.4g", when, x, y);
    }
    wg_free(table);
    study_claim(
        run, fabs(integral - 1) < 1e-6 && worst <= .03,
        "%s: the density has the integral 1 within %.1e of 1e-6, and its share of eigenvalues below any number differs by %.4f from the whole matrix's, at most 0.03",
        when, fabs(integral - 1), worst);
    return good;
}

/* All eigenvalues, against which the instruments are claimed; the caller frees them. */
static wg_tensor *claim_spectrum(struct study_run *run, const struct teacher_net *of, const char *when)
{
    wg_study_estimate trace;
    wg_tensor *all = wg_study_eigenvalues(&of->loss);
    double sum = 0;
    for (int64_t i = 0; all && i < wg_numel(all); i++)
        sum += at(all, i);
    if (!all || wg_study_trace(&of->loss, &trace, .probes = 100) != WG_OK || !claim_density(run, &of->loss, when, all)) {
        wg_free(all);
        return NULL;
    }
    const double differ = ends_differ(&of->loss, all), error = fabs(trace.mean - sum) / trace.standard_error;
    study_claim(run, differ <= 1e-8,
                "%s: the three smallest and largest eigenvalues by Lanczos differ by %.1e from the whole matrix's, at most 1e-8",
                when, differ);
    study_claim(run, error <= 4.5, "%s: the trace by 100 probes is %.4g, exact %.4g: %.1f standard errors, at most 4.5", when,
                trace.mean, sum, error);
    return all;
}

static int64_t below_zero(const wg_tensor *all)
{
    int64_t n = 0;
    while (at(all, n) < -1e-8 * at(all, wg_numel(all) - 1))
        n++;
    return n;
}

/* Control: the network is not trained. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct teacher_net of;
    wg_tensor *start = NULL, *trained = NULL;
    bool good = teacher_net_make(&of, !run->quick, run->seed) && study_row(run, "when,eigenvalue,density") &&
                (start = claim_spectrum(run, &of, "start")) &&
                teacher_net_train(&of, 1 / at(start, wg_numel(start) - 1), run->control ? 0 : STEPS) &&
                (trained = claim_spectrum(run, &of, "trained"));
    if (good) {
        const int64_t n = wg_numel(start);
        const double before = at(start, 0) / at(start, n - 1), after = at(trained, 0) / at(trained, n - 1);
        (run->quick ? study_reduced : study_decide)(
            run, before < -0.1 && after > -0.02,
            "of a network's %d eigenvalues %d are negative at the start, down to %.3f of the largest, and %d after %d steps of training, down to %.4f of it: expected below -0.1, then above -0.02",
            (int)n, (int)below_zero(start), before, (int)below_zero(trained), STEPS, after);
    }
    wg_free(start), wg_free(trained);
    teacher_net_free(&of);
    return good;
}

const struct study study_hessian_spectrum = {.name = "hessian_spectrum", .control = "a network that is not trained", .run = run};
