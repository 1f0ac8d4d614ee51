/* Writing model files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "replace.h"
#include "wengert/error.h"
#include "wengert/file.h"

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
static json_t *texts_of(const wg_save_options *o)
{
    json_t *texts = json_object();
    for (size_t i = 0; texts && i < o->n_texts; i++)
        if (!o->text[i].key || !o->text[i].value ||
            json_object_set_new(texts, o->text[i].key, json_string(o->text[i].value)) != 0) {
            json_decref(texts);
            return NULL;
        }
    return texts;
}

static json_t *describe(const struct saved *saved, size_t n, const wg_save_options *o)
{
    json_t *all = json_object();
    json_int_t at = 0;
    bool whole = all && (o->n_texts == 0 || json_object_set_new(all, "__metadata__", texts_of(o)) == 0);
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

static wg_status write_header(struct replacement *r, const struct saved *saved, size_t n, const wg_save_options *o)
{
    json_t *all = describe(saved, n, o);
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    json_decref(all);
    if (!text)
        return wg_error_set(WG_E_ARGUMENT, r->op, "%s: expected names and texts in UTF-8", r->op);
    const size_t length = strlen(text), padded = (length + 7) / 8 * 8;
    unsigned char size[8];
    for (int i = 0; i < 8; i++)
        size[i] = (unsigned char)(padded >> 8 * i);
    wg_status status = replace_write(r, size, sizeof size);
    if (status == WG_OK)
        status = replace_write(r, text, length);
    if (status == WG_OK)
        status = replace_write(r, "        ", padded - length);
    free(text);
    return status;
}

#else

static wg_status write_header(struct replacement *r, const struct saved *saved, size_t n, const wg_save_options *o)
{
    (void)saved, (void)n, (void)o;
    return wg_error_set(WG_E_STATE, r->op, "%s: this library was built without jansson, which writes the headers of model files",
                        r->op);
}
#endif

/* ---- the data ---- */

/* buffer: for the largest tensor. */
static wg_status write_data(struct replacement *r, const struct saved *saved, size_t n, void *buffer)
{
    for (size_t i = 0; i < n; i++) {
        WG_TRY(wg_read_raw(saved[i].tensor, buffer));
        WG_TRY(replace_write(r, buffer, (size_t)wg_numel(saved[i].tensor) * saved[i].size));
    }
    return WG_OK;
}

static wg_status write_all(const char *path, const struct saved *saved, size_t n, const wg_save_options *o, const char *op)
{
    struct replacement r;
    size_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t bytes = (size_t)wg_numel(saved[i].tensor) * saved[i].size;
        largest = bytes > largest ? bytes : largest;
    }
    void *buffer = malloc(largest + 1);
    if (!buffer)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    wg_status status = replace_begin(&r, path, op);
    if (status == WG_OK)
        status = write_header(&r, saved, n, o);
    if (status == WG_OK)
        status = write_data(&r, saved, n, buffer);
    if (status == WG_OK)
        status = replace_commit(&r);
    replace_end(&r);
    free(buffer);
    return status;
}

wg_status wg_save_with(const char *path, wg_tensor_list tensors, wg_save_options options)
{
    const char *op = "save";
    if (!path || (options.n_texts > 0 && !options.text))
        return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, path ? "texts are" : "path is");
    struct saved *saved = calloc(tensors.n + 1, sizeof *saved);
    if (!saved)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    wg_status status = list_saved(saved, tensors, op);
    if (status == WG_OK)
        status = write_all(path, saved, tensors.n, &options, op);
    free(saved);
    return status;
}
