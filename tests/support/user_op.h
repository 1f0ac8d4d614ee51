/* An op of a user's program, for tests: element-wise y = a b with an accumulator, which counts the calls of its vjp and what
   they need. */
#ifndef TEST_USER_OP_H
#define TEST_USER_OP_H

#include "common.h"

/* y = a b for contiguous f64 operands of one shape. */
static inline wg_status times_kernel(const wg_call *c)
{
    const double *a = wg_data(c->in[0]), *b = wg_data(c->in[1]);
    double *y = wg_data_mut(c->out[0]);
    for (int64_t i = 0; i < wg_numel(c->out[0]); i++)
        y[i] = a[i] * b[i];
    return WG_OK;
}

/* Calls of a vjp: which gradients were needed, and whether accumulators were offered. */
struct asked {
    int calls, need[2], offered[2];
};

static inline struct asked *asked(void)
{
    static struct asked record;
    return &record;
}

static inline wg_status times_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    asked()->calls++;
    for (int i = 0; i < 2; i++) {
        asked()->need[i] += gx[i].need;
        asked()->offered[i] += gx[i].into != NULL;
        if (gx[i].into) {
            gx[i].accumulated = true;
            WG_TRY(wg_give(&gx[i], wg_add(wg_donate(gx[i].into), wg_mul(gy[0], c->in[1 - i]))));
        } else {
            WG_TRY(WG_GIVE(gx[i], wg_mul(gy[0], c->in[1 - i])));
        }
    }
    return WG_OK;
}

static inline const struct wg_op *times_op(void)
{
    static const struct wg_op op = {
        .name = "times",
        .n_in = 2,
        .n_out = 1,
        .kernels = {{.run = {times_kernel, times_kernel}}},
        .vjp = times_vjp,
        .saves = WG_IN(0) | WG_IN(1),
        .flags = WG_OP_ROW_MAJOR,
    };
    return &op;
}

static inline wg_tensor *times(wg_tensor *a, wg_tensor *b)
{
    return wg_invoke2(times_op(), NULL, a, b);
}

#endif
