/* What kernels are written with. A kernel stands in its op's file between #ifdef REAL and #else and is compiled once per number type:
   float, double, each for several instruction sets (instances.h), and, in the tests, a C++ type that counts its operations. So it is plain C that is also C++, in terms of

   REAL   a number in a register        ELEM  a number in memory (the same type but when counting)
   R(f)   f for REAL: R(exp)(x)         T(f)  a name for this number type: T(tanh) is tanh_f32
   WIDE   double, for sums and for what f32 would spoil; W(f) is f for it. vector_math.h has R and W's functions

   Strides are in elements. A kernel may be given outputs that overlap an input exactly (in place), never partly. */
#ifndef WG_KERNEL_H
#define WG_KERNEL_H

#include <math.h>
#include <string.h>

#define WG_JOIN_(a, b) a##b
#define WG_JOIN(a, b) WG_JOIN_(a, b)

#ifndef WIDE
#define WIDE double
#endif

/* For what is called in loops, which would not be vectorised around a call. */
#define WG_INLINE static inline __attribute__((always_inline))

#ifdef __cplusplus
extern "C" {
#endif

#include "core/parallel.h"
#include "core/tensor_struct.h"

/* ---- params that several ops share ---- */

typedef struct {
    char nothing; /* for ops without params */
} wg_no_params;

struct wg_reduce_params {
    uint8_t axes; /* bit i: axis i is reduced */
    bool keepdims;
    double correction, p; /* of var; of norm */
};

struct wg_bounds {
    double low, high;
};

struct wg_elu_params {
    double alpha, scale;
};

/* Elements start, start + step, … of an axis, count of them; normalised: all lie in the axis. */
struct wg_slice_params {
    int axis;
    int64_t start, step, count;
};

/* One index of an axis. */
struct wg_select_params {
    int axis;
    int64_t index;
};

/* The params of a view of part of a tensor: of slice, select or diagonal. */
union wg_view_params {
    struct wg_slice_params slice;
    struct wg_select_params select;
    int64_t offset;
};

/* For view_add: the part of out[0], of elements of size bytes, that the view shows, with in[1]'s extents; dims takes two numbers for
   each axis. */
wg_status wg_view_window(const wg_call *c, size_t size, wg_tensor *window, int64_t *dims);

/* ---- element by element ---- */

/* Runs row over all elements of c, inputs broadcast to the first output; operands of c's dtype have elements of size bytes, the others
   of their dtype's. */
wg_status wg_map(const wg_call *c, size_t size, wg_row *row);
/* The same for a row that is fast where any of its inputs are one number, of stride 0. Others are, where they have two inputs, for one. */
wg_status wg_map_numbers(const wg_call *c, size_t size, wg_row *row);

/* The same for an op that changes its operands: row over all elements of in[0], the other inputs broadcast to it, handed params. An
   operand of another dtype must be a scalar, whose address the row is given. */
wg_status wg_map_in_place(const wg_call *c, size_t size, wg_row *row, const void *params);

/* ---- along one axis ---- */

/* Runs lane once for each line along axis of in[0], in[1]… and out[0]… (all of one shape, those of extent 1 on the axis included):
   p[i] points at the line's first element of operand i, outputs first, s[i] is its stride along the axis, n the axis's extent. */
typedef void wg_axis_kernel(int64_t n, char *const *p, const int64_t *s, const void *params);
wg_status wg_along_axis(const wg_call *c, int axis, size_t size, wg_axis_kernel *kernel);

/* The same where short lines are worked on together, so that vectors run across them: lanes does w of at most WG_REDUCE_WIDTH lines of at
   most WG_REDUCE_SHORT elements each; element i of line k of operand o lies s[o] i + across[o] k elements behind p[o]. It computes each
   line as lane does, in the same order: which of the two is called depends on shapes and strides. */
typedef void wg_axis_group_kernel(int64_t n, int64_t w, char *const *p, const int64_t *s, const int64_t *across,
                                  const void *params);
wg_status wg_along_axis_grouped(const wg_call *c, int axis, size_t size, wg_axis_kernel *kernel, wg_axis_group_kernel *group);

/* wg_along_axis along the last axis of in[0]. Operands of per_row (WG_IN(i), WG_OUT(i)) lack that axis; the lane finds their element. */
wg_status wg_rows(const wg_call *c, size_t size, unsigned per_row, wg_axis_kernel *kernel);

/* E_ARGUMENT, naming the row, if a label in in[1] is not a column of in[0]; read before anything is written by it. */
wg_status wg_labels_check(const wg_call *c);

/* ---- indices along an axis ---- */

/* E_ARGUMENT, naming the first of them, if an element of index (i64) is not in 0 .. extent-1; read before anything is written by it. */
wg_status wg_index_check(const wg_call *c, const wg_tensor *index, int64_t extent);

/* Element (…,i,…) of part belongs to element (…,index[…,i,…],…) of whole; part and index are of one shape, no larger than whole beside
   the axis. Lines along the axis are apart from each other, so that they may go to threads: width of them side by side are a block. */
struct wg_indexed_at { /* offsets or strides, in elements */
    int64_t whole, index, part;
};
struct wg_indexed {
    int64_t n;                          /* elements of a line */
    int64_t columns, width;             /* lines side by side; of them in a block */
    int64_t parts, blocks;              /* blocks that those are; all blocks */
    struct wg_indexed_at along, across; /* steps from element to element of a line; from line to line of a block */
    int rank;                           /* the axes beside those two, outermost first */
    int64_t extent[WG_MAX_RANK];
    struct wg_indexed_at stride[WG_MAX_RANK];
};
void wg_plan_indexed(const wg_tensor *whole, const wg_tensor *index, const wg_tensor *part, int axis, struct wg_indexed *plan);
/* Where a block begins; returns how many lines it has. */
int64_t wg_indexed_block(const struct wg_indexed *plan, int64_t block, struct wg_indexed_at *first);

/* ---- reductions ---- */

/* The axes of in[0] parted into those that are kept and those that are reduced, merged where strides allow. The reduced ones run in
   row-major order of their logical indices, whatever the memory order. */
struct wg_reduction_plan {
    int n_kept, n_reduced;
    int64_t kept[WG_MAX_RANK], kept_in[WG_MAX_RANK], kept_out[WG_MAX_RANK];
    int64_t reduced[WG_MAX_RANK], reduced_in[WG_MAX_RANK];
    int64_t outputs, count; /* products of the extents */
};
void wg_plan_reduction(const wg_tensor *x, const wg_tensor *y, unsigned axes, struct wg_reduction_plan *plan);
/* Offsets in x of reduced elements first .. first + n. */
void wg_reduced_offsets(const struct wg_reduction_plan *plan, int64_t first, int64_t n, int64_t *offset);
/* Where, in an operand of those strides, the kept elements of that number lie; n is the number of axes. */
int64_t wg_kept_offset(int n, const int64_t *extent, const int64_t *stride, int64_t index);

/* Sizes in a pass of a reduction: elements of a block, lanes in it, blocks of a tile, columns side by side, totals that wait; the most
   elements of a row that is short. */
enum {
    WG_REDUCE_BLOCK = 256,
    WG_REDUCE_LANES = 16,
    WG_REDUCE_TILE = 64,
    WG_REDUCE_WIDTH = 32,
    WG_REDUCE_LEVELS = 48,
    WG_REDUCE_SHORT = 64
};

/* Whether the elements of a column lie side by side; and whether they are so few that several columns are transposed together. */
static inline bool wg_reduces_runs(const struct wg_reduction_plan *plan)
{
    return plan->n_reduced == 1 && plan->reduced_in[0] == 1;
}
static inline bool wg_reduces_short_rows(const struct wg_reduction_plan *plan)
{
    return wg_reduces_runs(plan) && plan->count <= WG_REDUCE_SHORT;
}

/* ---- sorting: what sort and topk share ---- */

/* Along an axis: falling, or from the last down; if cut, the first k only. */
struct wg_order_params {
    int axis;
    bool reverse, cut;
    int64_t k;
};

/* A number's key, in whose order numbers stand, and its place in the line. */
struct wg_entry {
    uint64_t key;
    int64_t place;
};
/* The first k of a line: what of it is in question so far. */
struct wg_ranking {
    struct wg_entry *entry, *spare;
    int64_t n, capacity, k;
    uint64_t bar; /* if barred, only keys below it come in */
    bool barred, falling;
};
/* Entries that the first k of n need, at least k; room holds twice as many. */
int64_t wg_ranking_capacity(int64_t n, int64_t k);
void wg_ranking_start(struct wg_ranking *r, struct wg_entry *workspace, int64_t capacity, int64_t k, bool falling);
void wg_ranking_add(struct wg_ranking *r, const double *value, int64_t first, int64_t n);
const struct wg_entry *wg_ranking_end(struct wg_ranking *r);

/* ---- room ---- */

void *wg_object_new(size_t bytes); /* zeroed; NULL and the error recorded */
void wg_object_free(void *object);

#ifdef __cplusplus
}
#endif

#endif
