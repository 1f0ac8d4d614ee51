/* Images and labels as a network takes them. */
#include "images.h"

#include "wengert/error.h"

wg_status images_make(struct image_tensors *made, const struct images *form, const char *op)
{
    void *label = NULL;
    *made = (struct image_tensors){.dtype = form->dtype};
    if (form->dtype != WG_F32 && form->dtype != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected .dtype f32 or f64, got %s", op, wg_dtype_name(form->dtype));
    const wg_shape shape = form->flat ? WG_SHAPE(form->n, form->channels * form->height * form->width)
                                      : WG_SHAPE(form->n, form->channels, form->height, form->width);
    made->images = new_tensor(form->dtype, shape, &made->pixel);
    made->labels = made->images ? new_tensor(WG_I64, WG_SHAPE(form->n), &label) : NULL;
    made->label = label;
    if (made->labels)
        return WG_OK;
    discard_tensor(made->images);
    made->images = NULL;
    return wg_error_if_null(NULL);
}

/* The quotients, so that each is the number next to value/largest, and no division is left for each pixel. */
void images_fill(const struct image_tensors *made, int64_t at, const unsigned char *value, int64_t n, int largest)
{
    float single[256];
    double full[256];
    for (int i = 0; i < 256; i++) {
        full[i] = (double)i / largest;
        single[i] = (float)i / (float)largest;
    }
    for (int64_t i = 0; i < n && made->dtype == WG_F32; i++)
        ((float *)made->pixel)[at + i] = single[value[i]];
    for (int64_t i = 0; i < n && made->dtype == WG_F64; i++)
        ((double *)made->pixel)[at + i] = full[value[i]];
}
