/* AdamW, Adam with decoupled weight decay: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_status update(const struct step *s)
{
    const wg_optim_adamw_options *o = s->options;
    return wg_adam_update(s->p, s->state[0], s->state[1], s->g, s->lr, s->t, o->beta1, o->beta2, o->eps, o->weight_decay, true);
}

/* Where stages stand beside the rule. */
static wg_tensor *move(struct step *s)
{
    const wg_optim_adamw_options *o = s->options;
    return step_away(s, step_plus(step_adam(s, s->g, o->beta1, o->beta2, o->eps), o->weight_decay, s->p));
}

static wg_status terms(const struct step *s, struct terms *terms, const char *op)
{
    const wg_optim_adamw_options *o = s->options;
    if (o->weight_decay != 0)
        return step_no_terms(op, "weight_decay");
    terms->gradient = s->g;
    terms->h = step_root(s, step_unbiased(s, s->state[1], o->beta2), o->eps);
    step_terms_of_average(s, terms, o->beta1, true);
    return WG_OK;
}

const struct optim_rule optim_adamw_rule = {
    .name = "adamw", .terms = terms, .state = {{.name = "m"}, {.name = "v"}}, .update = update, .move = move};
