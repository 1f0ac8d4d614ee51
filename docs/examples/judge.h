/* How generated digits are measured: by classifiers, and by their distances to the images that the generator learned from. */
#ifndef EXAMPLE_JUDGE_H
#define EXAMPLE_JUDGE_H

#include <stdlib.h>

#include <wengert.h>

#include "digits.h"

/* Distorts an image, by a share of what digits.h allows. */
static inline wg_status distort_item(void *share, const void *from, const wg_dataset_item *item)
{
    float u[6];
    for (int i = 0; i < 6; i++)
        u[i] = *(const float *)share * (float)(2 * wg_dataset_uniform(item->random) - 1);
    memcpy(item->x, from, PIXELS * sizeof(float));
    distort(item->x, u);
    return WG_OK;
}

/* Batches of images that are distorted anew in each epoch. */
static inline wg_batches *distorted_batches(const struct part *part, float *share, int64_t size, uint64_t seed)
{
    wg_dataset *plain = wg_dataset_of(part->x, part->y), *distorted = wg_dataset_map(plain, distort_item, share);
    wg_batches *batches = wg_batches_of(distorted, .size = size, .drop_last = true, .seed = seed);
    wg_dataset_destroy(plain), wg_dataset_destroy(distorted);
    return batches;
}

/* ---- classifiers ---- */

static inline wg_tensor *classifier_loss(wg_tensor *x, wg_tensor *y, void *net)
{
    return wg_cross_entropy(wg_nn_apply(net, x), y);
}

/* The network of digits.c, trained as there, for about as many steps. */
static inline wg_nn_module *train_classifier(const struct part *part, uint64_t seed)
{
    enum { STEPS = 10000 };
    float all = 1;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(PIXELS, 128, 64, CLASSES), .batch_norm = true, .seed = seed);
    wg_optim *adamw = wg_optim_adamw(wg_nn_parameters(net), .lr = 3e-3, .weight_decay = 0.1);
    wg_batches *batches = distorted_batches(part, &all, 16, seed);
    const int64_t per_epoch = wg_batches_per_epoch(batches), epochs = per_epoch > 0 ? STEPS / per_epoch : 1;
    wg_lr *cosine = wg_lr_cosine(.steps = per_epoch * epochs);
    const wg_status status = wg_train(net, adamw, batches, classifier_loss, net, .epochs = epochs, .schedule = cosine);
    wg_lr_destroy(cosine), wg_batches_destroy(batches), wg_optim_destroy(adamw);
    if (status == WG_OK)
        return net;
    wg_nn_destroy(net);
    return NULL;
}

/* ---- memorisation ---- */

static inline int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A line on the images x (n,64): quantiles of their distances to the nearest training image, and how often the nearest of all
   images by the same people is one that was held out, which by chance it is in one of ten. */
static inline wg_status print_nearest(const char *name, wg_tensor *x, const struct part part[PARTS])
{
    WG_NO_GRAD;
    WG_TAPE(tape);
    wg_tensor *to_training, *to_held_out;
    WG_TRY(wg_gan_nearest(x, part[TRAINING].x, &to_training, NULL));
    WG_TRY(wg_gan_nearest(x, part[HELD_OUT].x, &to_held_out, NULL));
    const double share = wg_item(wg_mean(wg_cast(wg_lt(to_held_out, to_training), WG_F64)));
    const int64_t n = wg_extent(x, 0);
    double *distance = wg_data_mut(to_training);
    WG_TRY(wg_error_if_null(distance));
    qsort(distance, (size_t)n, sizeof *distance, compare_numbers);
    printf("%-22s %6.3f %6.3f %6.3f", name, distance[n / 20], distance[n / 2], distance[n - 1 - n / 20]);
    if (x != part[HELD_OUT].x)
        printf(" %8.3f", share);
    printf("\n");
    return WG_OK;
}

/* Generated images beside others: those that were held out, those of other people, and two controls that repeat the training
   images, with a little noise and distorted by that share. */
static inline wg_status print_memorisation(wg_tensor *generated, const struct part part[PARTS], float share)
{
    WG_TAPE(tape);
    wg_tensor *x = part[TRAINING].x, *distorted;
    wg_tensor *noisy = wg_add(x, wg_normal(wg_generator_default(), WG_F32, wg_shape_of(x), 0, 0.02));
    wg_dataset *plain = wg_dataset_of(x, WG_NONE), *map = wg_dataset_map(plain, distort_item, &share);
    const wg_status status = wg_dataset_items(map, WG_NONE, &distorted, NULL);
    wg_dataset_destroy(plain), wg_dataset_destroy(map);
    WG_TRY(status);
    printf("%-22s %6s %6s %6s %8s\n", "nearest training image", "5 %", "median", "95 %", "held out");
    const struct {
        const char *name;
        wg_tensor *x;
    } line[] = {{"generated", generated},
                {"held out", part[HELD_OUT].x},
                {"by other people", part[TEST].x},
                {"copies with noise", noisy},
                {"distorted copies", distorted}};
    for (size_t i = 0; i < sizeof line / sizeof *line; i++)
        WG_TRY(print_nearest(line[i].name, line[i].x, part));
    return WG_OK;
}

/* Prints all measures of digits that a generator made, from training images that were distorted by that share. */
static inline wg_status judge(const struct part *made, const struct part part[PARTS], float share, uint64_t seed)
{
    wg_nn_module *real = train_classifier(&part[TRAINING], seed), *student = real ? train_classifier(made, seed) : NULL;
    if (student) {
        printf("recognised %.4f of %lld generated digits\n", accuracy(real, made), (long long)wg_extent(made->x, 0));
        printf("test accuracy %.4f after learning from generated digits alone, %.4f from real ones\n",
               accuracy(student, &part[TEST]), accuracy(real, &part[TEST]));
    }
    const wg_status status = student ? print_memorisation(made->x, part, share) : wg_error_first()->code;
    wg_nn_destroy(real), wg_nn_destroy(student);
    return status;
}

#endif
