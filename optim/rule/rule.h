/* What an optimizer is beside its options: its state per parameter, and one step of a parameter. */
#ifndef OPTIM_RULE_H
#define OPTIM_RULE_H

#include "wengert/optim.h"
#include "wengert/options.h"
#include "wengert/replay.h"
#include "wengert/stage.h"

enum { MAX_STATE = 8, MAX_SUMS = 3 };

/* One step of one parameter, in ops: what it reads, and what the rule or stage makes of it. */
struct step {
    wg_tensor *p, *g;             /* the parameter, the gradient as the stages in front left it */
    wg_tensor *lr, *t;            /* f64 scalars: the rate, the number of this step of the parameter, from 1 */
    wg_tensor *state[MAX_STATE];  /* as the last step left it; the rule replaces it by what this step makes of it */
    wg_tensor *before[MAX_STATE]; /* the states as the last step left them, whatever part and agree make of them */
    wg_tensor *rows;              /* of a rule that takes rows: those to move; NULL if they were not set */
    const void *options;          /* the optimizer's own struct, wg_optim_NAME_options, or the stage's, wg_stage_NAME_options */
    wg_tensor *loss;              /* of a rule that needs it: that of the step, one element, f32 or f64 */
    wg_tensor *gradient;          /* as wg_backward and the stages that make gradients left it */
    wg_tensor *moved;             /* what the parameter becomes, for stages behind the rule */
    wg_tensor *sum[MAX_SUMS];     /* f64 scalars: this parameter's part, and, once all are there, the sum of all parts */
    wg_tensor *gate;              /* a mask of one element, which agree may set: false keeps all that follows as it is */
    bool is_recorded;             /* gradients will flow through it (unroll.c) */
};

/* A tensor of a parameter's state. shape: NULL for the parameter's; start: NULL for zeros. options and p are those of its group.
   generator: instead, a random generator, whose seed is drawn from the thread's. shared: instead, one f64 scalar of the whole
   optimizer, which agree changes; its start is group 0's. count: instead, an f64 scalar, the stage's own steps, which t is for
   it: it may be added after others were taken. */
struct state_kind {
    const char *name;
    wg_shape (*shape)(const void *options, const wg_tensor *p);
    double (*start)(const void *options);
    bool generator, shared, count;
};

/* A step as u ← kept u + taken g, p ← p - scale u/h: h like p, scale an f64 scalar. first: the parameter's first step, where u
   was 0. */
struct terms {
    wg_tensor *gradient, *h, *scale;
    double kept, taken;
    bool first;
};

/* What a link of the chain acts on. A stage in front of the rule makes another gradient of the gradient, the rule makes of it
   what the parameter becomes, and a stage behind it makes another value of that. A stage that leads ahead makes the point of
   which wg_optim_step_ahead asks for the gradient; the step itself leaves it out. */
enum place { THE_RULE, IN_FRONT, BEHIND, AHEAD };

/* A rule or a stage: move, or update, or both. */
struct optim_rule {
    const char *name;
    enum place place;
    struct state_kind state[MAX_STATE];
    wg_status (*check)(const void *options, const char *op); /* of options that fit only together: E_ARGUMENT; or NULL */
    bool (*needs_state)(const void *options, int index);     /* NULL: always */
    bool is_gradient; /* of one in front: its result is still a gradient, with which cautious compares directions */
    wg_tensor *(*move)(struct step *s); /* the result, as place says; NULL and the error on failure */
    bool by_step;                       /* of one that leads ahead: it leads to where a step leads, moved */
    /* Where the step of a parameter depends on all of them. part sets sum to this parameter's part of the sums and may replace
       states; agree, once for all after that, replaces shared states and sets gate. Both or one may be NULL. */
    wg_status (*part)(struct step *s);
    wg_status (*agree)(struct step *s);
    /* Of a rule that is a step of that kind: its terms, s being after move. E_ARGUMENT where options make another of it. NULL: it
       is none. */
    wg_status (*terms)(const struct step *s, struct terms *terms, const char *op);
    /* The name of an option that agree reads, or that a shared state begins with, and that is not the same in both; NULL: none.
       All groups have the same. */
    const char *(*differs)(const void *a, const void *b);
    bool needs_loss;                           /* steps are by wg_optim_step_with_loss */
    wg_status (*observe)(struct step *s);      /* replaces states by what the gradient makes of them: wg_optim_observe */
    wg_status (*update)(const struct step *s); /* changes parameter and state in place, by a kernel of its own */
    bool takes_rows;                           /* of one with update alone: it moves the rows of wg_optim_set_rows */
    bool (*by_ops)(const void *options);       /* of a rule that has both: if true of any group, a step is by move */
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
                     double eps);                              /* m̂/(√v̂ + ε); m and v are states 0 and 1 */
wg_tensor *step_is_first(const struct step *s);                /* 1 at the first step, else 0, f64 */
wg_shape step_scalar(const void *options, const wg_tensor *p); /* of a state of one element */
/* A function f with f(0) = 0 whose derivative is infinite at 0: step_zero_kept(s, x, f(step_off_zero(s, x))) has the bits of f(x), and
   in a recorded step the derivative 0 where x is 0. Else the infinity times the 0 that a gradient of 0 brings were NaN. */
wg_tensor *step_off_zero(const struct step *s, wg_tensor *x);                  /* x; in a recorded step 1 where x is 0 */
wg_tensor *step_zero_kept(const struct step *s, wg_tensor *x, wg_tensor *y);   /* y; in a recorded step 0 where x is 0 */
wg_tensor *step_one_at_zero(const struct step *s, wg_tensor *x, wg_tensor *y); /* y in [0, 1]; in a recorded step 1 where x is 0 */
wg_tensor *step_sqrt(const struct step *s, wg_tensor *x);             /* √x, so made: the root of whatever gradients can make 0 */
wg_tensor *step_rsqrt(const struct step *s, wg_tensor *x);            /* 1/√x of x > 0; its derivative does not overflow early */
wg_tensor *step_root(const struct step *s, wg_tensor *x, double eps); /* √x + ε */
wg_tensor *step_divisor(const struct step *s, wg_tensor *v, double eps, bool inside); /* √v + ε, or √(v + ε) if inside */
/* x/(√v + ε), or x/√(v + ε) if inside. With ε = 0 it is 0 where v is 0. */
wg_tensor *step_over_root(const struct step *s, wg_tensor *x, wg_tensor *v, double eps, bool inside);
wg_tensor *step_away(const struct step *s, wg_tensor *direction);       /* p - lr direction */
wg_tensor *step_between(wg_tensor *x, wg_tensor *low, wg_tensor *high); /* min(max(x, low), high); scalars get x's dtype */
wg_tensor *step_cautious(wg_tensor *gradient,
                         wg_tensor *u); /* u k/max(mean k, 10⁻³), k = 1 where u times the gradient > 0, else 0 */
/* u + β(u - u of the step before), which is this state; u at the first step. */
wg_tensor *step_optimistic(struct step *s, int state, wg_tensor *u, double optimism);
wg_tensor *step_noise(const struct step *s, int state); /* like p, drawn from N(0, 1) by the generator that this state is */
wg_tensor *step_total(wg_tensor *x);                    /* Σ x² over all elements */
wg_tensor *step_norm(wg_tensor *x);                     /* ‖x‖, f64, wherever that is a number of x's dtype */
wg_tensor *step_shortened(wg_tensor *x, wg_tensor *norm, double limit);  /* x min(1, limit/(norm + 10⁻⁶)) */
wg_tensor *step_trust(const struct step *s, wg_tensor *p, wg_tensor *u); /* ‖p‖/‖u‖, 1 where either is 0 */
wg_tensor *step_is_multiple(wg_tensor *n, double of);                    /* 1 where a whole number n is one, else 0, f64 */
wg_tensor *step_quotient(wg_tensor *a, wg_tensor *b);                    /* a/b, 0 where b is 0; b is at least 0 */
wg_tensor *step_dot(wg_tensor *x, wg_tensor *y);                         /* Σ x y, f64 */
wg_tensor *step_norm1(wg_tensor *x);                                     /* Σ |x|, f64 */
wg_tensor *step_square_norm(wg_tensor *x);                               /* ‖x‖², f64, of squares in x's dtype */
wg_tensor *step_loss(const struct step *s);                              /* the loss, an f64 scalar */
wg_tensor *step_start(const struct step *s, int state);                  /* p at its first step, which this state keeps */
/* Momentum with this state: v ← μv + (1-τ)u, u at the first step; u + μv if nesterov, else v. */
wg_tensor *step_momentum(struct step *s, int state, wg_tensor *u, double momentum, double dampening, bool nesterov);
/* For terms, of a step by m ← βm + (1-β)g, divided by 1-βᵗ if corrected: all but gradient and h. */
void step_terms_of_average(const struct step *s, struct terms *terms, double beta, bool corrected);
/* For terms: the error where an option takes the rule out of the kind. */
wg_status step_no_terms(const char *op, const char *why);
/* For agree: where the mask is false, what follows keeps its state. */
wg_status step_close_unless(struct step *s, wg_tensor *open);

/* The options of momentum that fit together, for check: E_ARGUMENT. */
wg_status step_check_momentum(const char *op, double momentum, double dampening, bool nesterov);
/* An option that counts: a whole number. */
wg_status step_check_count(const char *op, const char *option, double value);

/* ---- stages ---- */

struct wg_stage {
    const struct optim_rule *rule;
    wg_option_table table;
    void *options;
};

/* A stage with a copy of options, which are checked. op: the constructor, for messages. */
wg_stage *stage_create(const struct optim_rule *rule, wg_option_table table, const void *options, const char *op);

/* ---- groups ---- */

/* A parameter with its state. borrowed: the same tensor, or WG_NONE if it is a tape's. name: no two of an optimizer share one;
   copies: the largest number that was put behind it for parameters of the same name. count: its steps so far, f64. state:
   MAX_STATE for each link; WG_NONE where the options do without it. rows: those of the next step, the caller's; or NULL. */
struct parameter {
    wg_tensor *tensor, *borrowed, *count, **state, *rows;
    char *name;
    size_t copies, group;
};

struct group {
    void *options; /* all but lr, which is a tensor: it changes between steps */
    wg_tensor *lr;
    struct parameter *parameters;
    wg_tensor **states; /* of all parameters */
    size_t n;
};

/* The rule or a stage in an optimizer's chain. options: where its own begin in a group's; state: likewise. label: NULL for the
   rule. */
struct link {
    const struct optim_rule *rule;
    size_t options, state;
    char *label;
};

/* A parameter on its way through the chain. */
struct moving {
    const struct parameter *p;
    struct step s;
};

struct wg_optim {
    const struct optim_rule *rule;
    struct link *links; /* in the order of the step */
    size_t n_links;
    wg_option_table table; /* of the rule and of all stages, whose options are called "label.option" */
    wg_option *entries;    /* the table's, unless the rule is alone */
    char **entry_names;    /* those of the stages */
    size_t n_entry_names;
    const char *lr_option; /* what the rate is called in the table */
    struct group *groups;
    void *draft; /* options that are being put together, of the table's size */
    size_t n_groups;
    bool keep_grads;
    wg_tensor **shared; /* those that are the optimizer's, one for each state of each link, or WG_NONE */
    wg_tensor **state;  /* the list that wg_optim_state lends, with names */
    char **state_names;
    size_t n_state, state_room;
    wg_tensor **parameter; /* the list that wg_optim_parameters lends, with names that the groups own */
    const char **parameter_name;
    size_t n_parameters;
    void *by_tensor, *by_name;      /* search trees of all parameters */
    const struct parameter **moved; /* the parameters that the latest step moved, and their gradients then */
    wg_tensor **gradient;
    struct moving *moving;
    size_t n_moved, room_moved, n_moving;
    bool same;                                         /* they are those of the step before */
    wg_update *update, *update_ahead, *update_observe; /* of those parameters, to run again; or NULL */
    wg_tensor *loss;                                   /* of the step that is taken; or NULL */
    const char *op;                                    /* the function that takes the step, for messages */
    uint64_t calls;                                    /* of steps, so far */
    bool is_recorded;                                  /* steps replace the tensors of parameters and states (unroll.c) */
    const char *exchanged;                             /* the name of the state that is in place of the parameters; or NULL */
    size_t exchanged_at;                               /* and where it is among a parameter's: names occur several times */
};

/* The way through the chain (pass.c): parameters enter, and all of them take a step, or one ahead. */
wg_status pass_enter(wg_optim *optim, const struct parameter *p, struct step *s);
wg_status pass_step(const wg_optim *optim);
wg_tensor *pass_gated(wg_tensor *before, wg_tensor *value, wg_tensor *gate); /* value, or what was before where a gate is closed */
wg_status pass_ahead(const wg_optim *optim);
wg_status pass_observe(const wg_optim *optim);

/* The parameter is its group's i-th. It outlives the optimizer, or that can no longer step or be printed: E_DANGLING. */
wg_status optim_check_alive(const struct parameter *p, size_t i, const char *op);
/* The next step is captured anew: what it does has changed. */
void optim_forget_update(wg_optim *optim);
/* Where a stage that counts steps of its own has their number among its states; MAX_STATE: it has none. */
size_t optim_own_count(const struct optim_rule *rule);

/* An optimizer with its first group. op, here and below: the function that was called, for messages. The stages are the
   optimizer's from here on, also on failure. */
wg_optim *optim_create(const struct optim_rule *rule, wg_option_table table, wg_tensor_list params, const void *options,
                       bool keep_grads, wg_stage *const *stages, size_t n_stages, const char *op);

/* ---- the chain (chain.c) ---- */

/* The rule of wg_optim_chain: p - g. */
extern const struct optim_rule optim_chain_rule;

/* The chain is the rule alone. */
wg_status chain_begin(wg_optim *optim, wg_option_table table, const void *options, const char *op);
/* Puts a stage into the chain, and its state and options into every group. Nothing changes on failure. */
wg_status chain_add(wg_optim *optim, const wg_stage *stage, const char *op);
void chain_finish(wg_optim *optim);
/* The name in the table of an option that may lack its stage's label; the same name where there is none. NULL and the error where
   several stages have it. */
const char *chain_option(const wg_optim *optim, const char *option, const char *op);
const struct link *chain_ahead(const wg_optim *optim); /* the stage that leads ahead, the last link; NULL if there is none */
wg_status chain_check(const wg_optim *optim, const void *options, const char *op); /* of options that fit only together */
/* The name of an option that all groups must share and that is not the same in both, of the optimizer's table; NULL: none. */
const char *chain_differs(const wg_optim *optim, const void *a, const void *b);

/* Fills group, the optimizer's next, from params; on failure it is empty again. */
wg_status group_init(wg_optim *optim, struct group *group, wg_tensor_list params, const void *options, const char *op);
void group_finish(const wg_optim *optim, struct group *group);
/* The states of a rule or stage: for all parameters together, and those of one, of which `shared` are the optimizer's. */
wg_tensor **group_states_new(size_t n); /* n times WG_NONE; NULL if there is no memory */
wg_status group_make_shared(const struct optim_rule *rule, const void *options, wg_tensor **shared);
wg_status group_make_states(const struct optim_rule *rule, const void *options, const wg_tensor *p, wg_tensor *const *shared,
                            wg_tensor **state);
void group_end_states(wg_tensor **state, size_t n,
                      wg_tensor *const *shared); /* shared: NULL, or those that are not the parameter's */

/* Appends to the list of all states those of one link, which are the first-th and following of each parameter; shared ones of the
   optimizer stand first. groups: where the parameters' states are, if not in their groups yet. */
wg_status optim_list_states(wg_optim *optim, const struct link *link, wg_tensor *const *shared, const struct group *groups,
                            size_t n_groups, size_t per_parameter);
void optim_tree_free(void **tree); /* a search tree of what somebody else owns; empty afterwards */
struct parameter *optim_find(const wg_optim *optim, const wg_tensor *t); /* NULL: it is no parameter of the optimizer */
bool optim_same_shape(const wg_tensor *a, const wg_tensor *b);
void group_undo(wg_optim *optim,
                struct group *group); /* of one that is not to be the optimizer's: finished, and nothing knows it */

#endif
