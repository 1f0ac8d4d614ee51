/* Distances that are differences of means over pairs. */
#include "../module/module.h"
#include "transport.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/transport.h"

/* The mean over pairs of one set, of which each point with itself has the value self. */
static wg_tensor *mean_within(wg_tensor *pairs, double self, bool unbiased)
{
    const double n = (double)wg_extent(pairs, 0);
    if (!unbiased)
        return wg_mean(pairs);
    return wg_mul_scalar(wg_add_scalar(wg_sum(pairs), -n * self), 1 / (n * (n - 1)));
}

static bool enough(const wg_tensor *x, const wg_tensor *y, bool unbiased, const char *op)
{
    if (!unbiased || (wg_extent(x, 0) > 1 && wg_extent(y, 0) > 1))
        return true;
    (void)wg_error_set(WG_E_SHAPE, op, "%s: expected at least two points in each set with .unbiased", op);
    return false;
}

/* ---- maximum mean discrepancy ---- */

/* mean_s exp(-|u - v|²/(2 s²)), with the factors -1/(2 s²) (k,1,1). */
static wg_tensor *kernel(wg_tensor *x, wg_tensor *y, wg_tensor *factors)
{
    return wg_mean(wg_exp(wg_mul(wg_unsqueeze(transport_cost(x, y, 2), 0), factors)), .axis = 0);
}

static wg_tensor *mmd(const struct transport_call *call)
{
    const wg_transport_mmd_options *options = call->options;
    const wg_dtype dtype = wg_dtype_of(call->x);
    if (!enough(call->x, call->y, options->unbiased, call->op))
        return NULL;
    wg_tensor *s = options->bandwidths == WG_NONE ? wg_ones(dtype, WG_SHAPE(1))
                                                  : wg_expect(options->bandwidths, "bandwidths", 1e-30, __builtin_inf(), false);
    if (!s)
        return NULL;
    wg_tensor *unit = wg_detach(wg_max(s)), *x = wg_div(call->x, unit), *y = wg_div(call->y, unit); /* s² may be no number */
    wg_tensor *factors = wg_mul_scalar(wg_square(wg_div(unit, wg_reshape(s, WG_SHAPE(wg_numel(s), 1, 1)))), -0.5);
    wg_tensor *xx = mean_within(kernel(x, x, factors), 1, options->unbiased),
              *yy = mean_within(kernel(y, y, factors), 1, options->unbiased);
    return wg_sub(wg_add(xx, yy), wg_mul_scalar(wg_mean(kernel(x, y, factors)), 2));
}

static wg_status check_bandwidths(const wg_tensor *s, const wg_tensor *x, const char *op)
{
    char text[200];
    if (s == WG_NONE)
        return WG_OK;
    WG_TRY(nn_check_handle(s, op, "bandwidths"));
    if (wg_rank(s) == 1 && wg_numel(s) > 0 && (!wg_is_live(x) || wg_dtype_of(s) == wg_dtype_of(x)))
        return WG_OK;
    return wg_error_set(wg_rank(s) == 1 && wg_numel(s) > 0 ? WG_E_DTYPE : WG_E_SHAPE, op,
                        "%s: expected bandwidths in a vector of the points' dtype, got %s %s", op, wg_dtype_name(wg_dtype_of(s)),
                        wg_shape_text(wg_shape_of(s), text, sizeof text));
}

wg_tensor *wg_transport_mmd_with(wg_tensor *x, wg_tensor *y, wg_transport_mmd_options options)
{
    const struct transport_call call = {"transport_mmd", x, y, WG_NONE, WG_NONE, &options, mmd};
    return check_bandwidths(options.bandwidths, x, call.op) == WG_OK ? transport_run(&call, 2) : NULL;
}

/* ---- energy distance ---- */

static wg_tensor *energy(const struct transport_call *call)
{
    const bool unbiased = ((const wg_transport_energy_options *)call->options)->unbiased;
    if (!enough(call->x, call->y, unbiased, call->op))
        return NULL;
    wg_tensor *xx = mean_within(transport_cost(call->x, call->x, 1), 0, unbiased),
              *yy = mean_within(transport_cost(call->y, call->y, 1), 0, unbiased);
    return wg_sub(wg_mul_scalar(wg_mean(transport_cost(call->x, call->y, 1)), 2), wg_add(xx, yy));
}

wg_tensor *wg_transport_energy_with(wg_tensor *x, wg_tensor *y, wg_transport_energy_options options)
{
    const struct transport_call call = {"transport_energy", x, y, WG_NONE, WG_NONE, &options, energy};
    return transport_run(&call, 2);
}
