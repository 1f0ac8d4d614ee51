/* Writing model files. */
#include "save.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "replace.h"
#include "wengert/error.h"

/* ---- what is written, in the order of its places: larger elements first, so that each lies at a multiple of its size ---- */

struct saved {
    const char *name;
    const wg_tensor *tensor;
    size_t size, order; /* of an element; in the list */
};

static int by_place(const void *a, const void *b)
{
    const struct saved *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static wg_status list_saved(struct saved *saved, wg_tensor_list list, const char *op)
{
    WG_TRY(file_check_list(list, op));
    for (size_t i = 0; i < list.n; i++) {
        if (!list.name[i][0] || strcmp(list.name[i], "__metadata__") == 0)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: tensor %zu cannot be called \"%s\"", op, i, list.name[i]);
        saved[i] = (struct saved){list.name[i], list.tensor[i], wg_dtype_size(wg_dtype_of(list.tensor[i])), i};
    }
    if (list.n > 0)
        qsort(saved, list.n, sizeof *saved, by_place);
    return WG_OK;
}

#ifdef WG_JANSSON
#include <jansson.h>

/* ---- the header ---- */

static json_t *shape_of(const wg_tensor *t)
{
    json_t *shape = json_array();
    for (int i = 0; shape && i < wg_rank(t); i++)
        if (json_array_append_new(shape, json_integer(wg_extent(t, i))) != 0) {
            json_decref(shape);
            return NULL;
        }
    return shape;
}

static const char *dtype_of(const wg_tensor *t)
{
    static const char *const names[] = {[WG_F32] = "F32", [WG_F64] = "F64", [WG_I64] = "I64", [WG_U8] = "U8"};
    return names[wg_dtype_of(t)];
}

/* NULL if a text is no UTF-8, or there is no memory. */
static json_t *texts_of(const wg_file_texts *texts)
{
    json_t *all = json_object();
    for (size_t i = 0; all && i < texts->count; i += 2)
        if (json_object_set_new(all, texts->string[i], json_string(texts->string[i + 1])) != 0) {
            json_decref(all);
            return NULL;
        }
    return all;
}

static json_t *describe(const struct saved *saved, size_t n, const wg_save_options *o)
{
    json_t *all = json_object();
    json_int_t at = 0;
    bool whole = all && (o->texts.count == 0 || json_object_set_new(all, "__metadata__", texts_of(&o->texts)) == 0);
    for (size_t i = 0; i < n && whole; i++) {
        const json_int_t end = at + (json_int_t)((size_t)wg_numel(saved[i].tensor) * saved[i].size);
        whole = json_object_set_new(all, saved[i].name,
                                    json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_of(saved[i].tensor), "shape",
                                              shape_of(saved[i].tensor), "data_offsets", at, end)) == 0;
        at = end;
    }
    if (whole)
        return all;
    json_decref(all);
    return NULL;
}

/* Into a buffer of the right size: one that grows loses names where it gets no memory, and json_dumps says nothing of it. */
static char *dump(const json_t *all)
{
    const size_t size = json_dumpb(all, NULL, 0, JSON_COMPACT);
    char *text = size > 0 ? malloc(size + 1) : NULL;
    if (text && json_dumpb(all, text, size, JSON_COMPACT) == size) {
        text[size] = 0;
        return text;
    }
    free(text);
    return NULL;
}

static wg_status header_text(const struct saved *saved, size_t n, const wg_save_options *o, char **text, const char *op)
{
    errno = 0;
    json_t *all = describe(saved, n, o);
    *text = all ? dump(all) : NULL;
    json_decref(all);
    if (*text)
        return WG_OK;
    return errno == ENOMEM ? wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op)
                           : wg_error_set(WG_E_ARGUMENT, op, "%s: expected names and texts in UTF-8", op);
}

wg_status file_can_save(const char *op)
{
    (void)op;
    return WG_OK;
}
#else

wg_status file_can_save(const char *op)
{
    return wg_error_set(WG_E_STATE, op, "%s: this library was built without jansson, which writes the headers of model files", op);
}

static wg_status header_text(const struct saved *saved, size_t n, const wg_save_options *o, char **text, const char *op)
{
    (void)saved, (void)n, (void)o;
    *text = NULL;
    return file_can_save(op);
}
#endif

static size_t padded(size_t length)
{
    return (length + 7) / 8 * 8;
}

/* Spaces bring the data to a multiple of 8 bytes. */
static wg_status write_header(struct replacement *r, const char *text)
{
    const size_t length = strlen(text);
    unsigned char size[8];
    for (int i = 0; i < 8; i++)
        size[i] = (unsigned char)(padded(length) >> 8 * i);
    WG_TRY(replace_write(r, size, sizeof size));
    WG_TRY(replace_write(r, text, length));
    return replace_write(r, "        ", padded(length) - length);
}

/* ---- the data ---- */

static size_t bytes_of(const struct saved *saved)
{
    return (size_t)wg_numel(saved->tensor) * saved->size;
}

/* Hands the elements of each tensor, in the order of places, to take. What is contiguous is read where it is. */
static wg_status each_tensor(const struct saved *saved, size_t n, wg_status (*take)(void *context, const void *bytes, size_t size),
                             void *context, const char *op)
{
    for (size_t i = 0; i < n; i++) {
        const size_t size = bytes_of(&saved[i]);
        if (size == 0)
            continue;
        if (wg_is_contiguous(saved[i].tensor)) {
            const void *bytes = wg_data(saved[i].tensor);
            WG_TRY(bytes ? take(context, bytes, size) : wg_error_if_null(NULL));
            continue;
        }
        void *copy = malloc(size);
        wg_status status = copy ? wg_read_raw(saved[i].tensor, copy) : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        if (status == WG_OK)
            status = take(context, copy, size);
        free(copy);
        WG_TRY(status);
    }
    return WG_OK;
}

static wg_status take_write(void *replacement, const void *bytes, size_t size)
{
    return replace_write(replacement, bytes, size);
}

static wg_status take_hash(void *hash, const void *bytes, size_t size)
{
    file_hash_add(hash, bytes, size);
    return WG_OK;
}

static wg_status write_all(const char *path, const struct saved *saved, size_t n, const wg_save_options *o, const char *op)
{
    struct replacement r;
    const size_t max_header = ((wg_load_options)WG_LOAD_OPTIONS_()).max_header;
    uint64_t size = 8;
    char *text = NULL;
    WG_TRY(header_text(saved, n, o, &text, op));
    size += padded(strlen(text));
    if (padded(strlen(text)) > max_header) {
        free(text);
        return wg_error_set(WG_E_ARGUMENT, op, "%s: names and texts of %llu bytes are more than wg_load reads, %zu", op,
                            (unsigned long long)size - 8, max_header);
    }
    for (size_t i = 0; i < n; i++)
        size += bytes_of(&saved[i]);
    wg_status status = replace_begin(&r, path, op);
    r.keep_previous = o->keep_previous;
    if (status == WG_OK)
        status = replace_reserve(&r, size);
    if (status == WG_OK)
        status = write_header(&r, text);
    if (status == WG_OK)
        status = each_tensor(saved, n, take_write, &r, op);
    if (status == WG_OK)
        status = replace_commit(&r);
    replace_end(&r);
    free(text);
    return status;
}

static wg_status list_tensors(wg_tensor_list tensors, struct saved **saved, const char *op)
{
    *saved = calloc(tensors.n + 1, sizeof **saved);
    if (!*saved)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    const wg_status status = list_saved(*saved, tensors, op);
    if (status != WG_OK) {
        free(*saved);
        *saved = NULL;
    }
    return status;
}

static wg_status check_texts(const wg_file_texts *texts, const char *op)
{
    if (texts->count > 2 * WG_MAX_TEXTS || texts->count % 2 != 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected keys with values, at most %d, got %zu strings", op, WG_MAX_TEXTS,
                            texts->count);
    for (size_t i = 0; i < texts->count; i++) {
        if (!texts->string[i])
            return wg_error_set(WG_E_NULL, op, "%s: string %zu of the texts is NULL", op, i);
        for (size_t k = 0; k < i && i % 2 == 0; k += 2)
            if (strcmp(texts->string[k], texts->string[i]) == 0)
                return wg_error_set(WG_E_ARGUMENT, op, "%s: two texts have the key \"%.60s\"", op, texts->string[i]);
    }
    return WG_OK;
}

wg_status file_save(const char *path, wg_tensor_list tensors, const wg_save_options *o, const char *op)
{
    struct saved *saved = NULL;
    if (!path)
        return wg_error_set(WG_E_NULL, op, "%s: the path is NULL", op);
    WG_TRY(check_texts(&o->texts, op));
    WG_TRY(list_tensors(tensors, &saved, op));
    const wg_status status = write_all(path, saved, tensors.n, o, op);
    free(saved);
    return status;
}

wg_status file_hash(wg_tensor_list tensors, struct file_hash *hash, const char *op)
{
    struct saved *saved = NULL;
    WG_TRY(list_tensors(tensors, &saved, op));
    const wg_status status = each_tensor(saved, tensors.n, take_hash, hash, op);
    free(saved);
    return status;
}

wg_status wg_save_with(const char *path, wg_tensor_list tensors, wg_save_options options)
{
    return file_save(path, tensors, &options, "save");
}
