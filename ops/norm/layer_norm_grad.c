/* The gradient of layer_norm, as an op, so that it can be differentiated again. With x̂ = (x - mean) rstd and a = γ gy over the
   n elements of a row, gx = rstd (a - Σ a/n - x̂ Σ a x̂/n); over rows, gbeta = Σ gy and ggamma = Σ gy x̂. Sums are made in f64. */
#ifdef REAL
#include "ops/norm/positions.h"
#include "ops/norm/rows.h"

enum { T(MOST_BLOCKS) = 16 };

/* The sums over rows. Rows are split into blocks, whose number depends only on the number of rows, and each block has sums of
   its own: gy x̂ of all columns, then gy of all columns. */
typedef struct {
    const wg_call *call;
    int64_t rows, block, columns; /* total rows; rows of a block; columns */
    WIDE *sums;
} T(column_sums);

/* Adds one row to the sums of its block: dot gy x̂, sum gy. */
static inline __attribute__((always_inline)) void T(add_row)(int64_t n, const ELEM *x, int64_t sx, const ELEM *g, int64_t sg,
                                                             WIDE mean, WIDE rstd, WIDE *dot, WIDE *sum)
{
    for (int64_t k = 0; k < n; k++) {
        const WIDE gy = (WIDE)(REAL)g[k * sg];
        sum[k] = sum[k] + gy;
        dot[k] = dot[k] + gy * (((WIDE)(REAL)x[k * sx] - mean) * rstd);
    }
}

static void T(add_blocks)(int64_t first_block, int64_t last_block, void *context)
{
    const T(column_sums) *s = (const T(column_sums) *)context;
    const wg_call *c = s->call;
    const ELEM *x = (const ELEM *)(const void *)c->in[0]->data, *g = (const ELEM *)(const void *)c->in[4]->data;
    const ELEM *mean = (const ELEM *)(const void *)c->in[2]->data, *rstd = (const ELEM *)(const void *)c->in[3]->data;
    const int last = c->in[0]->rank - 1;
    const int64_t sx = wg_strides(c->in[0])[last], sg = wg_strides(c->in[4])[last];
    T(positions) of_x, of_g, of_mean, of_rstd;
    T(positions_of)(&of_x, c->in[0], c->out[1], (1u << last) - 1);
    T(positions_of)(&of_g, c->in[4], c->out[1], (1u << last) - 1);
    T(positions_of)(&of_mean, c->in[2], c->in[2], (1u << last) - 1);
    T(positions_of)(&of_rstd, c->in[3], c->in[3], (1u << last) - 1);
    for (int64_t row = first_block * s->block; row < last_block * s->block && row < s->rows; row++) {
        const int64_t first = row - row % T(RUN), i = row - first;
        WIDE *dot = s->sums + row / s->block * 2 * s->columns, *sum = dot + s->columns;
        T(run_at)(&of_x, first);
        T(run_at)(&of_g, first);
        T(run_at)(&of_mean, first);
        T(run_at)(&of_rstd, first);
        const WIDE m = (WIDE)(REAL)mean[of_mean.offset[i]], r = (WIDE)(REAL)rstd[of_rstd.offset[i]];
        if (sx == 1 && sg == 1) /* contiguous: constant strides let the compiler vectorise */
            T(add_row)(s->columns, x + of_x.offset[i], 1, g + of_g.offset[i], 1, m, r, dot, sum);
        else
            T(add_row)(s->columns, x + of_x.offset[i], sx, g + of_g.offset[i], sg, m, r, dot, sum);
    }
}

/* Computes ggamma and gbeta. */
static wg_status T(sum_columns)(const wg_call *c)
{
    T(column_sums) s;
    s.call = c;
    s.rows = c->in[2]->numel;
    s.columns = c->out[1]->numel;
    s.block = (s.rows + T(MOST_BLOCKS) - 1) / T(MOST_BLOCKS);
    const int64_t blocks = s.block ? (s.rows + s.block - 1) / s.block : 0;
    s.sums = (WIDE *)wg_object_new((size_t)(blocks * 2 * s.columns) * sizeof(WIDE));
    if (!s.sums)
        return WG_E_MEMORY;
    wg_parallel(wg_kernel_threads(4 * (double)c->in[0]->numel), blocks, T(add_blocks), &s);
    for (int64_t k = 0; k < 2 * s.columns; k++) {
        const wg_tensor *to = c->out[k < s.columns ? 1 : 2];
        WIDE total = (WIDE)0;
        for (int64_t block = 0; block < blocks; block++)
            total = total + s.sums[block * 2 * s.columns + k];
        ((ELEM *)(void *)to->data)[k % s.columns * wg_strides(to)[0]] = (REAL)total;
    }
    wg_object_free(s.sums);
    return WG_OK;
}

/* One row. at and s: gx, ggamma, gbeta (both unused here), x, gamma or NULL, mean, rstd, gy. */
static inline __attribute__((always_inline)) void T(row_gradient)(int64_t n, char *const *at, const int64_t *s, int64_t sy,
                                                                  int64_t sx, int64_t sg)
{
    ELEM *gx = (ELEM *)(void *)at[0];
    const ELEM *x = (const ELEM *)(const void *)at[3], *gamma = (const ELEM *)(const void *)at[4],
               *g = (const ELEM *)(const void *)at[7];
    const REAL mean = *(const ELEM *)(const void *)at[5], rstd = *(const ELEM *)(const void *)at[6];
    WIDE sum[T(PARTS)], dot[T(PARTS)];
    for (int64_t k = 0; k < T(PARTS); k++)
        sum[k] = dot[k] = (WIDE)0;
#define SUMS(a) \
    FOR_PARTS(n, const WIDE d = (WIDE)((REAL)x[i * sx] - mean), u = (WIDE)(a); sum[k] = sum[k] + u; dot[k] = dot[k] + u * d)
    if (gamma)
        SUMS((REAL)g[i * sg] * (REAL)gamma[i * s[4]]);
    else
        SUMS((REAL)g[i * sg]);
#undef SUMS
    const REAL level = (REAL)(T(joined)(sum) / (WIDE)n);
    const REAL slope = (REAL)(T(joined)(dot) * (WIDE)rstd / (WIDE)n) * rstd;
    if (gamma)
        for (int64_t i = 0; i < n; i++)
            gx[i * sy] = rstd * ((REAL)g[i * sg] * (REAL)gamma[i * s[4]] - level - ((REAL)x[i * sx] - mean) * slope);
    else
        for (int64_t i = 0; i < n; i++)
            gx[i * sy] = rstd * ((REAL)g[i * sg] - level - ((REAL)x[i * sx] - mean) * slope);
}

static void T(layer_norm_grad_row)(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    (void)params;
    if (s[0] == 1 && s[3] == 1 && s[7] == 1)
        T(row_gradient)(n, at, s, 1, 1, 1);
    else
        T(row_gradient)(n, at, s, s[0], s[3], s[7]);
}

/* The sums over rows come first: gx may overwrite gy. */
static wg_status T(layer_norm_grad)(const wg_call *c)
{
    const wg_status status = c->out[1]->numel > 0 ? T(sum_columns)(c) : WG_OK;
    if (status != WG_OK)
        return status;
    return wg_rows(c, sizeof(ELEM), WG_IN(2) | WG_IN(3), T(layer_norm_grad_row));
}
#else
#define KERNEL_FILE "ops/norm/layer_norm_grad.c"
#include "ops/op.h"

/* only_x: ggamma and gbeta are not needed and are left empty. */
struct params {
    bool only_x;
};

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct params *p = c->params;
    WG_TRY(wg_rows_shape(c, WG_IN(2) | WG_IN(3), WG_IN(1), out));
    out[1].rank = out[2].rank = 1;
    out[1].extent[0] = out[2].extent[0] = p->only_x ? 0 : wg_extents(c->in[0])[c->in[0]->rank - 1];
    return WG_OK;
}

wg_status wg_layer_norm_grad(wg_tensor *x, wg_tensor *gamma, wg_tensor *mean, wg_tensor *rstd, wg_tensor *gy, wg_tensor **gx,
                             wg_tensor **ggamma, wg_tensor **gbeta)
{
    wg_tensor *in[5] = {x, gamma, mean, rstd, gy}, **to[3] = {gx, ggamma, gbeta};
    const struct params p = {.only_x = !ggamma && !gbeta};
    return wg_invoke_into(&wg_op_layer_norm_grad, &p, in, 5, to);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct wg_norm norm = wg_norm_by_row(c->in[0]);
    return wg_norm_grad_vjp(&norm, c, gy, gx);
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct wg_norm norm = wg_norm_by_row(c->in[0]);
    return wg_norm_grad_jvp(&norm, c, tx, ty);
}

/* A row's two sums are each joined from 16 parts, a column's from blocks of rows. Without rows gamma is not read. */
static wg_cost cost(const wg_call *c)
{
    const bool gamma = !wg_absent(c->in[1]), columns = c->out[1]->numel > 0;
    wg_cost cost = wg_cost_each(c, 6 + (columns ? 3 : 0), 3 + 2 * gamma + (columns ? 2 : 0), 0, 0, 0);
    const double rows = c->out[0]->numel > 0 ? (double)c->in[2]->numel : 0;
    cost.add += 30 * rows + (rows > 0 ? ceil(rows / ceil(rows / 16)) * 2 * (double)c->out[1]->numel : 0);
    cost.mul += 2 * rows;
    cost.div = 2 * rows;
    if (c->out[0]->numel == 0)
        cost.bytes_read = 0;
    return cost;
}

#define FROM -1, -1, -1, 0.5, -1
#define TO 1, 1, 1, 2, 1
#define ONLY_X(b) .params = &(const struct params){b}, .low = {FROM}, .high = {TO}
const struct wg_op wg_op_layer_norm_grad = {
    .name = WG_REGISTERED("layer_norm_grad"),
    .params_size = sizeof(struct params),
    .n_in = 5,
    .n_out = 3,
    .optional = WG_IN(1),
    .shape = shape,
    .kernels = KERNELS(layer_norm_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1) | WG_IN(2) | WG_IN(3) | WG_IN(4),
    .inplace = WG_IN(4),
    WG_SAMPLES(
        {"rows", {WG_DIMS(3, 5), WG_DIMS(5), WG_DIMS(3), WG_DIMS(3), WG_DIMS(3, 5)}, .n = 5, ONLY_X(false)},
        {"batches", {WG_DIMS(2, 2, 18), WG_DIMS(18), WG_DIMS(2, 2), WG_DIMS(2, 2), WG_DIMS(2, 2, 18)}, .n = 5, ONLY_X(false)},
        {"plain", {WG_DIMS(2, 3), {0}, WG_DIMS(2), WG_DIMS(2), WG_DIMS(2, 3)}, .n = 5, ONLY_X(false), .none = WG_IN(1)},
        {"only x", {WG_DIMS(2, 3), {0}, WG_DIMS(2), WG_DIMS(2), WG_DIMS(2, 3)}, .n = 5, ONLY_X(true), .none = WG_IN(1)},
        {"blocks", {WG_DIMS(20, 3), WG_DIMS(3), WG_DIMS(20), WG_DIMS(20), WG_DIMS(20, 3)}, .n = 5, ONLY_X(false)}),
};
#undef FROM
#undef TO
#undef ONLY_X
#endif
