/* KERNEL_FILE for float and for double; ISA(name) is a name for the instruction set at hand. */
#define REAL float
#define ELEM float
#define R(name) name##f
#define T(name) ISA(WG_JOIN(name, _f32))
#include KERNEL_FILE
#undef REAL
#undef ELEM
#undef R
#undef T

#define REAL double
#define ELEM double
#define R(name) name
#define T(name) ISA(WG_JOIN(name, _f64))
#include KERNEL_FILE
#undef REAL
#undef ELEM
#undef R
#undef T
