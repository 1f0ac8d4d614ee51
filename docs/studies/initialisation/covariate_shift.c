/* Internal covariate shift: the first explanation of batch normalisation (Ioffe, Szegedy, 2015) says that a layer's inputs change their distribution
   while the layers below are trained, and that batch norm stops it. Two measures of it, for the middle layer of a network with and without
   batch norm:

       of values     by how many of its standard deviations the mean of a unit's input to the activation moves in a step, the mean over units;
       of gradients  |G - G'|/|G|, where G is the gradient of the layer's weights, and G' the same after the layers below have made their step.
                     It is what the shift does to training (Santurkar, Tsipras, Ilyas, Madry, 2018).

   Both on the whole training set. The question is that of A. Risteski, Advanced optimization (CMU 10707, 2021). */
#include <math.h>

#include "norm_net.h"

enum { SEEDS = 5, STEPS = 300, EVERY = 10, HIDDEN = 4, WIDTH = 32, MIDDLE = 2 };

struct net {
    wg_nn_module *module;
    size_t layer_params, before_activation; /* parameters of a hidden layer; children before the middle layer's activation */
    const struct images *images;
};

/* ∂L/∂W of the middle layer with these parameters. */
static wg_tensor *middle_gradient(const struct net *net, wg_tensor *const *params, size_t n)
{
    wg_tensor *logits = wg_nn_apply_with(net->module, (wg_tensor_list){n, params, NULL}, net->images->train.x);
    return wg_grad(wg_cross_entropy(logits, net->images->train.y), params[MIDDLE * net->layer_params]);
}

/* A step, and what it shifts. */
static bool measured_step(const struct net *net, wg_optim *sgd, wg_batches *batches, double *values, double *gradients)
{
    WG_TAPE(tape);
    const wg_tensor_list params = wg_nn_parameters(net->module);
    wg_tensor *before[64];
    double mean[2][WIDTH], deviation[2][WIDTH];
    bool good = norm_net_moments(net->module, net->before_activation, net->images->train.x, WIDTH, mean[0], deviation[0]);
    for (size_t i = 0; i < params.n && good; i++)
        good = (before[i] = wg_set_requires_grad(wg_detach(wg_copy(wg_detach(params.tensor[i]))), true)) != NULL;
    wg_tensor *g = good ? middle_gradient(net, before, params.n) : NULL;
    if (!g || !norm_net_step(net->module, sgd, batches) ||
        !norm_net_moments(net->module, net->before_activation, net->images->train.x, WIDTH, mean[1], deviation[1]))
        return false;
    for (size_t i = 0; i < MIDDLE * net->layer_params; i++)
        before[i] = wg_detach(params.tensor[i]);
    wg_tensor *after = middle_gradient(net, before, params.n);
    *gradients = wg_item(wg_norm(wg_sub(after, g))) / wg_item(wg_norm(g));
    *values = 0;
    for (int u = 0; u < WIDTH; u++)
        *values += fabs(mean[1][u] - mean[0][u]) / deviation[0][u] / WIDTH;
    return after != NULL;
}

/* The means over training of both measures. Control: both networks are plain. */
static bool train(struct study_run *run, const struct images *images, bool normalised, double rate, uint64_t seed, double shift[2])
{
    const struct norm_net_kind kind = {WG_ACTIVATION_RELU, normalised && !run->control, 0, HIDDEN, WIDTH, WG_INIT_KAIMING_NORMAL};
    const struct net net = {norm_net(images, &kind, seed), kind.batch_norm ? 4 : 2, norm_net_before_activation(&kind, MIDDLE),
                            images};
    wg_batches *batches = wg_batches_create(images->train.x, images->train.y, .size = 64, .drop_last = true, .seed = seed);
    wg_optim *sgd = wg_optim_sgd(wg_nn_parameters(net.module), .lr = rate);
    bool good = batches && sgd;
    int n = 0;
    shift[0] = shift[1] = 0;
    for (int step = 0; step <= STEPS && good; step++) {
        double values = 0, gradients = 0;
        if (step % EVERY != 0) {
            good = norm_net_step(net.module, sgd, batches);
            continue;
        }
        good = measured_step(&net, sgd, batches, &values, &gradients) &&
               study_row(run, "%s,%g,%d,%.5g,%.5g", normalised ? "batch norm" : "plain", rate, step, values, gradients);
        shift[0] += values, shift[1] += gradients, n++;
    }
    shift[0] /= n, shift[1] /= n;
    wg_optim_destroy(sgd), wg_batches_destroy(batches), wg_nn_destroy(net.module);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    double gradients[2][SEEDS], least = (double)INFINITY; /* shifts without batch norm over those with it, by rate */
    bool good = images_read(&images, run, 5000) && study_row(run, "net,rate,step,values,gradients");
    for (int i = 0; i < 2 * SEEDS && good; i++) {
        const double rate = i < SEEDS ? 0.1 : 0.01;
        const uint64_t seed = run->seed * 16 + (uint64_t)(i % SEEDS);
        double plain[2], normalised[2] = {1, 1};
        good = train(run, &images, false, rate, seed, plain) && train(run, &images, true, rate, seed, normalised);
        printf("rate %g, seed %d: shift of values a step %.2g without, %.2g with batch norm; of gradients %.3f, %.3f\n", rate,
               i % SEEDS + 1, plain[0], normalised[0], plain[1], normalised[1]);
        gradients[i / SEEDS][i % SEEDS] = plain[1] / normalised[1];
        least = fmin(least, plain[0] / normalised[0]);
    }
    images_free(&images);
    if (!good)
        return false;
    const double high = study_mean(gradients[0], SEEDS), low = study_mean(gradients[1], SEEDS);
    study_decide(
        run, least >= 20 && high > 1.5 && low < 1.2,
        "%s, 5 seeds: batch norm lessens a step's shift of the units' means (≥ 20 times in each run), but that of a layer's "
        "gradient only at the rate 0.1: %.1f ± %.1f times (> 1.5); at 0.01 %.2f ± %.2f (< 1.2)",
        images.name, high, study_deviation(gradients[0], SEEDS), low, study_deviation(gradients[1], SEEDS));
    return true;
}

const struct study study_covariate_shift = {
    .name = "covariate_shift", .control = "batch norm left out of both networks", .run = run};
