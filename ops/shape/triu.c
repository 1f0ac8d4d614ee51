/* x where column - row >= offset, else 0, in the last two axes: the upper triangle. The gradient is triu of gy. */
#include "ops/op.h"

struct params {
    int64_t offset;
};

static wg_status kernel(const wg_call *c)
{
    const struct params *p = c->params;
    return wg_triangle(c, true, p->offset);
}

wg_tensor *wg_triu_with(wg_tensor *x, wg_diagonal_options options)
{
    return wg_invoke1(&wg_op_triu, &(const struct params){options.offset}, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct params *p = c->params;
    return WG_GIVE(gx[0], wg_triu(gy[0], .offset = p->offset));
}

static wg_cost cost(const wg_call *c)
{
    const struct params *p = c->params;
    return wg_triangle_cost(c, true, p->offset);
}

#define OFFSET(k)                    \
    .params = &(const struct params) \
    {                                \
        k                            \
    }

const struct wg_op wg_op_triu = {
    .name = WG_REGISTERED("triu"),
    .params_size = sizeof(struct params),
    WG_PARAMS(WG_PARAM_UNLESS(0, INT64, struct params, offset)),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_triangle_shape,
    .kernels = {{.run = {kernel, kernel}}},
    .vjp = vjp,
    .jvp = wg_jvp_linear,
    .cost = cost,
    .flags = WG_OP_ROW_MAJOR,
    WG_SAMPLES({"square", {WG_DIMS(4, 4)}, .n = 1, OFFSET(0)}, {"above", {WG_DIMS(3, 5)}, .n = 1, OFFSET(1)},
               {"below", {WG_DIMS(2, 5, 3)}, .n = 1, OFFSET(-2)}, {"beyond", {WG_DIMS(2, 3)}, .n = 1, OFFSET(INT64_MIN)}),
};
