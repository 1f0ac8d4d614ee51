/* Wrappers: what they share. */
#include "wrapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/error.h"
#include "wengert/ops.h"

enum { MODULE }; /* children */

/* ---- making ---- */

static wg_status resolve_axis(const struct nn_wrapper *w, int64_t *axis)
{
    const int rank = wg_rank(w->tensor);
    char text[200];
    if (*axis == WG_ALL)
        return WG_OK;
    if (*axis < -rank || *axis >= rank)
        return wg_error_set(WG_E_ARGUMENT, w->op, "%s: there is no axis %lld in %s %s", w->op, (long long)*axis, w->parameter,
                            wg_shape_text(wg_shape_of(w->tensor), text, sizeof text));
    *axis += *axis < 0 ? rank : 0;
    return WG_OK;
}

wg_status nn_wrapper_find(struct nn_wrapper *w, int64_t *axis)
{
    if (!w->module) /* what should have made it has failed */
        return wg_error_first() ? wg_error_first()->code : nn_null_argument(w->op, "the module");
    if (!w->parameter)
        return nn_null_argument(w->op, "the name of the parameter");
    if (strchr(w->parameter, '.'))
        return wg_error_set(WG_E_ARGUMENT, w->op, "%s: expected a parameter of the %s module's own, got \"%s\"", w->op,
                            wg_nn_kind_name(w->module), w->parameter);
    if (w->module->params.own == 0 && wg_nn_children(w->module) > 0)
        return wg_error_set(
            WG_E_ARGUMENT, w->op,
            "%s: the %s module has no parameter \"%s\" of its own: wrap the layer that has it, before the layer becomes a child",
            w->op, wg_nn_kind_name(w->module), w->parameter);
    const size_t slot = nn_slot_of(w->module, w->parameter, w->op);
    if (slot == w->module->params.n)
        return WG_E_ARGUMENT;
    w->tensor = w->module->params.tensor[slot];
    return resolve_axis(w, axis);
}

wg_status nn_wrapper_make(struct nn_wrapper *w, const struct wg_nn_kind *kind, const void *options, wg_status status)
{
    char *name = status == WG_OK ? strdup(w->parameter) : NULL;
    if (status == WG_OK && !name)
        return nn_no_memory(w->op);
    if (status != WG_OK)
        return status;
    w->wrapper = nn_create(kind, kind->options, options, name, w->op);
    return w->wrapper ? WG_OK : nn_first_error(WG_E_MEMORY);
}

static wg_status add(struct nn_wrapper *w, const char *ending, wg_tensor *t, bool parameter, wg_status status)
{
    char name[256];
    if (status == WG_OK && snprintf(name, sizeof name, "%s_%s", w->parameter, ending) >= (int)sizeof name)
        status = wg_error_set(WG_E_ARGUMENT, w->op, "%s: expected a parameter with a shorter name", w->op);
    if (status != WG_OK) {
        if (t != w->tensor)
            (void)nn_then(t, NULL);
        return status;
    }
    WG_TRY((parameter ? wg_nn_add_parameter : wg_nn_add_buffer)(w->wrapper, name, t));
    return t == w->tensor ? wg_set_name(t, name) : WG_OK; /* messages call it what it is now */
}

wg_status nn_wrapper_add_parameter(struct nn_wrapper *w, const char *ending, wg_tensor *t, wg_status status)
{
    return add(w, ending, t, true, status);
}

wg_status nn_wrapper_add_buffer(struct nn_wrapper *w, const char *ending, wg_tensor *t, wg_status status)
{
    return add(w, ending, t, false, status);
}

/* The wrapper shares the module's other parameters, so that they have their names there. */
static wg_status share_others(struct nn_wrapper *w)
{
    const wg_tensor_list all = wg_nn_parameters(w->module);
    for (size_t i = 0; i < all.n; i++)
        if (all.tensor[i] != w->tensor && !strchr(all.name[i], '.'))
            WG_TRY(wg_nn_add_parameter(w->wrapper, all.name[i], all.tensor[i]));
    return WG_OK;
}

wg_nn_module *nn_wrapper_end(struct nn_wrapper *w, wg_status status)
{
    if (status == WG_OK)
        status = share_others(w);
    if (status != WG_OK)
        wg_nn_destroy(w->module);
    else if (wg_nn_add_child(w->wrapper, "module", w->module) == WG_OK)
        return w->wrapper;
    wg_nn_destroy(w->wrapper);
    return NULL;
}

/* ---- a wrapper's context ---- */

void nn_wrapper_destroy(void *context)
{
    free(context);
}

void *nn_wrapper_copy(const void *context)
{
    return strdup(context);
}

/* ---- applying ---- */

wg_tensor *nn_wrapper_apply(const wg_nn_call *call, wg_tensor *parameter)
{
    const char *name = call->context;
    const wg_tensor_list with = {.n = 1, .tensor = &parameter, .name = &name};
    const wg_status status = wg_nn_apply_child_with(call, MODULE, with, call->in, call->n_in, call->out, call->n_out);
    return status == WG_OK ? call->out[0] : NULL;
}

wg_tensor *nn_reciprocal_or_zero(wg_tensor *x)
{
    const wg_dtype dtype = wg_dtype_of(x);
    wg_tensor *zero = wg_zeros(dtype, WG_SCALAR), *is_zero = wg_eq(x, zero);
    wg_tensor *safe = wg_where(is_zero, wg_ones(dtype, WG_SCALAR), x);
    return wg_where(is_zero, zero, wg_reciprocal(safe)); /* the gradient of 1/0, NaN, would go on through the where */
}
