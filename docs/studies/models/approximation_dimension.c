/* How many units a network needs, by dimension. Universal approximation says that some number m is enough; it may grow exponentially
   with the dimension d. Here g(x) = Π sin(2πxᵢ) on [0, 1]^d has 2^d bumps of alternating sign, and m is the least power of √2 with
   which a hidden layer of random ReLU units, fitted by least squares, has a root mean square error of at most a fifth of g's at fresh
   points.

   The remark is that of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7. */
#include "../study.h"

#include <math.h>

enum { MAX_D = 3, POINTS = 3000 };

/* The hidden layer at points x (n, d), and a column of ones: relu(w·(x - c)), w of random direction, c a random point of the cube. */
static wg_tensor *hidden(wg_tensor *x, int m, uint64_t seed)
{
    const int64_t d = wg_extent(x, 1);
    wg_tensor *g = wg_generator(seed, 0), *w = wg_normal(g, WG_F64, WG_SHAPE(m, d), 0, 1);
    wg_tensor *c = wg_uniform(g, WG_F64, WG_SHAPE(m, d), 0, 1), *b = wg_neg(wg_sum(wg_mul(w, c), .axis = 1));
    wg_free(g);
    wg_tensor *columns[] = {wg_relu(wg_linear(x, w, b)), wg_ones(WG_F64, WG_SHAPE(wg_extent(x, 0), 1))};
    return wg_concat(columns, 2, 1);
}

/* Π sin(2πxᵢ), (n, 1), or, for the control, the mean of the coordinates. */
static wg_tensor *target(wg_tensor *x, bool affine)
{
    return affine ? wg_mean(x, .axis = 1, .keepdims = true)
                  : wg_prod(wg_sin(wg_mul_scalar(x, 2 * M_PI)), .axis = 1, .keepdims = true);
}

/* The root mean square error of m units at fresh points over the deviation of g, NaN if something failed; sup: the largest error there. */
static double fit(int d, int m, bool affine, uint64_t seed, double *sup)
{
    WG_TAPE(tape);
    wg_tensor *g = wg_generator(seed, 1), *x = wg_uniform(g, WG_F64, WG_SHAPE(POINTS, d), 0, 1);
    wg_tensor *fresh = wg_uniform(g, WG_F64, WG_SHAPE(POINTS / 2, d), 0, 1), *h = hidden(x, m, seed), *t = wg_transpose(h, 0, 1);
    wg_free(g);
    wg_tensor *normal = wg_add(wg_matmul(t, h), wg_mul_scalar(wg_diag(wg_ones(WG_F64, WG_SHAPE(m + 1))), 1e-6));
    wg_tensor *beta = wg_solve(normal, wg_matmul(t, target(x, affine))), *truth = target(fresh, affine);
    wg_tensor *error = wg_div(wg_sub(wg_matmul(hidden(fresh, m, seed), beta), truth), wg_std(truth));
    *sup = wg_item(wg_max(wg_abs(error)));
    return wg_item(wg_norm2(error)) / sqrt(POINTS / 2.0);
}

/* Control: an affine g, for which the number of units does not grow like that. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double units[MAX_D] = {0};
    const int limit = 1100;
    bool good = study_row(run, "d,m,error,largest");
    for (int d = 1; d <= MAX_D && good; d++)
        for (double m = 2; m < limit && good && units[d - 1] == 0; m *= M_SQRT2) {
            double sup;
            const double error = fit(d, (int)lround(m), run->control, run->seed, &sup);
            good = !isnan(error) && study_row(run, "%d,%ld,%.6g,%.6g", d, lround(m), error, sup);
            units[d - 1] = error <= 0.2 ? m : 0;
        }
    if (!good)
        return false;
    const double least = fmin(units[1] / units[0], units[2] / units[1]);
    good = study_table(run, "units", "d,m");
    for (int d = 1; d <= MAX_D && good; d++)
        good = study_row(run, "%d,%.6g", d, units[d - 1]);
    study_decide(
        run, least >= 2.5,
        "units for an error of a fifth: %.0f, %.0f and %.0f in 1, 2 and 3 dimensions; each dimension multiplies them by at least "
        "%.2g, expected 2.5 or more",
        units[0], units[1], units[2], least);
    return good;
}

const struct study study_approximation_dimension = {.name = "approximation_dimension", .control = "an affine function", .run = run};
