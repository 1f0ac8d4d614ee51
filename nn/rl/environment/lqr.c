/* Linear dynamics with a quadratic cost, of any size. */
#include "environment.h"

#include "../exact/exact.h"
#include "wengert/tape.h"

/* The matrices, row-major, one after another in `number`. A state is n numbers. */
struct lqr {
    int64_t n, m;
    double start, noise;
    const double *a, *b, *q, *r;
    double number[];
};

static void reset(const void *self, wg_rl_random *random, void *state)
{
    const struct lqr *lqr = self;
    double *x = state;
    for (int64_t i = 0; i < lqr->n; i++)
        x[i] = lqr->start * wg_rl_normal(random);
}

static void observe(const void *self, const void *state, double *observation)
{
    memcpy(observation, state, (size_t)((const struct lqr *)self)->n * sizeof *observation);
}

static double form(const double *matrix, const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            sum += x[i] * matrix[i * n + j] * x[j];
    return sum;
}

static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    enum { BLOCK = 256 };
    const struct lqr *lqr = self;
    double *x = state, next[BLOCK];
    const double cost = form(lqr->q, x, lqr->n) + form(lqr->r, action, lqr->m);
    for (int64_t i = 0; i < lqr->n; i++) {
        next[i] = 0;
        for (int64_t j = 0; j < lqr->n; j++)
            next[i] += lqr->a[i * lqr->n + j] * x[j];
        for (int64_t j = 0; j < lqr->m; j++)
            next[i] += lqr->b[i * lqr->m + j] * action[j];
        if (lqr->noise > 0)
            next[i] += lqr->noise * wg_rl_normal(random);
    }
    memcpy(x, next, (size_t)lqr->n * sizeof *x);
    return (wg_rl_outcome){.reward = -cost};
}

static wg_rl_env *refused(wg_status code, const char *text)
{
    (void)wg_error_set(code, "rl_lqr", "rl_lqr: %s", text);
    return NULL;
}

static bool copy(const wg_tensor *from, double **to, const double **at)
{
    *at = *to;
    *to += wg_numel(from);
    return wg_read(from, (double *)(uintptr_t)*at) == WG_OK;
}

/* Of a problem that was checked. */
static wg_rl_env *of_problem(const wg_rl_lqr_problem *p, const wg_rl_lqr_env_options *o)
{
    const int64_t n = wg_extent(p->a, 0), m = wg_extent(p->b, 1), numbers = 2 * n * n + n * m + m * m;
    if (n > 256 || m > 256)
        return refused(WG_E_ARGUMENT, "expected at most 256 states and 256 controls");
    struct lqr *lqr = malloc(sizeof *lqr + (size_t)numbers * sizeof(double));
    if (!lqr)
        return refused(WG_E_MEMORY, "out of memory");
    double *to = lqr->number;
    lqr->n = n, lqr->m = m, lqr->start = o->start, lqr->noise = o->noise;
    if (!copy(p->a, &to, &lqr->a) || !copy(p->b, &to, &lqr->b) || !copy(p->q, &to, &lqr->q) || !copy(p->r, &to, &lqr->r)) {
        free(lqr);
        return NULL;
    }
    wg_rl_env *env = wg_rl_env_create_with((wg_rl_dynamics){.name = "lqr",
                                                            .observation = {.size = n},
                                                            .action = {.size = m},
                                                            .state_size = (size_t)n * sizeof(double),
                                                            .reset = reset,
                                                            .observe = observe,
                                                            .step = step,
                                                            .self = lqr,
                                                            .destroy = free});
    return o->limit == 0 || !env ? env : wg_rl_time_limit(env, o->limit);
}

/* A mass that is pushed along a line, in steps of 0.1. */
static wg_rl_env *of_mass(const wg_rl_lqr_env_options *o)
{
    const double a[] = {1, 0.1, 0, 1}, b[] = {0.005, 0.1}, q[] = {1, 0, 0, 1}, r[] = {0.1};
    wg_rl_lqr_problem p = {wg_from(a, WG_SHAPE(2, 2)), wg_from(b, WG_SHAPE(2, 1)), wg_from(q, WG_SHAPE(2, 2)),
                           wg_from(r, WG_SHAPE(1, 1)), 1};
    wg_rl_env *env = p.a && p.b && p.q && p.r ? of_problem(&p, o) : refused(WG_E_MEMORY, "out of memory");
    if (!wg_tape_top()) /* else they are the tape's */
        wg_free(p.a), wg_free(p.b), wg_free(p.q), wg_free(p.r);
    return env;
}

wg_rl_env *wg_rl_lqr_with(wg_rl_lqr_env_options options)
{
    if (!environment_option_is_positive("lqr", "start", options.start))
        return NULL;
    if (!(options.noise >= 0 && isfinite(options.noise)))
        return refused(WG_E_ARGUMENT, "expected .noise of at least 0");
    if (options.limit < 0)
        return refused(WG_E_ARGUMENT, "expected .limit of at least 1, or 0 for none");
    if (!options.problem)
        return of_mass(&options);
    return exact_check_problem(options.problem, "rl_lqr") == WG_OK ? of_problem(options.problem, &options) : NULL;
}
