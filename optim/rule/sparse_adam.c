/* Adam on the rows that a step touches: the formula stands in optimizers.def. One op puts the rows in order and refuses those
   that are not there; the other, which may not fail, updates each of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rule.h"
#include "wengert/error.h"
#include "wengert/op.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

/* ---- the rows: each once, in increasing order, and -1 behind the last ---- */

static wg_status rows_shape(const wg_call *c, wg_spec *out)
{
    out[0] = (wg_spec){.dtype = WG_I64, .rank = 1, .extent = {wg_numel(c->in[0])}};
    return WG_OK;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static wg_status check_rows(const wg_call *c, const int64_t *row, int64_t n)
{
    const int64_t rows = wg_extent(c->in[1], 0);
    for (int64_t i = 0; i < n; i++)
        if (row[i] < 0 || row[i] >= rows) {
            char text[80];
            snprintf(text, sizeof text, "row %lld of a parameter with %lld rows", (long long)row[i], (long long)rows);
            return wg_call_error(c, WG_E_ARGUMENT, text);
        }
    return WG_OK;
}

static wg_status put_in_order(const wg_call *c)
{
    const int64_t n = wg_numel(c->out[0]);
    int64_t *row = wg_data_mut_as(c->out[0], int64_t), kept = 0;
    WG_TRY(wg_read_raw(c->in[0], row));
    WG_TRY(check_rows(c, row, n));
    qsort(row, (size_t)n, sizeof *row, by_number);
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || row[i] != row[i - 1])
            row[kept++] = row[i];
    for (; kept < n; kept++)
        row[kept] = -1;
    return WG_OK;
}

static const struct wg_op rows_op = {
    .name = "sparse_adam_rows",
    .n_in = 2,
    .n_out = 1,
    .shape = rows_shape,
    .kernels = {{.run = {put_in_order, put_in_order}}},
    .flags = WG_OP_ROW_MAJOR | WG_OP_NO_DERIVATIVE,
    .reason = "rows are whole numbers",
};

/* ---- the update ---- */

enum { P, M, V, G, ROWS, LR, COUNT, OPERANDS };

struct moments {
    double beta1, beta2, eps;
};

static wg_status check_operands(const wg_call *c, wg_spec *out)
{
    (void)out;
    for (int i = P; i <= G; i++)
        if (!wg_is_contiguous(c->in[i]))
            return wg_call_error(c, WG_E_ARGUMENT, "expected a parameter that is contiguous");
    return WG_OK;
}

#define KERNEL(name, real, root)                                                                           \
    static void move_##name(const wg_call *c, int64_t first, int64_t n, double rate)                       \
    {                                                                                                      \
        const struct moments *moments = c->params;                                                         \
        const real beta1 = (real)moments->beta1, beta2 = (real)moments->beta2, eps = (real)moments->eps;   \
        real *p = (real *)wg_data_mut(c->in[P]) + first, *m = (real *)wg_data_mut(c->in[M]) + first;       \
        real *v = (real *)wg_data_mut(c->in[V]) + first;                                                   \
        const real *g = (const real *)wg_data(c->in[G]) + first;                                           \
        for (int64_t i = 0; i < n; i++) {                                                                  \
            m[i] += (1 - beta1) * (g[i] - m[i]);                                                           \
            v[i] += (1 - beta2) * (g[i] * g[i] - v[i]);                                                    \
            p[i] -= (real)rate * m[i] / (root(v[i]) + eps);                                                \
        }                                                                                                  \
    }                                                                                                      \
    static wg_status run_##name(const wg_call *c)                                                          \
    {                                                                                                      \
        const struct moments *moments = c->params;                                                         \
        const double lr = *(const double *)wg_data(c->in[LR]), t = *(const double *)wg_data(c->in[COUNT]); \
        const double rate = lr * sqrt(1 - pow(moments->beta2, t)) / (1 - pow(moments->beta1, t));          \
        const int64_t rows = wg_extent(c->in[P], 0), width = rows > 0 ? wg_numel(c->in[P]) / rows : 0;     \
        const int64_t *row = wg_data_as(c->in[ROWS], int64_t), n = wg_numel(c->in[ROWS]);                  \
        for (int64_t i = 0; i < n && row[i] >= 0; i++)                                                     \
            move_##name(c, row[i] * width, width, rate);                                                   \
        return WG_OK;                                                                                      \
    }
KERNEL(f32, float, sqrtf)
KERNEL(f64, double, sqrt)

static const struct wg_op sparse_adam_op = {
    .name = "sparse_adam_update",
    .params_size = sizeof(struct moments),
    WG_PARAMS(WG_PARAM(REAL, struct moments, beta1), WG_PARAM(REAL, struct moments, beta2), WG_PARAM(REAL, struct moments, eps)),
    .n_in = OPERANDS,
    .shape = check_operands,
    .kernels = {{.run = {run_f32, run_f64}}},
    .writes = WG_IN(P) | WG_IN(M) | WG_IN(V),
    .flags = WG_OP_NO_DERIVATIVE,
    .reason = "it changes its operands in place",
};

static wg_status update(const struct step *s)
{
    const wg_optim_sparse_adam_options *o = s->options;
    const struct moments moments = {o->beta1, o->beta2, o->eps};
    if (!s->rows)
        return wg_error_set(WG_E_STATE, "optim_step",
                            "optim_step: sparse_adam: wg_optim_set_rows says before each step which rows it moves");
    if (wg_rank(s->p) == 0)
        return wg_error_set(WG_E_SHAPE, "optim_step", "optim_step: sparse_adam: expected a parameter with rows, got a scalar");
    wg_tensor *given[] = {s->rows, s->p}, *rows = NULL;
    WG_TRY(wg_invoke(&rows_op, NULL, given, 2, &rows, 1));
    wg_tensor *g = wg_is_contiguous(s->g) ? s->g : wg_copy(s->g);
    wg_tensor *in[OPERANDS] = {s->p, s->state[0], s->state[1], g, rows, s->lr, s->t};
    return wg_invoke(&sparse_adam_op, &moments, in, OPERANDS, NULL, 0);
}

const struct optim_rule optim_sparse_adam_rule = {
    .name = "sparse_adam", .state = {{.name = "m"}, {.name = "v"}}, .update = update, .takes_rows = true};
