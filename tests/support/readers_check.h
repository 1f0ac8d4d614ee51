/* What the tests of readers share: files in a folder of their own, bytes that are put together, and what a reader asks of malloc.
   */
#ifndef READERS_CHECK_H
#define READERS_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "nn_check.h"

static char folder[] = "/tmp/wengert-readers-XXXXXX";

static inline int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* Valid until the third call after this one. */
static inline const char *in_folder(const char *name)
{
    static char path[3][200];
    static int next;
    next = (next + 1) % 3;
    snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    return path[next];
}

static inline void write_file(const char *name, const void *bytes, size_t n)
{
    FILE *stream = fopen(in_folder(name), "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, n, stream), n);
    assert_int_equal(fclose(stream), 0);
}

/* ---- bytes, put together ---- */

enum { MAX_IMAGE = 1 << 16 };
struct image {
    unsigned char at[MAX_IMAGE];
    size_t n;
};

static inline void put(struct image *image, const void *bytes, size_t n)
{
    assert_true(n <= sizeof image->at - image->n);
    if (n > 0)
        memcpy(image->at + image->n, bytes, n);
    image->n += n;
}

static inline void put_number(struct image *image, uint64_t value, size_t n, bool big)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[big ? n - 1 - i : i] = (unsigned char)(value >> 8 * i);
    put(image, bytes, n);
}

/* Element i of an array of that kind, as readers.py makes them. */
static inline double value(char kind, int size, int64_t i)
{
    if (kind == 'b')
        return (double)(i % 2);
    if (kind == 'f')
        return (double)(7 * i - 40) / 4;
    const int64_t whole = kind == 'u' ? 7 * i : 7 * i - 40;
    return (double)(size == 1 && kind == 'i' ? (int8_t)whole : whole);
}

/* A .npy file of a version, with that header. */
static inline struct image npy_of(int version, const char *header, const void *data, size_t n)
{
    struct image image = {.n = 0};
    put(&image, "\x93NUMPY", 6);
    put_number(&image, (uint64_t)version, 1, false);
    put_number(&image, 0, 1, false);
    put_number(&image, strlen(header), version == 1 ? 2 : 4, false);
    put(&image, header, strlen(header));
    put(&image, data, n);
    return image;
}

#define DICT(descr, order, shape) "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape "}"

/* A copy that ends where its memory does, so that a sanitizer sees a read behind it; the caller frees it. */
static inline unsigned char *exact_copy(const void *bytes, size_t n)
{
    unsigned char *copy = malloc(n + !n);
    assert_non_null(copy);
    if (n > 0)
        memcpy(copy, bytes, n);
    return copy;
}

static inline void assert_shape(const wg_tensor *t, wg_shape shape)
{
    const wg_shape got = wg_shape_of(t);
    char left[200], right[200];
    if (got.rank != shape.rank || memcmp(got.extent, shape.extent, (size_t)shape.rank * sizeof *shape.extent) != 0)
        fail_msg("%s where %s is expected", wg_shape_text(got, left, sizeof left), wg_shape_text(shape, right, sizeof right));
}

#endif
