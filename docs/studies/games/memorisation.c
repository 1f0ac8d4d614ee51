/* Memorisation. A GAN sees n points, again and again. If n is small the critic can know each of them, and the best generator repeats them: its samples are near the
   training points, and not near other points of the same distribution. Compare the distance of a sample to the nearest of the n training
   points with that to the nearest of n points that were held out, as a mean over 20 such sets. By the distribution itself both are alike, and the ratio of the means is 1.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019). */
#include "../study.h"

#include <math.h>

#include "plane_gan.h"

enum { SAMPLES = 1000, SIZES = 4, MAX_SEEDS = 5, HELD = 20 };
static const int size[SIZES] = {16, 32, 64, 256};

/* The mean distance of the samples to the nearest of n points; of rows `from` … of points. */
static double distance_to(wg_tensor *samples, wg_tensor *points, int from, int n)
{
    WG_TAPE(tape);
    wg_tensor *distances;
    if (wg_gan_nearest(samples, wg_slice(points, 0, from, from + n, 1), &distances, NULL) != WG_OK)
        return (double)NAN;
    return wg_item(wg_mean(distances));
}

/* Control: the batches are drawn anew from the distribution, whatever n. */
static bool measure(struct study_run *run, int n, int seed, double *ratio)
{
    struct plane_gan gan = {
        .objective = WG_GAN_NON_SATURATING, .sigma = 0.2, .rate = 0.003, .steps = 2500, .seed = 10 * run->seed + (uint64_t)seed};
    wg_tensor *draws = wg_generator(gan.seed, 0), *centres = plane_ring();
    wg_tensor *seen = wg_gan_mixture(draws, n, centres, gan.sigma), *held = wg_gan_mixture(draws, HELD * n, centres, gan.sigma);
    gan.data = run->control ? NULL : seen;
    wg_tensor *samples = seen && held ? plane_gan_samples(&gan, SAMPLES) : NULL;
    double other = 0;
    for (int k = 0; k < HELD && samples; k++)
        other += distance_to(samples, held, k * n, n) / HELD;
    *ratio = samples ? distance_to(samples, seen, 0, n) / other : (double)NAN;
    bool good = !isnan(*ratio);
    for (int i = 0; i < 4 && good && n == 16 && seed == 1; i++) {
        wg_tensor *const points[] = {samples, seen, held};
        const char *const part[] = {"samples", "seen", "held"};
        good = i == 3 || study_table(run, part[i], "x1,x2");
        for (int k = 0; i < 3 && k < (i == 0 ? 150 : n) && good; k++)
            good = study_row(run, "%.3f,%.3f", (double)wg_data_as(points[i], float)[2 * k],
                             (double)wg_data_as(points[i], float)[2 * k + 1]);
    }
    wg_tensor *const all[] = {draws, centres, seen, held, samples};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const int seeds = run->quick ? 2 : MAX_SEEDS, sizes = run->quick ? 1 : SIZES;
    double ratio[SIZES][MAX_SEEDS];
    bool good = true;
    for (int i = 0; i < sizes; i++)
        for (int s = 0; s < seeds && good; s++)
            good = measure(run, size[i], s + 1, &ratio[i][s]);
    good = good && study_table(run, "memorisation", "n,seed,ratio");
    for (int i = 0; i < sizes; i++)
        for (int s = 0; s < seeds && good; s++)
            good = study_row(run, "%d,%d,%.4f", size[i], s + 1, ratio[i][s]);
    if (!good)
        return false;
    const double few = study_mean(ratio[0], seeds);
    if (run->quick) {
        study_reduced(run, few < 0.65,
                      "a GAN of 16 points, 2 seeds: samples are %.2f times as far from training points as from others, below 0.65",
                      few);
        return true;
    }
    const double many = study_mean(ratio[SIZES - 1], seeds);
    study_claim(run, many > 0.8, "a GAN of 256 points: %.2f ± %.2f times, above 0.8", many,
                study_deviation(ratio[SIZES - 1], seeds));
    study_decide(
        run, few + study_deviation(ratio[0], seeds) < 0.65,
        "a GAN that sees 16 points, %d seeds: its samples are %.2f ± %.2f times as far from them as from 16 others, below 0.65 expected (1: it has not "
        "memorised them); with 256 points %.2f",
        seeds, few, study_deviation(ratio[0], seeds), many);
    return true;
}

const struct study study_memorisation = {.name = "memorisation", .control = "batches drawn anew instead of 16 points", .run = run};
