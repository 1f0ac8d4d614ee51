/* y[n,o,i,j] = b_o + Σ w[o,c,u,v] x[n,c,h,k], h = i·stride + u·dilation - padding and k likewise, zeros outside the image: directly,
   without a matrix of patches. Each sum is one chain of fused multiplications and additions over u, v, c in this order, from b_o on. */
#ifdef REAL
#include "conv.h"

/* Columns first to first + n of one row. */
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
        y[k * cv->sy[3]] = sum[k];
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

static wg_status T(conv2d)(const wg_call *c)
{
    const wg_tensor *x = c->in[0], *w = c->in[1], *y = c->out[0];
    T(convolution) cv = T(convolution_of)(c, x, w, y);
    cv.bias = wg_absent(c->in[2]) ? NULL : c->in[2];
#ifndef WG_COUNTING
    if (T(suits_lanes)(&cv, y)) {
        const struct wg_correlation sums = {x, w, y, cv.bias, cv.rows, cv.columns, cv.groups, cv.inputs, cv.outputs, false};
        return T(wg_correlate)(&sums);
    }
#endif
    wg_parallel(wg_kernel_threads(T(products_of)(&cv, y)), cv.images * cv.groups * cv.outputs * cv.rows.outputs, T(convolve_rows),
                &cv);
    return WG_OK;
}
#else
#define KERNEL_FILE "conv2d.c"
#include "op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[0], *w = c->in[1], *b = c->in[2];
    WG_TRY(wg_conv_operands(c, &out->dtype));
    out->rank = 4;
    WG_TRY(wg_conv_result(c, wg_extents(x), wg_extents(w), out->extent));
    if (!wg_absent(b) && (b->rank != 1 || b->numel != wg_extents(w)[0]))
        return wg_call_error(c, WG_E_SHAPE, "the bias has not one element for each channel of the result");
    return WG_OK;
}

wg_tensor *wg_conv2d_with(wg_tensor *x, wg_tensor *w, wg_tensor *b, wg_conv_options options)
{
    struct wg_window_params p;
    return wg_conv_params("conv2d", options, &p) == WG_OK ? wg_invoke3(&wg_op_conv2d, &p, x, w, b) : NULL;
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const wg_conv_options options = wg_conv_options_of(c->params);
    const int64_t *x = wg_extents(c->in[0]), *w = wg_extents(c->in[1]);
    WG_TRY(WG_GIVE(gx[0], wg_conv2d_input(gy[0], c->in[1], x[2], x[3], options)));
    WG_TRY(WG_GIVE(gx[1], wg_conv2d_weight(c->in[0], gy[0], w[2], w[3], options)));
    return WG_GIVE(gx[2], wg_sum(gy[0], .axes = WG_AXES(0, 2, 3)));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const wg_conv_options options = wg_conv_options_of(c->params);
    WG_TRY(wg_jvp_sum(c, WG_PART(tx[0], wg_conv2d_with(tx[0], c->in[1], WG_NONE, options)),
                      WG_PART(tx[1], wg_conv2d_with(c->in[0], tx[1], WG_NONE, options)), ty));
    return wg_jvp_sum(c, ty[0], WG_PART(tx[2], wg_over_channels(tx[2], c->out[0])), ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_conv_cost(c, c->in[0], c->in[1], c->out[0]);
}

const struct wg_op wg_op_conv2d = {
    .name = "conv2d",
    .params_size = sizeof(struct wg_window_params),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .shape = shape,
    .kernel = KERNELS(conv2d),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    WG_SAMPLES(
        {"1x1", {WG_DIMS(2, 3, 6, 5), WG_DIMS(4, 3, 1, 1), WG_DIMS(4)}, .n = 3, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1)},
        {"3x2", {WG_DIMS(2, 2, 5, 4), WG_DIMS(3, 2, 3, 2), WG_DIMS(0)}, .n = 3, .none = WG_IN(2), WG_WINDOWS(1, 1, 0, 0, 1, 1, 1)},
        {"padded", {WG_DIMS(2, 1, 3, 4), WG_DIMS(2, 1, 3, 3), WG_DIMS(2)}, .n = 3, WG_WINDOWS(1, 1, 1, 2, 1, 1, 1)},
        {"remainder", {WG_DIMS(1, 2, 6, 7), WG_DIMS(2, 2, 1, 2), WG_DIMS(2)}, .n = 3, WG_WINDOWS(2, 3, 0, 0, 1, 1, 1)},
        {"dilated", {WG_DIMS(2, 1, 6, 5), WG_DIMS(2, 1, 2, 3), WG_DIMS(2)}, .n = 3, WG_WINDOWS(1, 1, 1, 0, 3, 2, 1)},
        {"groups", {WG_DIMS(1, 4, 3, 3), WG_DIMS(6, 2, 2, 2), WG_DIMS(6)}, .n = 3, WG_WINDOWS(1, 1, 0, 0, 1, 1, 2)},
        {"channels apart", {WG_DIMS(2, 3, 3, 3), WG_DIMS(3, 1, 2, 2), WG_DIMS(3)}, .n = 3, WG_WINDOWS(2, 1, 0, 0, 1, 1, 3)},
        {"whole image", {WG_DIMS(2, 2, 3, 4), WG_DIMS(2, 2, 3, 4), WG_DIMS(2)}, .n = 3, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1)},
        {"empty taps", {WG_DIMS(1, 1, 1, 2), WG_DIMS(1, 1, 3, 4), WG_DIMS(1)}, .n = 3, WG_WINDOWS(2, 2, 3, 3, 1, 1, 1)}),
};
#endif
