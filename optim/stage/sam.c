/* Sharpness-aware minimization: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_tensor *scaled(const struct step *s, wg_tensor *x)
{
    const wg_stage_sam_options *o = s->options;
    return o->adaptive ? wg_mul(wg_abs(s->p), x) : x;
}

static wg_status part(struct step *s)
{
    s->sum[0] = wg_square(step_norm(scaled(s, s->g)));
    return wg_error_if_null(s->sum[0]);
}

static wg_tensor *move(struct step *s)
{
    const wg_stage_sam_options *o = s->options;
    wg_tensor *length = wg_mul_scalar(wg_reciprocal(wg_add_scalar(step_sqrt(s, s->sum[0]), 1e-12)), o->rho);
    return wg_add(s->p, step_scaled(scaled(s, scaled(s, s->g)), length));
}

const struct optim_rule stage_sam_rule = {.name = "sam",
                                          .place = AHEAD,
                                          .state = {{.name = "start"}, {.name = "is_ahead", .shape = step_scalar}},
                                          .part = part,
                                          .move = move};
