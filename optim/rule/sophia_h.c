/* Sophia with Hutchinson's estimate: the formula stands in optimizers.def. */
#include <math.h>

#include "rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

enum { M, H };

static wg_status observe(struct step *s)
{
    const wg_optim_sophia_h_options *o = s->options;
    s->state[H] = step_mixed(s->state[H], o->beta2, s->g);
    return wg_error_if_null(s->state[H]);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_sophia_h_options *o = s->options;
    wg_tensor *m = s->state[M] = step_mixed(s->state[M], o->beta1, s->g);
    wg_tensor *curvature = wg_clamp(wg_mul_scalar(s->state[H], o->curvature), o->eps, INFINITY);
    return step_away(s, step_plus(wg_clamp(wg_div(m, curvature), -1, 1), o->weight_decay, s->p));
}

const struct optim_rule optim_sophia_h_rule = {
    .name = "sophia_h", .state = {[M] = {.name = "m"}, [H] = {.name = "h"}}, .observe = observe, .move = move};
