/* Taylor polynomials of sin around 0, of the degrees 1, 3 … 13: x - x³/3! + x⁵/5! - … The polynomial of degree d errs at x by at most
   |x|^(d+2)/(d+2)!, the size of the next term, because the terms alternate and the derivatives of sin are at most 1. Near 0 the bound is
   all but reached, and far from 0 no polynomial of a fixed degree helps.

   The example is that of F. Gogianu, Optimization (Bitdefender ML). */
#include "../study.h"

#include <math.h>

enum { DEGREES = 7, POINTS = 71 };

static wg_tensor *sine(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sin(x[0]);
}

/* The coefficients of sin's polynomial around x, by differentiating again and again; NULL on failure. */
static wg_tensor *polynomial(double x, int degree)
{
    wg_tensor *at = wg_scalar(WG_F64, x);
    const wg_study_loss loss = {.f = sine, .params = {1, &at, NULL}};
    wg_tensor *c = at ? wg_study_taylor(&loss, WG_NONE, degree) : NULL;
    wg_free(at);
    return c;
}

/* Rows of the polynomial at x = 0 … 7; *worst: its largest error as a part of the bound. *radius: how far the error
   stays below 0.01. */
static bool look(struct study_run *run, int degree, double around, double *worst, double *radius)
{
    wg_tensor *c = polynomial(around, degree);
    bool good = c != NULL;
    *radius = 0;
    for (int i = 0; i < POINTS && good; i++) {
        const double x = i / 10.0, p = wg_study_taylor_at(c, x), error = fabs(p - sin(x));
        const double bound = pow(x, degree + 2) / tgamma(degree + 3);
        *worst = fmax(*worst, error / (bound + 1e-13)); /* 1e-13: rounding */
        if (error < 0.01 && *radius == (i - 1) / 10.0)
            *radius = x;
        good = study_row(run, "%d,%.9g,%.9g,%.9g,%.9g", degree, x, p, error, bound);
    }
    wg_free(c);
    return good;
}

/* The largest difference of the coefficients of degree 13 from ±1/k!. */
static double coefficients(void)
{
    wg_tensor *c = polynomial(0, 13);
    double worst = c ? 0 : (double)NAN;
    for (int k = 0; c && k <= 13; k++) {
        const double want = k % 2 ? (k % 4 == 1 ? 1 : -1) / tgamma(k + 1) : 0;
        worst = fmax(worst, fabs(wg_data_as(c, double)[k] - want));
    }
    wg_free(c);
    return worst;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double worst = 0, radius[DEGREES];
    bool good = study_row(run, "degree,x,polynomial,error,bound");
    for (int i = 0; good && i < DEGREES; i++)
        good = look(run, 2 * i + 1, run->control ? 0.1 : 0, &worst, &radius[i]);
    if (!good)
        return false;
    study_near(run, "the coefficients of degree 13: their largest difference from ±1/k!", coefficients(), 0, 1e-15);
    study_claim(run, radius[0] < 1 && radius[6] > 4,
                "the error is below 0.01 for x up to %.1f by degree 1, up to %.1f by degree 7, up to %.1f by degree 13", radius[0],
                radius[3], radius[6]);
    study_decide(
        run, worst <= 1 && worst > 0.9,
        "Taylor polynomials of sin, degrees 1, 3 … 13, at 71 points from 0 to 7: no error is above the next term, x^(d+2)/(d+2)!, "
        "plus 1e-13 for rounding; the largest is %.4f of it",
        worst);
    return true;
}

const struct study study_taylor = {
    .name = "taylor", .control = "the polynomials of sin around 0.1, taken for those around 0", .run = run};
