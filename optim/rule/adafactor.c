/* Adafactor: the formula stands in optimizers.def. */
#include <math.h>

#include "rule.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

enum { ROWS, COLUMNS };

/* The shape of p's means over the axis, -1 or -2. */
static wg_shape without(const wg_tensor *p, int axis)
{
    wg_shape shape = wg_shape_of(p);
    shape.extent[shape.rank + axis] = 1;
    return shape;
}

static wg_shape rows(const void *options, const wg_tensor *p)
{
    (void)options;
    return wg_rank(p) >= 2 ? without(p, -1) : wg_shape_of(p);
}

static wg_shape columns(const void *options, const wg_tensor *p)
{
    (void)options;
    return wg_rank(p) >= 2 ? without(p, -2) : WG_SHAPE(0);
}

/* x, if clamped at least low. */
static wg_tensor *bounded(const struct step *s, wg_tensor *x, double low)
{
    const wg_optim_adafactor_options *o = s->options;
    return o->clamped ? wg_clamp(x, low, INFINITY) : x;
}

/* The mean of g² + ε₁ along an axis, or of g² if clamped. */
static wg_tensor *mean_square(const struct step *s, int axis)
{
    const wg_optim_adafactor_options *o = s->options;
    const double n = (double)wg_extent(s->g, axis);
    return wg_add_scalar(wg_mul_scalar(wg_sum_squares(s->g, .axis = axis, .keepdims = true), 1 / n), o->clamped ? 0 : o->eps1);
}

/* g over the root of its factored second moment. The roots are taken before their product: that would be 0 where both are small. */
static wg_tensor *normalised(struct step *s)
{
    const wg_optim_adafactor_options *o = s->options;
    wg_tensor *power = wg_pow(s->t, wg_full(WG_F64, WG_SCALAR, -o->decay));
    wg_tensor *beta = wg_add_scalar(wg_neg(power), 1);
    if (wg_rank(s->p) < 2) {
        s->state[ROWS] = step_mixed_by(s->state[ROWS], beta, wg_add_scalar(wg_square(s->g), o->clamped ? 0 : o->eps1));
        return wg_div(s->g, bounded(s, step_sqrt(s, s->state[ROWS]), o->eps1));
    }
    wg_tensor *r = s->state[ROWS] = step_mixed_by(s->state[ROWS], beta, mean_square(s, -1));
    wg_tensor *c = s->state[COLUMNS] = step_mixed_by(s->state[COLUMNS], beta, mean_square(s, -2));
    wg_tensor *share = wg_div(r, bounded(s, wg_mean(r, .axis = -2, .keepdims = true), o->eps1));
    if (o->clamped)
        return wg_div(s->g, bounded(s, wg_mul(step_sqrt(s, share), step_sqrt(s, c)), o->eps1));
    return wg_mul(wg_mul(s->g, step_rsqrt(s, share)), step_rsqrt(s, c));
}

static wg_tensor *root_mean_square(const struct step *s, wg_tensor *x)
{
    return step_sqrt(s, wg_mean(wg_square(x)));
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_adafactor_options *o = s->options;
    wg_tensor *u = normalised(s);
    wg_tensor *length = wg_reciprocal(wg_clamp(wg_mul_scalar(root_mean_square(s, u), 1 / o->clip), 1, INFINITY));
    if (o->relative)
        length = wg_mul(length, wg_clamp(root_mean_square(s, s->p), o->eps2, INFINITY));
    wg_tensor *p = wg_sub(s->p, wg_mul(u, step_scaled(length, wg_minimum(s->lr, wg_rsqrt(s->t)))));
    return o->weight_decay == 0 ? p : wg_sub(p, step_scaled(s->p, wg_mul_scalar(s->lr, o->weight_decay)));
}

const struct optim_rule optim_adafactor_rule = {
    .name = "adafactor", .state = {{.name = "rows", .shape = rows}, {.name = "columns", .shape = columns}}, .move = move};
