/* Adaptive gradient clipping: the formula stands in stages.def. */
#include "../rule/rule.h"
#include <math.h>

#include "wengert/ops.h"
#include "wengert/tensor.h"

/* Of each row, or the absolute value of each element. */
static wg_tensor *unit_norms(wg_tensor *x)
{
    const int rank = wg_rank(x);
    if (rank < 2)
        return wg_abs(x);
    wg_tensor *rows = wg_reshape(x, WG_SHAPE(wg_extent(x, 0), wg_numel(x) / wg_extent(x, 0)));
    wg_shape column = {.rank = rank, .extent = {wg_extent(x, 0)}};
    for (int i = 1; i < rank; i++)
        column.extent[i] = 1;
    return wg_reshape(wg_norm2(rows, .axis = 1), column);
}

static wg_tensor *move(struct step *s)
{
    const wg_stage_clip_adaptive_options *o = s->options;
    wg_tensor *weights = wg_clamp(unit_norms(s->p), o->eps, INFINITY);
    wg_tensor *norms = unit_norms(s->g), *ratio = wg_div(wg_mul_scalar(weights, o->ratio), step_off_zero(s, norms));
    return wg_mul(s->g, step_one_at_zero(s, norms, wg_clamp(ratio, 0, 1))); /* the ratio is infinite where the gradient is 0 */
}

const struct optim_rule stage_clip_adaptive_rule = {.name = "clip_adaptive", .place = IN_FRONT, .is_gradient = true, .move = move};
