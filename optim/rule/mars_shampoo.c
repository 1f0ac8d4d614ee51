/* MARS-Shampoo: the formula stands in optimizers.def. */
#include "corrected.h"
#include "orthogonal.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

enum { M, V, G };

static bool is_matrix(const wg_tensor *p)
{
    return wg_rank(p) >= 2;
}

/* Adam's second moment: matrices have none. */
static wg_shape squares(const void *options, const wg_tensor *p)
{
    (void)options;
    return is_matrix(p) ? WG_SHAPE(0) : wg_shape_of(p);
}

/* The gradient of the step before: vectors need none. */
static wg_shape before(const void *options, const wg_tensor *p)
{
    (void)options;
    return is_matrix(p) ? wg_shape_of(p) : WG_SHAPE(0);
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_mars_shampoo_options *o = s->options;
    if (!is_matrix(s->p)) {
        wg_tensor *u = step_adam(s, s->g, o->beta1, o->beta2, o->eps);
        return step_away(s, wg_mul_scalar(step_plus(u, o->weight_decay, s->p), o->adam_rate));
    }
    s->state[M] = step_mixed(s->state[M], o->beta, corrected_gradient(s, G, o->correction, o->beta));
    wg_tensor *u = orthogonal_factor(s, wg_mul_scalar(s->state[M], 1 / (1 - o->beta)), o->eps);
    return step_away(s, step_plus(wg_mul_scalar(u, orthogonal_scale(s->p)), o->weight_decay, s->p));
}

const struct optim_rule optim_mars_shampoo_rule = {
    .name = "mars_shampoo",
    .state = {[M] = {.name = "m"}, [V] = {.name = "v", .shape = squares}, [G] = {.name = "g", .shape = before}},
    .move = move};
