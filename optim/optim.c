/* Optimizers: a rule over groups of parameters. A step is one update bracket, so it happens whole or not at all. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

/* ---- groups ---- */

static void names_free(char **names, size_t n)
{
    for (size_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
}

/* "group0.lr" */
static char *lr_name(size_t group)
{
    char *name = NULL;
    return asprintf(&name, "group%zu.lr", group) < 0 ? NULL : name;
}

/* "0.weight.v", and of a stage "0.weight.ema.average"; p: NULL for a state that all parameters share. */
static char *state_name(const struct parameter *p, const char *label, const char *state)
{
    char *name = NULL;
    const char *first = p ? p->name : "";
    const int length = asprintf(&name, "%s%s%s%s%s", first, first[0] ? "." : "", label ? label : "", label ? "." : "", state);
    return length < 0 ? NULL : name;
}

/* Room for more entries, and for as many again as there are. */
static bool state_reserve(wg_optim *optim, size_t more)
{
    const size_t room = 2 * optim->n_state + more;
    if (optim->n_state + more <= optim->state_room)
        return true;
    wg_tensor **tensor = realloc(optim->state, room * sizeof *tensor);
    if (tensor)
        optim->state = tensor;
    char **name = tensor ? realloc(optim->state_names, room * sizeof *name) : NULL;
    if (!name)
        return false;
    optim->state_names = name;
    optim->state_room = room;
    return true;
}

/* Appends a tensor, which gets the name, to the list, where there is room. */
static bool push(wg_optim *optim, wg_tensor *t, char *name)
{
    if (!name)
        return false;
    optim->state[optim->n_state] = t;
    optim->state_names[optim->n_state++] = name;
    return wg_set_name(t, name) == WG_OK;
}

static void cut_list(wg_optim *optim, size_t n)
{
    while (optim->n_state > n)
        free(optim->state_names[--optim->n_state]);
}

/* The states of one link, except those that all parameters share. */
static bool push_states(wg_optim *optim, const struct link *link, const struct parameter *p, wg_tensor *const *state,
                        wg_tensor *const *shared)
{
    for (int k = 0; k < MAX_STATE; k++)
        if (state[k] != WG_NONE && state[k] != shared[k] &&
            !push(optim, state[k], state_name(p, link->label, link->rule->state[k].name)))
            return false;
    return true;
}

wg_status optim_list_states(wg_optim *optim, const struct link *link, wg_tensor *const *shared, const struct group *groups,
                            size_t n_groups, size_t per_parameter)
{
    const size_t before = optim->n_state;
    size_t most = MAX_STATE;
    for (size_t g = 0; g < n_groups; g++)
        most += groups[g].n * MAX_STATE;
    bool listed = state_reserve(optim, most);
    for (int k = 0; k < MAX_STATE && listed; k++)
        listed = shared[k] == WG_NONE || push(optim, shared[k], state_name(NULL, link->label, link->rule->state[k].name));
    for (size_t g = 0; g < n_groups; g++)
        for (size_t i = 0; i < groups[g].n && listed; i++)
            listed = push_states(optim, link, &groups[g].parameters[i], groups[g].states + i * per_parameter + link->state, shared);
    if (!listed)
        cut_list(optim, before);
    return listed ? WG_OK : WG_E_MEMORY;
}

/* Appends the group's state to the list; false leaves it as it was. */
static bool list_group(wg_optim *optim, const struct group *group, size_t index)
{
    const size_t before = optim->n_state;
    bool listed = state_reserve(optim, 1 + group->n * (1 + optim->n_links * MAX_STATE)) && push(optim, group->lr, lr_name(index));
    for (size_t i = 0; i < group->n && listed; i++) {
        const struct parameter *p = &group->parameters[i];
        listed = push(optim, p->count, state_name(p, NULL, "count"));
        for (size_t l = 0; l < optim->n_links && listed; l++) {
            const struct link *link = &optim->links[l];
            listed = push_states(optim, link, p, p->state + link->state, optim->shared + link->state);
        }
    }
    if (!listed)
        cut_list(optim, before);
    return listed;
}

/* Whether a parameter is another group's already. */
static wg_status check_new(const wg_optim *optim, wg_tensor_list params, const char *op)
{
    for (size_t i = 0; params.tensor && i < params.n; i++) {
        const struct parameter *found = optim_find(optim, params.tensor[i]);
        if (found)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: parameter %zu (%s) is in group %zu already", op, i,
                                wg_name_of(params.tensor[i]), found->group);
    }
    return WG_OK;
}

/* Room for one more, which doubles as often as it is used up. */
static bool groups_reserve(wg_optim *optim)
{
    const size_t n = optim->n_groups;
    struct group *groups = n & (n - 1) ? optim->groups : realloc(optim->groups, (n ? 2 * n : 1) * sizeof *groups);
    if (groups)
        optim->groups = groups;
    return groups != NULL;
}

/* Room for the parameters of a step that moves all of them, and more. */
static bool moved_reserve(wg_optim *optim, size_t more)
{
    const size_t room = optim->room_moved + more;
    const struct parameter **moved = realloc(optim->moved, room * sizeof *moved);
    if (moved) {
        optim->moved = moved;
        memset(moved + optim->room_moved, 0, more * sizeof *moved); /* they are compared with those of the next step */
    }
    wg_tensor **gradient = moved ? realloc(optim->gradient, (room + 1) * sizeof *gradient) : NULL;
    if (gradient)
        optim->gradient = gradient;
    struct moving *moving = gradient ? realloc(optim->moving, room * sizeof *moving) : NULL;
    if (!moving)
        return false;
    optim->moving = moving;
    optim->room_moved = room;
    return true;
}

/* Room in the list of all parameters. */
static bool parameters_reserve(wg_optim *optim, size_t more)
{
    const size_t room = optim->n_parameters + more + 1;
    wg_tensor **parameter = realloc(optim->parameter, room * sizeof *parameter);
    if (parameter)
        optim->parameter = parameter;
    const char **name = parameter ? realloc(optim->parameter_name, room * sizeof *name) : NULL;
    if (name)
        optim->parameter_name = name;
    return name != NULL;
}

static void list_parameters(wg_optim *optim, const struct group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        optim->parameter[optim->n_parameters] = group->parameters[i].tensor;
        optim->parameter_name[optim->n_parameters++] = group->parameters[i].name;
    }
}

/* lr: the rate at first, if it is another than that of the options; or NULL. */
static wg_status add_group(wg_optim *optim, wg_tensor_list params, const void *options, const double *lr, const char *op)
{
    WG_TRY(check_new(optim, params, op));
    if (!groups_reserve(optim) || !moved_reserve(optim, params.n) || !parameters_reserve(optim, params.n))
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    struct group *group = &optim->groups[optim->n_groups];
    WG_TRY(group_init(optim, group, params, options, op));
    if ((lr && wg_write(group->lr, lr) != WG_OK) || !list_group(optim, group, optim->n_groups)) {
        group_undo(optim, group);
        return wg_error_first() ? wg_error_first()->code : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    }
    list_parameters(optim, group);
    optim->n_groups++;
    return WG_OK;
}

/* A rate that a program worked out may be NaN, which is refused: only these bits mean that an option was not given. */
static bool is_set(double value)
{
    const double not_set = WG_NOT_SET;
    return memcmp(&value, &not_set, sizeof value) != 0;
}

static wg_status set_draft(const wg_optim *optim, const char *option, double value, const char *op)
{
    const char *name = chain_option(optim, option, op);
    return name || !option ? wg_options_set(optim->table, optim->draft, name, value, op) : WG_E_ARGUMENT;
}

/* What is given of a group's options goes into the draft. */
static wg_status override(const wg_optim *optim, const wg_optim_group_options *given)
{
    const char *op = "optim_add_group";
#define OVERRIDE(option)       \
    if (is_set(given->option)) \
        WG_TRY(set_draft(optim, #option, given->option, op));
    WG_OPTIM_GROUP_LIST_(OVERRIDE)
#undef OVERRIDE
    return WG_OK;
}

/* The draft becomes the group's options as they stand, the rate from its tensor. */
static wg_status draft_from(const wg_optim *optim, const struct group *group, const char *op)
{
    memcpy(optim->draft, group->options, optim->table.size);
    return wg_options_set(optim->table, optim->draft, optim->lr_option, wg_item(group->lr), op);
}

/* A rate that is not given is as group 0's, of which a schedule may have made something else than its base rate. */
wg_status wg_optim_add_group_with(wg_optim *optim, wg_tensor_list params, wg_optim_group_options options)
{
    const char *op = "optim_add_group";
    if (!optim)
        return wg_error_set(WG_E_NULL, op, "%s: the optimizer is NULL", op);
    const double lr = wg_item(optim->groups[0].lr);
    memcpy(optim->draft, optim->groups[0].options, optim->table.size);
    WG_TRY(override(optim, &options));
    return add_group(optim, params, optim->draft, is_set(options.lr) ? NULL : &lr, op);
}

/* ---- making, asking, setting ---- */

/* The rule's own states that all parameters share, the stages, the first group. */
static wg_status fill(wg_optim *optim, wg_option_table table, wg_tensor_list params, const void *options, wg_stage *const *stages,
                      size_t n_stages, const char *op)
{
    WG_TRY(wg_options_check(table, options, op));
    WG_TRY(chain_begin(optim, table, options, op));
    if (optim_list_states(optim, &optim->links[0], optim->shared, NULL, 0, 0) != WG_OK)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    for (size_t i = 0; i < n_stages; i++)
        WG_TRY(chain_add(optim, stages[i], op));
    return add_group(optim, params, optim->draft, NULL, op);
}

wg_optim *optim_create(const struct optim_rule *rule, wg_option_table table, wg_tensor_list params, const void *options,
                       bool keep_grads, wg_stage *const *stages, size_t n_stages, const char *op)
{
    wg_optim *optim = calloc(1, sizeof *optim);
    if (!optim) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    optim->rule = rule;
    optim->keep_grads = keep_grads;
    if (fill(optim, table, params, options, stages, n_stages, op) == WG_OK)
        return optim;
    wg_optim_destroy(optim);
    return NULL;
}

void wg_optim_destroy(wg_optim *optim)
{
    if (!optim)
        return;
    for (size_t g = 0; g < optim->n_groups; g++)
        group_finish(optim, &optim->groups[g]);
    optim_tree_free(&optim->by_tensor);
    optim_tree_free(&optim->by_name);
    optim_forget_update(optim);
    chain_finish(optim);
    free(optim->moved), free(optim->gradient), free(optim->moving);
    free(optim->groups);
    free(optim->parameter), free(optim->parameter_name);
    free(optim->state);
    names_free(optim->state_names, optim->n_state);
    free(optim);
}

static struct group *group_at(const wg_optim *optim, size_t group, const char *op)
{
    if (optim && group < optim->n_groups)
        return &optim->groups[group];
    const size_t n = optim ? optim->n_groups : 0;
    if (n == 1)
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: there is no group %zu: the only group is 0", op, group);
    else if (optim)
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: there is no group %zu: the groups are 0 %s %zu", op, group, n > 2 ? "to" : "and",
                           n - 1);
    else
        (void)wg_error_set(WG_E_NULL, op, "%s: the optimizer is NULL", op);
    return NULL;
}

size_t wg_optim_groups(const wg_optim *optim)
{
    if (!optim)
        (void)wg_error_set(WG_E_NULL, "optim_groups", "optim_groups: the optimizer is NULL");
    return optim ? optim->n_groups : 0;
}

static double get(const wg_optim *optim, size_t group, const char *option, const char *op)
{
    const struct group *found = group_at(optim, group, op);
    const char *name = found ? chain_option(optim, option, op) : NULL;
    double value = NAN;
    if (!found || (!name && option) || wg_options_get(optim->table, found->options, name, &value, op) != WG_OK)
        return NAN;
    return name == optim->lr_option || strcmp(name, optim->lr_option) == 0 ? wg_item(found->lr) : value;
}

double wg_optim_get(const wg_optim *optim, size_t group, const char *option)
{
    return get(optim, group, option, "optim_get");
}

double wg_optim_lr(const wg_optim *optim, size_t group)
{
    return get(optim, group, "lr", "optim_lr");
}

double wg_optim_base_lr(const wg_optim *optim, size_t group)
{
    const char *op = "optim_base_lr";
    const struct group *found = group_at(optim, group, op);
    double lr = NAN;
    return found && wg_options_get(optim->table, found->options, optim->lr_option, &lr, op) == WG_OK ? lr : NAN;
}

/* Would the group's parameters have the same state under the draft? */
static bool same_state(const wg_optim *optim, const struct group *group)
{
    for (size_t l = 0; l < optim->n_links; l++) {
        const struct link *link = &optim->links[l];
        const void *now = (const char *)group->options + link->options, *then = (const char *)optim->draft + link->options;
        for (int k = 0; k < MAX_STATE && link->rule->needs_state; k++)
            if (link->rule->needs_state(now, k) != link->rule->needs_state(then, k))
                return false;
    }
    return true;
}

/* keep_base: of the rate only that of the next steps is set, not the one that schedules start from. */
static wg_status set(wg_optim *optim, size_t group, const char *option, double value, bool keep_base, const char *op)
{
    struct group *found = group_at(optim, group, op);
    if (!found)
        return optim ? WG_E_ARGUMENT : WG_E_NULL;
    memcpy(optim->draft, found->options, optim->table.size);
    WG_TRY(set_draft(optim, option, value, op));
    WG_TRY(chain_check(optim, optim->draft, op));
    if (!same_state(optim, found))
        return wg_error_set(WG_E_STATE, op,
                            "%s: %s %g would need other state than the group was made with: make the optimizer, or add the group, "
                            "with .%s = %g",
                            op, option, value, option, value);
    if (strcmp(chain_option(optim, option, op), optim->lr_option) == 0)
        WG_TRY(wg_write(found->lr, &value));
    else
        optim_forget_update(optim);                         /* which has the options that it was captured with */
    if (chain_differs(optim, optim->draft, found->options)) /* it is all groups' */
        for (size_t g = 0; g < optim->n_groups; g++)
            WG_TRY(wg_options_set(optim->table, optim->groups[g].options, chain_option(optim, option, op), value, op));
    if (!keep_base)
        memcpy(found->options, optim->draft, optim->table.size);
    return WG_OK;
}

wg_status wg_optim_set(wg_optim *optim, size_t group, const char *option, double value)
{
    return set(optim, group, option, value, false, "optim_set");
}

wg_status wg_optim_set_lr(wg_optim *optim, size_t group, double lr)
{
    return set(optim, group, "lr", lr, true, "optim_set_lr");
}

wg_tensor_list wg_optim_parameters(const wg_optim *optim)
{
    if (optim)
        return (wg_tensor_list){optim->n_parameters, optim->parameter, optim->parameter_name};
    (void)wg_error_set(WG_E_NULL, "optim_parameters", "optim_parameters: the optimizer is NULL");
    return (wg_tensor_list){0, NULL, NULL};
}

wg_tensor_list wg_optim_state(const wg_optim *optim)
{
    if (optim)
        return (wg_tensor_list){optim->n_state, optim->state, (const char *const *)optim->state_names};
    (void)wg_error_set(WG_E_NULL, "optim_state", "optim_state: the optimizer is NULL");
    return (wg_tensor_list){0, NULL, NULL};
}

/* ---- printing ---- */

static wg_status check_printable(const wg_optim *optim, size_t g, const char *op)
{
    const struct group *group = &optim->groups[g];
    for (size_t i = 0; i < group->n; i++)
        WG_TRY(optim_check_alive(&group->parameters[i], i, op));
    return draft_from(optim, group, op);
}

/* Where the option stands in a text of options: "lr=…", at the beginning or behind ", ". */
static const char *find_rate(const char *text, const char *option)
{
    const size_t length = strlen(option);
    const char *found = strstr(text, option);
    while (found && (found[length] != '=' || (found != text && found[-1] != ' ')))
        found = strstr(found + 1, option);
    return found;
}

/* The draft's options as text; where a schedule has changed the rate, the base rate follows it: "lr=0.05 (base 0.1)". */
static wg_status print_options(const wg_optim *optim, const struct group *group, FILE *stream, const char *op)
{
    char text[8000];
    double rate, base;
    WG_TRY(wg_options_get(optim->table, optim->draft, optim->lr_option, &rate, op));
    WG_TRY(wg_options_get(optim->table, group->options, optim->lr_option, &base, op));
    wg_options_text(optim->table, optim->draft, true, text, sizeof text);
    const char *lr = find_rate(text, optim->lr_option);
    const size_t end = lr ? (size_t)(lr - text) + strcspn(lr, ",") : 0;
    if (lr && rate != base)
        fprintf(stream, "%.*s (base %g)%s\n", (int)end, text, base, text + end);
    else
        fprintf(stream, "%s\n", text);
    return WG_OK;
}

/* "sgd", or "chain: clip_norm, momentum, rate": the links in the order of the step. */
static void print_chain(const wg_optim *optim, FILE *stream)
{
    bool comma = false;
    fprintf(stream, "%s%s", optim->rule->name, optim->keep_grads ? "(keep_grads=true)" : "");
    for (size_t l = 0; l < optim->n_links && optim->n_links > 1; l++) {
        const struct link *link = &optim->links[l];
        if (link->rule == &optim_chain_rule)
            continue;
        fprintf(stream, "%s%s", comma ? ", " : ": ", link->label ? link->label : optim->rule->name);
        comma = true;
    }
    fputc('\n', stream);
}

wg_status wg_optim_print(const wg_optim *optim, FILE *stream)
{
    const char *op = "optim_print";
    if (!optim || !stream)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, optim ? "stream" : "optimizer");
    for (size_t g = 0; g < optim->n_groups; g++) /* before anything is written */
        WG_TRY(check_printable(optim, g, op));
    print_chain(optim, stream);
    for (size_t g = 0; g < optim->n_groups; g++) {
        const struct group *group = &optim->groups[g];
        int64_t elements = 0;
        for (size_t i = 0; i < group->n; i++)
            elements += wg_numel(group->parameters[i].tensor);
        WG_TRY(draft_from(optim, group, op));
        fprintf(stream, "group %zu: %zu parameter%s, %lld element%s, ", g, group->n, group->n == 1 ? "" : "s", (long long)elements,
                elements == 1 ? "" : "s");
        WG_TRY(print_options(optim, group, stream, op));
    }
    return fflush(stream) != 0 || ferror(stream) ? wg_error_set(WG_E_IO, op, "%s: the stream could not be written", op) : WG_OK;
}
