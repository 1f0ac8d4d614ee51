/* What a step of gradient descent costs, counted on least squares, f(w) = |Xw - y|²/(2m) with m examples and n parameters. The gradient of b
   examples takes 4bn + 5b + 1 operations, and the update of w by it 2n + 1. So a step on all examples is O(mn), of which descent adds O(n);
   a batch of B examples puts B in place of m, and the cost of a step no longer depends on how many examples there are.

   The claims are those of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

#include "step_cost_problem.h"

enum { EXAMPLES = 512, PARAMETERS = 16, BATCH = 8, SIZES = 8 };

/* Operations of a step on the first b of m examples; a row. */
static bool step(struct study_run *run, int m, int b, int n, double *gradient, double *update)
{
    struct problem all = {0};
    bool good = problem_make(&all, m, n, 1, run->seed);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){.tensor = &all.w, .n = 1}), .lr = 0.1) : NULL;
    good = sgd;
    if (good) {
        WG_TAPE(tape, .trace = true);
        struct problem batch = {wg_slice(all.x, 0, 0, b, 1), wg_slice(all.y, 0, 0, b, 1), all.w};
        good = wg_backward(problem_value(&batch.w, 1, &batch)) == WG_OK;
        *gradient = operations_on(tape, NULL);
        good = good && wg_optim_step(sgd) == WG_OK;
        *update = operations_on(tape, NULL) - *gradient;
    }
    wg_optim_destroy(sgd);
    problem_free(&all);
    return good && *gradient >= 0 && study_row(run, "%s,%d,%d,%g,%g", b < m ? "batch" : "all", m, n, *gradient, *update);
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double n_of[SIZES], m_of[SIZES], gradient_n[SIZES], gradient_m[SIZES], update[SIZES], batch_m[SIZES], other;
    int exact = 0, steps = 0;
    const int b = run->control ? 2 * BATCH : BATCH; /* the batch that is taken, where BATCH is claimed */
    bool good = study_row(run, "examples,m,n,gradient,update");
    for (int i = 0; i < SIZES && good; i++) {
        const int n = 4 << i, m = 32 << i;
        double batch_n = 0, batch_update = 0;
        n_of[i] = n;
        m_of[i] = m;
        good = step(run, EXAMPLES, EXAMPLES, n, &gradient_n[i], &update[i]) && step(run, EXAMPLES, b, n, &batch_n, &batch_update) &&
               step(run, m, m, PARAMETERS, &gradient_m[i], &other) && step(run, m, b, PARAMETERS, &batch_m[i], &other);
        exact += gradient_n[i] == gradient_operations(EXAMPLES, n) && update[i] == 2 * n + 1;
        exact += batch_n == gradient_operations(BATCH, n) && batch_update == 2 * n + 1;
        exact += gradient_m[i] == gradient_operations(m, PARAMETERS);
        exact += batch_m[i] == gradient_operations(BATCH, PARAMETERS);
        steps += 4;
    }
    if (!good)
        return false;
    study_near(run, "gradient of all examples: exponent in n, over n = 64 … 512", study_exponent(n_of + 4, gradient_n + 4, 4), 1,
               .03);
    study_near(run, "gradient of all examples: exponent in m, over m = 512 … 4096", study_exponent(m_of + 4, gradient_m + 4, 4), 1,
               .03);
    study_near(run, "gradient of a batch of 8: exponent in m", study_exponent(m_of, batch_m, SIZES), 0, 1e-12);
    study_near(run, "update: exponent in n, over n = 64 … 512", study_exponent(n_of + 4, update + 4, 4), 1, .03);
    study_decide(
        run, exact == steps,
        "least squares: the gradient of b examples takes exactly 4bn + 5b + 1 operations and the update by it 2n + 1, for b = m and for batches of %d, at "
        "%d of %d sizes: a batch replaces m by b",
        BATCH, exact, steps);
    return true;
}

const struct study study_step_cost = {.name = "step_cost", .control = "batches of 16 instead of 8 examples", .run = run};
