/* Element-wise ops on an empty tensor read no element: that of a flipped one would lie far beyond its memory. */
#include "case.h"

int main(void)
{
    wg_tensor *x = wg_zeros(WG_F64, WG_SHAPE(0, (int64_t)1 << 40)); /* reversed, its first element is 8 TiB away */
    WG_TAPE(tape);
    wg_tensor *end = wg_flip(x, 1);
    is_("the product of an empty tensor and itself", wg_numel(wg_mul(end, end)) == 0);
    is_("relu of an empty tensor", wg_numel(wg_relu(end)) == 0);
    is_("fma of empty tensors", wg_numel(wg_fma(end, end, end)) == 0);
    error_("empty tensors");
    return end_();
}
