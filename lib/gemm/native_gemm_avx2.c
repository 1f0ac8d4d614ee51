/* The native kernels for AVX2. The sums of a tile of 6 rows by 2 vectors take 12 of the 16 registers. */
#include "gemm/native_gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define WG_JOIN_F32(rows, p, q) _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(q), 1)
#define WG_JOIN_F64(rows, p, q) _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(p)), _mm_loadu_pd(q), 1)
#include "gemm/native_ymm.h"

#define WIDTHS 4, 3, 2, 2
#define TOGETHER(vectors) 1
#define ROWS 6
#define ROWS_OF_3 4
#define ROWS_OF_4 3
#define WIDE 2

#define MASK __m256i
#define ZERO V(setzero)()
#define LOAD(p) V(loadu)(p)
#define LOAD_SOME(mask, p) V(maskload)(p, mask)
#define STORE(p, x) V(storeu)(p, x)
#define STORE_SOME(p, mask, x) V(maskstore)(p, mask, x)
#define SPLAT(p) V(set1)(*(p))
#define FMA(x, y, z) V(fmadd)(x, y, z)
#define ADD(x, y) V(add)(x, y)
#define RELU(x) V (and)(V(cmp)(x, ZERO, _CMP_NLE_UQ), x)

#define REAL float
#define V(name) _mm256_##name##_ps
#define VEC __m256
#define LANES 8
#define MASK_OF(n) _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define FMA_ONE __builtin_fmaf

#define TRANSPOSE(x) wg_transpose_ymm_f32(x)
#define LOAD_TRANSPOSED(p, line, x) wg_load_transposed_f32(p, line, x)
#define LOAD_ACROSS wg_load_across_f32
#define PACK pack_f32
#define T(name) name##_narrow_f32
#include "gemm/native_narrow_tmpl.h"
#undef T
#define T(name) name##_f32
#define NARROW(name) name##_narrow_f32
#include "gemm/native_kernel_tmpl.h"
#undef REAL
#undef T
#undef V
#undef VEC
#undef LANES
#undef MASK_OF
#undef FMA_ONE
#undef NARROW
#undef TRANSPOSE
#undef LOAD_TRANSPOSED
#undef LOAD_ACROSS
#undef PACK

#define REAL double
#define V(name) _mm256_##name##_pd
#define VEC __m256d
#define LANES 4
#define MASK_OF(n) _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3))
#define FMA_ONE __builtin_fma

#define TRANSPOSE(x) wg_transpose_ymm_f64(x)
#define LOAD_TRANSPOSED(p, line, x) wg_load_transposed_f64(p, line, x)
#define LOAD_ACROSS wg_load_across_f64
#define PACK pack_f64
#define T(name) name##_narrow_f64
#include "gemm/native_narrow_tmpl.h"
#undef T
#define T(name) name##_f64
#define NARROW(name) name##_narrow_f64
#include "gemm/native_kernel_tmpl.h"

#ifdef __clang__
#pragma clang attribute pop
#endif

const struct wg_kernels *wg_kernels_avx2(wg_dtype dtype)
{
    return dtype == WG_F32 ? &kernels_f32 : &kernels_f64;
}
#else
const struct wg_kernels *wg_kernels_avx2(wg_dtype dtype)
{
    return wg_kernels_portable(dtype);
}
#endif
