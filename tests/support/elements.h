/* For tests of values at the limits of arithmetic: leaves given by their elements, results compared element by element,
   derivatives. */
#ifndef TEST_ELEMENTS_H
#define TEST_ELEMENTS_H

#include "common.h"

#define INF ((double)INFINITY)
#define N_OF(list) (sizeof(list) / sizeof *(list))
/* A leaf of that dtype with these elements. */
#define LEAF(dtype, ...) \
    leaf_of(dtype, (const double[]){__VA_ARGS__}, (int64_t)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)))

static const wg_dtype both[] = {WG_F32, WG_F64};

static inline wg_tensor *leaf_of(wg_dtype dtype, const double *value, int64_t n)
{
    wg_tensor *t = made(wg_zeros(dtype, WG_SHAPE(n)));
    void *data = wg_data_mut(t);
    for (int64_t i = 0; i < n; i++)
        if (dtype == WG_F32)
            ((float *)data)[i] = (float)value[i];
        else
            ((double *)data)[i] = value[i];
    return made(wg_set_requires_grad(t, true));
}

/* Checks each element to a relative 1e-6 in f32 and 1e-14 in f64, infinities and NaN exactly. */
static inline void assert_elements(const wg_tensor *t, const double *want, int64_t n)
{
    const double epsilon = wg_dtype_of(t) == WG_F64 ? 1e-14 : 1e-6;
    assert_int_equal(wg_numel(t), n);
    for (int64_t i = 0; i < n; i++) {
        const double got = element(t, i);
        if (isnan(want[i]) ? !isnan(got) : isinf(want[i]) ? got != want[i] : !(fabs(got - want[i]) <= epsilon * fabs(want[i])))
            fail_msg("element %d is %.17g, not %.17g", (int)i, got, want[i]);
    }
}
#define ASSERT_ELEMENTS(t, ...) \
    assert_elements(t, (const double[]){__VA_ARGS__}, (int64_t)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)))

static inline void assert_finite(const wg_tensor *t)
{
    for (int64_t i = 0; i < wg_numel(t); i++)
        if (!isfinite(element(t, i)))
            fail_msg("element %d is %g", (int)i, element(t, i));
}

/* gradient: that of y with respect to x, recorded. second: the gradient of a weighted sum of it. */
static inline wg_tensor *gradient(wg_tensor *y, wg_tensor *x)
{
    return made(wg_grad(y, x, .create_graph = true));
}
static inline wg_tensor *second(wg_tensor *g, wg_tensor *x)
{
    return made(wg_grad(wg_sum(wg_mul(g, numbers(wg_dtype_of(g), wg_shape_of(g), 77))), x, .unused = WG_UNUSED_ZEROS,
                        .create_graph = true));
}

#endif
