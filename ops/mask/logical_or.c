/* 1 where at least one of two masks is true, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
LOGICAL(logical_or, a | b)
#else
#define KERNEL_FILE "ops/mask/logical_or.c"
#include "ops/op.h"

LOGICAL_OP(logical_or);
#endif
