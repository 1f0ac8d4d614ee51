/* Loading tensors by name. A file is read in two steps: the header, which is checked against the file's size and against the list,
   then the data, into memory of their own; only then do tensors change. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "wengert/error.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct file_wanted *)a)->name, ((const struct file_wanted *)b)->name);
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

/* Of names that are missing, and of those that are not expected, some: both kinds are to be seen, since names that were changed are
   of both. */
static void complain_of_few(struct complaint *c, size_t *count, const char *what, const char *name)
{
    if (++*count <= 4)
        complain(c, WG_E_ARGUMENT, what, name, "");
    else
        c->left_out++;
}

static void shape_text(const wg_shape *shape, char *text, size_t size)
{
    size_t at = (size_t)snprintf(text, size, "(");
    for (int i = 0; i < shape->rank && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%lld", i ? "," : "", (long long)shape->extent[i]);
    if (at < size)
        snprintf(text + at, size - at, ")");
}

static void compare(struct complaint *c, const struct file_wanted *w, bool convert)
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
    for (int i = 0; i < shape.rank; i++)
        if (wg_stride(w->tensor, i) == 0 && shape.extent[i] > 1) {
            complain(c, WG_E_ARGUMENT, "a broadcast, whose elements share memory, cannot be loaded:", w->name, "");
            break;
        }
    if (file_same(w->entry->dtype, dtype) || file_is_count(w->entry, dtype) ||
        (convert && file_can_convert(w->entry->dtype, dtype)))
        return;
    snprintf(more, sizeof more, " %s in the file, %s here%s", file_dtype_name(w->entry->dtype), wg_dtype_name(dtype),
             file_can_convert(w->entry->dtype, dtype) ? " (.convert = true converts)" : "");
    complain(c, WG_E_DTYPE, "dtype of", w->name, more);
}

/* Sorted by name. */
static wg_status sort_wanted(struct file_wanted *wanted, wg_tensor_list list, const char *op)
{
    WG_TRY(file_check_list(list, op));
    for (size_t i = 0; i < list.n; i++)
        wanted[i] = (struct file_wanted){.name = list.name[i], .tensor = list.tensor[i], .order = i};
    if (list.n > 0)
        qsort(wanted, list.n, sizeof *wanted, by_name);
    return WG_OK;
}

static wg_status match(const struct file_load *load, const wg_load_options *o)
{
    const struct source *s = &load->source;
    struct file_wanted *wanted = load->wanted;
    const size_t n = load->n;
    struct complaint c = {.length = 0};
    size_t missing = 0, unexpected = 0;
    for (size_t i = 0; i < s->header.n; i++) {
        const struct file_wanted key = {.name = s->header.entry[i].name};
        struct file_wanted *found = n > 0 ? bsearch(&key, wanted, n, sizeof *wanted, by_name) : NULL;
        if (found)
            found->entry = &s->header.entry[i];
    }
    for (size_t i = 0; i < n; i++) {
        if (wanted[i].entry)
            compare(&c, &wanted[i], o->convert);
        else if (o->strict)
            complain_of_few(&c, &missing, "missing in the file:", wanted[i].name);
    }
    for (size_t i = 0; i < s->header.n && o->strict; i++) {
        const struct file_wanted key = {.name = s->header.entry[i].name};
        if (n == 0 || !bsearch(&key, wanted, n, sizeof *wanted, by_name))
            complain_of_few(&c, &unexpected, "not expected:", key.name);
    }
    if (c.code == WG_OK)
        return WG_OK;
    char more[40] = "";
    if (c.left_out > 0)
        snprintf(more, sizeof more, "; and %zu more", c.left_out);
    return wg_error_set(c.code, s->op, "%s: %s: %s%s", s->op, s->name, c.text, more);
}

static int by_place(const void *a, const void *b)
{
    const struct file_entry *x = ((const struct file_wanted *)a)->entry, *y = ((const struct file_wanted *)b)->entry;
    if (!x || !y)
        return (x == NULL) - (y == NULL);
    return x->begin != y->begin ? (x->begin > y->begin ? 1 : -1) : (x > y) - (x < y);
}

wg_status file_load_open(struct file_load *load, const char *path, wg_tensor_list tensors, const wg_load_options *o)
{
    load->n = tensors.n;
    load->wanted = calloc(tensors.n + 1, sizeof *load->wanted);
    if (!load->wanted)
        return wg_error_set(WG_E_MEMORY, load->source.op, "%s: out of memory", load->source.op);
    WG_TRY(sort_wanted(load->wanted, tensors, load->source.op));
    return source_open(&load->source, path, o->max_header);
}

wg_status file_load_match(struct file_load *load, const wg_load_options *o)
{
    WG_TRY(match(load, o));
    if (load->n > 0)
        qsort(load->wanted, load->n, sizeof *load->wanted, by_place);
    return WG_OK;
}

/* What is converted is read at once; moves: of what is read as it is, *n of them. */
static wg_status plan_reading(struct file_load *load, struct file_move *moves, size_t *n)
{
    const struct source *s = &load->source;
    for (size_t i = 0; i < load->n && load->wanted[i].entry; i++) {
        struct file_wanted *w = &load->wanted[i];
        const wg_dtype dtype = wg_dtype_of(w->tensor);
        w->elements = file_block((size_t)w->entry->numel * wg_dtype_size(dtype) + 1);
        if (!w->elements)
            return source_no_memory(s);
        if (file_same(w->entry->dtype, dtype))
            moves[(*n)++] = source_move(s, s->data + w->entry->begin, w->elements, (size_t)(w->entry->end - w->entry->begin));
        else
            WG_TRY(source_convert(s, w->entry, dtype, w->elements));
    }
    return WG_OK;
}

wg_status file_load_read(struct file_load *load)
{
    size_t n = 0;
    struct file_move *moves = malloc((load->n + 1) * sizeof *moves);
    wg_status status = moves ? plan_reading(load, moves, &n) : source_no_memory(&load->source);
    if (status == WG_OK)
        status = source_read(&load->source, moves, n);
    free(moves);
    return status == WG_OK ? file_load_check_shared(load) : status;
}

/* What a change can fail for, such as memory for a copy of what others share, it fails for at wg_data_mut already, which changes no
   element. Large tensors are then written by several threads, but for those that share memory. */
wg_status file_load_commit(const struct file_load *load)
{
    size_t n = 0;
    struct file_move *moves = malloc((load->n + 1) * sizeof *moves);
    wg_status status = moves ? WG_OK : source_no_memory(&load->source);
    for (size_t i = 0; i < load->n && status == WG_OK; i++) {
        const struct file_wanted *w = &load->wanted[i];
        if (!w->elements || wg_numel(w->tensor) == 0)
            continue;
        void *to = wg_data_mut(w->tensor);
        if (!to)
            status = wg_error_if_null(NULL);
        else if (wg_is_contiguous(w->tensor) && !w->shared)
            moves[n++] = (struct file_move){w->elements, 0, to,
                                            (size_t)wg_numel(w->tensor) * wg_dtype_size(wg_dtype_of(w->tensor))};
    }
    if (status == WG_OK)
        (void)file_transfer(-1, moves, n); /* from memory it does not fail */
    for (size_t i = 0; i < load->n && status == WG_OK; i++) {
        const struct file_wanted *w = &load->wanted[i];
        if (w->elements && (w->shared || !wg_is_contiguous(w->tensor)))
            status = wg_write_raw(w->tensor, w->elements);
    }
    free(moves);
    return status;
}

void file_load_end(struct file_load *load)
{
    for (size_t i = 0; i < load->n && load->wanted; i++)
        free(load->wanted[i].elements);
    free(load->wanted);
    source_close(&load->source);
}

wg_status wg_load_with(const char *path, wg_tensor_list tensors, wg_load_options options)
{
    const char *op = "load";
    if (!path)
        return wg_error_set(WG_E_NULL, op, "%s: the path is NULL", op);
    struct file_load load = {.source = {.op = op, .descriptor = -1}};
    wg_status status = file_load_open(&load, path, tensors, &options);
    if (status == WG_OK)
        status = file_load_match(&load, &options);
    if (status == WG_OK)
        status = file_load_read(&load);
    if (status == WG_OK)
        status = file_load_commit(&load);
    file_load_end(&load);
    return status;
}
