/* 1 where both masks are true, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
LOGICAL(logical_and, a &b)
#else
#define KERNEL_FILE "ops/mask/logical_and.c"
#include "ops/op.h"

LOGICAL_OP(logical_and);
#endif
