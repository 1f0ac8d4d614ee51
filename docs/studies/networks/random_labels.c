/* A network fits labels that mean nothing. The classes of a share s of the training images are drawn at random, and a network with one
   hidden layer is trained until it gives every image its label. It comes to 100 % for every s, also for s = 1, where there is nothing to
   learn; only the error on new images tells the runs apart. So the networks that could be found by training are rich enough to hold any
   labels, and their number says nothing about why the network of s = 0 does well on new images.

   The experiment is that of C. Zhang, S. Bengio, M. Hardt, B. Recht and O. Vinyals, Understanding deep learning requires rethinking
   generalization (2017), figure 1, which is in V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7. */
#include "training.h"

#include <math.h>

enum { HIDDEN = 512, BATCH = 64, MAX_EPOCHS = 400, SHARES = 5, MAX_SEEDS = 3 };

static const double rate = 2e-3;
struct outcome {
    double train, test, epochs;
};

/* Trains on corrupted labels, with a row of the table for each epoch. Control: hidden units that are linear. */
static bool fit(struct study_run *run, const struct images *images, double share, uint64_t seed, struct outcome *outcome)
{
    struct image_part part = {images->train.x, corrupt_labels(images->train.y, images->classes, share, seed)};
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(images->pixels, HIDDEN, images->classes),
                                  .activation = run->control ? WG_ACTIVATION_IDENTITY : WG_ACTIVATION_RELU, .seed = seed);
    wg_optim *adam = wg_optim_adam(wg_nn_parameters(net), .lr = rate_for(images, rate));
    struct trainer trainer = {apply_module, net, &part, adam, .batch = BATCH, .seed = seed};
    const int64_t steps = wg_extent(part.x, 0) / BATCH;
    bool good = adam && part.y;
    *outcome = (struct outcome){0};
    for (int epoch = 1; good && outcome->train < 1 && epoch <= MAX_EPOCHS; epoch++) {
        good = trainer_run(&trainer, steps);
        const struct score score = score_of(apply_module, net, &part);
        outcome->train = score.accuracy;
        outcome->epochs = epoch;
        good = good &&
               study_row(run, "%g,%llu,%d,%.6g,%.6g", share, (unsigned long long)seed, epoch, score.loss, 1 - score.accuracy);
    }
    outcome->test = score_of(apply_module, net, &images->test).accuracy;
    trainer_end(&trainer);
    wg_optim_destroy(adam);
    wg_nn_destroy(net);
    wg_free(part.y);
    return good && !isnan(outcome->test);
}

/* A row of the second table: the error on new images, which is that of guessing where all labels are random. */
static bool summarise(struct study_run *run, double share, const struct outcome *outcome, int n, double *error)
{
    double test[MAX_SEEDS], epochs[MAX_SEEDS];
    for (int k = 0; k < n; k++) {
        test[k] = 1 - outcome[k].test;
        epochs[k] = outcome[k].epochs;
    }
    *error = study_mean(test, n);
    return study_row(run, "%g,%.6g,%.6g,%.6g,%.6g", share, *error, study_deviation(test, n), study_mean(epochs, n),
                     study_deviation(epochs, n));
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    struct outcome outcome[SHARES][MAX_SEEDS];
    const int n_seeds = run->quick ? 1 : MAX_SEEDS, stride = run->quick ? SHARES - 1 : 1;
    double lowest = 1, error[SHARES] = {0};
    bool good = images_read(&images, run, run->quick ? 1000 : 10000) && study_row(run, "share,seed,epoch,loss,error");
    for (int i = 0; i < SHARES; i += stride)
        for (int k = 0; k < n_seeds && good; k++) {
            good = fit(run, &images, i / (SHARES - 1.0), run->seed + (uint64_t)k, &outcome[i][k]);
            lowest = fmin(lowest, outcome[i][k].train);
        }
    good = good && study_table(run, "shares", "share,error,error_sd,epochs,epochs_sd");
    for (int i = 0; i < SHARES && good; i += stride)
        good = summarise(run, i / (SHARES - 1.0), outcome[i], n_seeds, &error[i]);
    if (good) {
        study_near(run, "with random labels the error on new images is that of guessing", error[SHARES - 1],
                   1 - 1.0 / (double)images.classes, 0.05);
        study_claim(run, error[0] < error[SHARES - 1] / 2, "with the true labels it is %.1f %%, less than half of that",
                    100 * error[0]);
        study_decide(
            run, lowest == 1,
            "on %s: a network of %d hidden units fits %lld labels, random ones and true ones; the lowest training accuracy of "
            "%d runs is %.1f %%, expected 100 %%",
            images.name, HIDDEN, (long long)wg_extent(images.train.y, 0), n_seeds * (run->quick ? 2 : SHARES), 100 * lowest);
    }
    images_free(&images);
    return good;
}

const struct study study_random_labels = {.name = "random_labels", .images = true, .control = "linear hidden units", .run = run};
