/* AdEMAMix: the formula stands in optimizers.def. */
#include <math.h>

#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { M, V, SLOW };

/* min(t/T, 1), f64. */
static wg_tensor *progress(const struct step *s)
{
    const wg_optim_ademamix_options *o = s->options;
    return o->warmup == 0 ? wg_full(WG_F64, WG_SCALAR, 1) : wg_clamp(wg_mul_scalar(s->t, 1 / o->warmup), 0, 1);
}

/* β₃ of this step: its 1/ln goes from that of β₁ to that of β₃ in a straight line. */
static wg_tensor *slow_beta(const struct step *s)
{
    const wg_optim_ademamix_options *o = s->options;
    const double from = 1 / log(o->beta1), to = 1 / log(o->beta3);
    if (o->warmup == 0)
        return wg_full(WG_F64, WG_SCALAR, o->beta3);
    return wg_exp(wg_reciprocal(wg_add_scalar(wg_mul_scalar(progress(s), to - from), from)));
}

static wg_status check(const void *options, const char *op)
{
    const wg_optim_ademamix_options *o = options;
    if (o->warmup == 0 || (o->beta1 > 0 && o->beta3 > 0))
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: .warmup goes from beta1 to beta3: expected both above 0, got %g and %g", op,
                        o->beta1, o->beta3);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_ademamix_options *o = s->options;
    wg_tensor *slow = s->state[SLOW] = step_mixed_by(s->state[SLOW], slow_beta(s), s->g);
    wg_tensor *m = s->state[M] = step_mixed(s->state[M], o->beta1, s->g);
    wg_tensor *v = s->state[V] = step_mixed(s->state[V], o->beta2, wg_square(s->g));
    wg_tensor *above = wg_add(step_unbiased(s, m, o->beta1), step_scaled(slow, wg_mul_scalar(progress(s), o->slow)));
    wg_tensor *u = wg_div(above, step_root(s, step_unbiased(s, v, o->beta2), o->eps));
    return step_away(s, step_plus(u, o->weight_decay, s->p));
}

const struct optim_rule optim_ademamix_rule = {
    .name = "ademamix", .state = {{.name = "m"}, {.name = "v"}, {.name = "slow"}}, .check = check, .move = move};
