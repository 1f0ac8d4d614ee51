/* The own kernels of products in AVX-512: 14 rows of two vectors, 28 of the 32 registers. */
#include "own_gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512")
#endif

#define ROWS 14
#define LOW_ROWS 6

#define ZERO V(setzero)()
#define LOAD(p) V(loadu)(p)
#define LOAD_SOME(mask, p) V(maskz_loadu)(mask, p)
#define STORE(p, x) V(storeu)(p, x)
#define STORE_SOME(p, mask, x) V(mask_storeu)(p, mask, x)
#define SPLAT(p) V(set1)(*(p))
#define FMA(x, y, z) V(fmadd)(x, y, z)
#define ADD(x, y) V(add)(x, y)
#define RELU(x) V(maskz_mov)(COMPARE(x, ZERO, _CMP_NLE_UQ), x)

#define REAL float
#define T(name) name##_f32
#define V(name) _mm512_##name##_ps
#define VEC __m512
#define LANES 16
#define MASK __mmask16
#define MASK_OF(n) ((__mmask16)((1u << (n)) - 1))
#define COMPARE _mm512_cmp_ps_mask
#define FMA_ONE __builtin_fmaf

static inline __attribute__((always_inline)) void transpose_f32(__m512 *x)
{
    __m512 y[16];
    for (int i = 0; i < 16; i += 2) { /* pairs of numbers, of rows 2i and 2i + 1 */
        y[i] = _mm512_unpacklo_ps(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_ps(x[i], x[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) /* fours: column c of rows 4i to 4i + 3 in quarter c / 4 of x[4i + c % 4] */
        for (int j = 0; j < 2; j++) {
            const __m512d low = _mm512_castps_pd(y[i + j]), high = _mm512_castps_pd(y[i + j + 2]);
            x[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            x[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    for (int i = 0; i < 4; i++) { /* quarters */
        y[i] = _mm512_shuffle_f32x4(x[i], x[i + 4], 0x88);
        y[i + 4] = _mm512_shuffle_f32x4(x[i], x[i + 4], 0xdd);
        y[i + 8] = _mm512_shuffle_f32x4(x[i + 8], x[i + 12], 0x88);
        y[i + 12] = _mm512_shuffle_f32x4(x[i + 8], x[i + 12], 0xdd);
    }
    for (int i = 0; i < 8; i++) {
        x[i] = _mm512_shuffle_f32x4(y[i], y[i + 8], 0x88);
        x[i + 8] = _mm512_shuffle_f32x4(y[i], y[i + 8], 0xdd);
    }
}

#include "own_kernel_tmpl.h"
#undef REAL
#undef T
#undef V
#undef VEC
#undef LANES
#undef MASK
#undef MASK_OF
#undef COMPARE
#undef FMA_ONE

#define REAL double
#define T(name) name##_f64
#define V(name) _mm512_##name##_pd
#define VEC __m512d
#define LANES 8
#define MASK __mmask8
#define MASK_OF(n) ((__mmask8)((1u << (n)) - 1))
#define COMPARE _mm512_cmp_pd_mask
#define FMA_ONE __builtin_fma

static inline __attribute__((always_inline)) void transpose_f64(__m512d *x)
{
    __m512d y[8];
    for (int i = 0; i < 8; i += 2) {
        y[i] = _mm512_unpacklo_pd(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_pd(x[i], x[i + 1]);
    }
    for (int i = 0; i < 2; i++) { /* pairs of rows: columns i, i + 2, i + 4, i + 6 */
        x[i] = _mm512_shuffle_f64x2(y[i], y[i + 2], 0x88);
        x[i + 2] = _mm512_shuffle_f64x2(y[i], y[i + 2], 0xdd);
        x[i + 4] = _mm512_shuffle_f64x2(y[i + 4], y[i + 6], 0x88);
        x[i + 6] = _mm512_shuffle_f64x2(y[i + 4], y[i + 6], 0xdd);
    }
    for (int i = 0; i < 4; i++)
        y[i] = x[i], y[i + 4] = x[i + 4];
    for (int i = 0; i < 4; i++) {
        x[i] = _mm512_shuffle_f64x2(y[i], y[i + 4], 0x88);
        x[i + 4] = _mm512_shuffle_f64x2(y[i], y[i + 4], 0xdd);
    }
}

#include "own_kernel_tmpl.h"

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
