/* The negative cosine similarity, then the reduction. */
#include "ops/loss/loss.h"

struct params {
    int axis;
    double eps;
    wg_reduction reduction;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    WG_TRY(wg_loss_vectors(c, 2, p->reduction));
    wg_tensor *similarity = wg_cosine_similarity(c->in[0], c->in[1], .axis = p->axis, .eps = p->eps);
    return wg_made(out[0] = wg_loss_reduce(wg_neg(similarity), p->reduction));
}

wg_tensor *wg_cosine_loss_with(wg_tensor *x, wg_tensor *t, wg_cosine_loss_options options)
{
    const struct params p = {options.axis, options.eps, options.reduction};
    return wg_invoke2(&wg_op_cosine_loss, &p, x, t);
}

#define ROWS(...)                                                                                              \
    {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .low = {0.1, -1}, .high = {1, 1}, .params = &(const struct params) \
    {                                                                                                          \
        __VA_ARGS__                                                                                            \
    }
const struct wg_op wg_op_cosine_loss = {
    .name = WG_REGISTERED("cosine_loss"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", ROWS(1, 1e-8, WG_REDUCTION_MEAN)}, {"sum", ROWS(0, 1e-8, WG_REDUCTION_SUM)},
               {"each", ROWS(-1, 1e-8, WG_REDUCTION_NONE)}),
};
#undef ROWS
