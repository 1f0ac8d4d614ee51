/* Least squares with counted operations. */
#include "step_cost_problem.h"

#include <math.h>
#include <string.h>

bool problem_make(struct problem *p, int m, int n, double spread, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 0);
    p->x = wg_uniform(generator, WG_F64, WG_SHAPE(m, n), -1, 1);
    p->y = wg_uniform(generator, WG_F64, WG_SHAPE(m, 1), -1, 1);
    p->w = wg_uniform(generator, WG_F64, WG_SHAPE(n, 1), -1, 1);
    wg_free(generator);
    double *x = p->x ? wg_data_mut_as(p->x, double) : NULL;
    for (int i = 0; x && i < m * n; i++)
        x[i] *= pow(spread, -(double)(i % n) / n);
    return x && p->y && p->w && wg_set_requires_grad(p->w, true);
}

void problem_free(struct problem *p)
{
    wg_free(p->x), wg_free(p->y), wg_free(p->w);
}

wg_tensor *problem_value(wg_tensor *const *x, size_t n, void *context)
{
    const struct problem *p = context;
    (void)n;
    wg_tensor *squares = wg_square(wg_sub(wg_matmul(p->x, x[0]), p->y));
    return wg_mul_scalar(wg_sum(squares), 0.5 / (double)wg_extent(p->x, 0));
}

double problem_gradient_norm(struct problem *p)
{
    WG_TAPE(tape);
    return wg_item(wg_norm(wg_grad(problem_value(&p->w, 1, p), p->w)));
}

double operations_on(const wg_tape *tape, const char *op)
{
    wg_cost_table *table = wg_cost_of(tape);
    double sum = table ? 0 : -1;
    for (size_t i = 0; table && i < table->n_ops; i++)
        for (int part = 0; part < WG_COST_PARTS && (!op || strcmp(op, table->op[i].op) == 0); part++)
            sum = table->op[i].sum[part].unknown || sum < 0 ? -1 : sum + wg_cost_operations(table->op[i].sum[part].cost);
    wg_cost_destroy(table);
    return sum;
}

double gradient_operations(double m, double n)
{
    return 4 * m * n + 5 * m + 1;
}
