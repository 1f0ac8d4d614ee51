/* RAdam's rectification. */
#include "rectified.h"

#include "wengert/ops.h"

double rectified_limit(double beta2)
{
    return 2 / (1 - beta2) - 1;
}

wg_tensor *rectified_length(const struct step *s, double beta2)
{
    wg_tensor *t = wg_mul_scalar(s->t, 2), *power = step_power(s, beta2);
    return wg_add_scalar(wg_neg(wg_div(wg_mul(t, power), wg_add_scalar(wg_neg(power), 1))), rectified_limit(beta2));
}

wg_tensor *rectified_above(wg_tensor *rho, double limit)
{
    return wg_relu(wg_sign(wg_add_scalar(rho, -limit)));
}

wg_tensor *rectified_factor(wg_tensor *rho, double beta2)
{
    const double limit = rectified_limit(beta2);
    wg_tensor *above = wg_relu(wg_add_scalar(rho, -4)); /* 0 where the root would not exist */
    wg_tensor *square = wg_div(wg_mul(above, wg_add_scalar(above, 2)), wg_add_scalar(above, 4));
    return wg_sqrt(wg_mul_scalar(square, limit / ((limit - 4) * (limit - 2))));
}

wg_tensor *rectified_step(const struct step *s, wg_tensor *m, wg_tensor *v, double beta1, double beta2, double eps)
{
    wg_tensor *unbiased = step_unbiased(s, m, beta1);
    if (rectified_limit(beta2) <= 5) /* ρ never gets above it */
        return unbiased;
    wg_tensor *rho = rectified_length(s, beta2), *adaptive = rectified_above(rho, 5);
    wg_tensor *scale = wg_mul(rectified_factor(rho, beta2), wg_rsqrt(step_unbias(s, beta2)));
    wg_tensor *factor = step_scaled(wg_reciprocal(step_root(s, v, eps)), wg_mul(adaptive, scale));
    return wg_mul(unbiased, step_added(factor, wg_add_scalar(wg_neg(adaptive), 1)));
}
