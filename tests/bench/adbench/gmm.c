/* The log-likelihood of a Gaussian mixture with a Wishart prior and its gradient, compared with the same objective in plain C.

   N points x_i of d dimensions, K components: weights α_k, means μ_k, and inverse covariance factors Q_k, lower triangular with
   e^{q_kj} on the diagonal and l_k below it.

     L = Σ_i logsumexp_k(α_k + Σ_j q_kj - |Q_k (x_i - μ_k)|²/2) - N logsumexp α - N d log(2π)/2
         + Σ_k (γ² (Σ_j e^{2 q_kj} + |l_k|²)/2 - m Σ_j q_kj) + constant of the prior

   with γ = 1 and m = 0. Source of the problem: Srajer, Kukelova, Fitzgibbon, "A benchmark of selected algorithmic
   differentiation tools", 2018.

   Some hundred points are processed at once, each part on its own tape, and gradients accumulate, so that the intermediate
   values between forward and backward stay in the caches. */
#include "adbench.h"

struct gmm {
    int64_t n, d, k, l; /* points, dimensions, components, elements below a diagonal */
    int64_t at_once;
    double *x, *alpha, *mu, *q, *below;
    wg_tensor *points, *place, *parameter[4];
};

static double prior_constant(const struct gmm *g)
{
    const double d = (double)g->d, n = d + 1; /* gamma = 1, m = 0 */
    double log_gamma = 0.25 * d * (d - 1) * log(M_PI);
    for (int64_t j = 1; j <= g->d; j++)
        log_gamma += lgamma(0.5 * (n + 1 - (double)j));
    return (double)g->k * (n * d * -0.5 * log(2) - log_gamma);
}

/* ---- plain C ---- */

static double logsumexp(const double *t, int64_t n)
{
    double largest = t[0], sum = 0;
    for (int64_t k = 1; k < n; k++)
        largest = t[k] > largest ? t[k] : largest;
    for (int64_t k = 0; k < n; k++)
        sum += exp(t[k] - largest);
    return largest + log(sum);
}

static double by_hand(const struct gmm *g)
{
    const int64_t d = g->d, K = g->k;
    double *diagonal = malloc((size_t)(K * d) * sizeof(double)), *sum_q = malloc((size_t)K * sizeof(double));
    double *term = malloc((size_t)K * sizeof(double)), *centred = malloc((size_t)d * sizeof(double)), total = 0, prior = 0;
    must(diagonal && sum_q && term && centred);
    for (int64_t k = 0; k < K; k++) {
        double squares = 0;
        sum_q[k] = 0;
        for (int64_t j = 0; j < d; j++) {
            diagonal[k * d + j] = exp(g->q[k * d + j]);
            sum_q[k] += g->q[k * d + j];
            squares += diagonal[k * d + j] * diagonal[k * d + j];
        }
        for (int64_t j = 0; j < g->l; j++)
            squares += g->below[k * g->l + j] * g->below[k * g->l + j];
        prior += 0.5 * squares;
    }
    for (int64_t i = 0; i < g->n; i++) {
        for (int64_t k = 0; k < K; k++) {
            const double *l = g->below + k * g->l;
            double squares = 0;
            for (int64_t j = 0; j < d; j++)
                centred[j] = g->x[i * d + j] - g->mu[k * d + j];
            for (int64_t r = 0; r < d; r++) {
                double y = diagonal[k * d + r] * centred[r];
                for (int64_t c = 0; c < r; c++)
                    y += l[c] * centred[c];
                l += r;
                squares += y * y;
            }
            term[k] = g->alpha[k] + sum_q[k] - 0.5 * squares;
        }
        total += logsumexp(term, K);
    }
    total += prior - (double)g->n * logsumexp(g->alpha, K);
    free(diagonal), free(sum_q), free(term), free(centred);
    return total - (double)(g->n * d) * 0.5 * log(2 * M_PI) - prior_constant(g);
}

/* ---- Wengert ---- */

/* Σ_i logsumexp over points first to last. parameter: α (K), μ (K,d), q (K,d), l (K,d(d-1)/2). */
static wg_tensor *of_points(const struct gmm *g, int64_t first, int64_t last)
{
    wg_tensor *const *p = g->parameter;
    const int64_t d = g->d, K = g->k;
    wg_tensor *parts[3] = {wg_exp(p[2]), p[3], wg_zeros(WG_F64, WG_SHAPE(K, 1))}, *points = wg_slice(g->points, 0, first, last, 1);
    wg_tensor *factors = wg_reshape(wg_index_select(wg_concat(parts, 3, 1), 1, g->place), WG_SHAPE(K, d, d));
    wg_tensor *shift = wg_matmul(factors, wg_reshape(p[1], WG_SHAPE(K, d, 1)));
    wg_tensor *y = wg_linear(points, wg_reshape(factors, WG_SHAPE(K * d, d)), wg_neg(wg_reshape(shift, WG_SHAPE(K * d))));
    wg_tensor *squares = wg_sum(wg_square(wg_reshape(y, WG_SHAPE(last - first, K, d))), .axis = 2);
    wg_tensor *term = wg_add(wg_mul_scalar(squares, -0.5), wg_add(p[0], wg_sum(p[2], .axis = 1)));
    return wg_sum(wg_logsumexp(term, .axis = 1));
}

/* The terms of L that depend on the parameters alone. */
static wg_tensor *of_parameters(const struct gmm *g)
{
    wg_tensor *const *p = g->parameter;
    wg_tensor *prior = wg_mul_scalar(wg_add(wg_sum(wg_square(wg_exp(p[2]))), wg_sum(wg_square(p[3]))), 0.5);
    const double constant = -(double)(g->n * g->d) * 0.5 * log(2 * M_PI) - prior_constant(g);
    return wg_add_scalar(wg_sub(prior, wg_mul_scalar(wg_logsumexp(p[0]), (double)g->n)), constant);
}

/* Part i of L; the last part includes the terms of the parameters alone. */
static wg_tensor *part_of(const struct gmm *g, int64_t i)
{
    const int64_t first = i * g->at_once, last = first + g->at_once;
    return last < g->n ? of_points(g, first, last) : wg_add(of_points(g, first, g->n), of_parameters(g));
}

static int64_t parts_of(const struct gmm *g)
{
    return (g->n + g->at_once - 1) / g->at_once;
}

static wg_status step(void *context)
{
    struct gmm *g = context;
    for (int i = 0; i < 4; i++)
        wg_clear_gradient(g->parameter[i]);
    for (int64_t i = 0; i < parts_of(g); i++) {
        WG_TAPE(tape);
        WG_TRY(wg_backward(part_of(g, i)));
    }
    return WG_OK;
}

static double value_of(struct gmm *g)
{
    double sum = 0;
    WG_NO_GRAD;
    for (int64_t i = 0; i < parts_of(g); i++) {
        WG_TAPE(tape);
        wg_tensor *y = part_of(g, i);
        must(y != NULL);
        sum += wg_item(y);
    }
    return sum;
}

/* ---- the problems ---- */

static void open_problem(struct gmm *g, int64_t n, int64_t d, int64_t k, int64_t at_once)
{
    *g = (struct gmm){.n = n, .d = d, .k = k, .l = d * (d - 1) / 2, .at_once = at_once};
    g->x = numbers((size_t)(n * d), 0, 2);
    g->alpha = numbers((size_t)k, 0, 1);
    g->mu = numbers((size_t)(k * d), 0, 1);
    g->q = numbers((size_t)(k * d), 0, 0.5);
    g->below = numbers((size_t)(k * g->l), 0, 0.5);
    int64_t *place = malloc((size_t)(d * d) * sizeof *place);
    must(place != NULL);
    for (int64_t r = 0; r < d; r++)
        for (int64_t c = 0; c < d; c++)
            place[r * d + c] = r == c ? r : c < r ? d + r * (r - 1) / 2 + c : d + g->l;
    g->place = wg_from(place, WG_SHAPE(d * d));
    g->points = wg_from(g->x, WG_SHAPE(n, d));
    g->parameter[0] = wg_from(g->alpha, WG_SHAPE(k));
    g->parameter[1] = wg_from(g->mu, WG_SHAPE(k, d));
    g->parameter[2] = wg_from(g->q, WG_SHAPE(k, d));
    g->parameter[3] = wg_from(g->below, WG_SHAPE(k, g->l));
    free(place);
    must(g->place && g->points);
    for (int i = 0; i < 4; i++)
        must(wg_set_requires_grad(g->parameter[i], true) != NULL);
}

static void close_problem(struct gmm *g)
{
    free(g->x), free(g->alpha), free(g->mu), free(g->q), free(g->below);
    wg_free(g->points), wg_free(g->place);
    for (int i = 0; i < 4; i++)
        wg_free(g->parameter[i]);
}

static void check(int64_t n, int64_t d, int64_t k)
{
    struct gmm g;
    open_problem(&g, n, d, k, 12);
    double *const number[4] = {g.alpha, g.mu, g.q, g.below};
    const int64_t count[4] = {k, k * d, k * d, k * g.l};
    char what[80];
    snprintf(what, sizeof what, "value, %lld points, d %lld, K %lld", (long long)n, (long long)d, (long long)k);
    agree(what, value_of(&g), by_hand(&g), 1e-12);
    must(step(&g) == WG_OK);
    for (int p = 0; p < 4; p++) {
        double worst = 0, want = 0;
        const double *gradient = wg_data(wg_gradient(g.parameter[p]));
        for (int64_t i = 0; i < count[p]; i++) {
            const double kept = number[p][i], h = 1e-5;
            number[p][i] = kept + h;
            double slope = by_hand(&g);
            number[p][i] = kept - h;
            slope = (slope - by_hand(&g)) / (2 * h);
            number[p][i] = kept;
            if (fabs(gradient[i] - slope) / fmax(1, fabs(slope)) >= fabs(worst - want) / fmax(1, fabs(want)))
                worst = gradient[i], want = slope;
        }
        static const char *const names[] = {"weights", "means", "diagonals", "elements below the diagonal"};
        snprintf(what, sizeof what, "gradient by %s, the one farthest from differences", names[p]);
        if (count[p] > 0)
            agree(what, worst, want, 1e-5);
    }
    close_problem(&g);
}

enum { NUMBERS = 1 << 17, LEAST_AT_ONCE = 250 }; /* elements of a part's tensors; points of a part */

static void measure(int64_t n, int64_t d, int64_t k)
{
    struct gmm g;
    struct times times;
    char size[48];
    volatile double value;
    const int64_t fit = NUMBERS / (d * k), at_once = fit < LEAST_AT_ONCE ? LEAST_AT_ONCE : fit < n ? fit : n;
    open_problem(&g, n, d, k, at_once);
    wg_replay *replay = wg_replay_capture(step, &g);
    must(replay != NULL);
    TAKE_TURNS(times, value = by_hand(&g), must(step(&g) == WG_OK), must(wg_replay_run(replay) == WG_OK));
    (void)value;
    snprintf(size, sizeof size, "%lld points, d %lld, K %lld", (long long)n, (long long)d, (long long)k);
    print_times(size, times, 2);
    wg_replay_destroy(replay);
    close_problem(&g);
}

int main(int n_arguments, char **argument)
{
    static const int64_t points[] = {1000, 10000}, dimensions[] = {2, 10, 64}, components[] = {5, 10, 25, 50, 100, 200};
    must(wg_set_threads(1) == WG_OK);
    if (n_arguments > 1 && strcmp(argument[1], "check") == 0) {
        check(20, 2, 3);
        check(15, 5, 4);
        check(40, 3, 1);
        return finish();
    }
    print_head("Gaussian mixture, gradient of the log-likelihood");
    const double most = n_arguments > 1 ? strtod(argument[1], NULL) : INFINITY; /* points · d · K of the largest problem */
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 6; k++)
                if ((double)(points[i] * dimensions[j] * components[k]) <= most)
                    measure(points[i], dimensions[j], components[k]);
    return 0;
}
