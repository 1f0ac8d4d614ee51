/* Clipping gradients. A clipped gradient is an effect of the step like any other: on the open tape it is undone if the step
   fails, so that a retry begins where this one did. Without one the whole happens on a tape of its own, and so all of it or
   nothing. */
#include <math.h>
#include <search.h>

#include "rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/optim.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

static wg_status cause(void)
{
    return wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
}

static int by_address(const void *a, const void *b)
{
    return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

/* *seen: a search tree of those that were looked at so far. */
static wg_status check_parameter(const char *op, wg_tensor_list params, size_t i, void **seen)
{
    const wg_tensor *t = params.tensor[i];
    if (!t)
        return wg_error_set(WG_E_NULL, op, "%s: parameter %zu is NULL", op, i);
    if (!wg_data(t)) /* released, dangling, another thread's, which is recorded now */
        return cause();
    if (tfind(t, seen, by_address))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: parameter %zu (%s) is given twice", op, i, wg_name_of(t));
    return tsearch(t, seen, by_address) ? WG_OK : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
}

static wg_status check(const char *op, wg_tensor_list params, double limit)
{
    void *seen = NULL;
    wg_status status = WG_OK;
    size_t gradients = 0;
    if (params.n == 0 || !params.tensor)
        return wg_error_set(params.n ? WG_E_NULL : WG_E_ARGUMENT, op, "%s: there are no parameters", op);
    if (!(limit >= 0))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the limit %g is negative or no number", op, limit);
    for (size_t i = 0; i < params.n && status == WG_OK; i++) {
        status = check_parameter(op, params, i, &seen);
        gradients += status == WG_OK && wg_gradient(params.tensor[i]) != NULL;
    }
    optim_tree_free(&seen);
    if (status != WG_OK)
        return status;
    return gradients ? WG_OK : wg_error_set(WG_E_NO_GRAD, op, "%s: no parameter has a gradient: wg_backward comes first", op);
}

/* gradient ← value, which is not read again. */
static wg_status replace(wg_tensor *gradient, wg_tensor *value)
{
    if (!value)
        return cause();
    WG_TRY(wg_assign(gradient, value));
    wg_drop(value);
    return WG_OK;
}

static wg_status clip_values(wg_tensor_list params, double limit)
{
    for (size_t i = 0; i < params.n; i++) {
        wg_tensor *g = wg_gradient(params.tensor[i]);
        if (g)
            WG_TRY(replace(g, wg_clamp(g, -limit, limit)));
    }
    return WG_OK;
}

/* Inside a captured step nothing has been computed yet, so that no number can be read. */
static wg_status read_norm(const wg_tensor *length, double *norm)
{
    const bool first = !wg_error_first();
    wg_error error;
    *norm = wg_item(length);
    if (!isnan(*norm) || !first || wg_error_take(&error) == WG_OK)
        return WG_OK;
    return wg_error_set(error.code, "optim_clip_norm",
                        "optim_clip_norm: %s: inside a captured step the stage wg_stage_clip_norm of the optimizer clips",
                        error.message);
}

/* The norm of a gradient, which may be beyond the numbers of its dtype: then it is the norm of a scaled copy, scaled back. */
static wg_status norm_of(wg_tensor *gradient, double *norm)
{
    wg_tensor *length = wg_norm2(gradient);
    if (!length)
        return cause();
    WG_TRY(read_norm(length, norm));
    if (wg_dtype_of(gradient) != WG_F32 || !isinf(*norm))
        return WG_OK;
    wg_tensor *scaled = wg_mul_scalar(gradient, 0x1p-100);
    if (!(length = wg_norm2(scaled)))
        return cause();
    wg_drop(scaled);
    *norm = wg_item(length) * 0x1p100;
    return WG_OK;
}

/* The norm of all gradients together, each of them checked, and none squared: squares would leave f64 before the norm does. */
static wg_status total_norm(const char *op, wg_tensor_list params, double *total)
{
    *total = 0;
    for (size_t i = 0; i < params.n; i++) {
        wg_tensor *g = wg_gradient(params.tensor[i]);
        double norm = 0;
        if (g)
            WG_TRY(norm_of(g, &norm));
        if (!isfinite(norm))
            return wg_error_set(WG_E_NUMERIC, op, "%s: the norm of parameter %zu's gradient (%s) is %g", op, i,
                                wg_name_of(params.tensor[i]), norm);
        *total = hypot(*total, norm);
    }
    return isfinite(*total) ? WG_OK : wg_error_set(WG_E_NUMERIC, op, "%s: the norm of all gradients is %g", op, *total);
}

/* gradient times limit/norm, in two steps where that would be denormal: a power of two first, which rounds nothing. */
static wg_tensor *shortened(wg_tensor *gradient, double limit, double norm)
{
    const int most = wg_dtype_of(gradient) == WG_F32 ? 100 : 1000, exponent = ilogb(norm);
    const double first = exponent > 60 ? ldexp(1, -(exponent < most ? exponent : most)) : 1;
    wg_tensor *g = first < 1 ? wg_mul_scalar(gradient, first) : gradient,
              *y = wg_mul_scalar(g, limit / (norm * first + 1e-6 * first));
    if (g && g != gradient)
        wg_drop(g);
    return y;
}

static wg_status clip_norm(const char *op, wg_tensor_list params, double limit, double *norm)
{
    double total;
    WG_TRY(total_norm(op, params, &total));
    for (size_t i = 0; i < params.n && limit < total + 1e-6; i++) {
        wg_tensor *g = wg_gradient(params.tensor[i]);
        if (g)
            WG_TRY(replace(g, shortened(g, limit, total)));
    }
    if (norm)
        *norm = total;
    return WG_OK;
}

wg_status wg_optim_clip_value(wg_tensor_list params, double limit)
{
    WG_TRY(check("optim_clip_value", params, limit));
    if (wg_tape_top())
        return clip_values(params, limit);
    WG_TAPE(own, .keep_error = true);
    return clip_values(params, limit);
}

wg_status wg_optim_clip_norm(wg_tensor_list params, double limit, double *norm)
{
    static const char op[] = "optim_clip_norm";
    WG_TRY(check(op, params, limit));
    if (wg_tape_top())
        return clip_norm(op, params, limit, norm);
    WG_TAPE(own, .keep_error = true);
    return clip_norm(op, params, limit, norm);
}
