/* Instantiates the kernels of KERNEL_FILE: for float and double, and on x86-64 for each instruction set of lib/cpu/isa.h.
   VECTOR_BYTES is the vector length in bytes; FUSED is 1 if fma is one instruction. */
#include "ops/map.h"

#define ISA(name) name
#define VECTOR_BYTES 16
#if defined(FP_FAST_FMA) && defined(FP_FAST_FMAF)
#define FUSED 1
#else
#define FUSED 0
#endif
#include "ops/instances_of_types.h"
#undef ISA
#undef VECTOR_BYTES
#undef FUSED

#ifdef WG_SIMD
#define FUSED 1
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define ISA(name) WG_JOIN(name, _avx2)
#define VECTOR_BYTES 32
#include "ops/instances_of_types.h"
#undef ISA
#undef VECTOR_BYTES
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512")
#endif
#define ISA(name) WG_JOIN(name, _avx512)
#define VECTOR_BYTES 64
#include "ops/instances_of_types.h"
#undef ISA
#undef VECTOR_BYTES
#undef FUSED
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
