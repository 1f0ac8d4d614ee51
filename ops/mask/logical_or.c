/* 1 where of two masks one is true, or both, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
LOGICAL(logical_or, a | b)
#else
#define KERNEL_FILE "ops/mask/logical_or.c"
#include "ops/op.h"

LOGICAL_OP(logical_or);
#endif
