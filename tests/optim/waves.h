/* The problems of waves.py: their data and starts are waves. */
#ifndef WAVES_H
#define WAVES_H

#include <math.h>

#include "nn_check.h"

enum { MAX_TENSORS = 4 };

/* sin(a + b i) at the i-th element. */
static inline wg_tensor *wave(double a, double b, wg_shape shape)
{
    double v[100];
    int64_t n = 1;
    for (int axis = 0; axis < shape.rank; axis++)
        n *= shape.extent[axis];
    assert_true(n <= 100);
    for (int64_t i = 0; i < n; i++)
        v[i] = sin(a + b * (double)i);
    return wg_from(v, shape);
}

static inline wg_tensor *matrix(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *away = wg_sub(wg_matmul(wave(1, 2.3, WG_SHAPE(6, 5)), p[0]), wave(2, 1.7, WG_SHAPE(6, 4)));
    return wg_mul_scalar(wg_sum(wg_square(away)), 0.5);
}

static inline wg_tensor *logistic(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *x = wave(0, 1.3, WG_SHAPE(20, 3)), *truth = wg_from(((const double[]){1, -2, 0.5}), WG_SHAPE(3, 1));
    wg_tensor *noise = wg_reshape(wg_mul_scalar(wave(1, 5.1, WG_SHAPE(20)), 0.3), WG_SHAPE(20, 1));
    wg_tensor *y = wg_sign(wg_add(wg_matmul(x, truth), noise)), *w = wg_reshape(p[0], WG_SHAPE(3, 1));
    wg_tensor *margin = wg_mul(y, wg_add(wg_matmul(x, w), p[1]));
    wg_tensor *loss = wg_mean(wg_log(wg_add_scalar(wg_exp(wg_neg(margin)), 1)));
    return wg_add(loss, wg_mul_scalar(wg_sum(wg_square(p[0])), 0.005));
}

static inline wg_tensor *mlp(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *x = wave(0.5, 1.9, WG_SHAPE(12, 2)), *y = wave(0.2, 2.7, WG_SHAPE(12, 1));
    return wg_mean(wg_square(wg_sub(wg_linear(wg_tanh(wg_linear(x, p[0], p[1])), p[2], p[3]), y)));
}

/* The start of a problem, by its objective; returns the number of tensors. */
static inline size_t start_of(wg_function *function, wg_tensor **p)
{
    size_t n = 0;
    if (function == matrix) {
        p[n++] = wave(3, 1.1, WG_SHAPE(5, 4));
    } else if (function == logistic) {
        p[n++] = wave(1, 1, WG_SHAPE(3)), p[n++] = wave(0, 1, WG_SHAPE(1));
    } else {
        p[n++] = wave(1, 1.3, WG_SHAPE(8, 2)), p[n++] = wave(2, 0.7, WG_SHAPE(8));
        p[n++] = wave(3, 1.9, WG_SHAPE(1, 8)), p[n++] = wave(0, 1, WG_SHAPE(1));
    }
    for (size_t i = 0; i < n; i++)
        wg_set_requires_grad(p[i], true);
    return n;
}

#endif
