/* What one optimizer is, apart from the others: its state per parameter and the op that updates. */
#ifndef OPTIM_RULE_H
#define OPTIM_RULE_H

#include "common/table.h"
#include "wengert/optim.h"

enum { MAX_STATE = 2 };

/* A parameter with its state. borrowed: the same tensor, or WG_NONE if it is a tape's. name: no two of an optimizer share one. count: its steps so far, f64. state[i] is WG_NONE where the settings do without it. */
struct parameter {
    wg_tensor *tensor, *borrowed, *count, *state[MAX_STATE];
    char *name;
};

struct optim_rule {
    const char *name;
    const char *state_name[MAX_STATE];
    /* WG_OK, or E_ARGUMENT naming the setting that is out of range */
    wg_status (*check)(const wg_group_options *options);
    bool (*needs_state)(const wg_group_options *options, int index);
    wg_status (*update)(const struct parameter *p, wg_tensor *gradient, wg_tensor *lr, const wg_group_options *options);
};

struct group {
    wg_group_options options; /* all but lr, which is a tensor: it changes between steps */
    wg_tensor *lr;
    struct parameter *parameters;
    size_t n;
};

struct wg_optim {
    const struct optim_rule *rule;
    struct group *groups;
    size_t n_groups;
    bool keep_grads;
    wg_tensor **state; /* the list that wg_optim_state lends, with names */
    char **state_names;
    size_t n_state, state_room;
    /* Of all groups: parameters by address, with the number of their group; and by name, with the last number that was put behind it. */
    struct wg_table parameters, names;
};

/* An optimizer with its first group. */
wg_optim *optim_create(const struct optim_rule *rule, wg_tensor_list params, wg_group_options options, bool keep_grads);

/* Fills group, the optimizer's next, from params; on failure it is empty again. */
wg_status group_init(wg_optim *optim, struct group *group, wg_tensor_list params, const wg_group_options *options);
void group_finish(struct group *group);
void group_undo(wg_optim *optim,
                struct group *group); /* of one that is not to be the optimizer's: finished, and nothing knows it */
wg_status check_rate(const char *op, const char *setting, double value); /* finite, at least 0 */

#endif
