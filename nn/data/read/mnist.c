/* MNIST and its relatives: a file of images and a file of labels become what a network is trained with. */
#include <stdlib.h>

#include "bytes.h"
#include "idx.h"
#include "images.h"
#include "wengert/data.h"
#include "wengert/error.h"

/* A file of u8 of that rank. */
static wg_status check_file(struct idx *idx, const struct bytes *bytes, const char *op, const char *path, int rank)
{
    struct cursor c = {.bytes = bytes->data, .size = bytes->size, .op = op, .name = path};
    WG_TRY(idx_check(&c, idx));
    char text[200];
    if (idx->type.dtype == FILE_U8 && idx->shape.rank == rank)
        return WG_OK;
    return wg_error_set(idx->type.dtype == FILE_U8 ? WG_E_SHAPE : WG_E_DTYPE, op, "%s: %s: expected %s, got %s %s", op, path,
                        rank == 3 ? "images, U8 of 3 axes" : "labels, U8 of 1 axis", file_dtype_name(idx->type.dtype),
                        wg_shape_text(idx->shape, text, sizeof text));
}

static wg_status make(const char *op, const struct bytes *image_bytes, const struct bytes *label_bytes, const char *images_path,
                      const char *labels_path, wg_tensor **images, wg_tensor **labels, const wg_dataset_mnist_options *o)
{
    struct idx x, y;
    WG_TRY(check_file(&x, image_bytes, op, images_path, 3));
    WG_TRY(check_file(&y, label_bytes, op, labels_path, 1));
    if (x.shape.extent[0] != y.shape.extent[0])
        return wg_error_set(WG_E_SHAPE, op, "%s: %lld images in %s, and %lld labels in %s", op, (long long)x.shape.extent[0],
                            images_path, (long long)y.shape.extent[0], labels_path);
    const struct images form = {x.shape.extent[0], 1, x.shape.extent[1], x.shape.extent[2], .flat = o->flat, .dtype = o->dtype};
    struct image_tensors made;
    WG_TRY(images_make(&made, &form, op));
    images_fill(&made, 0, x.elements, x.numel, 255);
    for (int64_t i = 0; i < y.numel; i++)
        made.label[i] = y.elements[i];
    *images = made.images;
    *labels = made.labels;
    return WG_OK;
}

wg_status wg_dataset_read_mnist_with(const char *images_path, const char *labels_path, wg_tensor **images, wg_tensor **labels,
                                     wg_dataset_mnist_options options)
{
    const char *op = "dataset_read_mnist";
    if (!images || !labels)
        return wg_error_set(WG_E_NULL, op, "%s: expected where to put images and labels, got NULL", op);
    struct bytes image_bytes, label_bytes = {NULL, 0, 0};
    wg_status status = bytes_read(&image_bytes, images_path, options.max_bytes, true, op);
    if (status == WG_OK)
        status = bytes_read(&label_bytes, labels_path, options.max_bytes, true, op);
    if (status == WG_OK)
        status = make(op, &image_bytes, &label_bytes, images_path, labels_path, images, labels, &options);
    free(image_bytes.data), free(label_bytes.data);
    return status;
}
