/* wg_transpose for bytes. It does not depend on the number type: only the pass for float, which comes first, compiles it. */
#if defined(REAL) && !defined(WG_U8_TRANSPOSED)
#define WG_U8_TRANSPOSED
#define ENTRY uint8_t
#include "ops/transpose_tmpl.h"

void ISA(wg_transpose_u8)(const uint8_t *x, int64_t sx, int64_t rows, int64_t columns, uint8_t *y, int64_t sy)
{
    if (sy == WG_REDUCE_WIDTH) /* that of workspaces, known to the compiler */
        T(transpose)(x, sx, rows, columns, y, WG_REDUCE_WIDTH);
    else
        T(transpose)(x, sx, rows, columns, y, sy);
}
#elif defined(REAL)
#undef WG_U8_TRANSPOSED
#else
#define KERNEL_FILE "ops/transpose_u8.c"
#include "ops/op.h"
#endif
