/* Why batch normalisation helps: it keeps activations out of saturation. tanh has a slope below 0.1 where |tanh z| > 0.95, that is |z| > 1.82. A unit that is
   there hardly learns. With batch norm before the activation z has the mean β and the deviation γ, at first 0 and 1, whatever the weights are: 7 % of
   a normal variable lie beyond 1.82.

   A network of tanh is trained from weights that are s times those of Xavier's rule. The claim is that of A. Risteski, Advanced optimization (CMU
   10707, 2021), after Ioffe, Szegedy (2015). */
#include <math.h>

#include "norm_net.h"

enum { SCALES = 5, STEPS = 200, EVERY = 20, HIDDEN = 4, WIDTH = 32 };
static const double scale[SCALES] = {0.25, 1, 4, 16, 64};

static wg_tensor *cross_entropy(wg_tensor *const *logits, size_t n, void *labels)
{
    (void)n;
    return wg_cross_entropy(logits[0], labels);
}

/* Multiplies the weights, not the biases nor batch norm's γ, which are vectors. */
static bool scale_weights(wg_nn_module *net, double by)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    WG_NO_GRAD;
    WG_TAPE(tape);
    for (size_t i = 0; i < params.n; i++)
        if (wg_rank(params.tensor[i]) == 2 && wg_assign(params.tensor[i], wg_mul_scalar(params.tensor[i], by)) != WG_OK)
            return false;
    return true;
}

/* The share of hidden units and rows with |tanh z| > 0.95. */
static double saturated(const wg_nn_module *net, const struct norm_net_kind *kind, const struct images *images)
{
    double share = 0;
    WG_TAPE(tape, .undo = true);
    wg_tensor *h = images->train.x, *threshold = wg_scalar(WG_F32, 0.95);
    for (int layer = 0, child = 0; layer < HIDDEN; layer++) {
        for (; child <= (int)norm_net_before_activation(kind, layer); child++)
            h = wg_nn_apply(wg_nn_child(net, (size_t)child), h);
        share += wg_item(wg_mean(wg_cast(wg_gt(wg_abs(h), threshold), WG_F64))) / HIDDEN;
    }
    return share;
}

/* The gradient at the first hidden layer over that at the last, root mean squares. */
static double gradient_ratio(const wg_nn_module *net, const struct norm_net_kind *kind, const struct images *images)
{
    wg_tensor *table = wg_study_signals(net, images->train.x, cross_entropy, images->train.y);
    const double *row = table ? wg_data_as(table, double) : NULL;
    const double ratio = row ? row[4 * norm_net_before_activation(kind, 0) + 3] /
                                   row[4 * norm_net_before_activation(kind, HIDDEN - 1) + 3]
                             : (double)NAN;
    wg_free(table);
    return ratio;
}

struct result {
    double first, mean, gradients, accuracy; /* shares: at first, along training */
};

/* Control: without batch norm in any network. */
static bool train(struct study_run *run, const struct images *images, bool normalised, double by, struct result *result)
{
    const struct norm_net_kind kind = {WG_ACTIVATION_TANH, normalised && !run->control, 0, HIDDEN, WIDTH, WG_INIT_XAVIER_NORMAL};
    wg_nn_module *net = norm_net(images, &kind, run->seed);
    wg_batches *batches = wg_batches_create(images->train.x, images->train.y, .size = 64, .drop_last = true, .seed = run->seed);
    wg_optim *sgd = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1);
    bool good = batches && sgd && scale_weights(net, by);
    *result = (struct result){.gradients = gradient_ratio(net, &kind, images)};
    for (int step = 0; step <= STEPS && good; step++) {
        if (step % EVERY == 0) {
            const double share = saturated(net, &kind, images);
            result->first = step == 0 ? share : result->first;
            result->mean += share / (1 + STEPS / EVERY);
            good = study_row(run, "%s,%g,%d,%.5g", normalised ? "batch norm" : "plain", by, step, share);
        }
        good = good && norm_net_step(net, sgd, batches);
    }
    result->accuracy = good ? norm_net_accuracy(net, &images->test) : 0;
    wg_optim_destroy(sgd), wg_batches_destroy(batches), wg_nn_destroy(net);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    struct result result[2][SCALES];
    bool good = images_read(&images, run, 5000) && study_row(run, "net,scale,step,share");
    for (int i = 0; i < 2 * SCALES && good; i++)
        good = train(run, &images, i / SCALES, scale[i % SCALES], &result[i / SCALES][i % SCALES]);
    good = good && study_table(run, "scales",
                               "scale,plain,normalised,plain_accuracy,normalised_accuracy,plain_gradients,normalised_gradients");
    double most = 0;
    for (int i = 0; i < SCALES && good; i++) {
        const struct result a = result[0][i], b = result[1][i];
        most = fmax(most, fmax(b.first, b.mean));
        printf(
            "weights x %g: saturated %.3f without, %.3f with batch norm; gradient, first over last layer, %.2g, %.2g; accuracy %.3f, %.3f\n",
            scale[i], a.mean, b.mean, a.gradients, b.gradients, a.accuracy, b.accuracy);
        good = study_row(run, "%g,%.5g,%.5g,%.5g,%.5g,%.5g,%.5g", scale[i], a.mean, b.mean, a.accuracy, b.accuracy, a.gradients,
                         b.gradients);
    }
    images_free(&images);
    if (!good)
        return false;
    study_near(run, "batch norm: saturated share at first, for every scale that of N(0, 1)", result[1][3].first,
               erfc(1.832 / sqrt(2)), 0.05);
    study_decide(run, most <= 0.25 && result[0][3].mean >= 0.8,
                 "%s, tanh, weights of 1/4 to 64 times Xavier's: with batch norm at most %.3f of the units are "
                 "saturated (≤ 0.25), without it %.3f at 16 (≥ 0.8)",
                 images.name, most, result[0][3].mean);
    return true;
}

const struct study study_bn_saturation = {.name = "bn_saturation", .control = "batch norm left out of every network", .run = run};
