/* Leaving out steps that are not finite: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

/* 0, or NaN where an element is not finite. */
static wg_status part(struct step *s)
{
    s->sum[0] = wg_cast(wg_sum(wg_mul_scalar(s->g, 0)), WG_F64);
    return wg_error_if_null(s->sum[0]);
}

static wg_status agree(struct step *s)
{
    wg_tensor *finite = wg_is_finite(s->sum[0]);
    s->state[0] = wg_add_scalar(wg_sub(s->state[0], wg_cast(finite, WG_F64)), 1);
    return step_close_unless(s, finite);
}

static wg_tensor *move(struct step *s)
{
    return s->g;
}

const struct optim_rule stage_skip_nonfinite_rule = {.name = "skip_nonfinite",
                                                     .place = IN_FRONT,
                                                     .is_gradient = true,
                                                     .state = {{.name = "skipped", .shared = true}},
                                                     .part = part,
                                                     .agree = agree,
                                                     .move = move};
