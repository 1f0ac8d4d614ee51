/* y = arccos x, element by element; dy/dx = -1/√(1 - x²). */
#ifdef REAL
MAP1(acos, wg_no_params, R(acos)(x))
#else
#define KERNEL_FILE "ops/elementwise/acos.c"
#include "ops/op.h"

#include "ops/elementwise/arc.h"

WG_DIAGONAL(wg_neg(wg_donate(wg_over_circle(wg_donate(g), c->in[0]))))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_acos = {
    .name = WG_REGISTERED("acos"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(acos),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-0.8}, .high = {0.8}}),
};
#endif
