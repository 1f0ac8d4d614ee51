/* count ← count + 1: an optimizer's step counter, f64 for every dtype of parameters. */
#ifdef REAL
static wg_status T(increment)(const wg_call *c)
{
    ELEM *count = (ELEM *)(void *)c->in[0]->data;
    *count = (REAL)*count + (REAL)1;
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/update/increment.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    (void)out;
    return wg_check_scalar(c, 0);
}

wg_status wg_increment(wg_tensor *count)
{
    return wg_invoke(&wg_op_increment, NULL, &count, 1, NULL, 0);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_update(c, 1, 0, 0, 0);
}

const struct wg_op wg_op_increment = {
    .name = WG_REGISTERED("increment"),
    .n_in = 1,
    .shape = shape,
    .kernels = KERNELS(increment),
    .cost = cost,
    .writes = WG_IN(0),
    WG_SAMPLES({"count", {{0}}, .n = 1, .dtype = {WG_F64}, .low = {0}, .high = {9}}),
};
#endif
