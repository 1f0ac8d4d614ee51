/* The instances of the kernels in KERNEL_FILE: for float and double, and on x86-64 for each instruction set of lib/isa.h. */
#include "map.h"

#define ISA(name) name
#include "instances_of_types.h"
#undef ISA

#if defined(__x86_64__)
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
#endif
