/* First derivatives of activations in their tails, against long double, relative to themselves: what is left of y + 1 where y is near -1 is
   no derivative of elu, selu and expm1. Those of sigmoid and tanh are worked out from y, and promised relative to 1 only. */
#include "case.h"
typedef long double R;
static R sig(R x)
{
    return x >= 0 ? 1 / (1 + expl(-x)) : expl(x) / (1 + expl(x));
}
static R d_silu(R x)
{
    const R s = sig(x);
    return s * (1 + x * sig(-x));
}
static R d_gelu(R x)
{
    return erfcl(-x / sqrtl(2)) / 2 + x * expl(-x * x / 2) / sqrtl(2 * acosl(-1));
}
static R d_softplus(R x)
{
    return sig(x);
}
static R d_logsig(R x)
{
    return sig(-x);
}
static R d_sigmoid(R x)
{
    return sig(x) * sig(-x);
}
static R d_tanh(R x)
{
    const R c = coshl(x);
    return 1 / (c * c);
}
static R d_expm1(R x)
{
    return expl(x);
}
static R d_gelut(R x)
{
    const R k = sqrtl(2 / acosl(-1)), u = k * (x + 0.044715L * x * x * x), du = k * (1 + 3 * 0.044715L * x * x);
    /* (1 + tanh u)/2 = sig(2u); derivative of tanh = 4 sig(2u) sig(-2u) */
    return sig(2 * u) + x / 2 * du * 4 * sig(2 * u) * sig(-2 * u);
}
static wg_tensor *elu1(wg_tensor *x)
{
    return wg_elu(x);
}
static R d_elu(R x)
{
    return x > 0 ? 1 : expl(x);
}
static R d_selu(R x)
{
    return 1.0507009873554805L * (x > 0 ? 1 : 1.6732632423543772L * expl(x));
}
static R d_log1p(R x)
{
    return 1 / (1 + x);
}

/* The derivative of f at x within tolerance: relative to itself, or, for what is promised so, to 1. */
static int right_at(wg_tensor *(*f)(wg_tensor *), R want, double x, wg_dtype dtype, int relative)
{
    WG_TAPE(tape);
    wg_tensor *t = wg_set_requires_grad(wg_full(dtype, WG_SCALAR, x), true), *g = wg_grad(f(t), t);
    const double got = g ? wg_item(g) : NAN, denormal = dtype == WG_F64 ? 1e-320 : 3e-45, digits = dtype == WG_F64 ? 1e-13 : 1e-5;
    const double rounded = dtype == WG_F64 ? (double)want : (double)(float)want;
    const double allowed = relative ? fmax(digits * fabs(rounded), denormal) : digits;
    if (got == rounded || fabs(got - rounded) <= allowed)
        return 1;
    printf("# %s x = %g: got %.9g, expected %.9g\n", wg_dtype_name(dtype), x, got, rounded);
    return 0;
}

int main(void)
{
    static const double at[] = {-1e30, -745,  -740,   -709, -708,  -700, -400, -110, -104, -103, -100, -90, -88, -87, -50, -40,
                                -38.5, -37,   -30,    -20,  -15,   -12,  -10,  -9,   -8,   -6,   -5,   -4,  -3,  -2,  -1,  -0.5,
                                -1e-3, -1e-8, -1e-30, 0,    1e-30, 1e-8, 1e-3, 0.5,  1,    2,    3,    4,   5,   6,   8,   10,
                                12,    15,    18,     20,   30,    37,   40,   50,   88,   100,  300,  700, 1e4, 1e30};
    static const struct {
        const char *name;
        wg_tensor *(*f)(wg_tensor *);
        R (*d)(R);
        double left, right; /* the derivative at -∞ and at ∞ */
        int relative;
    } fs[] = {
        {"silu", wg_silu, d_silu, 0, 1, 1},
        {"gelu", wg_gelu, d_gelu, 0, 1, 1},
        {"gelu_tanh", wg_gelu_tanh, d_gelut, 0, 1, 1},
        {"softplus", wg_softplus, d_softplus, 0, 1, 1},
        {"log_sigmoid", wg_log_sigmoid, d_logsig, 1, 0, 1},
        {"sigmoid", wg_sigmoid, d_sigmoid, 0, 0, 0},
        {"tanh", wg_tanh, d_tanh, 0, 0, 0},
        {"expm1", wg_expm1, d_expm1, 0, INFINITY, 1},
        {"elu", elu1, d_elu, 0, 1, 1},
        {"selu", wg_selu, d_selu, 0, 1.0507009873554805, 1},
        {"log1p", wg_log1p, d_log1p, NAN, 0, 1},
    };
    for (size_t f = 0; f < sizeof fs / sizeof *fs; f++)
        for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
            int right = right_at(fs[f].f, fs[f].right, INFINITY, (wg_dtype)dtype, fs[f].relative);
            right &= isnan(fs[f].left) || right_at(fs[f].f, fs[f].left, -INFINITY, (wg_dtype)dtype, fs[f].relative);
            for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
                const double x = dtype == WG_F64 ? at[i] : (double)(float)at[i];
                if (!isnan(fs[f].left) || x > -1)
                    right &= right_at(fs[f].f, fs[f].d(x), x, (wg_dtype)dtype, fs[f].relative);
            }
            char text[80];
            snprintf(text, sizeof text, "%s' in %s", fs[f].name, wg_dtype_name((wg_dtype)dtype));
            is_(text, right);
        }
    return end_();
}
