/* A network reads handwritten digits: 8x8 pixels, 64-128-64-10, batch normalisation, Adam.

       digits [--seed N] [--threads N] [--epochs N] [--batch N] [--lr X] [--decay X] [--data FILE] [--dot FILE] [--writer N] [--quiet]

   It trains on the first 898 images and scores the last 899, once, at the end. Of the 898 every tenth is held out from training,
   to watch. Each image is turned, slanted, stretched and shifted a little, anew in each epoch, because the test images come from
   other people.

   How the settings were chosen: within the 898 alone. Seven people wrote them, one after another; --writer N (0 to 6) trains on six
   of them and scores the seventh, and no test image is touched. See docs/guide/digits.md. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert.h>

#include "digits.h"

enum { WRITERS = 7 };
static const int64_t first_row[WRITERS + 1] = {0, 130, 256, 386, 516, 646, 776, TRAIN};

struct settings {
    uint64_t seed;
    int threads, epochs, batch, writer; /* writer -1: train for the test */
    double lr, decay;
    const char *data, *dot;
    bool quiet;
};

struct part {
    wg_tensor *x, *y; /* (n,64) pixels in 0..1, (n) digits */
};

/* ---- the command line ---- */

static int usage(const char *why)
{
    fprintf(stderr,
            "digits: %s\nusage: digits [--seed N] [--threads N] [--epochs N] [--batch N] [--lr X] [--decay X] [--data FILE]\n"
            "              [--dot FILE] [--writer 0..6] [--quiet]\n",
            why);
    return 2;
}

static bool read_number(const char *text, double low, double high, bool whole, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return *text && !*end && *value >= low && *value <= high && (!whole || *value == floor(*value));
}

static bool read_setting(struct settings *s, const char *name, const char *text)
{
    double value;
    if (strcmp(name, "--data") == 0)
        return (s->data = text) != NULL;
    if (strcmp(name, "--dot") == 0)
        return (s->dot = text) != NULL;
    if (strcmp(name, "--lr") == 0)
        return read_number(text, 0, 10, false, &s->lr);
    if (strcmp(name, "--decay") == 0)
        return read_number(text, 0, 10, false, &s->decay);
    if (strcmp(name, "--seed") == 0 && read_number(text, 0, 9e15, true, &value))
        s->seed = (uint64_t)value;
    else if (strcmp(name, "--threads") == 0 && read_number(text, 1, 1024, true, &value))
        s->threads = (int)value;
    else if (strcmp(name, "--epochs") == 0 && read_number(text, 1, 1e6, true, &value))
        s->epochs = (int)value;
    else if (strcmp(name, "--batch") == 0 && read_number(text, 2, 256, true, &value))
        s->batch = (int)value;
    else if (strcmp(name, "--writer") == 0 && read_number(text, 0, WRITERS - 1, true, &value))
        s->writer = (int)value;
    else
        return false;
    return true;
}

static int read_settings(struct settings *s, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quiet") == 0) {
            s->quiet = true;
            continue;
        }
        char why[128];
        snprintf(why, sizeof why, "%.60s %.40s is no setting", argv[i], i + 1 < argc ? argv[i + 1] : "");
        if (i + 1 >= argc || !read_setting(s, argv[i], argv[i + 1]))
            return usage(why);
        i++;
    }
    return 0;
}

/* ---- data ---- */

/* Whether a row is held out from training: a writer's, or every tenth. */
static bool held_out(const struct settings *s, int64_t row)
{
    if (s->writer >= 0)
        return row >= first_row[s->writer] && row < first_row[s->writer + 1];
    return row % HOLD_EVERY == HOLD_EVERY - 1;
}

static struct part take_rows(const struct part *all, const int64_t *rows, int64_t n)
{
    const struct part part = {wg_zeros(WG_F32, WG_SHAPE(n, PIXELS)), wg_zeros(WG_I64, WG_SHAPE(n))};
    if (wg_dataset_gather_rows(part.x, all->x, rows, (size_t)n) == WG_OK &&
        wg_dataset_gather_rows(part.y, all->y, rows, (size_t)n) == WG_OK)
        return part;
    wg_free(part.x), wg_free(part.y);
    return (struct part){NULL, NULL};
}

static bool load(const struct settings *s, struct part *train, struct part *held, struct part *test)
{
    struct part raw = {NULL, NULL}, all;
    if (wg_dataset_read_csv(s->data, &raw.x, &raw.y) != WG_OK)
        return false;
    if (wg_extent(raw.x, 0) != ROWS || wg_extent(raw.x, 1) != PIXELS) {
        (void)wg_error_set(WG_E_SHAPE, "digits", "digits: %s holds other data than the 1797 digits", s->data);
        wg_free(raw.x), wg_free(raw.y);
        return false;
    }
    all = (struct part){wg_mul_scalar(raw.x, 1.0 / 16), raw.y};
    int64_t rows[3][ROWS], n[3] = {0, 0, 0};
    for (int64_t row = 0; row < ROWS; row++) {
        const int which = row >= TRAIN ? 2 : held_out(s, row) ? 1 : 0;
        rows[which][n[which]++] = row;
    }
    *train = take_rows(&all, rows[0], n[0]);
    *held = take_rows(&all, rows[1], n[1]);
    *test = take_rows(&all, rows[2], n[2]);
    wg_free(raw.x), wg_free(raw.y), wg_free(all.x);
    return train->x && held->x && test->x;
}

/* On a tape of its own, so that the picture of a step shows the network. x: (n,64) */
static bool distort_batch(wg_tensor *x, wg_tensor *generator)
{
    if (!x)
        return false;
    const int64_t n = wg_extent(x, 0);
    WG_TAPE(tape);
    const wg_tensor *u = wg_uniform(generator, WG_F32, WG_SHAPE(n, 6), -1, 1);
    const float *u_data = wg_data(u);
    float *images = wg_data_mut(x);
    if (!u_data || !images)
        return false;
    for (int64_t i = 0; i < n; i++)
        distort(images + i * PIXELS, u_data + i * 6);
    return true;
}

/* ---- training ---- */

/* What the functions of the training helper work with. */
struct run {
    const struct settings *settings;
    const wg_nn_module *net;
    const struct part *held;
    wg_tensor *generator;
    wg_metric *right, *held_right;
};

static wg_tensor *loss_of(wg_tensor *x, wg_tensor *y, void *context)
{
    const struct run *run = context;
    if (!distort_batch(x, run->generator))
        return NULL;
    wg_tensor *logits = wg_nn_apply(run->net, x);
    return wg_metric_update(run->right, logits, y) == WG_OK ? wg_cross_entropy(logits, y) : NULL;
}

/* Counts the rows of a part that are read right; in evaluation mode. */
static wg_status count_right(wg_metric *right, const wg_nn_module *net, const struct part *part)
{
    WG_TAPE(tape);
    return wg_metric_update(right, wg_nn_apply(net, part->x), part->y);
}

static wg_status validate(void *context)
{
    const struct run *run = context;
    return count_right(run->held_right, run->net, run->held);
}

/* Draws the graph of the first step, which is undone: the run is the same without the picture. */
static wg_status draw_step(struct run *run, wg_batches *batches)
{
    const wg_batches_state before = wg_batches_state_of(batches);
    FILE *file = fopen(run->settings->dot, "w");
    if (!file)
        return wg_error_set(WG_E_IO, "digits", "digits: %s cannot be written", run->settings->dot);
    wg_status status;
    {
        WG_TAPE(tape, .trace = true, .undo = true);
        wg_tensor *x, *y;
        status = wg_batches_next(batches, &x, &y);
        if (status == WG_OK && wg_set_name(x, "pixels") == WG_OK && wg_set_name(y, "digits") == WG_OK)
            status = wg_backward(loss_of(x, y, run));
        if (status == WG_OK)
            status = wg_dump_dot(tape, file, .title = "digits: forward and backward of one training step");
    }
    if (fclose(file) != 0 && status == WG_OK)
        status = wg_error_set(WG_E_IO, "digits", "digits: %s cannot be written", run->settings->dot);
    return status == WG_OK ? wg_batches_restore(batches, before) : status;
}

/* The rate falls along half a cosine: Loshchilov, Hutter, 2017. */
static wg_status train(const struct settings *s, wg_nn_module *net, wg_optim *opt, wg_batches *batches, const struct part *held)
{
    struct run run = {.settings = s,
                      .net = net,
                      .held = held,
                      .generator = wg_generator(s->seed, 1),
                      .right = wg_metric_accuracy(),
                      .held_right = wg_metric_accuracy()};
    wg_lr *cosine = wg_lr_cosine(.steps = wg_batches_per_epoch(batches) * s->epochs);
    wg_status status = cosine && run.generator && run.right && run.held_right ? WG_OK : WG_E_MEMORY;
    if (status == WG_OK && s->dot)
        status = draw_step(&run, batches);
    if (status == WG_OK)
        status = wg_train(net, opt, batches, loss_of, &run, .epochs = s->epochs, .schedule = cosine,
                          .metrics = WG_METRICS(run.right), .validate = validate, .validation = WG_METRICS(run.held_right),
                          .progress = s->quiet ? NULL : stdout);
    wg_metric_destroy(run.right), wg_metric_destroy(run.held_right);
    wg_lr_destroy(cosine);
    wg_free(run.generator);
    return status;
}

/* ---- the whole ---- */

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

static double accuracy(const wg_nn_module *net, const struct part *part)
{
    WG_EVAL_MODE;
    WG_NO_GRAD;
    wg_metric *right = wg_metric_accuracy();
    const double share = count_right(right, net, part) == WG_OK ? wg_metric_value(right) : NAN;
    wg_metric_destroy(right);
    return share;
}

static void conclude(const struct settings *s, const wg_nn_module *net, const struct part *held, const struct part *test)
{
    if (wg_interrupt_pending()) {
        printf("the test images were not scored\n");
        return;
    }
    if (s->writer >= 0)
        printf("writer %d: accuracy %.4f on %lld images\n", s->writer, accuracy(net, held), (long long)wg_extent(held->y, 0));
    else
        printf("test accuracy %.4f on %lld images\n", accuracy(net, test), (long long)wg_extent(test->y, 0));
    printf("weights %016llx, seed %llu, kernel family %s\n", (unsigned long long)fingerprint(net), (unsigned long long)s->seed,
           wg_kernel_family());
    if (strcmp(wg_kernel_family(), "generic") == 0)
        printf("warning: BLIS runs on its generic kernels, several times slower than others: see BLIS_ARCH_TYPE\n");
}

int main(int argc, char **argv)
{
    struct settings s = {
        .seed = 0, .threads = 1, .epochs = 200, .batch = 16, .writer = -1, .lr = 3e-3, .decay = 0.1, .data = DIGITS_CSV};
    const int wrong = read_settings(&s, argc, argv);
    if (wrong)
        return wrong;
    struct part parts[3] = {{NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
    bool good = wg_interrupt_catch() == WG_OK && wg_set_threads(s.threads) == WG_OK && load(&s, &parts[0], &parts[1], &parts[2]);
    wg_nn_module *net = !good ? NULL : wg_nn_mlp(WG_SIZES(PIXELS, 128, 64, CLASSES), .batch_norm = true, .seed = s.seed);
    wg_optim *opt = !net ? NULL : wg_optim_adamw(wg_nn_parameters(net), .lr = s.lr, .weight_decay = s.decay);
    wg_batches *batches = NULL;
    if (opt)
        batches = wg_batches_create(parts[0].x, parts[0].y, .size = s.batch, .drop_last = true, .seed = s.seed);
    good = batches && train(&s, net, opt, batches, &parts[1]) == WG_OK;
    if (good)
        conclude(&s, net, &parts[1], &parts[2]);
    const int status = good ? (wg_interrupt_pending() ? 130 : 0) : wg_error_report(stderr);

    wg_batches_destroy(batches), wg_optim_destroy(opt), wg_nn_destroy(net);
    for (int i = 0; i < 3; i++)
        wg_free(parts[i].x), wg_free(parts[i].y);
    return good ? status : 1;
}
