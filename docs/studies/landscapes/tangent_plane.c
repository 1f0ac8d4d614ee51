/* Surfaces with a minimum, a maximum and a saddle, and their tangent planes. The tangent plane at a, f(a) + ∇f(a)ᵀd, errs by the
   quadratic term ½ dᵀHd: the surface lies above the plane where H is positive definite (minimum), below where it is negative definite
   (maximum), on both sides at a saddle. The quadratic model, which has that term too, errs by third order.

   The gallery follows V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, F. Gogianu, Optimization (Bitdefender), and W. Gerstner,
   Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>

/* a x² + b y² */
static wg_tensor *quadratic(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return wg_sum(wg_mul(wg_from((double *)context, WG_SHAPE(2)), wg_square(x[0])));
}

/* x³ - 3xy², the monkey saddle */
static wg_tensor *monkey(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *x = wg_select(p[0], 0, 0), *y = wg_select(p[0], 0, 1);
    return wg_sub(wg_pow_scalar(x, 3), wg_mul_scalar(wg_mul(x, wg_square(y)), 3));
}

/* f(a + d) and what the tangent plane and the quadratic model at a + beside say of it. */
static bool look(wg_function *f, void *context, const double a[2], const double d[2], double beside, double value[3])
{
    wg_tensor *x = wg_from(((double[]){a[0] + beside, a[1]}), WG_SHAPE(2)), *step = wg_from(((double[]){d[0], d[1]}), WG_SHAPE(2));
    wg_study_loss loss = {.f = f, .context = context, .params = {1, &x, NULL}};
    wg_tensor *line = x && step ? wg_study_taylor(&loss, step, 1) : NULL;
    bool good = line && wg_study_quadratic(&loss, step, &value[2]) == WG_OK;
    value[1] = good ? wg_study_taylor_at(line, 1) : (double)NAN;
    wg_study_descent there = {0};
    good = good && wg_write(x, (double[]){a[0] + d[0], a[1] + d[1]}) == WG_OK && wg_study_curvature(&loss, &there) == WG_OK;
    value[0] = there.loss;
    wg_free(x), wg_free(step), wg_free(line);
    return good;
}

/* How many of 16 points around a lie above the tangent plane at a, and its f and slopes as a row. */
static bool surface(struct study_run *run, const char *name, double *factors, int want)
{
    const double a[] = {0.5, 0.5};
    double value[3], slope[2][3];
    int above = 0;
    bool good = look(quadratic, factors, a, (double[]){1, 0}, 0, slope[0]) &&
                look(quadratic, factors, a, (double[]){0, 1}, 0, slope[1]);
    for (int i = 0; i < 16 && good; i++) {
        good = look(quadratic, factors, a, (double[]){cos((i + 0.5) * M_PI / 8), sin((i + 0.5) * M_PI / 8)}, 0, value);
        above += value[0] > value[1];
    }
    const double f = (factors[0] + factors[1]) / 4;
    study_claim(run, good && above == want,
                "%s: %d of 16 points around (1/2, 1/2) lie above the tangent plane there, as expected %d", name, above, want);
    return good && study_row(run, "%s,%g,%g,%.9g,%.9g,%.9g", name, factors[0], factors[1], f, slope[0][1] - f, slope[1][1] - f);
}

/* Control: the slopes of the plane at (1 + 0.01, 1) in place of those at (1, 1). */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double h[6], plane[6], model[6], value[3];
    bool good = study_row(run, "surface,a,b,f,slope_x,slope_y") && surface(run, "minimum", (double[]){1, 1}, 16) &&
                surface(run, "maximum", (double[]){-1, -1}, 0) && surface(run, "saddle", (double[]){1, -1}, 8) &&
                study_table(run, "errors", "distance,plane,model");
    for (int i = 0; i < 6 && good; i++) {
        h[i] = 0.1 / (1 << i);
        const double d[] = {h[i], 0}, beside = run->control ? 0.01 : 0;
        good = look(monkey, NULL, (double[]){1, 1}, d, beside, value);
        plane[i] = fabs(value[1] - value[0]), model[i] = fabs(value[2] - value[0]);
        good = good && study_row(run, "%.9g,%.9g,%.9g", h[i], plane[i], model[i]);
    }
    if (!good)
        return false;
    study_near(run, "x³ - 3xy² at (1, 1): the quadratic model errs by this power of the distance", study_exponent(h, model, 6), 3,
               1e-6);
    study_decide_near(run, "x³ - 3xy² at (1, 1): the tangent plane errs by this power of the distance", study_exponent(h, plane, 6),
                      2, .05);
    return true;
}

const struct study study_tangent_plane = {
    .name = "tangent_plane", .control = "the slopes of a point beside, (1.01, 1)", .run = run};
