/* Reading model files. A file is read in two steps: the header, which is checked against the file's size and against the list,
   then the data, into memory of their own; only then do tensors change. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "header.h"
#include "wengert/error.h"
#include "wengert/file.h"

/* ---- where bytes come from: a file, or memory ---- */

struct source {
    const char *name, *op;
    int descriptor; /* -1: memory */
    const unsigned char *bytes;
    uint64_t size, data; /* of all; where the data begin */
    struct file_header header;
};

static wg_status no_memory(const struct source *s)
{
    return wg_error_set(WG_E_MEMORY, s->op, "%s: %s: out of memory", s->op, s->name);
}

static wg_status read_at(const struct source *s, uint64_t at, void *to, size_t n)
{
    if (s->descriptor < 0) {
        if (n > 0)
            memcpy(to, s->bytes + at, n);
        return WG_OK;
    }
    for (size_t got = 0; got < n;) {
        const ssize_t some = pread(s->descriptor, (char *)to + got, n - got, (off_t)(at + got));
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
        return no_memory(s);
    wg_status status = read_at(s, sizeof length, text, (size_t)n);
    s->data = sizeof length + n;
    if (status == WG_OK)
        status = file_header_parse(&s->header, text, (size_t)n, s->size - s->data, s->name, s->op);
    free(text);
    return status;
}

static wg_status source_open(struct source *s, const char *path, size_t max_header)
{
    struct stat about;
    s->name = path;
    s->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (s->descriptor < 0 || fstat(s->descriptor, &about) != 0)
        return wg_error_set(WG_E_IO, s->op, "%s: %s: %s", s->op, path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return wg_error_set(WG_E_IO, s->op, "%s: %s: expected a regular file", s->op, path);
    s->size = (uint64_t)about.st_size;
    return read_header(s, max_header);
}

static void source_close(struct source *s)
{
    file_header_end(&s->header);
    if (s->descriptor >= 0)
        close(s->descriptor);
}

/* The entry's elements, converted to dtype, in memory that the caller frees; NULL and the error on failure. */
static void *read_elements(const struct source *s, const struct file_entry *entry, wg_dtype dtype)
{
    const size_t in_file = (size_t)(entry->end - entry->begin);
    void *bytes = malloc(in_file + 1);
    if (!bytes) {
        (void)no_memory(s);
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
        (void)no_memory(s);
    free(bytes);
    return elements;
}

/* ---- wg_load ---- */

/* A name of the list with its tensor, and the entry that it is given. */
struct wanted {
    const char *name;
    wg_tensor *tensor;
    const struct file_entry *entry;
    void *elements;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct wanted *)a)->name, ((const struct wanted *)b)->name);
}

/* A list of what is wrong, which is cut where it is too long. */
struct complaint {
    char text[1500];
    size_t length, left_out;
    wg_status code;
};

static void complain(struct complaint *c, wg_status code, const char *what, const char *name, const char *more)
{
    char line[300];
    const int n = snprintf(line, sizeof line, "%s%s %.100s%.120s", c->length ? "; " : "", what, name, more);
    c->code = c->code == WG_OK ? code : c->code;
    if (n < 0 || c->length + (size_t)n >= sizeof c->text) {
        c->left_out++;
        return;
    }
    memcpy(c->text + c->length, line, (size_t)n + 1);
    c->length += (size_t)n;
}

static void shape_text(const wg_shape *shape, char *text, size_t size)
{
    size_t at = (size_t)snprintf(text, size, "(");
    for (int i = 0; i < shape->rank && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%lld", i ? "," : "", (long long)shape->extent[i]);
    if (at < size)
        snprintf(text + at, size - at, ")");
}

static void compare(struct complaint *c, const struct wanted *w, bool convert)
{
    const wg_shape shape = wg_shape_of(w->tensor);
    const wg_dtype dtype = wg_dtype_of(w->tensor);
    char there[80], here[80], more[200];
    if (shape.rank != w->entry->shape.rank ||
        memcmp(shape.extent, w->entry->shape.extent, (size_t)shape.rank * sizeof *shape.extent) != 0) {
        shape_text(&w->entry->shape, there, sizeof there);
        shape_text(&shape, here, sizeof here);
        snprintf(more, sizeof more, " %s in the file, %s here", there, here);
        complain(c, WG_E_SHAPE, "shape of", w->name, more);
    }
    if (file_same(w->entry->dtype, dtype) || file_is_count(w->entry, dtype) ||
        (convert && file_can_convert(w->entry->dtype, dtype)))
        return;
    snprintf(more, sizeof more, " %s in the file, %s here%s", file_dtype_name(w->entry->dtype), wg_dtype_name(dtype),
             file_can_convert(w->entry->dtype, dtype) ? " (.convert = true converts)" : "");
    complain(c, WG_E_DTYPE, "dtype of", w->name, more);
}

/* Sorted by name. */
static wg_status sort_wanted(struct wanted *wanted, wg_tensor_list list, const char *op)
{
    WG_TRY(file_check_list(list, op));
    for (size_t i = 0; i < list.n; i++)
        wanted[i] = (struct wanted){.name = list.name[i], .tensor = list.tensor[i]};
    if (list.n > 0)
        qsort(wanted, list.n, sizeof *wanted, by_name);
    return WG_OK;
}

static wg_status match(const struct source *s, struct wanted *wanted, size_t n, const wg_load_options *o)
{
    struct complaint c = {.length = 0};
    for (size_t i = 0; i < s->header.n; i++) {
        const struct wanted key = {.name = s->header.entry[i].name};
        struct wanted *found = n > 0 ? bsearch(&key, wanted, n, sizeof *wanted, by_name) : NULL;
        if (found)
            found->entry = &s->header.entry[i];
        else if (o->strict)
            complain(&c, WG_E_ARGUMENT, "not expected:", key.name, "");
    }
    for (size_t i = 0; i < n; i++) {
        if (wanted[i].entry)
            compare(&c, &wanted[i], o->convert);
        else if (o->strict)
            complain(&c, WG_E_ARGUMENT, "missing in the file:", wanted[i].name, "");
    }
    if (c.code == WG_OK)
        return WG_OK;
    char more[40] = "";
    if (c.left_out > 0)
        snprintf(more, sizeof more, "; and %zu more", c.left_out);
    return wg_error_set(c.code, s->op, "%s: %s: %s%s", s->op, s->name, c.text, more);
}

static wg_status fill(const struct source *s, struct wanted *wanted, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!wanted[i].entry)
            continue;
        wanted[i].elements = read_elements(s, wanted[i].entry, wg_dtype_of(wanted[i].tensor));
        if (!wanted[i].elements)
            return wg_error_if_null(NULL);
    }
    for (size_t i = 0; i < n; i++)
        if (wanted[i].elements)
            WG_TRY(wg_write_raw(wanted[i].tensor, wanted[i].elements));
    return WG_OK;
}

wg_status wg_load_with(const char *path, wg_tensor_list tensors, wg_load_options options)
{
    const char *op = "load";
    if (!path)
        return wg_error_set(WG_E_NULL, op, "%s: the path is NULL", op);
    struct source source = {.op = op, .descriptor = -1};
    struct wanted *wanted = calloc(tensors.n + 1, sizeof *wanted);
    if (!wanted)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    wg_status status = sort_wanted(wanted, tensors, op);
    if (status == WG_OK)
        status = source_open(&source, path, options.max_header);
    if (status == WG_OK)
        status = match(&source, wanted, tensors.n, &options);
    if (status == WG_OK)
        status = fill(&source, wanted, tensors.n);
    for (size_t i = 0; i < tensors.n; i++)
        free(wanted[i].elements);
    free(wanted);
    source_close(&source);
    return status;
}

/* ---- a file as it is ---- */

struct wg_file {
    struct file_header header;
    wg_tensor **tensor;
    const char **name;
    size_t n;
};

static wg_tensor *make_tensor(const struct source *s, const struct file_entry *entry)
{
    const wg_dtype dtype = file_dtype_here(entry->dtype);
    void *elements = read_elements(s, entry, dtype);
    wg_tensor *t = elements ? wg_zeros(dtype, entry->shape) : NULL, *kept = t ? wg_adopt(t) : NULL;
    const bool whole = kept && wg_write_raw(kept, elements) == WG_OK && wg_set_name(kept, entry->name) == WG_OK;
    free(elements);
    if (whole)
        return kept;
    wg_disown(kept);
    return NULL;
}

/* Takes the header over. */
static wg_file *make_file(struct source *s)
{
    wg_file *file = calloc(1, sizeof *file);
    if (!file) {
        (void)no_memory(s);
        return NULL;
    }
    file->header = s->header;
    s->header = (struct file_header){.n = 0};
    file->tensor = calloc(file->header.n + 1, sizeof(wg_tensor *));
    file->name = calloc(file->header.n + 1, sizeof(const char *));
    bool whole = file->tensor && file->name;
    if (!whole)
        (void)no_memory(s);
    for (size_t i = 0; i < file->header.n && whole; i++) {
        file->tensor[i] = make_tensor(s, &file->header.entry[i]);
        file->name[i] = file->header.entry[i].name;
        whole = file->tensor[i] != NULL;
        file->n += whole;
    }
    if (whole)
        return file;
    wg_file_destroy(file);
    return NULL;
}

wg_file *wg_file_read(const char *path)
{
    struct source source = {.op = "file_read", .descriptor = -1};
    if (!path) {
        (void)wg_error_set(WG_E_NULL, source.op, "%s: the path is NULL", source.op);
        return NULL;
    }
    const wg_load_options defaults = WG_LOAD_OPTIONS_();
    wg_file *file = source_open(&source, path, defaults.max_header) == WG_OK ? make_file(&source) : NULL;
    source_close(&source);
    return file;
}

wg_file *wg_file_parse(const void *bytes, size_t size, const char *name)
{
    const char *op = "file_parse";
    struct source source = {.op = op, .name = name, .descriptor = -1, .bytes = bytes, .size = size};
    if (!name || (!bytes && size > 0)) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, name ? "bytes are" : "name is");
        return NULL;
    }
    const wg_load_options defaults = WG_LOAD_OPTIONS_();
    wg_file *file = read_header(&source, defaults.max_header) == WG_OK ? make_file(&source) : NULL;
    source_close(&source);
    return file;
}

void wg_file_destroy(wg_file *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < file->n; i++)
        wg_disown(file->tensor[i]);
    free(file->tensor), free(file->name);
    file_header_end(&file->header);
    free(file);
}

wg_tensor_list wg_file_tensors(const wg_file *file)
{
    if (file)
        return (wg_tensor_list){file->n, file->tensor, file->name};
    (void)wg_error_set(WG_E_NULL, "file_tensors", "file_tensors: the file is NULL");
    return (wg_tensor_list){0, NULL, NULL};
}

wg_tensor *wg_file_tensor(const wg_file *file, const char *name)
{
    const char *op = "file_tensor";
    if (!file || !name) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, file ? "name" : "file");
        return NULL;
    }
    for (size_t i = 0; i < file->n; i++)
        if (strcmp(file->name[i], name) == 0)
            return file->tensor[i];
    (void)wg_error_set(WG_E_ARGUMENT, op, "%s: the file has no tensor %.100s", op, name);
    return NULL;
}

const char *wg_file_text_of(const wg_file *file, const char *key)
{
    const char *op = "file_text_of";
    if (!file || !key) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, file ? "key" : "file");
        return NULL;
    }
    const char *text = file_header_text(&file->header, key);
    if (!text)
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: the file has no text %.100s", op, key);
    return text;
}
