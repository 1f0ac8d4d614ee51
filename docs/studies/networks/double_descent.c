/* The second descent of the test error. A network has N hidden units with random weights, which stay, and only its last layer is learned:
   a = Φ⁺Y, the least-squares solution of smallest norm, where Φ is the (n, N) matrix of the units' values on n training images. The
   error on new images falls, rises to a peak where N = n, because Φ is square there, just fits all targets, and has the smallest singular
   values, and falls again, below its first minimum, where there are more weights than images.

   By the eigenvalues λ_i and eigenvectors v_i of ΦΦᵀ: Φ⁺ = Φᵀ Σ v_i v_iᵀ / λ_i over the λ_i that are not 0. Ridge regression, λ_i + λ in
   place of λ_i, has no peak.

   Source: M. Belkin, D. Hsu, S. Ma and S. Mandal, Reconciling modern machine-learning practice and the classical bias-variance trade-off
   (2019); the error against width is in V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7. */
#include "images.h"

#include <math.h>

enum { IMAGES = 200, MAX_SEEDS = 5, WIDEST = 16 };

static const double tolerance =
    1e-11; /* of eigenvalues, relative to the largest: those of rank-deficient products are near 1e-16 */
static const double widths[] = {0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.95, 1, 1.05, 1.2, 1.5, 2, 3, 5, 8, WIDEST}; /* N/n */
enum { N_WIDTHS = sizeof widths / sizeof *widths, AT_N = 8 };

/* φ(x) = relu(W (x - x̄))/√N. With the training images' mean x̄ taken off every unit is active for about half of them. */
static wg_tensor *features(wg_tensor *x, wg_tensor *centre, wg_tensor *w)
{
    return wg_mul_scalar(wg_relu(wg_matmul(wg_sub(x, centre), w)), 1 / sqrt((double)wg_extent(w, 1)));
}

/* 1/(λ + ridge) for the eigenvalues that are not 0, else 0. */
static wg_tensor *inverses(wg_tensor *values, double ridge)
{
    wg_tensor *largest = wg_max(values);
    return wg_mul(wg_cast(wg_gt(values, wg_mul_scalar(largest, tolerance)), WG_F64), wg_reciprocal(wg_add_scalar(values, ridge)));
}

struct errors {
    double train, test, wrong; /* mean squared errors, and the share of new images that are classified wrongly */
};

/* x and y are f64, y one-hot. */
static struct errors fit(const struct image_part *train, const struct image_part *test, int64_t n_units, double ridge,
                         uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, (uint64_t)n_units), *values, *vectors;
    struct errors errors = {NAN, NAN, NAN};
    WG_TAPE(tape);
    wg_tensor *w = wg_normal(generator, WG_F64, WG_SHAPE(wg_extent(train->x, 1), n_units), 0, 1);
    wg_tensor *centre = wg_mean(train->x, .axis = 0);
    wg_tensor *phi = features(train->x, centre, w), *back = wg_transpose(phi, 0, 1);
    if (wg_eigh(wg_matmul(phi, back), &values, &vectors) == WG_OK) {
        wg_tensor *spectral = wg_mul(wg_unsqueeze(inverses(values, ridge), 1), wg_matmul(wg_transpose(vectors, 0, 1), train->y));
        wg_tensor *a = wg_matmul(back, wg_matmul(vectors, spectral));
        wg_tensor *answer = wg_matmul(features(test->x, centre, w), a);
        errors.train = wg_item(wg_mean(wg_square(wg_sub(wg_matmul(phi, a), train->y))));
        errors.test = wg_item(wg_mean(wg_square(wg_sub(answer, test->y))));
        errors.wrong = wg_item(wg_mean(wg_cast(wg_ne(wg_argmax(answer, .axis = 1), wg_argmax(test->y, .axis = 1)), WG_F64)));
    }
    wg_free(generator);
    return errors;
}

/* The first rows of a part in f64, with one-hot classes. */
static struct image_part in_doubles(const struct image_part *part, int64_t rows, int64_t classes)
{
    struct image_part some = image_part_rows(part, 0, rows);
    struct image_part result = {wg_cast(some.x, WG_F64), wg_one_hot(some.y, classes, WG_F64)};
    image_part_free(&some);
    return result;
}

/* Control: a ridge. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    if (!images_read(&images, run, 1000))
        return false;
    struct image_part train = in_doubles(&images.train, IMAGES, images.classes);
    struct image_part test = in_doubles(&images.test, wg_extent(images.test.y, 0), images.classes);
    const int n_seeds = run->quick ? 1 : MAX_SEEDS;
    double mean[N_WIDTHS], first = INFINITY, worst_fit = 0;
    bool good = train.y && test.y && study_row(run, "ratio,units,seed,train,test,wrong");
    for (int i = 0; i < N_WIDTHS; i++) {
        double logarithms[MAX_SEEDS] = {0};
        for (int k = 0; k < n_seeds && good; k++) {
            const int64_t units = (int64_t)round(widths[i] * IMAGES);
            const struct errors e = fit(&train, &test, units, run->control ? 1e-2 : 0, run->seed + (uint64_t)k);
            logarithms[k] = log(e.test);
            worst_fit = i > AT_N ? fmax(worst_fit, e.train) : 0;
            good = !isnan(e.wrong) &&
                   study_row(run, "%g,%lld,%d,%.6g,%.6g,%.6g", widths[i], (long long)units, k, e.train, e.test, e.wrong);
        }
        mean[i] = exp(study_mean(logarithms, n_seeds));
    }
    for (int i = 0; i < AT_N; i++)
        first = fmin(first, mean[i]);
    if (good) {
        study_claim(run, worst_fit < 1e-10, "with more units than images all targets are met: the largest training error is %.1e",
                    worst_fit);
        study_claim(run, mean[N_WIDTHS - 1] < first,
                    "the second descent ends lower than the first: %.4g, against %.4g at best for N < n", mean[N_WIDTHS - 1],
                    first);
        study_decide(
            run, mean[AT_N] > 10 * mean[N_WIDTHS - 1],
            "on %s: with N random features and n = %d images the squared error on new images peaks at N = n: %.3g there, more than "
            "ten times the %.3g at N = %dn",
            images.name, IMAGES, mean[AT_N], mean[N_WIDTHS - 1], WIDEST);
    }
    image_part_free(&train);
    image_part_free(&test);
    images_free(&images);
    return good;
}

const struct study study_double_descent = {.name = "double_descent", .images = true, .control = "a ridge of 0.01", .run = run};
