/* Images and labels as a network takes them, which MNIST, CIFAR, the digits and folders of images share. */
#ifndef NN_DATA_READ_IMAGES_H
#define NN_DATA_READ_IMAGES_H

#include "cursor.h"

struct images {
    int64_t n, channels, height, width;
    bool flat; /* (n, channels*height*width) in place of (n, channels, height, width) */
    wg_dtype dtype;
};

struct image_tensors {
    wg_tensor *images, *labels;
    void *pixel;
    int64_t *label;
    wg_dtype dtype;
};

/* Both tensors, or on failure none: E_DTYPE (neither f32 nor f64), E_MEMORY. */
wg_status images_make(struct image_tensors *made, const struct images *form, const char *op);

/* n pixels from index `at` on: value/largest. */
void images_fill(const struct image_tensors *made, int64_t at, const unsigned char *value, int64_t n, int largest);

#endif
