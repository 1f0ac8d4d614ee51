/* The gradient of conv2d with respect to its image, and the kernel of transposed convolution: gx[n,c,h,k] = Σ w[o,c,u,v]
   gy[n,o,i,j] over the outputs (i,j) and taps (u,v) that meet at (h,k). Each sum is one chain of fused multiply-adds over u, v,
   o in this order. */
#ifdef REAL
#include "ops/conv/conv.h"

/* Computes columns first to first + n - 1 of row h of one channel of one image. */
static void T(spread)(const T(convolution) * cv, int64_t image, int64_t channel, int64_t h, int64_t first, int64_t n)
{
    REAL sum[T(LANES)];
    const int64_t first_output = channel / cv->inputs * cv->outputs;
    for (int64_t k = 0; k < n; k++)
        sum[k] = (REAL)0;
    for (int64_t u = 0; u < cv->rows.size; u++) {
        const int64_t i = wg_window_at(&cv->rows, h, u);
        for (int64_t v = 0; v < cv->columns.size && i >= 0; v++) {
            const int64_t from = wg_first_window(&cv->columns, v, first), to = wg_first_window(&cv->columns, v, first + n);
            if (from >= to)
                continue;
            const ELEM *y = cv->y + image * cv->sy[0] + first_output * cv->sy[1] + i * cv->sy[2] + from * cv->sy[3];
            const ELEM *w = cv->w + first_output * cv->sw[0] + channel % cv->inputs * cv->sw[1] + u * cv->sw[2] + v * cv->sw[3];
            REAL *at = sum + wg_position(&cv->columns, from, v) - first;
            for (int64_t o = 0; o < cv->outputs; o++)
                T(add_products)(to - from, at, cv->columns.stride, w[o * cv->sw[0]], y + o * cv->sy[1], cv->sy[3]);
        }
    }
    ELEM *x = cv->x + image * cv->sx[0] + channel * cv->sx[1] + h * cv->sx[2] + first * cv->sx[3];
    for (int64_t k = 0; k < n; k++)
        x[k * cv->sx[3]] = sum[k];
}

static void T(spread_rows)(int64_t first, int64_t last, void *context)
{
    const T(convolution) *cv = (const T(convolution) *)context;
    const int64_t rows = cv->rows.extent, columns = cv->columns.extent, channels = cv->groups * cv->inputs;
    for (int64_t job = first; job < last; job++)
        for (int64_t k = 0; k < columns; k += T(LANES))
            T(spread)(cv, job / rows / channels, job / rows % channels, job % rows, k, wg_clip(columns - k, 0, T(LANES)));
}

static wg_status T(conv2d_input)(const wg_call *c)
{
    const wg_tensor *gy = c->in[0], *w = c->in[1], *gx = c->out[0];
    T(convolution) cv = T(convolution_of)(c, gx, w, gy);
#ifndef WG_COUNTING
    if (T(suits_direct)(&cv, gy)) {
        const struct wg_correlation sums = {gy, w, gx, NULL, cv.rows, cv.columns, cv.groups, cv.outputs, cv.inputs, true, false};
        return T(wg_correlate)(&sums);
    }
#endif
    wg_parallel(wg_kernel_threads(T(products_of)(&cv, gy)), cv.images * cv.groups * cv.inputs * cv.rows.extent, T(spread_rows),
                &cv);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/conv/conv2d_input.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_window_params *p = c->params;
    const wg_tensor *gy = c->in[0], *w = c->in[1];
    int64_t y[4];
    WG_TRY(wg_conv_operands(c, &out->dtype));
    out->rank = 4;
    out->extent[0] = wg_extents(gy)[0];
    if (__builtin_mul_overflow(wg_extents(w)[1], p->groups, &out->extent[1]))
        return wg_call_error(c, WG_E_SHAPE, "there are too many channels");
    out->extent[2] = p->image[0];
    out->extent[3] = p->image[1];
    WG_TRY(wg_conv_result(c, p, out->extent, wg_extents(w), y));
    return wg_expect_extents(c, y, gy);
}

wg_tensor *wg_conv2d_input(wg_tensor *gy, wg_tensor *w, int64_t height, int64_t width, wg_conv_options options)
{
    struct wg_window_params p = wg_conv_params(options);
    p.image[0] = height;
    p.image[1] = width;
    return wg_invoke2(&wg_op_conv2d_input, &p, gy, w);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const wg_conv_options options = wg_conv_options_of(c->params);
    const int64_t *w = wg_extents(c->in[1]);
    WG_TRY(WG_GIVE(gx[0], wg_conv2d_with(gy[0], c->in[1], WG_NONE, options)));
    return WG_GIVE(gx[1], wg_conv2d_weight(gy[0], c->in[0], w[2], w[3], options));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_PART(tx[0], wg_invoke2(c->op, c->params, tx[0], c->in[1])),
                      WG_PART(tx[1], wg_invoke2(c->op, c->params, c->in[0], tx[1])), ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_conv_cost(c, c->out[0], c->in[1], c->in[0]);
}

const struct wg_op wg_op_conv2d_input = {
    .name = WG_REGISTERED("conv2d_input"),
    .params_size = sizeof(struct wg_window_params),
    WG_PARAMS(WG_CONV_PARAMS),
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(conv2d_input),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    WG_SAMPLES(
        {"1x1", {WG_DIMS(2, 3, 4, 5), WG_DIMS(3, 6, 1, 1)}, .n = 2, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .image = {4, 5})},
        {"3x2", {WG_DIMS(2, 3, 3, 4), WG_DIMS(3, 2, 3, 2)}, .n = 2, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .image = {5, 5})},
        {"padded", {WG_DIMS(2, 2, 3, 6), WG_DIMS(2, 1, 3, 3)}, .n = 2, WG_WINDOWS(1, 1, 1, 2, 1, 1, 1, .image = {3, 4})},
        {"remainder", {WG_DIMS(1, 2, 3, 2), WG_DIMS(2, 2, 1, 2)}, .n = 2, WG_WINDOWS(2, 3, 0, 0, 1, 1, 1, .image = {6, 7})},
        {"dilated", {WG_DIMS(2, 2, 5, 1), WG_DIMS(2, 1, 2, 3)}, .n = 2, WG_WINDOWS(1, 1, 1, 0, 3, 2, 1, .image = {6, 5})},
        {"groups", {WG_DIMS(1, 6, 2, 2), WG_DIMS(6, 2, 2, 2)}, .n = 2, WG_WINDOWS(1, 1, 0, 0, 1, 1, 2, .image = {3, 3})},
        {"channels apart", {WG_DIMS(2, 3, 1, 2), WG_DIMS(3, 1, 2, 2)}, .n = 2, WG_WINDOWS(2, 1, 0, 0, 1, 1, 3, .image = {3, 3})},
        {"empty taps", {WG_DIMS(1, 1, 3, 3), WG_DIMS(1, 1, 3, 4)}, .n = 2, WG_WINDOWS(2, 2, 3, 3, 1, 1, 1, .image = {1, 2})}),
};
#endif
