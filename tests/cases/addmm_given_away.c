/* A tensor that is given away (wg_donate) in one slot and stands in another one, which the kernel reads later. Right: what the call gives on
   copies. */
#include "case.h"

static void one(const char *what, wg_dtype dtype, int64_t n, int which, int take)
{
    WG_TAPE(tape);
    wg_tensor *g = wg_generator(1, 7);
    wg_tensor *c = wg_add_scalar(wg_uniform(g, dtype, WG_SHAPE(n, n), -1, 1), 0), *b = wg_uniform(g, dtype, WG_SHAPE(n, n), -1, 1);
    wg_tensor *copy = wg_copy(c);
    wg_tensor *right = which == 0 ? wg_addmm(copy, copy, b) : which == 1 ? wg_addmm(copy, b, copy) : wg_addmm(copy, copy, copy);
    wg_tensor *given = take ? wg_donate(c) : c;
    wg_tensor *got = which == 0 ? wg_addmm(given, c, b) : which == 1 ? wg_addmm(given, b, c) : wg_addmm(given, c, c);
    char text[120];
    snprintf(text, sizeof text, "%s, %s, %lld: largest difference", what, wg_dtype_name(dtype), (long long)n);
    if (!got || !right)
        error_(text);
    else
        near_(text, wg_item(wg_norm(wg_cast(wg_sub(got, right), WG_F64), .p = INFINITY)), 0, dtype == WG_F32 ? 1e-4 : 1e-12);
}
int main(void)
{
    for (int64_t n = 3; n <= 100; n += 97)
        for (int d = 0; d < 2; d++) {
            one("addmm(take c, c, b)", d ? WG_F64 : WG_F32, n, 0, 1);
            one("addmm(take c, b, c)", d ? WG_F64 : WG_F32, n, 1, 1);
            one("addmm(take c, c, c)", d ? WG_F64 : WG_F32, n, 2, 1);
        }
    { /* scatter_add of a tensor to itself */
        WG_TAPE(tape);
        wg_tensor *x = wg_add_scalar(wg_from(D(1, 2, 3, 4), WG_SHAPE(4)), 0), *index = wg_from(I(1, 2, 3, 0), WG_SHAPE(4));
        wg_tensor *y = wg_scatter_add(wg_donate(x), 0, index, x);
        if (!y)
            error_("scatter_add(take x, x)");
        else
            for (int i = 0; i < 4; i++)
                near_("scatter_add(take x, i, x)", at_(y, i), (i + 1) + (i + 3) % 4 + 1, 1e-12);
    }
    { /* softmax_grad(y, take y), layer_norm_grad with gy = x, batch_norm_grad with gy = x */
        WG_TAPE(tape);
        wg_tensor *y = wg_softmax(wg_from(D(0.1, 0.7, -0.3, 1, 2, 3), WG_SHAPE(2, 3)), .axis = 1), *copy = wg_copy(y);
        wg_tensor *right = wg_softmax_grad(copy, wg_copy(copy), 1), *got = wg_softmax_grad(y, wg_donate(y), 1);
        near_("softmax_grad(y, take y)", got ? wg_item(wg_norm(wg_sub(got, right))) : NAN, 0, 1e-14);
        wg_tensor *x = wg_add_scalar(wg_from(D(0.1, 0.7, -0.3, 1, 2, 5), WG_SHAPE(2, 3)), 0), *xc = wg_copy(x);
        wg_tensor *mean = wg_mean(xc, .axis = 0), *rstd = wg_rsqrt(wg_add_scalar(wg_var(xc, .axis = 0, .correction = 0), 1e-5));
        wg_tensor *gx[2] = {NULL, NULL}, *gg[2], *gb[2];
        if (wg_batch_norm_grad(xc, WG_NONE, mean, rstd, wg_copy(xc), WG_NONE, &gx[0], &gg[0], &gb[0]) != WG_OK ||
            wg_batch_norm_grad(x, WG_NONE, mean, rstd, wg_donate(x), WG_NONE, &gx[1], &gg[1], &gb[1]) != WG_OK)
            error_("batch_norm_grad");
        else {
            near_("batch_norm_grad(x, take x) gx", wg_item(wg_norm(wg_sub(gx[0], gx[1]))), 0, 1e-12);
            near_("batch_norm_grad(x, take x) ggamma", wg_item(wg_norm(wg_sub(gg[0], gg[1]))), 0, 1e-12);
        }
        wg_tensor *z = wg_add_scalar(wg_from(D(0.1, 0.7, -0.3, 1, 2, 5), WG_SHAPE(2, 3)), 0), *zc = wg_copy(z);
        mean = wg_mean(zc, .axis = 1);
        rstd = wg_rsqrt(wg_add_scalar(wg_var(zc, .axis = 1, .correction = 0), 1e-5));
        if (wg_layer_norm_grad(zc, WG_NONE, mean, rstd, wg_copy(zc), &gx[0], &gg[0], &gb[0]) != WG_OK ||
            wg_layer_norm_grad(z, WG_NONE, mean, rstd, wg_donate(z), &gx[1], &gg[1], &gb[1]) != WG_OK)
            error_("layer_norm_grad");
        else {
            near_("layer_norm_grad(x, take x) gx", wg_item(wg_norm(wg_sub(gx[0], gx[1]))), 0, 1e-12);
            near_("layer_norm_grad(x, take x) ggamma", wg_item(wg_norm(wg_sub(gg[0], gg[1]))), 0, 1e-12);
        }
    }
    return end_();
}
