/* The native kernels for AVX2. The sums of a tile of 6 rows by 2 vectors take 12 of the 16 registers. */
#include "gemm/native_gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

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
#define T(name) name##_f32
#define V(name) _mm256_##name##_ps
#define VEC __m256
#define LANES 8
#define MASK_OF(n) _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define FMA_ONE __builtin_fmaf

static inline __attribute__((always_inline)) void transpose_f32(__m256 *x)
{
    __m256 y[8];
    for (int i = 0; i < 8; i += 2) { /* pairs of elements, from rows i and i + 1 */
        y[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
        y[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) /* x[i + c]: columns c and c + 4 of rows i to i + 3, one in each half */
        for (int j = 0; j < 2; j++) {
            const __m256d low = _mm256_castps_pd(y[i + j]), high = _mm256_castps_pd(y[i + j + 2]);
            x[i + 2 * j] = _mm256_castpd_ps(_mm256_unpacklo_pd(low, high));
            x[i + 2 * j + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low, high));
        }
    for (int i = 0; i < 4; i++) {
        const __m256 low = x[i], high = x[i + 4];
        x[i] = _mm256_permute2f128_ps(low, high, 0x20);
        x[i + 4] = _mm256_permute2f128_ps(low, high, 0x31);
    }
}

/* Loading rows i and i + 4 into the halves of one vector saves a step of the transposition. */
static inline __attribute__((always_inline)) void load_transposed_f32(const float *from, int64_t line, __m256 *x)
{
    __m256 y[4];
    for (int i = 0; i < 4; i++)
        y[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from + i * line)), _mm_loadu_ps(from + (i + 4) * line), 1);
    for (int j = 0; j < 2; j++) {
        const __m256 low = j ? _mm256_unpackhi_ps(y[0], y[1]) : _mm256_unpacklo_ps(y[0], y[1]);
        const __m256 high = j ? _mm256_unpackhi_ps(y[2], y[3]) : _mm256_unpacklo_ps(y[2], y[3]);
        x[2 * j] = _mm256_castpd_ps(_mm256_unpacklo_pd(_mm256_castps_pd(low), _mm256_castps_pd(high)));
        x[2 * j + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(_mm256_castps_pd(low), _mm256_castps_pd(high)));
    }
}

#include "gemm/native_kernel_tmpl.h"
#undef REAL
#undef T
#undef V
#undef VEC
#undef LANES
#undef MASK_OF
#undef FMA_ONE

#define REAL double
#define T(name) name##_f64
#define V(name) _mm256_##name##_pd
#define VEC __m256d
#define LANES 4
#define MASK_OF(n) _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3))
#define FMA_ONE __builtin_fma

static inline __attribute__((always_inline)) void transpose_f64(__m256d *x)
{
    const __m256d even[2] = {_mm256_unpacklo_pd(x[0], x[1]), _mm256_unpacklo_pd(x[2], x[3])};
    const __m256d odd[2] = {_mm256_unpackhi_pd(x[0], x[1]), _mm256_unpackhi_pd(x[2], x[3])};
    x[0] = _mm256_permute2f128_pd(even[0], even[1], 0x20);
    x[1] = _mm256_permute2f128_pd(odd[0], odd[1], 0x20);
    x[2] = _mm256_permute2f128_pd(even[0], even[1], 0x31);
    x[3] = _mm256_permute2f128_pd(odd[0], odd[1], 0x31);
}

static inline __attribute__((always_inline)) void load_transposed_f64(const double *from, int64_t line, __m256d *x)
{
    __m256d y[2];
    for (int i = 0; i < 2; i++)
        y[i] = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(from + i * line)), _mm_loadu_pd(from + (i + 2) * line), 1);
    x[0] = _mm256_unpacklo_pd(y[0], y[1]);
    x[1] = _mm256_unpackhi_pd(y[0], y[1]);
}

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
