/* A model file as it is. */
#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "wengert/error.h"
#include "wengert/file.h"

struct wg_file {
    struct file_header header;
    wg_tensor **tensor;
    const char **name;
    size_t n;
};

static wg_status fill(const struct source *s, const struct file_entry *entry, wg_tensor *t)
{
    const wg_dtype dtype = wg_dtype_of(t);
    void *elements = wg_data_mut(t);
    if (entry->numel == 0 || !elements)
        return entry->numel == 0 ? WG_OK : wg_error_if_null(NULL);
    if (!file_same(entry->dtype, dtype))
        return source_convert(s, entry, dtype, elements);
    const struct file_move move = source_move(s, s->data + entry->begin, elements, (size_t)(entry->end - entry->begin));
    return source_read(s, &move, 1);
}

static wg_tensor *make_tensor(const struct source *s, const struct file_entry *entry)
{
    wg_tensor *t = wg_zeros(file_dtype_here(entry->dtype), entry->shape), *kept = t ? wg_adopt(t) : NULL;
    if (kept && fill(s, entry, kept) == WG_OK && wg_set_name(kept, entry->name) == WG_OK)
        return kept;
    wg_disown(kept);
    return NULL;
}

/* Takes the header over. */
static wg_file *make_file(struct source *s)
{
    wg_file *file = calloc(1, sizeof *file);
    if (!file) {
        (void)source_no_memory(s);
        return NULL;
    }
    file->header = s->header;
    s->header = (struct file_header){.n = 0};
    file->tensor = calloc(file->header.n + 1, sizeof(wg_tensor *));
    file->name = calloc(file->header.n + 1, sizeof(const char *));
    bool whole = file->tensor && file->name;
    if (!whole)
        (void)source_no_memory(s);
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
    struct source source = {.op = op, .descriptor = -1};
    if (!name || (!bytes && size > 0)) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, name ? "bytes are" : "name is");
        return NULL;
    }
    const wg_load_options defaults = WG_LOAD_OPTIONS_();
    wg_file *file = source_of_memory(&source, name, bytes, size, defaults.max_header) == WG_OK ? make_file(&source) : NULL;
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
