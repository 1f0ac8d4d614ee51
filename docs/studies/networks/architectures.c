/* Architectures compared: a linear classifier, three fully connected layers, and convolutional networks of 5 and 11 layers (as VGG-11 has
   them, with fewer channels), trained alike. A convolution knows that near pixels belong together, and that a stroke is the same
   wherever it is; the others must learn that from the images. In the control all images have their pixels in another order, one for
   all. The linear and the fully connected networks do not depend on it; the convolutional ones do.

   The table of test accuracies is that of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7; VGG: K. Simonyan and A. Zisserman, Very deep
   convolutional networks for large-scale image recognition (2015). */
#include "training.h"

#include <math.h>

enum { BATCH = 32, N_NETS = 4, MAX_SEEDS = 3, MAX_MODULES = 64 };
enum { LINEAR, FULL, CONV_5, CONV_11 };
static const struct {
    const char *name;
    int convolutions, connected;
    double rate;
} nets[N_NETS] = {
    {"linear", 0, 1, 1e-2}, {"fully connected", 0, 3, 1e-3}, {"convolutional", 3, 2, 2e-3}, {"convolutional", 8, 3, 2e-3}};

/* A list of modules that grows. */
struct layers {
    wg_nn_module *module[MAX_MODULES];
    size_t n;
};

static void add(struct layers *layers, wg_nn_module *module)
{
    layers->module[layers->n++] = module;
}

/* Every layer but the last has batch normalisation. Convolutions of 3×3, from 16 to 64 channels; every other one is followed by pooling, down to 2×2 pixels. Then
   fully connected layers. */
static wg_nn_module *build(const struct images *images, int which, uint64_t seed)
{
    struct layers layers = {.n = 0};
    wg_tensor *generator = wg_generator(seed, WG_STREAM_INIT);
    int64_t channels = images->channels, side = images->side;
    if (nets[which].convolutions > 0)
        add(&layers, wg_nn_unflatten(1, .size = WG_SHAPE(channels, side, side)));
    for (int i = 0; i < nets[which].convolutions; i++) {
        const int64_t out = i < 2 ? 16 : i < 4 ? 32 : 64;
        add(&layers, wg_nn_conv2d(channels, out, 3, .padding = WG_PAIR(1, 1), .bias = false, .generator = generator));
        add(&layers, wg_nn_batch_norm(out));
        add(&layers, wg_nn_relu());
        channels = out;
        if (i % 2 == 1 && side >= 4) {
            add(&layers, wg_nn_max_pool2d(2));
            side /= 2;
        }
    }
    if (nets[which].convolutions > 0)
        add(&layers, wg_nn_flatten());
    int64_t width = channels * side * side;
    for (int i = 0; i < nets[which].connected; i++) {
        const bool last = i == nets[which].connected - 1;
        const int64_t out = last ? images->classes : 256;
        add(&layers, wg_nn_linear(width, out, .generator = generator));
        if (!last) {
            add(&layers, wg_nn_batch_norm(out));
            add(&layers, wg_nn_relu());
        }
        width = out;
    }
    wg_free(generator);
    return wg_nn_sequential_with(layers.module, layers.n);
}

static int64_t count_parameters(const wg_nn_module *net)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    int64_t n = 0;
    for (size_t i = 0; i < params.n; i++)
        n += wg_numel(params.tensor[i]);
    return n;
}

static bool fit(struct study_run *run, const struct images *images, int which, uint64_t seed, double *test)
{
    wg_nn_module *net = build(images, which, seed);
    wg_optim *adam = wg_optim_adamw(wg_nn_parameters(net), .lr = nets[which].rate, .weight_decay = 0.05);
    const int64_t steps = (run->quick ? 6 : 60) * (wg_extent(images->train.y, 0) / BATCH);
    wg_lr *cosine = wg_lr_cosine(.steps = steps);
    struct trainer trainer = {apply_module, net, &images->train, adam, cosine, BATCH, .seed = seed};
    const bool good = cosine && trainer_run(&trainer, steps);
    const struct score fitted = score_of(apply_module, net, &images->train), new = score_of(apply_module, net, &images->test);
    *test = 100 * new.accuracy;
    trainer_end(&trainer);
    wg_lr_destroy(cosine);
    wg_optim_destroy(adam);
    const bool written = good && !isnan(new.loss) &&
                         study_row(run, "%s,%d,%lld,%llu,%.4g,%.4g", nets[which].name,
                                   nets[which].convolutions + nets[which].connected, (long long)count_parameters(net),
                                   (unsigned long long)seed, 100 * fitted.accuracy, *test);
    wg_nn_destroy(net);
    return written;
}

/* Control: one order of the pixels for all images, drawn at random. */
static bool shuffle_pixels(struct images *images, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 1), *order = wg_permutation(generator, images->pixels);
    struct image_part *parts[] = {&images->train, &images->test};
    for (int i = 0; i < 2 && order; i++) {
        wg_tensor *x = wg_index_select(parts[i]->x, 1, order);
        wg_free(parts[i]->x);
        parts[i]->x = x;
    }
    wg_free(order), wg_free(generator);
    return images->train.x && images->test.x;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    const int n_seeds = run->quick ? 1 : MAX_SEEDS;
    double test[N_NETS][MAX_SEEDS], mean[N_NETS], sd[N_NETS];
    if (!images_read(&images, run, run->quick ? 898 : 5000))
        return false;
    bool good = (!run->control || shuffle_pixels(&images, run->seed)) &&
                study_row(run, "network,layers,parameters,seed,train,test");
    for (int i = 0; i < N_NETS && good; i++) {
        for (int k = 0; k < n_seeds && good; k++)
            good = fit(run, &images, i, run->seed * MAX_SEEDS + (uint64_t)k, &test[i][k]);
        mean[i] = good ? study_mean(test[i], n_seeds) : 0;
        sd[i] = study_deviation(test[i], n_seeds);
    }
    if (good) {
        const double convolutional = (mean[CONV_5] + mean[CONV_11]) / 2, margin = run->quick ? 0 : 1;
        study_claim(run, mean[FULL] > mean[LINEAR] + 1,
                    "three fully connected layers, %.1f %%, more than 1 %% above a linear classifier, %.1f %%", mean[FULL],
                    mean[LINEAR]);
        (run->quick ? study_reduced : study_decide)(
            run, convolutional > mean[FULL] + margin,
            "on %s, right new images: linear %.1f ± %.1f %%, 3 fully connected layers %.1f ± %.1f %%, convolutional: 5 layers %.1f ± %.1f %%, 11 layers "
            "%.1f ± %.1f %%; the mean of these is %s the fully connected (seeds: %d, ± sd)",
            images.name, mean[LINEAR], sd[LINEAR], mean[FULL], sd[FULL], mean[CONV_5], sd[CONV_5], mean[CONV_11], sd[CONV_11],
            run->quick ? "above" : "more than 1 % above", n_seeds);
    }
    images_free(&images);
    return good;
}

const struct study study_architectures = {
    .name = "architectures", .images = true, .control = "the pixels of all images in one random order", .run = run};
