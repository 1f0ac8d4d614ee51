/* What layers of convolution and pooling share: x is (N,C,L), (N,C,H,W) or (N,C,D,H,W), with 1, 2 or 3 axes of places behind the channels. */
#ifndef NN_LAYER_CONV_PLACES_H
#define NN_LAYER_CONV_PLACES_H

#include "../layers.h"

/* A convolution's channels and window, and how its weight begins. */
struct nn_convolution {
    const char *op; /* the constructor, for messages */
    int64_t in, out, groups;
    int axes; /* of places */
    int64_t size[3];
    bool transposed, bias;
    wg_dtype dtype;
    wg_init_rule init;
    double gain;
    wg_tensor *generator;
};

/* Adds "weight" (out, in/groups, size…), transposed (in, out/groups, size…), and, with bias, "bias" (out). E_ARGUMENT unless groups
   divides in and out. */
wg_status nn_add_convolution(wg_nn_module *layer, const struct nn_convolution *c);

/* True if x is of that dtype and has that many channels and axes of places; else E_DTYPE or E_SHAPE. */
bool nn_fits_convolution(const wg_tensor *x, const char *op, int axes, int64_t channels, wg_dtype dtype);
/* True if x is f32 or f64 with that many axes of places; else E_DTYPE or E_SHAPE. */
bool nn_has_places(const wg_tensor *x, const char *op, int axes);

/* True if x is (N, channels, H, W) of that dtype, H and W at least `least`; else E_DTYPE or E_SHAPE. */
bool nn_is_image(const wg_tensor *x, const char *op, wg_dtype dtype, int64_t channels, int64_t least);

/* What a convolution reads of x: padding[i] elements before and behind the i-th axis of places, and a window along it. */
struct nn_reach {
    const char *op;
    int axes;
    wg_padding mode;
    int64_t padding[3], size[3], dilation[3];
};
/* x padded as mode says; x itself under WG_PADDING_ZEROS, where the convolution pads. E_SHAPE if x is too small for the padding or the
   window. */
wg_tensor *nn_padded(wg_tensor *x, const struct nn_reach *reach);

/* An extent of a window or a result that is left out, 0, is the one before. */
static inline int64_t nn_extent_or(int64_t extent, int64_t before)
{
    return extent > 0 ? extent : before;
}

#endif
