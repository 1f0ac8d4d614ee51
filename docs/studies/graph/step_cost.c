/* What a step of an optimizer costs, counted: gradient descent, stochastic gradient descent and Newton's method on least squares,
   f(w) = |X w - y|² / 2m with m examples and n parameters.

   The claims are those of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020): a step of gradient descent takes O(n) beside the
   gradient, one of Newton's method O(n³); the gradient of all examples takes O(m n), and that of a batch B in place of m. */
#include "../study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Twice as many examples as parameters, so that the Hessian is regular. */
enum { EXAMPLES = 512, PARAMETERS = 16, BATCH = 8, MAX_PARAMETERS = 256, MAX_EXAMPLES = 1024, MAX_POINTS = 200 };

enum optimizer { DESCENT, STOCHASTIC, NEWTON, N_OPTIMIZERS };
static const char *const names[N_OPTIMIZERS] = {"gradient_descent", "stochastic", "newton"};

/* Operations of one step. */
struct cost {
    double gradient, hessian, solve, update;
};

struct point {
    enum optimizer optimizer;
    int m, n;
    struct cost counted;
};

struct study_data {
    struct study_run *run;
    struct point point[MAX_POINTS];
    int n_points;
    double worst; /* norm of the gradient behind a Newton step, relative to before */
};

static double sum_of(struct cost c)
{
    return c.gradient + c.hessian + c.solve + c.update;
}

/* ---- closed forms ---- */

/* X w and Xᵀ r take 2 m n each; the differences, squares and their sum 3 m, and backward 2 m + 1. */
static double gradient_of(double m, double n)
{
    return 4 * m * n + 5 * m + 1;
}

/* b is the number of examples that the step looks at. The Hessian beside its gradient: n columns, each the tangent of value and gradient.
   A triangular factorisation takes 2/3 n³, the solution of two triangular systems 2 n². */
static struct cost closed_form(enum optimizer optimizer, double b, double n)
{
    if (optimizer != NEWTON)
        return (struct cost){.gradient = gradient_of(b, n), .update = 2 * n + 1};
    return (struct cost){gradient_of(b, n), n * (4 * b * n + 5 * b), n * n * n / 3 + n * n * n / 3 + 2 * n * n, n};
}

/* ---- the problem ---- */

struct problem {
    wg_tensor *x, *y; /* (m, n), (m, 1) */
    wg_tensor *w;     /* (n, 1), requires a gradient */
};

static bool problem_make(struct problem *p, int m, int n)
{
    wg_tensor *generator = wg_generator(1, 0);
    p->x = wg_uniform(generator, WG_F64, WG_SHAPE(m, n), -1, 1);
    p->y = wg_uniform(generator, WG_F64, WG_SHAPE(m, 1), -1, 1);
    p->w = wg_uniform(generator, WG_F64, WG_SHAPE(n, 1), -1, 1);
    wg_free(generator);
    return p->x && p->y && p->w && wg_set_requires_grad(p->w, true);
}

static void problem_free(struct problem *p)
{
    wg_free(p->x), wg_free(p->y), wg_free(p->w);
}

/* f of w = x[0]. */
static wg_tensor *value(wg_tensor *const *x, size_t n, void *context)
{
    const struct problem *p = context;
    (void)n;
    wg_tensor *squares = wg_square(wg_sub(wg_matmul(p->x, x[0]), p->y));
    return wg_mul_scalar(wg_sum(squares), 0.5 / (double)wg_extent(p->x, 0));
}

/* The operations of a tape, or of its nodes of one op. -1: unknown. */
static double operations_of(const wg_tape *tape, const char *op)
{
    wg_cost_table *table = wg_cost_of(tape);
    double sum = table ? 0 : -1;
    for (size_t i = 0; table && i < table->n_ops; i++)
        for (int part = 0; part < WG_COST_PARTS && (!op || strcmp(op, table->op[i].op) == 0); part++)
            sum = table->op[i].sum[part].unknown || sum < 0 ? -1 : sum + wg_cost_operations(table->op[i].sum[part].cost);
    wg_cost_destroy(table);
    return sum;
}

/* ---- steps ---- */

/* A step on the first b examples. */
static bool descend(const struct problem *all, int b, struct cost *c)
{
    wg_optim *optimizer = wg_optim_sgd(((wg_tensor_list){.tensor = &all->w, .n = 1}), .lr = 0.1);
    bool good = optimizer != NULL;
    {
        WG_TAPE(tape, .trace = true);
        struct problem batch = {wg_slice(all->x, 0, 0, b, 1), wg_slice(all->y, 0, 0, b, 1), all->w};
        good = good && wg_backward(value(&batch.w, 1, &batch)) == WG_OK;
        c->gradient = operations_of(tape, NULL);
        good = good && wg_optim_step(optimizer) == WG_OK;
        c->update = operations_of(tape, NULL) - c->gradient;
    }
    wg_optim_destroy(optimizer);
    return good && c->gradient >= 0;
}

static double gradient_norm(struct problem *p)
{
    WG_TAPE(tape);
    return wg_item(wg_norm(wg_grad(value(&p->w, 1, p), p->w)));
}

/* w ← w - H⁻¹ g. A quadratic function is minimised by one such step: *left is the norm of the gradient behind it over that before. */
static bool newton(struct problem *p, struct cost *c, double *left)
{
    const double before = gradient_norm(p);
    bool good;
    {
        WG_TAPE(tape, .trace = true);
        const int64_t n = wg_numel(p->w);
        wg_tensor *g = wg_grad(value(&p->w, 1, p), p->w), *h = NULL;
        c->gradient = operations_of(tape, NULL);
        good = g && wg_hessian(value, p, &p->w, 1, &h) == WG_OK;
        c->hessian = operations_of(tape, NULL) - 2 * c->gradient; /* wg_hessian computes the gradient again */
        wg_tensor *w = good ? wg_sub(p->w, wg_solve(wg_reshape(h, WG_SHAPE(n, n)), g)) : NULL;
        c->solve = operations_of(tape, "solve");
        c->update = round(operations_of(tape, NULL) - 2 * c->gradient - c->hessian - c->solve); /* thirds cancel but for rounding */
        good = w && wg_assign(p->w, w) == WG_OK;
    }
    *left = good ? gradient_norm(p) / before : (double)NAN;
    return good;
}

/* ---- points ---- */

static bool add_point(struct study_data *data, enum optimizer optimizer, int m, int n)
{
    struct point *at = &data->point[data->n_points++];
    struct problem problem = {0};
    double left = 0;
    *at = (struct point){.optimizer = optimizer, .m = m, .n = n};
    bool good = problem_make(&problem, m, n);
    if (good && optimizer == NEWTON)
        good = newton(&problem, &at->counted, &left);
    else
        good = good && descend(&problem, optimizer == STOCHASTIC ? BATCH : m, &at->counted);
    data->worst = left <= data->worst ? data->worst : left;
    const struct cost *c = &at->counted;
    good = good && study_row(data->run, "%s,%d,%d,%.17g,%.17g,%.17g,%.17g,%.17g", names[optimizer], m, n, c->gradient, c->hessian,
                             c->solve, c->update, sum_of(*c));
    problem_free(&problem);
    return good;
}

static bool add_points(struct study_data *data)
{
    const int step = data->run->quick ? 32 : 16;
    bool good = study_row(data->run, "optimizer,m,n,gradient,hessian,solve,update,operations");
    for (enum optimizer o = DESCENT; o < N_OPTIMIZERS; o++) {
        for (int n = 4; n <= MAX_PARAMETERS && good; n += n < 32 ? n : step)
            good = add_point(data, o, EXAMPLES, n);
        for (int m = 2 * PARAMETERS; m <= MAX_EXAMPLES && good; m += m < 128 ? m : 4 * step)
            good = add_point(data, o, m, PARAMETERS);
    }
    return good;
}

/* ---- claims ---- */

static void claim_counts(struct study_data *data)
{
    int same[N_OPTIMIZERS] = {0}, all[N_OPTIMIZERS] = {0};
    for (int i = 0; i < data->n_points; i++) {
        const struct point *p = &data->point[i];
        const struct cost want = closed_form(p->optimizer, p->optimizer == STOCHASTIC ? BATCH : p->m, p->n), *got = &p->counted;
        all[p->optimizer]++;
        same[p->optimizer] += got->gradient == want.gradient && got->hessian == want.hessian && got->update == want.update &&
                              fabs(got->solve - want.solve) <= 1e-14 * want.solve;
    }
    for (int o = 0; o < N_OPTIMIZERS; o++)
        study_claim(data->run, same[o] == all[o] && all[o] > 0,
                    "%s: gradient, Hessian, solution and update equal their closed forms at %d of %d sizes", names[o], same[o],
                    all[o]);
}

typedef double quantity(const struct cost *c);

static double gradient(const struct cost *c)
{
    return c->gradient;
}

static double update(const struct cost *c)
{
    return c->update;
}

static double solve(const struct cost *c)
{
    return c->solve;
}

static double step(const struct cost *c)
{
    return sum_of(*c);
}

/* The exponent in n at m = EXAMPLES, or in m at n = PARAMETERS, over the upper half of the range. */
static void claim_exponent(struct study_data *data, const char *what, enum optimizer optimizer, quantity *of, bool in_n,
                           double want)
{
    double x[MAX_POINTS], y[MAX_POINTS];
    char text[160];
    int n = 0;
    for (int i = 0; i < data->n_points; i++) {
        const struct point *p = &data->point[i];
        const bool on_line = in_n ? p->m == EXAMPLES && p->n >= MAX_PARAMETERS / 2 : p->n == PARAMETERS && p->m >= MAX_EXAMPLES / 2;
        if (p->optimizer != optimizer || !on_line)
            continue;
        x[n] = in_n ? p->n : p->m;
        y[n++] = of(&p->counted);
    }
    snprintf(text, sizeof text, "%s: %s, exponent in %s", names[optimizer], what, in_n ? "n" : "m");
    study_near(data->run, text, study_exponent(x, y, n), want, .03);
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct study_data *data = calloc(1, sizeof *data);
    if (!data)
        return false;
    data->run = run;
    bool good = add_points(data);
    if (good) {
        claim_counts(data);
        study_claim(run, data->worst <= 1e-9, "newton: one step minimises: the gradient shrinks to %.1e of itself, at most 1e-9",
                    data->worst);
        claim_exponent(data, "update", DESCENT, update, true, 1);
        claim_exponent(data, "gradient", DESCENT, gradient, true, 1);
        claim_exponent(data, "gradient", DESCENT, gradient, false, 1);
        claim_exponent(data, "step", STOCHASTIC, step, false, 0);
        claim_exponent(data, "solution", NEWTON, solve, true, 3);
        good = true;
    }
    free(data);
    return good;
}

const struct study study_step_cost = {
    .name = "step_cost",
    .details =
        "Claims: beside its gradient a step of gradient descent takes O(n) operations and one of Newton's method O(n³); the gradient takes\n"
        "O(m n), and on a batch as much as on that many examples; one Newton step minimises least squares.",
    .run = run,
};
