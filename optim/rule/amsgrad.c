/* AMSGrad: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

enum { M, V, LARGEST };

static wg_tensor *move(struct step *s)
{
    const wg_optim_amsgrad_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->decoupled ? 0 : o->weight_decay);
    wg_tensor *m = s->state[M] = step_mixed(s->state[M], o->beta1, g);
    s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(g));
    wg_tensor *v = s->state[LARGEST] = wg_maximum(s->state[LARGEST], s->state[V]);
    if (!o->uncorrected) {
        m = step_scaled(m, step_unbias(s, o->beta1));
        v = step_scaled(v, step_unbias(s, o->beta2));
    }
    wg_tensor *direction = step_over_root(s, m, v, o->eps, false);
    return step_away(s, step_plus(direction, o->decoupled ? o->weight_decay : 0, s->p));
}

static wg_status terms(const struct step *s, struct terms *terms, const char *op)
{
    const wg_optim_amsgrad_options *o = s->options;
    if (o->eps == 0 || (o->decoupled && o->weight_decay != 0))
        return step_no_terms(op, "eps 0, or decoupled weight_decay,");
    wg_tensor *v = o->uncorrected ? s->state[LARGEST] : step_unbiased(s, s->state[LARGEST], o->beta2);
    terms->gradient = step_gradient(s, o->weight_decay);
    terms->h = step_root(s, v, o->eps);
    step_terms_of_average(s, terms, o->beta1, !o->uncorrected);
    return WG_OK;
}

const struct optim_rule optim_amsgrad_rule = {
    .name = "amsgrad", .terms = terms, .state = {{.name = "m"}, {.name = "v"}, {.name = "largest"}}, .move = move};
