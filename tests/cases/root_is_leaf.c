/* A backward pass whose root is itself a leaf, computed on the tape: it changes no other tensor, and neither does the next one. */
#include "case.h"

enum { OTHERS = 8 };

int main(void)
{
    wg_tensor *x = wg_full(WG_F64, WG_SCALAR, 3);
    {
        WG_TAPE(tape);
        wg_tensor *leaf = wg_set_requires_grad(wg_copy(x), true), *other[OTHERS];
        for (int round = 1; round <= 3; round++) {
            is_("backward of the leaf", wg_backward(leaf, .retain = true) == WG_OK);
            for (int k = 0; k < OTHERS; k++)
                other[k] = wg_add_scalar(x, k);
            is_("backward of twice the leaf", wg_backward(wg_mul_scalar(leaf, 2), .retain = true) == WG_OK);
            for (int k = 0; k < OTHERS; k++)
                near_("another tensor", wg_item(other[k]), 3 + k, 0);
            near_("the gradient so far", wg_item(wg_gradient(leaf)), 3 * round, 0);
        }
    }
    wg_free(x);
    return end_();
}
