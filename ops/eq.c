/* 1 where a == b, else 0. */
#ifdef REAL
#include "mask.h"
COMPARE(eq, ==)
#else
#define KERNEL_FILE "eq.c"
#include "op.h"

COMPARISON_OP(eq);
#endif
