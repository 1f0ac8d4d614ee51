/* Orthogonalisation: the formula stands in stages.def. */
#include "../rule/orthogonal.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

static wg_tensor *move(struct step *s)
{
    return wg_rank(s->p) < 2 ? s->g : wg_mul_scalar(orthogonal_factor(s, s->g, 1e-7), orthogonal_scale(s->p));
}

const struct optim_rule stage_orthogonalize_rule = {.name = "orthogonalize", .place = IN_FRONT, .move = move};
