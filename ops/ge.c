/* 1 where a >= b, else 0. */
#ifdef REAL
#include "mask.h"
COMPARE(ge, >=)
#else
#define KERNEL_FILE "ge.c"
#include "op.h"

COMPARISON_OP(ge);
#endif
