/* 1 where a <= b, else 0. */
#ifdef REAL
#include "mask.h"
COMPARE(le, <=)
#else
#define KERNEL_FILE "le.c"
#include "op.h"

COMPARISON_OP(le);
#endif
