/* The gradient of maximum with respect to one of its operands: gy where that operand was selected, else 0; a, b and gy broadcast.
   Linear in gy, piecewise constant in a and b. */
#ifdef REAL
#include "ops/route.h"
MAP3(maximum_grad, int, (WG_TAKES_FIRST(a, b, >=) != 0) == (*p == 0) ? d : (REAL)0)
#else
#define KERNEL_FILE "ops/elementwise/maximum_grad.c"
#include "ops/op.h"

wg_tensor *wg_maximum_grad(wg_tensor *a, wg_tensor *b, wg_tensor *gy, int side)
{
    if (side != 0 && side != 1) {
        wg_fail(WG_E_ARGUMENT, "maximum_grad", "maximum_grad: side %d is neither 0 nor 1", side);
        return NULL;
    }
    return wg_invoke3(&wg_op_maximum_grad, &side, a, b, gy);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const int *side = c->params;
    return WG_GIVE(gx[2], wg_maximum_grad(c->in[0], c->in[1], wg_donate(gy[0]), *side));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const int *side = c->params;
    return wg_jvp_sum(c, WG_NONE, WG_PART(tx[2], wg_maximum_grad(c->in[0], c->in[1], tx[2], *side)), ty);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 0, 0, 0, 2, 0);
}

#define TAKEN(side)                                                     \
    .n = 3, .low = {-100, -1}, .high = {100, 1}, .params = &(const int) \
    {                                                                   \
        side                                                            \
    }

const struct wg_op wg_op_maximum_grad = {
    .name = WG_REGISTERED("maximum_grad"),
    .params_size = sizeof(int),
    WG_PARAMS(WG_PARAM_ONLY(INT, "operand")),
    .n_in = 3,
    .n_out = 1,
    .kernels = MAP_KERNELS(maximum_grad),
    .vjp = vjp,
    .jvp = jvp,
    .cost = cost,
    .saves = WG_IN(0) | WG_IN(1),
    .flat = WG_IN(0) | WG_IN(1),
    .inplace = WG_IN(2),
    WG_SAMPLES({"a", {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3, 4)}, TAKEN(0)},
               {"b", {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3, 4)}, TAKEN(1)},
               {"broadcast", {WG_DIMS(2, 3, 1), WG_DIMS(4), WG_DIMS(2, 3, 4)}, TAKEN(0)}),
};
#endif
