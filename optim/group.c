/* A group: parameters that share their settings, each with its state, made here so that a step allocates nothing. */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule/rule.h"
#include "scalars.h"
#include "wengert/error.h"
#include "wengert/random.h"
#include "wengert/tensor.h"

/* ---- states ---- */

static wg_tensor *new_state(const struct state_kind *kind, const void *options, const wg_tensor *t)
{
    if (kind->generator) { /* the seed is new, so the stream may be any */
        wg_tensor *generator = wg_generator_split(wg_generator_default(), 0);
        return generator ? wg_adopt(generator) : NULL;
    }
    if (kind->count)
        return own_tensor(WG_F64, WG_SCALAR, 0);
    return own_tensor(wg_dtype_of(t), kind->shape ? kind->shape(options, t) : wg_shape_of(t),
                      kind->start ? kind->start(options) : 0);
}

static bool needs(const struct optim_rule *rule, const void *options, int k)
{
    return rule->state[k].name && (!rule->needs_state || rule->needs_state(options, k));
}

wg_tensor **group_states_new(size_t n)
{
    wg_tensor **state = malloc((n + 1) * sizeof(wg_tensor *));
    for (size_t i = 0; state && i < n; i++)
        state[i] = WG_NONE;
    return state;
}

wg_status group_make_shared(const struct optim_rule *rule, const void *options, wg_tensor **shared)
{
    for (int k = 0; k < MAX_STATE; k++)
        shared[k] = WG_NONE;
    for (int k = 0; k < MAX_STATE; k++) {
        const struct state_kind *kind = &rule->state[k];
        if (!kind->shared || !needs(rule, options, k))
            continue;
        shared[k] = own_tensor(WG_F64, WG_SCALAR, kind->start ? kind->start(options) : 0);
        if (!shared[k])
            return WG_E_MEMORY;
    }
    return WG_OK;
}

wg_status group_make_states(const struct optim_rule *rule, const void *options, const wg_tensor *p, wg_tensor *const *shared,
                            wg_tensor **state)
{
    for (int k = 0; k < MAX_STATE; k++) {
        state[k] = shared[k];
        if (rule->state[k].shared || !needs(rule, options, k))
            continue;
        state[k] = new_state(&rule->state[k], options, p);
        if (!state[k])
            return WG_E_MEMORY;
    }
    return WG_OK;
}

void group_end_states(wg_tensor **state, size_t n, wg_tensor *const *shared)
{
    for (size_t k = 0; k < n; k++)
        if (!shared || state[k] != shared[k])
            wg_disown(state[k]);
}

/* ---- the parameters of an optimizer, by tensor and by name ---- */

static int by_tensor(const void *a, const void *b)
{
    const uintptr_t x = (uintptr_t)((const struct parameter *)a)->tensor, y = (uintptr_t)((const struct parameter *)b)->tensor;
    return (x > y) - (x < y);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct parameter *)a)->name, ((const struct parameter *)b)->name);
}

static void keep_item(void *item)
{
    (void)item;
}

void optim_tree_free(void **tree)
{
    tdestroy(*tree, keep_item);
    *tree = NULL;
}

struct parameter *optim_find(const wg_optim *optim, const wg_tensor *t)
{
    const struct parameter key = {.tensor = (wg_tensor *)(uintptr_t)t};
    struct parameter *const *found = tfind(&key, &optim->by_tensor, by_tensor);
    return found ? *found : NULL;
}

static struct parameter *named(const wg_optim *optim, char *name)
{
    const struct parameter key = {.name = name};
    struct parameter *const *found = tfind(&key, &optim->by_name, by_name);
    return found ? *found : NULL;
}

bool optim_same_shape(const wg_tensor *a, const wg_tensor *b)
{
    const wg_shape x = wg_shape_of(a), y = wg_shape_of(b);
    return x.rank == y.rank && memcmp(x.extent, y.extent, (size_t)x.rank * sizeof *x.extent) == 0;
}

/* ---- checks ---- */

/* For messages. */
static const char *given_name(wg_tensor_list params, size_t i)
{
    const char *name = params.name && params.name[i] ? params.name[i] : wg_name_of(params.tensor[i]);
    return name[0] ? name : "unnamed";
}

static wg_status check_parameter(const wg_optim *optim, wg_tensor_list params, size_t i, const char *op)
{
    const wg_tensor *t = params.tensor[i];
    if (!t)
        return wg_error_set(WG_E_NULL, op, "%s: parameter %zu is NULL", op, i);
    if (!wg_data(t)) /* released, dangling, another thread's, which is recorded now */
        return wg_error_first() ? wg_error_first()->code : WG_E_ARGUMENT;
    if (wg_dtype_of(t) != WG_F32 && wg_dtype_of(t) != WG_F64)
        return wg_error_set(WG_E_DTYPE, op, "%s: parameter %zu is %s; expected f32 or f64", op, i, wg_dtype_name(wg_dtype_of(t)));
    if (optim_find(optim, t))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: parameter %zu (%s) is given twice", op, i, wg_name_of(t));
    if (!wg_requires_grad(t))
        return wg_error_set(
            WG_E_NO_GRAD, op,
            "%s: parameter %zu (%s) does not require a gradient: wg_set_requires_grad(%s, true), or, if it is frozen, "
            "leave it out (wg_nn_trainable)",
            op, i, given_name(params, i), wg_name_of(t)[0] ? wg_name_of(t) : "t");
    return WG_OK;
}

/* Of the options that belong to the whole optimizer. */
static wg_status check_shared(const wg_optim *optim, const void *options, const char *op)
{
    double given = 0, first = 0;
    const char *name = optim->n_groups > 0 ? chain_differs(optim, options, optim->groups[0].options) : NULL;
    if (!name)
        return WG_OK;
    WG_TRY(wg_options_get(optim->table, options, name, &given, op));
    WG_TRY(wg_options_get(optim->table, optim->groups[0].options, name, &first, op));
    return wg_error_set(
        WG_E_ARGUMENT, op,
        "%s: all groups of %s share %s, since the step of each depends on all: expected %g, as group 0 has it, got %g", op,
        optim->rule->name, name, first, given);
}

/* ---- names ---- */

/* The name in params, or the place there; after group 0 behind "group1.". */
static char *first_name(const wg_optim *optim, wg_tensor_list params, size_t i)
{
    char place[32], prefix[32] = "", *name = NULL;
    snprintf(place, sizeof place, "%zu", i);
    if (optim->n_groups > 0)
        snprintf(prefix, sizeof prefix, "group%zu.", optim->n_groups);
    return asprintf(&name, "%s%s", prefix, params.name && params.name[i] ? params.name[i] : place) < 0 ? NULL : name;
}

/* The list's name, or, if an earlier parameter of the optimizer is called that, the name with "#2", "#3", … at the end. So names
   are unique, whatever lists the parameters come from, and depend on those lists alone. */
static char *make_name(const wg_optim *optim, wg_tensor_list params, size_t i)
{
    char *first = first_name(optim, params, i), *name = first;
    struct parameter *earlier = first ? named(optim, first) : NULL;
    while (earlier && name && named(optim, name)) {
        if (name != first)
            free(name);
        earlier->copies = earlier->copies < 2 ? 2 : earlier->copies + 1;
        if (asprintf(&name, "%s#%zu", first, earlier->copies) < 0)
            name = NULL;
    }
    if (name != first)
        free(first);
    return name;
}

static wg_status add_parameter(wg_optim *optim, struct group *group, wg_tensor_list params, size_t i, const char *op)
{
    wg_tensor *t = params.tensor[i];
    struct parameter *p = &group->parameters[group->n];
    *p = (struct parameter){.tensor = t, .name = make_name(optim, params, i), .group = optim->n_groups};
    p->state = group->states + i * optim->n_links * MAX_STATE;
    group->n++; /* from here on group_undo gives back what it has */
    if (!p->name || !tsearch(p, &optim->by_name, by_name) || !tsearch(p, &optim->by_tensor, by_tensor))
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    p->borrowed = wg_borrow(t);
    if (p->borrowed == WG_NONE)
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: parameter %zu (%s) belongs to a tape and ends with it: take it out by wg_own first", op, i,
                            given_name(params, i));
    p->count = own_tensor(WG_F64, WG_SCALAR, 0);
    if (!p->borrowed || !p->count)
        return WG_E_MEMORY;
    for (size_t l = 0; l < optim->n_links; l++) {
        const struct link *link = &optim->links[l];
        WG_TRY(group_make_states(link->rule, (const char *)group->options + link->options, t, optim->shared + link->state,
                                 p->state + link->state));
    }
    return WG_OK;
}

static wg_status fill(wg_optim *optim, struct group *group, wg_tensor_list params, const char *op)
{
    for (size_t i = 0; i < params.n; i++) {
        WG_TRY(check_parameter(optim, params, i, op));
        WG_TRY(add_parameter(optim, group, params, i, op));
    }
    double lr = 0;
    group->lr = own_tensor(WG_F64, WG_SCALAR, 0);
    WG_TRY(wg_options_get(optim->table, group->options, optim->lr_option, &lr, op));
    return group->lr ? wg_write(group->lr, &lr) : WG_E_MEMORY;
}

wg_status group_init(wg_optim *optim, struct group *group, wg_tensor_list params, const void *options, const char *op)
{
    *group = (struct group){.n = 0};
    if (params.n == 0 || !params.tensor)
        return wg_error_set(params.n ? WG_E_NULL : WG_E_ARGUMENT, op, "%s: there are no parameters", op);
    WG_TRY(wg_options_check(optim->table, options, op));
    WG_TRY(chain_check(optim, options, op));
    WG_TRY(check_shared(optim, options, op));
    group->options = malloc(optim->table.size);
    group->parameters = calloc(params.n, sizeof *group->parameters);
    group->states = group_states_new(params.n * optim->n_links * MAX_STATE);
    wg_status status = WG_OK;
    if (!group->options || !group->parameters || !group->states)
        status = wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    else
        memcpy(group->options, options, optim->table.size);
    if (status == WG_OK)
        status = fill(optim, group, params, op);
    if (status != WG_OK)
        group_undo(optim, group);
    return status;
}

void group_finish(const wg_optim *optim, struct group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        free(group->parameters[i].name);
        wg_borrow_end(group->parameters[i].borrowed);
        wg_disown(group->parameters[i].count);
        group_end_states(group->parameters[i].state, optim->n_links * MAX_STATE, optim->shared);
    }
    free(group->parameters);
    free(group->states);
    free(group->options);
    wg_disown(group->lr);
    *group = (struct group){.n = 0};
}

/* Names are to depend on the groups that are there alone: the numbers behind them begin anew. */
void group_undo(wg_optim *optim, struct group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        if (!group->parameters[i].name)
            continue;
        if (named(optim, group->parameters[i].name) == &group->parameters[i])
            tdelete(&group->parameters[i], &optim->by_name, by_name);
        if (optim_find(optim, group->parameters[i].tensor) == &group->parameters[i])
            tdelete(&group->parameters[i], &optim->by_tensor, by_tensor);
    }
    group_finish(optim, group);
    for (size_t g = 0; g < optim->n_groups; g++)
        for (size_t i = 0; i < optim->groups[g].n; i++)
            optim->groups[g].parameters[i].copies = 0;
}
