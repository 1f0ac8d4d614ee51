/* The instruction sets that kernels are compiled for, and the one that this process uses. */
#ifndef WG_ISA_H
#define WG_ISA_H

/* Each set contains those before it. Portable: the compiler's baseline. AVX2: with FMA. AVX-512: F, DQ, BW and VL. */
enum wg_isa { WG_PORTABLE, WG_AVX2, WG_AVX512 };

/* The best set of the CPU, or a lower one if WENGERT_ISA is "avx2" or "portable". Determined once. */
enum wg_isa wg_isa(void);

/* The same for the kernels of ops. A build with -Dsimd=false has only portable ones. */
static inline enum wg_isa wg_isa_of_ops(void)
{
#ifdef WG_SIMD
    return wg_isa();
#else
    return WG_PORTABLE;
#endif
}

#endif
