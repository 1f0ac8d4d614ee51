/* Instruction sets that kernels are compiled for, and the one that this process uses. */
#ifndef WG_ISA_H
#define WG_ISA_H

/* Each contains those before it. Portable: what the compiler's baseline has. AVX2: with FMA. AVX-512: F, DQ, BW and VL. */
enum wg_isa { WG_PORTABLE, WG_AVX2, WG_AVX512 };

/* The best that the CPU has, or less where WENGERT_ISA=avx2 or portable asks for it; looked up once. */
enum wg_isa wg_isa(void);

/* The same for the kernels of ops, of which a build with -Dsimd=false has the portable ones alone. */
static inline enum wg_isa wg_isa_of_ops(void)
{
#ifdef WG_SIMD
    return wg_isa();
#else
    return WG_PORTABLE;
#endif
}

#endif
