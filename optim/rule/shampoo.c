/* Shampoo: the formula stands in optimizers.def. */
#include "sides.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

enum { M = RIGHT + 1, V };

static bool is_diagonal(const struct sides *sides)
{
    return !sides->left && !sides->right;
}

SIDES_BY_OPTIONS(wg_optim_shampoo_options)

static wg_shape squares(const void *options, const wg_tensor *p)
{
    const struct sides sides = sides_with(options, p);
    return is_diagonal(&sides) || ((const wg_optim_shampoo_options *)options)->graft_adam ? wg_shape_of(p) : WG_SHAPE(0);
}

static bool needs_state(const void *options, int index)
{
    return index != M || ((const wg_optim_shampoo_options *)options)->beta1 != 0;
}

static wg_status check(const void *options, const char *op)
{
    const wg_optim_shampoo_options *o = options;
    WG_TRY(step_check_count(op, "frequency", o->frequency));
    if (!o->graft_sgd || !o->graft_adam)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: graft_sgd and graft_adam: expected one of them, or none", op);
}

/* A sum if β₂ is 1, else a mean. */
static wg_tensor *gathered(const wg_optim_shampoo_options *o, wg_tensor *before, wg_tensor *x)
{
    return o->beta2 == 1 ? wg_add(before, x) : step_mixed(before, o->beta2, x);
}

static wg_tensor *unbiased(const struct step *s, wg_tensor *x)
{
    const wg_optim_shampoo_options *o = s->options;
    return o->beta2 == 1 ? x : step_unbiased(s, x, o->beta2);
}

/* The side's root, whose statistics take in g. */
static wg_tensor *root(struct step *s, int side, wg_tensor *g, double power)
{
    const wg_optim_shampoo_options *o = s->options;
    wg_tensor *statistics = gathered(o, sides_statistics(s->state[side]), sides_product(side, g));
    wg_tensor *factor = sides_root(s, unbiased(s, statistics), sides_factor(s->state[side]), o->frequency, o->eps, power);
    s->state[side] = sides_join(statistics, factor);
    return factor;
}

/* d between the roots of both sides. */
static wg_tensor *preconditioned(struct step *s, const struct sides *sides, wg_tensor *d)
{
    const wg_optim_shampoo_options *o = s->options;
    const double power = o->exponent > 0 ? o->exponent : 0.5 / (sides->left + sides->right);
    wg_tensor *g = sides_matrix(sides, s->g), *u = sides_matrix(sides, d);
    if (sides->left)
        u = wg_matmul(root(s, LEFT, g, power), u);
    if (sides->right)
        u = wg_matmul(u, root(s, RIGHT, g, power));
    return wg_reshape(u, wg_shape_of(s->p));
}

/* d over the diagonal's root. */
static wg_tensor *scaled(struct step *s, wg_tensor *d)
{
    const wg_optim_shampoo_options *o = s->options;
    s->state[V] = gathered(o, s->state[V], wg_square(s->g));
    wg_tensor *v = wg_add_scalar(unbiased(s, s->state[V]), o->eps);
    return wg_mul(d, o->exponent > 0 ? wg_pow_scalar(v, -o->exponent) : step_rsqrt(s, v));
}

/* u with the norm of d; 0 where u is 0. */
static wg_tensor *with_norm_of(const struct step *s, wg_tensor *u, wg_tensor *d)
{
    wg_tensor *norm = step_sqrt(s, step_total(u));
    wg_tensor *none = wg_add_scalar(wg_neg(wg_sign(norm)), 1);
    return wg_mul(u, wg_div(step_sqrt(s, step_total(d)), wg_add(norm, none)));
}

static wg_tensor *adams(struct step *s, wg_tensor *d)
{
    const wg_optim_shampoo_options *o = s->options;
    wg_tensor *v = s->state[V] = step_mixed(s->state[V], o->graft_beta2, wg_square(s->g));
    return wg_div(d, step_root(s, step_unbiased(s, v, o->graft_beta2), o->graft_eps));
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_shampoo_options *o = s->options;
    const struct sides sides = sides_with(o, s->p);
    wg_tensor *d = s->g;
    if (o->beta1 != 0)
        d = step_unbiased(s, s->state[M] = step_mixed(s->state[M], o->beta1, s->g), o->beta1);
    wg_tensor *u, *norm = o->graft_adam ? adams(s, d) : d;
    if (!is_diagonal(&sides))
        u = preconditioned(s, &sides, d);
    else
        u = o->graft_adam ? norm : scaled(s, d);
    if (o->graft_sgd || (o->graft_adam && !is_diagonal(&sides)))
        u = with_norm_of(s, u, norm);
    return step_away(s, step_plus(u, o->weight_decay, s->p));
}

const struct optim_rule optim_shampoo_rule = {.name = "shampoo",
                                              .state = {[LEFT] = {.name = "left", .shape = left},
                                                        [RIGHT] = {.name = "right", .shape = right},
                                                        [M] = {.name = "m"},
                                                        [V] = {.name = "v", .shape = squares}},
                                              .check = check,
                                              .needs_state = needs_state,
                                              .move = move};
