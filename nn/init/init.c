/* Initialisation of weights. */
#include <math.h>

#include "wengert/error.h"
#include "wengert/nn/init.h"
#include "wengert/ops.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

/* target ← values, which are given back. */
static wg_status fill(wg_tensor *target, wg_tensor *values)
{
    wg_tensor *own = values ? wg_own(values) : NULL;
    if (!own)
        return wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
    const wg_status status = wg_assign(target, own);
    wg_free(own);
    return status;
}

static wg_status check_target(const wg_tensor *t, const char *op)
{
    if (!t)
        return wg_error_set(WG_E_NULL, op, "%s: the tensor is NULL", op);
    if (wg_dtype_of(t) != WG_F32 && wg_dtype_of(t) != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected f32 or f64, got %s", op, wg_dtype_name(wg_dtype_of(t)));
    return WG_OK;
}

wg_status wg_init_uniform(wg_tensor *t, wg_tensor *generator, double low, double high)
{
    WG_TRY(check_target(t, "init_uniform"));
    return fill(t, wg_uniform(generator, wg_dtype_of(t), wg_shape_of(t), low, high));
}

wg_status wg_init_normal(wg_tensor *t, wg_tensor *generator, double mean, double deviation)
{
    WG_TRY(check_target(t, "init_normal"));
    return fill(t, wg_normal(generator, wg_dtype_of(t), wg_shape_of(t), mean, deviation));
}

wg_status wg_init_constant(wg_tensor *t, double value)
{
    WG_TRY(check_target(t, "init_constant"));
    return fill(t, wg_full(wg_dtype_of(t), wg_shape_of(t), value));
}

static double fan_of(wg_shape shape, int but)
{
    double fan = 1;
    for (int i = 0; i < shape.rank; i++)
        if (i != but)
            fan *= (double)shape.extent[i];
    return fan;
}

/* U(-a, a) has variance a²/3. */
wg_tensor *wg_init_tensor_with(wg_dtype dtype, wg_shape shape, wg_tensor *generator, wg_init_rule rule, wg_init_options options)
{
    const double fan_in = fan_of(shape, 0), fan_out = fan_of(shape, 1), fan = options.fan == WG_FAN_OUT ? fan_out : fan_in;
    const double gain = options.gain;
    char text[200];
    if (shape.rank < 2 || !(fan_in > 0 && fan_out > 0)) {
        (void)wg_error_set(WG_E_SHAPE, "init", "init: fans are those of a weight (out, in, ...), not of %s",
                           wg_shape_text(shape, text, sizeof text));
        return NULL;
    }
    if (!(gain > 0 && gain < HUGE_VAL)) {
        (void)wg_error_set(WG_E_ARGUMENT, "init", "init: the gain is positive, not %g", gain);
        return NULL;
    }
    double bound = 0, deviation = 0;
    switch (rule) {
    case WG_INIT_LINEAR:
        bound = 1 / sqrt(fan_in);
        break;
    case WG_INIT_KAIMING_UNIFORM:
        bound = gain * sqrt(3 / fan);
        break;
    case WG_INIT_KAIMING_NORMAL:
        deviation = gain / sqrt(fan);
        break;
    case WG_INIT_XAVIER_UNIFORM:
        bound = gain * sqrt(6 / (fan_in + fan_out));
        break;
    case WG_INIT_XAVIER_NORMAL:
        deviation = gain * sqrt(2 / (fan_in + fan_out));
        break;
    default:
        (void)wg_error_set(WG_E_ARGUMENT, "init", "init: there is no rule %d", (int)rule);
        return NULL;
    }
    return bound > 0 ? wg_uniform(generator, dtype, shape, -bound, bound) : wg_normal(generator, dtype, shape, 0, deviation);
}

wg_status wg_init_with(wg_tensor *t, wg_tensor *generator, wg_init_rule rule, wg_init_options options)
{
    WG_TRY(check_target(t, "init"));
    return fill(t, wg_init_tensor_with(wg_dtype_of(t), wg_shape_of(t), generator, rule, options));
}
