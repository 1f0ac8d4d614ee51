/* Modules: making them, what they are made of, destroying them. */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "wengert/error.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

wg_status nn_null_argument(const char *op, const char *what)
{
    return wg_error_set(WG_E_NULL, op, "%s: %s is NULL", op, what);
}

static wg_status no_memory(const char *op)
{
    return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
}

/* ---- lists ---- */

static char *path(const char *prefix, const char *name)
{
    const size_t size = strlen(prefix) + strlen(name) + 2;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s%s", prefix, prefix[0] ? "." : "", name);
    return text;
}

/* Room for more entries, and for as many again as there are; on failure the list is as it was. */
static bool list_reserve(struct list *list, size_t more)
{
    const size_t capacity = 2 * list->n + more + 1;
    if (list->name && list->n + more <= list->capacity)
        return true;
    wg_tensor **tensor = realloc(list->tensor, capacity * sizeof *tensor);
    if (tensor)
        list->tensor = tensor;
    char **name = tensor ? realloc(list->name, capacity * sizeof *name) : NULL;
    if (!name)
        return false;
    list->name = name;
    list->capacity = capacity;
    return true;
}

static void list_free(struct list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (i < list->own)
            wg_free(list->tensor[i]);
        free(list->name[i]);
    }
    free(list->tensor);
    free(list->name);
}

/* Inserts behind the module's own entries; takes name over. */
static void list_insert_own(struct list *list, wg_tensor *t, char *name)
{
    const size_t at = list->own, behind = list->n - at;
    memmove(list->tensor + at + 1, list->tensor + at, behind * sizeof *list->tensor);
    memmove(list->name + at + 1, list->name + at, behind * sizeof *list->name);
    list->tensor[at] = t;
    list->name[at] = name;
    list->own++;
    list->n++;
}

/* Appends a child's entries under its name; on failure the list is as it was. */
static bool list_append(struct list *list, const struct list *child, const char *child_name)
{
    if (!list_reserve(list, child->n))
        return false;
    for (size_t i = 0; i < child->n; i++) {
        list->name[list->n + i] = path(child_name, child->name[i]);
        if (!list->name[list->n + i]) {
            while (i-- > 0)
                free(list->name[list->n + i]);
            return false;
        }
    }
    memcpy(list->tensor + list->n, child->tensor, child->n * sizeof *child->tensor);
    list->n += child->n;
    return true;
}

static void list_cut(struct list *list, size_t n)
{
    while (list->n > n)
        free(list->name[--list->n]);
}

/* ---- what a module has: trees that find a name or a tensor ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int by_address(const void *a, const void *b)
{
    return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

static void forget_tensors(wg_nn_module *module, wg_tensor *const *tensor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tdelete(tensor[i], &module->tensors, by_address);
}

/* All of them, or none for want of memory. */
static bool note_tensors(wg_nn_module *module, wg_tensor *const *tensor, size_t n)
{
    size_t done = 0;
    while (done < n && tsearch(tensor[done], &module->tensors, by_address))
        done++;
    if (done < n)
        forget_tensors(module, tensor, done);
    return done == n;
}

/* A name and its tensors. */
static bool note(wg_nn_module *module, const char *name, wg_tensor *const *tensor, size_t n)
{
    if (!note_tensors(module, tensor, n))
        return false;
    if (tsearch(name, &module->names, by_name))
        return true;
    forget_tensors(module, tensor, n);
    return false;
}

static void keep_item(void *item)
{
    (void)item;
}

static void forget_all(wg_nn_module *module)
{
    tdestroy(module->names, keep_item);
    tdestroy(module->tensors, keep_item);
    module->names = module->tensors = NULL;
}

/* ---- making and destroying ---- */

struct owned {
    const struct wg_nn_kind *kind;
    void *context;
};

static wg_status run_destroy(void *context)
{
    const struct owned *owned = context;
    owned->kind->destroy(owned->context);
    return WG_OK;
}

static void destroy_context(const struct wg_nn_kind *kind, void *context)
{
    if (kind->destroy)
        (void)wg_callback_run("nn_destroy", "the destroy function of ", kind->name, run_destroy, &(struct owned){kind, context});
}

wg_nn_module *wg_nn_module_create(const struct wg_nn_kind *kind, void *context)
{
    wg_nn_module *module = kind && kind->forward && kind->name ? calloc(1, sizeof *module) : NULL;
    if (module && list_reserve(&module->params, 0) && list_reserve(&module->buffers, 0)) {
        module->kind = kind;
        module->context = context;
        module->depth = 1;
        return module;
    }
    if (!kind || !kind->forward || !kind->name)
        (void)nn_null_argument("nn_module_create", "the kind, its name or its forward function");
    else
        (void)no_memory("nn_module_create");
    if (module) {
        list_free(&module->params);
        list_free(&module->buffers);
        free(module);
    }
    if (kind)
        destroy_context(kind, context);
    return NULL;
}

/* Without recursion: the children of what is being destroyed wait in a list. */
void wg_nn_destroy(wg_nn_module *module)
{
    if (module && module->is_child) {
        (void)wg_error_set(WG_E_STATE, "nn_destroy", "nn_destroy: the module is a child and dies with its parent");
        return;
    }
    wg_nn_module *waiting = module;
    while (waiting) {
        module = waiting;
        waiting = module->next;
        for (size_t i = 0; i < module->n_children; i++) {
            module->children[i].module->next = waiting;
            waiting = module->children[i].module;
            free(module->children[i].name);
        }
        module->is_child = true; /* its destroy function may not destroy it once more */
        destroy_context(module->kind, module->context);
        list_free(&module->params);
        list_free(&module->buffers);
        forget_all(module);
        free(module->children);
        free(module);
    }
}

/* ---- adding ---- */

static wg_status check_addition(const wg_nn_module *module, const char *name, const char *op)
{
    if (!module || !name)
        return nn_null_argument(op, module ? "the name" : "the module");
    if (module->is_child)
        return wg_error_set(WG_E_STATE, op, "%s: the %s module is a child already and can no longer change", op,
                            module->kind->name);
    if (!name[0] || strchr(name, '.'))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: a name is not empty and has no '.': \"%s\"", op, name);
    if (tfind(name, &module->names, by_name))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the %s module has a \"%s\" already", op, module->kind->name, name);
    return WG_OK;
}

/* A child has given its tree away: nobody asks but here. */
static bool has_tensor(const wg_nn_module *module, const wg_tensor *t)
{
    bool found = tfind(t, &module->tensors, by_address) != NULL;
    for (size_t i = 0; module->is_child && i < module->params.n && !found; i++)
        found = module->params.tensor[i] == t;
    for (size_t i = 0; module->is_child && i < module->buffers.n && !found; i++)
        found = module->buffers.tensor[i] == t;
    return found;
}

/* Gives back a tensor that could not be added. */
static void discard(wg_tensor *t)
{
    wg_tensor *own = t ? wg_own(t) : NULL;
    wg_free(own);
}

static wg_status add_tensor(wg_nn_module *module, const char *name, wg_tensor *t, bool parameter, const char *op)
{
    if (module && t && has_tensor(module, t)) /* before anything else, for what fails is given back */
        return wg_error_set(WG_E_ARGUMENT, op, "%s: \"%s\" is the module's already", op, name ? name : "");
    wg_status status = check_addition(module, name, op);
    if (status == WG_OK && !t)
        status = nn_null_argument(op, name);
    if (status != WG_OK) {
        discard(t);
        return status;
    }
    struct list *list = parameter ? &module->params : &module->buffers;
    wg_tensor *own = wg_own(t);
    if (!own)
        return wg_error_first() ? wg_error_first()->code : WG_E_ARGUMENT;
    char *copy = list_reserve(list, 1) ? path("", name) : NULL;
    if (!copy)
        status = no_memory(op);
    else if (parameter && !wg_set_requires_grad(own, true))
        status = wg_error_first() ? wg_error_first()->code : WG_E_DTYPE;
    else
        status = wg_set_name(own, name);
    if (status == WG_OK && !note(module, copy, &own, 1))
        status = no_memory(op);
    if (status != WG_OK) {
        free(copy);
        wg_free(own);
        return status;
    }
    list_insert_own(list, own, copy);
    return WG_OK;
}

wg_status wg_nn_add_parameter(wg_nn_module *module, const char *name, wg_tensor *t)
{
    return add_tensor(module, name, t, true, "nn_add_parameter");
}

wg_status wg_nn_add_buffer(wg_nn_module *module, const char *name, wg_tensor *t)
{
    return add_tensor(module, name, t, false, "nn_add_buffer");
}

/* Messages call a tensor by its whole path. */
static wg_status rename_from(const struct list *list, size_t first)
{
    for (size_t i = first; i < list->n; i++)
        WG_TRY(wg_set_name(list->tensor[i], list->name[i]));
    return WG_OK;
}

static bool reserve_for_child(wg_nn_module *module)
{
    const size_t n = module->n_children;
    struct child *children = n & (n - 1) ? module->children : realloc(module->children, (n ? 2 * n : 1) * sizeof *children);
    if (children)
        module->children = children;
    return children != NULL;
}

/* Both lists of a child, whose entries are the last of the module's. */
static bool note_child(wg_nn_module *module, const wg_nn_module *child, const char *name)
{
    if (!note_tensors(module, child->buffers.tensor, child->buffers.n))
        return false;
    if (note(module, name, child->params.tensor, child->params.n))
        return true;
    forget_tensors(module, child->buffers.tensor, child->buffers.n);
    return false;
}

/* What is a child can no longer change: nobody asks what it has. */
static void join(wg_nn_module *module, wg_nn_module *child, char *name, size_t params, size_t buffers)
{
    module->children[module->n_children++] = (struct child){child, name, params - module->params.own,
                                                            buffers - module->buffers.own};
    forget_all(child);
    child->is_child = true;
    if (module->depth <= child->depth)
        module->depth = child->depth + 1;
}

static wg_status append_child(wg_nn_module *module, const char *name, wg_nn_module *child)
{
    const char *op = "nn_add_child";
    const size_t params = module->params.n, buffers = module->buffers.n;
    char *copy = reserve_for_child(module) ? path("", name) : NULL;
    if (!copy)
        return no_memory(op);
    wg_status status = WG_OK;
    if (!list_append(&module->params, &child->params, name) || !list_append(&module->buffers, &child->buffers, name))
        status = no_memory(op);
    if (status == WG_OK)
        status = rename_from(&module->params, params);
    if (status == WG_OK)
        status = rename_from(&module->buffers, buffers);
    if (status == WG_OK && !note_child(module, child, copy))
        status = no_memory(op);
    if (status != WG_OK) {
        list_cut(&module->params, params);
        list_cut(&module->buffers, buffers);
        free(copy);
        return status;
    }
    join(module, child, copy, params, buffers);
    return WG_OK;
}

wg_status wg_nn_add_child(wg_nn_module *module, const char *name, wg_nn_module *child)
{
    const char *op = "nn_add_child";
    wg_status status = check_addition(module, name, op);
    if (status == WG_OK && !child)
        status = nn_null_argument(op, "the child");
    if (status == WG_OK && (child->is_child || child == module))
        return wg_error_set(WG_E_STATE, op, "%s: the %s module is a child already, or the parent itself", op, child->kind->name);
    if (status == WG_OK && child->depth >= WG_MAX_DEPTH)
        status = wg_error_set(WG_E_ARGUMENT, op, "%s: modules nest at most %d deep: \"%s\" would be deeper", op, WG_MAX_DEPTH,
                              name);
    if (status == WG_OK)
        status = append_child(module, name, child);
    if (status != WG_OK && child && !child->is_child && child != module)
        wg_nn_destroy(child);
    return status;
}

/* ---- asking ---- */

static wg_tensor_list list_of(const wg_nn_module *module, const struct list *list, const char *op)
{
    if (!module) {
        (void)nn_null_argument(op, "the module");
        return (wg_tensor_list){0, NULL, NULL};
    }
    return (wg_tensor_list){list->n, list->tensor, (const char *const *)list->name};
}

wg_tensor_list wg_nn_parameters(const wg_nn_module *module)
{
    return list_of(module, module ? &module->params : NULL, "nn_parameters");
}

wg_tensor_list wg_nn_buffers(const wg_nn_module *module)
{
    return list_of(module, module ? &module->buffers : NULL, "nn_buffers");
}

size_t wg_nn_children(const wg_nn_module *module)
{
    return module ? module->n_children : 0;
}

wg_nn_module *wg_nn_child(const wg_nn_module *module, size_t index)
{
    if (module && index < module->n_children)
        return module->children[index].module;
    (void)wg_error_set(WG_E_ARGUMENT, "nn_child", "nn_child: there is no child %zu", index);
    return NULL;
}

const char *wg_nn_kind_name(const wg_nn_module *module)
{
    return module ? module->kind->name : "";
}

void *wg_nn_context(const wg_nn_module *module)
{
    return module ? module->context : NULL;
}
