/* Mode collapse. The data are eight narrow Gaussians on a circle. A generator that makes good samples of a few of them, and none of the others, is not told so by
   a critic that judges one sample at a time. With the minimax loss and a fast rate this happens: where the critic is sure the generator's
   gradient is nearly 0, and what is left pulls all samples to where the critic is most wrong. Two remedies, here together: the penalty R1
   on the critic's slope, and noise on real and generated samples, wide at first, so that neighbouring modes overlap.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019); Metz, Poole, Pfau, Sohl-Dickstein: Unrolled generative adversarial
   networks, 2017, for the ring; Mescheder, Geiger, Nowozin, 2018; Sønderby and others, 2017. */
#include "../study.h"

#include "plane_gan.h"

enum { SAMPLES = 2000, SHOWN = 120, MAX_SEEDS = 8 };

/* How many of the eight modes have at least 20 of 2000 samples within 3 deviations. */
static bool count_modes(struct study_run *run, int seed, bool remedied, double *modes)
{
    const struct plane_gan gan = {.objective = WG_GAN_MINIMAX,
                                  .sigma = 0.03,
                                  .r1 = remedied && !run->control ? 0.1 : 0,
                                  .noise = remedied && !run->control ? 0.5 : 0,
                                  .rate = 0.01,
                                  .steps = 1500,
                                  .seed = 10 * run->seed + (uint64_t)seed};
    wg_tensor *samples = plane_gan_samples(&gan, SAMPLES), *centres = plane_ring();
    wg_gan_modes_result result;
    bool good = samples && centres && wg_gan_modes(samples, centres, gan.sigma, &result, .count_from = SAMPLES / 100) == WG_OK &&
                study_row(run, "%d,%d,%d,%.4f", seed, remedied, (int)result.modes, result.high_quality);
    if (good)
        *modes = (double)result.modes;
    const float *at = samples ? wg_data_as(samples, float) : NULL;
    if (seed == 2 && good)
        good = study_table(run, remedied ? "remedied" : "plain", "x1,x2");
    for (int i = 0; seed == 2 && i < SHOWN && good; i++)
        good = study_row(run, "%.3f,%.3f", (double)at[2 * i], (double)at[2 * i + 1]);
    wg_free(samples);
    wg_free(centres);
    return good;
}

/* Control: the remedies are left out. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const int seeds = run->quick ? 2 : MAX_SEEDS;
    double modes[2][MAX_SEEDS];
    bool good = true;
    for (int s = 1; s <= seeds && good; s++) /* the second seed's samples are tables of their own */
        good = count_modes(run, s, false, &modes[0][s - 1]) && count_modes(run, s, true, &modes[1][s - 1]);
    good = good && study_table(run, "mode_collapse", "seed,remedied,modes");
    for (int s = 0; s < seeds && good; s++)
        good = study_row(run, "%d,0,%g", s + 1, modes[0][s]) && study_row(run, "%d,1,%g", s + 1, modes[1][s]);
    if (!good)
        return false;
    const double plain = study_mean(modes[0], seeds), remedied = study_mean(modes[1], seeds);
#define TEXT "a ring of 8 modes, %d seeds: the minimax loss finds %.1f ± %.1f modes, with R1 and instance noise %.1f ± %.1f; "
    if (run->quick)
        study_reduced(run, remedied > plain, TEXT "more expected", seeds, plain, study_deviation(modes[0], seeds), remedied,
                      study_deviation(modes[1], seeds));
    else
        study_decide(run, remedied > 1.5 * plain, TEXT "more than 1.5 times as many expected", seeds, plain,
                     study_deviation(modes[0], seeds), remedied, study_deviation(modes[1], seeds));
    return true;
}

const struct study study_mode_collapse = {.name = "mode_collapse", .control = "both remedies left out", .run = run};
