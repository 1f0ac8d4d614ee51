/* 1 where a > b, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
COMPARE(gt, >)
#else
#define KERNEL_FILE "ops/mask/gt.c"
#include "ops/op.h"

COMPARISON_OP(gt);
#endif
