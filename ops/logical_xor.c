/* 1 where of two masks one is true, and only one, else 0. */
#ifdef REAL
#include "mask.h"
LOGICAL(logical_xor, a ^ b)
#else
#define KERNEL_FILE "logical_xor.c"
#include "op.h"

LOGICAL_OP(logical_xor);
#endif
