/* CIFAR's binary files: records of a label, or a coarse and a fine one, and 32x32 pixels, channel by channel. */
#include <stdlib.h>

#include "bytes.h"
#include "images.h"
#include "wengert/data.h"
#include "wengert/error.h"

enum { PIXELS = 3 * 32 * 32 };

/* What a file of a kind has: labels in a record, which of them is read, how many classes that has. */
static const struct kind {
    size_t labels, chosen;
    unsigned char classes[2];
} kinds[] = {[WG_CIFAR_10] = {1, 0, {10}}, [WG_CIFAR_100] = {2, 1, {20, 100}}, [WG_CIFAR_100_COARSE] = {2, 0, {20, 100}}};

static wg_status check_options(const char *op, wg_tensor **images, wg_tensor **labels, const wg_dataset_cifar_options *o)
{
    if (!images || !labels)
        return wg_error_set(WG_E_NULL, op, "%s: expected where to put images and labels, got NULL", op);
    if ((unsigned)o->kind > WG_CIFAR_100_COARSE)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .kind WG_CIFAR_10, _100 or _100_COARSE, got %d", op, (int)o->kind);
    return WG_OK;
}

/* All records; *n gets their number. */
static wg_status check_file(const struct kind *kind, const struct cursor *c, int64_t *n)
{
    const size_t record = kind->labels + PIXELS;
    *n = (int64_t)(c->size / record);
    if (c->size == 0 || c->size % record != 0)
        return cursor_wrong(c, c->size - c->size % record, "expected records of %zu bytes, got %zu", record, c->size % record);
    for (size_t at = 0; at < c->size; at += record)
        for (size_t k = 0; k < kind->labels; k++)
            if (c->bytes[at + k] >= kind->classes[k])
                return cursor_wrong(c, at + k, "expected a label below %d, got %d", kind->classes[k], c->bytes[at + k]);
    return WG_OK;
}

static void fill(const struct kind *kind, const struct image_tensors *made, int64_t first, const unsigned char *bytes, int64_t n)
{
    for (int64_t i = 0; i < n; i++, bytes += kind->labels + PIXELS) {
        made->label[first + i] = bytes[kind->chosen];
        images_fill(made, (first + i) * PIXELS, bytes + kind->labels, PIXELS, 255);
    }
}

/* From n files in memory. */
static wg_status make(const char *op, const struct cursor *file, size_t n_files, wg_tensor **images, wg_tensor **labels,
                      const wg_dataset_cifar_options *o)
{
    const struct kind *kind = &kinds[o->kind];
    struct images form = {0, 3, 32, 32, .flat = o->flat, .dtype = o->dtype};
    struct image_tensors made;
    int64_t n, at = 0;
    for (size_t i = 0; i < n_files; i++) {
        WG_TRY(check_file(kind, &file[i], &n));
        form.n += n;
    }
    WG_TRY(images_make(&made, &form, op));
    for (size_t i = 0; i < n_files; i++) {
        n = (int64_t)(file[i].size / (kind->labels + PIXELS));
        fill(kind, &made, at, file[i].bytes, n);
        at += n;
    }
    *images = made.images;
    *labels = made.labels;
    return WG_OK;
}

/* The files, of which each has at most what is left of max_bytes. */
static wg_status read_all(const char *op, struct bytes *bytes, struct cursor *file, const char *const *paths, size_t n,
                          size_t max_bytes)
{
    for (size_t i = 0; i < n; i++) {
        WG_TRY(bytes_read(&bytes[i], paths[i], max_bytes, true, op));
        max_bytes -= bytes[i].size;
        file[i] = (struct cursor){.bytes = bytes[i].data, .size = bytes[i].size, .op = op, .name = paths[i]};
    }
    return WG_OK;
}

wg_status wg_dataset_read_cifar_with(const char *const *paths, size_t n_paths, wg_tensor **images, wg_tensor **labels,
                                     wg_dataset_cifar_options options)
{
    const char *op = "dataset_read_cifar";
    WG_TRY(check_options(op, images, labels, &options));
    if (!paths)
        return wg_error_set(WG_E_NULL, op, "%s: the paths are NULL", op);
    if (n_paths < 1 || n_paths > 1000)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected 1 to 1000 paths, got %zu", op, n_paths);
    struct bytes *bytes = calloc(n_paths, sizeof *bytes);
    struct cursor *file = calloc(n_paths, sizeof *file);
    wg_status status = bytes && file ? WG_OK : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    if (status == WG_OK)
        status = read_all(op, bytes, file, paths, n_paths, options.max_bytes);
    if (status == WG_OK)
        status = make(op, file, n_paths, images, labels, &options);
    for (size_t i = 0; i < n_paths && bytes; i++)
        free(bytes[i].data);
    free(bytes), free(file);
    return status;
}

wg_status wg_dataset_parse_cifar_with(const void *bytes, size_t size, const char *name, wg_tensor **images, wg_tensor **labels,
                                      wg_dataset_cifar_options options)
{
    const char *op = "dataset_parse_cifar";
    const struct cursor file = {.bytes = bytes, .size = size, .op = op, .name = name};
    WG_TRY(check_options(op, images, labels, &options));
    if (!bytes || !name)
        return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, bytes ? "name is" : "bytes are");
    if (size > options.max_bytes)
        return wg_error_set(WG_E_IO, op, "%s: %s has more than %zu bytes (see .max_bytes)", op, name, options.max_bytes);
    return make(op, &file, 1, images, labels, &options);
}
