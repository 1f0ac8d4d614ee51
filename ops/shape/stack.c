/* Joins tensors of one shape along a new axis: concat after giving each tensor that axis with extent 1. */
#include "ops/op.h"

struct params {
    int axis;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    if (c->n_in == 0)
        return wg_call_error(c, WG_E_ARGUMENT, "expected at least one operand");
    const struct params *p = c->params;
    const wg_tensor *first = c->in[0];
    for (unsigned i = 1; i < c->n_in; i++)
        if (!wg_same_dims(c->in[i], first)) {
            char a[160], b[160];
            return wg_fail(WG_E_SHAPE, "stack", "stack: shapes differ: %s x %s (operand %u)",
                           wg_shape_text(wg_shape_of(first), a, sizeof a), wg_shape_text(wg_shape_of(c->in[i]), b, sizeof b), i);
        }
    const int axis = p->axis < 0 ? p->axis + first->rank + 1 : p->axis;
    if (axis < 0 || axis > first->rank)
        return wg_call_error(c, WG_E_ARGUMENT, "expected an axis of the result, which has one axis more than the operand");
    wg_tensor **part = wg_object_new(c->n_in * sizeof *part);
    if (!part)
        return WG_E_MEMORY;
    for (unsigned i = 0; i < c->n_in; i++)
        part[i] = wg_unsqueeze(c->in[i], axis);
    out[0] = part[0] ? wg_concat(part, c->n_in, axis) : NULL;
    wg_object_free(part);
    return wg_made(out[0]);
}

wg_tensor *wg_stack(wg_tensor *const *x, size_t n, int axis)
{
    wg_tensor *y = NULL;
    if (!x || n == 0) {
        wg_fail(x ? WG_E_ARGUMENT : WG_E_NULL, "stack", "stack: %s", x ? "nothing to join" : "the array of tensors is NULL");
        return NULL;
    }
    return wg_invoke(&wg_op_stack, &(const struct params){axis}, x, n, &y, 1) == WG_OK ? y : NULL;
}

#define AXIS(i)                      \
    .params = &(const struct params) \
    {                                \
        i                            \
    }

const struct wg_op wg_op_stack = {
    .name = WG_REGISTERED("stack"),
    .params_size = sizeof(struct params),
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"rows", {WG_DIMS(3), WG_DIMS(3)}, .n = 2, AXIS(0)},
               {"columns", {WG_DIMS(2, 2), WG_DIMS(2, 2), WG_DIMS(2, 2)}, .n = 3, AXIS(-1)},
               {"one", {{.rank = 0}}, .n = 1, AXIS(0)}),
};
