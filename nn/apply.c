/* Applying modules: with their own parameters or with others, and child by child. */
#include <string.h>

#include "module.h"
#include "wengert/error.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

/* A call of a module's forward function, or of forward_relu. */
struct applied {
    const wg_nn_call *call;
    wg_tensor *x, *y;
    bool relu;
};

static wg_status run_forward(void *context)
{
    struct applied *applied = context;
    const struct wg_nn_kind *kind = applied->call->module->kind;
    applied->y = (applied->relu ? kind->forward_relu : kind->forward)(applied->call, applied->x);
    if (!applied->y && !wg_error_first())
        return wg_error_set(WG_E_STATE, "nn_apply", "nn_apply: the forward function of %s failed without saying why", kind->name);
    if (applied->y && !wg_is_live(applied->y))
        return wg_error_set(WG_E_RELEASED, "nn_apply",
                            "nn_apply: what the forward function of %s returned was dropped, released or freed", kind->name);
    return applied->y ? WG_OK : WG_E_STATE;
}

/* Forward, or with relu what relu makes of it. */
static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x, bool relu)
{
    const char *name = call->module->kind->name;
    struct applied applied = {.call = call, .x = x, .relu = relu};
    if (wg_callback_run("nn_apply", "the forward function of ", name, run_forward, &applied) == WG_OK)
        return applied.y;
    return NULL;
}

/* With no tape open the effects of the call are final when it succeeds: its tape is an outermost one. */
static wg_tensor *apply(const wg_nn_call *call, wg_tensor *x)
{
    if (wg_tape_top())
        return forward(call, x, false);
    WG_TAPE(tape);
    wg_tensor *y = tape ? forward(call, x, false) : NULL;
    return y ? wg_keep(y) : NULL;
}

static bool can_apply(const wg_nn_module *net, const wg_tensor *x, const char *op)
{
    if (net && x)
        return true;
    if (!wg_error_first()) /* else that is what went wrong */
        (void)nn_null_argument(op, net ? "x" : "the module");
    return false;
}

wg_tensor *wg_nn_apply(const wg_nn_module *net, wg_tensor *x)
{
    if (!can_apply(net, x, "nn_apply"))
        return NULL;
    const wg_nn_call call = {
        .module = net, .context = net->context, .param = net->params.tensor, .buffer = net->buffers.tensor, .functional = false};
    return apply(&call, x);
}

static wg_status check_like(const wg_tensor *given, const wg_tensor *own, const char *name)
{
    const char *op = "nn_apply_with";
    if (!given)
        return wg_error_first() ? wg_error_first()->code : wg_error_set(WG_E_NULL, op, "%s: parameter \"%s\" is NULL", op, name);
    const wg_shape a = wg_shape_of(given), b = wg_shape_of(own);
    if (wg_dtype_of(given) != wg_dtype_of(own))
        return wg_error_set(WG_E_DTYPE, op, "%s: parameter \"%s\" is %s, not %s", op, name, wg_dtype_name(wg_dtype_of(own)),
                            wg_dtype_name(wg_dtype_of(given)));
    if (a.rank == b.rank && memcmp(a.extent, b.extent, (size_t)a.rank * sizeof *a.extent) == 0)
        return WG_OK;
    char wanted[200], got[200];
    return wg_error_set(WG_E_SHAPE, op, "%s: parameter \"%s\" is %s, not %s", op, name, wg_shape_text(b, wanted, sizeof wanted),
                        wg_shape_text(a, got, sizeof got));
}

wg_tensor *wg_nn_apply_with(const wg_nn_module *net, wg_tensor *const *params, wg_tensor *x)
{
    if (!can_apply(net, x, "nn_apply_with"))
        return NULL;
    if (!params && net->params.n > 0) {
        (void)nn_null_argument("nn_apply_with", "the list of parameters");
        return NULL;
    }
    for (size_t i = 0; i < net->params.n; i++)
        if (check_like(params[i], net->params.tensor[i], net->params.name[i]) != WG_OK)
            return NULL;
    const wg_nn_call call = {
        .module = net, .context = net->context, .param = params, .buffer = net->buffers.tensor, .functional = true};
    return apply(&call, x);
}

static bool can_apply_child(const char *op, const wg_nn_call *call, size_t index, const wg_tensor *x)
{
    if (call && x && index < call->module->n_children)
        return true;
    if (!wg_error_first())
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: x is NULL, or there is no child %zu", op, index);
    return false;
}

static wg_tensor *apply_child(const wg_nn_call *call, size_t index, wg_tensor *x, bool relu)
{
    const wg_nn_module *parent = call->module;
    const struct child *child = &parent->children[index];
    const wg_nn_call inner = {.module = child->module,
                              .context = child->module->context,
                              .param = call->param + parent->params.own + child->first_param,
                              .buffer = call->buffer + parent->buffers.own + child->first_buffer,
                              .functional = call->functional};
    if (wg_section_push(child->name) != WG_OK)
        return NULL;
    wg_tensor *y = forward(&inner, x, relu);
    wg_section_pop();
    return y;
}

wg_tensor *wg_nn_apply_child(const wg_nn_call *call, size_t index, wg_tensor *x)
{
    return can_apply_child("nn_apply_child", call, index, x) ? apply_child(call, index, x, false) : NULL;
}

wg_tensor *wg_nn_apply_next(const wg_nn_call *call, size_t *index, wg_tensor *x)
{
    if (!can_apply_child("nn_apply_next", call, index ? *index : SIZE_MAX, x))
        return NULL;
    const struct child *child = &call->module->children[*index];
    const bool relu = *index + 1 < call->module->n_children && child->module->kind->forward_relu && child[1].module->kind->is_relu;
    wg_tensor *y = apply_child(call, *index, x, relu);
    *index += 1 + relu;
    return y;
}
