/* Points, weights and costs of all distances. */
#include "transport.h"

#include <float.h>
#include <math.h>

#include "../module/module.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/transport.h"

wg_status transport_check_option(const char *op, const char *name, double value, double low, double high)
{
    if (value >= low && value <= high)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s in %g … %g, got %g", op, name, low, high, value);
}

/* ---- checks ---- */

static wg_status check_dtypes(const struct transport_call *call)
{
    const wg_dtype x = wg_dtype_of(call->x), y = wg_dtype_of(call->y);
    if (x == y && (x == WG_F32 || x == WG_F64))
        return WG_OK;
    return wg_error_set(WG_E_DTYPE, call->op, "%s: expected x and y of one dtype, f32 or f64, got %s and %s", call->op,
                        wg_dtype_name(x), wg_dtype_name(y));
}

static wg_status check_points(const struct transport_call *call, int rank)
{
    char x_text[200], y_text[200];
    WG_TRY(nn_check_handle(call->x, call->op, "x"));
    WG_TRY(nn_check_handle(call->y, call->op, "y"));
    WG_TRY(check_dtypes(call));
    const wg_shape x = wg_shape_of(call->x), y = wg_shape_of(call->y);
    bool fits = x.rank == rank && y.rank == rank && x.extent[0] > 0 && y.extent[0] > 0;
    if (rank == 2)
        fits = fits && x.extent[1] > 0 && x.extent[1] == y.extent[1];
    if (fits)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, call->op, "%s: expected at least one point in each of x %s and y %s, got %s and %s", call->op,
                        rank == 2 ? "(n,d)" : "(n)", rank == 2 ? "(m,d)" : "(m)", wg_shape_text(x, x_text, sizeof x_text),
                        wg_shape_text(y, y_text, sizeof y_text));
}

wg_status transport_check_weights(const wg_tensor *weights, int64_t n, wg_dtype dtype, const char *op, const char *name)
{
    char text[200];
    if (weights == WG_NONE)
        return WG_OK;
    WG_TRY(nn_check_handle(weights, op, "%s", name));
    if (wg_dtype_of(weights) != dtype)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected %s of dtype %s, got %s", op, name, wg_dtype_name(dtype),
                            wg_dtype_name(wg_dtype_of(weights)));
    const wg_shape shape = wg_shape_of(weights);
    if (shape.rank == 1 && shape.extent[0] == n)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op, "%s: expected %s of shape [%lld], got %s", op, name, (long long)n,
                        wg_shape_text(shape, text, sizeof text));
}

static wg_status check_weights(const struct transport_call *call)
{
    const wg_dtype dtype = wg_dtype_of(call->x);
    WG_TRY(transport_check_weights(call->weights_x, wg_extent(call->x, 0), dtype, call->op, "weights_x"));
    return transport_check_weights(call->weights_y, wg_extent(call->y, 0), dtype, call->op, "weights_y");
}

wg_tensor *transport_expected_weights(wg_tensor *weights, bool of_y)
{
    if (weights == WG_NONE)
        return WG_NONE;
    const char *name = of_y ? "weights_y" : "weights_x", *sum = of_y ? "Σ weights_y" : "Σ weights_x";
    const double slack = wg_dtype_of(weights) == WG_F64 ? 1e-6 : 1e-4;
    wg_tensor *checked = wg_expect(weights, name, 0, 1 + slack, false);
    return wg_expect(wg_sum(checked), sum, 1 - slack, 1 + slack, false) ? checked : NULL;
}

/* ---- the value ---- */

static wg_tensor *value_on_tape(const struct transport_call *call)
{
    struct transport_call checked = *call;
    checked.weights_x = transport_expected_weights(call->weights_x, false);
    checked.weights_y = transport_expected_weights(call->weights_y, true);
    return checked.weights_x && checked.weights_y ? call->value(&checked) : NULL;
}

wg_tensor *transport_run(const struct transport_call *call, int rank)
{
    if (check_points(call, rank) != WG_OK || check_weights(call) != WG_OK)
        return NULL;
    const uint64_t before = nn_count_errors();
    wg_tensor *value;
    if (wg_tape_top())
        value = value_on_tape(call);
    else {
        WG_TAPE(tape, .keep_error = true);
        value = tape ? value_on_tape(call) : NULL;
        value = value ? wg_keep(value) : NULL;
    }
    if (!value)
        nn_name_error(before, call->op);
    return value;
}

wg_tensor *transport_weights(wg_tensor *weights, int64_t n, wg_dtype dtype)
{
    return weights == WG_NONE ? wg_full(dtype, WG_SHAPE(n), 1 / (double)n) : weights;
}

/* Differences, not |x|² + |y|² - 2 x·y: that loses the distance of near points to rounding, and that of equal ones would not be 0. */
wg_tensor *transport_cost(wg_tensor *x, wg_tensor *y, double p)
{
    wg_tensor *difference = wg_sub(wg_unsqueeze(x, 1), wg_unsqueeze(y, 0));
    if (p == 2)
        return wg_sum_squares(difference, .axis = 2);
    wg_tensor *distance = wg_norm2(difference, .axis = 2);
    return p == 1 ? distance : wg_pow_scalar(distance, p);
}

/* The power's argument is 1 where the sum is 0, since the infinite slope there times 0 is NaN. */
wg_tensor *transport_root(wg_tensor *sum, double p)
{
    if (p == 1)
        return sum;
    const wg_dtype dtype = wg_dtype_of(sum);
    wg_tensor *zero = wg_zeros(dtype, WG_SCALAR), *is_zero = wg_eq(sum, zero);
    return wg_where(is_zero, zero, wg_pow_scalar(wg_where(is_zero, wg_ones(dtype, WG_SCALAR), sum), 1 / p));
}

/* The largest coordinate; 1 where it is 0 or no number, and, for squares, where it is far from the ends of the dtype. */
struct transport_scaled transport_scale(wg_tensor *x, wg_tensor *y, double p)
{
    struct transport_scaled scaled = {x, y, wg_ones(wg_dtype_of(x), WG_SCALAR)};
    if (p == 1)
        return scaled;
    const wg_dtype dtype = wg_dtype_of(x);
    const double far = dtype == WG_F64 ? 1e100 : 1e12, largest = dtype == WG_F64 ? DBL_MAX : (double)FLT_MAX;
    wg_tensor *size = wg_detach(wg_maximum(wg_max(wg_abs(x)), wg_max(wg_abs(y))));
    wg_tensor *fits = wg_logical_and(wg_gt(size, wg_zeros(dtype, WG_SCALAR)), wg_le(size, wg_full(dtype, WG_SCALAR, largest)));
    if (p == 2)
        fits = wg_logical_and(
            fits, wg_logical_or(wg_gt(size, wg_full(dtype, WG_SCALAR, far)), wg_lt(size, wg_full(dtype, WG_SCALAR, 1 / far))));
    scaled.unit = wg_where(fits, size, scaled.unit);
    scaled.x = wg_div(x, scaled.unit), scaled.y = wg_div(y, scaled.unit);
    return scaled;
}

static wg_tensor *cost_value(const struct transport_call *call)
{
    const wg_transport_cost_options *options = call->options;
    return transport_cost(call->x, call->y, options->p);
}

wg_tensor *wg_transport_cost_with(wg_tensor *x, wg_tensor *y, wg_transport_cost_options options)
{
    const struct transport_call call = {"transport_cost", x, y, WG_NONE, WG_NONE, &options, cost_value};
    if (transport_check_option(call.op, "p", options.p, 1, 1e6) != WG_OK)
        return NULL;
    return transport_run(&call, 2);
}
