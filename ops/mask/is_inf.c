/* 1 where x is infinite, of either sign, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
CLASSIFY(is_inf, R(fabs)(x) == (REAL)INFINITY)
#else
#define KERNEL_FILE "ops/mask/is_inf.c"
#include "ops/op.h"

CLASSIFICATION_OP(is_inf);
#endif
