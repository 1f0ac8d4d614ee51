/* The Cayley retraction: the formula stands in stages.def. */
#include "../rule/rule.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

/* (I + A/2)⁻¹ (I - A/2) x for A = d xᵀ - x dᵀ of rank 2k, k the columns of x: with u = [d, x] and v = [x, -d], A = u vᵀ, and the
   matrix to solve with has 2k rows (Sherman, Morrison, Woodbury). */
static wg_tensor *retract(wg_tensor *x, wg_tensor *d)
{
    wg_tensor *pair[2] = {d, x}, *other[2] = {x, wg_neg(d)};
    wg_tensor *u = wg_concat(pair, 2, 1), *v = wg_transpose(wg_concat(other, 2, 1), 0, 1);
    const int64_t k = wg_extent(x, 1);
    wg_tensor *inner = wg_add(wg_diag(wg_ones(wg_dtype_of(x), WG_SHAPE(2 * k))), wg_mul_scalar(wg_matmul(v, u), 0.5));
    return wg_sub(x, wg_matmul(u, wg_solve(inner, wg_matmul(v, x))));
}

static wg_tensor *move(struct step *s)
{
    const int rank = wg_rank(s->p);
    if (rank < 2)
        return s->moved;
    const int64_t rows = wg_extent(s->p, 0), columns = rows > 0 ? wg_numel(s->p) / rows : 0;
    wg_tensor *x = wg_reshape(s->p, WG_SHAPE(rows, columns));
    wg_tensor *d = wg_sub(x, wg_reshape(s->moved, WG_SHAPE(rows, columns)));
    wg_tensor *y = rows >= columns ? retract(x, d) : wg_transpose(retract(wg_transpose(x, 0, 1), wg_transpose(d, 0, 1)), 0, 1);
    return wg_reshape(y, wg_shape_of(s->p));
}

const struct optim_rule stage_cayley_rule = {.name = "cayley", .place = BEHIND, .move = move};
