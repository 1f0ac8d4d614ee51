/* What Shampoo and SOAP share. A rule is captured once and run at every step, so it cannot ask which step it is: two ops do,
   whose kernels compute at some steps and copy at the others. The kernels are made of public ops, on the tape of the call, and
   see to the bits as those do. */
#include "sides.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "wengert/error.h"
#include "wengert/op.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

struct sides sides_of(const wg_tensor *p, double max_dimension)
{
    if (wg_rank(p) < 2)
        return (struct sides){.rows = wg_numel(p), .columns = 1};
    const int64_t rows = wg_extent(p, 0), columns = rows > 0 ? wg_numel(p) / rows : 0;
    return (struct sides){rows, columns, (double)rows <= max_dimension, (double)columns <= max_dimension};
}

wg_shape sides_shape(const struct sides *sides, int side)
{
    const int64_t n = side == LEFT ? sides->rows : sides->columns;
    return (side == LEFT ? sides->left : sides->right) ? WG_SHAPE(2, n, n) : WG_SHAPE(0);
}

wg_tensor *sides_matrix(const struct sides *sides, wg_tensor *x)
{
    return wg_reshape(x, WG_SHAPE(sides->rows, sides->columns));
}

wg_tensor *sides_statistics(wg_tensor *state)
{
    return wg_select(state, 0, 0);
}

wg_tensor *sides_factor(wg_tensor *state)
{
    return wg_select(state, 0, 1);
}

wg_tensor *sides_join(wg_tensor *statistics, wg_tensor *factor)
{
    wg_tensor *both[] = {statistics, factor};
    return wg_stack(both, 2, 0);
}

wg_tensor *sides_product(int side, wg_tensor *g)
{
    wg_tensor *transposed = wg_transpose(g, 0, 1);
    return side == LEFT ? wg_matmul(g, transposed) : wg_matmul(transposed, g);
}

/* ---- the ops: operands are statistics, old factor, step, and the gate, if there is one ---- */

struct every {
    double frequency, eps, power;
};

static wg_status give(const wg_call *c, int i, const wg_tensor *value)
{
    void *to = wg_data_mut(c->out[i]);
    return value && to ? wg_read_raw(value, to) : wg_error_if_null(NULL);
}

/* Asked at every step: what is not finite once stays in the statistics for good. */
static wg_status check_finite(const wg_call *c, double step)
{
    const double largest = wg_item(wg_max(wg_abs(c->in[0])));
    if (isfinite(largest))
        return WG_OK;
    if (wg_error_first())
        return wg_error_first()->code;
    char text[160];
    snprintf(text, sizeof text,
             "step %.0f: the statistics of gradients are not finite: a gradient was not, or its squares are beyond the dtype",
             step);
    return wg_call_error(c, WG_E_NUMERIC, text);
}

/* A stage in front keeps everything as it is, so nothing need be computed, and statistics may be what they like. */
static bool is_closed(const wg_call *c)
{
    return c->in[3] != WG_NONE && wg_item(c->in[3]) == 0;
}

/* v (max(w, 0) + ε)^-p vᵀ */
static wg_tensor *power_of(const wg_call *c)
{
    const struct every *every = c->params;
    wg_tensor *w = NULL, *v = NULL;
    if (wg_eigh(wg_cast(c->in[0], WG_F64), &w, &v) != WG_OK)
        return NULL;
    wg_tensor *scale = wg_pow_scalar(wg_add_scalar(wg_relu(w), every->eps), -every->power);
    return wg_cast(wg_matmul(wg_mul(v, scale), wg_transpose(v, 0, 1)), wg_dtype_of(c->in[0]));
}

static wg_status root(const wg_call *c)
{
    const struct every *every = c->params;
    WG_NO_GRAD;
    const double step = wg_item(c->in[2]);
    if (is_closed(c))
        return give(c, 0, c->in[1]);
    WG_TRY(check_finite(c, step));
    const bool due = step == 1 || fmod(step, every->frequency) == 0;
    return give(c, 0, due ? power_of(c) : c->in[1]);
}

static wg_status basis_at_first(const wg_call *c)
{
    wg_tensor *w = NULL, *v = NULL;
    WG_TRY(wg_eigh(wg_cast(c->in[0], WG_F64), &w, &v));
    return give(c, 0, wg_cast(wg_flip(v, 1), wg_dtype_of(c->in[1])));
}

static wg_status basis_iterated(const wg_call *c)
{
    wg_tensor *old = wg_cast(c->in[1], WG_F64), *product = wg_matmul(wg_cast(c->in[0], WG_F64), old), *order = NULL;
    wg_tensor *values = wg_sum(wg_mul(old, product), .axis = 0), *q = NULL, *r = NULL;
    if (!wg_sort(values, .descending = true, .indices = &order))
        return wg_error_if_null(NULL);
    WG_TRY(wg_qr(wg_index_select(product, 1, order), &q, &r));
    WG_TRY(give(c, 1, order));
    return give(c, 0, wg_cast(q, wg_dtype_of(c->in[1])));
}

/* The old basis, in its order. */
static wg_status basis_kept(const wg_call *c)
{
    int64_t *order = wg_data_mut_as(c->out[1], int64_t);
    for (int64_t i = 0; order && i < wg_numel(c->out[1]); i++)
        order[i] = i;
    return give(c, 0, c->in[1]);
}

static wg_status basis(const wg_call *c)
{
    const struct every *every = c->params;
    WG_NO_GRAD;
    const double step = wg_item(c->in[2]);
    if (is_closed(c))
        return basis_kept(c);
    WG_TRY(check_finite(c, step));
    if (step > 1 && fmod(step - 1, every->frequency) == 0)
        return basis_iterated(c);
    WG_TRY(basis_kept(c));
    return step == 1 ? basis_at_first(c) : WG_OK;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const int64_t n = wg_extent(c->in[1], 0);
    out[0] = (wg_spec){.dtype = wg_dtype_of(c->in[1]), .rank = 2, .extent = {n, n}};
    if (c->n_out > 1)
        out[1] = (wg_spec){.dtype = WG_I64, .rank = 1, .extent = {n}};
    return WG_OK;
}

#define EVERY                                                                             \
    .params_size = sizeof(struct every), .n_in = 4, .optional = WG_IN(3), .shape = shape, \
    .flags = WG_OP_ROW_MAJOR | WG_OP_NO_DERIVATIVE
static const struct wg_op root_op = {.name = "inverse_root",
                                     EVERY,
                                     .n_out = 1,
                                     .kernels = {{.run = {root, root}}},
                                     .reason = "it is computed at some steps only, from statistics of all gradients so far"};
static const struct wg_op basis_op = {.name = "eigenbasis",
                                      EVERY,
                                      .n_out = 2,
                                      .kernels = {{.run = {basis, basis}}},
                                      .reason = "it is computed at some steps only, from statistics of all gradients so far"};

wg_tensor *sides_root(const struct step *s, wg_tensor *statistics, wg_tensor *old, double frequency, double eps, double power)
{
    const struct every every = {frequency, eps, power};
    wg_tensor *in[] = {statistics, old, s->t, s->gate ? s->gate : WG_NONE}, *out = NULL;
    return wg_invoke(&root_op, &every, in, 4, &out, 1) == WG_OK ? out : NULL;
}

wg_status sides_basis(const struct step *s, wg_tensor *statistics, wg_tensor *old, double frequency, wg_tensor **basis_out,
                      wg_tensor **order)
{
    const struct every every = {.frequency = frequency};
    wg_tensor *in[] = {statistics, old, s->t, s->gate ? s->gate : WG_NONE}, *out[2] = {NULL, NULL};
    const wg_status status = wg_invoke(&basis_op, &every, in, 4, out, 2);
    *basis_out = out[0];
    *order = out[1];
    return status;
}
