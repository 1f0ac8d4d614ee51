/* 1 where a > b, else 0. */
#ifdef REAL
#include "mask.h"
COMPARE(gt, >)
#else
#define KERNEL_FILE "gt.c"
#include "op.h"

COMPARISON_OP(gt);
#endif
