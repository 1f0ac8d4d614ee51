/* 1 where a >= b, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
COMPARE(ge, >=)
#else
#define KERNEL_FILE "ops/mask/ge.c"
#include "ops/op.h"

COMPARISON_OP(ge);
#endif
