/* The gradient of max_pool2d: for each window, in row-major order, gy is added to the position of the window's maximum in x.
   Linear in gy; its derivative with respect to x is zero. */
#ifdef REAL
#include "ops/conv/max_pool.h"

/* Adds *rest to *to if value is the maximum, otherwise 0. first: *to holds nothing yet and counts as 0. */
static inline void T(give)(REAL value, REAL best, REAL *rest, ELEM *to, bool first)
{
    const bool takes = WG_IS_LARGEST(value, best);
    *to = (first ? (REAL)0 : (REAL)*to) + (takes ? *rest : (REAL)0);
    *rest = takes ? (REAL)0 : *rest;
}

/* Among equal maxima the first receives gy; rest is 0 for the others. */
static void T(window_from_output)(const T(pool) * pool, const T(window) * at)
{
    REAL best[T(IMAGES)], rest[T(IMAGES)];
    const ELEM *given = at->at[1];
    const int64_t s = pool->operand[0].s[0], t = pool->operand[2].s[0], n = at->images;
    T(find_largest)(pool, at, best);
    for (int64_t k = 0; k < n; k++)
        rest[k] = given[k * pool->operand[1].s[0]];
    for (int64_t row = 0; row < at->rows.count; row++)
        for (int64_t column = 0; column < at->columns.count; column++) {
            const ELEM *from = T(element)(pool, at, 0, row, column);
            ELEM *to = T(element)(pool, at, 2, row, column);
            if (s == 1 && t == 1)
                for (int64_t k = 0; k < n; k++)
                    T(give)(from[k], best[k], &rest[k], &to[k], pool->once);
            else
                for (int64_t k = 0; k < n; k++)
                    T(give)(from[k * s], best[k], &rest[k], &to[k * t], pool->once);
        }
}

#ifndef WG_COUNTING
WG_INLINE void T(vectors_from_output)(const int vectors, const T(pool) * pool, const T(window) * at, int64_t k)
{
    const T(vector) nothing = {0};
    T(vector) best[4], rest[4];
    T(largest_from)(vectors, pool, at, k, best);
    WG_UNROLL(i, vectors)
        rest[i] = T(load)(at->at[1] + k + i * T(WIDTH));
    for (int64_t row = 0; row < at->rows.count; row++)
        for (int64_t column = 0; column < at->columns.count; column++) {
            const REAL *from = T(element)(pool, at, 0, row, column) + k;
            REAL *to = T(element)(pool, at, 2, row, column) + k;
            WG_UNROLL(i, vectors) {
                const T(vector) value = T(load)(from + i * T(WIDTH)), before = pool->once ? nothing : T(load)(to + i * T(WIDTH));
                const T(mask) takes = WG_IS_LARGEST(value, best[i]);
                T(store)(to + i * T(WIDTH), before + T(choose)(takes, rest[i], nothing));
                rest[i] = T(choose)(takes, nothing, rest[i]);
            }
        }
}

static void T(window_in_vectors)(const T(pool) * pool, const T(window) * at)
{
    T(window_by)(T(vectors_from_output), pool, at, T(window_from_output));
}
#endif

static wg_status T(max_pool2d_grad)(const wg_call *c)
{
    const wg_tensor *const operands[] = {c->in[0], c->in[1], c->out[0]};
#ifdef WG_COUNTING
    return T(pool_all)(c, 3, operands, 2u, T(window_from_output));
#else
    return T(pool_all)(c, 3, operands, 2u, T(window_in_vectors));
#endif
}
#else
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define KERNEL_FILE "ops/conv/max_pool2d_grad.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_pool_shape(c, true, out));
    WG_TRY(wg_expect_extents(c, out->extent, c->in[1]));
    memcpy(out->extent, wg_extents(c->in[0]), 4 * sizeof *out->extent);
    return WG_OK;
}

wg_tensor *wg_max_pool2d_grad(wg_tensor *x, wg_tensor *gy, wg_pool_options options)
{
    const struct wg_window_params p = wg_pool_params(options);
    return wg_invoke2(&wg_op_max_pool2d_grad, &p, x, gy);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[1], wg_invoke2(&wg_op_max_pool2d_pick, c->params, c->in[0], gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = WG_PART(tx[1], wg_invoke2(c->op, c->params, c->in[0], tx[1])));
}

static wg_cost cost(const wg_call *c)
{
    double pairs;
    wg_cost cost = wg_pool_cost(c, c->in[0], c->in[1], WG_IN(0), &pairs);
    cost.compare = 4 * pairs;
    cost.add = pairs;
    return cost;
}

const struct wg_op wg_op_max_pool2d_grad = {
    .name = WG_REGISTERED("max_pool2d_grad"),
    .params_size = sizeof(struct wg_window_params),
    WG_PARAMS(WG_POOL_PARAMS),
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(max_pool2d_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .flat = WG_IN(0),
    WG_SAMPLES(
        {"2x2", {WG_DIMS(5, 1, 4, 6), WG_DIMS(5, 1, 2, 3)}, .n = 2, .distinct = 1, WG_WINDOWS(2, 2, 0, 0, 1, 1, 1, .size = {2, 2})},
        {"overlap",
         {WG_DIMS(1, 2, 4, 5), WG_DIMS(1, 2, 5, 3)},
         .n = 2,
         .distinct = 1,
         WG_WINDOWS(1, 2, 1, 1, 1, 1, 1, .size = {2, 3})},
        {"adaptive",
         {WG_DIMS(1, 2, 5, 4), WG_DIMS(1, 2, 3, 2)},
         .n = 2,
         .distinct = 1,
         WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {3, 2}, .adaptive = true)}),
};
#endif
