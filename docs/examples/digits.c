/* A network reads handwritten digits: 8x8 pixels, 64-128-64-10, batch normalisation, Adam.

       digits [--seed N] [--threads N] [--epochs N] [--dot FILE] [--writer N]

   It trains on the first 898 images and scores the last 899, once, at the end. Of the 898 every tenth is held out from training,
   to watch. Each image is turned, slanted, stretched and shifted a little, anew in each epoch, because the test images come from
   other people.

   How the settings were chosen: within the 898 alone. Seven people wrote them, one after another; --writer N (0 to 6) trains on six
   of them and scores the seventh, and no test image is touched. See docs/guide/digits.md. */
#include <stdint.h>
#include <stdio.h>

#include <wengert.h>

#include "digits.h"
#include "options.h"

enum { BATCH = 16 };
static const double rate = 3e-3, decay = 0.1;

/* What the functions of the training helper work with. */
struct training {
    const wg_nn_module *net;
    const struct part *held;
    wg_tensor *generator;
    wg_metric *right, *held_right;
};

/* On a tape of its own, so that the picture of a step shows the network. x: (n,64) */
static bool distort_batch(wg_tensor *x, wg_tensor *generator)
{
    WG_TAPE(tape);
    const wg_tensor *u = wg_uniform(generator, WG_F32, WG_SHAPE(wg_extent(x, 0), 6), -1, 1);
    const float *u_data = wg_data(u);
    float *images = wg_data_mut(x);
    if (!u_data || !images)
        return false;
    for (int64_t i = 0; i < wg_extent(x, 0); i++)
        distort(images + i * PIXELS, u_data + i * 6);
    return true;
}

static wg_tensor *loss_of(wg_tensor *x, wg_tensor *y, void *context)
{
    const struct training *t = context;
    if (!distort_batch(x, t->generator))
        return NULL;
    wg_tensor *logits = wg_nn_apply(t->net, x);
    return wg_metric_update(t->right, logits, y) == WG_OK ? wg_cross_entropy(logits, y) : NULL;
}

static wg_status validate(void *context)
{
    const struct training *t = context;
    WG_TAPE(tape);
    return wg_metric_update(t->held_right, wg_nn_apply(t->net, t->held->x), t->held->y);
}

/* Draws the graph of the first step, which is undone: the run is the same without the picture. */
static wg_status draw_step(struct training *t, wg_batches *batches, const char *path)
{
    const wg_batches_state before = wg_batches_state_of(batches);
    FILE *file = fopen(path, "w");
    if (!file)
        return wg_error_set(WG_E_IO, "digits", "digits: %s cannot be written", path);
    wg_status status;
    {
        WG_TAPE(tape, .trace = true, .undo = true);
        wg_tensor *x, *y;
        status = wg_batches_next(batches, &x, &y);
        if (status == WG_OK && wg_set_name(x, "pixels") == WG_OK && wg_set_name(y, "digits") == WG_OK)
            status = wg_backward(loss_of(x, y, t));
        if (status == WG_OK)
            status = wg_dump_dot(tape, file, .title = "digits: forward and backward of one training step");
    }
    if (fclose(file) != 0 && status == WG_OK)
        status = wg_error_set(WG_E_IO, "digits", "digits: %s cannot be written", path);
    return status == WG_OK ? wg_batches_restore(batches, before) : status;
}

/* The rate falls along half a cosine: Loshchilov, Hutter, 2017. */
static wg_status train(wg_nn_module *net, const struct part part[PARTS], uint64_t seed, long epochs, const char *dot)
{
    wg_optim *adam = wg_optim_adamw(wg_nn_parameters(net), .lr = rate, .weight_decay = decay);
    wg_batches *batches = wg_batches_create(part[TRAINING].x, part[TRAINING].y, .size = BATCH, .drop_last = true, .seed = seed);
    wg_lr *cosine = wg_lr_cosine(.steps = wg_batches_per_epoch(batches) * epochs);
    struct training t = {net, &part[HELD_OUT], wg_generator(seed, 1), wg_metric_accuracy(), wg_metric_accuracy()};
    wg_status status = wg_error_first() ? wg_error_first()->code : WG_OK;
    if (status == WG_OK && dot)
        status = draw_step(&t, batches, dot);
    if (status == WG_OK)
        status = wg_train(net, adam, batches, loss_of, &t, .epochs = epochs, .schedule = cosine, .metrics = WG_METRICS(t.right),
                          .validate = validate, .validation = WG_METRICS(t.held_right), .progress = stdout);
    wg_metric_destroy(t.right), wg_metric_destroy(t.held_right), wg_free(t.generator);
    wg_lr_destroy(cosine), wg_batches_destroy(batches), wg_optim_destroy(adam);
    return status;
}

/* FNV-1a over the weights: equal numbers mean equal bits. */
static uint64_t fingerprint(const wg_nn_module *net)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < params.n; i++) {
        const unsigned char *bytes = wg_data(params.tensor[i]);
        const size_t n = (size_t)wg_numel(params.tensor[i]) * wg_dtype_size(wg_dtype_of(params.tensor[i]));
        for (size_t k = 0; bytes && k < n; k++)
            hash = (hash ^ bytes[k]) * 0x100000001b3u;
    }
    return hash;
}

int main(int argc, char **argv)
{
    const char *dot = NULL;
    long seed = 0, threads = 1, epochs = 200, writer = -1; /* -1: train for the test */
    (void)argc;
    read_options(argv, (const struct option[]){{"--seed", "of weights, batches and distortion", &seed, NULL},
                                               {"--threads", "that share the work", &threads, NULL},
                                               {"--epochs", "of training", &epochs, NULL},
                                               {"--dot", "where the graph of a step goes", NULL, &dot},
                                               {"--writer", "who is left out and scored, 0 to 6", &writer, NULL},
                                               {NULL, NULL, NULL, NULL}});
    struct part part[PARTS] = {0};
    wg_status status = wg_interrupt_catch();
    if (status == WG_OK)
        status = wg_set_threads((int)threads);
    if (status == WG_OK)
        status = read_parts(part, (int)writer);
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(PIXELS, 128, 64, CLASSES), .batch_norm = true, .seed = (uint64_t)seed);
    if (status == WG_OK)
        status = train(net, part, (uint64_t)seed, epochs, dot);
    if (status == WG_OK && wg_interrupt_pending()) {
        printf("the test images were not scored\n");
    } else if (status == WG_OK) {
        const struct part *scored = &part[writer < 0 ? TEST : HELD_OUT];
        if (writer >= 0)
            printf("writer %ld: ", writer);
        printf("%saccuracy %.4f on %lld images\n", writer < 0 ? "test " : "", accuracy(net, scored),
               (long long)wg_extent(scored->y, 0));
        printf("weights %016llx, seed %ld, kernel family %s\n", (unsigned long long)fingerprint(net), seed, wg_kernel_family());
    }
    wg_nn_destroy(net);
    for (int i = 0; i < PARTS; i++)
        free_part(&part[i]);
    return status == WG_OK ? (wg_interrupt_pending() ? 130 : 0) : wg_error_report(stderr);
}
