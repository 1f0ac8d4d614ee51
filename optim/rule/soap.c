/* SOAP: the formula stands in optimizers.def. */
#include "sides.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

enum { M = RIGHT + 1, V };

SIDES_BY_OPTIONS(wg_optim_soap_options)

static wg_status check(const void *options, const char *op)
{
    return step_check_count(op, "frequency", ((const wg_optim_soap_options *)options)->frequency);
}

/* x into the eigenbases, Q_Lᵀ x Q_R, or back from them. */
static wg_tensor *rotated(const struct step *s, const struct sides *sides, wg_tensor *x, bool back)
{
    if (sides->left) {
        wg_tensor *q = sides_factor(s->state[LEFT]);
        x = wg_matmul(back ? q : wg_transpose(q, 0, 1), x);
    }
    if (sides->right) {
        wg_tensor *q = sides_factor(s->state[RIGHT]);
        x = wg_matmul(x, back ? wg_transpose(q, 0, 1) : q);
    }
    return x;
}

/* The side's statistics take in g, then its basis follows them, and the second moments move with its columns. */
static wg_status renew(struct step *s, int side, wg_tensor *g)
{
    const wg_optim_soap_options *o = s->options;
    wg_tensor *statistics = step_mixed(sides_statistics(s->state[side]), o->beta3, sides_product(side, g)), *basis, *order;
    WG_TRY(sides_basis(s, statistics, sides_factor(s->state[side]), o->frequency, &basis, &order));
    s->state[side] = sides_join(statistics, basis);
    s->state[V] = wg_index_select(s->state[V], side, order);
    return WG_OK;
}

/* √(1-β₂ᵃ)/(1-β₁ᵃ) of Adam's step number a = t - 1; 0 for a = 0. */
static wg_tensor *correction(const struct step *s)
{
    const wg_optim_soap_options *o = s->options;
    wg_tensor *a = wg_add_scalar(s->t, -1);
    wg_tensor *of_m = wg_pow(wg_full(WG_F64, WG_SCALAR, o->beta1), a), *of_v = wg_pow(wg_full(WG_F64, WG_SCALAR, o->beta2), a);
    wg_tensor *below = wg_add(wg_add_scalar(wg_neg(of_m), 1), step_is_first(s));
    return wg_div(wg_sqrt(wg_add_scalar(wg_neg(of_v), 1)), below);
}

/* The first step has no basis: its gradient goes into the statistics alone. m is in the parameter's own coordinates and rotated at
   each step, which is the same as to rotate it when the bases change; v is in those of the bases. */
static wg_tensor *move(struct step *s)
{
    const wg_optim_soap_options *o = s->options;
    const struct sides sides = sides_with(o, s->p);
    wg_tensor *later = wg_add_scalar(wg_neg(step_is_first(s)), 1);
    wg_tensor *g = sides_matrix(&sides, s->g), *counted = step_scaled(g, later);
    wg_tensor *m = step_mixed(sides_matrix(&sides, s->state[M]), o->beta1, counted);
    wg_tensor *v = step_mixed(sides_matrix(&sides, s->state[V]), o->beta2, wg_square(rotated(s, &sides, counted, false)));
    wg_tensor *u = rotated(s, &sides, wg_div(rotated(s, &sides, m, false), step_root(s, v, o->eps)), true);
    wg_tensor *p = step_away(s, step_scaled(wg_reshape(u, wg_shape_of(s->p)), correction(s)));
    s->state[V] = v;
    if ((sides.left && renew(s, LEFT, g) != WG_OK) || (sides.right && renew(s, RIGHT, g) != WG_OK))
        return NULL;
    s->state[M] = wg_reshape(m, wg_shape_of(s->p));
    s->state[V] = wg_reshape(s->state[V], wg_shape_of(s->p));
    return o->weight_decay == 0 ? p : wg_sub(p, step_scaled(p, wg_mul_scalar(wg_mul(s->lr, later), o->weight_decay)));
}

const struct optim_rule optim_soap_rule = {.name = "soap",
                                           .state = {[LEFT] = {.name = "left", .shape = left},
                                                     [RIGHT] = {.name = "right", .shape = right},
                                                     [M] = {.name = "m"},
                                                     [V] = {.name = "v"}},
                                           .check = check,
                                           .move = move};
