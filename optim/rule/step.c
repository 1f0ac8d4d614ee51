/* What the rules of optimizers are written with. */
#include <math.h>

#include "rule.h"
#include "wengert/error.h"
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

wg_tensor *step_mixed_by(wg_tensor *a, wg_tensor *beta, wg_tensor *b)
{
    return wg_add(step_scaled(a, beta), step_scaled(b, wg_add_scalar(wg_neg(beta), 1)));
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

wg_shape step_scalar(const void *options, const wg_tensor *p)
{
    (void)options, (void)p;
    return WG_SCALAR;
}

/* 1, or 0 where x is 0. */
static wg_tensor *is_some(wg_tensor *x)
{
    return wg_sign(wg_abs(x));
}

wg_tensor *step_off_zero(const struct step *s, wg_tensor *x)
{
    return s->is_recorded ? wg_add(x, wg_add_scalar(wg_neg(is_some(x)), 1)) : x;
}

wg_tensor *step_zero_kept(const struct step *s, wg_tensor *x, wg_tensor *y)
{
    return s->is_recorded ? wg_mul(y, is_some(x)) : y;
}

wg_tensor *step_one_at_zero(const struct step *s, wg_tensor *x, wg_tensor *y)
{
    return s->is_recorded ? wg_maximum(y, wg_add_scalar(wg_neg(is_some(x)), 1)) : y;
}

wg_tensor *step_sqrt(const struct step *s, wg_tensor *x)
{
    return step_zero_kept(s, x, wg_sqrt(step_off_zero(s, x)));
}

/* The derivative of wg_rsqrt has y³, which in f32 is infinite for x = 10⁻³⁰; in that of 1/y factors that are 0 come in between. */
wg_tensor *step_rsqrt(const struct step *s, wg_tensor *x)
{
    return s->is_recorded ? wg_reciprocal(wg_sqrt(x)) : wg_rsqrt(x);
}

wg_tensor *step_root(const struct step *s, wg_tensor *x, double eps)
{
    return wg_add_scalar(step_sqrt(s, x), eps);
}

wg_tensor *step_divisor(const struct step *s, wg_tensor *v, double eps, bool inside)
{
    return inside ? step_sqrt(s, wg_add_scalar(v, eps)) : step_root(s, v, eps);
}

wg_tensor *step_over_root(const struct step *s, wg_tensor *x, wg_tensor *v, double eps, bool inside)
{
    wg_tensor *root = step_divisor(s, v, eps, inside);
    if (eps > 0)
        return wg_div(x, root);
    wg_tensor *moves = wg_sign(root); /* 1, or 0 where v is 0 */
    return wg_div(wg_mul(x, moves), wg_add(root, wg_add_scalar(wg_neg(moves), 1)));
}

wg_tensor *step_away(const struct step *s, wg_tensor *direction)
{
    return wg_sub(s->p, step_scaled(direction, s->lr));
}

/* A sum that the group which computes its operand takes along; wg_sum_squares would be a pass of its own. */
wg_tensor *step_total(wg_tensor *x)
{
    return wg_sum(wg_square(x));
}

wg_tensor *step_norm(wg_tensor *x)
{
    return wg_cast(wg_norm2(x), WG_F64);
}

wg_tensor *step_shortened(wg_tensor *x, wg_tensor *norm, double limit)
{
    return step_scaled(x, wg_clamp(wg_mul_scalar(wg_reciprocal(wg_add_scalar(norm, 1e-6)), limit), 0, 1));
}

/* Signs are multiplied, since a product of small numbers is 0. */
wg_tensor *step_trust(const struct step *s, wg_tensor *p, wg_tensor *u)
{
    wg_tensor *p2 = step_total(p), *u2 = step_total(u);
    wg_tensor *whole = wg_mul(wg_sign(p2), wg_sign(u2)); /* 0 where either is, else 1 */
    wg_tensor *others = wg_add_scalar(wg_neg(whole), 1);
    return wg_add(others, wg_mul(whole, step_sqrt(s, wg_div(p2, wg_add(u2, others)))));
}

wg_tensor *step_is_multiple(wg_tensor *n, double of)
{
    wg_tensor *parts = wg_mul_scalar(n, 1 / of), *over = wg_sub(n, wg_mul_scalar(wg_floor(wg_add_scalar(parts, 1e-9)), of));
    return wg_add_scalar(wg_neg(wg_sign(over)), 1);
}

wg_tensor *step_quotient(wg_tensor *a, wg_tensor *b)
{
    wg_tensor *some = wg_sign(b), *none = wg_add_scalar(wg_neg(some), 1);
    return wg_mul(some, wg_div(a, wg_add(b, none)));
}

wg_tensor *step_dot(wg_tensor *x, wg_tensor *y)
{
    return wg_cast(wg_sum(wg_mul(x, y)), WG_F64);
}

wg_tensor *step_norm1(wg_tensor *x)
{
    return wg_cast(wg_sum(wg_abs(x)), WG_F64);
}

wg_tensor *step_square_norm(wg_tensor *x)
{
    return wg_cast(step_total(x), WG_F64);
}

wg_tensor *step_loss(const struct step *s)
{
    return wg_cast(wg_reshape(s->loss, WG_SCALAR), WG_F64);
}

/* The state is 0 before. */
wg_tensor *step_start(const struct step *s, int state)
{
    return wg_add(s->before[state], step_scaled(s->p, step_is_first(s)));
}

wg_tensor *step_unbiased(const struct step *s, wg_tensor *average, double beta)
{
    return step_scaled(average, step_unbias(s, beta));
}

wg_tensor *step_adam(struct step *s, wg_tensor *g, double beta1, double beta2, double eps)
{
    wg_tensor *m = s->state[0] = step_mixed(s->state[0], beta1, g);
    wg_tensor *v = s->state[1] = step_mixed(s->state[1], beta2, wg_square(g));
    return wg_div(step_unbiased(s, m, beta1), step_root(s, step_unbiased(s, v, beta2), eps));
}

wg_tensor *step_between(wg_tensor *x, wg_tensor *low, wg_tensor *high)
{
    return wg_minimum(wg_maximum(x, like(low, x)), like(high, x));
}

/* Signs are multiplied, since a product of small numbers is 0. */
wg_tensor *step_cautious(wg_tensor *gradient, wg_tensor *u)
{
    wg_tensor *same = wg_relu(wg_mul(wg_sign(u), wg_sign(gradient)));
    return wg_div(wg_mul(u, same), wg_clamp(wg_mean(same), 1e-3, 1));
}

wg_tensor *step_momentum(struct step *s, int state, wg_tensor *u, double momentum, double dampening, bool nesterov)
{
    wg_tensor *taken = u;
    if (dampening != 0) /* 1-τ, at the first step 1 */
        taken = step_scaled(u, wg_add_scalar(wg_mul_scalar(step_is_first(s), dampening), 1 - dampening));
    wg_tensor *v = s->state[state] = step_plus(taken, momentum, s->state[state]);
    return nesterov ? step_plus(u, momentum, v) : v;
}

/* At the first step there is no u before, and the state is 0. */
wg_tensor *step_optimistic(struct step *s, int state, wg_tensor *u, double optimism)
{
    wg_tensor *before = wg_add(s->state[state], step_scaled(u, step_is_first(s)));
    s->state[state] = u;
    return step_plus(u, optimism, wg_sub(u, before));
}

/* A step that is left out draws, and gives back what it has drawn. */
wg_tensor *step_noise(const struct step *s, int state)
{
    wg_tensor *generator = s->state[state], *either[2] = {s->gate ? wg_copy(generator) : NULL, generator};
    wg_tensor *noise = wg_normal(generator, wg_dtype_of(s->p), wg_shape_of(s->p), 0, 1);
    if (!s->gate)
        return noise;
    wg_tensor *index = wg_reshape(wg_cast(s->gate, WG_I64), WG_SHAPE(1));
    wg_tensor *kept = wg_squeeze(wg_index_select(wg_stack(either, 2, 0), 0, index), 0);
    return wg_assign(generator, kept) == WG_OK ? noise : NULL;
}

wg_status step_check_momentum(const char *op, double momentum, double dampening, bool nesterov)
{
    if (dampening != 0 && momentum == 0)
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: .dampening = %g without .momentum: it acts on the momentum, expected one above 0", op, dampening);
    if (!nesterov || (momentum > 0 && dampening == 0))
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: nesterov: expected momentum above 0 and dampening 0, got %g and %g", op, momentum,
                        dampening);
}

wg_status step_check_count(const char *op, const char *option, double value)
{
    return value == floor(value) ? WG_OK
                                 : wg_error_set(WG_E_ARGUMENT, op, "%s: %s: expected a whole number, got %g", op, option, value);
}

wg_status step_close_unless(struct step *s, wg_tensor *open)
{
    s->gate = s->gate ? wg_logical_and(s->gate, open) : open;
    return wg_error_if_null(s->gate);
}

void step_terms_of_average(const struct step *s, struct terms *terms, double beta, bool corrected)
{
    terms->scale = corrected ? wg_mul(s->lr, step_unbias(s, beta)) : s->lr;
    terms->kept = beta;
    terms->taken = 1 - beta;
}

wg_status step_no_terms(const char *op, const char *why)
{
    return wg_error_set(WG_E_ARGUMENT, op, "%s: with %s a step is none of u ← a u + b g, p ← p - s u/h", op, why);
}
