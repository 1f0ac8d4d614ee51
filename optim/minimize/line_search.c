/* Line searches on a function of one number. The strong Wolfe search takes the points that PyTorch's takes, so that runs agree to the
   last digits; where a value is not finite, for which PyTorch has no rule, its bracket is halved. */
#include "kind.h"
#include "wengert/tape.h"

/* ---- one end of a bracket ---- */

struct point {
    double t, f, slope;
    int slot;
};

static wg_status evaluate(wg_minimize_line *line, void *context, struct point *p, wg_minimize_step *result)
{
    WG_TRY(line(context, p->t, p->slot, &p->f, &p->slope));
    result->evaluations++;
    if (!isfinite(p->f) || !isfinite(p->slope))
        p->f = p->slope = INFINITY;
    return WG_OK;
}

/* A slot that neither of two points has. */
static int other_slot(const struct point *a, const struct point *b)
{
    for (int slot = 0;; slot++)
        if (a->slot != slot && b->slot != slot)
            return slot;
}

/* The minimum of the cubic through two points with their slopes, within the bounds; the middle of the bounds where there is none. */
static double cubic_minimum(const struct point *a, const struct point *b, double low, double high)
{
    const double d1 = a->slope + b->slope - 3 * (a->f - b->f) / (a->t - b->t), square = d1 * d1 - a->slope * b->slope;
    double t = NAN;
    if (square >= 0 && isfinite(square)) {
        const double d2 = sqrt(square);
        t = a->t <= b->t ? b->t - (b->t - a->t) * ((b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2))
                         : a->t - (a->t - b->t) * ((a->slope + d2 - d1) / (a->slope - b->slope + 2 * d2));
    }
    return isnan(t) ? (low + high) / 2 : fmin(fmax(t, low), high);
}

static void accept(wg_minimize_step *result, const struct point *p, bool found)
{
    result->t = p->t, result->f = p->f, result->slope = p->slope, result->slot = p->slot;
    result->found = found;
}

/* ---- strong Wolfe ---- */

struct search {
    wg_minimize_line *line;
    void *context;
    struct point start, end[2]; /* the bracket */
    int64_t left;               /* points that may be tried beside the first */
    const wg_minimize_strong_wolfe_options *o;
};

static bool decreases(const struct search *s, const struct point *p)
{
    return !(p->f > s->start.f + s->o->c1 * p->t * s->start.slope);
}

static bool is_flat(const struct search *s, const struct point *p)
{
    return fabs(p->slope) <= -s->o->c2 * s->start.slope;
}

/* Longer and longer steps, until two of them bracket an acceptable one, or *found: end[0] is acceptable itself. */
static wg_status extrapolate(struct search *s, wg_minimize_step *result, bool *found)
{
    struct point before = s->start, now = {.t = s->o->step, .slot = 0};
    WG_TRY(evaluate(s->line, s->context, &now, result));
    for (int64_t i = 0; s->left > 0; i++, s->left--) {
        if (decreases(s, &now) && !(i > 1 && now.f >= before.f)) {
            *found = is_flat(s, &now);
            if (*found)
                before = now;
        }
        if (*found || !decreases(s, &now) || (i > 1 && now.f >= before.f) || now.slope >= 0) {
            s->end[0] = before, s->end[1] = now;
            return WG_OK;
        }
        struct point next = {.t = cubic_minimum(&before, &now, now.t + 0.01 * (now.t - before.t), now.t * 10),
                             .slot = other_slot(&before, &now)};
        before = now, now = next;
        WG_TRY(evaluate(s->line, s->context, &now, result));
    }
    s->end[0] = s->start, s->end[1] = now;
    return WG_OK;
}

/* The next point in the bracket: the cubic's minimum, or a tenth of the bracket away from the end that it came too close to twice. */
static double next_inside(const struct search *s, bool *slow)
{
    const double low = fmin(s->end[0].t, s->end[1].t), high = fmax(s->end[0].t, s->end[1].t), margin = 0.1 * (high - low);
    double t = cubic_minimum(&s->end[0], &s->end[1], low, high);
    if (!(fmin(high - t, t - low) < margin)) {
        *slow = false;
    } else if (*slow || t >= high || t <= low) {
        t = fabs(t - high) < fabs(t - low) ? high - margin : low + margin;
        *slow = false;
    } else {
        *slow = true;
    }
    return t;
}

/* Shrinks the bracket; *low: which of its ends has the lower value. */
static wg_status zoom(struct search *s, wg_minimize_step *result, bool *found, int *low)
{
    bool slow = false;
    for (; !*found && s->left > 0; s->left--) {
        struct point *lower = &s->end[*low], *upper = &s->end[1 - *low];
        if (fabs(s->end[1].t - s->end[0].t) * s->o->length < s->o->change_tolerance)
            break;
        struct point p = {.t = next_inside(s, &slow), .slot = other_slot(lower, upper)};
        WG_TRY(evaluate(s->line, s->context, &p, result));
        if (!decreases(s, &p) || p.f >= lower->f) {
            *upper = p;
            *low = s->end[0].f <= s->end[1].f ? 0 : 1;
            continue;
        }
        *found = is_flat(s, &p);
        if (!*found && p.slope * (upper->t - lower->t) >= 0)
            *upper = *lower;
        *lower = p;
    }
    return WG_OK;
}

wg_status search_strong_wolfe(wg_minimize_line *line, void *context, double f, double slope, wg_minimize_step *result,
                              const wg_minimize_strong_wolfe_options *o)
{
    wg_minimize_step step = {.evaluations = 0};
    struct search s = {.line = line, .context = context, .start = {0, f, slope, -1}, .left = o->max_evaluations, .o = o};
    bool found = false;
    WG_TRY(extrapolate(&s, &step, &found));
    int low = found || s.end[0].f <= s.end[1].f ? 0 : 1;
    WG_TRY(zoom(&s, &step, &found, &low));
    accept(&step, &s.end[low], found);
    *result = step;
    return WG_OK;
}

/* ---- backtracking ---- */

wg_status search_backtracking(wg_minimize_line *line, void *context, double f, double slope, wg_minimize_step *result,
                              const wg_minimize_backtracking_options *o)
{
    wg_minimize_step step = {.evaluations = 0};
    struct point p = {.t = o->step, .slot = 0, .slope = NAN};
    for (; step.evaluations < o->max_evaluations; p.t *= o->shrink) {
        WG_TRY(line(context, p.t, p.slot, &p.f, NULL));
        step.evaluations++;
        if (p.f <= f + o->c1 * p.t * slope && p.f > -INFINITY) {
            accept(&step, &p, true);
            *result = step;
            return WG_OK;
        }
    }
    accept(&step, &(struct point){0, f, slope, -1}, false);
    *result = step;
    return WG_OK;
}

/* ---- on a function of the user's ---- */

/* One call of it, as wg_callback_run makes it. */
struct user {
    const char *op;
    wg_minimize_line *line;
    void *context;
    double t, *f, *slope;
    int slot;
};

static wg_status call_user(void *context)
{
    struct user *u = context;
    return u->line(u->context, u->t, u->slot, u->f, u->slope);
}

static wg_status user_line(void *context, double t, int slot, double *f, double *slope)
{
    struct user *u = context;
    u->t = t, u->slot = slot, u->f = f, u->slope = slope;
    return wg_callback_run(u->op, "the function", NULL, call_user, u);
}

static wg_status check(const char *op, bool whole, double f, double slope, wg_option_table table, const void *options)
{
    if (!whole)
        return wg_error_set(WG_E_NULL, op, "%s: the function or the result is NULL", op);
    if (!isfinite(f))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a finite value at 0, got %g", op, f);
    if (!(slope < 0) || !isfinite(slope))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a finite negative slope at 0, got %g", op, slope);
    return wg_options_check(table, options, op);
}

#define REAL(type, name, preset, text, ...) WG_OPTION_REAL_OF(type, name, preset, text, __VA_ARGS__)
#define INT(type, name, preset, text, ...) WG_OPTION_INT_OF(type, name, preset, text, __VA_ARGS__)

wg_status wg_minimize_backtracking_with(wg_minimize_line *line, void *context, double f, double slope, wg_minimize_step *result,
                                        wg_minimize_backtracking_options options)
{
    typedef wg_minimize_backtracking_options type;
    static const wg_option list[] = {
        REAL(type, step, 1, "the first t", WG_ABOVE(0)),
        REAL(type, c1, 1e-4, "of sufficient decrease", WG_FROM_BELOW(0, 1)),
        REAL(type, shrink, 0.5, "what t is multiplied by", WG_RANGE_(0, 1, true, true)),
        INT(type, max_evaluations, 60, "values of t", WG_AT_LEAST(1)),
    };
    struct user user = {.op = "minimize_backtracking", .line = line, .context = context};
    const wg_option_table table = {list, sizeof list / sizeof *list, sizeof(type)};
    WG_TRY(check(user.op, line && result, f, slope, table, &options));
    return search_backtracking(user_line, &user, f, slope, result, &options);
}

wg_status wg_minimize_strong_wolfe_with(wg_minimize_line *line, void *context, double f, double slope, wg_minimize_step *result,
                                        wg_minimize_strong_wolfe_options options)
{
    typedef wg_minimize_strong_wolfe_options type;
    static const wg_option list[] = {
        REAL(type, step, 1, "the first t", WG_ABOVE(0)),
        REAL(type, c1, 1e-4, "of sufficient decrease", WG_FROM_BELOW(0, 1)),
        REAL(type, c2, 0.9, "of the slope", WG_FROM_BELOW(0, 1)),
        REAL(type, change_tolerance, 1e-9, "of the bracket", WG_AT_LEAST(0)),
        REAL(type, length, 1, "of d", WG_AT_LEAST(0)),
        INT(type, max_evaluations, 25, "points beside the first", WG_AT_LEAST(1)),
    };
    struct user user = {.op = "minimize_strong_wolfe", .line = line, .context = context};
    const wg_option_table table = {list, sizeof list / sizeof *list, sizeof(type)};
    WG_TRY(check(user.op, line && result, f, slope, table, &options));
    if (options.c1 >= options.c2)
        return wg_error_set(WG_E_ARGUMENT, user.op, "%s: expected c1 < c2, got c1 = %g and c2 = %g", user.op, options.c1,
                            options.c2);
    return search_strong_wolfe(user_line, &user, f, slope, result, &options);
}
