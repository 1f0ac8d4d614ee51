/* What the tests of the training helper share: a small run and what its functions see. */
#ifndef TEST_TRAIN_WORLD_H
#define TEST_TRAIN_WORLD_H

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "nn_check.h"

enum { ROWS = 20, BATCH = 8, PER_EPOCH = 3, MAX_REPORTS = 60 };
enum { NEVER, WITH_SHAPES, SILENTLY, AS_NAN }; /* how the loss fails */

struct world {
    wg_tensor *x, *y;
    wg_nn_module *net;
    wg_optim *optim;
    wg_batches *batches;
    wg_lr *schedule;
    wg_metric *accuracy, *held[2]; /* of training; of validation: loss, accuracy */
    int64_t calls, fail_at, epochs, stop_at;
    int how;
    bool training, recording; /* what validation saw */
    double loss[MAX_REPORTS], held_loss[MAX_REPORTS], held_accuracy[MAX_REPORTS];
    char names[200]; /* of the report's values */
};

static char folder[] = "/tmp/wengert-train-XXXXXX", csv[100], checkpoint[100];

/* Two classes, on both sides of a line. */
static inline struct world world_make(void)
{
    float x[ROWS][2];
    int64_t y[ROWS];
    for (int i = 0; i < ROWS; i++) {
        x[i][0] = (float)sin(1.7 * i), x[i][1] = (float)cos(0.9 * i);
        y[i] = x[i][0] + 0.5f * x[i][1] > 0;
    }
    struct world w = {.x = wg_from(&x[0][0], WG_SHAPE(ROWS, 2)), .y = wg_from(y, WG_SHAPE(ROWS)), .fail_at = -1, .stop_at = -1};
    w.net = wg_nn_mlp(WG_SIZES(2, 8, 2), .batch_norm = true, .seed = 3);
    w.optim = w.net ? wg_optim_adam(wg_nn_parameters(w.net), .lr = 0.02) : NULL;
    w.batches = wg_batches_create(w.x, w.y, .size = BATCH, .seed = 5);
    w.schedule = wg_lr_cosine(.steps = 5 * PER_EPOCH);
    w.accuracy = wg_metric_accuracy();
    w.held[0] = wg_metric_mean();
    w.held[1] = wg_metric_accuracy();
    return w;
}

static inline void world_free(struct world *w)
{
    wg_optim_destroy(w->optim), wg_nn_destroy(w->net), wg_batches_destroy(w->batches), wg_lr_destroy(w->schedule);
    wg_metric_destroy(w->accuracy), wg_metric_destroy(w->held[0]), wg_metric_destroy(w->held[1]);
    wg_free(w->x), wg_free(w->y);
}

static inline wg_tensor *loss(wg_tensor *x, wg_tensor *y, void *context)
{
    struct world *w = context;
    const bool fails = w->calls++ == w->fail_at;
    if (fails && w->how == SILENTLY)
        return NULL;
    wg_tensor *logits = wg_nn_apply(w->net, fails && w->how == WITH_SHAPES ? wg_zeros(WG_F32, WG_SHAPE(8, 3)) : x);
    if (fails && w->how == AS_NAN)
        logits = wg_mul_scalar(logits, NAN);
    if (!logits || wg_metric_update(w->accuracy, logits, y) != WG_OK)
        return NULL;
    return wg_cross_entropy(logits, y);
}

static inline wg_status validate(void *context)
{
    struct world *w = context;
    WG_TAPE(tape);
    wg_tensor *logits = wg_nn_apply(w->net, w->x), *mean = wg_cross_entropy(logits, w->y);
    WG_TRY(wg_error_if_null(mean));
    w->training = wg_train_mode();
    w->recording = wg_grad_mode();
    WG_TRY(wg_metric_add(w->held[0], wg_item(mean), ROWS));
    return wg_metric_update(w->held[1], logits, w->y);
}

static inline wg_status epoch_end(wg_train_report *report, void *context)
{
    struct world *w = context;
    assert_int_equal(report->epoch, ++w->epochs);
    assert_int_equal(report->step, w->epochs * PER_EPOCH);
    w->names[0] = 0;
    for (size_t i = 0; i < report->n; i++) {
        const char *name = report->value[i].name;
        strcat(strcat(w->names, name), " ");
        double *to = strcmp(name, "loss") == 0                  ? w->loss
                     : strcmp(name, "validation_loss") == 0     ? w->held_loss
                     : strcmp(name, "validation_accuracy") == 0 ? w->held_accuracy
                                                                : NULL;
        if (to)
            to[w->epochs] = report->value[i].value;
    }
    report->stop = w->epochs == w->stop_at;
    return WG_OK;
}

#define TRAIN(w, ...) wg_train((w)->net, (w)->optim, (w)->batches, loss, (w), __VA_ARGS__)
#define VALIDATED(w) .validate = validate, .validation = WG_METRICS((w)->held[0], (w)->held[1])

static inline void assert_same_weights(const struct world *a, const struct world *b)
{
    const wg_tensor_list p = wg_nn_state(a->net), q = wg_nn_state(b->net);
    assert_int_equal(p.n, q.n);
    for (size_t i = 0; i < p.n; i++)
        assert_same_bits(p.tensor[i], q.tensor[i]);
}

static inline int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(csv, sizeof csv, "%s/run.csv", folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/run.safetensors", folder);
    return 0;
}

/* With what killed processes leave beside a checkpoint. */
static inline int remove_folder(void **state)
{
    (void)state;
    char path[500];
    DIR *all = opendir(folder);
    for (struct dirent *entry = all ? readdir(all) : NULL; entry; entry = readdir(all)) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_type == DT_REG)
            unlink(path);
    }
    closedir(all);
    return rmdir(folder);
}

#endif
