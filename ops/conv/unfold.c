/* The windows of images as columns of matrices: windows along the rows, then along the columns, the taps brought together. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct wg_window_params *p = c->params;
    wg_sampling rows, columns;
    int64_t height = 0, width = 0, windows, taps;
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (c->in[0]->rank != 4)
        return wg_call_error(c, WG_E_SHAPE, "expected images (N,C,height,width)");
    const int64_t *x = wg_extents(c->in[0]);
    WG_TRY(wg_window_count(c, p, 0, x[2], p->size[0], &height));
    WG_TRY(wg_window_count(c, p, 1, x[3], p->size[1], &width));
    WG_TRY(wg_windows_along(c, p, 0, p->size[0], height, &rows));
    WG_TRY(wg_windows_along(c, p, 1, p->size[1], width, &columns));
    WG_TRY(wg_merged(c, height, width, &windows));
    WG_TRY(wg_merged(c, p->size[0], p->size[1], &taps));
    WG_TRY(wg_merged(c, taps, x[1], &taps));
    wg_tensor *by_row = wg_resample(c->in[0], 2, rows), *by_both = wg_resample(by_row, 3, columns);
    wg_drop(by_row);
    wg_tensor *apart = wg_reshape(by_both, WG_SHAPE(x[0], x[1], height, p->size[0], width, p->size[1]));
    out[0] = wg_reshape(wg_permute(apart, WG_AXES(0, 1, 3, 5, 2, 4)), WG_SHAPE(x[0], taps, windows));
    wg_drop(by_both);
    return wg_made(out[0]);
}

wg_tensor *wg_unfold_with(wg_tensor *x, wg_unfold_options options)
{
    const struct wg_window_params p = wg_unfold_params(options, 0, 0);
    return wg_invoke1(&wg_op_unfold, &p, x);
}

const struct wg_op wg_op_unfold = {
    .name = WG_REGISTERED("unfold"),
    .params_size = sizeof(struct wg_window_params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"2x2", {WG_DIMS(2, 2, 3, 4)}, .n = 1, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {2, 2})},
               {"padded", {WG_DIMS(1, 2, 4, 3)}, .n = 1, WG_WINDOWS(2, 1, 1, 0, 1, 2, 1, .size = {3, 2})}),
};
