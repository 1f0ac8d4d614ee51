/* NovoGrad: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

static wg_shape scalar(const void *options, const wg_tensor *p)
{
    (void)options, (void)p;
    return WG_SCALAR;
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_novograd_options *o = s->options;
    wg_tensor *total = step_total(s->g);
    wg_tensor *rest = wg_mul(total, step_scaled(wg_full(wg_dtype_of(total), WG_SCALAR, o->beta2), step_is_first(s)));
    wg_tensor *v = s->state[1] = wg_add(step_mixed(s->state[1], o->beta2, total), rest);
    wg_tensor *normal = step_plus(wg_div(s->g, step_root(s, v, o->eps)), o->weight_decay, s->p);
    s->state[0] = step_plus(normal, o->beta1, s->state[0]);
    return step_away(s, s->state[0]);
}

const struct optim_rule optim_novograd_rule = {
    .name = "novograd", .state = {{.name = "m"}, {.name = "v", .shape = scalar}}, .move = move};
