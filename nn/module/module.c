/* Modules: making them, what they are made of, destroying them. */
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "wengert/error.h"
#include "wengert/tape.h"

wg_status nn_null_argument(const char *op, const char *what)
{
    return wg_error_set(WG_E_NULL, op, "%s: %s is NULL", op, what);
}

wg_status nn_no_memory(const char *op)
{
    return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
}

wg_status nn_first_error(wg_status otherwise)
{
    return wg_error_first() ? wg_error_first()->code : otherwise;
}

uint64_t nn_count_errors(void)
{
    const wg_error *first = wg_error_first();
    return first ? 1 + first->later : 0;
}

/* What wg_rank refuses is told again by the name of what the program called. */
/* A question to a tensor that is not live has recorded an error, which gets the names of the function and of what the tensor is, unless an
   earlier one stands in front of it. */
static wg_status say_whose(uint64_t before, const char *op, const char *what, va_list values)
{
    wg_error error;
    char text[200];
    if (nn_count_errors() == before)
        return WG_OK;
    if (before > 0)
        return wg_error_first()->code;
    (void)wg_error_take(&error);
    vsnprintf(text, sizeof text, what, values);
    const char *reason = strstr(error.message, ": ");
    return wg_error_set(error.code, op, "%s: %s: %s", op, text, reason ? reason + 2 : error.message);
}

wg_status nn_check_handle(const wg_tensor *t, const char *op, const char *what, ...)
{
    if (wg_is_live(t))
        return WG_OK;
    const uint64_t before = nn_count_errors();
    va_list values;
    (void)wg_rank(t);
    va_start(values, what);
    const wg_status status = say_whose(before, op, what, values);
    va_end(values);
    return status;
}

wg_status nn_check_value(const wg_tensor *t, const char *op, const char *what, ...)
{
    if (wg_is_live(t))
        return WG_OK;
    const uint64_t before = nn_count_errors();
    va_list values;
    (void)wg_data(t);
    va_start(values, what);
    const wg_status status = say_whose(before, op, what, values);
    va_end(values);
    return status;
}

wg_status nn_seed(uint64_t *seed)
{
    if (*seed != WG_NO_SEED)
        return WG_OK;
    wg_tensor *generator = wg_generator_split(wg_generator_default(), 0);
    if (!generator)
        return nn_first_error(WG_E_MEMORY);
    *seed = *(const uint64_t *)wg_data(generator);
    wg_free(generator);
    return WG_OK;
}

wg_tensor *nn_then(wg_tensor *from, wg_tensor *to)
{
    if (wg_tape_top())
        wg_drop(from);
    else if (from != to)
        wg_free(from);
    return to;
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

static wg_status init(wg_nn_module *module, const void *options, const char *op)
{
    const wg_option_table *table = module->table;
    const struct wg_nn_kind *kind = module->kind;
    if (kind->n_in < WG_NN_ANY || kind->n_out < WG_NN_ANY)
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: expected counts of inputs and results of at least 0, or WG_NN_ANY, got %d and %d", op, kind->n_in,
                            kind->n_out);
    if (!nn_list_reserve(&module->params, 0) || !nn_list_reserve(&module->buffers, 0))
        return nn_no_memory(op);
    if (!table)
        return options ? wg_error_set(WG_E_ARGUMENT, op, "%s: %s has no options: expected NULL for them", op, module->kind->name)
                       : WG_OK;
    WG_TRY(wg_options_check(*table, options, op));
    module->options = malloc(table->size);
    if (!module->options)
        return nn_no_memory(op);
    memcpy(module->options, options, table->size);
    return WG_OK;
}

wg_nn_module *nn_module_new(const struct wg_nn_kind *kind, const wg_option_table *table, const void *options, void *context,
                            const char *op)
{
    const bool whole = kind && kind->forward && kind->name;
    wg_nn_module *module = whole ? calloc(1, sizeof *module) : NULL;
    if (!module) {
        (void)(whole ? nn_no_memory(op) : nn_null_argument(op, "the kind, its name or its forward function"));
        if (kind)
            destroy_context(kind, context);
        return NULL;
    }
    module->kind = kind;
    module->table = table;
    module->context = context;
    module->depth = 1;
    if (init(module, options, op) == WG_OK)
        return module;
    wg_nn_destroy(module);
    return NULL;
}

/* The layer's own copy of a generator that its options name: WG_NONE becomes a stream of its own while it is built. */
static wg_tensor **generator_of(wg_nn_module *module)
{
    const wg_option_table *table = module->table;
    for (size_t i = 0; table && i < table->n; i++)
        if (table->option[i].type == WG_OPTION_TENSOR && strcmp(table->option[i].name, "generator") == 0)
            return (wg_tensor **)(void *)((char *)module->options + table->option[i].offset);
    return NULL;
}

static wg_status build(wg_nn_module *module)
{
    wg_tensor **generator = generator_of(module), *own = NULL;
    if (generator && *generator == WG_NONE) {
        own = wg_own(wg_generator_split(wg_generator_default(), WG_STREAM_INIT));
        if (!own)
            return WG_E_MEMORY;
        *generator = own;
    }
    const wg_status status = module->kind->build(module, module->options);
    if (generator) /* the caller's may end before the module */
        *generator = WG_NONE;
    wg_free(own);
    return status;
}

void nn_name_error(uint64_t before, const char *op)
{
    const wg_error *first = wg_error_first();
    wg_error error;
    if (before > 0 || !first || strncmp(first->message, "nn_", 3) == 0 || strncmp(first->message, op, strlen(op)) == 0)
        return;
    (void)wg_error_take(&error);
    (void)wg_error_set(error.code, op, "%s: %s", op, error.message);
}

wg_nn_module *nn_create(const struct wg_nn_kind *kind, const wg_option_table *table, const void *options, void *context,
                        const char *op)
{
    wg_nn_module *module = nn_module_new(kind, table, options, context, op);
    const uint64_t before = nn_count_errors();
    if (!module || !kind->build || build(module) == WG_OK)
        return module;
    nn_name_error(before, op);
    wg_nn_destroy(module);
    return NULL;
}

wg_nn_module *wg_nn_module_create(const struct wg_nn_kind *kind, const void *options, void *context)
{
    return nn_create(kind, kind ? kind->options : NULL, options, context, kind && kind->name ? kind->name : "nn_module_create");
}

static void keep_item(void *item)
{
    (void)item;
}

static void forget_names(wg_nn_module *module)
{
    tdestroy(module->names, keep_item);
    module->names = NULL;
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
        nn_list_free(&module->params);
        nn_list_free(&module->buffers);
        nn_lent_free(module->lent);
        forget_names(module);
        free(module->options);
        free(module->children);
        free(module);
    }
}

/* ---- adding ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static wg_status check_addition(const wg_nn_module *module, const char *name, const char *op)
{
    if (!module || !name)
        return nn_null_argument(op, module ? "the name" : "the module");
    if (module->is_child)
        return wg_error_set(WG_E_STATE, op, "%s: the %s module is a child already and can no longer change", op,
                            module->kind->name);
    if (!name[0] || strchr(name, '.'))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a name that is not empty and has no '.', got \"%s\"", op, name);
    if (tfind(name, &module->names, by_name))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the %s module has a \"%s\" already", op, module->kind->name, name);
    return WG_OK;
}

/* A tensor of several owners may have several slots in the list. */
static bool may_be_tied(const struct list *list)
{
    bool tied = list->distinct.n > 0;
    for (size_t i = 0; i < list->n && !tied; i++)
        tied = wg_owners(list->tensor[i]) > 1;
    return tied;
}

/* Puts what the module owns now into its list; on failure the list is as it was. */
static wg_status insert(wg_nn_module *module, struct list *list, const char *name, wg_tensor *own, const char *op)
{
    const bool shared = wg_owners(own) > 1;
    char *copy = nn_list_reserve(list, 1) ? nn_path("", name) : NULL;
    wg_status status = copy ? WG_OK : nn_no_memory(op);
    if (status == WG_OK && (shared || list->distinct.n > 0) && !nn_distinct_reserve(list, list->n + 1))
        status = nn_no_memory(op);
    if (status == WG_OK && !shared) /* else it has the name of its first module */
        status = wg_set_name(own, name);
    if (status == WG_OK && !tsearch(copy, &module->names, by_name))
        status = nn_no_memory(op);
    if (status != WG_OK) {
        free(copy);
        return status;
    }
    nn_list_insert_own(list, own, copy);
    if (shared || list->distinct.n > 0)
        nn_distinct_find(list);
    return WG_OK;
}

/* A frozen parameter of another module stays frozen. */
static wg_status check_tensor(wg_tensor *own, bool parameter, const char *name, const char *op)
{
    if (parameter && wg_dtype_of(own) != WG_F32 && wg_dtype_of(own) != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected parameter \"%s\" of dtype f32 or f64, got %s", op, name,
                            wg_dtype_name(wg_dtype_of(own)));
    if (parameter)
        return wg_owners(own) > 1 || wg_set_requires_grad(own, true) ? WG_OK : nn_first_error(WG_E_DTYPE);
    return wg_requires_grad(own)
               ? wg_error_set(WG_E_ARGUMENT, op, "%s: expected a buffer without requires_grad: \"%s\" has it", op, name)
               : WG_OK;
}

static wg_status add_tensor(wg_nn_module *module, const char *name, wg_tensor *t, bool parameter, const char *op)
{
    wg_status status = check_addition(module, name, op);
    if (status == WG_OK && !t)
        return nn_null_argument(op, name);
    wg_tensor *own = t ? wg_adopt(t) : NULL;
    if (status == WG_OK && !own)
        status = nn_first_error(WG_E_ARGUMENT);
    if (status == WG_OK)
        status = check_tensor(own, parameter, name, op);
    if (status == WG_OK)
        status = insert(module, parameter ? &module->params : &module->buffers, name, own, op);
    if (status != WG_OK)
        wg_disown(own);
    return status;
}

wg_status wg_nn_add_parameter(wg_nn_module *module, const char *name, wg_tensor *t)
{
    return add_tensor(module, name, t, true, "nn_add_parameter");
}

wg_status wg_nn_add_buffer(wg_nn_module *module, const char *name, wg_tensor *t)
{
    return add_tensor(module, name, t, false, "nn_add_buffer");
}

/* Messages call a tensor by its whole path, the first of those that it has. */
static wg_status rename_from(const struct list *list, size_t first)
{
    const struct distinct *d = &list->distinct;
    for (size_t i = first; i < list->n; i++)
        if (d->n == 0 || d->name[d->of_slot[i]] == list->name[i])
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

/* A child's list behind the others; on failure nothing has changed but, perhaps, distinct's capacity. */
static wg_status append(struct list *list, const struct list *child, const char *name, const char *op)
{
    const size_t before = list->n;
    const bool tied = list->distinct.n > 0 || may_be_tied(child);
    if ((tied && !nn_distinct_reserve(list, before + child->n)) || !nn_list_append(list, child, name))
        return nn_no_memory(op);
    if (tied && list->n > 0)
        nn_distinct_find(list);
    return rename_from(list, before);
}

static void cut(struct list *list, size_t n)
{
    nn_list_cut(list, n);
    if (n == 0)
        list->distinct.n = 0;
    else if (list->distinct.n > 0)
        nn_distinct_find(list);
}

static wg_status append_child(wg_nn_module *module, const char *name, wg_nn_module *child)
{
    const char *op = "nn_add_child";
    const size_t params = module->params.n, buffers = module->buffers.n;
    char *copy = reserve_for_child(module) ? nn_path("", name) : NULL;
    if (!copy)
        return nn_no_memory(op);
    wg_status status = append(&module->params, &child->params, name, op);
    if (status == WG_OK)
        status = append(&module->buffers, &child->buffers, name, op);
    if (status == WG_OK && !tsearch(copy, &module->names, by_name))
        status = nn_no_memory(op);
    if (status != WG_OK) {
        cut(&module->params, params);
        cut(&module->buffers, buffers);
        free(copy);
        return status;
    }
    module->children[module->n_children++] = (struct child){child, copy, params - module->params.own,
                                                            buffers - module->buffers.own};
    forget_names(child); /* it can no longer change */
    child->is_child = true;
    if (module->depth <= child->depth)
        module->depth = child->depth + 1;
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

/* False for NULL, which is recorded. */
static bool given(const wg_nn_module *module, const char *op)
{
    if (!module)
        (void)nn_null_argument(op, "the module");
    return module != NULL;
}

size_t wg_nn_children(const wg_nn_module *module)
{
    return given(module, "nn_children") ? module->n_children : 0;
}

wg_nn_module *wg_nn_child(const wg_nn_module *module, size_t index)
{
    if (!given(module, "nn_child"))
        return NULL;
    if (index < module->n_children)
        return module->children[index].module;
    (void)wg_error_set(WG_E_ARGUMENT, "nn_child", "nn_child: there is no child %zu: the module has %zu", index, module->n_children);
    return NULL;
}

const char *wg_nn_kind_name(const wg_nn_module *module)
{
    return given(module, "nn_kind_name") ? module->kind->name : "";
}

const void *wg_nn_options(const wg_nn_module *module)
{
    return given(module, "nn_options") ? module->options : NULL;
}

void *wg_nn_context(const wg_nn_module *module)
{
    return given(module, "nn_context") ? module->context : NULL;
}
