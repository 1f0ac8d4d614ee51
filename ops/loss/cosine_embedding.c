/* 1 - c where the target is 1 and max(0, c - margin) where it is -1, with the cosine similarity c of two vectors; then the
   reduction. */
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
    wg_tensor *similar = wg_is_high(wg_two_valued(c, 2, 1, -1, 1), 1);
    wg_tensor *cosine = wg_cosine_similarity(c->in[0], c->in[1], .axis = -1);
    wg_tensor *each = wg_where(similar, wg_add_scalar(wg_neg(cosine), 1), wg_relu(wg_add_scalar(cosine, -p->margin)));
    return wg_made(out[0] = wg_loss_reduce(each, p->reduction));
}

wg_tensor *wg_cosine_embedding_with(wg_tensor *a, wg_tensor *b, wg_tensor *t, wg_cosine_embedding_options options)
{
    const struct params p = {options.margin, options.reduction};
    return wg_invoke3(&wg_op_cosine_embedding, &p, a, b, t);
}

/* All targets of a sample are 1, or all -1. */
#define PAIRS(target, ...)                                                                              \
    .n = 3, .dtype = {WG_F32, WG_F32, WG_I64}, .low = {0.1, 0.1, target}, .high = {1, 1, (target) + 1}, \
    .params = &(const struct params)                                                                    \
    {                                                                                                   \
        __VA_ARGS__                                                                                     \
    }
const struct wg_op wg_op_cosine_embedding = {
    .name = WG_REGISTERED("cosine_embedding"),
    .params_size = sizeof(struct params),
    .n_in = 3,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"similar", {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3)}, PAIRS(1, 0, WG_REDUCTION_MEAN)},
               {"different", {WG_DIMS(3, 4), WG_DIMS(3, 4), WG_DIMS(3)}, PAIRS(-1, -0.5, WG_REDUCTION_NONE)},
               {"one pair", {WG_DIMS(4), WG_DIMS(4), {.rank = 0}}, PAIRS(-1, 0, WG_REDUCTION_SUM)}),
};
#undef PAIRS
