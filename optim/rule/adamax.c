/* Adamax: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

enum { M, U };

static wg_tensor *move(struct step *s)
{
    const wg_optim_adamax_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay);
    wg_tensor *m = s->state[M] = step_mixed(s->state[M], o->beta1, g);
    wg_tensor *u = s->state[U] = wg_maximum(wg_mul_scalar(s->state[U], o->beta2), wg_add_scalar(wg_abs(g), o->eps));
    return step_away(s, step_scaled(wg_div(m, u), step_unbias(s, o->beta1)));
}

static wg_status terms(const struct step *s, struct terms *terms, const char *op)
{
    const wg_optim_adamax_options *o = s->options;
    (void)op;
    terms->gradient = step_gradient(s, o->weight_decay);
    terms->h = s->state[U];
    step_terms_of_average(s, terms, o->beta1, true);
    return WG_OK;
}

const struct optim_rule optim_adamax_rule = {
    .name = "adamax", .terms = terms, .state = {{.name = "m"}, {.name = "u"}}, .move = move};
