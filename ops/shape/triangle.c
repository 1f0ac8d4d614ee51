/* Shared by tril and triu: the lower or upper triangle of matrices, of any dtype. */
#include "ops/op.h"

struct triangle {
    const wg_tensor *x, *y;
    bool upper;
    int64_t offset;
    int64_t rows, columns; /* of a matrix */
};

static int64_t clip(int64_t at, int64_t extent)
{
    return at < 0 ? 0 : at > extent ? extent : at;
}

static struct triangle triangle_of(const wg_call *c, bool upper, int64_t offset)
{
    const wg_tensor *x = c->in[0];
    const int64_t rows = wg_extents(x)[x->rank - 2], columns = wg_extents(x)[x->rank - 1];
    return (struct triangle){x, c->out[0], upper, wg_offset_within(offset, rows, columns), rows, columns};
}

/* Sets first and last: columns first … last-1 of the row are kept. */
static void kept(const struct triangle *t, int64_t row, int64_t *first, int64_t *last)
{
    *first = t->upper ? clip(row + t->offset, t->columns) : 0;
    *last = t->upper ? t->columns : clip(row + t->offset + 1, t->columns);
}

static void triangle_rows(int64_t from, int64_t to, void *context)
{
    const struct triangle *t = context;
    const int64_t size = (int64_t)wg_dtype_size((wg_dtype)t->x->dtype), *stride = wg_strides(t->x);
    const int last_axis = t->x->rank - 1;
    for (int64_t row = from; row < to; row++) {
        const char *x = t->x->data + wg_kept_offset(last_axis, wg_extents(t->x), stride, row) * size;
        char *y = t->y->data + row * t->columns * size; /* the output is row-major */
        int64_t first, last;
        kept(t, row % t->rows, &first, &last);
        char *const at[2] = {y + first * size, (char *)(uintptr_t)x + first * stride[last_axis] * size};
        memset(y, 0, (size_t)(first * size));
        wg_copy_row(last - first, at, (const int64_t[]){1, stride[last_axis]}, &(const size_t){(size_t)size});
        memset(y + last * size, 0, (size_t)((t->columns - last) * size));
    }
}

wg_status wg_triangle(const wg_call *c, bool upper, int64_t offset)
{
    struct triangle t = triangle_of(c, upper, offset);
    wg_parallel(wg_kernel_threads((double)t.y->numel), t.columns ? t.y->numel / t.columns : 0, triangle_rows, &t);
    return WG_OK;
}

wg_status wg_triangle_shape(const wg_call *c, wg_spec *out)
{
    const wg_tensor *x = c->in[0];
    if (x->rank < 2)
        return wg_call_error(c, WG_E_SHAPE, "expected a matrix, or a batch of them");
    out->dtype = (wg_dtype)x->dtype;
    out->rank = x->rank;
    memcpy(out->extent, wg_extents(x), (size_t)x->rank * sizeof *out->extent);
    return WG_OK;
}

/* Only elements that are kept are read, and those repeated by stride 0 count once. */
wg_cost wg_triangle_cost(const wg_call *c, bool upper, int64_t offset)
{
    const struct triangle t = triangle_of(c, upper, offset);
    const int64_t *stride = wg_strides(t.x) + t.x->rank - 2;
    double elements = 0, matrices = 1;
    for (int axis = 0; axis < t.x->rank - 2; axis++)
        matrices *= wg_strides(t.x)[axis] != 0 ? (double)wg_extents(t.x)[axis] : 1;
    for (int64_t row = 0; row < t.rows && t.y->numel > 0; row++) {
        int64_t first, last;
        kept(&t, row, &first, &last);
        const double here = stride[1] != 0 ? (double)(last - first) : last > first;
        elements = stride[0] != 0 ? elements + here : fmax(elements, here);
    }
    const double size = (double)wg_dtype_size((wg_dtype)t.x->dtype);
    return (wg_cost){.bytes_read = matrices * elements * size, .bytes_written = (double)t.y->numel * size};
}
