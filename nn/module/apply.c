/* Applying modules: with their own parameters or with others, and child by child. */
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "wengert/error.h"
#include "wengert/tape.h"

/* ---- one forward function ---- */

/* forward: the kind's own, or that of a fusion. */
struct applied {
    const wg_nn_call *call;
    wg_tensor *(*forward)(const wg_nn_call *call, wg_tensor *x);
};

static wg_status check_result(const wg_nn_call *call, size_t i)
{
    const char *op = "nn_apply", *name = call->module->kind->name;
    if (!call->out[i] && !wg_error_first())
        return i == 0 ? wg_error_set(WG_E_STATE, op, "%s: the forward function of %s failed without saying why", op, name)
                      : wg_error_set(WG_E_STATE, op, "%s: the forward function of %s left out result %zu: call->out[%zu]", op, name,
                                     i, i);
    if (!call->out[i])
        return wg_error_first()->code;
    if (!wg_is_live(call->out[i]))
        return wg_error_set(WG_E_RELEASED, op, "%s: what the forward function of %s returned was dropped, released or freed", op,
                            name);
    return WG_OK;
}

static wg_status run_forward(void *context)
{
    const struct applied *applied = context;
    const wg_nn_call *call = applied->call;
    call->out[0] = applied->forward(call, call->in[0]);
    for (size_t i = 0; i < call->n_out; i++)
        WG_TRY(check_result(call, i));
    return WG_OK;
}

/* All of call->out, or none. */
static wg_status forward(const wg_nn_call *call, nn_fused *fused)
{
    const struct wg_nn_kind *kind = call->module->kind;
    struct applied applied = {.call = call, .forward = fused ? fused : kind->forward};
    for (size_t i = 0; i < call->n_out; i++)
        call->out[i] = NULL;
    wg_status status = wg_callback_run("nn_apply", "the forward function of ", kind->name, run_forward, &applied);
    if (status == WG_OK && call->record)
        status = call->record->note(call->record, call);
    for (size_t i = 0; i < call->n_out && status != WG_OK; i++)
        call->out[i] = NULL;
    return status;
}

/* ---- what a call is given ---- */

static bool is_count(int of_kind, size_t n)
{
    return of_kind == WG_NN_ANY ? n > 0 : n == (of_kind == 0 ? 1 : (size_t)of_kind);
}

static wg_status wrong_count(const struct wg_nn_kind *kind, const char *verb, const char *what, int of_kind, size_t n,
                             const char *op)
{
    if (of_kind == WG_NN_ANY)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s %s at least one %s, not %zu", op, kind->name, verb, what, n);
    const int expected = of_kind == 0 ? 1 : of_kind;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: %s %s %d %s%s, not %zu", op, kind->name, verb, expected, what,
                        expected > 1 ? "s" : "", n);
}

static wg_status check_counts(const wg_nn_module *net, size_t n_in, size_t n_out, const char *op)
{
    const struct wg_nn_kind *kind = net->kind;
    if (!is_count(kind->n_in, n_in))
        return wrong_count(kind, "takes", "input", kind->n_in, n_in, op);
    return is_count(kind->n_out, n_out) ? WG_OK : wrong_count(kind, "has", "result", kind->n_out, n_out, op);
}

/* For an input that is not live. One that failed is why this call fails. The first is a tensor; a kind may have others that are optional:
   WG_NONE. */
static wg_status check_unusual(const wg_nn_module *net, const wg_tensor *t, size_t i, const char *op)
{
    if (t == WG_NONE && i > 0)
        return WG_OK;
    if (t)
        return nn_check_handle(t, op, "input %zu of %s", i, net->kind->name);
    if (wg_error_first())
        return wg_error_first()->code;
    return i == 0 ? nn_null_argument(op, "x") : wg_error_set(WG_E_NULL, op, "%s: input %zu is NULL", op, i);
}

static wg_status check_inputs(const wg_nn_module *net, wg_tensor *const *in, size_t n_in, wg_tensor **out, size_t n_out,
                              const char *op)
{
    if (!net || !in || !out)
        return wg_error_first() ? wg_error_first()->code
                                : nn_null_argument(op, !net  ? "the module"
                                                       : !in ? "x"
                                                             : "the place for results");
    for (size_t i = 0; i < n_in; i++)
        if (!wg_is_live(in[i]))
            WG_TRY(check_unusual(net, in[i], i, op));
    if (in < (wg_tensor *const *)out + n_out && (wg_tensor *const *)out < in + n_in)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected another place for the results than that of the inputs", op);
    return check_counts(net, n_in, n_out, op);
}

static wg_status check_like(const wg_tensor *given, const wg_tensor *own, const char *name, const char *op)
{
    if (!given)
        return wg_error_first() ? wg_error_first()->code : wg_error_set(WG_E_NULL, op, "%s: parameter \"%s\" is NULL", op, name);
    WG_TRY(nn_check_handle(given, op, "parameter \"%s\"", name));
    const wg_shape a = wg_shape_of(given), b = wg_shape_of(own);
    if (wg_dtype_of(given) != wg_dtype_of(own))
        return wg_error_set(WG_E_DTYPE, op, "%s: expected parameter \"%s\" of dtype %s, got %s", op, name,
                            wg_dtype_name(wg_dtype_of(own)), wg_dtype_name(wg_dtype_of(given)));
    if (a.rank == b.rank && memcmp(a.extent, b.extent, (size_t)a.rank * sizeof *a.extent) == 0)
        return WG_OK;
    char expected[200], got[200];
    return wg_error_set(WG_E_SHAPE, op, "%s: expected parameter \"%s\" of shape %s, got %s", op, name,
                        wg_shape_text(b, expected, sizeof expected), wg_shape_text(a, got, sizeof got));
}

static wg_status check_params(const wg_nn_module *net, wg_tensor_list params)
{
    const char *op = "nn_apply_with";
    const wg_tensor_list own = wg_nn_parameters(net);
    if (!params.tensor && params.n > 0)
        return nn_null_argument(op, "the list of parameters");
    if (params.n != own.n)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %zu parameters, those of wg_nn_parameters in their order, got %zu", op,
                            own.n, params.n);
    for (size_t i = 0; i < own.n; i++)
        WG_TRY(check_like(params.tensor[i], own.tensor[i], own.name[i], op));
    return WG_OK;
}

/* A tensor for each slot, from one for each parameter. The caller frees it; NULL: no memory. */
static wg_tensor **spread(const struct list *list, wg_tensor *const *params)
{
    wg_tensor **slot = malloc(list->n * sizeof *slot);
    for (size_t i = 0; i < list->n && slot; i++)
        slot[i] = params[list->distinct.of_slot[i]];
    return slot;
}

/* ---- whole networks ---- */

/* With no tape open the effects of the call are final when it succeeds: its tape is an outermost one. */
static wg_status apply(const wg_nn_call *call)
{
    if (wg_tape_top())
        return forward(call, NULL);
    WG_TAPE(tape, .keep_error = true);
    if (!tape)
        return WG_E_MEMORY;
    wg_status status = forward(call, NULL);
    for (size_t i = 0; i < call->n_out && status == WG_OK; i++) {
        wg_tensor *kept = wg_keep(call->out[i]);
        if (!kept) {
            while (i-- > 0)
                wg_free(call->out[i]);
            status = nn_first_error(WG_E_MEMORY);
            break;
        }
        call->out[i] = kept;
    }
    for (size_t i = 0; i < call->n_out && status != WG_OK; i++)
        call->out[i] = NULL;
    return status;
}

/* params: NULL for the module's own. */
static wg_status apply_many(const wg_nn_module *net, const wg_tensor_list *params, wg_tensor *const *in, size_t n_in,
                            wg_tensor **out, size_t n_out, const char *op)
{
    WG_TRY(check_inputs(net, in, n_in, out, n_out, op));
    if (params)
        WG_TRY(check_params(net, *params));
    wg_tensor **slots = NULL;
    if (params && net->params.distinct.n > 0) {
        slots = spread(&net->params, params->tensor);
        if (!slots)
            return nn_no_memory(op);
    }
    const wg_nn_call call = {.module = net,
                             .options = net->options,
                             .context = net->context,
                             .param = slots    ? slots
                                      : params ? params->tensor
                                               : net->params.tensor,
                             .buffer = net->buffers.tensor,
                             .in = in,
                             .out = out,
                             .n_in = n_in,
                             .n_out = n_out,
                             .functional = params != NULL};
    const wg_status status = apply(&call);
    free(slots);
    return status;
}

wg_status wg_nn_apply_many(const wg_nn_module *net, const wg_tensor_list *params, wg_tensor *const *in, size_t n_in,
                           wg_tensor **out, size_t n_out)
{
    return apply_many(net, params, in, n_in, out, n_out, "nn_apply_many");
}

wg_tensor *wg_nn_apply_to(const wg_nn_module *net, wg_tensor *const *in, size_t n_in)
{
    wg_tensor *y = NULL;
    return apply_many(net, NULL, in, n_in, &y, 1, "nn_apply") == WG_OK ? y : NULL;
}

wg_tensor *wg_nn_apply_with(const wg_nn_module *net, wg_tensor_list params, wg_tensor *x)
{
    wg_tensor *y = NULL;
    return apply_many(net, &params, &x, 1, &y, 1, "nn_apply_with") == WG_OK ? y : NULL;
}

wg_status nn_apply_recorded(const wg_nn_module *net, wg_tensor *const *in, size_t n_in, wg_tensor **out, size_t n_out,
                            struct wg_nn_record *record, const char *op)
{
    WG_TRY(check_inputs(net, in, n_in, out, n_out, op));
    const wg_nn_call call = {.module = net,
                             .options = net->options,
                             .context = net->context,
                             .param = net->params.tensor,
                             .buffer = net->buffers.tensor,
                             .in = in,
                             .out = out,
                             .n_in = n_in,
                             .n_out = n_out,
                             .record = record};
    return apply(&call);
}

/* ---- children ---- */

static wg_status check_child(const char *op, const wg_nn_call *call, size_t index)
{
    if (call && index < call->module->n_children)
        return WG_OK;
    if (wg_error_first())
        return wg_error_first()->code;
    if (!call)
        return nn_null_argument(op, "the call");
    const size_t n = call->module->n_children;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: there is no child %zu of %s, which has %zu child%s", op, index,
                        call->module->kind->name, n, n == 1 ? "" : "ren");
}

/* The child's part of the call's parameters. */
static wg_tensor *const *param_of(const wg_nn_call *call, size_t index)
{
    return call->param + call->module->params.own + call->module->children[index].first_param;
}

static wg_status apply_child(const wg_nn_call *call, size_t index, wg_tensor *const *param, wg_tensor *const *in, size_t n_in,
                             wg_tensor **out, size_t n_out, nn_fused *fused)
{
    const wg_nn_module *parent = call->module;
    const struct child *child = &parent->children[index];
    const wg_nn_call inner = {.module = child->module,
                              .options = child->module->options,
                              .context = child->module->context,
                              .param = param,
                              .buffer = call->buffer + parent->buffers.own + child->first_buffer,
                              .in = in,
                              .out = out,
                              .n_in = n_in,
                              .n_out = n_out,
                              .functional = call->functional,
                              .record = call->record ? call->record->child(call->record, index) : NULL};
    WG_TRY(wg_section_push(child->name, .kind = wg_nn_kind_name(child->module)));
    wg_status status = check_inputs(child->module, in, n_in, out, n_out, "nn_apply"); /* what the program called, in this section */
    if (status == WG_OK)
        status = forward(&inner, fused);
    wg_section_pop();
    return status;
}

wg_status wg_nn_apply_child_many(const wg_nn_call *call, size_t index, wg_tensor *const *in, size_t n_in, wg_tensor **out,
                                 size_t n_out)
{
    WG_TRY(check_child("nn_apply_child_many", call, index));
    return apply_child(call, index, param_of(call, index), in, n_in, out, n_out, NULL);
}

/* Puts each tensor of the list into every slot of the parameter that it replaces. */
static wg_status replace(const wg_nn_module *child, wg_tensor_list with, wg_tensor **slot, const char *op)
{
    const struct list *own = &child->params;
    for (size_t i = 0; i < with.n; i++) {
        if (!with.name[i])
            return nn_null_argument(op, "the name of a parameter");
        const size_t at = nn_slot_of(child, with.name[i], op);
        if (at == own->n)
            return WG_E_ARGUMENT;
        WG_TRY(check_like(with.tensor[i], own->tensor[at], with.name[i], op));
        for (size_t k = 0; k < i; k++)
            if (strcmp(with.name[k], with.name[i]) == 0)
                return wg_error_set(WG_E_ARGUMENT, op, "%s: parameter \"%s\" is given twice", op, with.name[i]);
        for (size_t k = 0; k < own->n; k++)
            if (own->tensor[k] == own->tensor[at])
                slot[k] = with.tensor[i];
    }
    return WG_OK;
}

wg_status wg_nn_apply_child_with(const wg_nn_call *call, size_t index, wg_tensor_list with, wg_tensor *const *in, size_t n_in,
                                 wg_tensor **out, size_t n_out)
{
    const char *op = "nn_apply_child_with";
    WG_TRY(check_child(op, call, index));
    if (with.n > 0 && (!with.tensor || !with.name))
        return nn_null_argument(op, "the list of parameters or that of their names");
    const wg_nn_module *child = call->module->children[index].module;
    const size_t n = child->params.n;
    wg_tensor **slot = malloc((n + 1) * sizeof *slot);
    if (!slot)
        return nn_no_memory(op);
    memcpy(slot, param_of(call, index), n * sizeof *slot);
    wg_status status = replace(child, with, slot, op);
    if (status == WG_OK)
        status = apply_child(call, index, slot, in, n_in, out, n_out, NULL);
    free(slot);
    return status;
}

wg_tensor *wg_nn_apply_child_to(const wg_nn_call *call, size_t index, wg_tensor *const *in, size_t n_in)
{
    wg_tensor *y = NULL;
    if (check_child("nn_apply_child", call, index) != WG_OK)
        return NULL;
    return apply_child(call, index, param_of(call, index), in, n_in, &y, 1, NULL) == WG_OK ? y : NULL;
}

/* What is written down is each layer by itself. */
wg_tensor *wg_nn_apply_next(const wg_nn_call *call, size_t *index, wg_tensor *x)
{
    wg_tensor *y = NULL;
    if ((!index && nn_null_argument("nn_apply_next", "the index")) || check_child("nn_apply_next", call, *index) != WG_OK)
        return NULL;
    const struct child *child = &call->module->children[*index];
    const bool last = *index + 1 == call->module->n_children;
    nn_fused *fused = last || call->record ? NULL : nn_fusion_of(child->module->kind, child[1].module->kind);
    if (apply_child(call, *index, param_of(call, *index), &x, 1, &y, 1, fused) != WG_OK)
        return NULL;
    *index += fused ? 2 : 1;
    return y;
}
