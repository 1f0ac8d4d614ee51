/* For a vector: the square matrix that has it on a diagonal. For a matrix: its diagonal. */
#include "ops/op.h"

struct params {
    int64_t offset;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *x = c->in[0];
    int64_t side;
    if (x->rank == 2)
        return wg_made(out[0] = wg_diagonal(x, .offset = p->offset));
    if (x->rank != 1)
        return wg_call_error(c, WG_E_SHAPE, "expected a vector or a matrix");
    if (p->offset == INT64_MIN || __builtin_add_overflow(x->numel, p->offset < 0 ? -p->offset : p->offset, &side))
        return wg_call_error(c, WG_E_SHAPE, "the result is too large");
    return wg_made(out[0] = wg_diagonal_grad(x, side, side, p->offset));
}

wg_tensor *wg_diag_with(wg_tensor *x, wg_diagonal_options options)
{
    return wg_invoke1(&wg_op_diag, &(const struct params){options.offset}, x);
}

#define OFFSET(k)                    \
    .params = &(const struct params) \
    {                                \
        k                            \
    }

const struct wg_op wg_op_diag = {
    .name = WG_REGISTERED("diag"),
    .params_size = sizeof(struct params),
    .n_in = 1,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"matrix", {WG_DIMS(4, 3)}, .n = 1, OFFSET(1)}, {"vector", {WG_DIMS(3)}, .n = 1, OFFSET(0)},
               {"vector below", {WG_DIMS(3)}, .n = 1, OFFSET(-2)}),
};
