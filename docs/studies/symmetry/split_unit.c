/* Saddles of a network from the minima of a narrower one. y = Σ_k a_k tanh(w_k·x) with 3 units is at a minimum. Replace unit k by two with the same
   w_k and the output weights μ a_k and (1 - μ) a_k: the function is the same, and the gradient by all parameters of the 4 units is
   0 again, for every μ. There are (4!/2!) · 3 = 36 such networks for μ = ½, one for each map of 4 units onto 3, all at one loss; and
   μ moves each along a line of equal loss.

   Source: W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3; Fukumizu, Amari: Local minima and plateaus in hierarchical
   structures of multilayer perceptrons, 2000; Brea, Simsek, Illing, Gerstner: Weight-space symmetry in deep networks, 2019. */
#include "../study.h"

#include <math.h>

enum { ROWS = 200, NARROW = 3, WIDE = 4, SIZE = 3 * WIDE, MAPS = 81, MU_STEPS = 24 };

struct data {
    wg_tensor *x, *y;
};

/* p: weights (n,2) and output weights (n) */
static wg_tensor *network(wg_tensor *x, wg_tensor *const *p)
{
    return wg_matmul(wg_tanh(wg_matmul(x, wg_transpose(p[0], 0, 1))), p[1]);
}

static wg_tensor *loss(wg_tensor *const *p, size_t n, void *context)
{
    (void)n;
    const struct data *data = context;
    return wg_mse(network(data->x, p), data->y);
}

/* Unit i of the wide network is unit map[i] of the narrow one; its output weight has the share share[i]. */
static bool widen(wg_tensor *const *narrow, const int *map, const double *share, struct data *data, double point[SIZE],
                  wg_study_point *kind)
{
    const double *w = wg_data(narrow[0]), *a = wg_data(narrow[1]);
    for (int i = 0; i < WIDE; i++) {
        point[2 * i] = w[2 * map[i]];
        point[2 * i + 1] = w[2 * map[i] + 1];
        point[2 * WIDE + i] = share[i] * a[map[i]];
    }
    wg_tensor *const p[] = {wg_from(point, WG_SHAPE(WIDE, 2)), wg_from(point + 2 * WIDE, WG_SHAPE(WIDE))};
    const wg_study_loss wide = {loss, data, {2, p, NULL}};
    const bool good = p[0] && p[1] && wg_study_classify(&wide, kind, .gradient = 1e-7) == WG_OK;
    wg_free(p[0]);
    wg_free(p[1]);
    return good;
}

static bool equal(const double *a, const double *b)
{
    double sum = 0;
    for (int k = 0; k < SIZE; k++)
        sum += fabs(a[k] - b[k]);
    return sum < 1e-6;
}

/* All maps of 4 units onto 3, with the output weight of the doubled unit shared in halves. Control: each has it whole. */
static bool widen_all(struct study_run *run, wg_tensor *const *narrow, struct data *data, double minimum)
{
    static double point[MAPS][SIZE];
    int found = 0;
    double gap = 0, gradient = 0;
    bool good = true, distinct = true;
    for (int code = 0; code < MAPS && good; code++) {
        const int map[] = {code % 3, code / 3 % 3, code / 9 % 3, code / 27};
        int load[NARROW] = {0};
        double share[WIDE];
        wg_study_point kind = {0};
        for (int i = 0; i < WIDE; i++)
            load[map[i]]++;
        if (!load[0] || !load[1] || !load[2])
            continue;
        for (int i = 0; i < WIDE; i++)
            share[i] = run->control ? 1 : 1. / load[map[i]];
        good = widen(narrow, map, share, data, point[found], &kind);
        gap = fmax(gap, fabs(kind.loss - minimum));
        gradient = fmax(gradient, kind.gradient_norm);
        for (int j = 0; j < found; j++)
            distinct = distinct && !equal(point[found], point[j]);
        found++;
    }
    study_decide(
        run, found == 36 && distinct && gap <= 1e-12 && gradient <= 1e-7,
        "each of the %d = (4!/2!) 3 maps of 4 units onto the 3 of a minimum gives another stationary point of the wider network: gradients are at most "
        "%.0e (1e-7 allowed: the minimum's own error), losses differ by %.0e, at most 1e-12",
        found, gradient, gap);
    return good;
}

/* Along the line of equal loss: the extreme eigenvalues' signs, for each unit that is doubled. */
static bool walk_valley(struct study_run *run, wg_tensor *const *narrow, struct data *data, double minimum)
{
    double gap = 0, point[SIZE];
    int saddles = 0;
    bool good = study_row(run, "unit,mu,loss,smallest,negative");
    for (int unit = 0; unit < NARROW; unit++)
        for (int s = 0; s <= MU_STEPS && good; s++) {
            const double mu = -1 + 3. * s / MU_STEPS;
            wg_study_point kind = {0};
            good = widen(narrow, (int[]){0, 1, 2, unit},
                         (double[]){unit == 0 ? mu : 1, unit == 1 ? mu : 1, unit == 2 ? mu : 1, 1 - mu}, data, point, &kind);
            gap = fmax(gap, fabs(kind.loss - minimum));
            saddles += kind.negative > 0;
            good = good &&
                   study_row(run, "%d,%g,%.12g,%.9g,%lld", unit + 1, mu, kind.loss, kind.smallest, (long long)kind.negative);
        }
    study_claim(run, gap <= 1e-12, "along the three lines of μ the loss changes by %.0e, at most 1e-12", gap);
    study_claim(run, saddles > 0, "%d of %d points on these lines have a direction of descent", saddles, NARROW * (MU_STEPS + 1));
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static const double teacher[WIDE][2] = {{2, 0.4}, {0.9, 1.7}, {-1.6, 1.2}, {0.5, -2.2}};
    wg_tensor *generator = wg_generator(run->seed, 0), *w = wg_from(*teacher, WG_SHAPE(WIDE, 2)),
              *ones = wg_ones(WG_F64, WG_SHAPE(WIDE));
    wg_tensor *p[] = {wg_from(*teacher, WG_SHAPE(NARROW, 2)), wg_ones(WG_F64, WG_SHAPE(NARROW))};
    struct data data = {.x = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, 2), 0, 1)};
    wg_minimizer *bfgs = wg_set_requires_grad(p[0], true) && wg_set_requires_grad(p[1], true)
                             ? wg_minimize_bfgs(((wg_tensor_list){2, p, NULL}), .gradient_tolerance = 1e-11)
                             : NULL;
    wg_minimize_result at = {0};
    {
        WG_TAPE(tape);
        data.y = wg_keep(network(data.x, (wg_tensor *[]){w, ones}));
    }
    const bool good = bfgs && data.y && wg_minimize_run(bfgs, loss, &data, &at) == WG_OK && walk_valley(run, p, &data, at.f) &&
                      widen_all(run, p, &data, at.f);
    wg_minimize_destroy(bfgs);
    wg_tensor *const all[] = {generator, w, ones, p[0], p[1], data.x, data.y};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
    return good;
}

const struct study study_split_unit = {
    .name = "split_unit", .control = "the output weight of a doubled unit whole instead of halved", .run = run};
