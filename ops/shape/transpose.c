/* Swaps two axes: a permutation. */
#include "ops/op.h"

struct params {
    int a, b;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *x = c->in[0];
    int a = 0, b = 0;
    wg_axes order = {.count = x->rank};
    WG_TRY(wg_axis("transpose", x, p->a, &a));
    WG_TRY(wg_axis("transpose", x, p->b, &b));
    for (int axis = 0; axis < x->rank; axis++)
        order.axis[axis] = (int8_t)(axis == a ? b : axis == b ? a : axis);
    return wg_made(out[0] = wg_permute(x, order));
}

wg_tensor *wg_transpose(wg_tensor *x, int a, int b)
{
    return wg_invoke1(&wg_op_transpose, &(const struct params){a, b}, x);
}

#define AXES(...)                    \
    .params = &(const struct params) \
    {                                \
        __VA_ARGS__                  \
    }

const struct wg_op wg_op_transpose = {
    .name = WG_REGISTERED("transpose"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"matrix", {WG_DIMS(2, 3)}, .n = 1, AXES(0, 1)}, {"outer", {WG_DIMS(2, 3, 4)}, .n = 1, AXES(-1, 0)},
               {"same", {WG_DIMS(2, 3)}, .n = 1, AXES(1, 1)}),
};
