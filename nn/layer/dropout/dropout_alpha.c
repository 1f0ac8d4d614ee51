/* Dropout for networks of selu: an element that is dropped becomes α', selu's limit for x → -∞, and y = a x + b restores mean 0 and
   variance 1 of a standard normal x: with q = 1 - p, a = 1/√(q + α'² q p) and b = -a p α'. */
#include <math.h>

#include "../layers.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

static wg_tensor *drop(wg_tensor *x, double p)
{
    const double limit = -1.6732632423543772 * 1.0507009873554805, q = 1 - p;
    const double a = 1 / sqrt(q + limit * limit * q * p), b = -a * p * limit;
    wg_tensor *mask = wg_bernoulli(wg_generator_default(), WG_U8, wg_shape_of(x), q);
    wg_tensor *kept = wg_where(mask, x, wg_full(wg_dtype_of(x), WG_SCALAR, limit));
    return wg_add_scalar(wg_mul_scalar(wg_donate(kept), a), b);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_dropout_alpha_options *o = call->options;
    if (!nn_is_float(x, "nn_dropout_alpha"))
        return NULL;
    return wg_train_mode() && o->p > 0 ? drop(x, o->p) : x;
}

static const wg_nn_sample samples[] = {
    {.options = &(const wg_nn_dropout_alpha_options){.p = 0.4}, .n_in = 1, .in = {{2, {4, 5}}}},
    {.n_in = 0},
};

const struct wg_nn_kind nn_dropout_alpha_kind = {.name = "dropout_alpha", .forward = forward, .samples = samples};
