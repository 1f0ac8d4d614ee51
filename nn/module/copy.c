/* Copies of whole networks. */
#include <search.h>
#include <stdlib.h>

#include "module.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* Tensors that were copied, so that modules that share one share its copy. */
struct pair {
    const wg_tensor *from;
    wg_tensor *to;
};

static int by_original(const void *a, const void *b)
{
    const uintptr_t x = (uintptr_t)((const struct pair *)a)->from, y = (uintptr_t)((const struct pair *)b)->from;
    return (x > y) - (x < y);
}

static wg_tensor *new_copy(wg_tensor *t)
{
    WG_NO_GRAD;
    wg_tensor *copy = wg_copy(t);
    return copy ? wg_own(copy) : NULL;
}

/* The copy of t, made at the first call. */
static wg_tensor *copy_of(wg_tensor *t, void **copies)
{
    const struct pair key = {.from = t};
    struct pair *const *found = tfind(&key, copies, by_original);
    if (found)
        return (*found)->to;
    struct pair *pair = malloc(sizeof *pair);
    wg_tensor *copy = pair ? new_copy(t) : NULL;
    if (copy) {
        *pair = (struct pair){t, copy};
        if (tsearch(pair, copies, by_original))
            return copy;
    }
    if (!pair || copy)
        (void)nn_no_memory("nn_copy");
    wg_free(copy);
    free(pair);
    return NULL;
}

/* Adds copies of a list's own tensors, which keep the originals' need of a gradient. */
static wg_status copy_own(wg_nn_module *to, const struct list *list, bool parameters, void **copies)
{
    for (size_t i = 0; i < list->own; i++) {
        wg_tensor *copy = copy_of(list->tensor[i], copies);
        if (!copy)
            return nn_first_error(WG_E_MEMORY);
        WG_TRY((parameters ? wg_nn_add_parameter : wg_nn_add_buffer)(to, list->name[i], copy));
        if (parameters && !wg_set_requires_grad(copy, wg_requires_grad(list->tensor[i])))
            return WG_E_STATE;
    }
    return WG_OK;
}

static bool copy_context(const wg_nn_module *net, void **context)
{
    *context = net->context && net->kind->copy ? net->kind->copy(net->context) : NULL;
    if (*context || !net->context)
        return true;
    if (!net->kind->copy)
        (void)wg_error_set(WG_E_STATE, "nn_copy", "nn_copy: the kind %s has a context and no copy function", net->kind->name);
    else if (!wg_error_first())
        (void)nn_no_memory("nn_copy");
    return false;
}

/* At most WG_MAX_DEPTH deep. */
static wg_nn_module *copy_module(const wg_nn_module *net, void **copies)
{
    void *context;
    if (!copy_context(net, &context))
        return NULL;
    wg_nn_module *copy = nn_module_new(net->kind, net->table, net->options, context, "nn_copy");
    wg_status status = copy ? copy_own(copy, &net->params, true, copies) : WG_E_MEMORY;
    if (status == WG_OK)
        status = copy_own(copy, &net->buffers, false, copies);
    for (size_t i = 0; i < net->n_children && status == WG_OK; i++) {
        wg_nn_module *child = copy_module(net->children[i].module, copies);
        status = child ? wg_nn_add_child(copy, net->children[i].name, child) : WG_E_MEMORY;
    }
    if (status == WG_OK)
        return copy;
    wg_nn_destroy(copy);
    return NULL;
}

wg_nn_module *wg_nn_copy(const wg_nn_module *net)
{
    if (!net) {
        (void)nn_null_argument("nn_copy", "the module");
        return NULL;
    }
    void *copies = NULL;
    wg_nn_module *copy = copy_module(net, &copies);
    tdestroy(copies, free);
    return copy;
}
