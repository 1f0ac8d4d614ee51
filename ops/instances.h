/* The instances of the kernels in KERNEL_FILE: for float and double, and on x86-64 for each instruction set of lib/isa.h. */
#include "map.h"

#if defined(FP_FAST_FMA) && defined(FP_FAST_FMAF)
#define WG_FUSED
#endif
#define ISA(name) name
#include "instances_of_types.h"
#undef ISA
#undef WG_FUSED

#if defined(__x86_64__)
#define WG_FUSED
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define ISA(name) WG_JOIN(name, _avx2)
#include "instances_of_types.h"
#undef ISA
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512")
#endif
#define ISA(name) WG_JOIN(name, _avx512)
#include "instances_of_types.h"
#undef ISA
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#undef WG_FUSED
#endif
