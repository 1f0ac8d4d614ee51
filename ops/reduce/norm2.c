/* √Σ x² over axes, accumulated in f64. If the squares leave f64's range, the sum is repeated with scaled elements (squares.h). The
   gradient is x/y. */
#ifdef REAL
#include "ops/reduce/squares.h"

#define PASS squares
#define ACC WIDE
#define TERM(x, c) ((WIDE)(x) * (WIDE)(x))
#define COMBINE(a, b) ((a) + (b))
#include "ops/reduce_pass_tmpl.h"

static inline WIDE T(square_scaled)(REAL x, WIDE scale)
{
    const WIDE v = (WIDE)x * scale;
    return v * v;
}

#define PASS scaled_squares
#define ACC WIDE
#define TERM(x, c) T(square_scaled)(x, c)
#define COMBINE(a, b) ((a) + (b))
#include "ops/reduce_pass_tmpl.h"

/* The length of one column whose sum of squares overflowed or underflowed. */
static __attribute__((noinline)) wg_status T(scaled_length)(const struct wg_reduction_plan *plan, int threads, const ELEM *x,
                                                            int64_t s, WIDE scale, WIDE *length)
{
    WIDE sum = (WIDE)0;
    const wg_status status = T(scaled_squares_columns)(plan, threads, x, s, 1, &scale, &sum);
    *length = sqrt(sum) / scale;
    return status;
}

static wg_status T(reduce_columns)(const struct wg_reduction_plan *plan, const struct wg_reduce_params *params, int threads,
                                   const ELEM *x, int64_t s, int64_t w, REAL *result)
{
    WIDE sum[WG_REDUCE_WIDTH];
    (void)params;
    sum[0] = (WIDE)0; /* avoids a warning: this pass ignores its column parameters */
    wg_status status = T(squares_columns)(plan, threads, x, s, w, sum, sum);
    for (int64_t k = 0; k < w && status == WG_OK; k++) {
        const WIDE scale = T(squares_scale)(sum[k]);
        WIDE length = sqrt(sum[k]);
        if ((double)scale != 1)
            status = T(scaled_length)(plan, threads, x + k * s, s, scale, &length);
        result[k] = (REAL)length;
    }
    return status;
}

#define NAME norm2
#define EMPTY ((REAL)0)
#include "ops/reduce/reduce_tmpl.h"
#else
#define KERNEL_FILE "ops/reduce/norm2.c"
#include "ops/op.h"

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_length_grad(c, c->in[0], gy[0]));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    return wg_made(ty[0] = wg_length_jvp(c, c->in[0], tx[0]));
}

static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    if (c->in[0]->numel > 0) {
        cost.mul = (double)c->in[0]->numel;
        cost.add = (double)(c->in[0]->numel - c->out[0]->numel);
        cost.transcendental = (double)c->out[0]->numel;
        cost.compare = 2 * (double)c->out[0]->numel;
    }
    return cost;
}

const struct wg_op wg_op_norm2 = {
    .name = WG_REGISTERED("norm2"),
    .params_size = sizeof(struct wg_reduce_params),
    WG_PARAMS(WG_REDUCE_PARAMS),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_reduce_shape,
    .kernels = KERNELS(norm2),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_OUT(0),
    WG_SAMPLES({"all", {WG_DIMS(3, 4)}, .n = 1, .low = {0.1}, .high = {1}, .params = &(const struct wg_reduce_params){.axes = 3}},
               {"rows", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 2}},
               {"columns", {WG_DIMS(3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1, .keepdims = true}},
               {"outer", {WG_DIMS(2, 3, 4)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 5}},
               {"blocks", {WG_DIMS(600)}, .n = 1, .params = &(const struct wg_reduce_params){.axes = 1}}),
};
#endif
