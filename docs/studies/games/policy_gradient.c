/* The deterministic policy gradient: exact where the critic is, biased by a critic that is not, and beside the stochastic gradient on the bandit of
   Silver and others (2014).

   A mass on a line is a linear problem with a quadratic cost, whose gradient is known in closed form (include/wengert/rl/exact.h). Critics
   of three sizes are fitted to transitions by least squares, and the gradient by each is compared with the exact one on the same states. */
#include "../study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GAMMA 0.95

/* ---- a mass on a line ---- */

enum { STATE = 2, FEATURES = 10 };

struct mass {
    wg_rl_lqr_problem problem;
    wg_tensor *gain, *h; /* not the best gain; the matrix of its Q */
    wg_nn_module *actor;
    wg_rl_env *env;
};

static wg_tensor *identity(int64_t n, double scale)
{
    wg_tensor *diagonal = wg_full(WG_F64, WG_SHAPE(n), scale), *matrix = wg_diag(diagonal);
    wg_free(diagonal);
    return matrix;
}

static bool mass_make(struct mass *c)
{
    const double a[] = {1, 0.1, 0, 1}, b[] = {0.005, 0.1}, gain[] = {1, 1};
    c->problem = (wg_rl_lqr_problem){wg_from(a, WG_SHAPE(2, 2)), wg_from(b, WG_SHAPE(2, 1)), identity(2, 1), identity(1, 0.1),
                                     GAMMA};
    c->gain = wg_from(gain, WG_SHAPE(1, 2));
    c->h = wg_rl_lqr_action_value(c->problem, c->gain);
    c->actor = wg_nn_linear(STATE, 1, .bias = false, .dtype = WG_F64);
    c->env = wg_rl_lqr(.problem = &c->problem, .noise = 0.1, .limit = 20);
    return c->h && c->env && c->actor && wg_write(wg_nn_parameter(c->actor, "weight"), (const double[]){-1, -1}) == WG_OK;
}

static void mass_free(struct mass *c)
{
    wg_free(c->problem.a), wg_free(c->problem.b), wg_free(c->problem.q), wg_free(c->problem.r);
    wg_free(c->gain), wg_free(c->h);
    wg_nn_destroy(c->actor), wg_rl_env_destroy(c->env);
}

static wg_tensor *exact_q(wg_tensor *s, wg_tensor *a, void *context)
{
    const struct mass *c = context;
    wg_tensor *both[] = {s, a}, *z = wg_concat(both, 2, 1);
    return wg_neg(wg_sum(wg_mul(wg_matmul(z, c->h), z), .axis = 1));
}

/* J of the gain, by which finite differences are taken. */
static double return_of(const struct mass *c, const double *gain)
{
    wg_tensor *k = wg_from(gain, WG_SHAPE(1, 2)), *one = identity(2, 1), *cost = wg_rl_lqr_cost(c->problem, k, .start = one);
    const double j = cost ? -wg_item(cost) : NAN;
    wg_free(k), wg_free(one), wg_free(cost);
    return j;
}

/* (1/N) Σ ∇_a Q ∇_θ μ over states whose mean square is Σ, against four-point differences of J by each element of θ = -K. */
static bool study_exact(struct study_run *run, struct mass *c)
{
    double g[2];
    char what[100];
    {
        WG_TAPE(tape);
        wg_tensor *sigma = wg_rl_lqr_moment(c->problem, c->gain, .start = identity(2, 1));
        wg_tensor *root = sigma ? wg_transpose(wg_cholesky(sigma), 0, 1) : NULL;
        wg_tensor *gradient = wg_rl_policy_gradient(c->actor, root ? wg_mul_scalar(root, sqrt(2)) : NULL, exact_q, c);
        if (!gradient || wg_read(gradient, g) != WG_OK)
            return false;
    }
    for (int i = 0; i < 2; i++) {
        double j[4], h = 1e-3;
        for (int k = 0; k < 4; k++) {
            double gain[] = {1, 1};
            gain[i] -= h * (k < 2 ? k - 2 : k - 1);
            j[k] = return_of(c, gain);
        }
        snprintf(what, sizeof what, "∂J/∂θ_%d of the mass, against differences of J", i + 1);
        study_near(run, what, g[i], (j[0] - 8 * j[1] + 8 * j[2] - j[3]) / (12 * h), 1e-8 * fabs(g[i]));
    }
    return true;
}

/* ---- critics ---- */

/* Which of 1, s₁, s₂, a, s₁², s₁s₂, s₁a, s₂², s₂a, a² a critic has. */
static const struct critic {
    const char *name;
    int n;
    int64_t feature[FEATURES];
    bool fits; /* Q is in its span */
} critics[] = {
    {"linear", 4, {0, 1, 2, 3}, false},
    {"squares", 7, {0, 1, 2, 3, 4, 7, 9}, false},
    {"without s2 a", 9, {0, 1, 2, 3, 4, 5, 6, 7, 9}, false},
    {"quadratic", 10, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, true},
};
enum { CRITICS = sizeof critics / sizeof *critics };

struct fitted {
    const struct critic *critic;
    wg_tensor *w;
};

static wg_tensor *features_of(const struct critic *critic, wg_tensor *s, wg_tensor *a)
{
    wg_tensor *index = wg_from(critic->feature, WG_SHAPE(critic->n));
    return wg_index_select(wg_rl_quadratic_features(s, a), 1, index);
}

static wg_tensor *fitted_q(wg_tensor *s, wg_tensor *a, void *context)
{
    const struct fitted *fitted = context;
    return wg_matmul(features_of(fitted->critic, s, a), fitted->w);
}

/* Transitions of the policy with normal noise of deviation 0.5, in rows. */
struct transitions {
    int64_t n;
    double *s, *a, *r, *next;
};

static bool collect(const struct mass *c, struct transitions *t, uint64_t seed)
{
    enum { COPIES = 20 };
    wg_rl_vector *envs = wg_rl_vector_create(c->env, COPIES, .seed = seed);
    wg_rl_random random = {.seed = seed, .stream = 1000};
    bool good = envs != NULL;
    for (int64_t row = 0; row < t->n && good; row += COPIES) {
        const double *s = wg_rl_vector_observations(envs);
        double a[COPIES];
        for (int i = 0; i < COPIES; i++)
            a[i] = -s[2 * i] - s[2 * i + 1] + 0.5 * wg_rl_normal(&random);
        good = wg_rl_vector_step(envs, a) == WG_OK;
        const wg_rl_transitions *last = wg_rl_vector_last(envs);
        memcpy(t->s + 2 * row, last->observation, 2 * COPIES * sizeof *t->s), memcpy(t->a + row, a, sizeof a);
        memcpy(t->r + row, last->reward, COPIES * sizeof *t->r), memcpy(t->next + 2 * row, last->next, 2 * COPIES * sizeof *t->s);
    }
    wg_rl_vector_destroy(envs);
    return good;
}

/* The gradient by a critic that was fitted to the transitions, relative to that by the exact one. */
static bool gradient_by(const struct mass *c, const struct transitions *t, const struct critic *critic, wg_tensor *probe, double *g)
{
    WG_TAPE(tape);
    wg_tensor *s = wg_from(t->s, WG_SHAPE(t->n, 2)), *a = wg_from(t->a, WG_SHAPE(t->n, 1)), *r = wg_from(t->r, WG_SHAPE(t->n)),
              *next = wg_from(t->next, WG_SHAPE(t->n, 2));
    wg_tensor *follows = next ? wg_nn_apply(c->actor, next) : NULL;
    struct fitted fitted = {critic, wg_rl_lstd(features_of(critic, s, a), features_of(critic, next, follows), r, .gamma = GAMMA)};
    wg_tensor *gradient = fitted.w ? wg_rl_policy_gradient(c->actor, probe, fitted_q, &fitted) : NULL;
    return gradient && wg_read(gradient, g) == WG_OK;
}

/* 200 states as policies of this problem see them. */
static wg_tensor *probes(void)
{
    double s[400];
    wg_rl_random random = {.seed = 9};
    for (int i = 0; i < 400; i++)
        s[i] = wg_rl_normal(&random);
    return wg_from(s, WG_SHAPE(200, 2));
}

struct result {
    double bias, error; /* |mean g - exact| and the root of the mean of |g - exact|², relative to |exact| */
};

static bool measure(const struct mass *c, const struct critic *critic, int64_t n, int runs, wg_tensor *probe, const double *exact,
                    struct result *result)
{
    struct transitions t = {n, malloc(sizeof(double) * 6 * (size_t)n), NULL, NULL, NULL};
    double mean[2] = {0, 0}, square = 0;
    const double size = hypot(exact[0], exact[1]);
    bool good = t.s != NULL;
    t.a = t.s + 2 * n, t.r = t.s + 3 * n, t.next = t.s + 4 * n;
    for (int i = 0; i < runs && good; i++) {
        double g[2];
        good = collect(c, &t, (uint64_t)(100 + i)) && gradient_by(c, &t, critic, probe, g);
        mean[0] += g[0] / runs, mean[1] += g[1] / runs;
        square += (pow(g[0] - exact[0], 2) + pow(g[1] - exact[1], 2)) / runs;
    }
    *result = (struct result){hypot(mean[0] - exact[0], mean[1] - exact[1]) / size, sqrt(square) / size};
    free(t.s);
    return good;
}

static bool study_critics(struct study_run *run, struct mass *c)
{
    const int sizes = run->quick ? 3 : 4, runs = run->quick ? 20 : 40;
    double exact[2], n[4], error[CRITICS][4], bias[CRITICS][4];
    wg_tensor *probe = probes(), *g = probe ? wg_rl_policy_gradient(c->actor, probe, exact_q, c) : NULL;
    bool good = g && wg_read(g, exact) == WG_OK;
    wg_free(g);
    for (int k = 0; k < CRITICS && good; k++)
        for (int i = 0; i < sizes && good; i++) {
            struct result result = {0, 0};
            n[i] = 800 * pow(4, i);
            good = measure(c, &critics[k], (int64_t)n[i], runs, probe, exact, &result) &&
                   study_row(run, "critic %s,%g,%.6g,%.6g", critics[k].name, n[i], result.error, result.bias);
            error[k][i] = result.error, bias[k][i] = result.bias;
        }
    wg_free(probe);
    for (int k = 0; k < CRITICS && good; k++) {
        const double last = bias[k][sizes - 1];
        if (critics[k].fits) {
            study_near(run, "quadratic critic: the gradient's error falls with a power of the samples",
                       study_exponent(n, error[k], sizes), -0.5, 0.15);
            study_claim(run, last < 0.02, "quadratic critic: bias %.4f of the gradient with %g samples, below 0.02", last,
                        n[sizes - 1]);
        } else {
            study_claim(run, last > 0.1 && last > 0.5 * bias[k][1],
                        "%s critic, %d features: bias %.3f with %g samples, %.3f with %g: it stays", critics[k].name, critics[k].n,
                        bias[k][1], n[1], last, n[sizes - 1]);
        }
    }
    return good;
}

/* ---- the bandit ---- */

enum { MAX_M = 50, MAX_BATCHES = 500, RUNS = 5 };

enum method { DETERMINISTIC, STOCHASTIC, BASELINE, METHODS };
static const char *const method_names[] = {"deterministic", "stochastic", "with baseline"};

struct bandit {
    const wg_rl_dynamics *env;
    int m, batches;
};

static double cost_of(const struct bandit *b, const double *action)
{
    double unused = 0;
    return -b->env->step(b->env->self, NULL, &unused, action).reward;
}

/* A batch: k compatible features, and 1 behind them, with costs. Of the deterministic gradient the features are a - θ; of the stochastic one
   ∇ ln π by θ, (a - θ)/σ², and by y = ln σ². Here they have the unit of (a - θ)/σ, in which the least squares stay well conditioned however small σ becomes. */
struct batch {
    int rows, k;
    double x[2 * MAX_M * (MAX_M + 2)], cost[2 * MAX_M];
};

static void draw(const struct bandit *b, enum method method, const double *theta, double sigma, wg_rl_random *random,
                 struct batch *batch)
{
    const int m = b->m, k = method == DETERMINISTIC ? m : m + 1;
    batch->rows = 2 * m, batch->k = k;
    for (int i = 0; i < 2 * m; i++) {
        double action[MAX_M], *x = batch->x + i * (k + 1), square = 0;
        for (int j = 0; j < m; j++) {
            const double e = wg_rl_normal(random);
            action[j] = theta[j] + sigma * e;
            x[j] = e;
            square += e * e;
        }
        if (method != DETERMINISTIC)
            x[m] = square / 2 - m / 2.0;
        x[k] = 1;
        batch->cost[i] = cost_of(b, action);
    }
}

static bool fit(const struct batch *batch, double *w)
{
    WG_TAPE(tape);
    wg_tensor *x = wg_from(batch->x, WG_SHAPE(batch->rows, batch->k + 1)), *cost = wg_from(batch->cost, WG_SHAPE(batch->rows));
    wg_tensor *solution = wg_rl_lstd(x, WG_NONE, cost);
    return solution && wg_read(solution, w) == WG_OK;
}

/* The direction: w itself for the deterministic gradient, as ∇μ is the identity; else the mean of ∇ ln π Q_w, where Q_w has the constant or not. */
static void direction(const struct batch *batch, enum method method, double sigma, const double *w, double *g)
{
    memset(g, 0, (size_t)batch->k * sizeof *g);
    for (int j = 0; j < batch->k && method == DETERMINISTIC; j++)
        g[j] = w[j] / sigma;
    if (method == DETERMINISTIC)
        return;
    for (int i = 0; i < batch->rows; i++) {
        const double *x = batch->x + i * (batch->k + 1);
        double q = method == STOCHASTIC ? w[batch->k] : 0;
        for (int j = 0; j < batch->k; j++)
            q += w[j] * x[j];
        for (int j = 0; j < batch->k; j++)
            g[j] += x[j] * q / (j < batch->k - 1 ? sigma : 1) / batch->rows;
    }
}

/* What is swept: the rate of θ, that of y as a share of it, the first deviation. */
struct setting {
    double rate, share, sigma;
};

/* Adds the cost of the mean after each batch to the curve; false if it diverges. */
static bool run_bandit(const struct bandit *b, enum method method, const struct setting *setting, uint64_t seed, double *curve)
{
    static struct batch batch;
    double theta[MAX_M] = {0}, w[MAX_M + 2], g[MAX_M + 2], y = 2 * log(setting->sigma);
    wg_rl_random random = {.seed = seed};
    for (int i = 0; i < b->batches; i++) {
        const double spread = exp(y / 2);
        draw(b, method, theta, spread, &random, &batch);
        if (!fit(&batch, w))
            return false;
        direction(&batch, method, spread, w, g);
        for (int j = 0; j < b->m; j++)
            theta[j] -= setting->rate * g[j];
        if (method != DETERMINISTIC)
            y = fmax(-40, fmin(6, y - setting->rate * setting->share * g[b->m]));
        const double cost = cost_of(b, theta);
        if (!(cost < 1e6))
            return false;
        curve[i] += cost / RUNS;
    }
    return true;
}

/* The mean cost of the last tenth of the runs of a setting; INFINITY if one diverges. */
static double cost_at_end(const struct bandit *b, enum method method, const struct setting *setting, double *curve)
{
    double last = 0;
    memset(curve, 0, MAX_BATCHES * sizeof *curve);
    for (int seed = 1; seed <= RUNS; seed++)
        if (!run_bandit(b, method, setting, (uint64_t)seed, curve))
            return INFINITY;
    for (int at = b->batches - b->batches / 10; at < b->batches; at++)
        last += curve[at] / (b->batches / 10);
    return last;
}

/* The curve of the setting with the least cost at the end, and that cost. quick: a third of the settings. */
static double sweep(const struct bandit *b, enum method method, bool quick, double *best)
{
    static const double rates[] = {1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 0.7}, shares[] = {0.1, 0.01, 1},
                        sigmas[] = {0.003, 3, 10, 1, 0.3};
    double least = INFINITY, curve[MAX_BATCHES];
    for (int i = quick ? 4 : 0; i < 9; i++)
        for (int k = 0; k < (quick ? 3 : 5); k++)
            for (int l = 0; l < (quick || method == DETERMINISTIC ? 1 : 3); l++) {
                const struct setting setting = {rates[i], shares[l], sigmas[k]};
                const double last = cost_at_end(b, method, &setting, curve);
                if (last < least)
                    least = last, memcpy(best, curve, sizeof curve);
            }
    wg_error_take(NULL); /* of batches that could not be fitted */
    return least;
}

/* *ratio: the stochastic gradient's cost at the end over the deterministic one's. */
static bool study_dimension(struct study_run *run, int m, int steps, double *ratio)
{
    double end[METHODS], curve[MAX_BATCHES];
    wg_rl_env *env = wg_rl_quadratic_bandit(.actions = m);
    bool good = env != NULL;
    const struct bandit b = {env ? wg_rl_env_dynamics(env) : NULL, m, steps / (2 * m)};
    for (int method = 0; method < METHODS && good; method++) {
        end[method] = sweep(&b, (enum method)method, run->quick, curve);
        for (int i = 0; i < b.batches && good; i++)
            good = study_row(run, "%s %d,%d,%.6g,", method_names[method], m, 2 * m * (i + 1), curve[i]);
    }
    wg_rl_env_destroy(env);
    if (!good)
        return false;
    study_claim(
        run, end[DETERMINISTIC] < 0.01 * end[STOCHASTIC],
        "bandit of %d actions, after %d steps: cost %.2g by the deterministic gradient, below 1 %% of %.3g by the stochastic one",
        m, steps, end[DETERMINISTIC], end[STOCHASTIC]);
    study_claim(run, end[BASELINE] < 0.01 * end[STOCHASTIC],
                "bandit of %d actions: cost %.2g by the stochastic gradient with a baseline, below 1 %% of that without", m,
                end[BASELINE]);
    *ratio = end[STOCHASTIC] / end[DETERMINISTIC];
    return true;
}

static bool study_bandit(struct study_run *run)
{
    static const int m[] = {10, 25, 50};
    double ratio[3];
    for (int i = 0; i < 3; i++)
        if (!study_dimension(run, m[i], 10000, &ratio[i]))
            return false;
    study_claim(
        run, ratio[0] < ratio[1] && ratio[1] < ratio[2],
        "the advantage grows with the dimension: the stochastic gradient's cost is %.2g, %.2g, %.2g times the deterministic one's",
        ratio[0], ratio[1], ratio[2]);
    return true;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct mass mass = {.actor = NULL};
    bool good = study_row(run, "what,n,value,bias") && mass_make(&mass) && study_exact(run, &mass) && study_critics(run, &mass);
    mass_free(&mass);
    return good && study_bandit(run);
}

const struct study study_policy_gradient = {
    .name = "policy_gradient",
    .details =
        "Claims: the deterministic policy gradient with the exact critic is the derivative of the return; with a fitted critic whose features span Q its\n"
        "error falls with the root of the samples, and a critic that lacks a feature leaves a bias that no sample takes away; on the bandit of\n"
        "Silver and others (2014) it is faster than the stochastic gradient, the more so the more actions there are.",
    .run = run,
};
