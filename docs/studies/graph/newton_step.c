/* What a step of Newton's method costs, and what it buys, on least squares with m examples and n parameters: w ← w - H⁻¹g. The Hessian is
   computed by n Hessian-vector products, n(4mn + 5m) operations beside the gradient's 4mn + 5m + 1, and the linear system Hd = g by a
   triangular factorisation, 2/3 n³ + 2n². So a step is O(n³) beside O(mn²), where gradient descent takes O(mn). But one step minimises a
   quadratic function, whatever the units of the parameters, while the steps of descent grow in number with the condition of H.

   The claim is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

#include "step_cost_problem.h"

enum { EXAMPLES = 512, SIZES = 7, RACE = 32, STEPS = 4000 };

/* Operations of a step. */
struct cost {
    double gradient, hessian, solve, update;
};

/* A Newton step on a traced tape. Control: with the diagonal of H alone. */
static bool newton(struct problem *p, bool diagonal, struct cost *c)
{
    WG_TAPE(tape, .trace = true);
    const int64_t n = wg_numel(p->w);
    wg_tensor *g = wg_grad(problem_value(&p->w, 1, p), p->w), *h = NULL;
    c->gradient = operations_on(tape, NULL);
    if (!g || wg_hessian(problem_value, p, &p->w, 1, &h) != WG_OK)
        return false;
    c->hessian = operations_on(tape, NULL) - 2 * c->gradient; /* wg_hessian computes the gradient again */
    h = wg_reshape(h, WG_SHAPE(n, n));
    if (diagonal)
        h = wg_diag(wg_diagonal(h));
    const double before = operations_on(tape, NULL);
    wg_tensor *d = wg_solve(h, g);
    c->solve = operations_on(tape, "solve");
    wg_tensor *w = wg_sub(p->w, d);
    c->update = round(operations_on(tape, NULL) - before - c->solve); /* thirds cancel but for rounding */
    return w && wg_assign(p->w, w) == WG_OK;
}

static bool is_exact(const struct cost *c, double m, double n)
{
    const double solve = 2 * n * n * n / 3 + 2 * n * n;
    return c->gradient == gradient_operations(m, n) && c->hessian == n * (4 * m * n + 5 * m) &&
           fabs(c->solve - solve) <= 1e-14 * solve && c->update == n;
}

/* Counts one step with n parameters: a row. *left: the norm of the gradient after the step, over that before. */
static bool add_size(struct study_run *run, int n, struct cost *c, double *left)
{
    struct problem p = {0};
    bool good = problem_make(&p, EXAMPLES, n, 1, run->seed);
    const double before = good ? problem_gradient_norm(&p) : 1;
    good = good && newton(&p, run->control, c);
    *left = good ? problem_gradient_norm(&p) / before : (double)NAN;
    problem_free(&p);
    return good && study_row(run, "%d,%g,%g,%g,%g,%.3g", n, c->gradient, c->hessian, c->solve, c->update, *left);
}

/* Descent and one Newton step on features of scales from 1 to 1/10: rows of the gradient's norm over the operations. */
static bool race(struct study_run *run)
{
    struct problem p = {0};
    struct cost c;
    bool good = problem_make(&p, EXAMPLES, RACE, 10, run->seed) && study_table(run, "race", "method,operations,gradient");
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){.tensor = &p.w, .n = 1}), .lr = 2) : NULL;
    const double begin = good ? problem_gradient_norm(&p) : 1, each = gradient_operations(EXAMPLES, RACE) + 2 * RACE + 1;
    good = sgd;
    for (int t = 0; t < STEPS && good; t++) {
        WG_TAPE(tape);
        good = (t % 50 || study_row(run, "descent,%g,%.4g", t * each, problem_gradient_norm(&p) / begin)) &&
               wg_backward(problem_value(&p.w, 1, &p)) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    problem_free(&p);
    good = good && problem_make(&p, EXAMPLES, RACE, 10, run->seed) && study_row(run, "newton,0,1") &&
           newton(&p, run->control, &c) &&
           study_row(run, "newton,%g,%.4g", c.gradient + c.hessian + c.solve + c.update, problem_gradient_norm(&p) / begin);
    problem_free(&p);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double n_of[SIZES], hessian[SIZES], solve[SIZES], left, worst = 0;
    int exact = 0;
    bool good = study_row(run, "n,gradient,hessian,solve,update,left");
    for (int i = 0; i < SIZES && good; i++) {
        struct cost c;
        const int n = 4 << i;
        good = add_size(run, n, &c, &left);
        n_of[i] = n;
        hessian[i] = c.hessian;
        solve[i] = c.solve;
        worst = fmax(worst, isnan(left) ? INFINITY : left);
        exact += is_exact(&c, EXAMPLES, n);
    }
    good = good && race(run);
    if (!good)
        return false;
    const double in_solve = study_exponent(n_of + 5, solve + 5, 2), in_hessian = study_exponent(n_of + 5, hessian + 5, 2);
    study_claim(run, exact == SIZES, "gradient, Hessian, linear system and update equal their closed forms at %d of %d sizes",
                exact, SIZES);
    study_decide(
        run, fabs(in_solve - 3) <= .03 && fabs(in_hessian - 2) <= .03 && worst <= 1e-9,
        "a Newton step grows as n^%.3f for its linear system and n^%.3f for its Hessian (n = 128, 256; expected 3 and 2 within 0.03), and one step minimises "
        "least squares: the gradient shrinks to %.1e of itself, at most 1e-9",
        in_solve, in_hessian, worst);
    return true;
}

const struct study study_newton_step = {.name = "newton_step", .control = "the Hessian's diagonal alone", .run = run};
