/* The quadratic bandit of Silver and others (2014): one step, whose cost is a quadratic form of the action. */
#include "environment.h"

#define BEST 4.0 /* each component of the best action */

enum { MAX_ACTIONS = 1000 };

/* C, row-major. */
struct bandit {
    int64_t n;
    double c[];
};

static void reset(const void *self, wg_rl_random *random, void *state)
{
    (void)self, (void)random;
    *(double *)state = 0;
}

static void observe(const void *self, const void *state, double *observation)
{
    (void)self;
    *observation = *(const double *)state;
}

static wg_rl_outcome step(const void *self, wg_rl_random *random, void *state, const double *action)
{
    const struct bandit *bandit = self;
    const int64_t n = bandit->n;
    double cost = 0;
    (void)random, (void)state;
    for (int64_t i = 0; i < n; i++) {
        double row = 0;
        for (int64_t j = 0; j < n; j++)
            row += bandit->c[i * n + j] * (action[j] - BEST);
        cost += row * (action[i] - BEST);
    }
    return (wg_rl_outcome){.reward = -cost, .terminated = true};
}

/* Row i of basis, drawn and made orthogonal to those before it, twice, which leaves rounding alone (Gram, Schmidt). */
static void make_row(double *basis, int64_t i, int64_t n, wg_rl_random *random)
{
    double *row = basis + i * n, norm = 0;
    for (int64_t k = 0; k < n; k++)
        row[k] = wg_rl_normal(random);
    for (int pass = 0; pass < 2; pass++)
        for (int64_t j = 0; j < i; j++) {
            double product = 0, before = 0;
            for (int64_t k = 0; k < n; k++)
                product += row[k] * basis[j * n + k], before += basis[j * n + k] * basis[j * n + k];
            for (int64_t k = 0; k < n; k++)
                row[k] -= product / before * basis[j * n + k];
        }
    for (int64_t k = 0; k < n; k++)
        norm += row[k] * row[k];
    for (int64_t k = 0; k < n; k++)
        row[k] /= sqrt(norm);
}

static void make_matrix(struct bandit *bandit, double *basis, uint64_t seed)
{
    const int64_t n = bandit->n;
    wg_rl_random random = {.seed = seed, .stream = 0, .block = 0};
    for (int64_t i = 0; i < n; i++)
        make_row(basis, i, n, &random);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t k = 0; k < n; k++)
                sum += (k % 2 == 0 ? 0.1 : 1) * basis[k * n + i] * basis[k * n + j];
            bandit->c[i * n + j] = sum;
        }
}

wg_rl_env *wg_rl_quadratic_bandit_with(wg_rl_quadratic_bandit_options options)
{
    const char *op = "rl_quadratic_bandit";
    const int64_t n = options.actions;
    if (n < 1 || n > MAX_ACTIONS) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected .actions from 1 to %d, got %lld", op, MAX_ACTIONS, (long long)n);
        return NULL;
    }
    struct bandit *bandit = malloc(sizeof *bandit + (size_t)(n * n) * sizeof(double));
    double *basis = malloc((size_t)(n * n) * sizeof *basis);
    if (!bandit || !basis) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        free(bandit), free(basis);
        return NULL;
    }
    bandit->n = n;
    make_matrix(bandit, basis, options.seed);
    free(basis);
    return wg_rl_env_create_with((wg_rl_dynamics){.name = "quadratic_bandit",
                                                  .observation = {.size = 1},
                                                  .action = {.size = n},
                                                  .state_size = sizeof(double),
                                                  .reset = reset,
                                                  .observe = observe,
                                                  .step = step,
                                                  .self = bandit,
                                                  .destroy = free});
}
