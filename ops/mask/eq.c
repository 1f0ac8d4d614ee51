/* 1 where a == b, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
COMPARE(eq, ==)
#else
#define KERNEL_FILE "ops/mask/eq.c"
#include "ops/op.h"

COMPARISON_OP(eq);
#endif
