/* Channels to places: each group of factor² channels becomes a block of factor by factor places. A view, permuted and copied. */
#include "ops/conv/window_shape.h"
#include "ops/op.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const int64_t factor = *(const int64_t *)c->params;
    int64_t block = 0, height, width;
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (c->in[0]->rank != 4)
        return wg_call_error(c, WG_E_SHAPE, "expected images (N,C,height,width)");
    const int64_t *x = wg_extents(c->in[0]);
    if (factor < 1)
        return wg_window_error(c, WG_E_ARGUMENT, "expected a factor of at least 1, got %lld", (long long)factor);
    if (__builtin_mul_overflow(factor, factor, &block) || x[1] % block != 0)
        return wg_window_error(c, WG_E_SHAPE, "expected channels in a multiple of %lld², got %lld", (long long)factor,
                               (long long)x[1]);
    WG_TRY(wg_merged(c, x[2], factor, &height));
    WG_TRY(wg_merged(c, x[3], factor, &width));
    wg_tensor *blocks = wg_reshape(c->in[0], WG_SHAPE(x[0], x[1] / block, factor, factor, x[2], x[3]));
    wg_tensor *apart = wg_permute(blocks, WG_AXES(0, 1, 4, 2, 5, 3));
    return wg_made(out[0] = wg_reshape(apart, WG_SHAPE(x[0], x[1] / block, height, width)));
}

wg_tensor *wg_pixel_shuffle(wg_tensor *x, int64_t factor)
{
    return wg_invoke1(&wg_op_pixel_shuffle, &factor, x);
}

const struct wg_op wg_op_pixel_shuffle = {
    .name = WG_REGISTERED("pixel_shuffle"),
    .params_size = sizeof(int64_t),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"2x2", {WG_DIMS(2, 8, 2, 3)}, .n = 1, .params = &(const int64_t){2}},
               {"3x3", {WG_DIMS(1, 9, 1, 2)}, .n = 1, .params = &(const int64_t){3}}),
};
