/* 1 where a != b, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
COMPARE(ne, !=)
#else
#define KERNEL_FILE "ops/mask/ne.c"
#include "ops/op.h"

COMPARISON_OP(ne);
#endif
