/* max(0, margin + d(anchor, positive) - d(anchor, negative)) with distances by pairwise_distance; then the reduction. */
#include "ops/loss/loss.h"

struct params {
    double margin, p, eps;
    bool swap;
    wg_reduction reduction;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    wg_tensor *anchor = c->in[0], *positive = c->in[1], *negative = c->in[2];
    WG_TRY(wg_loss_vectors(c, 3, p->reduction));
    WG_TRY(wg_check_number(c->op->name, "margin", p->margin, WG_FINITE));
    wg_tensor *near = wg_pairwise_distance(anchor, positive, .p = p->p, .eps = p->eps);
    wg_tensor *far = wg_pairwise_distance(anchor, negative, .p = p->p, .eps = p->eps);
    if (p->swap)
        far = wg_minimum(far, wg_pairwise_distance(positive, negative, .p = p->p, .eps = p->eps));
    return wg_made(out[0] = wg_loss_reduce(wg_relu(wg_add_scalar(wg_sub(near, far), p->margin)), p->reduction));
}

wg_tensor *wg_triplet_margin_with(wg_tensor *anchor, wg_tensor *positive, wg_tensor *negative, wg_triplet_margin_options options)
{
    const struct params p = {options.margin, options.p, options.eps, options.swap, options.reduction};
    return wg_invoke3(&wg_op_triplet_margin, &p, anchor, positive, negative);
}

#define ROWS(...)                                                                                         \
    {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 3, .low = {0.1, -0.5, -2}, .high = {1, -0.1, -1}, \
                                                   .params = &(const struct params)                       \
    {                                                                                                     \
        __VA_ARGS__                                                                                       \
    }
const struct wg_op wg_op_triplet_margin = {
    .name = WG_REGISTERED("triplet_margin"),
    .params_size = sizeof(struct params),
    .n_in = 3,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", ROWS(8, 2, 1e-6, false, WG_REDUCTION_MEAN)}, {"swapped", ROWS(8, 1, 1e-6, true, WG_REDUCTION_SUM)},
               {"each", ROWS(8, 3, 1e-6, false, WG_REDUCTION_NONE)}, {"beyond", ROWS(-4, 2, 1e-6, false, WG_REDUCTION_NONE)}),
};
#undef ROWS
