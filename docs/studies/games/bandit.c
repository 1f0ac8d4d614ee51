#include "bandit.h"

#include <math.h>
#include <string.h>

/* k features, and then 1, with costs. Of the deterministic gradient the features are a - θ; of the stochastic one ∇ ln π by θ, which is (a - θ)/σ², and by
   y = ln σ². Here they have the unit of (a - θ)/σ, in which the least squares stay well conditioned however small σ becomes. */
struct batch {
    int rows, k;
    double x[2 * MAX_ACTIONS * (MAX_ACTIONS + 2)], cost[2 * MAX_ACTIONS];
};

static double cost_of(const wg_rl_env *env, const double *action)
{
    const wg_rl_dynamics *dynamics = wg_rl_env_dynamics(env);
    double unused = 0;
    return -dynamics->step(dynamics->self, NULL, &unused, action).reward;
}

static void draw(const wg_rl_env *env, int m, enum method method, const double *theta, double sigma, wg_rl_random *random,
                 struct batch *batch)
{
    const int k = method == DETERMINISTIC ? m : m + 1;
    batch->rows = 2 * m;
    batch->k = k;
    for (int i = 0; i < 2 * m; i++) {
        double action[MAX_ACTIONS], *x = batch->x + i * (k + 1), square = 0;
        for (int j = 0; j < m; j++) {
            x[j] = wg_rl_normal(random);
            action[j] = theta[j] + sigma * x[j];
            square += x[j] * x[j];
        }
        if (method != DETERMINISTIC)
            x[m] = square / 2 - m / 2.0;
        x[k] = 1;
        batch->cost[i] = cost_of(env, action);
    }
}

static bool fit(const struct batch *batch, double *w)
{
    WG_TAPE(tape);
    wg_tensor *x = wg_from(batch->x, WG_SHAPE(batch->rows, batch->k + 1)), *cost = wg_from(batch->cost, WG_SHAPE(batch->rows));
    wg_tensor *solution = wg_rl_lstd(x, WG_NONE, cost);
    return solution && wg_read(solution, w) == WG_OK;
}

/* w itself for the deterministic gradient, as ∇μ is the identity; else the mean of ∇ ln π Q_w. */
static void direction(const struct batch *batch, enum method method, double sigma, const double *w, double *g)
{
    memset(g, 0, (size_t)batch->k * sizeof *g);
    for (int j = 0; j < batch->k && method == DETERMINISTIC; j++)
        g[j] = w[j] / sigma;
    for (int i = 0; i < batch->rows && method != DETERMINISTIC; i++) {
        const double *x = batch->x + i * (batch->k + 1);
        double q = method == STOCHASTIC ? w[batch->k] : 0;
        for (int j = 0; j < batch->k; j++)
            q += w[j] * x[j];
        for (int j = 0; j < batch->k; j++)
            g[j] += x[j] * q / (j < batch->k - 1 ? sigma : 1) / batch->rows;
    }
}

bool bandit_learn(const wg_rl_env *env, int actions, int batches, enum method method, const struct setting *setting, uint64_t seed,
                  double *curve)
{
    static struct batch batch;
    double theta[MAX_ACTIONS] = {0}, w[MAX_ACTIONS + 2], g[MAX_ACTIONS + 2], y = 2 * log(setting->sigma);
    wg_rl_random random = {.seed = seed};
    for (int i = 0; i < batches; i++) {
        const double spread = exp(y / 2);
        draw(env, actions, method, theta, spread, &random, &batch);
        if (!fit(&batch, w))
            return false;
        direction(&batch, method, spread, w, g);
        for (int j = 0; j < actions; j++)
            theta[j] -= setting->rate * g[j];
        if (method != DETERMINISTIC)
            y = fmax(-40, fmin(6, y - setting->rate * setting->share * g[actions]));
        const double cost = cost_of(env, theta);
        if (!(cost < 1e6))
            return false;
        curve[i] += cost;
    }
    return true;
}
