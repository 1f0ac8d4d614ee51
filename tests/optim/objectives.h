/* The objectives of lbfgs_pytorch.py and minimizers_python.py, and their start: parameters of shapes (3) and (2, 2). */
#ifndef OBJECTIVES_H
#define OBJECTIVES_H

#include <math.h>

#include "nn_check.h"

enum { N = 7 };

static int64_t calls;

/* All parameters as a vector of N elements. */
static inline wg_tensor *joined(wg_tensor *const *p)
{
    calls++;
    wg_tensor *part[] = {p[0], wg_reshape(p[1], WG_SHAPE(4))};
    return wg_concat(part, 2, 0);
}

static inline wg_tensor *numbers_to(double first, double factor, double step)
{
    double v[N];
    for (int i = 0; i < N; i++)
        v[i] = first * pow(factor, i) + step * i;
    return wg_from(v, WG_SHAPE(N));
}

static inline wg_tensor *rosenbrock(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *z = joined(p), *head = wg_slice(z, 0, 0, N - 1, 1), *tail = wg_slice(z, 0, 1, N, 1);
    wg_tensor *valley = wg_mul_scalar(wg_square(wg_sub(tail, wg_square(head))), 100);
    return wg_sum(wg_add(valley, wg_square(wg_add_scalar(wg_neg(head), 1))));
}

static inline wg_tensor *quadratic(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *away = wg_square(wg_sub(joined(p), numbers_to(0, 1, 1)));
    return wg_mul_scalar(wg_sum(wg_mul(away, numbers_to(1, sqrt(10), 0))), 0.5);
}

static inline wg_tensor *softplus(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *z = joined(p), *soft = wg_log(wg_add_scalar(wg_exp(wg_sub(z, numbers_to(0, 1, 1))), 1));
    return wg_add(wg_sum(soft), wg_mul_scalar(wg_square(wg_sum(z)), 0.05));
}

struct start {
    wg_tensor *p[2];
    wg_tensor_list list;
};

static inline void begin(struct start *s)
{
    const double z[N] = {0.1, 0.2, 0.1 * 3, 0.4, 0.5, 0.1 * 6, 0.1 * 7};
    s->p[0] = wg_set_requires_grad(wg_from(z, WG_SHAPE(3)), true);
    s->p[1] = wg_set_requires_grad(wg_from(z + 3, WG_SHAPE(2, 2)), true);
    s->list = (wg_tensor_list){2, s->p, NULL};
}

static inline void end(struct start *s)
{
    wg_free(s->p[0]), wg_free(s->p[1]);
}

/* Residuals of which rosenbrock is the sum of squares. */
static inline wg_tensor *residuals(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *z = joined(p), *head = wg_slice(z, 0, 0, N - 1, 1), *tail = wg_slice(z, 0, 1, N, 1);
    wg_tensor *part[] = {wg_mul_scalar(wg_sub(tail, wg_square(head)), 10), wg_add_scalar(wg_neg(head), 1)};
    return wg_concat(part, 2, 0);
}

#endif
