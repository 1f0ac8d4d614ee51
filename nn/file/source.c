#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block.h"
#include "wengert/error.h"

bool file_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

wg_status source_no_memory(const struct source *s)
{
    return wg_error_set(WG_E_MEMORY, s->op, "%s: %s: out of memory", s->op, s->name);
}

/* In pieces, each of which the system is told of some pieces ahead, so that the disk does not wait for the copying. */
enum { PIECE = 4 << 20, AHEAD = 8 * PIECE };

static wg_status read_at(const struct source *s, uint64_t at, void *to, size_t n)
{
    if (s->descriptor < 0) {
        if (n > 0)
            memcpy(to, s->bytes + at, n);
        return WG_OK;
    }
    for (size_t got = 0; got < n;) {
        const size_t piece = n - got < PIECE ? n - got : PIECE;
        if (piece == PIECE)
            (void)posix_fadvise(s->descriptor, (off_t)(at + got + AHEAD), PIECE, POSIX_FADV_WILLNEED);
        const ssize_t some = pread(s->descriptor, (char *)to + got, piece, (off_t)(at + got));
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            return wg_error_set(WG_E_IO, s->op, "%s: %s: %s", s->op, s->name,
                                some < 0 ? strerror(errno) : "the file has become shorter");
        got += (size_t)some;
    }
    return WG_OK;
}

static wg_status read_header(struct source *s, size_t max_header)
{
    unsigned char length[8];
    uint64_t n = 0;
    if (s->size < sizeof length)
        return wg_error_set(WG_E_IO, s->op, "%s: %s: %llu bytes are no model file", s->op, s->name, (unsigned long long)s->size);
    WG_TRY(read_at(s, 0, length, sizeof length));
    if (memcmp(length, "PK\3\4", 4) == 0)
        return wg_error_set(
            WG_E_IO, s->op,
            "%s: %s: a ZIP archive, as torch.save and numpy.savez write, is no safetensors file: see From PyTorch and back "
            "in docs/guide/pytorch.md, or wg_dataset_read_npz",
            s->op, s->name);
    for (int i = 7; i >= 0; i--)
        n = n << 8 | length[i];
    if (n > s->size - sizeof length)
        return wg_error_set(WG_E_IO, s->op, "%s: %s: a header of %llu bytes in a file of %llu", s->op, s->name,
                            (unsigned long long)n, (unsigned long long)s->size);
    if (n > max_header)
        return wg_error_set(WG_E_IO, s->op, "%s: %s: a header of %llu bytes is larger than .max_header, %zu", s->op, s->name,
                            (unsigned long long)n, max_header);
    char *text = malloc((size_t)n + 1);
    if (!text)
        return source_no_memory(s);
    wg_status status = read_at(s, sizeof length, text, (size_t)n);
    s->data = sizeof length + n;
    if (status == WG_OK)
        status = file_header_parse(&s->header, text, (size_t)n, s->size - s->data, s->name, s->op);
    free(text);
    return status;
}

wg_status source_open(struct source *s, const char *path, size_t max_header)
{
    struct stat about;
    s->name = path;
    s->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (s->descriptor < 0 || fstat(s->descriptor, &about) != 0)
        return wg_error_set(WG_E_IO, s->op, "%s: %s: %s", s->op, path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return wg_error_set(WG_E_IO, s->op, "%s: %s: expected a regular file", s->op, path);
    s->size = (uint64_t)about.st_size;
    return read_header(s, max_header);
}

wg_status source_of_memory(struct source *s, const char *name, const void *bytes, size_t size, size_t max_header)
{
    s->name = name;
    s->bytes = bytes;
    s->size = size;
    return read_header(s, max_header);
}

void source_close(struct source *s)
{
    file_header_end(&s->header);
    if (s->descriptor >= 0)
        close(s->descriptor);
}

void *source_elements(const struct source *s, const struct file_entry *entry, wg_dtype dtype)
{
    const size_t in_file = (size_t)(entry->end - entry->begin);
    void *bytes = file_block(in_file + 1);
    if (!bytes) {
        (void)source_no_memory(s);
        return NULL;
    }
    if (read_at(s, s->data + entry->begin, bytes, in_file) != WG_OK) {
        free(bytes);
        return NULL;
    }
    if (file_same(entry->dtype, dtype))
        return bytes;
    void *elements = calloc((size_t)entry->numel + 1, wg_dtype_size(dtype));
    if (elements)
        file_convert(entry->dtype, bytes, dtype, elements, entry->numel);
    else
        (void)source_no_memory(s);
    free(bytes);
    return elements;
}
