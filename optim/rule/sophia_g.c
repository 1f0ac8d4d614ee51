/* Sophia with the Gauss-Newton-Bartlett estimate: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { M, H };

static wg_status observe(struct step *s)
{
    const wg_optim_sophia_g_options *o = s->options;
    s->state[H] = step_mixed(s->state[H], o->beta2, wg_square(s->g));
    return wg_error_if_null(s->state[H]);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_sophia_g_options *o = s->options;
    wg_tensor *m = s->state[M] = step_mixed(s->state[M], o->beta1, s->g);
    wg_tensor *curvature = wg_add_scalar(wg_mul_scalar(s->state[H], o->curvature * o->batch), o->eps);
    return step_away(s, step_plus(wg_clamp(wg_div(m, curvature), -1, 1), o->weight_decay, s->p));
}

const struct optim_rule optim_sophia_g_rule = {
    .name = "sophia_g", .state = {[M] = {.name = "m"}, [H] = {.name = "h"}}, .observe = observe, .move = move};
