/* Training classifiers, by a step that is captured once and replayed (docs/guide/replay.md): what the studies of networks share. */
#ifndef WG_STUDIES_TRAINING_H
#define WG_STUDIES_TRAINING_H

#include "images.h"

/* The logits (n, classes) of a classifier. A module is one: apply_module with the module as context. */
typedef wg_tensor *logits_function(wg_tensor *x, void *context);
wg_tensor *apply_module(wg_tensor *x, void *module);

/* A training run: all but the last line is the caller's, by a designated initialiser. Each step is one of the optimizer's on the
   cross-entropy of a batch.
   batch: rows of a batch, 0 for all. schedule: of the rate, or NULL. seed: of the order of the rows. */
struct trainer {
    logits_function *logits;
    void *context;
    const struct image_part *part;
    wg_optim *optim;
    wg_lr *schedule;
    int64_t batch;
    uint64_t seed;
    struct {
        int64_t steps;
        wg_batches *batches;
        wg_replay *replay;
        struct image_part first;
    } own;
};
bool trainer_run(struct trainer *trainer, int64_t steps); /* so many steps more */
void trainer_end(struct trainer *trainer);                /* frees what is its own, not the optimizer and the schedule */

/* Adam's rate for images of p pixels, from one that suits the 64 pixels of the digits: √(64/p) times as large, because the more inputs a unit
   has, the further one step moves it. */
double rate_for(const struct images *images, double rate);

/* The mean cross-entropy of a part, and the share of its rows whose largest logit is that of their class; in the mode of use
   (WG_EVAL_MODE). NaN on failure. */
struct score {
    double loss, accuracy;
};
struct score score_of(logits_function *logits, void *context, const struct image_part *part);

/* Labels drawn uniformly among the classes for a share of the rows, at random; the others are y's. The caller's. */
wg_tensor *corrupt_labels(wg_tensor *y, int64_t classes, double share, uint64_t seed);

#endif
