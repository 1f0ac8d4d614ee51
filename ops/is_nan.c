/* 1 where x is NaN, else 0. */
#ifdef REAL
#include "mask.h"
CLASSIFY(is_nan, x != x)
#else
#define KERNEL_FILE "is_nan.c"
#include "op.h"

CLASSIFICATION_OP(is_nan);
#endif
