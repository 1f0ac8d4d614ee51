/* Two stationary points that are named wrongly.

   Beale's function (1.5 - x + xy)² + (2.25 - x + xy²)² + (2.625 - x + xy³)² is a sum of three squares, and all three are 0 at (3, ½). The
   minimum is printed as (3, 0).

   y⁴ - x⁴ is printed as an example of a saddle that the Hessian shows. Its Hessian at 0 is 0, so the rule on the signs of eigenvalues does
   not decide: the point is a saddle in the wide sense (it is neither minimum nor maximum), but only fourth derivatives tell.

   Both are on slides of A. Risteski, Deep Learning 10707 (Carnegie Mellon, 2021), lecture 6. The rule is that of V. Cevher, Mathematics of
   Data (EPFL, 2019), lecture 7. */
#include "../study.h"

#include <math.h>

static wg_tensor *term(wg_tensor *x, wg_tensor *y, double constant, int power)
{
    return wg_square(wg_add_scalar(wg_mul(x, wg_add_scalar(wg_pow_scalar(y, power), -1)), constant));
}

static wg_tensor *beale(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_add(wg_add(term(p[0], p[1], 1.5, 1), term(p[0], p[1], 2.25, 2)), term(p[0], p[1], 2.625, 3));
}

static wg_tensor *quartic(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sub(wg_pow_scalar(p[1], 4), wg_pow_scalar(p[0], 4));
}

static wg_tensor *saddle(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sub(wg_square(p[1]), wg_square(p[0]));
}

/* What the point (x, y) of f is, by gradient and Hessian; where minimum is not NULL, f is first descended from there by BFGS to the point
   that is returned in it. */
static bool classify(wg_function *f, double x, double y, double *minimum, wg_study_point *point)
{
    wg_tensor *at[2] = {wg_scalar(WG_F64, x), wg_scalar(WG_F64, y)};
    const wg_study_loss loss = {.f = f, .params = {2, at, NULL}};
    bool good = at[0] && at[1] && wg_set_requires_grad(at[0], true) && wg_set_requires_grad(at[1], true);
    wg_minimizer *bfgs = good && minimum ? wg_minimize_bfgs(loss.params, .gradient_tolerance = 1e-12) : NULL;
    good = good && (!minimum || (bfgs && wg_minimize_run(bfgs, f, NULL, NULL) == WG_OK));
    for (int i = 0; minimum && good && i < 2; i++)
        minimum[i] = wg_item(at[i]);
    good = good && wg_study_classify(&loss, point) == WG_OK;
    wg_minimize_destroy(bfgs);
    wg_free(at[0]), wg_free(at[1]);
    return good;
}

/* Control: the two printed statements. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_study_point printed, right, flat, strict;
    double found[2];
    if (!classify(beale, 3, 0, NULL, &printed) || !classify(beale, 1, 1, found, &right) || !classify(quartic, 0, 0, NULL, &flat) ||
        !classify(saddle, 0, 0, NULL, &strict))
        return false;
    const double y = run->control ? 0 : 0.5, distance = hypot(found[0] - 3, found[1] - y);
    const wg_study_kind kind = run->control ? WG_STUDY_SADDLE : WG_STUDY_INCONCLUSIVE;
    study_near(run, "E1, printed: Beale's function at its minimum (3, 0), where 0 would be right", printed.loss, 2.953125, 1e-12);
    study_claim(run, printed.gradient_norm > 1, "E1, printed: the gradient there has the norm %.3g, and not 0",
                printed.gradient_norm);
    study_claim(run, strict.kind == WG_STUDY_SADDLE, "y² - x² at 0: %s, as expected of the rule", wg_study_kind_name(strict.kind));
    study_decide(run, distance < 1e-6 && right.kind == WG_STUDY_MINIMUM && flat.kind == kind,
                 "BFGS on Beale's function ends %.1e from the stated minimum (3, %g), 1e-6 allowed; y⁴ - x⁴ at 0: the Hessian says "
                 "\"%s\", stated: \"%s\"",
                 distance, y, wg_study_kind_name(flat.kind), wg_study_kind_name(kind));
    bool good = study_row(run, "t,quartic,square");
    for (int i = -50; i <= 50 && good; i++)
        good = study_row(run, "%g,%.9g,%.9g", i / 50.0, pow(i / 50.0, 4), pow(i / 50.0, 2));
    return good && study_table(run, "points", "x,y,f") && study_row(run, "3,0,%.9g", printed.loss) &&
           study_row(run, "%.9g,%.9g,%.9g", found[0], found[1], right.loss);
}

const struct study study_errata_points = {
    .name = "errata_points", .control = "Beale's minimum at (3, 0) and y⁴ - x⁴ a saddle by its Hessian, as printed,", .run = run};
