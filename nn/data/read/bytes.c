/* Reading a file, plain or compressed by gzip, into memory: by read, since a mapped file that becomes shorter ends the process. */
#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../file/block.h"
#include "wengert/error.h"

#ifdef WG_ZLIB
#include <zlib.h>
#endif

struct reading {
    const char *path, *op;
    size_t limit;
};

static wg_status io_error(const struct reading *r, const char *why)
{
    return wg_error_set(WG_E_IO, r->op, "%s: %s: %s", r->op, r->path, why);
}

static wg_status too_large(const struct reading *r)
{
    return wg_error_set(WG_E_IO, r->op, "%s: %s has more than %zu bytes (see .max_bytes)", r->op, r->path, r->limit);
}

/* Capacity for another chunk, never for more than one byte above the limit. */
static wg_status reserve(const struct reading *r, struct bytes *bytes)
{
    if (bytes->size < bytes->capacity)
        return WG_OK;
    size_t capacity = bytes->capacity ? 2 * bytes->capacity : (size_t)1 << 12;
    capacity = capacity <= r->limit ? capacity : r->limit + 1;
    unsigned char *data = realloc(bytes->data, capacity);
    if (!data)
        return wg_error_set(WG_E_MEMORY, r->op, "%s: no memory for %zu bytes", r->op, capacity);
    bytes->data = data;
    bytes->capacity = capacity;
    return WG_OK;
}

static wg_status read_plain(const struct reading *r, int descriptor, struct bytes *bytes)
{
    struct stat about;
    if (fstat(descriptor, &about) != 0)
        return io_error(r, strerror(errno));
    if (S_ISREG(about.st_mode) && about.st_size >= 0 &&
        (uint64_t)about.st_size <= r->limit) { /* at once: one more byte shows the end */
        bytes->capacity = (size_t)about.st_size + 1;
        bytes->data = file_block(bytes->capacity);
        if (!bytes->data)
            return wg_error_set(WG_E_MEMORY, r->op, "%s: no memory for %zu bytes", r->op, bytes->capacity);
    }
    for (;;) {
        WG_TRY(reserve(r, bytes));
        const ssize_t some = read(descriptor, bytes->data + bytes->size, bytes->capacity - bytes->size);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return io_error(r, strerror(errno));
        if (some == 0)
            return WG_OK;
        bytes->size += (size_t)some;
        if (bytes->size > r->limit)
            return too_large(r);
    }
}

static bool is_gzip(const struct bytes *bytes)
{
    return bytes->size >= 2 && memcmp(bytes->data, "\x1f\x8b", 2) == 0;
}

#ifdef WG_ZLIB
/* One member after the other, and nothing behind the last one. */
static wg_status inflate_all(const struct reading *r, z_stream *stream, struct bytes *to)
{
    int code = Z_OK;
    for (;;) {
        WG_TRY(reserve(r, to));
        const size_t space = to->capacity - to->size;
        stream->next_out = to->data + to->size;
        stream->avail_out = space < 1u << 30 ? (unsigned)space : 1u << 30;
        const size_t before = stream->avail_out;
        code = inflate(stream, Z_NO_FLUSH);
        to->size += before - stream->avail_out;
        if (to->size > r->limit)
            return too_large(r);
        if (code == Z_STREAM_END && stream->avail_in == 0)
            return WG_OK;
        if (code == Z_STREAM_END)
            code = inflateReset(stream);
        if (code == Z_MEM_ERROR)
            return wg_error_set(WG_E_MEMORY, r->op, "%s: out of memory", r->op);
        if (code == Z_BUF_ERROR || (code == Z_OK && stream->avail_in == 0 && stream->avail_out > 0))
            return io_error(r, "the compressed data end too early");
        if (code != Z_OK)
            return io_error(r, "the compressed data are damaged, or other bytes follow them");
    }
}

/* From this file's calloc, so that tests can fail it. */
static void *allocate(void *context, unsigned n, unsigned size)
{
    (void)context;
    return calloc(n, size);
}

static void release(void *context, void *block)
{
    (void)context;
    free(block);
}

static wg_status decompress(const struct reading *r, struct bytes *bytes)
{
    z_stream stream = {.next_in = bytes->data, .avail_in = (unsigned)bytes->size, .zalloc = allocate, .zfree = release};
    struct bytes plain = {NULL, 0, 0};
    if (bytes->size > UINT32_MAX)
        return io_error(r, "compressed files above 4 GiB are not read");
    if (inflateInit2(&stream, 15 + 16) != Z_OK)
        return wg_error_set(WG_E_MEMORY, r->op, "%s: out of memory", r->op);
    const wg_status status = inflate_all(r, &stream, &plain);
    inflateEnd(&stream);
    free(bytes->data);
    *bytes = plain;
    return status;
}
#else
static wg_status decompress(const struct reading *r, struct bytes *bytes)
{
    (void)bytes;
    return io_error(r, "is compressed by gzip, and this library was built without zlib: install zlib1g-dev and build again");
}
#endif

wg_status bytes_read(struct bytes *bytes, const char *path, size_t max_bytes, bool gzip, const char *op)
{
    const struct reading r = {path, op, max_bytes};
    *bytes = (struct bytes){NULL, 0, 0};
    if (!path)
        return wg_error_set(WG_E_NULL, op, "%s: the path is NULL", op);
    if (max_bytes > SIZE_MAX / 4)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: .max_bytes, %zu, is too large", op, max_bytes);
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return io_error(&r, strerror(errno));
    const wg_status status = read_plain(&r, descriptor, bytes);
    close(descriptor);
    WG_TRY(status);
    return gzip && is_gzip(bytes) ? decompress(&r, bytes) : WG_OK;
}
