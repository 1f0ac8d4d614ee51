/* The strict-saddle property at a point. */
#include <math.h>

#include "frame.h"

static const wg_option option[] = {
    WG_OPTION_REAL_OF(wg_study_strict_options, alpha, 0.1, "strong convexity around a minimum", WG_ABOVE(0)),
    WG_OPTION_REAL_OF(wg_study_strict_options, gamma, 0.1, "negative curvature", WG_ABOVE(0)),
    WG_OPTION_REAL_OF(wg_study_strict_options, epsilon, 0.1, "a large gradient", WG_ABOVE(0)),
    WG_OPTION_REAL_OF(wg_study_strict_options, delta, 0.1, "distance to a minimum", WG_ABOVE(0)),
    WG_OPTION_INT_OF(wg_study_strict_options, samples, 20, "points around a minimum", WG_AT_LEAST(0)),
};
static const wg_option_table table_of_options = STUDY_OPTIONS(wg_study_strict_options, option);

enum { NEWTON_STEPS = 30 };

/* A step shorter than this, relative to the parameters, ends the search for a minimum. */
#define SETTLED 1e-10

/* The smallest eigenvalue where the study is and, if step is not NULL, Newton's step -H⁻¹g, where H is positive definite. */
static wg_status curvature(struct study *s, double *smallest, wg_tensor **step)
{
    WG_NO_GRAD;
    wg_tensor *h = study_hessian(s), *values, *vectors;
    WG_TRY(h ? wg_eigh(h, &values, &vectors) : study_cause());
    *smallest = wg_data_as(values, double)[0];
    if (!step || *smallest <= 0)
        return WG_OK;
    *step = wg_neg(wg_matmul(vectors, wg_div(wg_matmul(s->gradient, vectors), values)));
    return *step ? WG_OK : study_cause();
}

/* The smallest eigenvalue at a point. */
static wg_status convexity_at(struct study *s, wg_tensor *at, double *smallest)
{
    struct study point;
    wg_status status = study_begin(&point, s->op, s->loss, at, STUDY_PRODUCTS);
    if (status == WG_OK)
        status = curvature(&point, smallest, NULL);
    study_end(&point, NULL);
    return status;
}

/* at ← at + Newton's step, or nothing where H is not positive definite; *length is the step's. */
static wg_status newton_step(struct study *s, wg_tensor *at, double *smallest, double *length)
{
    struct study point;
    wg_tensor *step = NULL;
    *length = INFINITY;
    wg_status status = study_begin(&point, s->op, s->loss, at, STUDY_PRODUCTS);
    if (status == WG_OK)
        status = curvature(&point, smallest, &step);
    if (status == WG_OK && step) {
        double *position = wg_data_mut_as(at, double);
        const double *d = wg_data_as(step, double);
        for (int64_t i = 0; i < s->size; i++)
            position[i] += d[i];
        *length = study_norm(d, s->size);
    }
    study_end(&point, NULL);
    return status;
}

static double distance(wg_tensor *a, wg_tensor *b)
{
    WG_NO_GRAD;
    wg_tensor *length = wg_norm2(wg_sub(a, b));
    return length ? wg_item(length) : (double)NAN;
}

/* Searches a minimum from the parameters; at is moved there. *found: there is one, no further than delta. */
static wg_status search(struct study *s, wg_tensor *from, wg_tensor *at, double delta, wg_study_strict_result *r, bool *found)
{
    double smallest = 0, length = 0;
    bool settled = false;
    *found = false;
    for (int i = 0; i < NEWTON_STEPS && !settled; i++) {
        WG_TRY(newton_step(s, at, &smallest, &length));
        if (isinf(length))
            return WG_OK;
        settled = length <= SETTLED * (1 + study_norm(wg_data_as(at, double), s->size));
    }
    if (!settled)
        return WG_OK;
    r->distance = distance(at, from);
    *found = r->distance <= delta;
    if (*found)
        r->convexity = smallest;
    return WG_OK;
}

/* A random point of the ball of that radius around a centre. */
static wg_tensor *in_ball(struct study *s, wg_tensor *centre, double radius)
{
    WG_NO_GRAD;
    wg_tensor *d = wg_normal(s->generator, WG_F64, WG_SHAPE(s->size), 0, 1), *u = wg_uniform(s->generator, WG_F64, WG_SCALAR, 0, 1);
    if (!d || !u)
        return NULL;
    const double length = radius * pow(wg_item(u), 1 / (double)s->size) / study_norm(wg_data_as(d, double), s->size);
    return wg_add(centre, wg_mul_scalar(d, length));
}

static wg_status near_minimum(struct study *s, wg_study_strict_result *r, const wg_study_strict_options *o)
{
    bool found;
    wg_tensor *from = study_position(s), *at = from ? wg_copy(from) : NULL;
    if (!at || !study_generator(s, o->seed))
        return study_cause();
    WG_TRY(search(s, from, at, o->delta, r, &found));
    for (int64_t i = 0; i < o->samples && found; i++) {
        double smallest = 0;
        wg_tensor *sample = in_ball(s, at, 2 * o->delta);
        WG_TRY(sample ? convexity_at(s, sample, &smallest) : study_cause());
        r->convexity = fmin(r->convexity, smallest);
    }
    if (found && r->convexity >= o->alpha)
        r->holds = WG_STUDY_STRICT_MINIMUM;
    return WG_OK;
}

static wg_status look(struct study *s, wg_study_strict_result *result, const wg_study_strict_options *o)
{
    wg_study_strict_result r = {.distance = (double)NAN, .convexity = (double)NAN};
    WG_TRY(wg_options_check(table_of_options, o, s->op));
    r.gradient_norm = study_norm(wg_data_as(s->gradient, double), s->size);
    WG_TRY(curvature(s, &r.smallest, NULL));
    if (r.gradient_norm >= o->epsilon)
        r.holds = WG_STUDY_STRICT_GRADIENT;
    else if (r.smallest <= -o->gamma)
        r.holds = WG_STUDY_STRICT_CURVATURE;
    else
        WG_TRY(near_minimum(s, &r, o));
    *result = r;
    return WG_OK;
}

wg_status wg_study_strict_saddle_with(const wg_study_loss *loss, wg_study_strict_result *result, wg_study_strict_options options)
{
    static const char op[] = "study_strict_saddle";
    struct study s;
    if (!result)
        return wg_error_set(WG_E_NULL, op, "%s: where the result is to go is NULL", op);
    wg_status status = study_begin(&s, op, loss, NULL, STUDY_PRODUCTS);
    if (status == WG_OK)
        status = look(&s, result, &options);
    study_end(&s, NULL);
    return status;
}
