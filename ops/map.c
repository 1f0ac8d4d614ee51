/* The loops around element-wise and along-an-axis kernels: axes are merged where all operands allow, and parts go to threads. */
#include "op.h"

enum { MAX_OPERANDS = 8 };

/* Axes outermost first, with each operand's stride; 0 where it is broadcast. */
struct nest {
    int rank, operands;
    int64_t extent[WG_MAX_RANK], stride[WG_MAX_RANK][MAX_OPERANDS];
    char *data[MAX_OPERANDS];
    int64_t size[MAX_OPERANDS]; /* of an element */
};

/* size is that of an element of c's dtype, which need not be what memory holds where work is counted. */
static void add_operand(struct nest *nest, const wg_call *c, const wg_tensor *t, int rank, size_t size)
{
    const int at = nest->operands++, lead = rank - t->rank;
    nest->data[at] = t->data; /* NULL for WG_NONE, with stride 0: the row looks */
    nest->size[at] = (int64_t)(t->dtype == c->dtype ? size : wg_dtype_size((wg_dtype)t->dtype));
    for (int axis = 0; axis < rank; axis++) {
        const bool stretched = axis < lead || wg_extents(t)[axis - lead] == 1;
        nest->stride[axis][at] = stretched ? 0 : wg_strides(t)[axis - lead];
    }
}

static bool mergeable(const struct nest *nest, int outer, int inner)
{
    for (int i = 0; i < nest->operands; i++)
        if (nest->stride[outer][i] != nest->stride[inner][i] * nest->extent[inner])
            return false;
    return true;
}

static void move_axis(struct nest *nest, int to, int from)
{
    nest->extent[to] = nest->extent[from];
    memcpy(nest->stride[to], nest->stride[from], sizeof nest->stride[to]);
}

/* Sorts axes by the first output's stride, so that the inner loop is over memory, then merges neighbours. */
static void simplify(struct nest *nest)
{
    int n = 0;
    for (int axis = 0; axis < nest->rank; axis++)
        if (nest->extent[axis] != 1)
            move_axis(nest, n++, axis);
    nest->rank = n;
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && nest->stride[k - 1][0] < nest->stride[k][0]; k--) {
            struct nest copy = *nest;
            move_axis(nest, k, k - 1);
            nest->extent[k - 1] = copy.extent[k];
            memcpy(nest->stride[k - 1], copy.stride[k], sizeof copy.stride[k]);
        }
    for (int axis = n - 1; axis > 0; axis--)
        if (mergeable(nest, axis - 1, axis)) {
            memcpy(nest->stride[axis - 1], nest->stride[axis], sizeof nest->stride[axis]);
            nest->extent[axis - 1] *= nest->extent[axis];
            for (int k = axis; k + 1 < nest->rank; k++)
                move_axis(nest, k, k + 1);
            nest->rank--;
        }
}

/* An absent operand stays NULL. */
static void advance(const struct nest *nest, char **p, const int64_t *stride, int64_t by)
{
    for (int k = 0; k < nest->operands; k++)
        if (p[k])
            p[k] += by * stride[k] * nest->size[k];
}

/* The row of number index among all rows of the outer axes. */
static void row_pointers(const struct nest *nest, int outer, int64_t index, char **p)
{
    memcpy(p, nest->data, sizeof nest->data);
    for (int axis = outer - 1; axis >= 0; axis--) {
        const int64_t i = index % nest->extent[axis];
        index /= nest->extent[axis];
        advance(nest, p, nest->stride[axis], i);
    }
}

/* Few long rows are cut into parts; each element is its own, so where they are cut does not matter. */
struct rows {
    const struct nest *nest;
    wg_row *row;
    const void *params;
    const int64_t *stride;
    int64_t n, parts, part; /* elements of a row, parts of it, elements of a part */
    int outer;
};

static void some_rows(int64_t first, int64_t last, void *context)
{
    const struct rows *r = context;
    for (int64_t job = first; job < last; job++) {
        char *p[MAX_OPERANDS];
        const int64_t at = job % r->parts * r->part, count = r->n - at < r->part ? r->n - at : r->part;
        if (count <= 0)
            continue;
        row_pointers(r->nest, r->outer, job / r->parts, p);
        advance(r->nest, p, r->stride, at);
        r->row(count, p, r->stride, r->params);
    }
}

static void run_rows(const struct nest *nest, wg_row *row, const void *params)
{
    static const int64_t no_stride[MAX_OPERANDS];
    struct rows r = {.nest = nest, .row = row, .params = params, .stride = no_stride, .n = 1};
    if (nest->rank > 0) {
        r.outer = nest->rank - 1;
        r.n = nest->extent[r.outer];
        r.stride = nest->stride[r.outer];
    }
    int64_t rows = 1;
    for (int axis = 0; axis < r.outer; axis++)
        rows *= nest->extent[axis];
    const int threads = wg_kernel_threads((double)rows * (double)r.n);
    r.parts = rows >= threads ? 1 : threads;
    r.part = (r.n + r.parts - 1) / r.parts;
    wg_parallel(threads, rows * r.parts, some_rows, &r);
}

static bool alike(const wg_call *c)
{
    const wg_tensor *y = c->out[0];
    bool same = c->n_out == 1 && (y->flags & WG_T_DENSE);
    for (int i = 0; i < c->n_in && same; i++)
        same = c->in[i]->rank == y->rank && memcmp(c->in[i]->dims, y->dims, 2 * (size_t)y->rank * sizeof *y->dims) == 0;
    return same;
}

/* All operands alike and dense: one run over memory. The path of small graphs, so it sets up nothing. */
static bool map_run(const wg_call *c, wg_row *row)
{
    static const int64_t ones[MAX_OPERANDS] = {1, 1, 1, 1, 1, 1, 1, 1};
    const wg_tensor *y = c->out[0];
    if (!(c->alike || alike(c)) || (y->numel >= 65536 && wg_kernel_threads((double)y->numel) > 1))
        return false;
    char *p[MAX_OPERANDS];
    p[0] = y->data;
    for (int i = 0; i < c->n_in; i++)
        p[i + 1] = c->in[i]->data;
    row(y->numel, p, ones, c->params);
    return true;
}

wg_status wg_map(const wg_call *c, size_t size, wg_row *row)
{
    if (map_run(c, row))
        return WG_OK;
    const wg_tensor *y = c->out[0];
    struct nest nest = {.rank = y->rank};
    memcpy(nest.extent, wg_extents(y), (size_t)y->rank * sizeof *nest.extent);
    for (int i = 0; i < c->n_out; i++)
        add_operand(&nest, c, c->out[i], y->rank, size);
    for (int i = 0; i < c->n_in; i++)
        add_operand(&nest, c, c->in[i], y->rank, size);
    simplify(&nest);
    run_rows(&nest, row, c->params);
    return WG_OK;
}

struct lines {
    struct nest nest;
    wg_lane *lane;
    const void *params;
    int64_t n, stride[MAX_OPERANDS];
};

static void some_lines(int64_t first, int64_t last, void *context)
{
    const struct lines *l = context;
    for (int64_t line = first; line < last; line++) {
        char *p[MAX_OPERANDS];
        row_pointers(&l->nest, l->nest.rank, line, p);
        l->lane(l->n, p, l->stride, l->params);
    }
}

wg_status wg_lanes(const wg_call *c, int axis, size_t size, wg_lane *lane)
{
    const wg_tensor *x = c->in[0];
    struct lines l = {.lane = lane, .params = c->params, .n = wg_extents(x)[axis]};
    int64_t lines = 1;
    for (int i = 0; i < c->n_out + c->n_in; i++) {
        const wg_tensor *t = i < c->n_out ? c->out[i] : c->in[i - c->n_out];
        add_operand(&l.nest, c, t, x->rank, size);
        l.stride[i] = l.nest.stride[axis][i];
    }
    for (int i = 0; i < x->rank; i++)
        if (i != axis) {
            lines *= wg_extents(x)[i];
            l.nest.extent[l.nest.rank] = wg_extents(x)[i];
            memcpy(l.nest.stride[l.nest.rank++], l.nest.stride[i], sizeof l.nest.stride[i]);
        }
    wg_parallel(wg_kernel_threads((double)x->numel), lines, some_lines, &l);
    return WG_OK;
}

wg_status wg_map_in_place(const wg_call *c, size_t size, wg_row *row, const void *params)
{
    struct nest nest = {.rank = c->in[0]->rank};
    memcpy(nest.extent, wg_extents(c->in[0]), (size_t)nest.rank * sizeof *nest.extent);
    for (int i = 0; i < c->n_in; i++)
        add_operand(&nest, c, c->in[i], c->in[0]->rank, size);
    simplify(&nest);
    run_rows(&nest, row, params);
    return WG_OK;
}
