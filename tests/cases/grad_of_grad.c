/* The gradient of a gradient that was taken without .create_graph is an error whose message names .create_graph. */
#include "case.h"

static void expect_name(const char *what, const wg_tensor *g)
{
    is_(what, !g && wg_error_first() && strstr(wg_error_first()->message, ".create_graph"));
    error_(what);
}

int main(void)
{
    wg_tensor *x = wg_require_grad(wg_scalar(WG_F64, 2), true), *w = wg_require_grad(wg_scalar(WG_F64, 3), true);
    {
        WG_TAPE(tape);
        wg_tensor *g = wg_grad(wg_mul(x, wg_square(x)), x);
        expect_name("of the gradient alone", wg_grad(g, x));
        expect_name("of a sum with something else", wg_grad(wg_add(g, w), x));
        is_("backward of it", wg_backward(g, .retain = true) == WG_E_NO_GRAD);
        expect_name("backward's message", NULL);
    }
    wg_free(x), wg_free(w);
    return end_();
}
