/* The second derivative of what is linear is zero, and wg_grad gives it where zeros are asked for, though its root depends on no leaf. */
#include "case.h"

static wg_tensor *slope_of(wg_tensor *y, wg_tensor *x)
{
    return wg_grad(wg_sum(y), x, .create_graph = true);
}

static void expect_zero(const char *what, wg_tensor *g, wg_tensor *x)
{
    near_(what, at_(wg_grad(wg_sum(g), x, .unused = WG_UNUSED_ZEROS), 0), 0, 0);
    error_(what);
}

int main(void)
{
    wg_tensor *x = wg_set_requires_grad(wg_from(D(1, 2), WG_SHAPE(2)), true),
              *w = wg_set_requires_grad(wg_from(D(3, 4), WG_SHAPE(2)), true);
    wg_nn_module *net = wg_nn_linear(2, 1, .dtype = WG_F64);
    {
        WG_TAPE(tape);
        expect_zero("3 x", slope_of(wg_mul_scalar(x, 3), x), x);
        expect_zero("w x", slope_of(wg_mul(x, w), x), x);
        expect_zero("relu x", slope_of(wg_relu(x), x), x);
        expect_zero("|x|", slope_of(wg_abs(x), x), x);
        expect_zero("x^1", slope_of(wg_pow_scalar(x, 1), x), x);
        expect_zero("x^2, thrice", slope_of(slope_of(wg_pow_scalar(x, 2), x), x), x);
        const wg_tensor_list p = wg_nn_parameters(net);
        wg_tensor *row = wg_reshape(x, WG_SHAPE(1, 2)), *g[2], *hv[2];
        is_("a linear network's gradients",
            wg_grad_many(wg_sum(wg_nn_apply(net, wg_detach(row))), p.tensor, 2, g, .create_graph = true) == WG_OK);
        is_("its Hessian times ones",
            wg_grad_many(wg_add(wg_sum(g[0]), wg_sum(g[1])), p.tensor, 2, hv, .unused = WG_UNUSED_ZEROS) == WG_OK);
        near_("an element of that", at_(hv[0], 1), 0, 0);
        is_("an error where zeros are not asked for", wg_grad(wg_sum(g[0]), x) == NULL);
        error_("linear network");
    }
    wg_free(x), wg_free(w), wg_nn_destroy(net);
    return end_();
}
