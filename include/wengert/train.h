/* Training: an optional helper for the loop over epochs, and logs of what it reports.

       static wg_tensor *loss(wg_tensor *x, wg_tensor *y, void *net)
       {
           return wg_cross_entropy(wg_nn_apply(net, x), y);
       }
       …
       WG_TRY(wg_train(net, opt, batches, loss, net, .epochs = 20, .csv = "run.csv", .progress = stderr));

   The helper does nothing that a program cannot: docs/guide/training-helper.md shows its loop, to be copied out where more is needed. */
#ifndef WENGERT_TRAIN_H
#define WENGERT_TRAIN_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include <stdio.h>

#include "data.h"
#include "metrics.h"
#include "nn.h"
#include "optim.h"
#include "schedule.h"
#include "stopping.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- logs: a row of named values for each epoch ---- */

typedef struct wg_train_value {
    const char *name;
    double value;
} wg_train_value;

typedef struct wg_train_log wg_train_log;

/* resume: the run goes on in a file that is there. Rows of epochs that are written again are not doubled: those from the first epoch
   that is written on are removed, and so is a last line that is torn. Without it the file begins anew. */
typedef struct WG_NAMED wg_train_log_options {
    bool resume;
} wg_train_log_options;

/* A CSV file: a line of names, "epoch" first, then a line for each row. A number is written with the fewest digits that read back as the same f64,
   with a point in any locale; what is not finite is nan, inf or -inf. wg_dataset_read_csv reads it, with .skip_lines = 1 and
   .nonfinite = true. Each row is brought to the disk (fdatasync). NULL and the error: E_NULL, E_IO (with the path), E_MEMORY. */
#define wg_train_log_csv(path, ...) wg_train_log_csv_with((path), WG_OPTIONS(wg_train_log_options, .resume = false, __VA_ARGS__))
WG_API wg_train_log *wg_train_log_csv_with(const char *path, wg_train_log_options options);

/* TensorBoard's event files: a new file in the folder, which is made if it is not there (not those above it). Values are scalars
   under their names, in f32, at the step `epoch`. What older files of the folder have from the first epoch that is written on, TensorBoard
   leaves out (a session's start), so that a resumed run is one curve. Errors: as of wg_train_log_csv; E_STATE: the library was built
   without protobuf-c. */
WG_API wg_train_log *wg_train_log_tensorboard(const char *folder);

/* Writes a row. The names are those of the first row (else E_ARGUMENT), not empty, without comma, quote and control characters, none of
   them "epoch" and none twice. Epochs increase. On failure the file is as it was: E_NULL, E_ARGUMENT, E_MEMORY; E_IO: it cannot be
   written, or, of a file that is resumed, has other columns or a line that begins with no epoch. */
WG_API WG_MUST_CHECK wg_status wg_train_log_write(wg_train_log *log, int64_t epoch, const wg_train_value *value, size_t n);

WG_API void wg_train_log_destroy(wg_train_log *log); /* NULL is allowed */

/* ---- the helper ---- */

/* The loss of a batch, of one element, on the open tape of the step; NULL and the error on failure. x and y are the batch's, y WG_NONE
   where there are no labels. It may change x (augmentation, on a tape of its own), update metrics and apply the network as the program
   likes. */
typedef wg_tensor *wg_train_loss(wg_tensor *x, wg_tensor *y, void *context);

/* Updates the metrics of validation, after each epoch, in WG_EVAL_MODE and WG_NO_GRAD, with no tape of the helper's open. */
typedef wg_status wg_train_validate(void *context);

/* What an epoch gave, for epoch_end: value[0 … n), "lr" (of group 0, at the last step), "loss" (the mean of the batches' losses, weighted
   by their rows), the metrics under their names, those of validation under "validation_NAME"; epoch counts from 1, step from the run's
   beginning. stop = true ends the run. */
typedef struct wg_train_report {
    int64_t epoch, step;
    size_t n;
    const wg_train_value *value;
    bool stop;
} wg_train_report;
typedef wg_status wg_train_epoch_end(wg_train_report *report, void *context);

/* Whether the stream of progress is taken for a terminal. ASK: isatty. */
typedef enum wg_train_terminal { WG_TRAIN_TERMINAL_ASK, WG_TRAIN_TERMINAL_NO, WG_TRAIN_TERMINAL_YES } wg_train_terminal;

/* Why a run ended: all epochs are done; .stopping ended it (wg_stopping_inspect says why); epoch_end did; a signal came
   (wg_interrupt_pending). ERROR: the status is none of success. */
typedef enum wg_train_end {
    WG_TRAIN_END_ERROR,
    WG_TRAIN_END_EPOCHS,
    WG_TRAIN_END_STOPPING,
    WG_TRAIN_END_EPOCH_END,
    WG_TRAIN_END_INTERRUPTED
} wg_train_end;

/* epochs and steps that were finished; loss: the last whole epoch's mean, NaN where there was none. */
typedef struct wg_train_result {
    wg_train_end end;
    int64_t epochs, steps;
    double loss;
} wg_train_result;

/* Further tensors that a checkpoint holds, such as a generator of augmentation or the state of a plateau: .state =
   WG_TRAIN_PARTS({"plateau", wg_lr_plateau_state(plateau)}). Their names differ from those of the helper's own parts: generator, epoch,
   batch, step, loss, model, optim, data, mean, metrics.NAME, stopping. */
enum { WG_MAX_TRAIN_PARTS = 8 };
typedef struct wg_train_part {
    const char *name;
    wg_tensor_list list;
} wg_train_part;
typedef struct wg_train_parts {
    size_t n;
    wg_train_part part[WG_MAX_TRAIN_PARTS];
} wg_train_parts;
#ifndef __cplusplus
#define WG_TRAIN_PARTS(...) ((wg_train_parts){sizeof((wg_train_part[]){__VA_ARGS__}) / sizeof(wg_train_part), {__VA_ARGS__}})
#define WG_NO_TRAIN_PARTS \
    {                     \
        .n = 0            \
    }
#else
#define WG_TRAIN_PARTS(...) wg_train_parts_from_({__VA_ARGS__})
#define WG_NO_TRAIN_PARTS wg_train_parts()
#endif

/* epochs: so many passes over the batches; required.
   schedule: sets the rates before each step. clip_norm: wg_optim_clip_norm of all the network's gradients, infinite for none.
   metrics: are reset before an epoch and reported after it; loss updates them. validate, validation: a function and the metrics that it
   updates, reset before it. Names of metrics are different within each of the two lists (wg_metric_accuracy(.name = …)).
   stopping: is asked before each step, and told the value of `watch` after each epoch: one of the metrics, or, if it is NULL, the first
   of validation, or the loss where there is none. restore_best: wg_stopping_restore at the end, if a finite value was told; tensors were
   given to wg_stopping_keep then.
   checkpoint: a file (wg_run_save) that is written after each epoch, and at the end of a run that ends within one. It holds the
   network's state, the optimizer's, the batches', this thread's generator, the metrics, stopping, the position, and the parts of .state.
   resume: if the file is there, the run goes on from it, with the bits of one that was never stopped; the logs go on, too. Everything is
   made as for the first run, by the same calls; more epochs may be asked for. any_kernels: as in wg_run_load. previous: beside resume, the
   run goes on from PATH.prev, which must be there; its first checkpoint replaces the file at PATH and leaves PATH.prev alone. After wg_interrupt_catch a
   signal ends the run before the next step, with its checkpoint; restore_best does nothing then.
   epoch_end: is called at the end of each epoch, after its row is written.
   csv, tensorboard: logs (above), under "epoch": "step" and the report's values.
   progress: where a line about each epoch goes, such as stderr; NULL: nowhere. On a terminal a bar stays in one line, elsewhere there
   are about twenty lines a run. Errors of writing there are ignored.
   result: gets the end of the run, on failure too. */
typedef struct WG_NAMED wg_train_options {
    int64_t epochs;
    wg_lr *schedule;
    double clip_norm;
    wg_metric_list metrics;
    wg_train_validate *validate;
    wg_metric_list validation;
    wg_stopping *stopping;
    const wg_metric *watch;
    bool restore_best;
    wg_train_epoch_end *epoch_end;
    const char *csv, *tensorboard, *checkpoint;
    bool resume, any_kernels, previous;
    wg_train_parts state;
    FILE *progress;
    wg_train_terminal terminal;
    wg_train_result *result;
} wg_train_options;

/* Trains a network: for each batch the loss, its gradients, a step of the optimizer, on a tape of their own. Everything is borrowed;
   context goes to the three functions. No tape is open. The iterator stands at the beginning of an epoch; afterwards it stands behind
   the last step.

   A step that fails ends the run: what it did is undone, the batch is not used up, the logs have the rows of the epochs before, and the
   message names the epoch and the step: "train: epoch 3, step 57: matmul: …". Errors: those of the functions that are called; E_NULL;
   E_ARGUMENT (an option out of its range, a name twice, watch is none of the metrics, batches in mid-epoch);
   E_STATE (a tape is open); E_IO, E_MEMORY. Cost beside the steps: a microsecond a step and a row an epoch. */
#define wg_train(net, optim, batches, loss, context, ...)                                                                     \
    wg_train_with((net), (optim), (batches), (loss), (context),                                                               \
                  WG_OPTIONS(wg_train_options, .epochs = WG_REQUIRED_INT, .schedule = NULL, .clip_norm = __builtin_inf(),     \
                             .metrics = WG_NO_METRICS, .validate = NULL, .validation = WG_NO_METRICS, .stopping = NULL,       \
                             .watch = NULL, .restore_best = false, .epoch_end = NULL, .csv = NULL, .tensorboard = NULL,       \
                             .checkpoint = NULL, .resume = false, .any_kernels = false, .previous = false,                    \
                             .state = WG_NO_TRAIN_PARTS, .progress = NULL, .terminal = WG_TRAIN_TERMINAL_ASK, .result = NULL, \
                             __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_train_with(wg_nn_module *net, wg_optim *optim, wg_batches *batches, wg_train_loss *loss,
                                             void *context, wg_train_options options);

#ifdef __cplusplus
}
extern "C++" {
template <size_t n> inline wg_train_parts wg_train_parts_from_(const wg_train_part (&part)[n])
{
    static_assert(n <= WG_MAX_TRAIN_PARTS, "at most 8 parts");
    wg_train_parts parts = {};
    for (size_t i = 0; i < n; i++)
        parts.part[parts.n++] = part[i];
    return parts;
}
}
#endif

#endif
