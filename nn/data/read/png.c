/* One image in a PNG file. */
#include <stdlib.h>

#include "bytes.h"
#include "png_image.h"
#include "wengert/error.h"

static wg_tensor *parse(const char *op, const void *bytes, size_t size, const char *name, const wg_dataset_png_options *o)
{
    struct cursor c = {.bytes = bytes, .size = size, .op = op, .name = name};
    struct png_image image;
    void *elements;
    if (png_image_read(&image, &c, o) != WG_OK)
        return NULL;
    const int channels = png_image_channels(&image, o->channels);
    const wg_shape shape = o->flat ? WG_SHAPE(channels * image.height * image.width)
                                   : WG_SHAPE(channels, image.height, image.width);
    wg_tensor *t = new_tensor(o->dtype, shape, &elements);
    if (t)
        png_image_pixels(&image, channels, o->dtype, elements);
    png_image_end(&image);
    return t;
}

wg_tensor *wg_dataset_read_png_with(const char *path, wg_dataset_png_options options)
{
    const char *op = "dataset_read_png";
    struct bytes bytes = {NULL, 0, 0};
    wg_tensor *t = NULL;
    if (png_check_options(op, &options) == WG_OK && bytes_read(&bytes, path, options.max_bytes, false, op) == WG_OK)
        t = parse(op, bytes.data, bytes.size, path, &options);
    free(bytes.data);
    return t;
}

wg_tensor *wg_dataset_parse_png_with(const void *bytes, size_t size, const char *name, wg_dataset_png_options options)
{
    const char *op = "dataset_parse_png";
    if (bytes && name)
        return png_check_options(op, &options) == WG_OK ? parse(op, bytes, size, name, &options) : NULL;
    (void)wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, bytes ? "name is" : "bytes are");
    return NULL;
}
