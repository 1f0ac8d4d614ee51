/* The images that studies of networks learn from: the handwritten digits of the library or, with --data, a folder of files as they are
   published, plain or compressed by gzip:
       MNIST, Fashion-MNIST   train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte
       CIFAR-10               data_batch_1.bin … data_batch_5.bin, test_batch.bin
       CIFAR-100              train.bin, test.bin */
#ifndef WG_STUDIES_IMAGES_H
#define WG_STUDIES_IMAGES_H

#include "../study.h"

/* Rows of pixels from 0 to 1, f32 (n, channels side²), and their classes, i64 (n). */
struct image_part {
    wg_tensor *x, *y;
};

/* name: for claims, as "the built-in digits". */
struct images {
    const char *name;
    int64_t channels, side, classes, pixels; /* pixels = channels side² */
    struct image_part train, test;
};

/* Reads the images that run->data names. Of the digits the first 898 train and the others, which other people wrote, test. At most so many
   rows are used of each part; the first ones, and 0 stands for all. False: the reason is the library's error. */
bool images_read(struct images *images, const struct study_run *run, int64_t rows);
void images_free(struct images *images);

/* The library's 1797 digits, of which the first n train and the others test; flat: 64 pixels in a row, else (1, 8, 8). False: the reason is the
   library's error. */
bool digits_split(int64_t n, bool flat, struct image_part *train, struct image_part *test);

/* The rows start … stop - 1 of a part, to be freed by image_part_free; NULL members on failure. */
struct image_part image_part_rows(const struct image_part *part, int64_t start, int64_t stop);
void image_part_free(struct image_part *part);

#endif
