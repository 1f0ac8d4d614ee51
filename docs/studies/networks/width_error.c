/* More hidden units than the training images need do no harm. Networks with one hidden layer of H units are trained until the loss is
   nearly 0, without regularisation. The training error is 0 from some width on; by the count of parameters the error on new images should
   rise from there. It falls on.

   The experiment is that of B. Neyshabur, R. Tomioka and N. Srebro, In search of the real inductive bias (2015), figure 1, which V. Cevher,
   Mathematics of Data (EPFL, 2019), lecture 7, takes up. */
#include "training.h"

#include <math.h>
#include <string.h>

enum { BATCH = 64, MAX_SEEDS = 5, N_WIDTHS = 11, EIGHT = 4 };
static const int64_t widths[N_WIDTHS] = {1, 2, 4, 6, 8, 12, 16, 32, 64, 256, 1024};

/* Control: all hidden units begin as copies of the first one. Their gradients are equal, so they stay copies. */
static bool copy_units(wg_nn_module *net, int64_t width, int64_t inputs, int64_t outputs)
{
    float *in = wg_data_mut_as(wg_nn_parameter(net, "0.weight"), float),
          *bias = wg_data_mut_as(wg_nn_parameter(net, "0.bias"), float);
    float *out = wg_data_mut_as(wg_nn_parameter(net, "2.weight"), float);
    for (int64_t h = 1; in && bias && out && h < width; h++) {
        memcpy(in + h * inputs, in, (size_t)inputs * sizeof *in);
        bias[h] = bias[0];
        for (int64_t o = 0; o < outputs; o++)
            out[o * width + h] = out[o * width];
    }
    return in && bias && out;
}

static bool fit(struct study_run *run, const struct images *images, int64_t width, uint64_t seed, double *train, double *test)
{
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(images->pixels, width, images->classes), .seed = seed);
    bool good = net && (!run->control || copy_units(net, width, images->pixels, images->classes));
    wg_optim *adam = good ? wg_optim_adam(wg_nn_parameters(net), .lr = rate_for(images, 0.01)) : NULL;
    const int64_t steps = (run->quick ? 40 : 200) * (wg_extent(images->train.y, 0) / BATCH);
    wg_lr *cosine = wg_lr_cosine(.steps = steps);
    struct trainer trainer = {apply_module, net, &images->train, adam, cosine, BATCH, .seed = seed};
    good = cosine && trainer_run(&trainer, steps);
    const struct score fitted = score_of(apply_module, net, &images->train), new = score_of(apply_module, net, &images->test);
    *train = 1 - fitted.accuracy;
    *test = 1 - new.accuracy;
    trainer_end(&trainer);
    wg_lr_destroy(cosine);
    wg_optim_destroy(adam);
    wg_nn_destroy(net);
    return good && study_row(run, "%lld,%llu,%.6g,%.6g,%.6g,%.6g", (long long)width, (unsigned long long)seed, *train, *test,
                             fitted.loss, new.loss);
}

/* Compares the widest with a narrow one: the first width at which all runs fit all images, or, in a quick run, which is too short for
   that, with 8 units. */
static void judge(struct study_run *run, const struct images *images, double train[][MAX_SEEDS], double test[][MAX_SEEDS],
                  int n_seeds)
{
    int narrow = run->quick ? EIGHT : 0;
    while (!run->quick && narrow < N_WIDTHS - 1 && study_mean(train[narrow], n_seeds) > 0)
        narrow++;
    const double wide = study_mean(test[N_WIDTHS - 1], n_seeds), other = study_mean(test[narrow], n_seeds);
    (run->quick ? study_reduced : study_decide)(
        run, wide < 0.85 * other,
        "on %s: networks of %lld hidden units are wrong on %.2f ± %.2f %% of new images, below 0.85 times the %.2f ± %.2f %% of %lld "
        "units%s (seeds: %d, mean ± sd)",
        images->name, (long long)widths[N_WIDTHS - 1], 100 * wide, 100 * study_deviation(test[N_WIDTHS - 1], n_seeds), 100 * other,
        100 * study_deviation(test[narrow], n_seeds), (long long)widths[narrow],
        run->quick ? "" : ", the fewest that fit all training images", n_seeds);
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    const int n_seeds = run->quick ? 2 : MAX_SEEDS;
    double train[N_WIDTHS][MAX_SEEDS], test[N_WIDTHS][MAX_SEEDS];
    bool good = images_read(&images, run, run->quick ? 1000 : 10000) &&
                study_row(run, "width,seed,train,test,train_loss,test_loss");
    for (int i = 0; i < N_WIDTHS; i++)
        for (int k = 0; k < n_seeds && good; k++)
            good = fit(run, &images, widths[i], run->seed + (uint64_t)k, &train[i][k], &test[i][k]);
    if (good)
        judge(run, &images, train, test, n_seeds);
    images_free(&images);
    return good;
}

const struct study study_width_error = {
    .name = "width_error", .images = true, .control = "hidden units that begin as copies of one", .run = run};
