/* 1 where a < b, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
COMPARE(lt, <)
#else
#define KERNEL_FILE "ops/mask/lt.c"
#include "ops/op.h"

COMPARISON_OP(lt);
#endif
