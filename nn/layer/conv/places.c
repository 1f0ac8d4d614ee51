/* Shared by the layers of convolution and pooling. */
#include "places.h"

#include <stdio.h>

#include "wengert/error.h"
#include "wengert/ops.h"

static const char *const shapes[] = {"", "(N, %, L)", "(N, %, H, W)", "(N, %, D, H, W)"};

wg_status nn_add_convolution(wg_nn_module *layer, const struct nn_convolution *c)
{
    if (c->in % c->groups != 0 || c->out % c->groups != 0)
        return wg_error_set(WG_E_ARGUMENT, c->op, "%s: expected groups that divide in and out, got %lld for %lld and %lld", c->op,
                            (long long)c->groups, (long long)c->in, (long long)c->out);
    struct nn_weight weight = {.op = c->op,
                               .shape = {.rank = 2 + c->axes, .extent = {c->out, c->in / c->groups}},
                               .bias = c->bias,
                               .outputs = c->out,
                               .dtype = c->dtype,
                               .init = c->init,
                               .gain = c->gain,
                               .generator = c->generator};
    if (c->transposed) {
        weight.shape.extent[0] = c->in;
        weight.shape.extent[1] = c->out / c->groups;
    }
    for (int i = 0; i < c->axes; i++)
        weight.shape.extent[2 + i] = c->size[i];
    return nn_add_weight(layer, &weight);
}

bool nn_fits_convolution(const wg_tensor *x, const char *op, int axes, int64_t channels, wg_dtype dtype)
{
    return nn_fits(x, &(struct nn_form){op, dtype, .min_rank = 2 + axes, .max_rank = 2 + axes, .axis = 1, .extent = channels,
                                        .text = shapes[axes]});
}

bool nn_is_image(const wg_tensor *x, const char *op, wg_dtype dtype, int64_t channels, int64_t least)
{
    char text[200];
    if (!nn_fits_convolution(x, op, 2, channels, dtype))
        return false;
    if (wg_extent(x, 2) >= least && wg_extent(x, 3) >= least)
        return true;
    (void)wg_error_set(WG_E_SHAPE, op, "%s: expected images of at least %lldx%lld, got %s", op, (long long)least, (long long)least,
                       wg_shape_text(wg_shape_of(x), text, sizeof text));
    return false;
}

bool nn_has_places(const wg_tensor *x, const char *op, int axes)
{
    static const char *const any[] = {"", "(N, C, L)", "(N, C, H, W)", "(N, C, D, H, W)"};
    char text[200];
    if (!nn_is_float(x, op))
        return false;
    if (wg_rank(x) == 2 + axes)
        return true;
    (void)wg_error_set(WG_E_SHAPE, op, "%s: expected x of shape %s, got %s", op, any[axes],
                       wg_shape_text(wg_shape_of(x), text, sizeof text));
    return false;
}

/* Is the i-th axis of places long enough? In double, so that nothing overflows. */
static bool is_long_enough(const wg_tensor *x, const struct nn_reach *r, int i)
{
    const double extent = (double)wg_extent(x, 2 + i), padding = (double)r->padding[i];
    const double most = r->mode == WG_PADDING_REFLECT ? extent - 1 : extent; /* replicated padding may be longer */
    if (extent < 1 || (padding > most && r->mode != WG_PADDING_REPLICATE))
        return false;
    return (double)(r->size[i] - 1) * (double)r->dilation[i] + 1 <= extent + 2 * padding;
}

wg_tensor *nn_padded(wg_tensor *x, const struct nn_reach *r)
{
    int64_t both[5] = {0};
    char text[200];
    if (r->mode == WG_PADDING_ZEROS)
        return x;
    for (int i = 0; i < r->axes; i++) {
        both[2 + i] = r->padding[i];
        if (is_long_enough(x, r, i))
            continue;
        (void)wg_error_set(WG_E_SHAPE, r->op,
                           "%s: expected a longer axis %d for a %s padding of %lld and a window of %lld with dilation %lld, got %s",
                           r->op, 2 + i, wg_padding_names[r->mode], (long long)r->padding[i], (long long)r->size[i],
                           (long long)r->dilation[i], wg_shape_text(wg_shape_of(x), text, sizeof text));
        return NULL;
    }
    const wg_sizes sizes = {2 + r->axes, both};
    return wg_pad_mode(x, sizes, sizes, r->mode);
}
