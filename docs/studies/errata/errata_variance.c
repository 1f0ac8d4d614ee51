/* Two misprints about moments, on which rules for initial weights rest.

   E ReLU(z) for z ~ N(0, s²) is printed as 0 (J. Sun, Training DNNs: Basic Methods, Minnesota, 2020). It is s/√(2π) = 0.399 s. The ½ that
   Kaiming's rule needs is the second moment, E ReLU(z)² = s²/2, and no variance: the mean is not 0.

   Var Σ wᵢxᵢ for independent xᵢ of variance 1 is printed as √(Σ wᵢ²) (A. Risteski, Deep Learning 10707, Carnegie Mellon, 2021, lecture 6).
   It is Σ wᵢ²; the root is the standard deviation. Both are equal at Σ wᵢ² = 1 alone. */
#include "../study.h"

#include <math.h>

enum { SAMPLES = 100000, INPUTS = 8, SIZES = 6 };
static const double sizes[SIZES] = {0.25, 0.5, 1, 2, 3, 4}; /* s, and √(Σ wᵢ²) */

struct moments {
    double mean, second, variance; /* of ReLU(z), of its square, of Σ wᵢxᵢ */
};

/* z ~ N(0, size²), and weights in a random direction whose norm is size. */
static bool measure(wg_tensor *generator, double size, struct moments *m)
{
    WG_TAPE(tape);
    wg_tensor *y = wg_relu(wg_normal(generator, WG_F64, WG_SHAPE(SAMPLES), 0, size));
    wg_tensor *direction = wg_normal(generator, WG_F64, WG_SHAPE(1, INPUTS), 0, 1);
    wg_tensor *w = wg_mul_scalar(wg_div(direction, wg_norm2(direction)), size);
    wg_tensor *sum = wg_linear(wg_normal(generator, WG_F64, WG_SHAPE(SAMPLES, INPUTS), 0, 1), w, WG_NONE);
    *m = (struct moments){wg_item(wg_mean(y)), wg_item(wg_mean(wg_square(y))), wg_item(wg_var(sum))};
    return !isnan(m->mean + m->second + m->variance);
}

/* Control: the printed mean, 0, and the printed variance, the root. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_tensor *generator = wg_generator(run->seed, 0);
    double off_mean = 0, off_second = 0, off_variance = 0, printed = 0;
    bool good = generator && study_row(run, "size,mean,second,variance");
    for (int i = 0; i < SIZES && good; i++) {
        struct moments m;
        const double s = sizes[i], mean = run->control ? 0 : s / sqrt(2 * M_PI), variance = run->control ? s : s * s;
        good = measure(generator, s, &m) && study_row(run, "%g,%.9g,%.9g,%.9g", s, m.mean, m.second, m.variance);
        off_mean = fmax(off_mean, fabs(m.mean - mean) / s);
        off_second = fmax(off_second, fabs(m.second - s * s / 2) / (s * s));
        off_variance = fmax(off_variance, fabs(m.variance / variance - 1));
        printed = fmax(printed, fabs(m.variance / s - 1));
    }
    wg_free(generator);
    if (!good)
        return false;
    study_claim(run, off_second < 0.02, "E ReLU(z)² is s²/2 within %.4f s² of 0.02 s²", off_second);
    study_claim(run, printed > 2, "E5, printed: the variance of Σ wᵢxᵢ is off √(Σ wᵢ²) by a factor of up to %.2f", printed + 1);
    study_decide(
        run, off_mean < 0.01 && off_variance < 0.03,
        "of %d samples, s from 1/4 to 4: E ReLU(z) is the stated one within %.4f s (0.01: five standard errors), Var Σ wᵢxᵢ "
        "within %.2g %% (3 %%: six)",
        SAMPLES, off_mean, 100 * off_variance);
    return true;
}

const struct study study_errata_variance = {
    .name = "errata_variance", .control = "the printed mean 0 and the printed variance √(Σ wᵢ²)", .run = run};
