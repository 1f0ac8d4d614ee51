/* Races of all optimizers on a function of two numbers. The field is the library's own list, optimizers.def: an optimizer that is added there
   takes part. */
#ifndef WG_STUDIES_RACE_ZOO_H
#define WG_STUDIES_RACE_ZOO_H

#include "../study.h"

/* An optimizer of the list, with this rate and otherwise its defaults there. */
struct race_entry {
    const char *name;
    wg_optim *(*make)(wg_tensor_list params, double rate);
};
extern const struct race_entry race_entries[];
extern const int race_n_entries;

/* sophia_g does not: it asks for labels that are drawn from a model, which a function does not have. */
bool race_takes_part(const struct race_entry *entry);
bool race_draws(const struct race_entry *entry); /* random numbers */

/* Where a race goes: f, its lowest value on the way, the start, whether a point is in the goal, and how many steps there are. seed: of runners that
   draw. */
struct race_course {
    wg_function *f;
    double lowest, start[2];
    bool (*arrived)(const double *at);
    int max_steps;
    uint64_t seed;
};

/* An optimizer of p, without decay of weights; those that ask for a lower bound of the loss are told it. */
wg_optim *race_make(const struct race_entry *entry, wg_tensor *p, double rate, const struct race_course *course);

/* A step on f, with all that the optimizer is to be told beside the gradient. p is a matrix (1, 2), so that optimizers of matrices have one. */
bool race_step(const struct race_entry *entry, wg_optim *optim, wg_tensor *p, wg_function *f);

/* The steps to the goal; INFINITY for one who does not arrive, or goes astray (beyond 10⁶). path: NULL, or max_steps + 1 points; *n_path: how many
   of them are set. */
double race_run(const struct race_entry *entry, double rate, const struct race_course *course, double (*path)[2], int *n_path);

/* The fewest steps over n rates, and at which. */
double race_best(const struct race_entry *entry, const double *rates, int n, const struct race_course *course, double *rate);

/* Runs the entry of that name, and writes the points of its path that are 0.02 apart or more: rows name,x,y. */
bool race_write_path(struct study_run *run, const char *name, double rate, const struct race_course *course);

#endif
