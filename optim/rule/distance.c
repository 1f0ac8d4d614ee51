/* What the rules share that estimate how far the solution is from the start. */
#include "distance.h"

#include <math.h>

#include "wengert/error.h"
#include "wengert/ops.h"

wg_tensor *distance_rate(const struct step *s, int state)
{
    return wg_mul(s->lr, s->before[state]);
}

wg_tensor *distance_adam_rate(const struct step *s, int state, double beta1, double beta2, bool uncorrected)
{
    wg_tensor *rate = distance_rate(s, state);
    if (uncorrected)
        return rate;
    wg_tensor *root = wg_sqrt(wg_add_scalar(wg_neg(step_power(s, beta2)), 1));
    return wg_mul(rate, wg_mul(root, step_unbias(s, beta1)));
}

wg_tensor *distance_limited(wg_tensor *estimate, wg_tensor *d, double growth)
{
    return isinf(growth) ? estimate : wg_minimum(estimate, wg_mul_scalar(d, growth));
}

wg_status distance_grow(struct step *s, int state, wg_tensor *estimate, double growth)
{
    wg_tensor *d = s->state[state];
    s->state[state] = wg_maximum(d, distance_limited(estimate, d, growth));
    return wg_error_if_null(s->state[state]);
}

wg_status distance_grow_by_average(struct step *s, int state, int numerator, double q, double growth)
{
    s->state[numerator] = step_mixed(s->state[numerator], q, s->sum[0]);
    return distance_grow(s, state, wg_mul_scalar(step_quotient(s->state[numerator], s->sum[1]), 1 / (1 - q)), growth);
}

wg_status distance_parts(const struct step *s, int n)
{
    for (int k = 0; k < n; k++)
        WG_TRY(wg_error_if_null(s->sum[k]));
    return WG_OK;
}

wg_tensor *distance_sum(wg_tensor *a, double beta, wg_tensor *b, wg_tensor *factor)
{
    return wg_add(wg_mul_scalar(a, beta), step_scaled(b, factor));
}

/* In this form p stays where z is p. */
wg_tensor *distance_toward(wg_tensor *p, double momentum, wg_tensor *z)
{
    return momentum == 0 ? z : wg_add(p, wg_mul_scalar(wg_sub(z, p), 1 - momentum));
}
