/* What an optimizer is beside its options: its state per parameter and the op that updates. */
#ifndef OPTIM_RULE_H
#define OPTIM_RULE_H

#include "wengert/optim.h"
#include "wengert/options.h"

enum { MAX_STATE = 2 };

/* A parameter with its state. borrowed: the same tensor, or WG_NONE if it is a tape's. name: no two of an optimizer share one; copies: the
   largest number that was put behind it for parameters of the same name. count: its steps so far, f64. state[i] is WG_NONE where the options
   do without it. */
struct parameter {
    wg_tensor *tensor, *borrowed, *count, *state[MAX_STATE];
    char *name;
    size_t copies, group;
};

/* options point to the optimizer's own struct, wg_optim_NAME_options. */
struct optim_rule {
    const char *name;
    const char *state_name[MAX_STATE];
    wg_status (*check)(const void *options, const char *op); /* of options that fit only together: E_ARGUMENT; or NULL */
    bool (*needs_state)(const void *options, int index);     /* NULL: always */
    wg_status (*update)(const struct parameter *p, wg_tensor *gradient, wg_tensor *lr, const void *options);
};

struct group {
    void *options; /* all but lr, which is a tensor: it changes between steps */
    wg_tensor *lr;
    struct parameter *parameters;
    size_t n;
};

struct wg_optim {
    const struct optim_rule *rule;
    wg_option_table table;
    struct group *groups;
    void *draft; /* options that are being put together, of the table's size */
    size_t n_groups;
    bool keep_grads;
    wg_tensor **state; /* the list that wg_optim_state lends, with names */
    char **state_names;
    size_t n_state, state_room;
    void *by_tensor, *by_name; /* search trees of all parameters */
};

/* An optimizer with its first group. op, here and below: the function that was called, for messages. */
wg_optim *optim_create(const struct optim_rule *rule, wg_option_table table, wg_tensor_list params, const void *options,
                       bool keep_grads, const char *op);

/* Fills group, the optimizer's next, from params; on failure it is empty again. */
wg_status group_init(wg_optim *optim, struct group *group, wg_tensor_list params, const void *options, const char *op);
void group_finish(struct group *group);
void optim_tree_free(void **tree); /* a search tree of what somebody else owns; empty afterwards */
const struct parameter *optim_find(const wg_optim *optim, const wg_tensor *t); /* NULL: it is no parameter of the optimizer */
void group_undo(wg_optim *optim,
                struct group *group); /* of one that is not to be the optimizer's: finished, and nothing knows it */

#endif
