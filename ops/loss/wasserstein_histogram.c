/* step Σ |P - T| of the cumulative sums P and T of two histograms along the last axis, each divided by its sum; then the
   reduction. */
#include "ops/loss/loss.h"

struct params {
    double step;
    wg_reduction reduction;
};

static wg_tensor *shares(wg_tensor *histogram)
{
    wg_tensor *h = wg_expect(histogram, "counts", 0, (double)INFINITY, false);
    return wg_div(h, wg_sum(h, .axis = -1, .keepdims = true));
}

static wg_status compose(const wg_call *c, wg_tensor **out)
{
    const struct params *p = c->params;
    WG_TRY(wg_loss_vectors(c, 2, p->reduction));
    WG_TRY(wg_check_number(c->op->name, "step", p->step, WG_POSITIVE));
    wg_tensor *difference = wg_abs(wg_cumsum(wg_sub(shares(c->in[0]), shares(c->in[1])), -1));
    wg_tensor *each = wg_mul_scalar(wg_sum(difference, .axis = -1), p->step);
    return wg_made(out[0] = wg_loss_reduce(each, p->reduction));
}

wg_tensor *wg_wasserstein_histogram_with(wg_tensor *p, wg_tensor *t, wg_wasserstein_histogram_options options)
{
    const struct params params = {options.step, options.reduction};
    return wg_invoke2(&wg_op_wasserstein_histogram, &params, p, t);
}

#define SAMPLE(...)                                                             \
    .n = 2, .low = {0.1, 0.1}, .high = {2, 2}, .params = &(const struct params) \
    {                                                                           \
        __VA_ARGS__                                                             \
    }
const struct wg_op wg_op_wasserstein_histogram = {
    .name = WG_REGISTERED("wasserstein_histogram"),
    .params_size = sizeof(struct params),
    .n_in = 2,
    .n_out = 1,
    .compose = compose,
    WG_SAMPLES({"mean", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, SAMPLE(1, WG_REDUCTION_MEAN)},
               {"each", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, SAMPLE(0.25, WG_REDUCTION_NONE)},
               {"two", {WG_DIMS(4), WG_DIMS(4)}, SAMPLE(2, WG_REDUCTION_SUM)}),
};
#undef SAMPLE
