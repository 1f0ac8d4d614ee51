/* Reading a CSV file, plain or compressed by gzip, into memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "wengert/error.h"

#ifdef WG_ZLIB
#include <zlib.h>
#endif

struct bytes {
    char *data;
    size_t size, capacity;
};

static wg_status io_error(const char *path, const char *why)
{
    return wg_error_set(WG_E_IO, "dataset_read_csv", "dataset_read_csv: %s: %s", path, why);
}

/* Room for another chunk, never for more than one byte above the limit. */
static wg_status reserve(struct bytes *bytes, size_t limit)
{
    if (bytes->size < bytes->capacity)
        return WG_OK;
    size_t capacity = bytes->capacity ? 2 * bytes->capacity : (size_t)1 << 16;
    capacity = capacity <= limit ? capacity : limit + 1;
    char *data = capacity > bytes->size ? realloc(bytes->data, capacity) : NULL;
    if (!data)
        return wg_error_set(WG_E_MEMORY, "dataset_read_csv", "dataset_read_csv: no memory for %zu bytes", capacity);
    bytes->data = data;
    bytes->capacity = capacity;
    return WG_OK;
}

static wg_status too_large(const char *path, size_t limit)
{
    return wg_error_set(WG_E_IO, "dataset_read_csv", "dataset_read_csv: %s has more than %zu bytes (see .max_bytes)", path, limit);
}

#ifdef WG_ZLIB
/* gzread reads plain files too. */
static wg_status read_file(const char *path, size_t limit, struct bytes *bytes)
{
    errno = 0;
    gzFile file = gzopen(path, "rb");
    if (!file)
        return io_error(path, errno ? strerror(errno) : "out of memory");
    wg_status status;
    int got = 1;
    while ((status = reserve(bytes, limit)) == WG_OK && got > 0) {
        const size_t wanted = bytes->capacity - bytes->size;
        got = gzread(file, bytes->data + bytes->size, wanted < 1u << 30 ? (unsigned)wanted : 1u << 30);
        bytes->size += got > 0 ? (size_t)got : 0;
        if (bytes->size > limit) {
            status = too_large(path, limit);
            break;
        }
    }
    int code = Z_OK;
    const char *text = gzerror(file, &code);
    if (status == WG_OK && (got < 0 || (code != Z_OK && code != Z_STREAM_END)))
        status = io_error(path, code == Z_ERRNO ? strerror(errno) : text);
    const int closed = gzclose_r(file);
    if (status == WG_OK && closed != Z_OK)
        status = io_error(path, closed == Z_BUF_ERROR ? "the compressed data end too early" : "cannot be read");
    return status;
}
#else
static wg_status read_file(const char *path, size_t limit, struct bytes *bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return io_error(path, strerror(errno));
    wg_status status;
    size_t got = 1;
    while ((status = reserve(bytes, limit)) == WG_OK && got > 0) {
        got = fread(bytes->data + bytes->size, 1, bytes->capacity - bytes->size, file);
        bytes->size += got;
        if (bytes->size > limit) {
            status = too_large(path, limit);
            break;
        }
    }
    if (status == WG_OK && ferror(file))
        status = io_error(path, "cannot be read");
    fclose(file);
    if (status == WG_OK && bytes->size >= 2 && memcmp(bytes->data, "\x1f\x8b", 2) == 0)
        status = io_error(path,
                          "is compressed by gzip, and this library was built without zlib: install zlib1g-dev and build again");
    return status;
}
#endif

wg_status wg_dataset_read_csv_with(const char *path, wg_tensor **features, wg_tensor **labels, wg_dataset_csv_options options)
{
    if (!path || !features)
        return wg_error_set(WG_E_NULL, "dataset_read_csv", "dataset_read_csv: an argument is NULL");
    if (options.max_bytes > SIZE_MAX / 4)
        return wg_error_set(WG_E_ARGUMENT, "dataset_read_csv", "dataset_read_csv: max_bytes %zu is too large", options.max_bytes);
    struct bytes bytes = {NULL, 0, 0};
    wg_status status = read_file(path, options.max_bytes, &bytes);
    if (status == WG_OK)
        status = csv_parse("dataset_read_csv", bytes.data, bytes.size, path, features, labels, options);
    free(bytes.data);
    return status;
}
