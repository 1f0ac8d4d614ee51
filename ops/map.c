/* The loops around element-wise and along-an-axis kernels: axes are merged where all operands allow, and parts go to threads. */
#include <omp.h>

#include "op.h"

enum { MAX_OPERANDS = 8 };

int wg_kernel_threads(double work)
{
    return work < 65536 || omp_in_parallel() ? 1 : wg_threads();
}

/* Axes outermost first, with each operand's stride; 0 where it is broadcast. */
struct nest {
    int rank, operands;
    int64_t extent[WG_MAX_RANK], stride[WG_MAX_RANK][MAX_OPERANDS];
    char *data[MAX_OPERANDS];
    size_t size;
};

static void add_operand(struct nest *nest, const wg_tensor *t, int rank)
{
    const int at = nest->operands++, lead = rank - t->rank;
    nest->data[at] = t->data; /* NULL for WG_NONE, with stride 0: the row looks */
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

/* The row of number index among all rows of the outer axes. */
static void row_pointers(const struct nest *nest, int outer, int64_t index, char **p)
{
    memcpy(p, nest->data, sizeof nest->data);
    for (int axis = outer - 1; axis >= 0; axis--) {
        const int64_t i = index % nest->extent[axis];
        index /= nest->extent[axis];
        for (int k = 0; k < nest->operands; k++)
            p[k] += i * nest->stride[axis][k] * (int64_t)nest->size;
    }
}

static void run_rows(const struct nest *nest, wg_row *row, const void *params)
{
    static const int64_t no_stride[MAX_OPERANDS];
    const int outer = nest->rank > 0 ? nest->rank - 1 : 0;
    const int64_t n = nest->rank > 0 ? nest->extent[outer] : 1;
    const int64_t *stride = nest->rank > 0 ? nest->stride[outer] : no_stride;
    int64_t rows = 1;
    for (int axis = 0; axis < outer; axis++)
        rows *= nest->extent[axis];
    const int threads = wg_kernel_threads((double)rows * (double)n);
    /* Few long rows are cut into parts; each element is its own, so where they are cut does not matter. */
    const int64_t parts = rows >= threads ? 1 : threads;
    const int64_t part = (n + parts - 1) / parts;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int64_t job = 0; job < rows * parts; job++) {
        char *p[MAX_OPERANDS];
        const int64_t first = job % parts * part, count = n - first < part ? n - first : part;
        if (count <= 0)
            continue;
        row_pointers(nest, outer, job / parts, p);
        for (int k = 0; k < nest->operands; k++)
            p[k] += first * stride[k] * (int64_t)nest->size;
        row(count, p, stride, params);
    }
}

static bool same_layout(const wg_tensor *a, const wg_tensor *b)
{
    return a->rank == b->rank && memcmp(a->dims, b->dims, 2 * (size_t)a->rank * sizeof *a->dims) == 0;
}

wg_status wg_map(const wg_call *c, size_t size, wg_row *row)
{
    struct nest nest = {.size = size};
    const wg_tensor *y = c->out[0];
    bool one_run = (y->flags & WG_T_DENSE) != 0;
    for (int i = 0; i < c->n_in && one_run; i++)
        one_run = same_layout(c->in[i], y);
    if (one_run && c->n_out == 1) { /* all operands alike and dense: one row */
        nest.rank = 1;
        nest.extent[0] = y->numel;
        nest.operands = 1 + c->n_in;
        for (int i = 0; i < nest.operands; i++) {
            nest.data[i] = i ? c->in[i - 1]->data : y->data;
            nest.stride[0][i] = 1;
        }
    } else {
        nest.rank = y->rank;
        memcpy(nest.extent, wg_extents(y), (size_t)y->rank * sizeof *nest.extent);
        for (int i = 0; i < c->n_out; i++)
            add_operand(&nest, c->out[i], y->rank);
        for (int i = 0; i < c->n_in; i++)
            add_operand(&nest, c->in[i], y->rank);
        simplify(&nest);
    }
    run_rows(&nest, row, c->params);
    return WG_OK;
}

wg_status wg_lanes(const wg_call *c, int axis, size_t size, wg_lane *lane)
{
    struct nest nest = {.size = size};
    const wg_tensor *x = c->in[0];
    int64_t stride[MAX_OPERANDS], lines = 1;
    for (int i = 0; i < c->n_out + c->n_in; i++) {
        const wg_tensor *t = i < c->n_out ? c->out[i] : c->in[i - c->n_out];
        add_operand(&nest, t, x->rank);
        stride[i] = nest.stride[axis][i];
    }
    for (int i = 0; i < x->rank; i++)
        if (i != axis) {
            lines *= wg_extents(x)[i];
            nest.extent[nest.rank] = wg_extents(x)[i];
            memcpy(nest.stride[nest.rank++], nest.stride[i], sizeof nest.stride[i]);
        }
    const int64_t n = wg_extents(x)[axis];
    const int threads = wg_kernel_threads((double)x->numel);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int64_t line = 0; line < lines; line++) {
        char *p[MAX_OPERANDS];
        row_pointers(&nest, nest.rank, line, p);
        lane(n, p, stride, c->params);
    }
    return WG_OK;
}

wg_status wg_map_in_place(const wg_call *c, size_t size, wg_row *row)
{
    struct nest nest = {.size = size, .rank = c->in[0]->rank};
    memcpy(nest.extent, wg_extents(c->in[0]), (size_t)nest.rank * sizeof *nest.extent);
    for (int i = 0; i < c->n_in; i++)
        add_operand(&nest, c->in[i], c->in[0]->rank);
    simplify(&nest);
    run_rows(&nest, row, c->params);
    return WG_OK;
}
