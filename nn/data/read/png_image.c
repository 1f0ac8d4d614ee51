/* PNG images, decoded: their pixels as a network takes them. */
#include "png_image.h"

#include <stdlib.h>

#include "wengert/error.h"

wg_status png_check_options(const char *op, const wg_dataset_png_options *o)
{
    if (o->dtype != WG_F32 && o->dtype != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected .dtype f32 or f64, got %s", op, wg_dtype_name(o->dtype));
    if (o->channels != 0 && o->channels != 1 && o->channels != 3 && o->channels != 4)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .channels 0, 1, 3 or 4, got %d", op, o->channels);
    if (o->max_side < 1 || o->max_side > 1 << 20)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .max_side 1 to 2^20, got %lld", op, (long long)o->max_side);
    return WG_OK;
}

void png_image_end(struct png_image *image)
{
    free(image->pixels);
    image->pixels = NULL;
}

int png_image_channels(const struct png_image *image, int asked)
{
    return asked ? asked : image->samples == 2 ? 4 : image->samples;
}

/* Sample k of a pixel, 0 to 1. */
static double sample_at(const struct png_image *image, const unsigned char *pixel, int k)
{
    return image->depth == 8 ? pixel[k] / 255.0 : (double)(pixel[2 * k] << 8 | pixel[2 * k + 1]) / 65535.0;
}

static double channel_at(const struct png_image *image, const unsigned char *pixel, int channel, int channels)
{
    const bool coloured = image->samples >= 3;
    if (channel == 3)
        return image->samples % 2 == 0 ? sample_at(image, pixel, image->samples - 1) : 1;
    if (channels == 1 && coloured)
        return 0.299 * sample_at(image, pixel, 0) + 0.587 * sample_at(image, pixel, 1) + 0.114 * sample_at(image, pixel, 2);
    return sample_at(image, pixel, coloured ? channel : 0);
}

void png_image_pixels(const struct png_image *image, int channels, wg_dtype dtype, void *to)
{
    const size_t size = (size_t)image->samples * (size_t)image->depth / 8;
    int64_t at = 0;
    for (int channel = 0; channel < channels; channel++)
        for (int64_t y = 0; y < image->height; y++)
            for (int64_t x = 0; x < image->width; x++, at++) {
                const unsigned char *pixel = image->pixels + (size_t)y * image->row + (size_t)x * size;
                const double value = channel_at(image, pixel, channel, channels);
                if (dtype == WG_F32)
                    ((float *)to)[at] = (float)value;
                else
                    ((double *)to)[at] = value;
            }
}
