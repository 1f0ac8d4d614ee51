/* The maximum of each window, NaN if any element is NaN. Padding counts as -inf. */
#ifdef REAL
#include "ops/conv/max_pool.h"

static void T(window_to_largest)(const T(pool) * pool, const T(window) * at)
{
    REAL best[T(IMAGES)];
    ELEM *to = at->at[1];
    const int64_t s = pool->operand[1].s[0];
    T(find_largest)(pool, at, best);
    for (int64_t k = 0; k < at->images; k++)
        to[k * s] = best[k];
}

#ifndef WG_COUNTING
WG_INLINE void T(vectors_to_largest)(const int vectors, const T(pool) * pool, const T(window) * at, int64_t k)
{
    T(vector) best[4];
    T(largest_from)(vectors, pool, at, k, best);
    WG_UNROLL(i, vectors)
        T(store)(at->at[1] + k + i * T(WIDTH), best[i]);
}

static void T(window_in_vectors)(const T(pool) * pool, const T(window) * at)
{
    T(window_by)(T(vectors_to_largest), pool, at, T(window_to_largest));
}
#endif

static wg_status T(max_pool2d)(const wg_call *c)
{
    const wg_tensor *const operands[] = {c->in[0], c->out[0]};
#ifdef WG_COUNTING
    return T(pool_all)(c, 2, operands, 2u, T(window_to_largest));
#else
    return T(pool_all)(c, 2, operands, 2u, T(window_in_vectors));
#endif
}
#else
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define KERNEL_FILE "ops/conv/max_pool2d.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    return wg_pool_shape(c, true, out);
}

wg_tensor *wg_max_pool2d_with(wg_tensor *x, wg_pool_options options)
{
    const struct wg_window_params p = wg_pool_params(options);
    return wg_invoke1(&wg_op_max_pool2d, &p, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_invoke2(&wg_op_max_pool2d_grad, c->params, c->in[0], gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_invoke2(&wg_op_max_pool2d_pick, c->params, c->in[0], tx[0]));
}

static wg_cost cost(const wg_call *c)
{
    double pairs;
    wg_cost cost = wg_pool_cost(c, c->in[0], c->out[0], WG_IN(0), &pairs);
    cost.compare = 2 * pairs;
    return cost;
}

const struct wg_op wg_op_max_pool2d = {
    .name = WG_REGISTERED("max_pool2d"),
    .params_size = sizeof(struct wg_window_params),
    WG_PARAMS(WG_POOL_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(max_pool2d),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .flags = WG_OP_ROUTES,
    WG_SAMPLES(
        {"2x2", {WG_DIMS(2, 3, 5, 4)}, .n = 1, .distinct = 1, WG_WINDOWS(2, 2, 0, 0, 1, 1, 1, .size = {2, 2})},
        {"overlap", {WG_DIMS(1, 2, 4, 5)}, .n = 1, .distinct = 1, WG_WINDOWS(1, 2, 1, 1, 1, 1, 1, .size = {2, 3})},
        {"dilated", {WG_DIMS(2, 1, 4, 5)}, .n = 1, .distinct = 1, WG_WINDOWS(1, 2, 0, 1, 2, 2, 1, .size = {2, 3})},
        {"ceil", {WG_DIMS(1, 2, 4, 5)}, .n = 1, .distinct = 1, WG_WINDOWS(3, 2, 0, 1, 1, 1, 1, .size = {2, 2}, .ceil_mode = true)},
        {"ceil of a short axis",
         {WG_DIMS(1, 2, 1, 5)},
         .n = 1,
         .distinct = 1,
         WG_WINDOWS(2, 2, 0, 0, 1, 1, 1, .size = {2, 2}, .ceil_mode = true)},
        {"whole image", {WG_DIMS(2, 2, 2, 3)}, .n = 1, .distinct = 1, WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {2, 3})},
        {"adaptive",
         {WG_DIMS(1, 2, 5, 4)},
         .n = 1,
         .distinct = 1,
         WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {3, 2}, .adaptive = true)}),
};
#endif
