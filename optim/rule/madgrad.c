/* MADGRAD: the formula stands in optimizers.def. */
#include "rule.h"
#include "wengert/ops.h"

enum { SUM, SQUARES, START };

/* ∛x for x ≥ 0, which at 0 is exp(-∞): pow takes twenty times as long. */
static wg_tensor *cube_root(const struct step *s, wg_tensor *x)
{
    return step_zero_kept(s, x, wg_exp(wg_mul_scalar(wg_log(step_off_zero(s, x)), 1.0 / 3)));
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_madgrad_options *o = s->options;
    wg_tensor *g = step_gradient(s, o->weight_decay), *first = step_is_first(s);
    wg_tensor *weight = wg_mul(s->lr, wg_sqrt(s->t));
    wg_tensor *sum = s->state[SUM] = wg_add(s->state[SUM], step_scaled(g, weight));
    wg_tensor *squares = s->state[SQUARES] = wg_add(s->state[SQUARES], step_scaled(wg_square(g), weight));
    wg_tensor *start = s->state[START] = wg_add(s->state[START], step_scaled(s->p, first)); /* 0 before it is p */
    wg_tensor *z = wg_sub(start, wg_div(sum, wg_add_scalar(cube_root(s, squares), o->eps)));
    return step_plus(s->p, 1 - o->momentum, wg_sub(z, s->p));
}

const struct optim_rule optim_madgrad_rule = {
    .name = "madgrad", .state = {{.name = "s"}, {.name = "v"}, {.name = "start"}}, .move = move};
