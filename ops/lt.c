/* 1 where a < b, else 0. */
#ifdef REAL
#include "mask.h"
COMPARE(lt, <)
#else
#define KERNEL_FILE "lt.c"
#include "op.h"

COMPARISON_OP(lt);
#endif
