/* SIMD vectors for the element type and instruction set being compiled: VECTOR_BYTES long; FUSED if x y + z is rounded once (see
   instances.h). Everything is inlined into loops of constant length, so that sums stay in registers. */
#ifndef WG_REDUCTION_NONE
#define WG_UNROLL(index, n) _Pragma("GCC unroll 16") for (int index = 0; index < (n); index++)
#endif

enum { T(WIDTH) = VECTOR_BYTES / (int)sizeof(REAL) };
typedef REAL T(vector) __attribute__((vector_size(VECTOR_BYTES)));
typedef REAL T(loose) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias)); /* unaligned */

WG_INLINE T(vector) T(load)(const REAL *from)
{
    return *(const T(loose) *)from;
}

WG_INLINE void T(store)(REAL *to, T(vector) x)
{
    *(T(loose) *)to = x;
}

WG_INLINE T(vector) T(splat)(REAL x)
{
    return x - (T(vector)){0};
}

/* x y + z */
WG_INLINE T(vector) T(add_product)(T(vector) x, T(vector) y, T(vector) z)
{
#if defined(__x86_64__) && VECTOR_BYTES == 64
    return sizeof(REAL) == 4 ? (T(vector))_mm512_fmadd_ps((__m512)x, (__m512)y, (__m512)z)
                             : (T(vector))_mm512_fmadd_pd((__m512d)x, (__m512d)y, (__m512d)z);
#elif defined(__x86_64__) && VECTOR_BYTES == 32
    return sizeof(REAL) == 4 ? (T(vector))_mm256_fmadd_ps((__m256)x, (__m256)y, (__m256)z)
                             : (T(vector))_mm256_fmadd_pd((__m256d)x, (__m256d)y, (__m256d)z);
#elif FUSED
    WG_UNROLL(i, T(WIDTH))
        z[i] = R(fma)(x[i], y[i], z[i]);
    return z;
#else
    return x * y + z;
#endif
}

/* The result of a comparison: all bits of an element set, or none. */
typedef __typeof__((T(vector)){0} <= (T(vector)){0}) T(mask);

/* For each element, x where the mask is set, otherwise y. */
WG_INLINE T(vector) T(choose)(T(mask) mask, T(vector) x, T(vector) y)
{
    return (T(vector))((mask & (T(mask))x) | (~mask & (T(mask))y));
}

/* relu: x where x > 0 or NaN, otherwise 0. */
WG_INLINE T(vector) T(positive)(T(vector) x)
{
    return T(choose)(x <= (T(vector)){0}, (T(vector)){0}, x);
}
