/* A tensor that is given away in a slot which backward does not read, while it stands in one that backward does. Right: values and gradients
   as without wg_donate. */
#include "case.h"

static wg_tensor *one(int kind, wg_tensor *x, wg_tensor *w, int take)
{
    wg_tensor *h = wg_add_scalar(x, 1); /* an intermediate */
    wg_tensor *given = take ? wg_donate(h) : h;
    switch (kind) {
    case 0:
        return wg_fma(given, w, h);
    case 1:
        return wg_fma(w, h, given);
    case 2:
        return wg_addmm(given, h, w);
    case 3:
        return wg_addmm(given, w, h);
    case 4:
        return wg_mul(given, h);
    case 5:
        return wg_lerp(given, h, w);
    case 6:
        return wg_lerp(w, given, h);
    case 7:
        return wg_huber_terms(given, h, 1);
    case 8:
        return wg_div(given, h);
    case 9:
        return wg_pow(given, h);
    case 10:
        return wg_atan2(given, h);
    case 11:
        return wg_maximum(given, h);
    case 12:
        return wg_tanh_grad(h, given);
    case 13:
        return wg_relu_grad(h, given);
    case 14:
        return wg_clamp_grad(h, given, -1, 1);
    case 15:
        return wg_softmax_grad(h, given, 1);
    case 16:
        return wg_log_softmax_grad(h, given, 1);
    case 17:
        return wg_gelu_grad(h, given);
    case 18:
        return wg_leaky_relu_grad(h, given, 0.1);
    case 19:
        return wg_elu_grad(h, given, 1, 1);
    case 20:
        return wg_silu_grad(h, given);
    case 21:
        return wg_sigmoid_grad(h, given);
    case 22:
        return wg_maximum_grad(h, w, given, 0);
    case 23:
        return wg_scatter_add(given, 0, wg_zeros(WG_I64, WG_SHAPE(3, 3)), h);
    case 24:
        return wg_where(wg_gt(w, wg_zeros(WG_F64, WG_SCALAR)), given, h);
    case 25:
        return wg_mask_scale(given, wg_gt(w, wg_zeros(WG_F64, WG_SCALAR)), 2);
    default:
        return NULL;
    }
}
int main(void)
{
    const char *name[] = {"fma(take h, w, h)",
                          "fma(w, h, take h)",
                          "addmm(take h, h, w)",
                          "addmm(take h, w, h)",
                          "mul(take h, h)",
                          "lerp(take h, h, w)",
                          "lerp(w, take h, h)",
                          "huber_terms",
                          "div",
                          "pow",
                          "atan2",
                          "maximum",
                          "tanh_grad(h, take h)",
                          "relu_grad",
                          "clamp_grad",
                          "softmax_grad",
                          "log_softmax_grad",
                          "gelu_grad",
                          "leaky_relu_grad",
                          "elu_grad",
                          "silu_grad",
                          "sigmoid_grad",
                          "maximum_grad",
                          "scatter_add(take h, i, h)",
                          "where",
                          "mask_scale"};
    const double a[9] = {0.3, -0.2, 0.7, 0.1, 0.9, -0.6, 0.4, 0.2, -0.8}, b[9] = {0.5, 0.4, -0.3, 0.8, 0.1, 0.6, -0.9, 0.35, 0.2};
    for (int kind = 0; kind < 26; kind++) {
        double worst[2] = {0, 0};
        double r[2][2][9], y0[2];
        for (int take = 0; take < 2; take++) {
            WG_TAPE(tape);
            wg_tensor *x = wg_set_requires_grad(wg_from(a, WG_SHAPE(3, 3)), true),
                      *w = wg_set_requires_grad(wg_from(b, WG_SHAPE(3, 3)), true), *g[2];
            wg_tensor *y = one(kind, x, w, take);
            y0[take] = y ? wg_item(wg_sum(wg_mul(y, wg_add_scalar(w, 3)))) : NAN;
            if (!y || wg_grad_many(wg_sum(wg_square(y)), ((wg_tensor *[]){x, w}), 2, g, .unused = WG_UNUSED_ZEROS) != WG_OK) {
                error_(name[kind]);
                y0[take] = NAN;
                continue;
            }
            for (int q = 0; q < 2; q++)
                for (int i = 0; i < 9; i++)
                    r[take][q][i] = at_(g[q], i);
        }
        for (int q = 0; q < 2; q++)
            for (int i = 0; i < 9; i++)
                worst[q] = fmax(worst[q], fabs(r[0][q][i] - r[1][q][i]));
        char t[90];
        if (isnan(y0[0]) && isnan(y0[1]))
            continue;
        snprintf(t, sizeof t, "%s: value", name[kind]);
        near_(t, y0[1], y0[0], 1e-12);
        snprintf(t, sizeof t, "%s: gradient of x", name[kind]);
        near_(t, worst[0], 0, 1e-12);
        snprintf(t, sizeof t, "%s: gradient of w", name[kind]);
        near_(t, worst[1], 0, 1e-12);
    }
    return end_();
}
