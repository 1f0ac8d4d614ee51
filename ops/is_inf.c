/* 1 where x is infinite, of either sign, else 0. */
#ifdef REAL
#include "mask.h"
CLASSIFY(is_inf, R(fabs)(x) == (REAL)INFINITY)
#else
#define KERNEL_FILE "is_inf.c"
#include "op.h"

CLASSIFICATION_OP(is_inf);
#endif
