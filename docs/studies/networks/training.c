/* Training classifiers by replay. */
#include "training.h"

#include <math.h>

wg_tensor *apply_module(wg_tensor *x, void *module)
{
    return wg_nn_apply((wg_nn_module *)module, x);
}

static wg_status step(void *context)
{
    const struct trainer *t = context;
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_cross_entropy(t->logits(t->own.first.x, t->context), t->own.first.y)));
    return wg_optim_step(t->optim);
}

/* The next batch, of a new epoch at the end of one. */
static bool next_batch(struct trainer *t, struct image_part *batch)
{
    return wg_batches_next(t->own.batches, &batch->x, &batch->y) == WG_OK &&
           (batch->x || wg_batches_next(t->own.batches, &batch->x, &batch->y) == WG_OK);
}

/* The first step. Without a batch size it is one of all rows, and so are the others. */
static bool start(struct trainer *t)
{
    if (t->batch > 0) {
        t->own.batches = wg_batches_create(t->part->x, t->part->y, .size = t->batch, .drop_last = true, .seed = t->seed);
        if (!t->own.batches || !next_batch(t, &t->own.first))
            return false;
    } else {
        t->own.first = *t->part;
    }
    t->own.replay = wg_replay_capture(step, t);
    return t->own.replay != NULL;
}

/* A later step: the batch is bound in place of the first one. */
static bool run_step(struct trainer *t)
{
    struct image_part batch = {NULL, NULL};
    if (t->batch == 0)
        return wg_replay_run(t->own.replay) == WG_OK;
    const bool good = next_batch(t, &batch) && wg_replay_bind(t->own.replay, t->own.first.x, batch.x) == WG_OK &&
                      wg_replay_bind(t->own.replay, t->own.first.y, batch.y) == WG_OK && wg_replay_run(t->own.replay) == WG_OK;
    image_part_free(&batch);
    return good;
}

bool trainer_run(struct trainer *t, int64_t steps)
{
    bool good = t->optim != NULL;
    for (int64_t i = 0; i < steps && good; i++, t->own.steps++)
        good = (!t->schedule || wg_lr_set(t->schedule, t->optim, t->own.steps) == WG_OK) &&
               (t->own.replay ? run_step(t) : start(t));
    return good;
}

void trainer_end(struct trainer *t)
{
    wg_replay_destroy(t->own.replay);
    wg_batches_destroy(t->own.batches);
    if (t->batch > 0)
        image_part_free(&t->own.first);
}

double rate_for(const struct images *images, double rate)
{
    return rate * sqrt(64 / (double)images->pixels);
}

struct score score_of(logits_function *logits, void *context, const struct image_part *part)
{
    WG_EVAL_MODE;
    WG_NO_GRAD;
    WG_TAPE(tape, .keep_error = true);
    wg_tensor *y = logits(part->x, context);
    return (struct score){wg_item(wg_cross_entropy(y, part->y)),
                          wg_item(wg_mean(wg_cast(wg_eq(wg_argmax(y, .axis = 1), part->y), WG_F64)))};
}

wg_tensor *corrupt_labels(wg_tensor *y, int64_t classes, double share, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 0), *result = NULL;
    {
        WG_TAPE(tape, .keep_error = true);
        const wg_shape shape = WG_SHAPE(wg_extent(y, 0));
        wg_tensor *random = wg_floor(wg_uniform(generator, WG_F64, shape, 0, (double)classes));
        result = wg_keep(wg_cast(wg_where(wg_bernoulli(generator, WG_U8, shape, share), random, wg_cast(y, WG_F64)), WG_I64));
    }
    wg_free(generator);
    return result;
}
