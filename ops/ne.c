/* 1 where a != b, else 0. */
#ifdef REAL
#include "mask.h"
COMPARE(ne, !=)
#else
#define KERNEL_FILE "ne.c"
#include "op.h"

COMPARISON_OP(ne);
#endif
