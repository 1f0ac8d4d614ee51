/* 1 where a mask is 0, else 0. */
#ifdef REAL
#include "ops/mask/mask.h"
MASK1(logical_not_bytes, bool, uint8_t, !x)
MASK_KERNEL(logical_not, logical_not_bytes)
#else
#define KERNEL_FILE "ops/mask/logical_not.c"
#include "ops/op.h"

wg_tensor *wg_logical_not(wg_tensor *a)
{
    return wg_invoke1(&wg_op_logical_not, NULL, a);
}

MASK_OP(logical_not, 1, .shape = wg_logical_shape, .cost = wg_cost_bytes,
        WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .dtype = {WG_U8}, .low = {0}, .high = {3}}));
#endif
