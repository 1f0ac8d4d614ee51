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

static bool in_file(const struct source *s)
{
    return s->descriptor >= 0;
}

struct file_move source_move(const struct source *s, uint64_t at, void *to, size_t n)
{
    return (struct file_move){in_file(s) ? NULL : (const char *)s->bytes + at, at, to, n};
}

wg_status source_read(const struct source *s, const struct file_move *moves, size_t n)
{
    const int code = file_transfer(s->descriptor, moves, n);
    if (code == 0)
        return WG_OK;
    return wg_error_set(WG_E_IO, s->op, "%s: %s: %s", s->op, s->name,
                        code == TRANSFER_SHORT ? "the file has become shorter" : strerror(code));
}

static wg_status read_at(const struct source *s, uint64_t at, void *to, size_t n)
{
    const struct file_move move = source_move(s, at, to, n);
    return source_read(s, &move, 1);
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

wg_status source_convert(const struct source *s, const struct file_entry *entry, wg_dtype dtype, void *elements)
{
    const size_t size = (size_t)(entry->end - entry->begin);
    void *bytes = file_block(size + 1);
    if (!bytes)
        return source_no_memory(s);
    const wg_status status = read_at(s, s->data + entry->begin, bytes, size);
    if (status == WG_OK)
        file_convert(entry->dtype, bytes, dtype, elements, entry->numel);
    free(bytes);
    return status;
}
