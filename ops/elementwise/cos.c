/* y = cos x, element by element; dy/dx = -sin x. */
#ifdef REAL
#include "ops/elementwise/angle_tmpl.h"
MAP_ANGLE(cos)
#undef MAP_ANGLE
#else
#define KERNEL_FILE "ops/elementwise/cos.c"
#include "ops/op.h"

WG_DIAGONAL(wg_neg(wg_donate(wg_mul(wg_donate(g), wg_sin(c->in[0])))))

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 0, 1);
}

const struct wg_op wg_op_cos = {
    .name = WG_REGISTERED("cos"),
    .n_in = 1,
    .n_out = 1,
    .kernels = MAP_KERNELS(cos),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0),
    .inplace = WG_IN(0),
    WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1, .low = {-4}, .high = {4}}),
};
#endif
