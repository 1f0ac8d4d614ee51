/* What conv2d and its two gradients share, for the number type at hand: each is a sum of products w[o,c,u,v] x[n,c,h,k] y[n,o,i,j] over
   the pairs of an output (i,j) and a tap (u,v) that meet at a position (h,k) inside the image. The innermost loop runs along memory: over
   images if they lie side by side in what is read, else along a row. */
#include "window.h"

enum { T(LANES) = 64 };

typedef struct {
    struct wg_window rows, columns;
    int64_t images, groups, inputs, outputs; /* channels of a group, in and out */
    ELEM *x, *w, *y;
    const int64_t *sx, *sw, *sy;
    const wg_tensor *bias;
    bool along_images;
} T(convolution);

static inline T(convolution)
    T(convolution_of)(const wg_call *c, const wg_tensor *x, const wg_tensor *w, const wg_tensor *y, const wg_tensor *read)
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
    cv.sx = wg_strides(x);
    cv.sw = wg_strides(w);
    cv.sy = wg_strides(y);
    cv.bias = NULL;
    cv.along_images = wg_images_innermost(read);
    return cv;
}

/* So many neighbours of a result are worked on together: images of one column, or columns of one image. */
typedef struct {
    int64_t image, images, column, columns;
} T(block);

static inline int64_t T(image_blocks)(const T(convolution) * cv)
{
    return cv->along_images ? wg_ceil_div(cv->images, T(LANES)) : cv->images;
}

static inline T(block) T(first_block)(const T(convolution) * cv, int64_t image_block)
{
    const int64_t width = cv->along_images ? T(LANES) : 1;
    T(block) b;
    b.image = image_block * width;
    b.images = wg_clip(cv->images - b.image, 0, width);
    b.column = b.columns = 0;
    return b;
}

/* Moves on along a row of so many columns; false at its end. */
static inline bool T(next_block)(const T(convolution) * cv, T(block) * b, int64_t columns)
{
    b->column += b->columns;
    b->columns = wg_clip(columns - b->column, 0, cv->along_images ? 1 : T(LANES));
    return b->columns > 0;
}

/* sum[k step] += w x[k s] */
static inline void T(add_products)(int64_t n, REAL *sum, int64_t step, REAL w, const ELEM *x, int64_t s)
{
    if (step == 1 && s == 1)
        for (int64_t k = 0; k < n; k++)
            sum[k] = sum[k] + w * x[k];
    else
        for (int64_t k = 0; k < n; k++)
            sum[k * step] = sum[k * step] + w * x[k * s];
}
