/* Training γ and β alone. All weights of a residual network keep their random first values; batch norm's scales and shifts, two numbers for each channel, are
   trained and nothing else. They can only shift, stretch and switch off random features, and yet the network learns far more than by the same number of other
   parameters: two weights of each channel's kernel, chosen at random.

   The experiment is that of Frankle, Schwab, Morcos, Training BatchNorm and only BatchNorm (2021), in A. Risteski, Advanced optimization (CMU
   10707, 2021). */
#include <math.h>

#include "norm_net.h"

enum { SEEDS = 5, STEPS = 420, QUICK_SEEDS = 2, QUICK_STEPS = 50, EVERY = 35, WIDTH = 16, QUICK_WIDTH = 8, MAX_PARAMS = 64 };
enum way { GAMMA_BETA, TWO_WEIGHTS, OUTPUT, ALL, WAYS };
static const struct {
    const char *name, *pattern; /* what is trained, and its parameters */
} ways[WAYS] = {
    {"γ and β", "*bn*"}, {"two weights of each channel", "*conv*.weight"}, {"the output layer", "fc.*"}, {"everything", "*"}};

/* x becomes images (n, channels, side, side), as convolutions take them. */
static bool square(struct image_part *part, const struct images *images)
{
    wg_tensor *x = wg_reshape(part->x, WG_SHAPE(-1, images->channels, images->side, images->side));
    if (x) {
        wg_free(part->x);
        part->x = x;
    }
    return x != NULL;
}

/* For a weight (out, in, …): -1, and 0 at two places of each out. Added to the gradient times itself, it leaves those two. */
static wg_tensor *mask_of(wg_tensor *weight, wg_tensor *generator)
{
    const int64_t out = wg_extent(weight, 0), in = wg_numel(weight) / out;
    WG_TAPE(tape);
    wg_tensor *kept;
    if (!wg_topk(wg_uniform(generator, WG_F32, WG_SHAPE(out, in), 0, 1), 2, .axis = 1, .indices = &kept))
        return NULL;
    wg_tensor *mask = wg_scatter_add(wg_full(WG_F32, WG_SHAPE(out, in), -1), 1, kept, wg_ones(WG_F32, WG_SHAPE(out, 2)));
    return wg_keep(wg_reshape(mask, wg_shape_of(weight)));
}

static bool masked_step(const wg_nn_module *net, wg_tensor_list trained, wg_tensor *const *mask, wg_optim *adam,
                        wg_batches *batches)
{
    WG_TAPE(tape);
    wg_tensor *x, *y;
    bool good = wg_batches_next(batches, &x, &y) == WG_OK && (x || wg_batches_next(batches, &x, &y) == WG_OK) &&
                wg_backward(wg_cross_entropy(wg_nn_apply(net, x), y)) == WG_OK;
    for (size_t i = 0; i < trained.n && good; i++)
        good = wg_add_gradient(trained.tensor[i], wg_mul(wg_gradient(trained.tensor[i]), mask[i])) == WG_OK;
    return good && wg_optim_step(adam) == WG_OK;
}

/* The test accuracy after training, and how many numbers were trained. Control: random weights in place of γ and β. */
static bool train(struct study_run *run, const struct images *images, enum way label, uint64_t seed, double *accuracy,
                  int64_t *count)
{
    const enum way way = label == GAMMA_BETA && run->control ? TWO_WEIGHTS : label;
    const int steps = run->quick ? QUICK_STEPS : STEPS, every = run->quick ? QUICK_STEPS : EVERY;
    wg_tensor *generator = wg_generator(seed, WG_STREAM_INIT), *mask[MAX_PARAMS] = {NULL};
    wg_nn_module *net = wg_nn_resnet(1, .channels = images->channels, .classes = images->classes,
                                     .width = run->quick ? QUICK_WIDTH : WIDTH, .generator = generator);
    wg_batches *batches = wg_batches_create(images->train.x, images->train.y, .size = run->quick ? 32 : 64, .drop_last = true,
                                            .seed = seed);
    bool good = net && batches && wg_nn_freeze(net, "*") == WG_OK && wg_nn_unfreeze(net, ways[way].pattern) == WG_OK;
    const wg_tensor_list trained = good ? wg_nn_trainable(net) : (wg_tensor_list){0};
    wg_optim *adam = good ? wg_optim_adam(trained, .lr = run->quick ? 0.03 : 0.01) : NULL;
    *count = 0;
    for (size_t i = 0; i < trained.n && good; i++) {
        *count += way == TWO_WEIGHTS ? 2 * wg_extent(trained.tensor[i], 0) : wg_numel(trained.tensor[i]);
        good = way != TWO_WEIGHTS || (mask[i] = mask_of(trained.tensor[i], generator));
    }
    for (int step = 0; step <= steps && good && adam; step++) {
        if (step % every == 0) {
            *accuracy = norm_net_accuracy(net, &images->test);
            good = study_row(run, "%s,%d,%.5g", ways[label].name, step, *accuracy);
        }
        if (step < steps && good)
            good = way == TWO_WEIGHTS ? masked_step(net, trained, mask, adam, batches) : norm_net_step(net, adam, batches);
    }
    for (size_t i = 0; i < MAX_PARAMS; i++)
        wg_free(mask[i]);
    wg_free(generator);
    wg_optim_destroy(adam), wg_batches_destroy(batches), wg_nn_destroy(net);
    return good && adam;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    const int seeds = run->quick ? QUICK_SEEDS : SEEDS, n = run->quick ? 2 : WAYS;
    double accuracy[WAYS][SEEDS], least = 1;
    int64_t count[WAYS] = {0};
    bool good = images_read(&images, run, 2000) && square(&images.train, &images) && square(&images.test, &images) &&
                study_row(run, "trained,step,accuracy");
    for (int i = 0; i < seeds * n && good; i++)
        good = train(run, &images, (enum way)(i % n), run->seed * 16 + (uint64_t)(i / n), &accuracy[i % n][i / n], &count[i % n]);
    images_free(&images);
    if (!good)
        return false;
    for (int way = 0; way < n; way++)
        printf("%s: %lld numbers, test accuracy %.3f ± %.3f\n", ways[way].name, (long long)count[way],
               study_mean(accuracy[way], seeds), study_deviation(accuracy[way], seeds));
    for (int i = 0; i < seeds; i++)
        least = fmin(least, accuracy[GAMMA_BETA][i] - accuracy[TWO_WEIGHTS][i]);
    const char *data = images.name;
    const double gamma = study_mean(accuracy[GAMMA_BETA], seeds), weights = study_mean(accuracy[TWO_WEIGHTS], seeds);
    if (run->quick)
        study_reduced(
            run, gamma - weights >= 0.05,
            "%s, 2 seeds, 50 steps: %lld γ and β alone reach a test accuracy of %.3f, as many random weights %.3f: apart by 0.05 or more",
            data, (long long)count[GAMMA_BETA], gamma, weights);
    else
        study_decide(
            run, least >= 0.1,
            "%s, 5 seeds: %lld γ and β alone reach a test accuracy of %.3f ± %.3f, as many random weights %.3f ± %.3f (apart by 0.1 or more in "
            "each seed), all %lld numbers %.3f",
            data, (long long)count[GAMMA_BETA], gamma, study_deviation(accuracy[GAMMA_BETA], seeds), weights,
            study_deviation(accuracy[TWO_WEIGHTS], seeds), (long long)count[ALL], study_mean(accuracy[ALL], seeds));
    return true;
}

const struct study study_bn_only = {.name = "bn_only", .control = "random weights trained in both cases", .run = run};
