/* What conv2d and its two gradients share, for the element type being compiled. Each is a sum of products w[o,c,u,v] x[n,c,h,k]
   y[n,o,i,j] over the pairs of an output (i,j) and a tap (u,v) that meet at a position (h,k) inside the image. Large
   convolutions use vectors along images (conv_direct.h). The loops here serve small ones, few images, and the counting of
   operations; the order of summation is the same. */
#include "ops/conv/window_shape.h"
#ifndef WG_COUNTING
#include "ops/conv/conv_direct.h"
#endif

/* LANES: columns of a row computed together. SMALL: up to this many products the plain loops run. FEW: vectors along images need
   at least this many images. */
enum { T(LANES) = 64, T(SMALL) = 4096, T(FEW) = 4 };

typedef struct {
    struct wg_window rows, columns;
    int64_t images, groups, inputs, outputs; /* inputs, outputs: channels of a group */
    ELEM *x, *w, *y;
    const int64_t *sx, *sw, *sy;
    const wg_tensor *bias;
    bool relu;
} T(convolution);

/* The strides of t, or zeros if t has no elements: its data has no bytes, so no address may be computed from it. */
static inline const int64_t *T(steps_of)(const wg_tensor *t)
{
    static const int64_t none[4] = {0};
    return t->numel > 0 ? wg_strides(t) : none;
}

static inline T(convolution) T(convolution_of)(const wg_call *c, const wg_tensor *x, const wg_tensor *w, const wg_tensor *y)
{
    const struct wg_window_params *p = (const struct wg_window_params *)c->params;
    T(convolution) cv;
    cv.rows = wg_window_of(p, 0, wg_extents(x)[2], wg_extents(w)[2], wg_extents(y)[2]);
    cv.columns = wg_window_of(p, 1, wg_extents(x)[3], wg_extents(w)[3], wg_extents(y)[3]);
    cv.images = wg_extents(x)[0];
    cv.groups = p->groups;
    cv.inputs = wg_extents(w)[1];
    cv.outputs = wg_extents(w)[0] / p->groups;
    cv.x = (ELEM *)(void *)x->data;
    cv.w = (ELEM *)(void *)w->data;
    cv.y = (ELEM *)(void *)y->data;
    cv.sx = T(steps_of)(x);
    cv.sw = T(steps_of)(w);
    cv.sy = T(steps_of)(y);
    cv.bias = NULL;
    cv.relu = false;
    return cv;
}

/* The number of products in the sums of all elements of y. */
static inline double T(products_of)(const T(convolution) * cv, const wg_tensor *y)
{
    return (double)y->numel * (double)(cv->inputs * cv->rows.size * cv->columns.size);
}

/* Do vectors along images pay? */
static inline bool T(suits_direct)(const T(convolution) * cv, const wg_tensor *y)
{
    return cv->images >= T(FEW) && T(products_of)(cv, y) > T(SMALL);
}

/* x y + z, rounded once if the CPU has an instruction for it. */
static inline REAL T(fused)(REAL x, REAL y, REAL z)
{
#if defined(WG_COUNTING) || FUSED
    return R(fma)(x, y, z);
#else
    return x * y + z;
#endif
}

/* sum[k step] += w x[k s] for n values of k. */
static inline void T(add_products)(int64_t n, REAL *sum, int64_t step, REAL w, const ELEM *x, int64_t s)
{
    if (step == 1 && s == 1)
        for (int64_t k = 0; k < n; k++)
            sum[k] = T(fused)(w, x[k], sum[k]);
    else
        for (int64_t k = 0; k < n; k++)
            sum[k * step] = T(fused)(w, x[k * s], sum[k * step]);
}
