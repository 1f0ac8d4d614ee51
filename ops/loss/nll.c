/* The negative log-likelihood: -logp at the label. After log_softmax it is cross_entropy. */
#include "ops/loss/loss.h"

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    WG_TRY(wg_label_check(c));
    return wg_made(out[0] = wg_label_loss(c, c->in[0]));
}

wg_tensor *wg_nll_with(wg_tensor *logp, wg_tensor *labels, wg_nll_options options)
{
    const struct wg_class_params p = {0, WG_SMOOTHING_SPREAD, options.ignore, options.reduction};
    return wg_invoke3(&wg_op_nll, &p, logp, labels, options.weight);
}

#define SHAPES {WG_DIMS(4, 5), WG_DIMS(4), WG_DIMS(5)}, .n = 3, .dtype = {WG_F32, WG_I64}, .low = {-3, 0, 0.5}, .high = {-0.1, 5, 2}
#define PARAMS(...)                           \
    .params = &(const struct wg_class_params) \
    {                                         \
        __VA_ARGS__                           \
    }
const struct wg_op wg_op_nll = {
    .name = WG_REGISTERED("nll"),
    .params_size = sizeof(struct wg_class_params),
    .n_in = 3,
    .n_out = 1,
    .optional = WG_IN(2),
    .compose = compose,
    WG_SAMPLES({"plain", SHAPES, .none = WG_IN(2), PARAMS(0, WG_SMOOTHING_SPREAD, WG_IGNORE_NOTHING, WG_REDUCTION_MEAN)},
               {"weights", SHAPES, PARAMS(0, WG_SMOOTHING_SPREAD, WG_IGNORE_NOTHING, WG_REDUCTION_MEAN)},
               {"ignored", SHAPES, PARAMS(0, WG_SMOOTHING_SPREAD, 2, WG_REDUCTION_SUM)}),
};
#undef SHAPES
#undef PARAMS
