/* LeNet, or a perceptron, learns to classify pieces of clothing: Fashion-MNIST (Xiao, Rasul, Vollgraf, 2017), 60,000 images of 28x28
   pixels in 10 classes, and 10,000 others to score it.

   usage: lenet [--model lenet|mlp] [--data FOLDER] [--epochs N] [--seed N] [--threads N]

   This LeNet has 12 and 24 channels, twice and half as many again as the first one had (LeCun, Bottou, Bengio, Haffner, 1998).

   The files come with Debian: apt-get install dataset-fashion-mnist. MNIST's own, train-images-idx3-ubyte and so on, compressed by gzip
   or not, can be read from another folder. lenet_torch.py is the same in PyTorch. */
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <wengert.h>

#include "options.h"

enum { CLASSES = 10, PIXELS = 28 * 28, BATCH = 64, SCORED = 1000 };

struct part {
    wg_tensor *x, *y; /* (n,1,28,28) and (n) */
};

static void find_file(char path[512], const char *folder, const char *part, const char *kind)
{
    snprintf(path, 512, "%s/%s-%s-ubyte.gz", folder, part, kind);
    if (access(path, R_OK) != 0)
        snprintf(path, 512, "%s/%s-%s-ubyte", folder, part, kind);
}

static wg_status read_part(struct part *part, const char *folder, const char *name)
{
    char images[512], labels[512];
    find_file(images, folder, name, "images-idx3");
    find_file(labels, folder, name, "labels-idx1");
    if (access(images, R_OK) != 0)
        return wg_error_set(WG_E_IO, "lenet",
                            "lenet: there is no %s: apt-get install dataset-fashion-mnist, or name a folder by --data", images);
    return wg_dataset_read_mnist(images, labels, &part->x, &part->y);
}

static double accuracy(const wg_nn_module *net, const struct part *part)
{
    const int64_t rows = wg_extent(part->x, 0);
    double right = 0;
    WG_EVAL_MODE;
    WG_NO_GRAD;
    for (int64_t first = 0; first < rows; first += SCORED) {
        const int64_t last = first + SCORED < rows ? first + SCORED : rows;
        WG_TAPE(tape);
        wg_tensor *guess = wg_argmax(wg_nn_apply(net, wg_slice(part->x, 0, first, last, 1)), .axis = 1);
        right += wg_item(wg_sum(wg_cast(wg_eq(guess, wg_slice(part->y, 0, first, last, 1)), WG_F64)));
    }
    return right / (double)rows;
}

/* One epoch, at a rate that falls along half a cosine over all of them; the mean loss goes to *mean. */
static wg_status train_epoch(const wg_nn_module *net, wg_optim *adam, wg_batches *batches, const wg_lr *rate, int64_t *step,
                             double *mean)
{
    double sum = 0;
    for (;;) {
        WG_TAPE(tape);
        wg_tensor *x, *y;
        WG_TRY(wg_batches_next(batches, &x, &y));
        if (!x)
            break;
        WG_TRY(wg_lr_set(rate, adam, (*step)++));
        /* The order in memory in which convolutions are fastest, with the images of a place side by side, and the same shape. */
        x = wg_permute(wg_copy(wg_permute(x, WG_AXES(1, 2, 3, 0))), WG_AXES(3, 0, 1, 2));
        wg_tensor *loss = wg_cross_entropy(wg_nn_apply(net, x), y);
        WG_TRY(wg_backward(loss));
        WG_TRY(wg_optim_step(adam));
        sum += wg_item(loss);
    }
    *mean = sum / (double)wg_batches_per_epoch(batches);
    return WG_OK;
}

static wg_status train(const wg_nn_module *net, const struct part *seen, const struct part *test, long epochs)
{
    wg_optim *adam = wg_optim_adamw(wg_nn_parameters(net), .lr = 2e-3, .weight_decay = 0.1);
    wg_dataset *plain = wg_dataset_of(seen->x, seen->y), *mirrored = wg_dataset_flip(plain); /* each image with probability 1/2 */
    wg_batches *batches = wg_batches_of(mirrored, .size = BATCH, .drop_last = true);
    wg_lr *rate = wg_lr_cosine(.steps = epochs * wg_batches_per_epoch(batches));
    wg_status status = wg_error_if_null(rate);
    int64_t step = 0;
    for (long epoch = 1; epoch <= epochs && status == WG_OK; epoch++) {
        const clock_t begin = clock();
        double mean = 0;
        status = train_epoch(net, adam, batches, rate, &step, &mean);
        const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC; /* of all threads */
        if (status == WG_OK)
            printf("epoch %2ld  %.2f s  loss %.9g  test accuracy %.4f\n", epoch, seconds, mean, accuracy(net, test));
    }
    wg_lr_destroy(rate), wg_batches_destroy(batches), wg_optim_destroy(adam);
    wg_dataset_destroy(mirrored), wg_dataset_destroy(plain);
    return status;
}

int main(int argc, char **argv)
{
    const char *model = "lenet", *folder = "/usr/share/datasets/fashion-mnist";
    long epochs = 15, seed = 0, threads = 1;
    struct part seen = {0}, test = {0};
    (void)argc;
    read_options(argv, (const struct option[]){{"--model", "lenet or mlp", NULL, &model},
                                               {"--data", "the folder of the files", NULL, &folder},
                                               {"--epochs", "of training", &epochs, NULL},
                                               {"--seed", "of weights and batches", &seed, NULL},
                                               {"--threads", "that share the work", &threads, NULL},
                                               {NULL, NULL, NULL, NULL}});
    wg_status status = wg_seed((uint64_t)seed, 0);
    if (status == WG_OK)
        status = wg_set_threads((int)threads);
    if (status == WG_OK)
        status = read_part(&seen, folder, "train");
    if (status == WG_OK)
        status = read_part(&test, folder, "t10k");
    wg_nn_module *net = strcmp(model, "mlp") == 0
                            ? wg_nn_sequential(wg_nn_flatten(), wg_nn_mlp(WG_SIZES(PIXELS, 256, 128, CLASSES)))
                            : wg_nn_lenet(.width1 = 12, .width2 = 24);
    if (status == WG_OK)
        status = train(net, &seen, &test, epochs);
    wg_nn_destroy(net), wg_free(seen.x), wg_free(seen.y), wg_free(test.x), wg_free(test.y);
    return status == WG_OK ? 0 : wg_error_report(stderr);
}
