/* Transposes small matrices of floats into a kernel's workspace and back, for the kernels of other files. */
#ifdef REAL
#define ENTRY REAL
#include "ops/transpose_tmpl.h"

void T(wg_transpose)(const REAL *x, int64_t sx, int64_t rows, int64_t columns, REAL *y, int64_t sy)
{
    if (sy == WG_REDUCE_WIDTH) /* that of workspaces, known to the compiler */
        T(transpose)(x, sx, rows, columns, y, WG_REDUCE_WIDTH);
    else
        T(transpose)(x, sx, rows, columns, y, sy);
}
#else
#define KERNEL_FILE "ops/transpose.c"
#include "ops/op.h"
#endif
