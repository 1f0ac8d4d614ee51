/* Races: the field, a step of any optimizer, a run. */
#include "race_zoo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the field: a constructor and a line of the table for each entry of the list ---- */

#define WG_OPTIMIZER(name, options)                                  \
    static wg_optim *make_##name(wg_tensor_list params, double rate) \
    {                                                                \
        return wg_optim_##name(params, .lr = rate);                  \
    }
#include <wengert/optimizers.def>
#undef WG_OPTIMIZER

#define WG_OPTIMIZER(name, options) {#name, make_##name},
const struct race_entry race_entries[] = {
#include <wengert/optimizers.def>
};
#undef WG_OPTIMIZER
const int race_n_entries = sizeof race_entries / sizeof *race_entries;

/* The names of all options of each entry, as the list states them. */
#define WG_REAL(name, preset, help, ...) " " #name " "
#define WG_BOOL(name, preset, help) " " #name " "
#define WG_OPTIMIZER(name, options) options,
static const char *const option_names[] = {
#include <wengert/optimizers.def>
};

static bool is_one_of(const struct race_entry *entry, const char *names)
{
    char spaced[64];
    snprintf(spaced, sizeof spaced, " %s ", entry->name);
    return strstr(names, spaced) != NULL;
}

bool race_takes_part(const struct race_entry *entry)
{
    return !is_one_of(entry, " sophia_g ");
}

bool race_draws(const struct race_entry *entry)
{
    return is_one_of(entry, " sgld psgld noisy_sgd perturbed_sgd psgd_kron ");
}

static bool set(const struct race_entry *entry, wg_optim *optim, const char *option, double value)
{
    char spaced[64];
    snprintf(spaced, sizeof spaced, " %s ", option);
    return !strstr(option_names[entry - race_entries], spaced) || wg_optim_set(optim, 0, option, value) == WG_OK;
}

wg_optim *race_make(const struct race_entry *entry, wg_tensor *p, double rate, const struct race_course *course)
{
    wg_optim *optim = wg_seed(course->seed, 0) == WG_OK ? entry->make((wg_tensor_list){1, &p, NULL}, rate) : NULL;
    if (optim && set(entry, optim, "weight_decay", 0) && set(entry, optim, "minimum", course->lowest))
        return optim;
    wg_optim_destroy(optim);
    return NULL;
}

/* ---- a step ---- */

/* What two of them are told of the Hessian: u ⊙ Hu, u being 1 or -1 at random. */
static bool observe(wg_optim *optim, wg_tensor *p, wg_function *f)
{
    wg_tensor *one = wg_ones(WG_F64, WG_SHAPE(1, 2)), *half = wg_bernoulli(wg_generator_default(), WG_F64, WG_SHAPE(1, 2), 0.5);
    wg_tensor *u = wg_sub(wg_mul_scalar(half, 2), one), *hu = NULL;
    return wg_hvp(f, NULL, &p, 1, &u, NULL, NULL, &hu) == WG_OK && wg_add_gradient(p, wg_mul(u, hu)) == WG_OK &&
           wg_optim_observe(optim) == WG_OK;
}

bool race_step(const struct race_entry *entry, wg_optim *optim, wg_tensor *p, wg_function *f)
{
    WG_TAPE(tape);
    if (is_one_of(entry, " sophia_h adahessian ") && !observe(optim, p, f))
        return false;
    if (is_one_of(entry, " sparse_adam ") && wg_optim_set_rows(optim, p, wg_zeros(WG_I64, WG_SHAPE(1))) != WG_OK)
        return false;
    wg_tensor *loss = f(&p, 1, NULL);
    return wg_backward(loss) == WG_OK && wg_optim_step_with_loss(optim, loss) == WG_OK;
}

/* ---- a run ---- */

double race_run(const struct race_entry *entry, double rate, const struct race_course *course, double (*path)[2], int *n_path)
{
    wg_tensor *p = wg_from(course->start, WG_SHAPE(1, 2));
    wg_optim *optim = p && wg_set_requires_grad(p, true) ? race_make(entry, p, rate, course) : NULL;
    const double *at = p ? wg_data_as(p, double) : NULL;
    double steps = (double)INFINITY;
    bool good = optim != NULL;
    for (int t = 0; good && t <= course->max_steps && isinf(steps); t++) {
        if (path)
            path[t][0] = at[0], path[t][1] = at[1], *n_path = t + 1;
        if (course->arrived(at))
            steps = t;
        good = t == course->max_steps || isfinite(steps) ||
               (race_step(entry, optim, p, course->f) && fabs(at[0]) < 1e6 && fabs(at[1]) < 1e6); /* false of NaN */
    }
    wg_optim_destroy(optim);
    wg_free(p);
    return steps;
}

double race_best(const struct race_entry *entry, const double *rates, int n, const struct race_course *course, double *rate)
{
    double best = (double)INFINITY;
    *rate = rates[0];
    for (int i = 0; i < n; i++) {
        struct race_course shorter = *course; /* who needs more steps than at another rate may stop */
        shorter.max_steps = isfinite(best) ? (int)best - 1 : course->max_steps;
        const double steps = race_run(entry, rates[i], &shorter, NULL, NULL);
        if (steps < best)
            best = steps, *rate = rates[i];
    }
    return best;
}

bool race_write_path(struct study_run *run, const char *name, double rate, const struct race_course *course)
{
    double(*path)[2] = calloc((size_t)course->max_steps + 1, sizeof *path);
    bool good = path != NULL;
    int n = 0, last = 0;
    for (int i = 0; i < race_n_entries && good; i++)
        if (strcmp(race_entries[i].name, name) == 0)
            (void)race_run(&race_entries[i], rate, course, path, &n);
    for (int t = 0; t < n && good; t++)
        if (t == 0 || t == n - 1 || hypot(path[t][0] - path[last][0], path[t][1] - path[last][1]) >= 0.02) {
            good = study_row(run, "%s,%.4g,%.4g", name, path[t][0], path[t][1]);
            last = t;
        }
    free(path);
    return good;
}
