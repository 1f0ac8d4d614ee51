/* Eleven convolutional layers against three fully connected ones, with about as many parameters each, on handwritten digits. A
   convolution uses the same few weights at every place of the image; a stroke has the same features wherever it is, where a fully
   connected layer has to learn each place anew. The price is arithmetic: each weight is used at every place.

   The comparison of such networks is that of W. Gerstner, Artificial Neural Networks (EPFL), Deep Nets 3. */
#include "../networks/images.h"

#include <math.h>

enum { TRAIN = 1400, ALL = 1797, MAX_SEEDS = 10, CHANNELS = 8, MAX_EPOCHS = 20 };

/* A 3 × 3 convolution of CHANNELS channels with batch normalisation and ReLU. */
static wg_nn_module *convolution(int64_t in, int64_t stride, wg_tensor *g)
{
    return wg_nn_sequential(wg_nn_conv2d(in, CHANNELS, 3, .padding = WG_PAIR(1, 1), .stride = WG_PAIR(stride, stride),
                                         .init = WG_INIT_KAIMING_NORMAL, .generator = g),
                            wg_nn_batch_norm(CHANNELS), wg_nn_relu());
}

/* A linear layer with the same. */
static wg_nn_module *dense(int64_t in, int64_t out, wg_tensor *g)
{
    return wg_nn_sequential(wg_nn_linear(in, out, .init = WG_INIT_KAIMING_NORMAL, .generator = g), wg_nn_batch_norm(out),
                            wg_nn_relu());
}

/* Ten convolutions on 8 × 8, 4 × 4 and 2 × 2 pixels, and a linear layer; or 64, 57, 32, 10 units. */
static wg_nn_module *make(bool conv, uint64_t seed)
{
    wg_tensor *g = wg_generator(seed, WG_STREAM_INIT);
    wg_nn_module *layer[12] = {0};
    for (int l = 0; l < 10 && conv; l++)
        layer[l] = convolution(l ? CHANNELS : 1, l == 3 || l == 7 ? 2 : 1, g);
    layer[10] = conv ? wg_nn_flatten() : NULL;
    layer[11] = conv ? wg_nn_linear((int64_t)CHANNELS * 4, 10, .generator = g) : NULL;
    wg_nn_module *net = conv ? wg_nn_sequential_with(layer, 12)
                             : wg_nn_sequential(wg_nn_flatten(), dense(64, 57, g), dense(57, 32, g),
                                                wg_nn_linear(32, 10, .generator = g));
    wg_free(g);
    return net;
}

struct digits {
    struct image_part train, test;
};

/* % of the test digits, moved to the right by so many pixels; NaN if something failed. */
static double accuracy(const wg_nn_module *net, const struct digits *d, int64_t by)
{
    WG_TAPE(tape);
    WG_NO_GRAD;
    WG_EVAL_MODE;
    wg_tensor *moved = wg_pad(wg_slice(d->test.x, 3, 0, 8 - by, 1), WG_SIZES(0, 0, 0, by), WG_SIZES(0, 0, 0, 0), 0);
    return 100 * wg_item(wg_mean(wg_cast(wg_eq(wg_argmax(wg_nn_apply(net, moved), .axis = 1), d->test.y), WG_F64)));
}

static wg_tensor *loss(wg_tensor *x, wg_tensor *y, void *net)
{
    return wg_cross_entropy(wg_nn_apply(net, x), y);
}

/* Trains a network: right[0], right[1]: of the test digits, as they are and moved by a pixel; parameters and operations an image. */
static bool measure(const struct digits *d, bool conv, uint64_t seed, int epochs, double *right, double *parameters,
                    double *operations)
{
    wg_nn_module *net = make(conv, seed);
    const wg_tensor_list p = net ? wg_nn_parameters(net) : (wg_tensor_list){0};
    wg_optim *adam = net ? wg_optim_adam(p, .lr = 0.01) : NULL;
    wg_batches *batches = wg_batches_create(d->train.x, d->train.y, .size = 50, .seed = seed);
    wg_lr *cosine = wg_lr_cosine(.steps = epochs * TRAIN / 50); /* the rate falls to 0 */
    const bool good = adam && batches && cosine &&
                      wg_train(net, adam, batches, loss, net, .epochs = epochs, .schedule = cosine) == WG_OK;
    *parameters = 0;
    for (size_t i = 0; i < p.n; i++)
        *parameters += (double)wg_numel(p.tensor[i]);
    {
        WG_TAPE(tape);
        WG_EVAL_MODE;
        wg_cost_table *cost = good && wg_nn_apply(net, d->test.x) ? wg_cost_of(tape) : NULL;
        *operations = cost ? wg_cost_operations(cost->section[0].sum[WG_COST_FORWARD].cost) / (ALL - TRAIN) : (double)NAN;
        wg_cost_destroy(cost);
    }
    right[0] = good ? accuracy(net, d, 0) : (double)NAN, right[1] = good ? accuracy(net, d, 1) : (double)NAN;
    wg_lr_destroy(cosine);
    wg_batches_destroy(batches);
    wg_optim_destroy(adam);
    wg_nn_destroy(net);
    return good && !isnan(right[0] + right[1] + *operations);
}

/* Control: three fully connected layers in the place of the convolutions. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const int seeds = run->quick ? 1 : MAX_SEEDS, epochs = run->quick ? 8 : MAX_EPOCHS;
    double right[2][MAX_SEEDS], moved[2][MAX_SEEDS], parameters[2], operations[2], pair[2];
    struct digits d = {0};
    bool good = digits_split(TRAIN, false, &d.train, &d.test) && study_row(run, "network,seed,right,moved,parameters,operations");
    for (int conv = 0; conv < 2 && good; conv++)
        for (int s = 0; s < seeds && good; s++) {
            good = measure(&d, conv && !run->control, run->seed + 100 * (uint64_t)s, epochs, pair, &parameters[conv],
                           &operations[conv]) &&
                   study_row(run, "%d,%d,%.4g,%.4g,%g,%g", conv, s, pair[0], pair[1], parameters[conv], operations[conv]);
            right[conv][s] = pair[0], moved[conv][s] = pair[1];
        }
    image_part_free(&d.train), image_part_free(&d.test);
    if (!good)
        return false;
    const double mean[2] = {study_mean(right[0], seeds), study_mean(right[1], seeds)}, gain = mean[1] - mean[0];
    study_claim(run, parameters[1] <= parameters[0],
                "parameters: convolutions %.0f, fully connected layers %.0f; operations an image: "
                "%.0f and %.0f",
                parameters[1], parameters[0], operations[1], operations[0]);
    study_claim(run, study_mean(moved[1], seeds) < mean[1] - 15,
                "moved by a pixel, %.1f %% are right by the convolutions, %.1f %% by the "
                "others: depth alone makes no invariance",
                study_mean(moved[1], seeds), study_mean(moved[0], seeds));
    const double spread[2] = {study_deviation(right[0], seeds), study_deviation(right[1], seeds)};
    const double error = sqrt((spread[0] * spread[0] + spread[1] * spread[1]) / seeds);
    if (run->quick)
        study_reduced(
            run, fmin(mean[0], mean[1]) > 85 && operations[1] > 10 * operations[0],
            "one seed, %d epochs: with as many parameters and %.0f times the operations eleven convolutional layers learn digits "
            "as three fully connected ones do: %.1f and %.1f %%, above 85",
            epochs, operations[1] / operations[0], mean[1], mean[0]);
    else
        study_decide(
            run, gain > 2 * error,
            "digits, %d seeds, as many parameters, batch norm in both: eleven convolutional layers have %.1f ± %.1f %% right, three "
            "fully connected ones %.1f ± %.1f %%; more by over two standard errors, %.1f points",
            seeds, mean[1], spread[1], mean[0], spread[0], 2 * error);
    return true;
}

const struct study study_conv_against_dense = {
    .name = "conv_against_dense", .control = "fully connected layers in the place of the convolutions", .run = run};
