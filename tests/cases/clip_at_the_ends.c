/* A norm is right wherever it is a number, whatever its elements: no square may leave the numbers on the way. Clipping of gradients measures in
   f64, whatever the dtype. */
#include "case.h"
static void one(const char *name, wg_dtype T, double g, double limit, wg_status want, double norm, double first)
{
    wg_tensor *p = wg_set_requires_grad(wg_ones(T, WG_SHAPE(4)), true);
    wg_tensor *gradient = wg_full(T, WG_SHAPE(4), g);
    if (wg_add_gradient(p, gradient) != WG_OK)
        error_("gradient");
    double n = -1;
    wg_tensor *t[1] = {p};
    const wg_status s = wg_optim_clip_norm(((wg_tensor_list){1, t, NULL}), limit, &n);
    char text[100];
    snprintf(text, sizeof text, "%s: %s", name, wg_status_name(s));
    is_(text, s == want);
    if (s != WG_OK)
        error_(name);
    if (s == WG_OK) {
        rel_(name, n, norm, 1e-6);
        rel_(name, at_(wg_gradient(p), 0), first, 1e-5);
    }
}
int main(void)
{
    one("f32, 1e25: squares beyond f32", WG_F32, 1e25, 1, WG_OK, 2e25, 0.5);
    one("f32, 3e38: norm beyond f32", WG_F32, 3e38, 1, WG_OK, 6e38, 0.5);
    one("f64, 1e200: squares beyond f64", WG_F64, 1e200, 1, WG_OK, 2e200, 0.5);
    one("f64, 1e-200: squares below f64", WG_F64, 1e-200, 1, WG_OK, 2e-200, 1e-200);
    one("f32, 1e-30", WG_F32, 1e-30, 1, WG_OK, 2e-30, 1e-30);
    one("f32, limit 0", WG_F32, 3, 0, WG_OK, 6, 0);
    one("f32, inf", WG_F32, INFINITY, 1, WG_E_NUMERIC, 0, 0);
    one("f32, limit inf", WG_F32, 5, INFINITY, WG_OK, 10, 5);
    return end_();
}
