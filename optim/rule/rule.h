/* What an optimizer is beside its options: its state per parameter, and one step of a parameter. */
#ifndef OPTIM_RULE_H
#define OPTIM_RULE_H

#include "wengert/optim.h"
#include "wengert/options.h"
#include "wengert/replay.h"

enum { MAX_STATE = 4 };

/* One step of one parameter, in ops: what it reads, and what the rule makes of it. */
struct step {
    wg_tensor *p, *g;            /* the parameter, the gradient */
    wg_tensor *lr, *t;           /* f64 scalars: the rate, the number of this step of the parameter, from 1 */
    wg_tensor *state[MAX_STATE]; /* as the last step left it; the rule replaces it by what this step makes of it */
    const void *options;         /* the optimizer's own struct, wg_optim_NAME_options */
};

/* A tensor of a parameter's state. shape: NULL for the parameter's; start: NULL for zeros. options and p are those of its group. generator:
   instead, a random generator, whose seed is drawn from the thread's. */
struct state_kind {
    const char *name;
    wg_shape (*shape)(const void *options, const wg_tensor *p);
    double (*start)(const void *options);
    bool generator;
};

/* move, or update, or both. */
struct optim_rule {
    const char *name;
    struct state_kind state[MAX_STATE];
    wg_status (*check)(const void *options, const char *op); /* of options that fit only together: E_ARGUMENT; or NULL */
    bool (*needs_state)(const void *options, int index);     /* NULL: always */
    wg_tensor *(*move)(struct step *s);                      /* what the parameter becomes; NULL and the error on failure */
    wg_status (*update)(const struct step *s);               /* changes parameter and state in place, by a kernel of its own */
    bool (*by_ops)(const void *options);                     /* of a rule that has both: if true of any group, a step is by move */
};

/* ---- what rules are written with (step.c): each gives NULL for NULL ---- */

wg_tensor *step_scaled(wg_tensor *x, wg_tensor *scalar);               /* x times a scalar, which gets x's dtype first */
wg_tensor *step_added(wg_tensor *x, wg_tensor *scalar);                /* x plus a scalar, likewise */
wg_tensor *step_mixed(wg_tensor *a, double beta, wg_tensor *b);        /* β a + (1-β) b: a moving average */
wg_tensor *step_mixed_by(wg_tensor *a, wg_tensor *beta, wg_tensor *b); /* likewise, with a scalar β, f64 */
wg_tensor *step_plus(wg_tensor *a, double factor, wg_tensor *b);       /* a + factor b; a if the factor is 0 */
wg_tensor *step_gradient(const struct step *s, double weight_decay);   /* g + λ p */
wg_tensor *step_power(const struct step *s, double beta);              /* βᵗ, f64 */
wg_tensor *step_unbias(const struct step *s, double beta); /* 1/(1-βᵗ), f64: what a moving average from 0 is multiplied by */
wg_tensor *step_unbiased(const struct step *s, wg_tensor *average, double beta); /* average/(1-βᵗ) */
wg_tensor *step_adam(struct step *s, wg_tensor *g, double beta1, double beta2,
                     double eps);               /* m̂/(√v̂ + ε); m and v are states 0 and 1 */
wg_tensor *step_is_first(const struct step *s); /* 1 at the first step, else 0, f64 */
wg_tensor *step_root(wg_tensor *x, double eps); /* √x + ε */
/* x/(√v + ε), or x/√(v + ε) if inside. With ε = 0 it is 0 where v is 0. */
wg_tensor *step_over_root(wg_tensor *x, wg_tensor *v, double eps, bool inside);
wg_tensor *step_away(const struct step *s, wg_tensor *direction);       /* p - lr direction */
wg_tensor *step_between(wg_tensor *x, wg_tensor *low, wg_tensor *high); /* min(max(x, low), high); scalars get x's dtype */
wg_tensor *step_cautious(const struct step *s, wg_tensor *u);           /* u k/max(mean k, 10⁻³), k = 1 where u g > 0, else 0 */
/* u + β(u - u of the step before), which is this state; u at the first step. */
wg_tensor *step_optimistic(struct step *s, int state, wg_tensor *u, double optimism);
wg_tensor *step_noise(const struct step *s, int state); /* like p, drawn from N(0, 1) by the generator that this state is */
wg_tensor *step_total(wg_tensor *x);                    /* Σ x² over all elements */

/* The options of momentum that fit together, for check: E_ARGUMENT. */
wg_status step_check_momentum(const char *op, double momentum, double dampening, bool nesterov);

/* ---- groups ---- */

/* A parameter with its state. borrowed: the same tensor, or WG_NONE if it is a tape's. name: no two of an optimizer share one; copies: the
   largest number that was put behind it for parameters of the same name. count: its steps so far, f64. state[i] is WG_NONE where the options
   do without it. */
struct parameter {
    wg_tensor *tensor, *borrowed, *count, *state[MAX_STATE];
    char *name;
    size_t copies, group;
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
    void *by_tensor, *by_name;      /* search trees of all parameters */
    const struct parameter **moved; /* the parameters that the latest step moved, and their gradients then */
    wg_tensor **gradient;
    size_t n_moved, room_moved;
    bool same;         /* they are those of the step before */
    wg_update *update; /* of those parameters, to run again; or NULL */
};

/* The parameter is its group's i-th. It outlives the optimizer, or that can no longer step or be printed: E_DANGLING. */
wg_status optim_check_alive(const struct parameter *p, size_t i, const char *op);
/* The next step is captured anew: what it does has changed. */
void optim_forget_update(wg_optim *optim);

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
