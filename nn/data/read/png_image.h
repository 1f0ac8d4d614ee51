/* A PNG image, decoded. */
#ifndef NN_DATA_READ_PNG_IMAGE_H
#define NN_DATA_READ_PNG_IMAGE_H

#include "cursor.h"
#include "wengert/data.h"

struct png_image {
    int64_t width, height;
    int samples, depth;    /* of a pixel: 1 (gray), 2 (gray, opacity), 3 or 4; bits of a sample: 8 or 16, the latter big-endian */
    size_t row;            /* bytes */
    unsigned char *pixels; /* freed by png_image_end */
};

/* The image that fills the bytes at the cursor. On failure there is none. */
wg_status png_image_read(struct png_image *image, struct cursor *c, const wg_dataset_png_options *o);
void png_image_end(struct png_image *image);

/* The channels of its tensor: those that are asked for, or its own. */
int png_image_channels(const struct png_image *image, int asked);
/* Its pixels, 0 to 1, channel by channel, to f32 or f64. */
void png_image_pixels(const struct png_image *image, int channels, wg_dtype dtype, void *to);

wg_status png_check_options(const char *op, const wg_dataset_png_options *o);

#endif
