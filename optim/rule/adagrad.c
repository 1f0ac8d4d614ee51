/* AdaGrad: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_status check(const void *options, const char *op)
{
    const wg_optim_adagrad_options *o = options;
    if (!o->past || o->eps == 0)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: past: expected eps 0, got %g: an element stays where no gradient came before", op,
                        o->eps);
}

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
    wg_tensor *past = s->state[0], *v = s->state[0] = wg_add(past, wg_square(g));
    wg_tensor *direction = step_over_root(s, g, o->past ? past : v, o->eps, o->eps_inside);
    return wg_sub(s->p, step_scaled(direction, rate(s, o->lr_decay)));
}

static wg_status terms(const struct step *s, struct terms *terms, const char *op)
{
    const wg_optim_adagrad_options *o = s->options;
    if (o->past || o->eps == 0)
        return step_no_terms(op, "past, or eps 0,");
    terms->gradient = step_gradient(s, o->weight_decay);
    terms->h = step_divisor(s, s->state[0], o->eps, o->eps_inside);
    terms->scale = rate(s, o->lr_decay);
    return WG_OK;
}

const struct optim_rule optim_adagrad_rule = {
    .name = "adagrad", .terms = terms, .state = {{.name = "v", .start = start}}, .check = check, .move = move};
