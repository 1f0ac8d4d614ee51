/* A gradient that was taken without .create_graph is a constant. Its own gradient is an error whose message names .create_graph; in a loss that
   has other paths it is a number like any other: w^3 + penalty(x w^2) passes on 3 w^2, and with .create_graph the penalty's part as well. */
#include "case.h"

static void expect_name(const char *what, const wg_tensor *g)
{
    is_(what, !g && wg_error_first() && strstr(wg_error_first()->message, ".create_graph"));
    error_(what);
}

int main(void)
{
    wg_tensor *x = wg_set_requires_grad(wg_scalar(WG_F64, 2), true), *w = wg_set_requires_grad(wg_scalar(WG_F64, 3), true);
    {
        WG_TAPE(tape);
        wg_tensor *g = wg_grad(wg_mul(x, wg_square(x)), x);
        expect_name("of the gradient alone", wg_grad(g, x));
        expect_name("of a sum with something else", wg_grad(wg_add(g, w), x));
        is_("backward of it", wg_backward(g, .retain = true) == WG_E_NO_GRAD);
        expect_name("backward's message", NULL);
    }
    for (int create_graph = 0; create_graph < 2; create_graph++) {
        WG_TAPE(tape);
        wg_tensor *g = wg_grad(wg_mul(x, wg_square(w)), x, .create_graph = create_graph); /* w^2 */
        wg_tensor *penalty = wg_square(g), *loss = wg_mul(w, wg_square(w));
        if (!create_graph)
            expect_name("of the penalty alone", wg_grad(penalty, w));
        near_("value", wg_item(wg_add(loss, penalty)), 27 + 81, 1e-15);
        near_("gradient", at_(wg_grad(wg_add(loss, penalty), w), 0), create_graph ? 27 + 4 * 27 : 27, 1e-15);
    }
    { /* an adversarial example, and a first-order inner step: plain gradients that are meant as data */
        WG_TAPE(tape);
        wg_tensor *loss = wg_mul(x, wg_square(w)), *gx = wg_grad(loss, x), *gw = wg_grad(loss, w);
        wg_tensor *there = wg_add(x, wg_mul_scalar(wg_sign(gx), 0.5)), *step = wg_sub(w, wg_mul_scalar(gw, 0.25));
        near_("x + e sign(g)", at_(wg_grad(wg_mul(there, wg_square(w)), x), 0), 9, 1e-15);
        near_("w - r g", at_(wg_grad(wg_square(step), w), 0), 0, 1e-15);
        is_("no error", !wg_error_first());
    }
    wg_free(x), wg_free(w);
    return end_();
}
