/* The native kernels in portable C, with vectors of 16 bytes. If the target CPU has no fma instruction, fma is the C library's:
   slow, but with the same bits. */
#include "gemm/native_gemm.h"

#include <math.h>
#include <string.h>

#define ROWS 4
#define ROWS_OF_3 3
#define ROWS_OF_4 3
#define WIDE 2
#define TOGETHER(columns) 1

#define MASK int
#define MASK_OF(n) ((int)(n))
#define VEC T(vector)
#define ZERO ((VEC){0})
#define LOAD(p) T(load)(p, LANES)
#define LOAD_SOME(n, p) T(load)(p, n)
#define STORE(p, x) T(store_first)(p, LANES, x)
#define STORE_SOME(p, n, x) T(store_first)(p, n, x)
#define SPLAT(p) T(splat)(*(p))
#define FMA(x, y, z) T(fma)(x, y, z)
#define ADD(x, y) ((x) + (y))
#define TRANSPOSE(x) T(transpose)(x)
#define LOAD_TRANSPOSED(p, line, x) T(load_transposed)(p, line, x)
#define FOLD(x) T(fold)(x)
#define RELU(x) T(relu)(x)

#define REAL float
#define T(name) name##_f32
#define LANES 4
#define FMA_ONE fmaf
#include "gemm/native_vector_tmpl.h"

#include "gemm/native_kernel_tmpl.h"
#undef REAL
#undef T
#undef LANES
#undef FMA_ONE

#define REAL double
#define T(name) name##_f64
#define LANES 2
#define FMA_ONE fma
#include "gemm/native_vector_tmpl.h"

#include "gemm/native_kernel_tmpl.h"

const struct wg_kernels *wg_kernels_portable(wg_dtype dtype)
{
    return dtype == WG_F32 ? &kernels_f32 : &kernels_f64;
}
