/* The chain of an optimizer: its rule, stages in front of it and behind it, and the options of all of them in one table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule/rule.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tensor.h"

/* ---- the rule of wg_optim_chain ---- */

static wg_tensor *subtract(struct step *s)
{
    return wg_sub(s->p, s->g);
}

const struct optim_rule optim_chain_rule = {.name = "chain", .move = subtract};

/* ---- options by name ---- */

/* The option's own name, behind the label of its stage. */
static const char *own_name(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot ? dot + 1 : name;
}

/* What the rate is called; NULL: the chain has none yet. */
static const char *find_rate(wg_option_table table)
{
    for (size_t i = 0; i < table.n; i++)
        if (strcmp(own_name(table.option[i].name), "lr") == 0)
            return table.option[i].name;
    return NULL;
}

const char *chain_option(const wg_optim *optim, const char *option, const char *op)
{
    const char *found = NULL;
    for (size_t i = 0; option && i < optim->table.n; i++) {
        const char *name = optim->table.option[i].name;
        if (strcmp(name, option) == 0)
            return name;
        if (strcmp(own_name(name), option) != 0)
            continue;
        if (found) {
            (void)wg_error_set(WG_E_ARGUMENT, op, "%s: the option %s is that of several stages: %s, %s", op, option, found, name);
            return NULL;
        }
        found = name;
    }
    return found ? found : option;
}

wg_status chain_check(const wg_optim *optim, const void *options, const char *op)
{
    for (size_t i = 0; i < optim->n_links; i++) {
        const struct link *link = &optim->links[i];
        if (link->rule->check)
            WG_TRY(link->rule->check((const char *)options + link->options, op));
    }
    return WG_OK;
}

const char *chain_differs(const wg_optim *optim, const void *a, const void *b)
{
    for (size_t i = 0; i < optim->n_links; i++) {
        const struct link *link = &optim->links[i];
        const size_t at = link->options;
        const char *own = link->rule->differs ? link->rule->differs((const char *)a + at, (const char *)b + at) : NULL;
        for (size_t k = 0; own && k < optim->table.n; k++)
            if (optim->table.option[k].offset >= at && strcmp(own_name(optim->table.option[k].name), own) == 0)
                return optim->table.option[k].name;
    }
    return NULL;
}

/* ---- making ---- */

static wg_status out_of_memory(const char *op)
{
    return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
}

wg_status chain_begin(wg_optim *optim, wg_option_table table, const void *options, const char *op)
{
    optim->links = malloc(sizeof *optim->links);
    optim->shared = malloc(MAX_STATE * sizeof(wg_tensor *));
    optim->draft = malloc(table.size ? table.size : 1);
    if (!optim->links || !optim->shared || !optim->draft)
        return out_of_memory(op);
    memcpy(optim->draft, options, table.size);
    WG_TRY(group_make_shared(optim->rule, options, optim->shared));
    optim->links[0] = (struct link){.rule = optim->rule};
    optim->n_links = 1;
    optim->table = table;
    optim->lr_option = find_rate(table);
    return WG_OK;
}

static void entries_free(wg_option *entries, char **names, size_t n)
{
    for (size_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names), free(entries);
}

void chain_finish(wg_optim *optim)
{
    for (size_t i = 0; i < optim->n_links; i++)
        free(optim->links[i].label);
    entries_free(optim->entries, optim->entry_names, optim->n_entry_names);
    group_end_states(optim->shared, optim->n_links * MAX_STATE, NULL);
    free(optim->links), free(optim->shared), free(optim->draft);
}

/* ---- adding a stage ---- */

/* What the optimizer has once the stage is in its chain; each part is the optimizer's from the moment that nothing can fail any
   more. */
struct extension {
    struct link *links;
    char *label;
    wg_option *entries;
    char **entry_names;
    wg_tensor **shared;
    void *draft;
    struct group *groups; /* copies, with options and states of their own */
    size_t size, at;      /* of the options; where the stage's begin */
};

/* The stage's name, or, if the chain has one of that kind, the name with "#2", "#3", … */
static char *make_label(const wg_optim *optim, const struct optim_rule *rule)
{
    char *label = NULL;
    size_t same = 1;
    for (size_t i = 0; i < optim->n_links; i++)
        same += optim->links[i].rule == rule;
    const int length = same > 1 ? asprintf(&label, "%s#%zu", rule->name, same) : asprintf(&label, "%s", rule->name);
    return length < 0 ? NULL : label;
}

/* The table's entries and those of the stage, whose options are behind the others. */
static bool extend_table(const wg_optim *optim, const wg_stage *stage, struct extension *x)
{
    const size_t n = optim->table.n, more = stage->table.n, named = optim->n_entry_names;
    x->entries = malloc((n + more + 1) * sizeof *x->entries);
    x->entry_names = calloc(named + more + 1, sizeof *x->entry_names);
    if (!x->entries || !x->entry_names)
        return false;
    if (named > 0)
        memcpy(x->entry_names, optim->entry_names, named * sizeof *x->entry_names);
    if (n > 0)
        memcpy(x->entries, optim->table.option, n * sizeof *x->entries);
    for (size_t i = 0; i < more; i++) {
        wg_option *entry = &x->entries[n + i];
        *entry = stage->table.option[i];
        entry->offset += x->at;
        if (asprintf(&x->entry_names[named + i], "%s.%s", x->label, entry->name) < 0) {
            x->entry_names[named + i] = NULL;
            return false;
        }
        entry->name = x->entry_names[named + i];
    }
    return true;
}

static void *extend_options(const wg_optim *optim, const wg_stage *stage, const struct extension *x, const void *options)
{
    char *extended = calloc(1, x->size);
    if (!extended)
        return NULL;
    memcpy(extended, options, optim->table.size);
    memcpy(extended + x->at, stage->options, stage->table.size);
    return extended;
}

/* The states that are the optimizer's. */
static wg_status extend_shared(const wg_optim *optim, const wg_stage *stage, struct extension *x)
{
    const size_t n = optim->n_links * MAX_STATE;
    x->shared = malloc((n + MAX_STATE) * sizeof(wg_tensor *));
    if (!x->shared)
        return WG_E_MEMORY;
    memcpy(x->shared, optim->shared, n * sizeof(wg_tensor *));
    return group_make_shared(stage->rule, stage->options, x->shared + n);
}

/* Copies of the groups with room for the stage's states, and these. */
static wg_status extend_groups(const wg_optim *optim, const wg_stage *stage, struct extension *x)
{
    const size_t old = optim->n_links * MAX_STATE, all = old + MAX_STATE;
    x->groups = calloc(optim->n_groups + 1, sizeof *x->groups);
    if (!x->groups)
        return WG_E_MEMORY;
    for (size_t g = 0; g < optim->n_groups; g++) {
        struct group *group = &x->groups[g];
        *group = optim->groups[g];
        group->options = extend_options(optim, stage, x, optim->groups[g].options);
        group->states = group_states_new(group->n * all);
        if (!group->options || !group->states)
            return WG_E_MEMORY;
        for (size_t i = 0; i < group->n; i++) {
            memcpy(group->states + i * all, optim->groups[g].parameters[i].state, old * sizeof(wg_tensor *));
            WG_TRY(group_make_states(stage->rule, stage->options, group->parameters[i].tensor, x->shared + old,
                                     group->states + i * all + old));
        }
    }
    return WG_OK;
}

static wg_status extend(const wg_optim *optim, const wg_stage *stage, struct extension *x)
{
    x->at = (optim->table.size + 7) / 8 * 8; /* doubles and bools */
    x->size = x->at + stage->table.size;
    x->links = malloc((optim->n_links + 1) * sizeof *x->links);
    x->label = make_label(optim, stage->rule);
    if (!x->links || !x->label || !extend_table(optim, stage, x))
        return WG_E_MEMORY;
    x->draft = extend_options(optim, stage, x, optim->draft);
    if (!x->draft)
        return WG_E_MEMORY;
    WG_TRY(extend_shared(optim, stage, x));
    return extend_groups(optim, stage, x);
}

/* Of an extension that came to nothing. */
static void give_back(const wg_optim *optim, struct extension *x)
{
    const size_t old = optim->n_links * MAX_STATE, all = old + MAX_STATE;
    for (size_t g = 0; x->groups && g < optim->n_groups; g++) {
        const struct group *group = &x->groups[g];
        for (size_t i = 0; group->states && group->states != optim->groups[g].states && i < group->n; i++)
            group_end_states(group->states + i * all + old, MAX_STATE, x->shared + old);
        if (group->states != optim->groups[g].states)
            free(group->states);
        if (group->options != optim->groups[g].options)
            free(group->options);
    }
    if (x->shared)
        group_end_states(x->shared + old, MAX_STATE, NULL);
    if (x->entry_names)
        for (size_t i = optim->n_entry_names; x->entry_names[i]; i++)
            free(x->entry_names[i]);
    free(x->links), free(x->label), free(x->entries), free(x->entry_names), free(x->shared), free(x->draft), free(x->groups);
}

const struct link *chain_ahead(const wg_optim *optim)
{
    const struct link *last = &optim->links[optim->n_links - 1];
    return last->rule->place == AHEAD ? last : NULL;
}

/* In front of the rule or behind it, as the stage's place says; one that leads ahead is the last. */
static void link_in(const wg_optim *optim, const struct optim_rule *rule, const struct extension *x)
{
    const struct link link = {rule, x->at, optim->n_links * MAX_STATE, x->label};
    size_t at = optim->n_links - (chain_ahead(optim) != NULL);
    for (size_t i = 0; i < optim->n_links && rule->place == IN_FRONT; i++)
        if (optim->links[i].rule->place == THE_RULE)
            at = i;
    memcpy(x->links, optim->links, at * sizeof link);
    x->links[at] = link;
    memcpy(x->links + at + 1, optim->links + at, (optim->n_links - at) * sizeof link);
}

static void take_over(wg_optim *optim, const wg_stage *stage, const struct extension *x)
{
    const size_t all = (optim->n_links + 1) * MAX_STATE;
    link_in(optim, stage->rule, x);
    for (size_t g = 0; g < optim->n_groups; g++) {
        struct group *group = &optim->groups[g];
        free(group->options), free(group->states);
        group->options = x->groups[g].options;
        group->states = x->groups[g].states;
        for (size_t i = 0; i < group->n; i++)
            group->parameters[i].state = group->states + i * all;
    }
    free(optim->links), free(optim->draft), free(optim->shared), free(optim->entries), free(optim->entry_names), free(x->groups);
    optim->links = x->links;
    optim->n_links++;
    optim->draft = x->draft;
    optim->shared = x->shared;
    optim->entries = x->entries;
    optim->entry_names = x->entry_names;
    optim->n_entry_names += stage->table.n;
    optim->table = (wg_option_table){x->entries, optim->table.n + stage->table.n, x->size};
    optim->lr_option = find_rate(optim->table);
}

static bool is_rate(const wg_stage *stage)
{
    return strcmp(stage->rule->name, "rate") == 0;
}

static wg_status list_states(wg_optim *optim, const wg_stage *stage, const struct extension *x)
{
    const size_t first = optim->n_links * MAX_STATE;
    const struct link link = {.rule = stage->rule, .state = first, .label = x->label};
    return optim_list_states(optim, &link, x->shared + first, x->groups, optim->n_groups, first + MAX_STATE);
}

wg_status chain_add(wg_optim *optim, const wg_stage *stage, const char *op)
{
    if (!stage)
        return wg_error_set(WG_E_NULL, op, "%s: a stage is NULL", op);
    if (optim->n_links > WG_MAX_STAGES)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at most %d stages", op, WG_MAX_STAGES);
    if (!optim->rule->move)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s takes no stages", op, optim->rule->name);
    if (is_rate(stage) && optim->lr_option)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the chain multiplies by a learning rate already: one stage is wg_stage_rate",
                            op);
    if (stage->rule->place == AHEAD && chain_ahead(optim))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %s leads ahead already, and %s would, too", op, chain_ahead(optim)->label,
                            stage->rule->name);
    for (size_t g = 0; g < optim->n_groups; g++)
        for (size_t i = 0; i < optim->groups[g].n; i++)
            WG_TRY(optim_check_alive(&optim->groups[g].parameters[i], i, op));
    struct extension x = {.links = NULL};
    wg_status status = extend(optim, stage, &x);
    if (status == WG_OK)
        status = list_states(optim, stage, &x);
    if (status != WG_OK) {
        give_back(optim, &x);
        return status == WG_E_MEMORY ? out_of_memory(op) : status;
    }
    optim_forget_update(optim);
    take_over(optim, stage, &x);
    return WG_OK;
}

/* ---- the public functions ---- */

/* What else must be right where the optimizer is there already. */
static wg_status check_added(const wg_optim *optim, const wg_stage *stage, const char *op)
{
    if (!optim)
        return wg_error_set(WG_E_NULL, op, "%s: the optimizer is NULL", op);
    if (optim->exchanged)
        return wg_error_set(WG_E_STATE, op, "%s: the parameters are exchanged with the state %s", op, optim->exchanged);
    if (stage && stage->rule->place == IN_FRONT && optim->rule == &optim_chain_rule && !is_rate(stage))
        return wg_error_set(
            WG_E_ARGUMENT, op,
            "%s: %s acts on gradients, and its place among the stages of a chain is not known: give it to wg_optim_chain", op,
            stage->rule->name);
    return WG_OK;
}

wg_status wg_optim_add_stage(wg_optim *optim, wg_stage *stage)
{
    const char *op = "optim_add_stage";
    wg_status status = check_added(optim, stage, op);
    if (status == WG_OK)
        status = chain_add(optim, stage, op);
    wg_stage_destroy(stage);
    return status;
}

static wg_status check_stages(wg_stage *const *stages, size_t n, const char *op)
{
    size_t rates = 0;
    for (size_t i = 0; i < n; i++) {
        if (!stages[i])
            return wg_error_set(WG_E_NULL, op, "%s: stage %zu is NULL", op, i);
        if (i > 0 && stages[i - 1]->rule->place != IN_FRONT && stages[i]->rule->place == IN_FRONT)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: stage %zu, %s, acts on gradients, and %s in front of it on parameters", op,
                                i, stages[i]->rule->name, stages[i - 1]->rule->name);
        for (size_t k = 0; k < i; k++)
            if (stages[k] == stages[i])
                return wg_error_set(WG_E_ARGUMENT, op, "%s: stages %zu and %zu are the same", op, k, i);
        rates += is_rate(stages[i]);
    }
    return rates == 1
               ? WG_OK
               : wg_error_set(WG_E_ARGUMENT, op, "%s: expected one wg_stage_rate(.lr = …) among the stages, got %zu", op, rates);
}

/* The caller's stages end here, each once. */
static void stages_free(wg_stage *const *stages, size_t n)
{
    for (size_t i = 0; stages && i < n; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen || stages[k] == stages[i];
        if (!seen)
            wg_stage_destroy(stages[i]);
    }
}

wg_optim *wg_optim_chain_with(wg_tensor_list params, wg_stage *const *stages, size_t n, bool keep_grads)
{
    const char *op = "optim_chain";
    const wg_option_table none = {NULL, 0, 0};
    wg_optim *optim = NULL;
    if (!stages)
        (void)wg_error_set(WG_E_NULL, op, "%s: the list of stages is NULL", op);
    else if (n > WG_MAX_STAGES)
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected at most %d stages, got %zu", op, WG_MAX_STAGES, n);
    else if (check_stages(stages, n, op) == WG_OK)
        optim = optim_create(&optim_chain_rule, none, params, "", keep_grads, stages, n, op);
    stages_free(stages, n);
    return optim;
}
