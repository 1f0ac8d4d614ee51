/* Places to channels, the inverse of pixel_shuffle. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const int64_t factor = *(const int64_t *)c->params;
    int64_t channels = 0;
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (c->in[0]->rank != 4)
        return wg_call_error(c, WG_E_SHAPE, "expected images (N,C,height,width)");
    const int64_t *x = wg_extents(c->in[0]);
    if (factor < 1)
        return wg_window_error(c, WG_E_ARGUMENT, "expected a factor of at least 1, got %lld", (long long)factor);
    if (x[2] % factor != 0 || x[3] % factor != 0)
        return wg_window_error(c, WG_E_SHAPE, "expected rows and columns in multiples of %lld, got %lld and %lld",
                               (long long)factor, (long long)x[2], (long long)x[3]);
    WG_TRY(wg_merged(c, x[1], factor, &channels));
    WG_TRY(wg_merged(c, channels, factor, &channels));
    wg_tensor *blocks = wg_reshape(c->in[0], WG_SHAPE(x[0], x[1], x[2] / factor, factor, x[3] / factor, factor));
    wg_tensor *together = wg_permute(blocks, WG_AXES(0, 1, 3, 5, 2, 4));
    return wg_made(out[0] = wg_reshape(together, WG_SHAPE(x[0], channels, x[2] / factor, x[3] / factor)));
}

wg_tensor *wg_pixel_unshuffle(wg_tensor *x, int64_t factor)
{
    return wg_invoke1(&wg_op_pixel_unshuffle, &factor, x);
}

const struct wg_op wg_op_pixel_unshuffle = {
    .name = WG_REGISTERED("pixel_unshuffle"),
    .params_size = sizeof(int64_t),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"2x2", {WG_DIMS(2, 1, 4, 6)}, .n = 1, .params = &(const int64_t){2}},
               {"3x3", {WG_DIMS(1, 2, 3, 3)}, .n = 1, .params = &(const int64_t){3}}),
};
