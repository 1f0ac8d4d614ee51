/* d²/2 for similar pairs and max(0, margin - d)²/2 for others, with the Euclidean distance d (Hadsell, Chopra, LeCun, 2006); then
   the reduction. */
#include "ops/loss/loss.h"

struct params {
    double margin;
    wg_reduction reduction;
};

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    WG_TRY(wg_loss_vectors(c, 2, p->reduction));
    WG_TRY(wg_check_number(c->op->name, "margin", p->margin, WG_FINITE));
    wg_tensor *different = wg_is_high(wg_two_valued(c, 2, 1, 0, 1), 1), *d = wg_norm2(wg_sub(c->in[0], c->in[1]), .axis = -1);
    wg_tensor *gap = wg_where(different, wg_relu(wg_add_scalar(wg_neg(d), p->margin)), d);
    return wg_made(out[0] = wg_loss_reduce(wg_mul_scalar(wg_square(gap), 0.5), p->reduction));
}

wg_tensor *wg_contrastive_with(wg_tensor *a, wg_tensor *b, wg_tensor *t, wg_margin_options options)
{
    const struct params p = {options.margin, options.reduction};
    return wg_invoke3(&wg_op_contrastive, &p, a, b, t);
}

#define PAIRS(...)                                                                                              \
    {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3)}, .n = 3, .dtype = {WG_F32, WG_F32, WG_I64}, .low = {0.1, -1, 0}, \
                                                .high = {1, -0.1, 2}, .params = &(const struct params)          \
    {                                                                                                           \
        __VA_ARGS__                                                                                             \
    }
const struct wg_op wg_op_contrastive = {
    .name = WG_REGISTERED("contrastive"),
    .params_size = sizeof(struct params),
    .n_in = 3,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", PAIRS(5, WG_REDUCTION_MEAN)}, {"each", PAIRS(6, WG_REDUCTION_NONE)},
               {"beyond", PAIRS(0, WG_REDUCTION_SUM)}),
};
#undef PAIRS
