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

/* x[c] ← column c, or c and c + 4, one in each half, of rows y[0] to y[3]. */
WG_INLINE void transpose_halves(const __m256 *y, __m256 *x)
{
    const __m256d a = _mm256_castps_pd(_mm256_unpacklo_ps(y[0], y[1])), b = _mm256_castps_pd(_mm256_unpackhi_ps(y[0], y[1]));
    const __m256d c = _mm256_castps_pd(_mm256_unpacklo_ps(y[2], y[3])), d = _mm256_castps_pd(_mm256_unpackhi_ps(y[2], y[3]));
    x[0] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, c));
    x[1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, c));
    x[2] = _mm256_castpd_ps(_mm256_unpacklo_pd(b, d));
    x[3] = _mm256_castpd_ps(_mm256_unpackhi_pd(b, d));
}

WG_INLINE void transpose_f32(__m256 *x)
{
    __m256 y[8];
    transpose_halves(x, y);
    transpose_halves(x + 4, y + 4);
    WG_UNROLL(i, 4) {
        x[i] = _mm256_permute2f128_ps(y[i], y[i + 4], 0x20);
        x[i + 4] = _mm256_permute2f128_ps(y[i], y[i + 4], 0x31);
    }
}

/* Loading rows i and i + 4 into the halves of one vector saves a step of the transposition. */
WG_INLINE void load_transposed_f32(const float *from, int64_t line, __m256 *x)
{
    const struct wg_lines lines = wg_lines_of(line, sizeof(float));
    const void *fourth = wg_beyond(from, 4 * lines.one);
    __m256 y[4];
    WG_UNROLL(i, 4) {
        const float *low = (const float *)wg_line(from, &lines, i), *high = (const float *)wg_line(fourth, &lines, i);
        y[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
    }
    transpose_halves(y, x);
}

WG_INLINE void transpose_f64(__m256d *x)
{
    const __m256d even[2] = {_mm256_unpacklo_pd(x[0], x[1]), _mm256_unpacklo_pd(x[2], x[3])};
    const __m256d odd[2] = {_mm256_unpackhi_pd(x[0], x[1]), _mm256_unpackhi_pd(x[2], x[3])};
    x[0] = _mm256_permute2f128_pd(even[0], even[1], 0x20);
    x[1] = _mm256_permute2f128_pd(odd[0], odd[1], 0x20);
    x[2] = _mm256_permute2f128_pd(even[0], even[1], 0x31);
    x[3] = _mm256_permute2f128_pd(odd[0], odd[1], 0x31);
}

WG_INLINE void load_transposed_f64(const double *from, int64_t line, __m256d *x)
{
    __m256d y[2];
    WG_UNROLL(i, 2)
        y[i] = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(from + i * line)), _mm_loadu_pd(from + (i + 2) * line), 1);
    x[0] = _mm256_unpacklo_pd(y[0], y[1]);
    x[1] = _mm256_unpackhi_pd(y[0], y[1]);
}

WG_INLINE __m256 fold_f32(const __m256 *x)
{
    __m256 y[4];
    WG_UNROLL(i, 4)
        y[i] = _mm256_add_ps(_mm256_permute2f128_ps(x[i], x[i + 4], 0x20), _mm256_permute2f128_ps(x[i], x[i + 4], 0x31));
    WG_UNROLL(i, 2) {
        const __m256d a = _mm256_castps_pd(y[2 * i]), b = _mm256_castps_pd(y[2 * i + 1]);
        y[i] = _mm256_add_ps(_mm256_castpd_ps(_mm256_unpacklo_pd(a, b)), _mm256_castpd_ps(_mm256_unpackhi_pd(a, b)));
    }
    return _mm256_add_ps(_mm256_shuffle_ps(y[0], y[1], 0x88), _mm256_shuffle_ps(y[0], y[1], 0xdd));
}

WG_INLINE __m256d fold_f64(const __m256d *x)
{
    __m256d y[2];
    WG_UNROLL(i, 2)
        y[i] = _mm256_add_pd(_mm256_permute2f128_pd(x[i], x[i + 2], 0x20), _mm256_permute2f128_pd(x[i], x[i + 2], 0x31));
    return _mm256_add_pd(_mm256_unpacklo_pd(y[0], y[1]), _mm256_unpackhi_pd(y[0], y[1]));
}

#define TOGETHER(columns) ((columns) == 1 ? 4 : (columns) == 4 ? 1 : 2)
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

#define TRANSPOSE(x) transpose_f32(x)
#define TRANSPOSE_FOURS(x) transpose_halves(x, x)
#define FOLD(x) fold_f32(x)
#define LOAD_TRANSPOSED(p, line, x) load_transposed_f32(p, line, x)
#define T(name) name##_f32
#include "gemm/native_kernel_tmpl.h"
#undef REAL
#undef T
#undef V
#undef VEC
#undef LANES
#undef MASK_OF
#undef FMA_ONE
#undef TRANSPOSE
#undef TRANSPOSE_FOURS
#undef FOLD
#undef LOAD_TRANSPOSED

#define REAL double
#define V(name) _mm256_##name##_pd
#define VEC __m256d
#define LANES 4
#define MASK_OF(n) _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3))
#define FMA_ONE __builtin_fma

#define TRANSPOSE(x) transpose_f64(x)
#define TRANSPOSE_FOURS(x) transpose_f64(x)
#define FOLD(x) fold_f64(x)
#define LOAD_TRANSPOSED(p, line, x) load_transposed_f64(p, line, x)
#define T(name) name##_f64
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
