/* What kernels are written with. A kernel stands in its op's file between #ifdef REAL and #else and is compiled once per number type:
   float, double, and, in the tests, a C++ type that counts its operations. So it is plain C that is also C++, in terms of

   REAL   a number in a register        ELEM  a number in memory (the same type but when counting)
   R(f)   f for REAL: R(exp) is expf    T(f)  a name for this number type: T(tanh) is tanh_f32
   WIDE   double, for sums and for what f32 would spoil; its functions are called by their plain names

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

#ifdef __cplusplus
extern "C" {
#endif

#include "../lib/parallel.h"
#include "../lib/tensor_struct.h"

/* ---- params that several ops share ---- */

typedef struct {
    char nothing; /* for ops without params */
} wg_no_params;

struct wg_reduce_params {
    uint8_t axes; /* bit i: axis i is reduced */
    bool keepdims;
};

/* Elements start, start + step, … of an axis, count of them; normalised: all lie in the axis. */
struct wg_slice_params {
    int axis;
    int64_t start, step, count;
};

/* ---- element by element ---- */

/* n elements of every operand, outputs first: p[i] with stride s[i]. */
typedef void wg_row(int64_t n, char *const *p, const int64_t *s, const void *params);

/* Runs row over all elements of c, inputs broadcast to the first output; all operands have elements of size bytes. */
wg_status wg_map(const wg_call *c, size_t size, wg_row *row);

/* The same for an op that changes its operands: row over all elements of in[0], the other inputs broadcast to it, handed params. An
   operand of another dtype must be a scalar, whose address the row is given. */
wg_status wg_map_in_place(const wg_call *c, size_t size, wg_row *row, const void *params);

/* ---- along one axis ---- */

/* Runs lane once for each line along axis of in[0], in[1]… and out[0]… (all of one shape, those of extent 1 on the axis included):
   p[i] points at the line's first element of operand i, outputs first, s[i] is its stride along the axis, n the axis's extent. */
typedef void wg_lane(int64_t n, char *const *p, const int64_t *s, const void *params);
wg_status wg_lanes(const wg_call *c, int axis, size_t size, wg_lane *lane);

/* E_ARGUMENT, naming the row, if a label in in[1] is not a column of in[0]; read before anything is written by it. */
wg_status wg_labels_check(const wg_call *c);

/* ---- reductions ---- */

/* The axes of in[0] parted into those that are kept and those that are reduced, merged where strides allow. The reduced ones run in
   row-major order of their logical indices, whatever the memory order. */
struct wg_reduction {
    int n_kept, n_reduced;
    int64_t kept[WG_MAX_RANK], kept_in[WG_MAX_RANK], kept_out[WG_MAX_RANK];
    int64_t reduced[WG_MAX_RANK], reduced_in[WG_MAX_RANK];
    int64_t outputs, count; /* products of the extents */
};
void wg_plan_reduction(const wg_tensor *x, const wg_tensor *y, unsigned axes, struct wg_reduction *plan);
/* Offsets in x of reduced elements first .. first + n. */
void wg_reduced_offsets(const struct wg_reduction *plan, int64_t first, int64_t n, int64_t *offset);

/* ---- room ---- */

void *wg_object_new(size_t bytes); /* zeroed; NULL and the error recorded */
void wg_object_free(void *object);

#ifdef __cplusplus
}
#endif

#endif
