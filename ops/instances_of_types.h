/* Instantiates KERNEL_FILE for float and for double. ISA(name) is the name for the current instruction set. */
#define T(name) ISA(WG_JOIN(name, _f64))
#define REAL double
#define BITS uint64_t
#define WG_DIGITS 52
#define LIBRARY(name) name
#include "ops/vector_math.h"
#undef T
#undef REAL
#undef BITS
#undef WG_DIGITS
#undef LIBRARY

#define T(name) ISA(WG_JOIN(name, _f32))
#define REAL float
#define BITS uint32_t
#define WG_DIGITS 23
#define LIBRARY(name) name##f
#include "ops/vector_math.h"
#undef BITS
#undef WG_DIGITS
#undef LIBRARY

#define R(name) T(wg_##name)
#define W(name) ISA(wg_##name##_f64)
#define ELEM float
#include KERNEL_FILE
#undef T
#undef REAL
#undef ELEM

#define T(name) ISA(WG_JOIN(name, _f64))
#define REAL double
#define ELEM double
#include KERNEL_FILE
#undef T
#undef REAL
#undef ELEM
#undef R
#undef W
