/* Checkpoints of a training run: all that it needs to go on, as the parts of a wg_run. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "metric.h"
#include "train.h"
#include "wengert/error.h"

static wg_status add_metrics(wg_run *run, const wg_metric_list *list, const char *op)
{
    for (size_t i = 0; i < list->n; i++) {
        char *part = NULL;
        if (asprintf(&part, "metrics.%s", wg_metric_name(list->metric[i])) < 0)
            return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        const wg_status status = wg_run_add(run, part, wg_metric_state(list->metric[i]));
        free(part);
        if (status != WG_OK)
            return status;
    }
    return WG_OK;
}

static wg_status check_parts(const wg_train_parts *state, const char *op)
{
    if (state->n > WG_MAX_TRAIN_PARTS)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at most %d parts in .state, got %zu", op, WG_MAX_TRAIN_PARTS,
                            state->n);
    for (size_t i = 0; i < state->n; i++)
        if (!state->part[i].name)
            return wg_error_set(WG_E_NULL, op, "%s: the name of part %zu of .state is NULL", op, i);
    return WG_OK;
}

wg_status resume_prepare(struct run *r, const char *op)
{
    const wg_train_options *o = r->options;
    WG_TRY(check_parts(&o->state, op));
    if (!o->checkpoint)
        return WG_OK;
    wg_tensor *last = wg_zeros(WG_F64, WG_SCALAR);
    r->last = last ? wg_adopt(last) : NULL;
    r->checkpoint = wg_run_create();
    WG_TRY(wg_error_if_null(r->last && r->checkpoint ? r->checkpoint : NULL));
    WG_TRY(wg_run_add_count(r->checkpoint, "epoch", &r->epoch));
    WG_TRY(wg_run_add_count(r->checkpoint, "batch", &r->batch));
    WG_TRY(wg_run_add_count(r->checkpoint, "step", &r->step));
    WG_TRY(wg_run_add_tensor(r->checkpoint, "loss", r->last));
    WG_TRY(wg_run_add(r->checkpoint, "model", wg_nn_state(r->net)));
    WG_TRY(wg_run_add(r->checkpoint, "optim", wg_optim_state(r->optim)));
    WG_TRY(wg_run_add_batches(r->checkpoint, "data", r->batches));
    WG_TRY(wg_run_add(r->checkpoint, "mean", wg_metric_state(r->mean)));
    WG_TRY(add_metrics(r->checkpoint, &o->metrics, op));
    if (o->stopping)
        WG_TRY(wg_run_add(r->checkpoint, "stopping", wg_stopping_state(o->stopping)));
    for (size_t i = 0; i < o->state.n; i++)
        WG_TRY(wg_run_add(r->checkpoint, o->state.part[i].name, o->state.part[i].list));
    return WG_OK;
}

void resume_free(struct run *r)
{
    wg_run_destroy(r->checkpoint);
    wg_disown(r->last);
}

wg_status resume_save(struct run *r)
{
    WG_TRY(wg_write(r->last, &r->last_loss));
    /* A file that could not be used does not take the place of the one that could. */
    WG_TRY(wg_run_save(r->checkpoint, r->options->checkpoint, .keep_previous = !r->from_previous));
    r->from_previous = false;
    return WG_OK;
}

/* A checkpoint holds what some program wrote. */
static wg_status check_metrics(const struct run *r, const char *op)
{
    const wg_metric_list *list = &r->options->metrics;
    WG_TRY(metric_check(r->mean, op));
    for (size_t i = 0; i < list->n; i++)
        WG_TRY(metric_check(list->metric[i], op));
    return WG_OK;
}

wg_status resume_load(struct run *r, const char *op)
{
    static const int64_t max_count = INT64_MAX / 2; /* so that counting on has room */
    const wg_train_options *o = r->options;
    const char *path = o->checkpoint;
    if (!o->previous && access(path, F_OK) != 0 && errno == ENOENT)
        return WG_OK;
    WG_TRY(wg_run_load(r->checkpoint, path, .any_kernels = o->any_kernels, .previous = o->previous));
    r->from_previous = o->previous;
    WG_TRY(wg_read(r->last, &r->last_loss));
    WG_TRY(check_metrics(r, op));
    if (r->epoch < 0 || r->epoch > max_count || r->batch < 0 || r->batch >= r->per_epoch || r->step < 0 || r->step > max_count)
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: %s: expected a position within epochs of %lld batches, got epoch %lld, batch %lld", op, path,
                            (long long)r->per_epoch, (long long)r->epoch, (long long)r->batch);
    r->resumed = true;
    return WG_OK;
}
