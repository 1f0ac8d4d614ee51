/* Projection onto a box: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"

static wg_status check(const void *options, const char *op)
{
    const wg_stage_project_box_options *o = options;
    return o->low <= o->high ? WG_OK
                             : wg_error_set(WG_E_ARGUMENT, op, "%s: expected low at most high, got %g and %g", op, o->low, o->high);
}

static wg_tensor *move(struct step *s)
{
    const wg_stage_project_box_options *o = s->options;
    return wg_clamp(s->moved, o->low, o->high);
}

const struct optim_rule stage_project_box_rule = {.name = "project_box", .place = BEHIND, .check = check, .move = move};
