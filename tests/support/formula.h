/* Tensors whose elements follow a formula that the Python references of tests/nn have, too: no element is near 0, none occurs twice,
   every index occurs. */
#ifndef TEST_FORMULA_H
#define TEST_FORMULA_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <wengert.h>

/* middle + size sin(k + 1 + 0.7 i), in row-major order. */
static inline wg_status fill_scaled(wg_tensor *t, double k, double size, double middle)
{
    const int64_t n = wg_numel(t);
    double *f64 = malloc((size_t)n * sizeof *f64);
    float *f32 = malloc((size_t)n * sizeof *f32);
    for (int64_t i = 0; i < n; i++)
        f64[i] = middle + size * sin(k + 1 + 0.7 * (double)i), f32[i] = (float)f64[i];
    const wg_status status = wg_dtype_of(t) == WG_F64 ? wg_write(t, f64) : wg_write(t, f32);
    free(f64), free(f32);
    return status;
}

/* sin(k + 1 + 0.7 i). */
static inline wg_status fill(wg_tensor *t, double k)
{
    return fill_scaled(t, k, 1, 0);
}

static inline wg_tensor *filled(wg_dtype dtype, wg_shape shape, double k)
{
    wg_tensor *t = wg_zeros(dtype, shape);
    assert_int_equal(fill(t, k), WG_OK);
    return t;
}

/* 7 i mod below. */
static inline wg_tensor *indices(wg_shape shape, int64_t below)
{
    wg_tensor *t = wg_zeros(WG_I64, shape);
    int64_t *index = wg_data_mut(t);
    for (int64_t i = 0; i < wg_numel(t); i++)
        index[i] = 7 * i % below;
    return t;
}

#endif
