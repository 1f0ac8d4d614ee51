/* 1 where a <= b, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
COMPARE(le, <=)
#else
#define KERNEL_FILE "ops/mask/le.c"
#include "ops/op.h"

COMPARISON_OP(le);
#endif
