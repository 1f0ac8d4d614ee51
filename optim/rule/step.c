/* What the rules of optimizers are written with. */
#include "rule.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

static wg_tensor *like(wg_tensor *scalar, const wg_tensor *x)
{
    return x && scalar && wg_dtype_of(scalar) != wg_dtype_of(x) ? wg_cast(scalar, wg_dtype_of(x)) : scalar;
}

wg_tensor *step_scaled(wg_tensor *x, wg_tensor *scalar)
{
    return wg_mul(x, like(scalar, x));
}

wg_tensor *step_added(wg_tensor *x, wg_tensor *scalar)
{
    return wg_add(x, like(scalar, x));
}

wg_tensor *step_mixed(wg_tensor *a, double beta, wg_tensor *b)
{
    return wg_add(wg_mul_scalar(a, beta), wg_mul_scalar(b, 1 - beta));
}

wg_tensor *step_plus(wg_tensor *a, double factor, wg_tensor *b)
{
    return factor == 0 ? a : wg_add(a, wg_mul_scalar(b, factor));
}

wg_tensor *step_gradient(const struct step *s, double weight_decay)
{
    return step_plus(s->g, weight_decay, s->p);
}

wg_tensor *step_power(const struct step *s, double beta)
{
    return wg_pow(wg_full(WG_F64, WG_SCALAR, beta), s->t);
}

wg_tensor *step_unbias(const struct step *s, double beta)
{
    return wg_reciprocal(wg_add_scalar(wg_neg(step_power(s, beta)), 1));
}

wg_tensor *step_is_first(const struct step *s)
{
    return wg_relu(wg_add_scalar(wg_neg(s->t), 2)); /* t is 1, 2, … */
}

wg_tensor *step_root(wg_tensor *x, double eps)
{
    return wg_add_scalar(wg_sqrt(x), eps);
}

wg_tensor *step_away(const struct step *s, wg_tensor *direction)
{
    return wg_sub(s->p, step_scaled(direction, s->lr));
}

wg_tensor *step_total(wg_tensor *x)
{
    return wg_sum(wg_square(x));
}
