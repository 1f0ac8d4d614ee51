/* The built-in digits. pack_digits.py writes them in five bits for each pixel, 0 to 16, and four for each label, the first bit
   the highest of its byte. */
#include "images.h"
#include "wengert/data.h"
#include "wengert/error.h"

enum { DIGITS = 1797, PIXELS = 64 };

static const unsigned char packed[] = {
#include <digits_packed.h>
};
_Static_assert(sizeof packed == (DIGITS * (PIXELS * 5 + 4) + 7) / 8, "five bits a pixel, four a label");

struct bits {
    size_t at;
};

static unsigned next_bits(struct bits *bits, int n)
{
    unsigned value = 0;
    for (; n > 0; n--, bits->at++)
        value = value << 1 | ((unsigned)packed[bits->at / 8] >> (7 - bits->at % 8) & 1u);
    return value;
}

wg_status wg_dataset_digits_with(wg_tensor **images, wg_tensor **labels, wg_dataset_digits_options options)
{
    const char *op = "dataset_digits";
    if (!images || !labels)
        return wg_error_set(WG_E_NULL, op, "%s: expected where to put images and labels, got NULL", op);
    const struct images form = {DIGITS, 1, 8, 8, .flat = options.flat, .dtype = options.dtype};
    struct image_tensors made;
    struct bits bits = {0};
    WG_TRY(images_make(&made, &form, op));
    for (int64_t i = 0; i < DIGITS; i++) {
        unsigned char pixels[PIXELS];
        for (int k = 0; k < PIXELS; k++)
            pixels[k] = (unsigned char)next_bits(&bits, 5);
        images_fill(&made, i * PIXELS, pixels, PIXELS, 16);
        made.label[i] = next_bits(&bits, 4);
    }
    *images = made.images;
    *labels = made.labels;
    return WG_OK;
}
