/* A function of one number with plateaus, a local and a global minimum and a maximum between them:

       f(x) = 1 - 0.8 exp(-2x²) - 1.5 exp(-(x - 3)²).

   A point is stationary where f'(x) = 0; the sign of f''(x) says what it is. On a plateau f' is nearly 0, far from every minimum. The
   tangent at a, f(a) + f'(a)(x - a), errs by f''(a)(x - a)²/2 near a: by a quarter at half the distance.

   The curve follows V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, and F. Gogianu, Optimization (Bitdefender). */
#include "../study.h"

#include <math.h>

static wg_tensor *valleys(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    const double *depth = context;
    wg_tensor *first = wg_exp(wg_mul_scalar(wg_square(x[0]), -2)), *second = wg_exp(wg_neg(wg_square(wg_add_scalar(x[0], -3))));
    return wg_add_scalar(wg_add(wg_mul_scalar(first, -depth[0]), wg_mul_scalar(second, -depth[1])), 1);
}

/* The coefficients of the Taylor polynomial at a: f(a), f'(a), f''(a)/2. */
static bool taylor(double *depth, double a, double coefficients[3])
{
    wg_tensor *x = wg_scalar(WG_F64, a);
    wg_tensor *c = wg_study_taylor((&(wg_study_loss){.f = valleys, .context = depth, .params = {1, &x, NULL}}), WG_NONE, 2);
    const bool good = c && wg_read(c, coefficients) == WG_OK;
    wg_free(x), wg_free(c);
    return good;
}

/* Where f' changes its sign between low and high, by halving; its kind and its f are a row of the table. */
static bool find(struct study_run *run, double *depth, double low, double high, wg_study_point *point)
{
    double c[3];
    bool good = taylor(depth, high, c);
    const bool rises = c[1] > 0;
    for (int i = 0; i < 60 && good; i++) {
        good = taylor(depth, (low + high) / 2, c);
        *((c[1] > 0) == rises ? &high : &low) = (low + high) / 2;
    }
    wg_tensor *x = wg_scalar(WG_F64, low);
    const wg_study_loss loss = {.f = valleys, .context = depth, .params = {1, &x, NULL}};
    good = good && x && wg_study_classify(&loss, point) == WG_OK;
    wg_free(x);
    return good && study_row(run, "%.9g,%.9g,%s", low, point->loss, wg_study_kind_name(point->kind));
}

/* Control: the curve without its valley at 3. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double depth[] = {0.8, run->control ? 0 : 1.5}, at[3], next[3], near[2][3];
    wg_study_point found[3] = {{0}};
    int n = 0;
    bool good = study_row(run, "x,f,kind") && taylor(depth, -1, at);
    for (double x = -1; x < 4 && n < 3 && good; x += 0.1) {
        good = taylor(depth, x + 0.1, next);
        if (good && (at[1] > 0) != (next[1] > 0))
            good = find(run, depth, x, x + 0.1, &found[n++]);
        at[1] = next[1];
    }
    good = good && study_table(run, "curve", "x,f,tangent") && taylor(depth, 1, at);
    for (int i = -50; i <= 50 && good; i++)
        good = taylor(depth, i / 10.0, next) && study_row(run, "%.9g,%.9g,%.9g", i / 10.0, next[0], at[0] + at[1] * (i / 10.0 - 1));
    if (!good || !taylor(depth, -4, next) || !taylor(depth, 1.02, near[0]) || !taylor(depth, 1.01, near[1]))
        return false;
    study_claim(run, fabs(next[1]) < 1e-10, "on the plateau at -4 the slope is %.1e, and f is %.2f above its lowest value", next[1],
                next[0] - found[2].loss);
    study_near(run, "the tangent at 1 errs at 1.02 by this times as much as at 1.01",
               (near[0][0] - at[0] - 0.02 * at[1]) / (near[1][0] - at[0] - 0.01 * at[1]), 4, .1);
    study_decide(
        run,
        n == 3 && found[0].kind == WG_STUDY_MINIMUM && found[1].kind == WG_STUDY_MAXIMUM && found[2].kind == WG_STUDY_MINIMUM &&
            found[2].loss < found[0].loss,
        "f' changes its sign at %d points, and f'' says what they are: a local minimum of %.3f, a maximum of %.3f and the global minimum of %.3f",
        n, found[0].loss, found[1].loss, found[2].loss);
    return true;
}

const struct study study_extrema = {.name = "extrema", .control = "the curve without its valley at 3", .run = run};
