/* PSGD with Kronecker factors: the formula stands in optimizers.def. As in sides.c what only some steps do is an op of the rule's
   own. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "sides.h"
#include "wengert/error.h"
#include "wengert/op.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

enum { M = RIGHT + 1, GENERATOR };

/* ---- a factor is triangular, (n, n), or a diagonal, (n); a vector has no right one ---- */

static wg_tensor *across(int side, wg_tensor *diagonal)
{
    return wg_unsqueeze(diagonal, side == LEFT ? 1 : 0);
}

/* q x on the left, x qᵀ on the right; if transposed, qᵀ x and x q. */
static wg_tensor *applied(int side, wg_tensor *q, wg_tensor *x, bool transposed)
{
    if (q == WG_NONE)
        return x;
    if (wg_rank(q) < 2)
        return wg_mul(across(side, q), x);
    if (side == LEFT)
        return wg_matmul(transposed ? wg_transpose(q, 0, 1) : q, x);
    return wg_matmul(x, transposed ? q : wg_transpose(q, 0, 1));
}

/* q⁻ᵀ x, or x q⁻¹ */
static wg_tensor *divided(int side, wg_tensor *q, wg_tensor *x)
{
    if (q == WG_NONE)
        return x;
    if (wg_rank(q) < 2)
        return wg_div(x, across(side, q));
    if (side == LEFT)
        return wg_triangular_solve(q, x, .upper = true, .transposed = true);
    return wg_transpose(wg_triangular_solve(q, wg_transpose(x, 0, 1), .upper = true, .transposed = true), 0, 1);
}

static wg_tensor *largest(wg_tensor *x)
{
    return wg_max(wg_abs(x));
}

/* A lower bound of the spectral norm of a symmetric matrix, which two products with a vector give: the largest row leads. a is
   not 0. */
static wg_tensor *norm_bound(wg_tensor *a)
{
    wg_tensor *scale = largest(a), *b = wg_div(a, scale), *row;
    row = wg_argmax(wg_sum(wg_square(b), .axis = 1));
    if (!row)
        return NULL;
    wg_tensor *x = wg_matmul(b, wg_unsqueeze(wg_select(b, 0, (int64_t)wg_item(row)), 1));
    x = wg_div(x, wg_sqrt(step_total(x)));
    return wg_mul(scale, wg_sqrt(step_total(wg_matmul(b, x))));
}

/* q - μ triu(a aᵀ - b bᵀ)/‖a aᵀ + b bᵀ‖ q */
static wg_tensor *renewed(int side, wg_tensor *q, wg_tensor *a, wg_tensor *b, double rate)
{
    if (wg_rank(q) < 2) {
        const int other = side == LEFT ? 1 : 0;
        wg_tensor *x = wg_sum(wg_square(a), .axis = other), *y = wg_sum(wg_square(b), .axis = other);
        return wg_sub(q, wg_mul_scalar(wg_mul(q, wg_div(wg_sub(x, y), largest(wg_add(x, y)))), rate));
    }
    wg_tensor *x = sides_product(side, a), *y = sides_product(side, b);
    wg_tensor *change = wg_div(wg_triu(wg_sub(x, y)), norm_bound(wg_add(x, y)));
    return wg_sub(q, wg_mul_scalar(wg_matmul(change, q), rate));
}

/* ---- the op: operands are the factors, h, v, the step, and the gate, if there is one ---- */

enum { H = RIGHT + 1, NOISE, STEP, GATE, OPERANDS };

struct renewal {
    double rate, full_until, share_decay, least_share, start;
};

/* Σ of the shares of steps 1 to t. */
static double shares_until(const struct renewal *r, double t)
{
    const double past = t - r->full_until, falling = r->share_decay > 0 ? -log(r->least_share) / r->share_decay : INFINITY;
    if (past <= 0 || r->share_decay == 0)
        return t;
    if (past <= falling)
        return r->full_until - expm1(-r->share_decay * past) / r->share_decay;
    return r->full_until + (1 - r->least_share) / r->share_decay + r->least_share * (past - falling);
}

static wg_status give(const wg_call *c, int side, wg_tensor *q)
{
    void *to = wg_data_mut(c->out[side]);
    return q && to ? wg_read_raw(q, to) : wg_error_if_null(NULL);
}

/* A factor as it was, or a multiple of the identity before the first step. */
static wg_tensor *factor(const wg_call *c, int side)
{
    const struct renewal *r = c->params;
    wg_tensor *q = c->in[side];
    if (q == WG_NONE || wg_item(c->in[STEP]) > 1)
        return q;
    wg_tensor *diagonal = wg_full(wg_dtype_of(q), WG_SHAPE(wg_extent(q, 0)), r->start);
    return wg_rank(q) < 2 ? diagonal : wg_diag(diagonal);
}

static wg_status renew(const wg_call *c, wg_tensor *left, wg_tensor *right)
{
    const struct renewal *r = c->params;
    wg_tensor *a = applied(RIGHT, right, applied(LEFT, left, c->in[H], false), false);
    wg_tensor *b = divided(RIGHT, right, divided(LEFT, left, c->in[NOISE]));
    left = renewed(LEFT, left, a, b, r->rate);
    if (right == WG_NONE)
        return give(c, LEFT, left);
    right = renewed(RIGHT, right, a, b, r->rate);
    wg_tensor *balance = wg_sqrt(wg_div(largest(right), largest(left))); /* equal ones are the farthest from over- and underflow */
    WG_TRY(give(c, LEFT, wg_mul(left, balance)));
    return give(c, RIGHT, wg_div(right, balance));
}

static wg_status kernel(const wg_call *c)
{
    const struct renewal *r = c->params;
    WG_NO_GRAD;
    wg_tensor *left = factor(c, LEFT), *right = factor(c, RIGHT);
    const double t = wg_item(c->in[STEP]), size = wg_item(largest(c->in[H]));
    const bool closed = c->in[GATE] != WG_NONE && wg_item(c->in[GATE]) == 0;
    if (!closed && !isfinite(size)) {
        char text[100];
        snprintf(text, sizeof text, "step %.0f: the mean of gradients is not finite", t);
        return wg_error_first() ? wg_error_first()->code : wg_call_error(c, WG_E_NUMERIC, text);
    }
    if (!closed && size > 0 && floor(shares_until(r, t)) > floor(shares_until(r, t - 1)))
        return renew(c, left, right);
    WG_TRY(give(c, LEFT, left));
    return right == WG_NONE ? WG_OK : give(c, RIGHT, right);
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    for (int side = LEFT; side < c->n_out; side++) {
        const int64_t n = wg_extent(c->in[side], 0);
        out[side] = (wg_spec){.dtype = wg_dtype_of(c->in[side]), .rank = wg_rank(c->in[side]), .extent = {n, n}};
    }
    return WG_OK;
}

#define FACTORS(n)                                                                                        \
    {                                                                                                     \
        .name = "kronecker_factors", .params_size = sizeof(struct renewal), .n_in = OPERANDS, .n_out = n, \
        .optional = WG_IN(RIGHT) | WG_IN(GATE), .shape = shape, .kernels = {{.run = {kernel, kernel}}},   \
        .flags = WG_OP_ROW_MAJOR | WG_OP_NO_DERIVATIVE,                                                   \
        .reason = "it is computed at some steps only, from statistics of all gradients so far"            \
    }
static const struct wg_op of_vector = FACTORS(1), of_matrix = FACTORS(2);

/* ---- the rule ---- */

static wg_shape factor_shape(const void *options, const wg_tensor *p, int side)
{
    const struct sides sides = sides_of(p, ((const wg_optim_psgd_kron_options *)options)->max_dimension);
    const int64_t n = side == LEFT ? sides.rows : sides.columns;
    if (side == RIGHT && wg_rank(p) < 2)
        return WG_SHAPE(0);
    return (side == LEFT ? sides.left : sides.right) ? WG_SHAPE(n, n) : WG_SHAPE(n);
}

static wg_shape left_shape(const void *options, const wg_tensor *p)
{
    return factor_shape(options, p, LEFT);
}

static wg_shape right_shape(const void *options, const wg_tensor *p)
{
    return factor_shape(options, p, RIGHT);
}

/* The factors of this step, as states; the right one is WG_NONE for a vector. */
static wg_status renew_factors(struct step *s, wg_tensor *h, wg_tensor *noise, wg_tensor **q)
{
    const wg_optim_psgd_kron_options *o = s->options;
    const bool matrix = wg_rank(s->p) >= 2;
    const double start = matrix ? sqrt(o->start) : o->start;
    const struct renewal renewal = {o->factor_lr, o->full_until, o->share_decay, o->least_share, start};
    wg_tensor *in[OPERANDS] = {s->state[LEFT], matrix ? s->state[RIGHT] : WG_NONE, h, noise, s->t, s->gate ? s->gate : WG_NONE};
    q[LEFT] = q[RIGHT] = WG_NONE;
    WG_TRY(wg_invoke(matrix ? &of_matrix : &of_vector, &renewal, in, OPERANDS, q, matrix ? 2 : 1));
    s->state[LEFT] = q[LEFT];
    if (matrix)
        s->state[RIGHT] = q[RIGHT];
    return WG_OK;
}

static wg_tensor *move(struct step *s)
{
    const wg_optim_psgd_kron_options *o = s->options;
    const struct sides sides = sides_of(s->p, o->max_dimension);
    s->state[M] = step_mixed(s->state[M], o->beta1, s->g);
    wg_tensor *m = sides_matrix(&sides, step_unbiased(s, s->state[M], o->beta1)),
              *noise = sides_matrix(&sides, step_noise(s, GENERATOR));
    wg_tensor *h = wg_add(m, wg_mul(noise, wg_mul_scalar(wg_mean(wg_abs(m)), o->damping))), *q[2];
    if (renew_factors(s, h, noise, q) != WG_OK)
        return NULL;
    wg_tensor *u = applied(RIGHT, q[RIGHT], applied(LEFT, q[LEFT], m, false), false);
    u = applied(RIGHT, q[RIGHT], applied(LEFT, q[LEFT], u, true), true);
    wg_tensor *size = wg_add_scalar(wg_sqrt(wg_mean(wg_square(u))), 1e-12);
    u = wg_mul(u, wg_clamp(wg_mul_scalar(wg_reciprocal(size), o->clip), 0, 1));
    return step_away(s, step_plus(wg_reshape(u, wg_shape_of(s->p)), o->weight_decay, s->p));
}

const struct optim_rule optim_psgd_kron_rule = {.name = "psgd_kron",
                                                .state = {[LEFT] = {.name = "left", .shape = left_shape},
                                                          [RIGHT] = {.name = "right", .shape = right_shape},
                                                          [M] = {.name = "m"},
                                                          [GENERATOR] = {.name = "generator", .generator = true}},
                                                .move = move};
