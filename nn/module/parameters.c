/* The parameters of a network: lists of them by name and pattern, freezing, tying. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "wengert/error.h"
#include "wengert/tape.h"

/* ---- lists ---- */

static wg_tensor_list list_of(const wg_nn_module *module, const struct list *list, const char *op)
{
    if (!module) {
        (void)nn_null_argument(op, "the module");
        return (wg_tensor_list){0, NULL, NULL};
    }
    if (list->distinct.n > 0)
        return (wg_tensor_list){list->distinct.n, list->distinct.tensor, list->distinct.name};
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

/* The list's tensor of that name, or NULL. */
static wg_tensor *named(wg_tensor_list list, const char *name)
{
    for (size_t i = 0; i < list.n; i++)
        if (strcmp(list.name[i], name) == 0)
            return list.tensor[i];
    return NULL;
}

/* Does a child of that name, or of that path, have parameters? */
static bool is_path(wg_tensor_list list, const char *name)
{
    const size_t length = strlen(name);
    for (size_t i = 0; i < list.n && length > 0; i++)
        if (strncmp(list.name[i], name, length) == 0 && list.name[i][length] == '.')
            return true;
    return false;
}

/* "a, b and 3 more": as many of the list's names as the text takes. */
static char *list_names(wg_tensor_list list, char *text, size_t size)
{
    enum { END = 40 }; /* for " and N more" */
    size_t used = (size_t)snprintf(text, size, "%s", list.n > 0 ? "" : "none"), i = 0;
    for (; i < list.n && used + strlen(list.name[i]) + 2 < size - END; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", list.name[i]);
    if (i > 0 && i < list.n)
        snprintf(text + used, size - used, " and %zu more", list.n - i);
    else if (i < list.n)
        snprintf(text, size, "%zu with longer names", list.n);
    return text;
}

/* E_ARGUMENT, with the names that there are and what else the name may be. */
static wg_status no_such(const wg_nn_module *module, const char *what, const char *name, const char *op)
{
    const wg_tensor_list list = wg_nn_parameters(module), buffers = wg_nn_buffers(module);
    char names[240], other[160] = "";
    if (named(buffers, name))
        snprintf(other, sizeof other, "; it is a buffer, which wg_nn_buffer finds");
    else if (is_path(list, name))
        snprintf(other, sizeof other, "; \"%.100s.*\" stands for all of that module's", name);
    return wg_error_set(WG_E_ARGUMENT, op, "%s: %s \"%s\": the parameters are %s%s", op, what, name,
                        list_names(list, names, sizeof names), other);
}

size_t nn_slot_of(const wg_nn_module *module, const char *name, const char *op)
{
    const struct list *list = &module->params;
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->name[i], name) == 0)
            return i;
    (void)no_such(module, "there is no parameter", name, op);
    return list->n;
}

wg_tensor *wg_nn_parameter(const wg_nn_module *module, const char *name)
{
    if (!module || !name) {
        (void)nn_null_argument("nn_parameter", module ? "the name" : "the module");
        return NULL;
    }
    const size_t slot = nn_slot_of(module, name, "nn_parameter");
    return slot < module->params.n ? module->params.tensor[slot] : NULL;
}

wg_tensor *wg_nn_buffer(const wg_nn_module *module, const char *name)
{
    const char *op = "nn_buffer";
    if (!module || !name) {
        (void)nn_null_argument(op, module ? "the name" : "the module");
        return NULL;
    }
    const wg_tensor_list buffers = wg_nn_buffers(module);
    char names[240];
    wg_tensor *found = named(buffers, name);
    if (found)
        return found;
    (void)wg_error_set(WG_E_ARGUMENT, op, "%s: there is no buffer \"%s\": the buffers are %s%s", op, name,
                       list_names(buffers, names, sizeof names),
                       named(wg_nn_parameters(module), name) ? "; it is a parameter, which wg_nn_parameter finds" : "");
    return NULL;
}

/* ---- lists that are lent ---- */

void nn_lent_free(struct lent *first)
{
    for (struct lent *next; first; first = next) {
        next = first->next;
        free(first->list.tensor), free(first->list.name);
        free(first);
    }
}

/* The list for a question (a letter, then the pattern if it has one), empty, with capacity for n entries; NULL if out of memory. */
static struct list *lend(wg_nn_module *module, char letter, const char *pattern, size_t n, const char *op)
{
    struct lent *lent = module->lent;
    while (lent && (lent->question[0] != letter || strcmp(lent->question + 1, pattern) != 0))
        lent = lent->next;
    if (!lent && (lent = calloc(1, sizeof *lent + strlen(pattern) + 2))) {
        lent->question[0] = letter;
        strcpy(lent->question + 1, pattern);
        lent->next = module->lent;
        module->lent = lent;
    }
    if (lent)
        lent->list.n = 0;
    if (lent && nn_list_reserve(&lent->list, n))
        return &lent->list;
    (void)nn_no_memory(op);
    return NULL;
}

static void lend_entry(struct list *lent, wg_tensor *t, const char *name)
{
    lent->tensor[lent->n] = t;
    lent->name[lent->n++] = (char *)(uintptr_t)name; /* only lent on, as const */
}

static wg_tensor_list as_lent(const struct list *list)
{
    return (wg_tensor_list){list->n, list->tensor, (const char *const *)list->name};
}

wg_tensor_list wg_nn_state(wg_nn_module *module)
{
    const wg_tensor_list params = list_of(module, module ? &module->params : NULL, "nn_state");
    const wg_tensor_list buffers = module ? wg_nn_buffers(module) : params;
    struct list *list = module ? lend(module, 's', "", params.n + buffers.n, "nn_state") : NULL;
    if (!list)
        return (wg_tensor_list){0, NULL, NULL};
    for (size_t i = 0; i < params.n; i++)
        lend_entry(list, params.tensor[i], params.name[i]);
    for (size_t i = 0; i < buffers.n; i++)
        lend_entry(list, buffers.tensor[i], buffers.name[i]);
    return as_lent(list);
}

wg_tensor_list wg_nn_state_dict(wg_nn_module *module)
{
    const char *op = "nn_state_dict";
    if (!module) {
        (void)nn_null_argument(op, "module");
        return (wg_tensor_list){0, NULL, NULL};
    }
    struct list *list = lend(module, 'd', "", module->params.n + module->buffers.n, op);
    if (!list)
        return (wg_tensor_list){0, NULL, NULL};
    for (size_t i = 0; i < module->params.n; i++)
        lend_entry(list, module->params.tensor[i], module->params.name[i]);
    for (size_t i = 0; i < module->buffers.n; i++)
        lend_entry(list, module->buffers.tensor[i], module->buffers.name[i]);
    return as_lent(list);
}

wg_tensor_list wg_nn_trainable(wg_nn_module *module)
{
    const wg_tensor_list params = list_of(module, module ? &module->params : NULL, "nn_trainable");
    struct list *list = module ? lend(module, 't', "", params.n, "nn_trainable") : NULL;
    if (!list)
        return (wg_tensor_list){0, NULL, NULL};
    for (size_t i = 0; i < params.n; i++)
        if (wg_requires_grad(params.tensor[i]))
            lend_entry(list, params.tensor[i], params.name[i]);
    return as_lent(list);
}

/* ---- patterns ---- */

/* Behind a character of UTF-8. */
static const char *next_character(const char *text)
{
    do
        text++;
    while (((unsigned char)*text & 0xc0) == 0x80);
    return text;
}

/* fnmatch would take [ and \ for more than characters, which names may contain. Where the text does not go on as the pattern does, the
   last * takes one character more. */
static bool fits_wildcards(const char *pattern, const char *name)
{
    const char *behind_star = NULL, *taken = NULL;
    while (*name) {
        if (*pattern == '*') {
            behind_star = ++pattern;
            taken = name;
        } else if (*pattern == '?') {
            pattern++;
            name = next_character(name);
        } else if (*pattern == *name) {
            pattern++, name++;
        } else if (behind_star) {
            pattern = behind_star;
            name = taken = next_character(taken);
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == 0;
}

/* What a pattern matches, in the list that is lent for it. A tied parameter has several names: it fits if one of them does. */
static wg_status find_matching(wg_nn_module *module, const char *pattern, const char *op, wg_tensor_list *found)
{
    if (!module || !pattern)
        return nn_null_argument(op, module ? "the pattern" : "the module");
    const wg_tensor_list params = wg_nn_parameters(module);
    const struct list *slots = &module->params;
    const bool others = pattern[0] == '!';
    struct list *list = lend(module, 'm', pattern, params.n, op);
    if (!list)
        return WG_E_MEMORY;
    for (size_t i = 0; i < params.n; i++)
        list->name[i] = NULL;
    for (size_t i = 0; i < slots->n; i++) /* puts the name that fits where lend_entry will put the first */
        if (fits_wildcards(pattern + others, slots->name[i]))
            list->name[slots->distinct.n > 0 ? slots->distinct.of_slot[i] : i] = slots->name[i];
    for (size_t i = 0; i < params.n; i++)
        if ((list->name[i] == NULL) == others)
            lend_entry(list, params.tensor[i], params.name[i]);
    *found = as_lent(list);
    return list->n > 0 ? WG_OK : no_such(module, "no parameter matches", pattern, op);
}

wg_tensor_list wg_nn_matching(wg_nn_module *module, const char *pattern)
{
    wg_tensor_list list = {0, NULL, NULL};
    (void)find_matching(module, pattern, "nn_matching", &list);
    return list;
}

static wg_status require(wg_tensor_list list, bool wanted)
{
    for (size_t i = 0; i < list.n; i++)
        if (!wg_set_requires_grad(list.tensor[i], wanted))
            return nn_first_error(WG_E_STATE);
    return WG_OK;
}

/* wg_clear_gradient has no status: it fails inside a checkpointed function and for want of memory. */
static wg_status clear_gradients(wg_tensor_list list)
{
    for (size_t i = 0; i < list.n; i++) {
        const uint64_t before = nn_count_errors();
        wg_clear_gradient(list.tensor[i]);
        if (nn_count_errors() != before)
            return wg_error_first()->code;
    }
    return WG_OK;
}

wg_status wg_nn_freeze(wg_nn_module *module, const char *pattern)
{
    wg_tensor_list list;
    WG_TRY(find_matching(module, pattern, "nn_freeze", &list));
    WG_TRY(clear_gradients(list)); /* before any of them is frozen */
    return require(list, false);
}

wg_status wg_nn_unfreeze(wg_nn_module *module, const char *pattern)
{
    wg_tensor_list list;
    WG_TRY(find_matching(module, pattern, "nn_unfreeze", &list));
    return require(list, true);
}

/* ---- tying ---- */

static wg_status check_pair(const wg_tensor *a, const wg_tensor *b, const char *name, const char *source)
{
    const char *op = "nn_tie";
    const wg_shape x = wg_shape_of(a), y = wg_shape_of(b);
    char text[2][200];
    if (wg_dtype_of(a) != wg_dtype_of(b))
        return wg_error_set(WG_E_DTYPE, op, "%s: \"%s\" is %s, \"%s\" is %s", op, name, wg_dtype_name(wg_dtype_of(a)), source,
                            wg_dtype_name(wg_dtype_of(b)));
    if (x.rank == y.rank && memcmp(x.extent, y.extent, (size_t)x.rank * sizeof *x.extent) == 0)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op, "%s: \"%s\" has the shape %s, \"%s\" %s", op, name,
                        wg_shape_text(x, text[0], sizeof text[0]), source, wg_shape_text(y, text[1], sizeof text[1]));
}

/* The module one step towards the owner of a slot, and the slot there; NULL: module owns it. */
static wg_nn_module *towards_owner(const wg_nn_module *module, size_t *slot)
{
    if (*slot < module->params.own)
        return NULL;
    const size_t at = *slot - module->params.own;
    size_t i = module->n_children - 1;
    while (module->children[i].first_param > at)
        i--;
    *slot = at - module->children[i].first_param;
    return module->children[i].module;
}

/* Each module from the top to the owner has a slot for it. */
static bool reserve_on_the_way(wg_nn_module *module, size_t slot)
{
    for (; module; module = towards_owner(module, &slot))
        if (!nn_distinct_reserve(&module->params, module->params.n))
            return false;
    return true;
}

static void replace(wg_nn_module *module, size_t slot, wg_tensor *t)
{
    for (; module; module = towards_owner(module, &slot)) {
        module->params.tensor[slot] = t;
        nn_distinct_find(&module->params);
    }
}

wg_status wg_nn_tie(wg_nn_module *module, const char *name, const char *source)
{
    const char *op = "nn_tie";
    if (!module || !name || !source)
        return nn_null_argument(op, !module ? "the module" : !name ? "the name" : "the source's name");
    if (module->is_child)
        return wg_error_set(WG_E_STATE, op, "%s: the %s module is a child already and can no longer change", op,
                            module->kind->name);
    const size_t slot = nn_slot_of(module, name, op),
                 from = slot < module->params.n ? nn_slot_of(module, source, op) : module->params.n;
    if (from == module->params.n)
        return WG_E_ARGUMENT;
    wg_tensor *old = module->params.tensor[slot], *shared = module->params.tensor[from];
    if (old == shared)
        return WG_OK;
    WG_TRY(check_pair(old, shared, name, source));
    if (!reserve_on_the_way(module, slot))
        return nn_no_memory(op);
    if (!wg_adopt(shared))
        return nn_first_error(WG_E_STATE);
    replace(module, slot, shared);
    wg_disown(old);
    return WG_OK;
}
