/* The gradient of conv2d with respect to its kernel: gw[o,c,u,v] = Σ x[n,c,h,k] gy[n,o,i,j] over images and the outputs at which
   tap (u,v) is inside the image. A sum has 16 parts, image n in part n mod 16, so that vectors can run along images. Each part
   is one chain of fused multiply-adds over i, n, j in this order; the parts are added pairwise as a tree, those at distance 8
   first, then 4, 2 and 1. */
#ifdef REAL
#include "ops/conv/conv.h"

/* The sum for tap (u,v); x and y point to the input channel and the output channel. */
static REAL T(tap)(const T(convolution) * cv, const ELEM *x, const ELEM *y, int64_t u, int64_t v)
{
    REAL part[WG_LANES];
    const int64_t first_row = wg_first_window(&cv->rows, u, 0), last_row = wg_first_window(&cv->rows, u, cv->rows.extent);
    const int64_t first = wg_first_window(&cv->columns, v, 0), last = wg_first_window(&cv->columns, v, cv->columns.extent);
    for (int64_t k = 0; k < WG_LANES; k++)
        part[k] = (REAL)0;
    for (int64_t i = first_row; i < last_row; i++)
        for (int64_t n = 0; n < cv->images; n++) {
            const ELEM *from_x = x + wg_position(&cv->rows, i, u) * cv->sx[2] + n * cv->sx[0];
            const ELEM *from_y = y + i * cv->sy[2] + n * cv->sy[0];
            REAL sum = part[n % WG_LANES];
            for (int64_t j = first; j < last; j++)
                sum = T(fused)(from_x[wg_position(&cv->columns, j, v) * cv->sx[3]], from_y[j * cv->sy[3]], sum);
            part[n % WG_LANES] = sum;
        }
    for (int64_t half = WG_LANES / 2; half > 0; half /= 2)
        for (int64_t k = 0; k < half; k++)
            part[k] = part[k] + part[k + half];
    return part[0];
}

static void T(rows_of_taps)(int64_t first, int64_t last, void *context)
{
    const T(convolution) *cv = (const T(convolution) *)context;
    for (int64_t job = first; job < last; job++) {
        const int64_t u = job % cv->rows.size, c = job / cv->rows.size % cv->inputs, o = job / cv->rows.size / cv->inputs;
        const ELEM *x = cv->x + (o / cv->outputs * cv->inputs + c) * cv->sx[1], *y = cv->y + o * cv->sy[1];
        ELEM *w = cv->w + o * cv->sw[0] + c * cv->sw[1] + u * cv->sw[2];
        for (int64_t v = 0; v < cv->columns.size; v++)
            w[v * cv->sw[3]] = T(tap)(cv, x, y, u, v);
    }
}

static wg_status T(conv2d_weight)(const wg_call *c)
{
    const wg_tensor *x = c->in[0], *gy = c->in[1], *gw = c->out[0];
    T(convolution) cv = T(convolution_of)(c, x, gw, gy);
#ifndef WG_COUNTING
    if (T(products_of)(&cv, gy) > T(SMALL)) {
        const struct wg_pairing sums = {x, gy, gw, cv.rows, cv.columns, cv.groups, cv.inputs, cv.outputs};
        return T(wg_pair)(&sums);
    }
#endif
    T(rows_of_taps)(0, wg_extents(gw)[0] * cv.inputs * cv.rows.size, &cv);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/conv/conv2d_weight.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_window_params *p = c->params;
    const wg_tensor *x = c->in[0], *gy = c->in[1];
    int64_t y[4];
    WG_TRY(wg_conv_operands(c, &out->dtype));
    out->rank = 4;
    out->extent[0] = wg_extents(gy)[1];
    out->extent[1] = p->groups > 0 ? wg_extents(x)[1] / p->groups : 0;
    out->extent[2] = p->size[0];
    out->extent[3] = p->size[1];
    WG_TRY(wg_conv_result(c, p, wg_extents(x), out->extent, y));
    return wg_expect_extents(c, y, gy);
}

wg_tensor *wg_conv2d_weight(wg_tensor *x, wg_tensor *gy, int64_t height, int64_t width, wg_conv_options options)
{
    struct wg_window_params p = wg_conv_params(options);
    p.size[0] = height;
    p.size[1] = width;
    return wg_invoke2(&wg_op_conv2d_weight, &p, x, gy);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const wg_conv_options options = wg_conv_options_of(c->params);
    const int64_t *x = wg_extents(c->in[0]);
    WG_TRY(WG_GIVE(gx[0], wg_conv2d_input(c->in[1], gy[0], x[2], x[3], options)));
    return WG_GIVE(gx[1], wg_conv2d_with(c->in[0], gy[0], WG_NONE, options));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_jvp_sum(c, WG_PART(tx[0], wg_invoke2(c->op, c->params, tx[0], c->in[1])),
                      WG_PART(tx[1], wg_invoke2(c->op, c->params, c->in[0], tx[1])), ty);
}

/* Besides the products, the additions that join the parts of each sum. */
static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_conv_cost(c, c->in[0], c->out[0], c->in[1]);
    cost.add += 15 * (double)c->out[0]->numel;
    return cost;
}

const struct wg_op wg_op_conv2d_weight = {
    .name = WG_REGISTERED("conv2d_weight"),
    .params_size = sizeof(struct wg_window_params),
    WG_PARAMS(WG_CONV_PARAMS),
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(conv2d_weight),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .flags = WG_OP_ROW_MAJOR,
    WG_SAMPLES(
        {"1x1", {WG_DIMS(5, 2, 1, 4), WG_DIMS(5, 6, 1, 4)}, .n = 2, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {1, 1})},
        {"3x2", {WG_DIMS(2, 2, 5, 5), WG_DIMS(2, 3, 3, 4)}, .n = 2, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {3, 2})},
        {"padded", {WG_DIMS(2, 1, 3, 4), WG_DIMS(2, 2, 3, 6)}, .n = 2, WG_WINDOWS(1, 1, 1, 2, 1, 1, 1, .size = {3, 3})},
        {"remainder", {WG_DIMS(1, 2, 6, 7), WG_DIMS(1, 2, 3, 2)}, .n = 2, WG_WINDOWS(2, 3, 0, 0, 1, 1, 1, .size = {1, 2})},
        {"dilated", {WG_DIMS(2, 1, 6, 5), WG_DIMS(2, 2, 5, 1)}, .n = 2, WG_WINDOWS(1, 1, 1, 0, 3, 2, 1, .size = {2, 3})},
        {"groups", {WG_DIMS(1, 4, 3, 3), WG_DIMS(1, 6, 2, 2)}, .n = 2, WG_WINDOWS(1, 1, 0, 0, 1, 1, 2, .size = {2, 2})},
        {"channels apart", {WG_DIMS(2, 3, 3, 3), WG_DIMS(2, 3, 1, 2)}, .n = 2, WG_WINDOWS(2, 1, 0, 0, 1, 1, 3, .size = {2, 2})},
        {"long sums", {WG_DIMS(9, 1, 1, 11), WG_DIMS(9, 1, 1, 10)}, .n = 2, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {1, 2})},
        {"empty taps", {WG_DIMS(1, 1, 1, 2), WG_DIMS(1, 1, 3, 3)}, .n = 2, WG_WINDOWS(2, 2, 3, 3, 1, 1, 1, .size = {3, 4})}),
};
#endif
