/* In a library that is built without libpng. */
#include "png_image.h"
#include "wengert/error.h"

wg_status png_image_read(struct png_image *image, struct cursor *c, const wg_dataset_png_options *o)
{
    (void)o;
    *image = (struct png_image){.pixels = NULL};
    return wg_error_set(WG_E_STATE, c->op, "%s: this library was built without libpng: install libpng-dev and build again", c->op);
}
