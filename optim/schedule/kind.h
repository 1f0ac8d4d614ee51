/* What a schedule is beside its options: its formula, and the other schedules that it is made of. */
#ifndef OPTIM_SCHEDULE_KIND_H
#define OPTIM_SCHEDULE_KIND_H

#include "wengert/options.h"
#include "wengert/schedule.h"

/* What f becomes as t grows, up to factors between positive constants: e^(rate t) t^-power. rate -∞: 0 from some step on. recurring: these
   are the peaks to which f comes back again and again, for a fixed part of all steps; between them it may be lower. */
struct lr_tail {
    bool known, recurring;
    double rate, power;
};

/* Exactly one of factor and combine is there. */
struct lr_kind {
    const char *name;
    /* The formula of schedules.def. options point to the schedule's own struct, wg_lr_NAME_options; t ≥ 0. */
    double (*factor)(const void *options, double t);
    wg_status (*combine)(const wg_lr *schedule, int64_t step,
                         double *factor);                    /* for a schedule that calls others, or the user's function */
    wg_status (*check)(const void *options, const char *op); /* of options that fit only together: E_ARGUMENT; or NULL */
    /* For wg_lr_robbins_monro; NULL: not known. */
    struct lr_tail (*tail)(const wg_lr *schedule);
    bool told; /* the factor depends on values that the program tells, not on the step alone */
};

struct wg_lr {
    const struct lr_kind *kind;
    wg_option_table table;
    void *options;
    wg_lr *part[2];         /* owned; NULL: none */
    int depth;              /* of the parts, 1 if there are none */
    bool is_part;           /* or being destroyed: only its owner may destroy it */
    wg_lr_factor *function; /* the user's, with its context */
    void *context;
    void (*destroy)(void *context);
};

/* A schedule with a copy of options, which are checked. op: the constructor, for messages. */
wg_lr *lr_create(const struct lr_kind *kind, wg_option_table table, const void *options, const char *op);

/* Calls a destroy function of the user's, if there is one. */
void lr_end_context(void (*destroy)(void *context), void *context);

/* The factor of a schedule or of one of its parts; step ≥ 0. */
wg_status lr_factor(const wg_lr *schedule, int64_t step, double *factor);

/* Sets the rates of all groups, or none. */
wg_status lr_set_factor(double factor, wg_optim *optim, const char *op);

/* The part of a distance that is left `at` steps after it was begun, if it takes `steps`. */
double lr_left(wg_lr_shape shape, double at, double steps);

/* The tail of a factor that ends at this value, at least 0; that of γ^(t/period). */
struct lr_tail lr_tail_level(double value);
struct lr_tail lr_tail_geometric(double gamma, double period);

/* The tail of a schedule or of one of its parts. */
struct lr_tail lr_tail_of(const wg_lr *schedule);

#endif
