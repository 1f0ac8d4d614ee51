/* NAdam: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

enum { M, V, PRODUCT };

static wg_shape scalar(const void *options, const wg_tensor *p)
{
    (void)options, (void)p;
    return WG_SCALAR;
}

static double one(const void *options)
{
    (void)options;
    return 1;
}

/* μ of step t: β₁ (1 - ½ 0.96^(tψ)) */
static wg_tensor *momentum(const wg_optim_nadam_options *o, wg_tensor *t)
{
    wg_tensor *fading = wg_pow(wg_full(WG_F64, WG_SCALAR, 0.96), wg_mul_scalar(t, o->momentum_decay));
    return wg_mul_scalar(wg_add_scalar(wg_mul_scalar(fading, -0.5), 1), o->beta1);
}

static wg_tensor *one_minus(wg_tensor *x)
{
    return wg_add_scalar(wg_neg(x), 1);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_nadam_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay), *mu = momentum(o, s->t), *next = momentum(o, wg_add_scalar(s->t, 1));
    wg_tensor *m = s->state[M] = step_mixed(s->state[M], o->beta1, g);
    wg_tensor *v = s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(g));
    wg_tensor *product = s->state[PRODUCT] = step_scaled(s->state[PRODUCT], mu); /* of all μ so far, in p's dtype */
    wg_tensor *of_g = step_scaled(wg_reciprocal(one_minus(product)), one_minus(mu));
    wg_tensor *of_m = step_scaled(wg_reciprocal(one_minus(step_scaled(product, next))), next);
    wg_tensor *root = step_root(s, step_scaled(v, step_unbias(s, o->beta2)), o->eps);
    return step_away(s, wg_div(wg_add(wg_mul(g, of_g), wg_mul(m, of_m)), root));
}

const struct optim_rule optim_nadam_rule = {
    .name = "nadam", .state = {{.name = "m"}, {.name = "v"}, {.name = "product", .shape = scalar, .start = one}}, .move = move};
