/* AdaGrad: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static double start(const void *options)
{
    return ((const wg_optim_adagrad_options *)options)->initial_accumulator;
}

/* lr/(1 + (t-1) δ) */
static wg_tensor *rate(const struct step *s, double decay)
{
    return decay == 0 ? s->lr : wg_div(s->lr, wg_add_scalar(wg_mul_scalar(wg_add_scalar(s->t, -1), decay), 1));
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_adagrad_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    wg_tensor *v = s->state[0] = wg_add(s->state[0], wg_square(g));
    wg_tensor *root = o->eps_inside ? wg_sqrt(wg_add_scalar(v, o->eps)) : step_root(v, o->eps);
    return wg_sub(s->p, step_scaled(wg_div(g, root), rate(s, o->lr_decay)));
}

const struct optim_rule optim_adagrad_rule = {.name = "adagrad", .state = {{"v", .start = start}}, .move = move};
