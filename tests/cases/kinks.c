/* Derivatives at kinks, ends of domains, infinity and NaN, as docs/guide/gradients.md declares them; and the second derivative is the same in
   reverse over reverse and in forward over reverse. tests/ops/kinks.c has them all. */
#include "case.h"

typedef wg_tensor *op(wg_tensor *x);

static wg_tensor *elu(wg_tensor *x)
{
    return wg_elu(x, .alpha = 1.5);
}

static wg_tensor *huber(wg_tensor *x)
{
    return wg_huber(x, wg_zeros(WG_F64, wg_shape_of(x)), .reduction = WG_REDUCTION_SUM);
}

static wg_tensor *norm(wg_tensor *x)
{
    return wg_norm2(x);
}

static wg_tensor *deviation(wg_tensor *x)
{
    return wg_std(x);
}

static wg_tensor *norm_one(wg_tensor *x)
{
    return wg_norm(x, .p = 1);
}

static wg_tensor *variance(wg_tensor *x)
{
    return wg_var(x);
}

static wg_tensor *half_power(wg_tensor *x)
{
    return wg_pow_scalar(x, 0.5);
}

static wg_tensor *summed(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return wg_sum((*(op *const *)context)(x[0]));
}

/* The gradient at x[0], x[1] and, if asked, the gradient of its sum. */
static void at(const char *what, op *f, double first, double second, int order, double want, double want_too)
{
    WG_TAPE(tape);
    wg_tensor *x = wg_set_requires_grad(wg_from(D(first, second), WG_SHAPE(2)), true), *ones = wg_ones(WG_F64, WG_SHAPE(2)),
              *hv = NULL;
    wg_tensor *g = wg_grad(wg_sum(f(x)), x, .create_graph = true, .unused = WG_UNUSED_ZEROS);
    wg_tensor *h = order == 2 ? wg_grad(wg_sum(g), x, .unused = WG_UNUSED_ZEROS) : g;
    near_(what, at_(h, 0), want, 1e-15);
    near_(what, at_(h, 1), want_too, 1e-15);
    if (order == 1)
        return;
    is_("forward over reverse", wg_hvp(summed, &f, &x, 1, &ones, NULL, NULL, &hv) == WG_OK);
    near_(what, at_(hv, 0), want, 1e-15);
    near_(what, at_(hv, 1), want_too, 1e-15);
}

int main(void)
{
    at("elu'' at 0", elu, 0, -0.0, 2, 1.5, 1.5);
    at("selu'' at 0", wg_selu, 0, 0, 2, 1.7580993408473766, 1.7580993408473766);
    at("huber'' at the bound", huber, 1, -1, 2, 1, 1);
    at("norm2'' at 0", norm, 0, 0, 2, 0, 0);
    at("std'' of equal numbers", deviation, 3, 3, 2, 0, 0);
    at("asin'' at its ends", wg_asin, 1, -1, 2, INFINITY, -INFINITY);
    at("acos'' at its ends", wg_acos, 1, -1, 2, -INFINITY, INFINITY);
    at("norm of p = 1 at NaN", norm_one, NAN, 1, 1, NAN, 1);
    at("gelu' at infinity", wg_gelu, -INFINITY, INFINITY, 1, 0, 1);
    at("silu' at infinity", wg_silu, -INFINITY, INFINITY, 1, 0, 1);
    at("var' with an infinity", variance, INFINITY, 0, 1, NAN, NAN);
    at("pow_scalar of 1/2 at -infinity", half_power, -INFINITY, 1, 1, 0, 0.5);
    return end_();
}
