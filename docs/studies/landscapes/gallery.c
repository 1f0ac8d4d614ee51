/* Landscapes that one can see: a function of one number with plateaus and extrema, surfaces with a minimum, a maximum and saddles, and
   Taylor polynomials. The instruments of wengert/study.h say what each point is, and are right where calculus says so.

   The gallery follows V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, F. Gogianu, Optimization, and W. Gerstner, Artificial
   Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>

enum { SIDE = 41 }; /* points along each side of a surface */

/* ---- the landscapes ---- */

/* 1 - 0.8 exp(-2x²) - 1.5 exp(-(x - 3)²): plateaus outside, a local minimum at 0, a maximum, and the global minimum at 3. */
static wg_tensor *valleys(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *near = wg_exp(wg_mul_scalar(wg_square(x[0]), -2)), *far = wg_exp(wg_neg(wg_square(wg_add_scalar(x[0], -3))));
    return wg_add_scalar(wg_add(wg_mul_scalar(near, -0.8), wg_mul_scalar(far, -1.5)), 1);
}

static wg_tensor *sine(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sin(x[0]);
}

static wg_tensor *bowl(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_add(wg_square(x[0]), wg_square(x[1]));
}

static wg_tensor *dome(wg_tensor *const *x, size_t n, void *context)
{
    return wg_neg(bowl(x, n, context));
}

static wg_tensor *saddle(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sub(wg_square(x[0]), wg_square(x[1]));
}

/* x³ - 3xy² */
static wg_tensor *monkey(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sub(wg_pow_scalar(x[0], 3), wg_mul_scalar(wg_mul(x[0], wg_square(x[1])), 3));
}

/* x² */
static wg_tensor *valley(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_square(x[0]);
}

/* The function at (x, y), or at x for one number. */
struct place {
    wg_tensor *at[2];
    wg_study_loss loss;
};

static bool go(struct place *place, wg_function *f, double x, double y, size_t n)
{
    *place = (struct place){.at = {wg_scalar(WG_F64, x), wg_scalar(WG_F64, y)}};
    place->loss = (wg_study_loss){.f = f, .params = {n, place->at, NULL}};
    return place->at[0] && place->at[1];
}

static void leave(struct place *place)
{
    wg_free(place->at[0]), wg_free(place->at[1]);
}

static double entry(const wg_tensor *t, int64_t i)
{
    return wg_data_as(t, double)[i];
}

/* ---- a function of one number ---- */

/* f'(x), from the Taylor polynomial of degree 1: NaN on failure. */
static double slope(double x)
{
    struct place place;
    wg_tensor *c = go(&place, valleys, x, 0, 1) ? wg_study_taylor(&place.loss, WG_NONE, 1) : NULL;
    const double found = c ? entry(c, 1) : (double)NAN;
    wg_free(c);
    leave(&place);
    return found;
}

/* Where f' changes its sign between low and high, by halving. */
static double root(double low, double high)
{
    const bool rises = slope(high) > 0;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        *((slope(middle) > 0) == rises ? &high : &low) = middle;
    }
    return (low + high) / 2;
}

static bool one_number(struct study_run *run)
{
    static const wg_study_kind expected[] = {WG_STUDY_MINIMUM, WG_STUDY_MAXIMUM, WG_STUDY_MINIMUM};
    double loss[3] = {0};
    int n = 0, right = 0;
    bool good = true;
    for (double x = -1; x < 4 && n < 3 && good; x += 0.1) {
        struct place place;
        wg_study_point point;
        if ((slope(x) > 0) == (slope(x + 0.1) > 0))
            continue;
        const double at = root(x, x + 0.1);
        good = go(&place, valleys, at, 0, 1) && wg_study_classify(&place.loss, &point) == WG_OK &&
               study_row(run, "point,%.9g,%.9g,%s,", at, point.loss, wg_study_kind_name(point.kind));
        leave(&place);
        if (good) {
            right += point.kind == expected[n];
            loss[n++] = point.loss;
        }
    }
    study_claim(run, good && n == 3 && right == 3 && loss[2] < loss[0],
                "one number: from left to right a minimum, a maximum, and a lower minimum: %d of %d found and right", right, n);
    struct place place;
    wg_study_descent at;
    good = good && go(&place, valleys, -4, 0, 1) && wg_study_curvature(&place.loss, &at) == WG_OK;
    if (good)
        study_claim(run, at.gradient_norm < 1e-10 && at.loss - loss[2] > 1,
                    "the plateau at -4: the slope is %.1e, the loss %.2f above the minimum", at.gradient_norm, at.loss - loss[2]);
    leave(&place);
    return good;
}

/* The curve, and its tangent at 1. */
static bool draw_curve(struct study_run *run)
{
    struct place place;
    wg_tensor *one = wg_ones(WG_F64, WG_SHAPE(1));
    bool good = go(&place, valleys, 1, 0, 1) && one;
    wg_tensor *line = good ? wg_study_line(&place.loss, one, .from = -5, .to = 4, .points = 181) : NULL;
    wg_tensor *tangent = line ? wg_study_taylor(&place.loss, WG_NONE, 1) : NULL;
    good = tangent != NULL;
    for (int64_t i = 0; i < 181 && good; i++) {
        const double t = entry(line, 2 * i);
        good = study_row(run, "curve,%.9g,%.9g,%.9g,", 1 + t, entry(line, 2 * i + 1), wg_study_taylor_at(tangent, t));
    }
    wg_free(one), wg_free(line), wg_free(tangent);
    leave(&place);
    return good;
}

/* ---- Taylor polynomials ---- */

/* sin around 0, degrees 1 to 13; the remainder after degree d at x is at most x^(d+2)/(d+2)!. */
static bool taylor(struct study_run *run)
{
    int bounded = 0, n = 0;
    double last = 0;
    bool good = true;
    for (int degree = 1; degree <= 13 && good; degree += 2) {
        struct place place;
        wg_tensor *c = go(&place, sine, 0, 0, 1) ? wg_study_taylor(&place.loss, WG_NONE, degree) : NULL;
        good = c != NULL;
        for (int i = -70; i <= 70 && good; i++) {
            const double x = i / 10.0, p = wg_study_taylor_at(c, x);
            last = fabs(p - sin(x));
            bounded += last <= pow(fabs(x), degree + 2) / tgamma(degree + 3) + 1e-14;
            n++;
            good = study_row(run, "sine,%d,%.9g,%.9g,%.9g", degree, x, p, last);
        }
        wg_free(c);
        leave(&place);
    }
    if (good)
        study_claim(run, bounded == n, "sin, degrees 1 to 13: within the bound of the remainder at %d of %d points", bounded, n);
    return good;
}

/* ---- surfaces ---- */

static bool surface(struct study_run *run, const char *name, wg_function *f, wg_study_kind expected)
{
    struct place place;
    wg_study_point point;
    wg_tensor *a = wg_from(((const double[]){1, 0}), WG_SHAPE(2)), *b = wg_from(((const double[]){0, 1}), WG_SHAPE(2));
    bool good = go(&place, f, 0, 0, 2) && a && b && wg_study_classify(&place.loss, &point) == WG_OK;
    wg_tensor *plane = good ? wg_study_plane(&place.loss, a, b, .points = SIDE) : NULL;
    good = plane != NULL;
    for (int64_t i = 0; i < SIDE * SIDE && good; i++)
        good = study_row(run, "%s,%.9g,%.9g,%.9g,", name, entry(plane, 3 * i), entry(plane, 3 * i + 1), entry(plane, 3 * i + 2));
    if (good)
        study_claim(run, point.kind == expected, "%s: %s, with %lld negative, %lld zero and %lld positive eigenvalues", name,
                    wg_study_kind_name(point.kind), (long long)point.negative, (long long)point.zero, (long long)point.positive);
    wg_free(a), wg_free(b), wg_free(plane);
    leave(&place);
    return good;
}

/* The tangent plane of the monkey saddle at (1, 1) errs by second order, the quadratic model by third: by 4 and by 8 times less at half
   the distance, up to the term beyond, which is a quarter of it here. */
static bool models(struct study_run *run)
{
    struct place place;
    double model[2], plane[2], exact[2];
    bool good = go(&place, monkey, 1, 1, 2);
    for (int i = 0; i < 2 && good; i++) {
        const double h = i == 0 ? 0.02 : 0.01, x = 1 + h, y = 1 + 2 * h;
        wg_tensor *d = wg_from(((const double[]){h, 2 * h}), WG_SHAPE(2)), *c = d ? wg_study_taylor(&place.loss, d, 1) : NULL;
        good = c && wg_study_quadratic(&place.loss, d, &model[i]) == WG_OK;
        plane[i] = c ? wg_study_taylor_at(c, 1) : (double)NAN;
        exact[i] = x * x * x - 3 * x * y * y;
        wg_free(d), wg_free(c);
    }
    leave(&place);
    if (good) {
        study_near(run, "tangent plane: error at a distance over that at half of it", (plane[0] - exact[0]) / (plane[1] - exact[1]),
                   4, .1);
        study_near(run, "quadratic model: error at a distance over that at half of it",
                   (model[0] - exact[0]) / (model[1] - exact[1]), 8, .1);
    }
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    return study_row(run, "what,a,b,c,d") && one_number(run) && draw_curve(run) && taylor(run) &&
           surface(run, "minimum", bowl, WG_STUDY_MINIMUM) && surface(run, "maximum", dome, WG_STUDY_MAXIMUM) &&
           surface(run, "saddle", saddle, WG_STUDY_SADDLE) && surface(run, "monkey", monkey, WG_STUDY_INCONCLUSIVE) &&
           surface(run, "valley", valley, WG_STUDY_INCONCLUSIVE) && models(run);
}

const struct study study_gallery = {
    .name = "gallery",
    .details =
        "Claims: the instruments say of each stationary point of a gallery what calculus says: minimum, maximum, saddle, and inconclusive\n"
        "for the monkey saddle and a valley; a plateau has no slope; Taylor polynomials of sin stay within the remainder's bound; the\n"
        "errors of the tangent plane and of the quadratic model are of second and third order.",
    .run = run,
};
