#include "statistics.h"

#include "wengert/ops.h"
#include "wengert/tape.h"

wg_status nn_add_statistics(wg_nn_module *layer, wg_dtype dtype, int64_t channels)
{
    const wg_shape shape = WG_SHAPE(channels);
    WG_TRY(wg_nn_add_buffer(layer, "running_mean", wg_zeros(dtype, shape)));
    return wg_nn_add_buffer(layer, "running_var", wg_ones(dtype, shape));
}

wg_status nn_update_statistics(const wg_nn_call *call, wg_tensor *mean, wg_tensor *variance, int64_t m, double momentum)
{
    WG_NO_GRAD;
    WG_TRY(wg_ema_update(call->buffer[NN_MEAN], mean, momentum));
    return wg_running_variance_update(call->buffer[NN_VARIANCE], variance, momentum, m);
}

/* (x - mean) before the product: a large mean would cancel in x scale + shift. The statistics are copied, so that training on may
   change them before backward reads them. */
wg_tensor *nn_by_statistics(const wg_nn_call *call, wg_tensor *x, struct nn_affine affine, double eps)
{
    wg_tensor *mean = wg_copy(call->buffer[NN_MEAN]), *variance = wg_copy(call->buffer[NN_VARIANCE]);
    wg_tensor *deviation = wg_sqrt(wg_add_scalar(wg_donate(variance), eps));
    wg_tensor *scale = affine.weight == WG_NONE ? wg_reciprocal(deviation) : wg_div(affine.weight, deviation);
    wg_tensor *centred = wg_sub(x, nn_per_channel(mean, x));
    wg_tensor *y = wg_mul(centred, nn_per_channel(scale, x));
    if (affine.bias != WG_NONE)
        y = wg_add(wg_donate(y), nn_per_channel(affine.bias, x));
    wg_drop(mean);
    wg_drop(deviation);
    wg_drop(scale);
    wg_drop(centred);
    return y;
}
