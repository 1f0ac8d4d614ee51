/* Projection onto the simplex: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

/* q₁ ≥ q₂ ≥ …: the largest (q₁ + … + q_j - 1)/j over all j is what must be taken away from each element. */
static wg_tensor *move(struct step *s)
{
    wg_tensor *q = s->moved;
    const int rank = wg_rank(q);
    if (rank == 0)
        return wg_add_scalar(wg_mul_scalar(q, 0), 1);
    wg_tensor *sorted = wg_sort(q, .axis = rank - 1, .descending = true);
    wg_tensor *ones = wg_ones(wg_dtype_of(q), wg_shape_of(q));
    wg_tensor *excess = wg_div(wg_add_scalar(wg_cumsum(sorted, rank - 1), -1), wg_cumsum(ones, rank - 1));
    return wg_relu(wg_sub(q, wg_max(excess, .axis = rank - 1, .keepdims = true)));
}

const struct optim_rule stage_project_simplex_rule = {.name = "project_simplex", .place = BEHIND, .move = move};
