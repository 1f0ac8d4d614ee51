/* The elements of v at the positions of the windows' maxima in x: the transpose of max_pool2d_grad. Linear in v; its derivative
   with respect to x is zero. */
#ifdef REAL
#include "ops/conv/max_pool.h"

/* Goes backwards, so that the first of equal maxima is picked. */
static void T(window_to_picked)(const T(pool) * pool, const T(window) * at)
{
    REAL best[T(IMAGES)], picked[T(IMAGES)];
    ELEM *to = at->at[2];
    const int64_t s = pool->operand[0].s[0], t = pool->operand[1].s[0], n = at->images;
    T(find_largest)(pool, at, best);
    for (int64_t k = 0; k < n; k++)
        picked[k] = (REAL)0;
    for (int64_t row = at->rows.count - 1; row >= 0; row--)
        for (int64_t column = at->columns.count - 1; column >= 0; column--) {
            const ELEM *from = T(element)(pool, at, 0, row, column), *given = T(element)(pool, at, 1, row, column);
            for (int64_t k = 0; k < n; k++) {
                const REAL value = from[k * s], passed = given[k * t];
                picked[k] = WG_IS_LARGEST(value, best[k]) ? passed : picked[k];
            }
        }
    for (int64_t k = 0; k < n; k++)
        to[k * pool->operand[2].s[0]] = picked[k];
}

static wg_status T(max_pool2d_pick)(const wg_call *c)
{
    const wg_tensor *const operands[] = {c->in[0], c->in[1], c->out[0]};
    return T(pool_all)(c, 3, operands, 4u, T(window_to_picked));
}
#else
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define KERNEL_FILE "ops/conv/max_pool2d_pick.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_pool_shape(c, true, out));
    return wg_same_dims(c->in[0], c->in[1]) ? WG_OK : wg_call_error(c, WG_E_SHAPE, "expected operands of one shape");
}

wg_tensor *wg_max_pool2d_pick(wg_tensor *x, wg_tensor *v, wg_pool_options options)
{
    const struct wg_window_params p = wg_pool_params(options);
    return wg_invoke2(&wg_op_max_pool2d_pick, &p, x, v);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[1], wg_invoke2(&wg_op_max_pool2d_grad, c->params, c->in[0], gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = WG_PART(tx[1], wg_invoke2(c->op, c->params, c->in[0], tx[1])));
}

static wg_cost cost(const wg_call *c)
{
    double pairs;
    wg_cost cost = wg_pool_cost(c, c->in[0], c->out[0], WG_IN(0) | WG_IN(1), &pairs);
    cost.compare = 4 * pairs;
    return cost;
}

const struct wg_op wg_op_max_pool2d_pick = {
    .name = WG_REGISTERED("max_pool2d_pick"),
    .params_size = sizeof(struct wg_window_params),
    WG_PARAMS(WG_POOL_PARAMS),
    .n_in = 2,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(max_pool2d_pick),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .flat = WG_IN(0),
    WG_SAMPLES(
        {"2x2", {WG_DIMS(2, 3, 5, 4), WG_DIMS(2, 3, 5, 4)}, .n = 2, .distinct = 1, WG_WINDOWS(2, 2, 0, 0, 1, 1, 1, .size = {2, 2})},
        {"overlap",
         {WG_DIMS(1, 2, 4, 5), WG_DIMS(1, 2, 4, 5)},
         .n = 2,
         .distinct = 1,
         WG_WINDOWS(1, 2, 1, 1, 1, 1, 1, .size = {2, 3})},
        {"adaptive",
         {WG_DIMS(1, 2, 5, 4), WG_DIMS(1, 2, 5, 4)},
         .n = 2,
         .distinct = 1,
         WG_WINDOWS(1, 1, 0, 0, 1, 1, 1, .size = {3, 2}, .adaptive = true)}),
};
#endif
