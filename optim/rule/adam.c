/* Adam: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_status update(const struct step *s)
{
    const wg_optim_adam_options *o = s->options;
    return wg_adam_update(s->p, s->state[0], s->state[1], s->g, s->lr, s->t, o->beta1, o->beta2, o->eps, o->weight_decay, false);
}

/* The variants that the kernel does not have. */
static bool by_ops(const void *options)
{
    const wg_optim_adam_options *o = options;
    return o->uncorrected || o->eps_inside || o->sum;
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_adam_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    wg_tensor *m = s->state[0] = o->sum ? step_plus(g, o->beta1, s->state[0]) : step_mixed(s->state[0], o->beta1, g);
    wg_tensor *v = s->state[1] = step_mixed(s->state[1], o->beta2, wg_square(g));
    if (!o->uncorrected) {
        m = step_unbiased(s, m, o->beta1);
        v = step_unbiased(s, v, o->beta2);
    }
    return step_away(s, step_over_root(s, m, v, o->eps, o->eps_inside));
}

static wg_status terms(const struct step *s, struct terms *terms, const char *op)
{
    const wg_optim_adam_options *o = s->options;
    if (o->eps == 0)
        return step_no_terms(op, "eps 0");
    wg_tensor *v = o->uncorrected ? s->state[1] : step_unbiased(s, s->state[1], o->beta2);
    terms->gradient = step_gradient(s, o->weight_decay);
    terms->h = step_divisor(s, v, o->eps, o->eps_inside);
    step_terms_of_average(s, terms, o->beta1, !o->uncorrected);
    if (o->sum)
        terms->taken = 1;
    return WG_OK;
}

const struct optim_rule optim_adam_rule = {
    .name = "adam", .terms = terms, .state = {{.name = "m"}, {.name = "v"}}, .update = update, .by_ops = by_ops, .move = move};
