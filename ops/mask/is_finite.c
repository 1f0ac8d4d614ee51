/* 1 where x is neither infinite nor NaN, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
CLASSIFY(is_finite, R(fabs)(x) < (REAL)INFINITY)
#else
#define KERNEL_FILE "ops/mask/is_finite.c"
#include "ops/op.h"

CLASSIFICATION_OP(is_finite);
#endif
