/* Universal approximation in one dimension. A network with one hidden layer, βᵀσ(wx + b) of m units, comes as close as one likes to any
   continuous g on [0, 1] as m grows, for sigmoids (Cybenko, 1989), and for a continuous σ if and only if it is no polynomial (Leshno,
   Lin, Pinkus, Schocken, 1993). With a polynomial of degree k the network is a polynomial of degree k, however wide; with the identity
   it stays affine.

   A floor for these: on k + 2 points there are weights λ, Σ|λᵢ| = 1, with Σ λᵢp(xᵢ) = 0 for all polynomials p of degree k (divided
   differences), so no such p is nearer to g than |Σ λᵢg(xᵢ)| (de la Vallée Poussin).

   Here w and b are random and β is found by least squares. The theorems are quoted by V. Cevher, Mathematics of Data (EPFL, 2019),
   lecture 7. */
#include "../study.h"

#include <math.h>

enum { FIT = 300, CHECK = 1201, WIDTHS = 7, KINDS = 5 };
static const int widths[WIDTHS] = {4, 8, 16, 32, 64, 128, 256};

static double target(double x)
{
    return sin(2 * M_PI * x) + 0.5 * cos(6 * M_PI * x);
}

static wg_tensor *cube(wg_tensor *x)
{
    return wg_pow_scalar(x, 3);
}

/* degree: of a polynomial σ, or -1. slope: typical |w|. */
static const struct kind {
    const char *name;
    wg_tensor *(*apply)(wg_tensor *x);
    int degree;
    double slope;
} kinds[KINDS] = {{"ReLU", wg_relu, -1, 1},
                  {"sigmoid", wg_sigmoid, -1, 40},
                  {"tanh", wg_tanh, -1, 20},
                  {"cube", cube, 3, 2},
                  {"identity", wg_copy, 1, 1}};

/* The hidden layer at n equally spaced points of [0, 1], (n, m + 1) with a column of ones: σ(w(x - c)), w = ±slope, c uniform in -0.1 …
   1.1. */
static wg_tensor *hidden(const struct kind *kind, int n, int m, uint64_t seed)
{
    double x[CHECK];
    for (int i = 0; i < n; i++)
        x[i] = i / (n - 1.0);
    wg_tensor *g = wg_generator(seed, 0), *c = wg_uniform(g, WG_F64, WG_SHAPE(m), -0.1, 1.1);
    wg_tensor *w = wg_mul_scalar(wg_sign(wg_uniform(g, WG_F64, WG_SHAPE(m), -1, 1)), kind->slope);
    wg_free(g);
    wg_tensor *z = wg_mul(wg_sub(wg_from(x, WG_SHAPE(n, 1)), c), w), *columns[] = {kind->apply(z), wg_ones(WG_F64, WG_SHAPE(n, 1))};
    return wg_concat(columns, 2, 1);
}

/* Fits β by least squares with a tiny ridge; y: the network at CHECK points. Returns the largest error there; NaN if something failed. */
static double fit(const struct kind *kind, int m, uint64_t seed, double *y)
{
    WG_TAPE(tape);
    double g[FIT], worst = 0;
    for (int i = 0; i < FIT; i++)
        g[i] = target(i / (FIT - 1.0));
    wg_tensor *h = hidden(kind, FIT, m, seed), *t = wg_transpose(h, 0, 1);
    wg_tensor *normal = wg_add(wg_matmul(t, h), wg_mul_scalar(wg_diag(wg_ones(WG_F64, WG_SHAPE(m + 1))), 1e-9));
    wg_tensor *beta = wg_solve(normal, wg_matmul(t, wg_from(g, WG_SHAPE(FIT, 1))));
    if (wg_read(wg_matmul(hidden(kind, CHECK, m, seed), beta), y) != WG_OK)
        return (double)NAN;
    for (int i = 0; i < CHECK; i++)
        worst = fmax(worst, fabs(y[i] - target(i / (CHECK - 1.0))));
    return worst;
}

/* The floor for polynomials of a degree, with the ends of Chebyshev's alternation as points. */
static double lower_bound(int degree)
{
    double sum = 0, norm = 0;
    for (int i = 0; i <= degree + 1; i++) {
        const double x = 0.5 - 0.5 * cos(M_PI * i / (degree + 1));
        double lambda = 1;
        for (int j = 0; j <= degree + 1; j++)
            lambda /= j == i ? 1 : x - (0.5 - 0.5 * cos(M_PI * j / (degree + 1)));
        sum += lambda * target(x);
        norm += fabs(lambda);
    }
    return fabs(sum) / norm;
}

/* Control: the cube in the place of the sigmoid. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double error[KINDS][WIDTHS], y[KINDS][CHECK];
    bool good = study_row(run, "m,relu,sigmoid,tanh,cube,identity"), floors = true;
    for (int i = 0; i < WIDTHS && good; i++) {
        for (int k = 0; k < KINDS; k++) {
            error[k][i] = fit(k == 1 && run->control ? &kinds[3] : &kinds[k], widths[i], run->seed, y[k]);
            good = good && !isnan(error[k][i]);
            floors = floors && (kinds[k].degree < 0 || error[k][i] >= lower_bound(kinds[k].degree) - 1e-6);
        }
        good = good && study_row(run, "%d,%.6g,%.6g,%.6g,%.6g,%.6g", widths[i], error[0][i], error[1][i], error[2][i], error[3][i],
                                 error[4][i]);
    }
    good = good && study_table(run, "curves", "x,g,relu,cube,identity");
    for (int i = 0; i < CHECK && good; i += 15) /* of the largest width */
        good = study_row(run, "%g,%.6g,%.6g,%.6g,%.6g", i / (CHECK - 1.0), target(i / (CHECK - 1.0)), y[0][i], y[3][i], y[4][i]);
    if (!good)
        return false;
    const double worst = fmax(error[0][WIDTHS - 1], fmax(error[1][WIDTHS - 1], error[2][WIDTHS - 1]));
    study_claim(run, floors, "cube and identity stay above the floors of degree 3 and 1, %.3f and %.3f, at every width",
                lower_bound(3), lower_bound(1));
    study_decide(run, worst < 0.05 && error[3][WIDTHS - 1] > 0.3 && error[4][WIDTHS - 1] > 0.3,
                 "sup error on [0, 1] with %d units: ReLU %.2g, sigmoid %.2g, tanh %.2g, below 0.05; cube %.2f and identity %.2f, "
                 "above 0.3 at any width",
                 widths[WIDTHS - 1], error[0][WIDTHS - 1], error[1][WIDTHS - 1], error[2][WIDTHS - 1], error[3][WIDTHS - 1],
                 error[4][WIDTHS - 1]);
    return true;
}

const struct study study_universal_approximation = {
    .name = "universal_approximation", .control = "the cube in the place of the sigmoid", .run = run};
