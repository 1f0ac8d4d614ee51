/* Declarations that kernels use. Kernels are in their op's file, between #ifdef REAL and #else. They are compiled once per number
   type: for float and double, each for several instruction sets (instances.h), and, in the tests, for a C++ type that counts
   operations. Therefore a kernel is C code that is also valid C++. Kernels are written in terms of

   REAL   the type of a scalar in a register    ELEM  the type of an element in memory (REAL, except when operations are counted)
   R(f)   the function f for REAL: R(exp)(x)    T(f)  the name f for this number type: T(tanh) is tanh_f32
   WIDE   double, for sums and where f32 is not accurate enough; W(f) is f for WIDE. vector_math.h defines the functions of R and W.

   Strides are in elements. An output may overlap an input exactly (in place), never partly. */
#ifndef WG_KERNEL_H
#define WG_KERNEL_H

#include <math.h>
#include <string.h>

#define WG_JOIN_(a, b) a##b
#define WG_JOIN(a, b) WG_JOIN_(a, b)

#ifndef WIDE
#define WIDE double
#endif

/* For functions called in loops: a loop with a call in it is not vectorised. */
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
    double correction, p; /* var's correction; norm's p */
};

struct wg_bounds {
    double low, high;
};

struct wg_elu_params {
    double alpha, scale;
};

/* The count elements start, start + step, … along an axis. Normalised: all of them lie within the axis. */
struct wg_slice_params {
    int axis;
    int64_t start, step, count;
};

/* One index along an axis. */
struct wg_select_params {
    int axis;
    int64_t index;
};

/* The params of slice, select or diagonal: the views that view_add accepts. */
union wg_view_params {
    struct wg_slice_params slice;
    struct wg_select_params select;
    int64_t offset;
};

/* For view_add: sets window to the part of out[0] that the view shows, with in[1]'s extents. size is the element size in bytes;
   dims is the caller's memory for the window's extents and strides: 2 * rank elements. */
wg_status wg_view_window(const wg_call *c, size_t size, wg_tensor *window, int64_t *dims);

/* ---- element by element ---- */

/* Runs the row kernel over all elements of the first output, to which the inputs are broadcast. Operands of c's dtype have elements
   of size bytes; other operands have their dtype's element size. */
wg_status wg_map(const wg_call *c, size_t size, wg_row *row);
/* The same for a row kernel that is fast whichever of its inputs have stride 0 (a scalar). The rows of wg_map are fast for at most
   one such input, and only if they have two inputs. */
wg_status wg_map_numbers(const wg_call *c, size_t size, wg_row *row);

/* The same for an op that changes its operands: runs the row kernel, with the given params, over all elements of in[0], to which
   the other inputs are broadcast. An operand of another dtype must be a scalar; the row receives its address. */
wg_status wg_map_in_place(const wg_call *c, size_t size, wg_row *row, const void *params);

/* ---- along one axis ---- */

/* Runs the kernel once per slice along an axis of in[0], in[1]… and out[0]…. All operands have one shape, except that an extent
   along the axis may be 1. The kernel receives n, the axis's extent; p[i], the slice's first element in operand i, outputs first;
   and s[i], operand i's stride along the axis. */
typedef void wg_axis_kernel(int64_t n, char *const *p, const int64_t *s, const void *params);
wg_status wg_along_axis(const wg_call *c, int axis, size_t size, wg_axis_kernel *kernel);

/* The same, with a second kernel that processes several short slices together, so that SIMD vectors run across slices. The group
   kernel receives w <= WG_REDUCE_WIDTH slices of n <= WG_REDUCE_SHORT elements; operand o's element i of slice k is at p[o] + i
   s[o] + k across[o], in elements. Shapes and strides decide which kernel is called, so the group kernel must compute each slice in
   the same order as the first kernel. */
typedef void wg_axis_group_kernel(int64_t n, int64_t w, char *const *p, const int64_t *s, const int64_t *across,
                                  const void *params);
wg_status wg_along_axis_grouped(const wg_call *c, int axis, size_t size, wg_axis_kernel *kernel, wg_axis_group_kernel *group);

/* wg_along_axis along the last axis of in[0]. Operands in per_row (WG_IN(i), WG_OUT(i)) lack that axis: the kernel receives the
   address of their one element of the row. */
wg_status wg_rows(const wg_call *c, size_t size, unsigned per_row, wg_axis_kernel *kernel);

/* E_ARGUMENT, naming the row, if a label of in[1] is not a column of in[0]. To be called before anything is written. */
wg_status wg_labels_check(const wg_call *c);

/* ---- indices along an axis ---- */

/* E_ARGUMENT, naming the first such element, if an element of index (i64) is not in 0 .. extent-1. To be called before anything is
   written. */
wg_status wg_index_check(const wg_call *c, const wg_tensor *index, int64_t extent);

/* The loops of gather and scatter_add. Element (…,i,…) of part corresponds to element (…,index[…,i,…],…) of whole. part and index
   have one shape; on the other axes it is no larger than whole's. Slices along the axis are independent, so they can go to
   different threads. A block is up to width slices that are adjacent along one other axis. */
struct wg_indexed_at { /* offsets or strides, in elements */
    int64_t whole, index, part;
};
struct wg_indexed {
    int64_t n;                          /* elements of a slice */
    int64_t columns, width;             /* adjacent slices; how many of them make a block */
    int64_t parts, blocks;              /* blocks per run of adjacent slices; blocks in total */
    struct wg_indexed_at along, across; /* strides along a slice; from slice to slice of a block */
    int rank;                           /* the remaining axes, outermost first */
    int64_t extent[WG_MAX_RANK];
    struct wg_indexed_at stride[WG_MAX_RANK];
};
void wg_plan_indexed(const wg_tensor *whole, const wg_tensor *index, const wg_tensor *part, int axis, struct wg_indexed *plan);
/* Sets first to the offsets at which the block begins; returns the number of its slices. */
int64_t wg_indexed_block(const struct wg_indexed *plan, int64_t block, struct wg_indexed_at *first);

/* ---- reductions ---- */

/* The axes of x, divided into kept and reduced ones; neighbours are merged where strides allow. Reduced elements are numbered in
   row-major order of their logical indices, whatever the memory order. */
struct wg_reduction_plan {
    int n_kept, n_reduced;
    int64_t kept[WG_MAX_RANK], kept_in[WG_MAX_RANK], kept_out[WG_MAX_RANK];
    int64_t reduced[WG_MAX_RANK], reduced_in[WG_MAX_RANK];
    int64_t outputs, count; /* number of results; elements reduced to each */
};
void wg_plan_reduction(const wg_tensor *x, const wg_tensor *y, unsigned axes, struct wg_reduction_plan *plan);
/* The offsets in x of the reduced elements first .. first + n - 1. */
void wg_reduced_offsets(const struct wg_reduction_plan *plan, int64_t first, int64_t n, int64_t *offset);
/* The offset of kept element number index, in row-major order of n axes, in an operand with these strides. */
int64_t wg_kept_offset(int n, const int64_t *extent, const int64_t *stride, int64_t index);

/* Sizes of a reduction pass (reduce_pass_tmpl.h): elements of a block, interleaved accumulators (lanes) of a block, blocks of a
   tile, columns processed together, pending totals of the binary counter, and the largest column that counts as a short row. */
enum {
    WG_REDUCE_BLOCK = 256,
    WG_REDUCE_LANES = 16,
    WG_REDUCE_TILE = 64,
    WG_REDUCE_WIDTH = 32,
    WG_REDUCE_LEVELS = 48,
    WG_REDUCE_SHORT = 64
};

/* True if the elements of a column are contiguous in memory. The second: if they are also so few that several columns are
   transposed and processed together. */
static inline bool wg_reduces_runs(const struct wg_reduction_plan *plan)
{
    return plan->n_reduced == 1 && plan->reduced_in[0] == 1;
}
static inline bool wg_reduces_short_rows(const struct wg_reduction_plan *plan)
{
    return wg_reduces_runs(plan) && plan->count <= WG_REDUCE_SHORT;
}

/* Sets seen to t broadcast to like's extents; dims is the caller's memory for them and the strides: 2 * WG_MAX_RANK numbers. */
void wg_stretch(const wg_tensor *t, const wg_tensor *like, wg_tensor *seen, int64_t *dims);

/* ---- batches ---- */

/* Sets offset[i] to the first element, counted from t[i]'s own, of the batch of that number in t[i], for n tensors. Batches are numbered in
   row-major order of all axes of `whole` but the last two, to which the tensors' leading axes are broadcast. */
void wg_batch_offsets(const wg_tensor *whole, const wg_tensor *const *t, int n, int64_t batch, int64_t *offset);

/* ---- transposing ---- */

/* y[j sy + i] = x[i sx + j] for i < rows, j < columns; x and y do not overlap. So SIMD vectors run across rows that are short in the
   operand. Compiled once per element type and instruction set (transpose.c, transpose_u8.c): T(wg_transpose), ISA(wg_transpose_u8). */
#define WG_TRANSPOSE(name, type) void name(const type *x, int64_t sx, int64_t rows, int64_t columns, type *y, int64_t sy);
#define WG_TRANSPOSES(isa)                      \
    WG_TRANSPOSE(wg_transpose_f32##isa, float)  \
    WG_TRANSPOSE(wg_transpose_f64##isa, double) \
    WG_TRANSPOSE(wg_transpose_u8##isa, uint8_t)
WG_TRANSPOSES()
WG_TRANSPOSES(_avx2)
WG_TRANSPOSES(_avx512)

/* ---- sorting: shared by sort and topk ---- */

/* reverse: in descending order; for cumsum, from the last element to the first. cut: only the first k. */
struct wg_order_params {
    int axis;
    bool reverse, cut;
    int64_t k;
};

/* An element's sort key, whose unsigned order is the elements' order, and the element's index in its slice. */
struct wg_entry {
    uint64_t key;
    int64_t place;
};
/* Selection of the first k elements of a slice: the candidates so far. */
struct wg_ranking {
    struct wg_entry *entry, *spare;
    int64_t n, capacity, k;
    uint64_t bar; /* if barred, only smaller keys are admitted */
    bool barred, falling;
};
/* The capacity, in entries, for the first k of n; at least k. The workspace must hold twice as many entries. */
int64_t wg_ranking_capacity(int64_t n, int64_t k);
void wg_ranking_start(struct wg_ranking *r, struct wg_entry *workspace, int64_t capacity, int64_t k, bool falling);
void wg_ranking_add(struct wg_ranking *r, const double *value, int64_t first, int64_t n);
const struct wg_entry *wg_ranking_end(struct wg_ranking *r);

/* ---- workspace ---- */

void *wg_object_new(size_t bytes); /* zeroed; on failure NULL, and the error is recorded */
void wg_object_free(void *object);

#ifdef __cplusplus
}
#endif

#endif
