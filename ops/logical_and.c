/* 1 where of two masks both are true, else 0. */
#ifdef REAL
#include "mask.h"
LOGICAL(logical_and, a &b)
#else
#define KERNEL_FILE "logical_and.c"
#include "op.h"

LOGICAL_OP(logical_and);
#endif
