/* Backtracking line search, and why it is not for SGD. t is halved until F(x - t∇F) - F(x) ≤ -c t‖∇F‖². On the full loss this
   makes gradient descent converge with no rate to choose. On the loss of one example it finds the step that suits that example:
   at the minimum of the mean the examples still pull, each search succeeds, and the iterates never settle. A rate that falls as
   1/t averages the pulls. Besides, each trial on the full data costs as much as a step.

   Least squares in 4 variables with noise. The argument is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "least_squares.h"

#include "../study.h"

#include <math.h>

enum { ROWS = 200, FEATURES = 4, STEPS = 4000, FULL_STEPS = 200 };

struct data {
    wg_tensor *x, *y, *w, *solution;
    double least;
};

/* A loss of some rows along w - t g, for the search. */
struct line {
    const struct data *data;
    int64_t from, to, searches, evaluations;
    double w[FEATURES], g[FEATURES];
    double low, high; /* of c in F(w - t g) - F(w) = -c t ‖g‖² over the searches */
};

static wg_tensor *loss_of(const struct line *l)
{
    return least_squares_loss(wg_slice(l->data->x, 0, l->from, l->to, 1), wg_slice(l->data->y, 0, l->from, l->to, 1), l->data->w);
}

static bool move(const struct line *l, double t)
{
    double w[FEATURES];
    for (int j = 0; j < FEATURES; j++)
        w[j] = l->w[j] - t * l->g[j];
    return wg_write(l->data->w, w) == WG_OK;
}

static wg_status loss_along(void *context, double t, int slot, double *f, double *slope)
{
    struct line *l = context;
    (void)slot, (void)slope;
    l->evaluations++;
    if (!move(l, t))
        return WG_E_STATE;
    WG_TAPE(tape);
    *f = wg_item(loss_of(l));
    return WG_OK;
}

/* A step of gradient descent on the loss of the rows [from, to): at the rate, or, where that is 0, as long as a search from t = 8
   finds. */
static bool step(struct line *l, double rate)
{
    wg_minimize_step found = {.t = rate};
    double f, squares = 0;
    {
        WG_TAPE(tape);
        wg_tensor *loss = loss_of(l), *g = loss ? wg_grad(loss, l->data->w) : NULL;
        if (!g || wg_read(g, l->g) || wg_read(l->data->w, l->w))
            return false;
        f = wg_item(loss);
    }
    for (int j = 0; j < FEATURES; j++)
        squares += l->g[j] * l->g[j];
    l->searches += rate == 0 && squares > 1e-20;
    if (rate == 0 && squares > 1e-20 && wg_minimize_backtracking(loss_along, l, f, -squares, &found, .step = 8, .c1 = 0.3) != WG_OK)
        return false;
    if (rate == 0 && squares > 1e-9) {
        l->low = fmin(l->low, (f - found.f) / (found.t * squares));
        l->high = fmax(l->high, (f - found.f) / (found.t * squares));
    }
    return move(l, found.t);
}

static double excess(const struct data *d)
{
    WG_TAPE(tape);
    return wg_item(least_squares_loss(d->x, d->y, d->w)) - d->least;
}

/* The mean excess loss over the last quarter of the steps on one example each, or over the last step of FULL_STEPS on all; NaN on
   failure. */
static double train(struct study_run *run, const struct data *d, const char *name, bool full, bool search, struct line *seen)
{
    struct line l = {.data = d, .low = INFINITY};
    wg_tensor *generator = wg_generator(run->seed, 0), *order = wg_permutation(generator, ROWS);
    const int64_t *row = wg_data(order);
    const int steps = full ? FULL_STEPS : STEPS, last = full ? 1 : STEPS / 4;
    double sum = 0;
    bool good = row && wg_write_raw(d->w, (double[FEATURES]){0}) == WG_OK;
    for (int t = 0; t < steps && good; t++) {
        l.from = full ? 0 : row[t % ROWS], l.to = full ? ROWS : l.from + 1;
        good = step(&l, search ? 0 : 1 / (10 + 0.5 * t));
        const double now = excess(d);
        sum += t >= steps - last ? now / last : 0;
        good = good && (t % (steps / 100) || study_row(run, "%s,%d,%.6g", name, t + 1, now));
    }
    *seen = l;
    wg_free(generator), wg_free(order);
    return good ? sum : (double)NAN;
}

/* Control: SGD at the falling rate where a search is expected to fail. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data d = {.w = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(FEATURES, 1)), true)};
    struct line all = {0}, one, none;
    bool good = d.w &&
                wg_dataset_make_regression(&d.x, &d.y, .rows = ROWS, .features = FEATURES, .noise = 1, .condition = 10,
                                           .seed = run->seed, .dtype = WG_F64) == WG_OK &&
                (d.solution = least_squares_solution(d.x, d.y)) && wg_write_raw(d.w, wg_data(d.solution)) == WG_OK &&
                study_row(run, "method,step,excess");
    d.least = good ? excess(&d) : 0;
    const double full = good ? train(run, &d, "full_search", true, true, &all) : (double)NAN,
                 search = good ? train(run, &d, "sgd_search", false, !run->control, &one) : (double)NAN,
                 falling = good ? train(run, &d, "sgd_falling", false, false, &none) : (double)NAN;
    good = good && !isnan(full + search + falling);
    study_claim(run, all.low >= 0.3 && all.high <= 1,
                "F(w - t∇F) - F(w) = -c t‖∇F‖², c from %.2f to %.2f over the searches: in [0.3, 1]", all.low, all.high);
    study_claim(run, full < 1e-12,
                "gradient descent with the search, on all examples: excess loss %.1e after %d steps, below 1e-12; a search "
                "takes %.1f evaluations of F",
                full, FULL_STEPS, (double)all.evaluations / (double)all.searches);
    study_claim(run, falling < 0.05, "SGD at a rate that falls as 1/t: excess loss %.2g, below 0.05", falling);
    study_decide(
        run, search > 10 * falling,
        "SGD with a backtracking search on each example's loss stays at an excess loss of %.2g; at a rate that falls as 1/t it "
        "comes to %.2g: more than 10 times as near",
        search, falling);
    wg_free(d.x), wg_free(d.y), wg_free(d.w), wg_free(d.solution);
    return good;
}

const struct study study_line_search = {.name = "line_search", .control = "the falling rate in place of the search", .run = run};
