/* The native kernels for AVX-512. The sums of a tile of 6 rows by 4 vectors take 24 of the 32 registers; at edges a tile is up to
   14 rows by 1 or 2 vectors, or 9 by 3. */
#include "gemm/native_gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512")
#endif

#define TOGETHER(columns) 8
#define ROWS 14
#define ROWS_OF_3 9
#define ROWS_OF_4 6
#define WIDE 4

#define ZERO V(setzero)()
#define LOAD(p) V(loadu)(p)
#define LOAD_SOME(mask, p) V(maskz_loadu)(mask, p)
#define STORE(p, x) V(storeu)(p, x)
#define STORE_SOME(p, mask, x) V(mask_storeu)(p, mask, x)
#define SPLAT(p) V(set1)(*(p))
#define FMA(x, y, z) V(fmadd)(x, y, z)
#define ADD(x, y) V(add)(x, y)
#define RELU(x) V(maskz_mov)(COMPARE(x, ZERO, _CMP_NLE_UQ), x)

/* In each quarter of every four of n vectors, transposes a 4 by 4 block: element c of x[i + r] becomes element r of x[i + c]. */
WG_INLINE void transpose_quarters(__m512 *x, int n)
{
    for (int i = 0; i < n; i += 4) {
        const __m512d a = _mm512_castps_pd(_mm512_unpacklo_ps(x[i], x[i + 1])),
                      b = _mm512_castps_pd(_mm512_unpackhi_ps(x[i], x[i + 1]));
        const __m512d c = _mm512_castps_pd(_mm512_unpacklo_ps(x[i + 2], x[i + 3]));
        const __m512d d = _mm512_castps_pd(_mm512_unpackhi_ps(x[i + 2], x[i + 3]));
        x[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
        x[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        x[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
        x[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
    }
}

/* x ← quarters 0 and 2 of x, then of y; y ← quarters 1 and 3 of x, then of y. */
WG_INLINE void part_quarters(__m512 *x, __m512 *y)
{
    const __m512 even = _mm512_shuffle_f32x4(*x, *y, 0x88), odd = _mm512_shuffle_f32x4(*x, *y, 0xdd);
    *x = even;
    *y = odd;
}

WG_INLINE void transpose_f32(__m512 *x)
{
    transpose_quarters(x, 16);
    for (int i = 0; i < 16; i += 8)
        for (int c = 0; c < 4; c++)
            part_quarters(&x[i + c], &x[i + c + 4]);
    for (int c = 0; c < 8; c++)
        part_quarters(&x[c], &x[c + 8]);
}

/* Loading rows r and r + 4 into the halves of one vector saves a step of the transposition. */
WG_INLINE void load_transposed_f32(const float *from, int64_t line, __m512 *x)
{
    for (int i = 0; i < 8; i += 4) {
        const float *fourth = from + 4 * line;
        WG_KEEP_IN_REGISTER(fourth);
        for (int r = 0; r < 4; r++) {
            const __m512d half = _mm512_castps_pd(_mm512_castps256_ps512(_mm256_loadu_ps(from + r * line)));
            x[i + r] = _mm512_castpd_ps(_mm512_insertf64x4(half, _mm256_castps_pd(_mm256_loadu_ps(fourth + r * line)), 1));
        }
        from = fourth + 4 * line;
        WG_KEEP_IN_REGISTER(from);
    }
    transpose_quarters(x, 8);
    for (int i = 0; i < 4; i++)
        part_quarters(&x[i], &x[i + 4]);
}

/* Of eight elements, of four and so on that two vectors have left, each step adds the second half to the first. */
WG_INLINE __m512 fold_f32(const __m512 *x)
{
    __m512 y[4];
    WG_UNROLL(i, 4) {
        const __m512 a = _mm512_add_ps(_mm512_shuffle_f32x4(x[i], x[i + 4], 0x44), _mm512_shuffle_f32x4(x[i], x[i + 4], 0xee));
        const __m512 b = _mm512_add_ps(_mm512_shuffle_f32x4(x[i + 8], x[i + 12], 0x44),
                                       _mm512_shuffle_f32x4(x[i + 8], x[i + 12], 0xee));
        y[i] = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
    }
    WG_UNROLL(i, 2) {
        const __m512d a = _mm512_castps_pd(y[2 * i]), b = _mm512_castps_pd(y[2 * i + 1]);
        y[i] = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(a, b)), _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)));
    }
    return _mm512_add_ps(_mm512_shuffle_ps(y[0], y[1], 0x88), _mm512_shuffle_ps(y[0], y[1], 0xdd));
}

#define REAL float
#define FMA_ONE __builtin_fmaf

#define T(name) name##_f32
#define TRANSPOSE(x) transpose_f32(x)
#define TRANSPOSE_FOURS(x) transpose_quarters(x, 4)
#define FOLD(x) fold_f32(x)
#define LOAD_TRANSPOSED(p, line, x) load_transposed_f32(p, line, x)
#define V(name) _mm512_##name##_ps
#define VEC __m512
#define LANES 16
#define MASK __mmask16
#define MASK_OF(n) ((__mmask16)((1u << (n)) - 1))
#define COMPARE _mm512_cmp_ps_mask
#include "gemm/native_kernel_tmpl.h"
#undef REAL
#undef FMA_ONE
#undef T
#undef TRANSPOSE
#undef TRANSPOSE_FOURS
#undef FOLD
#undef LOAD_TRANSPOSED
#undef V
#undef VEC
#undef LANES
#undef MASK
#undef MASK_OF
#undef COMPARE

WG_INLINE void transpose_f64(__m512d *x)
{
    __m512d y[8];
    for (int i = 0; i < 8; i += 2) {
        y[i] = _mm512_unpacklo_pd(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_pd(x[i], x[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) /* of rows i to i + 3: x[i + c] ← columns c, c + 4; x[i + c + 2] ← columns c + 2, c + 6 */
        for (int c = 0; c < 2; c++) {
            x[i + c] = _mm512_shuffle_f64x2(y[i + c], y[i + c + 2], 0x88);
            x[i + c + 2] = _mm512_shuffle_f64x2(y[i + c], y[i + c + 2], 0xdd);
        }
    for (int c = 0; c < 4; c++) {
        const __m512d low = x[c], high = x[c + 4];
        x[c] = _mm512_shuffle_f64x2(low, high, 0x88);
        x[c + 4] = _mm512_shuffle_f64x2(low, high, 0xdd);
    }
}

WG_INLINE void transpose_fours(__m512d *x)
{
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    const __m512d a = _mm512_unpacklo_pd(x[0], x[1]), b = _mm512_unpackhi_pd(x[0], x[1]);
    const __m512d c = _mm512_unpacklo_pd(x[2], x[3]), d = _mm512_unpackhi_pd(x[2], x[3]);
    x[0] = _mm512_permutex2var_pd(a, low, c);
    x[1] = _mm512_permutex2var_pd(b, low, d);
    x[2] = _mm512_permutex2var_pd(a, high, c);
    x[3] = _mm512_permutex2var_pd(b, high, d);
}

WG_INLINE void load_transposed_f64(const double *from, int64_t line, __m512d *x)
{
    __m512d y[4]; /* rows (0, 2), (1, 3), (4, 6) and (5, 7), one in each half */
    WG_KEEP_IN_REGISTER(from);
    for (int i = 0; i < 4; i++) {
        const double *row = from + (i < 2 ? i : i + 2) * line;
        y[i] = _mm512_insertf64x4(_mm512_castpd256_pd512(_mm256_loadu_pd(row)), _mm256_loadu_pd(row + 2 * line), 1);
    }
    for (int c = 0; c < 2; c++) {
        const __m512d low = c ? _mm512_unpackhi_pd(y[0], y[1]) : _mm512_unpacklo_pd(y[0], y[1]);
        const __m512d high = c ? _mm512_unpackhi_pd(y[2], y[3]) : _mm512_unpacklo_pd(y[2], y[3]);
        x[c] = _mm512_shuffle_f64x2(low, high, 0x88);
        x[c + 2] = _mm512_shuffle_f64x2(low, high, 0xdd);
    }
}

WG_INLINE __m512d fold_f64(const __m512d *x)
{
    __m512d y[2];
    WG_UNROLL(i, 2) {
        const __m512d a = _mm512_add_pd(_mm512_shuffle_f64x2(x[i], x[i + 2], 0x44), _mm512_shuffle_f64x2(x[i], x[i + 2], 0xee));
        const __m512d b = _mm512_add_pd(_mm512_shuffle_f64x2(x[i + 4], x[i + 6], 0x44),
                                        _mm512_shuffle_f64x2(x[i + 4], x[i + 6], 0xee));
        y[i] = _mm512_add_pd(_mm512_shuffle_f64x2(a, b, 0x88), _mm512_shuffle_f64x2(a, b, 0xdd));
    }
    return _mm512_add_pd(_mm512_unpacklo_pd(y[0], y[1]), _mm512_unpackhi_pd(y[0], y[1]));
}

#define REAL double
#define FMA_ONE __builtin_fma

#define T(name) name##_f64
#define TRANSPOSE(x) transpose_f64(x)
#define TRANSPOSE_FOURS(x) transpose_fours(x)
#define FOLD(x) fold_f64(x)
#define LOAD_TRANSPOSED(p, line, x) load_transposed_f64(p, line, x)
#define V(name) _mm512_##name##_pd
#define VEC __m512d
#define LANES 8
#define MASK __mmask8
#define MASK_OF(n) ((__mmask8)((1u << (n)) - 1))
#define COMPARE _mm512_cmp_pd_mask
#include "gemm/native_kernel_tmpl.h"

#ifdef __clang__
#pragma clang attribute pop
#endif

const struct wg_kernels *wg_kernels_avx512(wg_dtype dtype)
{
    return dtype == WG_F32 ? &kernels_f32 : &kernels_f64;
}
#else
const struct wg_kernels *wg_kernels_avx512(wg_dtype dtype)
{
    return wg_kernels_portable(dtype);
}
#endif
