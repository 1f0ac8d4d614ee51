/* y = arcsin x, element by element; dy/dx = 1/√(1 - x²). */
#ifdef REAL
MAP1(asin, wg_no_params, R(asin)(x))
#else
#define KERNEL_FILE "ops/elementwise/asin.c"
#include "ops/op.h"

#include "ops/elementwise/arc.h"

WG_DIAGONAL(wg_over_circle(wg_donate(g), c->in[0]))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_asin = {
    .name = WG_REGISTERED("asin"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(asin),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-0.8}, .high = {0.8}}),
};
#endif
