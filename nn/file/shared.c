/* Tensors of a list that share memory: each element has one value, so the file must have one, too. Else what is written last would win. */
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "wengert/error.h"

/* Where a tensor's bytes lie: [begin, end), with the gaps that strides leave. */
struct span {
    struct file_wanted *wanted;
    uintptr_t begin, end;
};

static int by_begin(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->wanted->order > y->wanted->order) - (x->wanted->order < y->wanted->order);
}

static size_t list_spans(struct file_load *load, struct span *span)
{
    size_t n = 0;
    for (size_t i = 0; i < load->n; i++) {
        struct file_wanted *w = &load->wanted[i];
        const uintptr_t begin = w->elements && wg_numel(w->tensor) > 0 ? (uintptr_t)wg_data(w->tensor) : 0;
        if (begin == 0) /* nothing to load; or its error is that of the commit */
            continue;
        const size_t size = wg_dtype_size(wg_dtype_of(w->tensor));
        size_t before = 0, behind = 0; /* elements beside the first one in memory */
        for (int axis = 0; axis < wg_rank(w->tensor); axis++) {
            const int64_t reach = (wg_extent(w->tensor, axis) - 1) * wg_stride(w->tensor, axis);
            before += reach < 0 ? (size_t)-reach : 0, behind += reach > 0 ? (size_t)reach : 0;
        }
        span[n++] = (struct span){w, begin - before * size, begin + (behind + 1) * size};
    }
    qsort(span, n, sizeof *span, by_begin);
    return n;
}

static bool same_layout(const wg_tensor *a, const wg_tensor *b)
{
    bool same = wg_data(a) == wg_data(b) && wg_dtype_of(a) == wg_dtype_of(b) && wg_rank(a) == wg_rank(b);
    for (int axis = 0; same && axis < wg_rank(a); axis++)
        same = wg_extent(a, axis) == wg_extent(b, axis) && wg_stride(a, axis) == wg_stride(b, axis);
    return same;
}

static wg_status differ(const struct source *s, const struct file_wanted *a, const struct file_wanted *b)
{
    return wg_error_set(WG_E_ARGUMENT, s->op, "%s: %s: %.100s and %.100s %s, and differ in the file", s->op, s->name, a->name,
                        b->name, a->tensor == b->tensor ? "are one tensor here" : "share memory here");
}

/* The elements of tensors that overlap, as the load would leave them, with who wrote each byte. */
struct shadow {
    uintptr_t begin;
    unsigned char *bytes;
    const struct file_wanted **writer;
};

static wg_status cast_shadow(const struct shadow *shadow, const struct file_wanted *w, const struct source *s)
{
    const size_t size = wg_dtype_size(wg_dtype_of(w->tensor));
    const wg_shape shape = wg_shape_of(w->tensor);
    const unsigned char *element = w->elements;
    int64_t index[WG_MAX_RANK] = {0};
    for (int64_t i = 0; i < wg_numel(w->tensor); i++, element += size) {
        size_t at = (uintptr_t)wg_data(w->tensor) - shadow->begin;
        for (int axis = 0; axis < shape.rank; axis++)
            at += (size_t)(index[axis] * wg_stride(w->tensor, axis)) * size;
        for (size_t k = at; k < at + size; k++) {
            if (shadow->writer[k] && shadow->bytes[k] != element[k - at])
                return differ(s, shadow->writer[k], w);
            shadow->bytes[k] = element[k - at], shadow->writer[k] = w;
        }
        for (int axis = shape.rank - 1; axis >= 0 && ++index[axis] == shape.extent[axis]; axis--)
            index[axis] = 0;
    }
    return WG_OK;
}

static wg_status check_overlap(const struct span *span, size_t n, uintptr_t end, const struct source *s)
{
    const size_t size = end - span[0].begin;
    struct shadow shadow = {span[0].begin, malloc(size), calloc(size, sizeof *shadow.writer)};
    wg_status status = shadow.bytes && shadow.writer ? WG_OK : source_no_memory(s);
    for (size_t i = 0; i < n && status == WG_OK; i++)
        status = cast_shadow(&shadow, span[i].wanted, s);
    free(shadow.bytes), free(shadow.writer);
    return status;
}

/* Of tensors that overlap, in the order of their addresses. Most are one tensor under several names. */
static wg_status check_cluster(const struct span *span, size_t n, uintptr_t end, const struct source *s)
{
    for (size_t i = 1; i < n; i++) {
        const struct file_wanted *a = span[0].wanted, *b = span[i].wanted;
        if (!same_layout(a->tensor, b->tensor))
            return check_overlap(span, n, end, s);
        if (memcmp(a->elements, b->elements, (size_t)wg_numel(a->tensor) * wg_dtype_size(wg_dtype_of(a->tensor))) != 0)
            return differ(s, a, b);
    }
    return WG_OK;
}

wg_status file_load_check_shared(struct file_load *load)
{
    struct span *span = malloc((load->n + 1) * sizeof *span);
    if (!span)
        return source_no_memory(&load->source);
    const size_t n = list_spans(load, span);
    wg_status status = WG_OK;
    for (size_t first = 0, next; first < n && status == WG_OK; first = next) {
        uintptr_t end = span[first].end;
        for (next = first + 1; next < n && span[next].begin < end; next++)
            end = span[next].end > end ? span[next].end : end;
        for (size_t i = first; i < next; i++)
            span[i].wanted->shared = next - first > 1;
        status = check_cluster(span + first, next - first, end, &load->source);
    }
    free(span);
    return status;
}
