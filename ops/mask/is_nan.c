/* 1 where x is NaN, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
CLASSIFY(is_nan, x != x)
#else
#define KERNEL_FILE "ops/mask/is_nan.c"
#include "ops/op.h"

CLASSIFICATION_OP(is_nan);
#endif
