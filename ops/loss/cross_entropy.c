/* Cross entropy: -ln softmax(logits) at the target, which is labels or probabilities. With class weights w, smoothing ε over C
   classes and the target t (one-hot for a label), the loss of a row is -Σ w ((1 - ε) t + ε/C) ln softmax(logits). Plain labels
   with the mean run as one kernel, cross_entropy_labels. */
#include "ops/loss/loss.h"

static bool plain(const wg_call *c)
{
    const struct wg_class_params *p = c->params;
    return c->in[0]->rank == 2 && wg_absent(c->in[2]) && p->smoothing == 0 && p->rule == WG_SMOOTHING_SPREAD &&
           p->ignore == WG_IGNORE_NOTHING && p->reduction == WG_REDUCTION_MEAN;
}

static wg_status check_probabilities(const wg_call *c)
{
    const struct wg_class_params *p = c->params;
    if (c->in[1]->rank == c->in[0]->rank - 1)
        return wg_call_error(c, WG_E_DTYPE, "expected labels of i64, or probabilities of the logits' shape and dtype");
    if (c->in[1]->dtype != c->in[0]->dtype)
        return wg_call_error(c, WG_E_DTYPE, "expected labels of i64, or probabilities of the logits' dtype");
    if (!wg_same_dims(c->in[1], c->in[0]))
        return wg_call_error(c, WG_E_SHAPE, "expected probabilities of the logits' shape");
    if (p->ignore != WG_IGNORE_NOTHING)
        return wg_call_error(c, WG_E_ARGUMENT, "expected labels with .ignore, got probabilities");
    return WG_OK;
}

static wg_tensor *probability_loss(const wg_call *c, wg_tensor *logp)
{
    const struct wg_class_params *p = c->params;
    const double smoothing = wg_smoothing(c);
    wg_tensor *t = c->in[1];
    if (smoothing > 0)
        t = wg_add_scalar(wg_mul_scalar(t, 1 - smoothing), smoothing / (double)wg_extents(c->in[0])[1]);
    wg_tensor *each = wg_neg(wg_sum(wg_over_classes(c, wg_weighted(t, logp)), .axis = 1));
    return wg_loss_reduce(each, p->reduction);
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const bool labels = c->in[1]->dtype == WG_I64;
    if (labels && plain(c))
        return wg_made(out[0] = wg_cross_entropy_labels(c->in[0], c->in[1]));
    WG_TRY(wg_class_check(c));
    if (!labels)
        WG_TRY(check_probabilities(c));
    wg_tensor *logp = wg_log_softmax(labels ? wg_counted_rows(c, c->in[0]) : c->in[0], .axis = 1);
    return wg_made(out[0] = labels ? wg_label_loss(c, logp) : probability_loss(c, logp));
}

wg_tensor *wg_cross_entropy_with(wg_tensor *logits, wg_tensor *target, wg_cross_entropy_options options)
{
    const struct wg_class_params p = {options.smoothing, options.smoothing_rule, options.ignore, options.reduction};
    return wg_invoke3(&wg_op_cross_entropy, &p, logits, target, options.weight);
}

#define LABELS(c) .dtype = {WG_F32, WG_I64}, .low = {-3, 0, 0.5}, .high = {3, c, 2}
#define PROBABILITIES .low = {-3, 0.1, 0.5}, .high = {3, 1, 2}
#define PARAMS(...)                           \
    .params = &(const struct wg_class_params) \
    {                                         \
        __VA_ARGS__                           \
    }
const struct wg_op wg_op_cross_entropy = {
    .name = WG_REGISTERED("cross_entropy"),
    .params_size = sizeof(struct wg_class_params),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .compose = compose,
    WG_SAMPLES(
        {"plain",
         {WG_DIMS(4, 5), WG_DIMS(4)},
         .n = 3,
         .none = WG_IN(2),
         LABELS(5),
         PARAMS(0, WG_SMOOTHING_SPREAD, WG_IGNORE_NOTHING, WG_REDUCTION_MEAN)},
        {"weights",
         {WG_DIMS(4, 5), WG_DIMS(4), WG_DIMS(5)},
         .n = 3,
         LABELS(5),
         PARAMS(0, WG_SMOOTHING_SPREAD, WG_IGNORE_NOTHING, WG_REDUCTION_MEAN)},
        {"all", {WG_DIMS(4, 5), WG_DIMS(4), WG_DIMS(5)}, .n = 3, LABELS(5), PARAMS(0.1, WG_SMOOTHING_SPREAD, 2, WG_REDUCTION_MEAN)},
        {"images",
         {WG_DIMS(2, 3, 2, 2), WG_DIMS(2, 2, 2), WG_DIMS(3)},
         .n = 3,
         LABELS(3),
         PARAMS(0.1, WG_SMOOTHING_SPREAD, 2, WG_REDUCTION_NONE)},
        {"each smoothed",
         {WG_DIMS(4, 5), WG_DIMS(4)},
         .n = 3,
         .none = WG_IN(2),
         LABELS(5),
         PARAMS(0.1, WG_SMOOTHING_EACH, WG_IGNORE_NOTHING, WG_REDUCTION_SUM)},
        {"counted",
         {WG_DIMS(4, 3), WG_DIMS(4)},
         .n = 3,
         .none = WG_IN(2),
         LABELS(3),
         PARAMS(0, WG_SMOOTHING_SPREAD, 1, WG_REDUCTION_MEAN)},
        {"probabilities",
         {WG_DIMS(4, 3), WG_DIMS(4, 3)},
         .n = 3,
         .none = WG_IN(2),
         PROBABILITIES,
         PARAMS(0, WG_SMOOTHING_SPREAD, WG_IGNORE_NOTHING, WG_REDUCTION_MEAN)},
        {"all of probabilities",
         {WG_DIMS(2, 3, 2), WG_DIMS(2, 3, 2), WG_DIMS(3)},
         .n = 3,
         PROBABILITIES,
         PARAMS(0.1, WG_SMOOTHING_SPREAD, WG_IGNORE_NOTHING, WG_REDUCTION_BATCH_MEAN)}),
};
#undef LABELS
#undef PROBABILITIES
#undef PARAMS
