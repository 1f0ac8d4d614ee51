/* Backward passes on inner tapes through what wg_vjp made of an operand that needs no gradient itself: they change no tensor that has
   nothing to do with them. */
#include "case.h"

enum { N = 4, OTHERS = 40 };

static wg_tensor *cube(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_mul(wg_square(x[0]), x[0]));
}

int main(void)
{
    wg_tensor *x = wg_full(WG_F64, WG_SHAPE(N), 3), *p = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(N), 2), true), *g = NULL;
    {
        WG_TAPE(outer);
        is_("wg_vjp", wg_vjp(cube, NULL, &x, 1, WG_NONE, NULL, &g) == WG_OK);
        for (int round = 0; round < 6; round++) {
            WG_TAPE(inner);
            wg_tensor *other[OTHERS];
            for (int k = 0; k < OTHERS; k++)
                other[k] = wg_mul_scalar(x, 5 * k + round);
            is_("backward", wg_backward(wg_sum(wg_mul(g, p)), .retain = true) == WG_OK);
            for (int k = 0; k < OTHERS; k++)
                near_("another tensor", at_(other[k], 0), 3.0 * (5 * k + round), 0);
            for (int k = 0; k < round; k++)
                wg_neg(other[k]);
        }
    }
    wg_free(x), wg_free(p);
    return end_();
}
