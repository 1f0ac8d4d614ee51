/* The parts of the training helper. */
#ifndef NN_TRAIN_TRAIN_H
#define NN_TRAIN_TRAIN_H

#include <time.h>

#include "wengert/run.h"
#include "wengert/train.h"

/* ---- progress: a bar on a terminal, some lines elsewhere ---- */

struct progress {
    FILE *to;
    bool terminal, open; /* open: the line has no end yet */
    int64_t epochs, first, rows, per_epoch;
    struct timespec start, drawn;
    char line[512]; /* the last epoch's, if it was not written */
};

void progress_begin(struct progress *p, FILE *to, wg_train_terminal terminal, int64_t first, int64_t epochs, int64_t per_epoch);
void progress_batch(struct progress *p, int64_t epoch, int64_t batch, int64_t rows); /* batch: those of the epoch that are done */
void progress_epoch(struct progress *p, const wg_train_report *report);
void progress_end(struct progress *p, const char *why); /* why: a last line, or NULL */

/* ---- what an epoch gives, as named values ---- */

enum { MAX_VALUES = 3 + 2 * WG_MAX_METRICS }; /* step, lr, loss; metrics */

struct columns {
    size_t n;
    wg_train_value value[MAX_VALUES];
    const wg_metric *metric[MAX_VALUES]; /* NULL of the first ones */
    char *names;                         /* those of validation */
};

wg_status columns_make(struct columns *columns, const wg_train_options *options, const wg_metric *loss, const char *op);
void columns_fill(struct columns *columns, int64_t step, double lr);
void columns_free(struct columns *columns);

/* ---- a run, and its checkpoints ---- */

struct run {
    wg_nn_module *net;
    wg_optim *optim;
    wg_batches *batches;
    wg_train_loss *loss;
    void *context;
    const wg_train_options *options;
    wg_metric *mean; /* of the loss */
    wg_train_log *csv, *tensorboard;
    struct columns columns;
    struct progress progress;
    int64_t epoch, batch, step, per_epoch; /* finished: epochs, batches of this epoch, steps */
    double last_loss;
    wg_run *checkpoint;
    wg_tensor *last;                    /* last_loss, as the checkpoint has it */
    bool begun, resumed, from_previous; /* from_previous: nothing was saved since */
    wg_train_end end;                   /* ERROR: it goes on */
};

wg_status resume_prepare(struct run *r, const char *op);
wg_status resume_save(struct run *r);
wg_status resume_load(struct run *r, const char *op); /* where there is no file, the run begins anew */
void resume_free(struct run *r);

#endif
