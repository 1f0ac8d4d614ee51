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
