/* 1 where of two masks one is true, or both, else 0. */
#ifdef REAL
#include "mask.h"
LOGICAL(logical_or, a | b)
#else
#define KERNEL_FILE "logical_or.c"
#include "op.h"

LOGICAL_OP(logical_or);
#endif
