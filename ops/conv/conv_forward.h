/* The kernel of conv2d and of conv2d_relu, for the element type being compiled. */
#include "ops/conv/conv.h"

/* Computes columns first to first + n - 1 of row i of one channel of one image. */
static void T(convolve)(const T(convolution) * cv, int64_t image, int64_t o, int64_t i, int64_t first, int64_t n, REAL bias)
{
    REAL sum[T(LANES)];
    const int64_t first_tap = wg_first_tap(&cv->rows, i, 0), last_tap = wg_first_tap(&cv->rows, i, cv->rows.extent);
    const ELEM *image_x = cv->x + image * cv->sx[0] + o / cv->outputs * cv->inputs * cv->sx[1];
    for (int64_t k = 0; k < n; k++)
        sum[k] = bias;
    for (int64_t u = first_tap; u < last_tap; u++)
        for (int64_t v = 0; v < cv->columns.size; v++) {
            const int64_t from = wg_clip(wg_first_window(&cv->columns, v, 0), first, first + n);
            const int64_t to = wg_clip(wg_first_window(&cv->columns, v, cv->columns.extent), from, first + n);
            if (from == to)
                continue;
            const ELEM *x = image_x + wg_position(&cv->rows, i, u) * cv->sx[2] + wg_position(&cv->columns, from, v) * cv->sx[3];
            const ELEM *w = cv->w + o * cv->sw[0] + u * cv->sw[2] + v * cv->sw[3];
            for (int64_t c = 0; c < cv->inputs; c++)
                T(add_products)
            (to - from, sum + from - first, 1, w[c * cv->sw[1]], x + c * cv->sx[1], cv->columns.stride * cv->sx[3]);
        }
    ELEM *y = cv->y + image * cv->sy[0] + o * cv->sy[1] + i * cv->sy[2] + first * cv->sy[3];
    for (int64_t k = 0; k < n; k++)
        y[k * cv->sy[3]] = cv->relu && sum[k] <= (REAL)0 ? (REAL)0 : sum[k];
}

static void T(convolve_rows)(int64_t first, int64_t last, void *context)
{
    const T(convolution) *cv = (const T(convolution) *)context;
    const int64_t rows = cv->rows.outputs, columns = cv->columns.outputs, channels = cv->groups * cv->outputs;
    for (int64_t job = first; job < last; job++) {
        const int64_t o = job / rows % channels;
        REAL bias = (REAL)0;
        if (cv->bias)
            bias = ((const ELEM *)(const void *)cv->bias->data)[o * wg_strides(cv->bias)[0]];
        for (int64_t j = 0; j < columns; j += T(LANES))
            T(convolve)(cv, job / rows / channels, o, job % rows, j, wg_clip(columns - j, 0, T(LANES)), bias);
    }
}

static inline wg_status T(convolve_all)(const wg_call *c, bool relu)
{
    const wg_tensor *x = c->in[0], *w = c->in[1], *y = c->out[0];
    T(convolution) cv = T(convolution_of)(c, x, w, y);
    cv.bias = wg_absent(c->in[2]) ? NULL : c->in[2];
    cv.relu = relu;
#ifndef WG_COUNTING
    if (T(suits_direct)(&cv, y)) {
        const struct wg_correlation sums = {x, w, y, cv.bias, cv.rows, cv.columns, cv.groups, cv.inputs, cv.outputs, false, relu};
        return T(wg_correlate)(&sums);
    }
#endif
    wg_parallel(wg_kernel_threads(T(products_of)(&cv, y)), cv.images * cv.groups * cv.outputs * cv.rows.outputs, T(convolve_rows),
                &cv);
    return WG_OK;
}
