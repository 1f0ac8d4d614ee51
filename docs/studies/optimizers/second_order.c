/* Second-order methods beside gradient descent, in Rosenbrock's valley f = 100 (x₂ - x₁²)² + (1 - x₁)² from (-1.2, 1). At the
   minimum the Hessian's eigenvalues are 0.4 and 1002: gradient descent's rate is limited by the one, its progress by the other.

       Newton             x ← x - t (∇²f)⁻¹ ∇f           solves with the Hessian
       quasi-Newton       x ← x - t B ∇f                  BFGS, L-BFGS: B from differences of gradients
       conjugate gradients  d ← -∇f + β d                   a memory of one direction
       coordinate descent xᵢ ← xᵢ - t gᵢ/Hᵢᵢ              one coordinate at a time
       trust region       the model's minimum within a radius that grows and shrinks with its success

   The list is that of A. Risteski (CMU, 2021) and J. Sun (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { METHODS = 7, MAX_EVALUATIONS = 20000 };

static const double start[2] = {-1.2, 1};
static const char *const name[METHODS] = {"gradient_descent", "coordinate_descent", "conjugate_gradient", "lbfgs", "bfgs",
                                          "newton",           "trust_region"};

static wg_tensor *valley(wg_tensor *const *x, size_t n, void *context)
{
    int *evaluations = context;
    (void)n;
    *evaluations += 1;
    wg_tensor *x1 = wg_slice(x[0], 0, 0, 1, 1), *x2 = wg_slice(x[0], 0, 1, 2, 1);
    return wg_sum(wg_add(wg_mul_scalar(wg_square(wg_sub(x2, wg_square(x1))), 100), wg_square(wg_add_scalar(wg_neg(x1), 1))));
}

/* What a method has cost so far: an evaluation of f with its gradient is one, and so is a Hessian-vector product. */
struct watch {
    struct study_run *run;
    const char *name;
    const double *x;
    double cost;
};

static double f_at(const double *x)
{
    return 100 * pow(x[1] - x[0] * x[0], 2) + pow(1 - x[0], 2);
}

static bool watch(const wg_minimize_result *so_far, void *context)
{
    struct watch *w = context;
    w->cost = (double)(so_far->evaluations + so_far->products);
    return (so_far->iterations > 40 && so_far->iterations % (so_far->iterations < 1500 ? 50 : 1000)) ||
           study_row(w->run, "%s,%d,%g,%.9g,%.9g,%.6g", w->name, (int)so_far->iterations, w->cost, w->x[0], w->x[1], f_at(w->x));
}

static wg_minimizer *minimizer_of(int method, wg_tensor_list x)
{
    switch (method) {
    case 1:
        return wg_minimize_coordinate_descent(x);
    case 2:
        return wg_minimize_conjugate_gradient(x);
    case 3:
        return wg_minimize_lbfgs(x, .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE, .max_iterations = 200, .history = 5,
                                 .change_tolerance = 0);
    case 4:
        return wg_minimize_bfgs(x);
    case 5:
        return wg_minimize_newton(x);
    default:
        return wg_minimize_trust_region(x);
    }
}

/* Gradient descent with a constant rate, until f < 1e-10 or MAX_EVALUATIONS. */
static bool descend(struct watch *w, wg_tensor_list x, double rate)
{
    wg_optim *sgd = wg_optim_sgd(x, .lr = rate);
    int evaluations = 0;
    bool good = sgd != NULL;
    for (int t = 0; t < MAX_EVALUATIONS && good && f_at(w->x) > 1e-10; t++) {
        wg_minimize_result so_far = {.iterations = t, .evaluations = t};
        WG_TAPE(tape);
        good = watch(&so_far, w) && wg_backward(valley(x.tensor, 1, &evaluations)) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    w->cost = evaluations;
    wg_optim_destroy(sgd);
    return good;
}

/* Control: gradient descent in place of each method. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_tensor *x = wg_set_requires_grad(wg_from(start, WG_SHAPE(2)), true);
    const wg_tensor_list list = {1, &x, NULL};
    double cost[METHODS], f[METHODS], most = 0, worst = 0;
    int evaluations = 0;
    bool good = x && study_row(run, "method,iteration,cost,x1,x2,f");
    for (int i = 0; i < METHODS && good; i++) {
        struct watch w = {run, name[i], wg_data(x), 0};
        wg_minimizer *m = i > 0 && !run->control ? minimizer_of(i, list) : NULL;
        good = wg_write(x, start) == WG_OK;
        if (m)
            good = good && wg_minimize_watch(m, watch, &w) == WG_OK && wg_minimize_run(m, valley, &evaluations, NULL) == WG_OK;
        else
            good = good && (i == 0 || run->control) && descend(&w, list, 0.0015);
        wg_minimize_destroy(m);
        cost[i] = w.cost, f[i] = f_at(w.x);
    }
    wg_free(x);
    if (!good)
        return false;
    for (int i = 2; i < METHODS; i++)
        most = fmax(most, cost[i]), worst = fmax(worst, f[i]);
    study_claim(run, cost[0] > 5000, "gradient descent, at 0.0015, near its largest rate, takes %g evaluations, above 5000",
                cost[0]);
    study_claim(run, cost[1] > 2 * most,
                "coordinate descent takes %g evaluations and products, more than twice as many as the next: the valley is oblique",
                cost[1]);
    study_decide(
        run, worst < 1e-10 && most < 500,
        "Rosenbrock's valley to f < 1e-10: conjugate gradients %g, L-BFGS %g, BFGS %g, Newton %g, trust region %g evaluations "
        "and Hessian products, all below 500; gradient descent %g",
        cost[2], cost[3], cost[4], cost[5], cost[6], cost[0]);

    return true;
}

const struct study study_second_order = {.name = "second_order", .control = "gradient descent in place of each method", .run = run};
