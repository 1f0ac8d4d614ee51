/* Running statistics are those of the batch, to the last digits: also for variances far below eps, large means, and one row. */
#include "case.h"
static double variance(double scale, double mean, wg_dtype T, double *running_mean, double eps)
{
    wg_nn_module *bn = wg_nn_batch_norm(1, .dtype = T, .momentum = 1, .eps = eps);
    WG_TAPE(tape);
    double v[8];
    for (int i = 0; i < 8; i++)
        v[i] = mean + scale * (i % 2 ? 1 : -1);
    wg_tensor *y = wg_nn_apply(bn, wg_cast(wg_from(v, WG_SHAPE(8, 1)), T));
    if (!y)
        error_("batch norm");
    const double got = at_(wg_nn_buffers(bn).tensor[1], 0);
    *running_mean = at_(wg_nn_buffers(bn).tensor[0], 0);
    return got;
}
int main(void)
{
    double m;
    for (int d = 0; d < 2; d++)
        for (double scale = 1e3; scale > 1e-9; scale /= 100) {
            char t[80];
            const wg_dtype T = d ? WG_F64 : WG_F32;
            const double s = d ? scale : (double)(float)scale, want = s * s * 8 / 7;
            snprintf(t, sizeof t, "%s running variance of +-%g (eps 1e-5)", wg_dtype_name(T), scale);
            rel_(t, variance(scale, 0, T, &m, 1e-5), want, T == WG_F64 ? 1e-12 : 1e-6);
            near_("running mean", m, 0, 1e-12);
        }
    { /* one row */
        wg_nn_module *bn = wg_nn_batch_norm(2, .dtype = WG_F64);
        WG_TAPE(tape);
        wg_tensor *x = wg_set_requires_grad(wg_from(D(3, -4), WG_SHAPE(1, 2)), true), *y = wg_nn_apply(bn, x);
        if (!y)
            error_("one row");
        else {
            near_("one row: result is beta", at_(y, 0), 0, 0);
            wg_tensor *gx = wg_grad(wg_sum(wg_square(wg_add_scalar(y, 1))), x);
            near_("one row: gradient", at_(gx, 0), 0, 0);
            near_("one row: running mean", at_(wg_nn_buffers(bn).tensor[0], 0), 0.3, 1e-15);
            near_("one row: running variance finite", isfinite(at_(wg_nn_buffers(bn).tensor[1], 0)), 1, 0);
        }
    }
    { /* in use the gradient is gamma / sqrt(var + eps) with the statistics of then, though they move on before backward */
        wg_nn_module *bn = wg_nn_batch_norm(1, .dtype = WG_F64);
        WG_TAPE(tape);
        wg_tensor *x = wg_set_requires_grad(wg_from(D(1, 2, 5), WG_SHAPE(3, 1)), true);
        (void)wg_nn_apply(bn, x);
        wg_tensor *y;
        {
            WG_EVAL_MODE;
            y = wg_nn_apply(bn, x);
        }
        const double var = at_(wg_nn_buffers(bn).tensor[1], 0);
        (void)wg_nn_apply(bn, wg_mul_scalar(x, 100)); /* statistics move on before backward */
        wg_tensor *gx = wg_grad(wg_sum(y), x);
        near_("use: gradient", at_(gx, 1), 1 / sqrt(var + 1e-5), 1e-12);
    }
    return end_();
}
