/* Initialisation of weights. */
#include <float.h>
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

/* Each rule's name in messages, that of its function where it has one, and which options it reads. */
static const struct rule {
    const char *op;
    bool gain, fan;
} rules[] = {
    [WG_INIT_LINEAR] = {"init_tensor", false, false},
    [WG_INIT_KAIMING_UNIFORM] = {"init_kaiming_uniform", true, true},
    [WG_INIT_KAIMING_NORMAL] = {"init_kaiming_normal", true, true},
    [WG_INIT_XAVIER_UNIFORM] = {"init_xavier_uniform", true, false},
    [WG_INIT_XAVIER_NORMAL] = {"init_xavier_normal", true, false},
};

static const char *name_of(wg_init_rule rule)
{
    return (size_t)rule < sizeof rules / sizeof *rules ? rules[rule].op : "init_tensor";
}

static wg_status check(wg_shape shape, wg_init_rule rule, const wg_init_options *options, const char *op)
{
    char text[200];
    if ((size_t)rule >= sizeof rules / sizeof *rules)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: there is no rule %d", op, (int)rule);
    if (shape.rank < 2 || !(fan_of(shape, 0) > 0 && fan_of(shape, 1) > 0))
        return wg_error_set(WG_E_SHAPE, op, "%s: expected a weight (out, in, ...) with elements, got %s", op,
                            wg_shape_text(shape, text, sizeof text));
    if (!(options->gain > 0 && options->gain < HUGE_VAL))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected gain in (0, inf), got %g", op, options->gain);
    if (!rules[rule].gain && options->gain != 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: .gain = %g and WG_INIT_LINEAR exclude each other: that rule has no gain", op,
                            options->gain);
    if (options->fan != WG_FAN_IN && options->fan != WG_FAN_OUT)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: there is no fan %d", op, (int)options->fan);
    if (!rules[rule].fan && options->fan != WG_FAN_IN)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: .fan and this rule exclude each other: Kaiming rules alone choose a fan", op);
    return WG_OK;
}

/* Draws may be a few times the deviation: ten times that is to be a number, too. */
static wg_tensor *normal(wg_dtype dtype, wg_shape shape, wg_tensor *generator, double deviation, const char *op)
{
    if (deviation <= (dtype == WG_F32 ? FLT_MAX : DBL_MAX) / 10)
        return wg_normal(generator, dtype, shape, 0, deviation);
    (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected a gain whose weights are %s numbers, got the standard deviation %g", op,
                       wg_dtype_name(dtype), deviation);
    return NULL;
}

/* U(-a, a) has variance a²/3. */
static wg_tensor *draw(wg_dtype dtype, wg_shape shape, wg_tensor *generator, wg_init_rule rule, const wg_init_options *options)
{
    const double fan_in = fan_of(shape, 0), fan_out = fan_of(shape, 1), fan = options->fan == WG_FAN_OUT ? fan_out : fan_in;
    double bound = 0, deviation = 0;
    switch (rule) {
    case WG_INIT_LINEAR:
        bound = 1 / sqrt(fan_in);
        break;
    case WG_INIT_KAIMING_UNIFORM:
        bound = options->gain * sqrt(3 / fan);
        break;
    case WG_INIT_KAIMING_NORMAL:
        deviation = options->gain / sqrt(fan);
        break;
    case WG_INIT_XAVIER_UNIFORM:
        bound = options->gain * sqrt(6 / (fan_in + fan_out));
        break;
    case WG_INIT_XAVIER_NORMAL:
        deviation = options->gain * sqrt(2 / (fan_in + fan_out));
        break;
    }
    return bound > 0 ? wg_uniform(generator, dtype, shape, -bound, bound)
                     : normal(dtype, shape, generator, deviation, name_of(rule));
}

wg_tensor *wg_init_tensor_with(wg_dtype dtype, wg_shape shape, wg_tensor *generator, wg_init_rule rule, wg_init_options options)
{
    return check(shape, rule, &options, "init_tensor") == WG_OK ? draw(dtype, shape, generator, rule, &options) : NULL;
}

wg_status wg_init_with(wg_tensor *t, wg_tensor *generator, wg_init_rule rule, wg_init_options options)
{
    const char *op = name_of(rule);
    WG_TRY(check_target(t, op));
    const wg_shape shape = wg_shape_of(t);
    return fill(t, check(shape, rule, &options, op) == WG_OK ? draw(wg_dtype_of(t), shape, generator, rule, &options) : NULL);
}
