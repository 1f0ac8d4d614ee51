/* Jacobians and Hessians, line by line. A row is a backward pass with a unit vector as seed, a column a forward push of a unit
   vector. */
#include <string.h>

#include "grad/forward_mode.h"
#include "wengert/ops.h"

/* A matrix while its lines are computed. It has the dtype of the tensor that is differentiated, by rows and by columns, although a
   row is a gradient and comes in the operand's dtype. A line is copied in at once. If the work is recorded, or captured for replay,
   ops join the lines at the end instead. */
struct block {
    int64_t lines, length;
    wg_dtype dtype;
    bool columns; /* a line is a column of the matrix */
    wg_shape shape;
    wg_tensor *result, **line;
};

static bool copied_at_once(const struct work *w)
{
    return w->own && !w->th->capture;
}

static wg_status block_begin(const struct work *w, struct block *b, const wg_tensor *rows, const wg_tensor *columns, bool by_column)
{
    char text[200], more[200];
    *b = (struct block){.lines = by_column ? columns->numel : rows->numel,
                        .length = by_column ? rows->numel : columns->numel,
                        .dtype = (wg_dtype)rows->dtype,
                        .columns = by_column,
                        .shape.rank = rows->rank + columns->rank};
    if (b->shape.rank > WG_MAX_RANK)
        return wg_fail(WG_E_SHAPE, w->name, "%s: %s by %s is of rank %d, above %d", w->name,
                       wg_shape_text(wg_shape_of(rows), text, sizeof text), wg_shape_text(wg_shape_of(columns), more, sizeof more),
                       b->shape.rank, WG_MAX_RANK);
    memcpy(b->shape.extent, wg_extents(rows), rows->rank * sizeof *b->shape.extent);
    memcpy(b->shape.extent + rows->rank, wg_extents(columns), columns->rank * sizeof *b->shape.extent);
    if (copied_at_once(w) || b->lines == 0)
        b->result = wg_zeros(b->dtype, b->shape);
    else
        b->line = wg_object_new((size_t)b->lines * sizeof *b->line);
    return b->result || b->line ? WG_OK : WG_E_MEMORY;
}

static wg_status block_line(struct block *b, int64_t k, wg_tensor *t)
{
    if (t->dtype != b->dtype && !(t = wg_cast(t, b->dtype)))
        return wg_error_cause();
    if (b->line)
        return (b->line[k] = wg_reshape(t, WG_SHAPE(1, b->length))) ? WG_OK : wg_error_cause();
    const int64_t size = (int64_t)wg_dtype_size(b->dtype);
    if (!b->columns)
        return wg_read_raw(t, b->result->data + k * b->length * size);
    char *line = wg_object_new((size_t)(b->length * size) + 1);
    const wg_status status = line ? wg_read_raw(t, line) : WG_E_MEMORY;
    for (int64_t i = 0; i < b->length && status == WG_OK; i++)
        memcpy(b->result->data + (i * b->lines + k) * size, line + i * size, (size_t)size);
    wg_object_free(line);
    return status;
}

static wg_tensor *block_end(struct block *b)
{
    if (!b->line)
        return b->result;
    wg_tensor *matrix = wg_concat(b->line, (size_t)b->lines, 0);
    if (matrix && b->columns)
        matrix = wg_copy(wg_permute(matrix, WG_AXES(1, 0))); /* so that all blocks are row-major */
    return matrix ? wg_reshape(matrix, b->shape) : NULL;
}

/* A unit vector of the shape of `like`: 1 in element k, 0 elsewhere. */
static wg_tensor *unit(const wg_tensor *like, int64_t k)
{
    wg_tensor *t = wg_zeros((wg_dtype)like->dtype, wg_shape_of(like));
    if (t && t->dtype == WG_F32)
        ((float *)(void *)t->data)[k] = 1;
    else if (t)
        ((double *)(void *)t->data)[k] = 1;
    return t;
}

/* Opens a tape for the intermediate values of one line, unless the line itself must stay. */
static wg_status line_begin(const struct work *w)
{
    if (!copied_at_once(w) || wg_tape_push(w->th, false))
        return WG_OK;
    wg_tape_close(NULL);
    return WG_E_MEMORY;
}

static void line_end(const struct work *w)
{
    if (w->own && w->th->top != w->own)
        wg_tape_close(w->th->top);
}

/* ---- rows ---- */

static wg_status one_row(struct work *w, struct block *b, int64_t k, wg_tensor **gx)
{
    wg_tensor *seed = unit(w->y, k);
    wg_status status = seed ? wg_work_gradients(w, w->y, seed, !w->own, gx) : wg_error_cause();
    for (size_t i = 0; i < w->n && status == WG_OK; i++)
        if (!wg_absent(gx[i]))
            status = block_line(&b[i], k, gx[i]);
    return status;
}

static wg_status by_rows(struct work *w, struct block *b)
{
    wg_tensor **gx = wg_object_new(w->n * sizeof *gx);
    wg_status status = gx ? WG_OK : WG_E_MEMORY;
    for (int64_t k = 0; k < w->y->numel && status == WG_OK; k++) {
        status = line_begin(w);
        if (status == WG_OK)
            status = one_row(w, b, k, gx);
        line_end(w);
    }
    wg_object_free(gx);
    return status;
}

/* ---- columns ---- */

/* Column k with respect to operand j, for each of n_rows tensors; tensor i's is a column of block b[i n + j]. */
static wg_status one_column(struct work *w, struct block *b, size_t j, int64_t k, wg_tensor *const *rows, size_t n_rows,
                            wg_tensor **t, const struct wg_node *last)
{
    for (size_t i = 0; i < w->n; i++)
        t[i] = WG_NONE;
    t[j] = unit(w->x[j], k);
    wg_status status = t[j] ? wg_work_push(w, t, last) : wg_error_cause();
    for (size_t i = 0; i < n_rows && status == WG_OK; i++) {
        if (wg_absent(rows[i]))
            continue;
        wg_tensor *column = wg_tangent_of(rows[i]);
        status = column ? block_line(&b[i * w->n + j], k, column) : wg_error_cause();
    }
    wg_push_clear(w->tape, w->start);
    return status;
}

static wg_status by_columns(struct work *w, struct block *b, wg_tensor *const *rows, size_t n_rows)
{
    wg_tensor **t = wg_object_new(w->n * sizeof *t);
    const struct wg_node *last = w->tape->last;
    wg_status status = t ? WG_OK : WG_E_MEMORY;
    for (size_t j = 0; j < w->n; j++)
        for (int64_t k = 0; w->x[j]->dtype <= WG_F64 && k < w->x[j]->numel && status == WG_OK; k++) {
            status = line_begin(w);
            if (status == WG_OK)
                status = one_column(w, b, j, k, rows, n_rows, t, last);
            line_end(w);
        }
    wg_object_free(t);
    return status;
}

/* ---- the matrices ---- */

static wg_status blocks_begin(const struct work *w, struct block *b, wg_tensor *const *rows, size_t n_rows, bool by_column)
{
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < w->n; j++)
            if (!wg_absent(rows[i]) && w->x[j]->dtype <= WG_F64)
                WG_TRY(block_begin(w, &b[i * w->n + j], rows[i], w->x[j], by_column));
    return WG_OK;
}

/* Finishes the blocks; a result is WG_NONE where the operand is of integers. Frees what the blocks hold, also on failure. */
static wg_status blocks_end(struct block *b, size_t n, wg_status status, wg_tensor **result)
{
    for (size_t i = 0; i < n; i++) {
        const bool none = !b[i].line && !b[i].result;
        result[i] = none || status != WG_OK ? WG_NONE : block_end(&b[i]);
        if (!result[i])
            status = wg_error_cause();
        wg_object_free(b[i].line);
    }
    return status;
}

wg_status wg_jacobian(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor **j)
{
    WG_OPERATION("jacobian");
    struct work w;
    if (!j)
        return wg_fail(WG_E_NULL, "jacobian", "jacobian: nowhere to put the matrices");
    WG_TRY(wg_work_begin(&w, "jacobian", x, n));
    struct block *b = wg_object_new(n * sizeof *b);
    wg_tensor **result = wg_object_new(n * sizeof *result);
    wg_status status = b && result ? wg_work_run(&w, f, context) : WG_E_MEMORY;
    int64_t columns = 0;
    for (size_t i = 0; i < n && status == WG_OK; i++)
        columns += w.x[i]->dtype <= WG_F64 ? w.x[i]->numel : 0;
    const bool by_column = status == WG_OK && w.y->numel > columns;
    if (status == WG_OK)
        status = blocks_begin(&w, b, &w.y, 1, by_column);
    if (status == WG_OK)
        status = by_column ? by_columns(&w, b, &w.y, 1) : by_rows(&w, b);
    if (b && result)
        status = blocks_end(b, n, status, result);
    status = wg_work_end(&w, status, result, n);
    if (status == WG_OK)
        memcpy(j, result, n * sizeof *j);
    wg_object_free(b);
    wg_object_free(result);
    return status;
}

wg_status wg_hessian(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_tensor **h)
{
    WG_OPERATION("hessian");
    struct work w;
    if (!h)
        return wg_fail(WG_E_NULL, "hessian", "hessian: nowhere to put the matrices");
    WG_TRY(wg_work_begin(&w, "hessian", x, n));
    struct block *b = wg_object_new(n * n * sizeof *b);
    wg_tensor **result = wg_object_new(n * n * sizeof *result), **g = wg_object_new(n * sizeof *g);
    wg_status status = b && result && g ? wg_work_gradient(&w, f, context, g) : WG_E_MEMORY;
    if (status == WG_OK)
        status = blocks_begin(&w, b, g, n, true);
    if (status == WG_OK)
        status = by_columns(&w, b, g, n);
    if (b && result)
        status = blocks_end(b, n * n, status, result);
    status = wg_work_end(&w, status, result, n * n);
    if (status == WG_OK)
        memcpy(h, result, n * n * sizeof *h);
    wg_object_free(b);
    wg_object_free(result);
    wg_object_free(g);
    return status;
}
