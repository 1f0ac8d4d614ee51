/* Batch normalisation against noise. If batch norm helped because it keeps the distribution of a layer's inputs as it is, undoing that should
   undo the help. After each batch norm, Gaussian noise is added whose mean is not 0 and whose deviation is not 1, both drawn anew for each unit at each
   step: now the units' means move more in a step than without any normalisation. And the network is as accurate as before.

   The experiment is that of Santurkar, Tsipras, Ilyas, Madry, How does batch normalization help optimization? (2018), in A. Risteski, Advanced
   optimization (CMU 10707, 2021). */
#include <math.h>

#include "norm_net.h"

enum { SEEDS = 5, STEPS = 600, QUICK_STEPS = 150, EVERY = 20, HIDDEN = 4, WIDTH = 128, MIDDLE = 2 };
enum way { PLAIN, NORMALISED, NOISY, WAYS };
static const char *const names[WAYS] = {"plain", "batch norm", "batch norm and noise"};

/* How far the means of the middle layer's units, before their activation, move in a step, in their standard deviations; the mean over units. */
static double shift_of(const double mean[2][WIDTH], const double deviation[WIDTH])
{
    double sum = 0;
    for (int u = 0; u < WIDTH; u++)
        sum += fabs(mean[1][u] - mean[0][u]) / deviation[u] / WIDTH;
    return sum;
}

/* The test accuracy after training, and the mean shift along it. Control: the noise is 20 times as strong. */
static bool train(struct study_run *run, const struct images *images, enum way way, uint64_t seed, double *accuracy, double *shift)
{
    const double noise = way != NOISY ? 0 : run->control ? 20 : 1;
    const struct norm_net_kind kind = {WG_ACTIVATION_RELU, way != PLAIN, noise, HIDDEN, WIDTH, WG_INIT_KAIMING_NORMAL};
    wg_nn_module *net = norm_net(images, &kind, seed);
    wg_batches *batches = wg_batches_create(images->train.x, images->train.y, .size = 64, .drop_last = true, .seed = seed);
    wg_optim *sgd = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1);
    const int steps = run->quick ? QUICK_STEPS : STEPS;
    bool good = batches && sgd && wg_seed(seed, 0) == WG_OK; /* of the noise */
    *shift = 0;
    for (int step = 0; step <= steps && good; step++) {
        double mean[2][WIDTH], deviation[WIDTH], after[WIDTH];
        const bool measured = step % EVERY == 0;
        const size_t before = norm_net_before_activation(&kind, MIDDLE);
        good = (!measured || norm_net_moments(net, before, images->train.x, WIDTH, mean[0], deviation)) &&
               norm_net_step(net, sgd, batches) &&
               (!measured || norm_net_moments(net, before, images->train.x, WIDTH, mean[1], after));
        if (!measured || !good)
            continue;
        const double moved = shift_of(mean, deviation);
        *shift += moved / (1 + steps / EVERY);
        good = study_row(run, "%s,%d,%.5g,%.5g", names[way], step, moved, norm_net_accuracy(net, &images->test));
    }
    *accuracy = good ? norm_net_accuracy(net, &images->test) : (double)NAN;
    wg_optim_destroy(sgd), wg_batches_destroy(batches), wg_nn_destroy(net);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    const int seeds = run->quick ? 1 : SEEDS;
    double accuracy[WAYS][SEEDS], shift[WAYS][SEEDS];
    bool good = images_read(&images, run, 5000) && study_row(run, "net,step,shift,accuracy");
    for (int i = 0; i < seeds * WAYS && good; i++)
        good = train(run, &images, (enum way)(i % WAYS), run->seed * 16 + (uint64_t)(i / WAYS), &accuracy[i % WAYS][i / WAYS],
                     &shift[i % WAYS][i / WAYS]);
    images_free(&images);
    if (!good)
        return false;
    double mean[WAYS], moved[WAYS];
    for (int way = 0; way < WAYS; way++) {
        mean[way] = study_mean(accuracy[way], seeds), moved[way] = study_mean(shift[way], seeds);
        printf("%s: test accuracy %.4f ± %.4f, shift a step %.2g\n", names[way], mean[way], study_deviation(accuracy[way], seeds),
               moved[way]);
    }
    const char *data = images.name;
    if (run->quick)
        study_reduced(
            run, fabs(mean[NOISY] - mean[NORMALISED]) <= 0.08 && moved[NOISY] > 100 * moved[NORMALISED],
            "%s, 1 seed, 150 steps: noise after batch norm "
            "moves the units' means %.2f deviations a step, above 100 times %.2g without it; accuracy %.3f and %.3f, within 0.08",
            data, moved[NOISY], moved[NORMALISED], mean[NOISY], mean[NORMALISED]);
    else
        study_decide(
            run, fabs(mean[NOISY] - mean[NORMALISED]) <= 0.01 && moved[NOISY] > moved[PLAIN],
            "%s, 5 seeds: noise after batch norm moves the units' means %.2f "
            "deviations a step, more than without batch norm, %.2f, and test accuracy is %.4f, without noise %.4f: within 0.01",
            data, moved[NOISY], moved[PLAIN], mean[NOISY], mean[NORMALISED]);
    return true;
}

const struct study study_bn_noise = {.name = "bn_noise", .control = "noise 20 times as strong", .run = run};
