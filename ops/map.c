/* The loops around element-wise kernels and kernels along an axis: merges axes where all operands allow it, and divides the work
   among threads. */
#include "cpu/nontemporal.h"
#include "ops/op.h"

enum { MAX_OPERANDS = 8 };

/* A loop nest: axes outermost first, with each operand's stride in elements; 0 where it is broadcast. */
struct nest {
    int rank, operands;
    int64_t extent[WG_MAX_RANK], stride[WG_MAX_RANK][MAX_OPERANDS];
    char *data[MAX_OPERANDS];
    int64_t size[MAX_OPERANDS]; /* bytes of an element */
};

/* size: bytes of an element of c's dtype. It differs from the dtype's own size when operations are counted (kernel.h). */
static void add_operand(struct nest *nest, const wg_call *c, const wg_tensor *t, int rank, size_t size)
{
    const int at = nest->operands++, lead = rank - t->rank;
    nest->data[at] = t->data; /* NULL for WG_NONE, with stride 0; the row kernel checks for NULL */
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

/* Sorts the axes by the first output's stride, so that the inner loop is over adjacent memory, then merges neighbouring axes. */
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

/* Moves each operand's address by a number of elements along an axis. An absent operand stays NULL. */
static void advance(const struct nest *nest, char **p, const int64_t *stride, int64_t by)
{
    for (int k = 0; k < nest->operands; k++)
        if (p[k])
            p[k] += by * stride[k] * nest->size[k];
}

/* The current row of the loop over the outer axes, and its first element in each operand. */
struct position {
    int64_t index[WG_MAX_RANK];
    char *p[MAX_OPERANDS];
};

static void position_at(const struct nest *nest, int outer, int64_t row, struct position *position)
{
    memcpy(position->p, nest->data, sizeof nest->data);
    for (int axis = outer - 1; axis >= 0; axis--) {
        position->index[axis] = row % nest->extent[axis];
        row /= nest->extent[axis];
        advance(nest, position->p, nest->stride[axis], position->index[axis]);
    }
}

static void next_position(const struct nest *nest, int outer, struct position *position)
{
    for (int axis = outer - 1; axis >= 0; axis--) {
        advance(nest, position->p, nest->stride[axis], 1);
        if (++position->index[axis] < nest->extent[axis])
            return;
        advance(nest, position->p, nest->stride[axis], -nest->extent[axis]);
        position->index[axis] = 0;
    }
}

/* ---- rows ---- */

/* A run over all rows. If there are fewer rows than threads, each row is divided into parts; elements are independent, so the
   result does not depend on the division. */
struct rows {
    const struct nest *nest;
    wg_row *row;
    const void *params;
    const int64_t *stride;
    int64_t n, parts, part; /* elements of a row, parts of a row, elements of a part */
    int outer, outputs;
    bool takes_numbers;     /* the row kernel is fast whichever inputs have stride 0 */
    bool blocked, streamed; /* through blocks; with non-temporal stores of the outputs */
};

/* Row kernels are fast for contiguous operands and, if they have two inputs, for one scalar input. Longer rows with other strides
   are copied through contiguous blocks, and so are outputs that are written with non-temporal stores. */
enum { BLOCK = 256, WIDEST = 8 };

static bool blocks_pay(const struct rows *r)
{
    const struct nest *nest = r->nest;
    int numbers = 0;
    bool side_by_side = true;
    for (int k = 0; k < nest->operands; k++) {
        if (nest->size[k] != 1 && nest->size[k] != 4 && nest->size[k] != WIDEST)
            return false;
        numbers += r->stride[k] == 0;
        side_by_side = side_by_side && (r->stride[k] == 1 || (r->stride[k] == 0 && k >= r->outputs));
    }
    return r->n >= 32 && !(side_by_side && (numbers == 0 || (numbers == 1 && nest->operands == 3) || r->takes_numbers));
}

#define GATHER(type)                \
    for (int64_t i = 0; i < n; i++) \
    ((type *)(void *)to)[i] = ((const type *)(const void *)from)[i * stride]
#define SCATTER(type)               \
    for (int64_t i = 0; i < n; i++) \
    ((type *)(void *)to)[i * stride] = ((const type *)(const void *)from)[i]

static void gather(char *to, const char *from, int64_t stride, int64_t size, int64_t n)
{
    if (size == 4)
        GATHER(uint32_t);
    else if (size == 8)
        GATHER(uint64_t);
    else
        GATHER(uint8_t);
}

static void scatter(char *to, const char *from, int64_t stride, int64_t size, int64_t n)
{
    if (size == 4)
        SCATTER(uint32_t);
    else if (size == 8)
        SCATTER(uint64_t);
    else
        SCATTER(uint8_t);
}

/* Runs the row kernel on n elements of each operand, p: blocks of strided operands are gathered into contiguous ones and scattered back. */
static void blocks(const struct rows *r, int64_t n, char *const *p)
{
    static const int64_t ones[MAX_OPERANDS] = {1, 1, 1, 1, 1, 1, 1, 1};
    /* padded by a cache line: different page offsets avoid L1 set conflicts */
    _Alignas(WG_LINE) char workspace[MAX_OPERANDS][BLOCK * WIDEST + WG_LINE];
    const struct nest *nest = r->nest;
    for (int64_t at = 0, m; at < n; at += m) {
        const int64_t into_line = (int64_t)((uintptr_t)(p[0] + at * nest->size[0]) % WG_LINE) / nest->size[0];
        m = n - at < BLOCK ? n - at : BLOCK;
        if (r->streamed && into_line > 0 && m > WG_LINE / nest->size[0] - into_line)
            m = WG_LINE / nest->size[0] - into_line;
        char *q[MAX_OPERANDS];
        for (int k = 0; k < nest->operands; k++) {
            const bool in_place = r->stride[k] == 1 && !(r->streamed && k < r->outputs);
            q[k] = !p[k] ? NULL : in_place ? p[k] + at * nest->size[k] : workspace[k];
            if (q[k] == workspace[k] && k >= r->outputs && (r->stride[k] != 0 || at == 0))
                gather(q[k], p[k] + at * r->stride[k] * nest->size[k], r->stride[k], nest->size[k],
                       r->stride[k] || n < BLOCK ? m : BLOCK);
        }
        r->row(m, q, ones, r->params);
        for (int k = 0; k < r->outputs; k++) {
            char *to = p[k] + at * r->stride[k] * nest->size[k];
            if (r->streamed)
                wg_stream(to, q[k], m * nest->size[k]);
            else if (q[k] == workspace[k])
                scatter(to, q[k], r->stride[k], nest->size[k], m);
        }
    }
}

static void run_row(const struct rows *r, int64_t n, char *const *p)
{
    if (r->blocked)
        blocks(r, n, p);
    else
        r->row(n, p, r->stride, r->params);
}

static void some_rows(int64_t first, int64_t last, void *context)
{
    const struct rows *r = context;
    struct position position;
    if (r->parts == 1 && first < last) {
        position_at(r->nest, r->outer, first, &position);
        for (int64_t row = first; row < last; row++, next_position(r->nest, r->outer, &position))
            run_row(r, r->n, position.p);
    }
    for (int64_t job = first; job < last && r->parts > 1; job++) {
        const int64_t at = job % r->parts * r->part, count = r->n - at < r->part ? r->n - at : r->part;
        position_at(r->nest, r->outer, job / r->parts, &position);
        advance(r->nest, position.p, r->stride, at);
        if (count > 0)
            run_row(r, count, position.p);
    }
    if (r->streamed)
        wg_stream_end();
}

/* True if non-temporal stores pay: one contiguous output, too large for the caches to hold it until it is read, that overwrites no
   input. */
static bool streams(const struct rows *r, int64_t rows)
{
    const struct nest *nest = r->nest;
    const int64_t bytes = rows * r->n * nest->size[0];
    if (bytes < WG_STREAMED_FROM || r->outputs != 1 || r->stride[0] != 1 || r->n < 4 * BLOCK || nest->size[0] > WIDEST)
        return false;
    for (int k = 1; k < nest->operands; k++)
        if (nest->data[k] == nest->data[0] || nest->size[k] > WIDEST)
            return false;
    return (uintptr_t)nest->data[0] % (uintptr_t)nest->size[0] == 0;
}

static void run_rows(const struct nest *nest, wg_row *row, const void *params, int outputs, bool takes_numbers, int threads)
{
    static const int64_t no_stride[MAX_OPERANDS];
    struct rows r = {.nest = nest, .row = row, .params = params, .stride = no_stride, .n = 1, .outputs = outputs};
    r.takes_numbers = takes_numbers;
    if (nest->rank > 0) {
        r.outer = nest->rank - 1;
        r.n = nest->extent[r.outer];
        r.stride = nest->stride[r.outer];
    }
    int64_t rows = 1;
    for (int axis = 0; axis < r.outer; axis++)
        rows *= nest->extent[axis];
    r.parts = rows >= threads ? 1 : threads;
    r.part = (r.n + r.parts - 1) / r.parts;
    r.part = (r.part + WG_LINE - 1) / WG_LINE * WG_LINE; /* elements, so that no two threads write to one cache line */
    r.streamed = outputs > 0 && streams(&r, rows);
    r.blocked = outputs > 0 && (r.streamed || blocks_pay(&r));
    wg_parallel(threads, rows * r.parts, some_rows, &r);
}

/* The number of threads for an op over n elements. Several pay from OF_COPIES elements on for a copy, and from WG_MIN_TO_SPLIT on
   for transcendental functions. */
static int threads_for(const wg_call *c, int64_t n)
{
    enum { OF_COPIES = 65536 };
    const bool enough = n >= OF_COPIES || (n >= WG_MIN_TO_SPLIT && c->op && c->op->cost && c->op->cost(c).transcendental > 0);
    return enough ? wg_free_threads() : 1;
}

static bool same_layout(const wg_call *c)
{
    const wg_tensor *y = c->out[0];
    bool same = c->n_out == 1 && (y->flags & WG_T_DENSE);
    for (int i = 0; i < c->n_in && same; i++)
        same = c->in[i]->rank == y->rank && memcmp(c->in[i]->dims, y->dims, 2 * (size_t)y->rank * sizeof *y->dims) == 0;
    return same;
}

/* Fast path: all operands dense and of the same layout, in one call of the row kernel. Small graphs depend on it, so it sets up no
   loop nest. */
static bool map_run(const wg_call *c, size_t size, wg_row *row, int threads)
{
    static const int64_t ones[MAX_OPERANDS] = {1, 1, 1, 1, 1, 1, 1, 1};
    const wg_tensor *y = c->out[0];
    if (threads > 1 || y->numel * (int64_t)size >= WG_STREAMED_FROM || !(c->same_layout || same_layout(c)))
        return false;
    char *p[MAX_OPERANDS];
    p[0] = y->data;
    for (int i = 0; i < c->n_in; i++)
        p[i + 1] = c->in[i]->data;
    row(y->numel, p, ones, c->params);
    return true;
}

static wg_status map_rows(const wg_call *c, size_t size, wg_row *row, bool takes_numbers)
{
    const wg_tensor *y = c->out[0];
    const int threads = threads_for(c, y->numel);
    if (map_run(c, size, row, threads))
        return WG_OK;
    struct nest nest = {.rank = y->rank};
    memcpy(nest.extent, wg_extents(y), (size_t)y->rank * sizeof *nest.extent);
    for (int i = 0; i < c->n_out; i++)
        add_operand(&nest, c, c->out[i], y->rank, size);
    for (int i = 0; i < c->n_in; i++)
        add_operand(&nest, c, c->in[i], y->rank, size);
    simplify(&nest);
    run_rows(&nest, row, c->params, c->n_out, takes_numbers, threads);
    return WG_OK;
}

wg_status wg_map(const wg_call *c, size_t size, wg_row *row)
{
    return map_rows(c, size, row, false);
}

wg_status wg_map_numbers(const wg_call *c, size_t size, wg_row *row)
{
    return map_rows(c, size, row, true);
}

struct lines {
    struct nest nest; /* the other axes; without the innermost one if slices are grouped */
    wg_axis_kernel *kernel;
    wg_axis_group_kernel *group; /* NULL: one slice at a time */
    const void *params;
    int64_t n, stride[MAX_OPERANDS];
    int64_t columns, groups, across[MAX_OPERANDS]; /* slices along the innermost axis, groups of them, strides between slices */
};

static void some_lines(int64_t first, int64_t last, void *context)
{
    const struct lines *l = context;
    struct position position;
    if (first < last)
        position_at(&l->nest, l->nest.rank, first, &position);
    for (int64_t line = first; line < last; line++, next_position(&l->nest, l->nest.rank, &position))
        l->kernel(l->n, position.p, l->stride, l->params);
}

static void some_groups(int64_t first, int64_t last, void *context)
{
    const struct lines *l = context;
    for (int64_t job = first; job < last; job++) {
        struct position position;
        const int64_t at = job % l->groups * WG_REDUCE_WIDTH;
        position_at(&l->nest, l->nest.rank, job / l->groups, &position);
        advance(&l->nest, position.p, l->across, at);
        l->group(l->n, l->columns - at < WG_REDUCE_WIDTH ? l->columns - at : WG_REDUCE_WIDTH, position.p, l->stride, l->across,
                 l->params);
    }
}

/* If at least ENOUGH short slices are adjacent along the innermost axis, removes that axis from the nest and groups the slices;
   returns true then. */
static bool group_lines(struct lines *l)
{
    enum { ENOUGH = 8 };
    simplify(&l->nest);
    const int inner = l->nest.rank - 1;
    if (!l->group || l->n > WG_REDUCE_SHORT || inner < 0 || l->nest.extent[inner] < ENOUGH)
        return false;
    l->columns = l->nest.extent[inner];
    l->groups = (l->columns + WG_REDUCE_WIDTH - 1) / WG_REDUCE_WIDTH;
    memcpy(l->across, l->nest.stride[inner], sizeof l->across);
    l->nest.rank = inner;
    return true;
}

wg_status wg_along_axis_grouped(const wg_call *c, int axis, size_t size, wg_axis_kernel *kernel, wg_axis_group_kernel *group)
{
    const wg_tensor *x = c->in[0];
    struct lines l = {.kernel = kernel, .group = group, .params = c->params, .n = wg_extents(x)[axis]};
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
    const int threads = wg_kernel_threads((double)x->numel);
    if (group_lines(&l))
        wg_parallel(threads, lines / l.columns * l.groups, some_groups, &l);
    else
        wg_parallel(threads, lines, some_lines, &l);
    return WG_OK;
}

wg_status wg_along_axis(const wg_call *c, int axis, size_t size, wg_axis_kernel *kernel)
{
    return wg_along_axis_grouped(c, axis, size, kernel, NULL);
}

/* The fast path of wg_map_in_place: in[0] is dense, and every other operand is absent, a scalar or of the same layout. */
static bool map_in_place_run(const wg_call *c, wg_row *row, const void *params, int threads)
{
    const wg_tensor *y = c->in[0];
    char *p[MAX_OPERANDS];
    int64_t stride[MAX_OPERANDS];
    if (threads > 1 || !(y->flags & WG_T_DENSE) || y->numel == 0)
        return false;
    for (int i = 0; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        p[i] = t->data; /* NULL for WG_NONE, with stride 0; the row kernel checks for NULL */
        stride[i] = t->rank > 0;
        if (t->rank > 0 && !(t->rank == y->rank && memcmp(t->dims, y->dims, 2 * (size_t)y->rank * sizeof *y->dims) == 0))
            return false;
    }
    stride[0] = 1;
    row(y->numel, p, stride, params);
    return true;
}

wg_status wg_map_in_place(const wg_call *c, size_t size, wg_row *row, const void *params)
{
    const int threads = threads_for(c, c->in[0]->numel);
    if (map_in_place_run(c, row, params, threads))
        return WG_OK;
    struct nest nest = {.rank = c->in[0]->rank};
    memcpy(nest.extent, wg_extents(c->in[0]), (size_t)nest.rank * sizeof *nest.extent);
    for (int i = 0; i < c->n_in; i++)
        add_operand(&nest, c, c->in[i], c->in[0]->rank, size);
    simplify(&nest);
    run_rows(&nest, row, params, 0, false, threads);
    return WG_OK;
}
