/* The transpose of unfold: its steps transposed, in reverse. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

/* Checks the operand, and sets height and width to the numbers of windows, and *channels. */
static wg_status windows_of(const wg_call *c, int64_t *height, int64_t *width, int64_t *channels)
{
    const struct wg_window_params *p = c->params;
    int64_t taps, windows;
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (c->in[0]->rank != 3)
        return wg_call_error(c, WG_E_SHAPE, "expected columns (N, C·height·width, L)");
    const int64_t *x = wg_extents(c->in[0]);
    WG_TRY(wg_window_count(c, p, 0, p->image[0], p->size[0], height));
    WG_TRY(wg_window_count(c, p, 1, p->image[1], p->size[1], width));
    WG_TRY(wg_merged(c, p->size[0], p->size[1], &taps));
    WG_TRY(wg_merged(c, *height, *width, &windows));
    *channels = x[1] / taps;
    if (x[1] % taps == 0 && x[2] == windows)
        return WG_OK;
    return wg_window_error(c, WG_E_SHAPE, "expected columns of a multiple of %lld taps of %lld windows, got %lld of %lld",
                           (long long)taps, (long long)windows, (long long)x[1], (long long)x[2]);
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct wg_window_params *p = c->params;
    wg_sampling rows, columns;
    int64_t height = 0, width = 0, channels = 0;
    WG_TRY(windows_of(c, &height, &width, &channels));
    WG_TRY(wg_windows_along(c, p, 0, p->size[0], height, &rows));
    WG_TRY(wg_windows_along(c, p, 1, p->size[1], width, &columns));
    const int64_t n = wg_extents(c->in[0])[0];
    wg_tensor *taps = wg_reshape(c->in[0], WG_SHAPE(n, channels, p->size[0], p->size[1], height, width));
    wg_tensor *by_both = wg_reshape(wg_permute(taps, WG_AXES(0, 1, 4, 2, 5, 3)),
                                    WG_SHAPE(n, channels, rows.extent, columns.extent));
    wg_tensor *by_row = wg_resample_grad(by_both, 3, p->image[1], columns);
    out[0] = wg_resample_grad(by_row, 2, p->image[0], rows);
    wg_drop(by_both);
    wg_drop(by_row);
    return wg_made(out[0]);
}

wg_tensor *wg_fold_with(wg_tensor *x, int64_t height, int64_t width, wg_unfold_options options)
{
    const struct wg_window_params p = wg_unfold_params(options, height, width);
    return wg_invoke1(&wg_op_fold, &p, x);
}

const struct wg_op wg_op_fold = {
    .name = WG_REGISTERED("fold"),
    .params_size = sizeof(struct wg_window_params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"2x2", {WG_DIMS(2, 8, 6)}, .n = 1, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {2, 2}, .image = {3, 4})},
               {"padded", {WG_DIMS(1, 12, 2)}, .n = 1, WG_WINDOWS(2, 1, 1, 0, 1, 2, 1, .size = {3, 2}, .image = {4, 3})}),
};
