/* 1 where exactly one of two masks is true, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
LOGICAL(logical_xor, a ^ b)
#else
#define KERNEL_FILE "ops/mask/logical_xor.c"
#include "ops/op.h"

LOGICAL_OP(logical_xor);
#endif
