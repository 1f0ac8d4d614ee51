/* The Wasserstein distance on the line, and its mean over lines. */
#include "../module/module.h"
#include "transport.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/random.h"
#include "wengert/transport.h"

/* ---- samples with weights ---- */

/* Rows of samples (k,n) in order, and for each the sum of the weights up to and including it. */
struct sorted {
    wg_tensor *x, *sums;
};

static struct sorted sort(wg_tensor *x, wg_tensor *weights)
{
    wg_tensor *order = NULL;
    struct sorted sorted = {.x = wg_sort(x, .indices = &order)};
    if (sorted.x)
        sorted.sums = wg_cumsum(wg_gather(wg_broadcast_to(weights, wg_shape_of(x)), 1, order), 1);
    return sorted;
}

/* samples[r, index[r, .]], where an index is that of the last sample at most: rounding can put a sum of all weights behind the
   other's. */
static wg_tensor *quantiles(wg_tensor *samples, wg_tensor *index)
{
    const double last = (double)wg_extent(samples, 1) - 1;
    return wg_gather(samples, 1, wg_cast(wg_clamp(index, 0, last), WG_I64));
}

/* (k,n) and (k,m) to (k): ∫ |X(u) - Y(u)|ᵖ du. Both quantile functions are constant between neighbours of all n + m sums. Behind a sum of
   x, that function goes on to the next sample. */
static wg_tensor *integral(struct sorted x, struct sorted y, double p)
{
    const int64_t rows = wg_extent(x.x, 0), n = wg_extent(x.x, 1), pieces = n + wg_extent(y.x, 1);
    const wg_dtype dtype = wg_dtype_of(x.x);
    wg_tensor *both[] = {x.sums, y.sums}, *order = NULL, *sums = wg_sort(wg_concat(both, 2, 1), .indices = &order);
    if (!sums)
        return NULL;
    wg_tensor *from[] = {wg_zeros(dtype, WG_SHAPE(rows, 1)), wg_slice(sums, 1, 0, pieces - 1, 1)};
    wg_tensor *width = wg_sub(sums, wg_concat(from, 2, 1));
    wg_tensor *of_x = wg_cast(wg_lt(order, wg_full(WG_I64, WG_SCALAR, (double)n)), WG_F64);
    wg_tensor *of_y = wg_sub(wg_ones(WG_F64, WG_SCALAR), of_x);
    wg_tensor *difference = wg_sub(quantiles(x.x, wg_sub(wg_cumsum(of_x, 1), of_x)),
                                   quantiles(y.x, wg_sub(wg_cumsum(of_y, 1), of_y)));
    wg_tensor *power = p == 1 ? wg_abs(difference) : p == 2 ? wg_square(difference) : wg_pow_scalar(wg_abs(difference), p);
    return wg_sum(wg_mul(width, power), .axis = 1);
}

/* The p-th power of the distance for each row. */
static wg_tensor *weighted_rows(const struct transport_call *call, wg_tensor *x, wg_tensor *y, double p)
{
    const wg_dtype dtype = wg_dtype_of(x);
    const struct sorted a = sort(x, transport_weights(call->weights_x, wg_extent(x, 1), dtype)),
                        b = sort(y, transport_weights(call->weights_y, wg_extent(y, 1), dtype));
    return a.sums && b.sums ? integral(a, b, p) : NULL;
}

static bool has_weights(const struct transport_call *call)
{
    return call->weights_x != WG_NONE || call->weights_y != WG_NONE;
}

/* ---- on one line ---- */

static wg_tensor *line(const struct transport_call *call)
{
    const double p = ((const wg_transport_options *)call->options)->p;
    const struct transport_scaled scaled = transport_scale(call->x, call->y, p);
    if (!has_weights(call))
        return wg_mul(wg_wasserstein(scaled.x, scaled.y, .p = p, .reduction = WG_REDUCTION_SUM), scaled.unit);
    wg_tensor *power = scaled.x && scaled.y ? weighted_rows(call, wg_unsqueeze(scaled.x, 0), wg_unsqueeze(scaled.y, 0), p) : NULL;
    return wg_mul(transport_root(wg_squeeze(power, 0), p), scaled.unit);
}

wg_tensor *wg_transport_line_with(wg_tensor *x, wg_tensor *y, wg_transport_options options)
{
    const struct transport_call call = {"transport_line", x, y, options.weights_x, options.weights_y, &options, line};
    const bool unbounded = !has_weights(&call) && options.p == __builtin_inf();
    if (!unbounded && transport_check_option(call.op, "p", options.p, 1, 1e6) != WG_OK)
        return NULL;
    return transport_run(&call, 1);
}

/* ---- on many ---- */

/* Directions (d,k), uniform on the sphere. */
static wg_tensor *directions(wg_tensor *generator, wg_dtype dtype, int64_t d, int64_t k)
{
    wg_tensor *normal = wg_normal(generator, dtype, WG_SHAPE(d, k), 0, 1);
    return wg_div(normal, wg_norm2(normal, .axis = 0, .keepdims = true));
}

static wg_tensor *sliced(const struct transport_call *call)
{
    const wg_transport_sliced_options *options = call->options;
    wg_tensor *generator = options->generator == WG_NONE ? wg_generator_default() : options->generator;
    wg_tensor *direction = directions(generator, wg_dtype_of(call->x), wg_extent(call->x, 1), options->projections);
    const struct transport_scaled scaled = transport_scale(call->x, call->y, options->p);
    wg_tensor *x = wg_copy(wg_transpose(wg_matmul(scaled.x, direction), 0, 1)),
              *y = wg_copy(wg_transpose(wg_matmul(scaled.y, direction), 0, 1));
    if (!x || !y)
        return NULL;
    wg_tensor *powers;
    if (has_weights(call))
        powers = weighted_rows(call, x, y, options->p);
    else {
        wg_tensor *each = wg_wasserstein(x, y, .p = options->p, .reduction = WG_REDUCTION_NONE);
        powers = options->p == 1 ? each : wg_pow_scalar(each, options->p);
    }
    return wg_mul(transport_root(wg_mean(powers), options->p), scaled.unit);
}

wg_tensor *wg_transport_sliced_with(wg_tensor *x, wg_tensor *y, wg_transport_sliced_options options)
{
    const struct transport_call call = {"transport_sliced", x, y, options.weights_x, options.weights_y, &options, sliced};
    if (transport_check_option(call.op, "p", options.p, 1, 1e6) != WG_OK ||
        transport_check_option(call.op, "projections", (double)options.projections, 1, 1e9) != WG_OK ||
        (options.generator != WG_NONE && nn_check_handle(options.generator, call.op, "the generator") != WG_OK))
        return NULL;
    return transport_run(&call, 2);
}
