/* A derivative is right wherever it is a number of the dtype: atan2's a² + b² and the squares of norm2 and std neither overflow nor vanish on
   the way. Right values in long double. */
#include "case.h"
static void angle(wg_dtype T, double a, double b)
{
    WG_TAPE(tape);
    wg_tensor *x = wg_set_requires_grad(wg_full(T, WG_SCALAR, a), true), *y = wg_set_requires_grad(wg_full(T, WG_SCALAR, b), true),
              *g[2];
    if (wg_grad_many(wg_atan2(x, y), ((wg_tensor *[]){x, y}), 2, g) != WG_OK)
        error_("atan2");
    const long double p = wg_item(x), q = wg_item(y), s = p * p + q * q;
    char t[80];
    snprintf(t, sizeof t, "%s atan2(%g, %g) by a", wg_dtype_name(T), a, b);
    rel_(t, wg_item(g[0]), (double)(q / s), 1e-5);
    snprintf(t, sizeof t, "%s atan2(%g, %g) by b", wg_dtype_name(T), a, b);
    rel_(t, wg_item(g[1]), (double)(-p / s), 1e-5);
}
static void arc(const char *name, wg_tensor *(*f)(wg_tensor *), long double (*d)(long double), wg_dtype T, double x)
{
    WG_TAPE(tape);
    wg_tensor *t = wg_set_requires_grad(wg_full(T, WG_SCALAR, x), true);
    char s[80];
    snprintf(s, sizeof s, "%s %s'(%.17g)", wg_dtype_name(T), name, wg_item(t));
    rel_(s, wg_item(wg_grad(f(t), t)), (double)d(wg_item(t)), T == WG_F32 ? 1e-5 : 1e-13);
}
static long double d_asin(long double x)
{
    return 1 / sqrtl((1 - x) * (1 + x));
}
static long double d_acos(long double x)
{
    return -d_asin(x);
}
static long double d_atan(long double x)
{
    return 1 / (1 + x * x);
}
static long double d_rsqrt(long double x)
{
    return -0.5L / (x * sqrtl(x));
}
static long double d_recip(long double x)
{
    return -1 / (x * x);
}
static long double d_log1p(long double x)
{
    return 1 / (1 + x);
}
int main(void)
{
    const double scale[] = {1, 1e-10, 1e-20, 1e-23, 1e-30, 1e10, 1e19, 3e19, 1e25, 1e30};
    for (size_t i = 0; i < sizeof scale / sizeof *scale; i++)
        angle(WG_F32, 0.6 * scale[i], 0.8 * scale[i]);
    const double wide[] = {1e-150, 1e-170, 1e-200, 1e150, 1e160, 1e200, 1e300};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        angle(WG_F64, 0.6 * wide[i], 0.8 * wide[i]);
    angle(WG_F32, 1, 1e20);
    angle(WG_F32, 1e20, 1);
    for (int d = 0; d < 2; d++) {
        const wg_dtype T = d ? WG_F64 : WG_F32;
        for (double e = 1e-3; e > (d ? 1e-15 : 1e-7); e /= 10) {
            arc("asin", wg_asin, d_asin, T, 1 - e);
            arc("acos", wg_acos, d_acos, T, -1 + e);
        }
        const double at[] = {1e5, 1e10, 1e15, 1e19, 3e19, 1e25};
        for (size_t i = 0; i < sizeof at / sizeof *at; i++)
            if (d || at[i] < 1e19) /* 1/x² below f32's numbers */
                arc("atan", wg_atan, d_atan, T, at[i]);
        arc("rsqrt", wg_rsqrt, d_rsqrt, T, 1e-20);
        arc("rsqrt", wg_rsqrt, d_rsqrt, T, 1e-25);
        arc("rsqrt", wg_rsqrt, d_rsqrt, T, 1e20);
        arc("rsqrt", wg_rsqrt, d_rsqrt, T, 1e25);
        arc("reciprocal", wg_reciprocal, d_recip, T, 1e-15);
        arc("reciprocal", wg_reciprocal, d_recip, T, 1e18);
        arc("log1p", wg_log1p, d_log1p, T, -1 + (d ? 1e-15 : 1e-6));
        { /* a/b by b: -a/b² with b beyond the square root of the largest number */
            WG_TAPE(tape);
            wg_tensor *a = wg_full(T, WG_SCALAR, 1e25), *b = wg_set_requires_grad(wg_full(T, WG_SCALAR, 1e25), true);
            rel_("a/b by b at 1e25", wg_item(wg_grad(wg_div(a, b), b)), -1e-25, 1e-5);
            wg_tensor *c = wg_full(T, WG_SCALAR, 1e-25), *e = wg_set_requires_grad(wg_full(T, WG_SCALAR, 1e-25), true);
            rel_("a/b by b at 1e-25", wg_item(wg_grad(wg_div(c, e), e)), -1e25, 1e-5);
            wg_tensor *v = wg_set_requires_grad(wg_full(T, WG_SHAPE(4), 1e25), true);
            rel_("norm2 of 1e25s", wg_item(wg_norm2(v)), 2e25, 1e-5);
            rel_("norm2 of 1e25s: gradient", at_(wg_grad(wg_norm2(v), v), 0), 0.5, 1e-5);
            wg_tensor *s = wg_set_requires_grad(
                wg_mul(wg_cast(wg_from(D(1, 2, 3, 4), WG_SHAPE(4)), T), wg_full(T, WG_SCALAR, d ? 1e200 : 1e25)), true);
            rel_("std of large numbers", wg_item(wg_std(s)) / (d ? 1e200 : 1e25), 1.2909944487358056, 1e-5);
            rel_("std of large numbers: gradient", at_(wg_grad(wg_std(s), s), 3), 1.5 / (1.2909944487358056 * 3), 1e-5);
            wg_tensor *n = wg_set_requires_grad(
                wg_mul(wg_cast(wg_from(D(1, 2, 3, 4), WG_SHAPE(4)), T), wg_full(T, WG_SCALAR, d ? 1e200 : 1e25)), true);
            rel_("norm2 of large numbers", wg_item(wg_norm2(n)) / (d ? 1e200 : 1e25), sqrt(30), 1e-5);
            wg_tensor *small = wg_set_requires_grad(
                wg_mul(wg_cast(wg_from(D(1, 2, 3, 4), WG_SHAPE(4)), T), wg_full(T, WG_SCALAR, d ? 1e-200 : 1e-30)), true);
            rel_("norm2 of small numbers", wg_item(wg_norm2(small)) / (d ? 1e-200 : 1e-30), sqrt(30), 1e-5);
            rel_("norm2 of small numbers: gradient", at_(wg_grad(wg_norm2(small), small), 3), 4 / sqrt(30), 1e-5);
            rel_("std of small numbers: gradient", at_(wg_grad(wg_std(small), small), 3), 1.5 / (1.2909944487358056 * 3), 1e-5);
        }
    }
    return end_();
}
