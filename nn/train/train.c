/* The training helper. train_epochs is the loop; docs/guide/training-helper.md shows it as a program's own. */
#include "train.h"

#include <math.h>
#include <string.h>

#include "metric.h"
#include "wengert/derivative.h"
#include "wengert/error.h"
#include "wengert/tape.h"

static const char op[] = "train";

/* ---- the loop ---- */

static wg_status take_step(struct run *r)
{
    WG_TAPE(tape);
    wg_tensor *x, *y;
    WG_TRY(wg_batches_next(r->batches, &x, &y));
    if (!x) /* as many batches an epoch as wg_batches_per_epoch says, unless the loss takes some, too */
        return wg_error_set(WG_E_STATE, op, "%s: the epoch ended after %lld batches of %lld", op, (long long)r->batch,
                            (long long)r->per_epoch);
    const int64_t rows = wg_extent(x, 0);
    wg_tensor *loss = r->loss(x, y, r->context);
    if (wg_tape_top() != tape && !wg_error_first())
        return wg_error_set(WG_E_STATE, op, "%s: the function of the loss left a tape open, or closed the step's", op);
    if (!loss && !wg_error_first())
        return wg_error_set(WG_E_NULL, op, "%s: the function of the loss returned NULL", op);
    WG_TRY(wg_error_if_null(loss));
    const double value = wg_item(loss); /* backward releases it */
    WG_TRY(wg_backward(loss));
    if (r->options->clip_norm < INFINITY)
        WG_TRY(wg_optim_clip_norm(wg_nn_parameters(r->net), r->options->clip_norm, NULL));
    WG_TRY(wg_optim_step_with_loss(r->optim, loss)); /* a plain step, but for the optimizers that read the loss */
    WG_TRY(wg_metric_add(r->mean, value, rows));
    progress_batch(&r->progress, r->epoch, r->batch + 1, rows);
    return WG_OK;
}

/* A batch whose step failed is not used up. */
static wg_status step_or_undo(struct run *r)
{
    const wg_batches_state before = wg_batches_state_of(r->batches);
    if (r->options->schedule)
        WG_TRY(wg_lr_set(r->options->schedule, r->optim, r->step));
    const wg_status status = take_step(r);
    if (status != WG_OK && wg_batches_restore(r->batches, before) != WG_OK)
        return status;
    r->batch += status == WG_OK, r->step += status == WG_OK;
    return status;
}

static wg_status reset(const wg_metric_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        WG_TRY(wg_metric_reset(list->metric[i]));
    return WG_OK;
}

static wg_status validate(const struct run *r)
{
    WG_TRY(reset(&r->options->validation));
    if (!r->options->validate)
        return WG_OK;
    WG_EVAL_MODE;
    WG_NO_GRAD;
    return r->options->validate(r->context);
}

/* The metric whose value stopping is told. */
static const wg_metric *watched(const struct run *r)
{
    const wg_train_options *o = r->options;
    return o->watch ? o->watch : o->validation.n > 0 ? o->validation.metric[0] : r->mean;
}

static wg_status tell_stopping(const struct run *r)
{
    const double value = wg_metric_value(watched(r));
    if (isnan(value) && r->options->validation.n > 0)
        return wg_error_set(WG_E_NUMERIC, op, "%s: the value of %s is NaN: expected .validate to update it with at least one row",
                            op, wg_metric_name(watched(r)));
    return wg_stopping_tell(r->options->stopping, value);
}

/* Everything behind an epoch's last step. */
static wg_status finish_epoch(struct run *r)
{
    const wg_train_options *o = r->options;
    struct columns *c = &r->columns;
    wg_tensor *none;
    WG_TRY(wg_batches_next(r->batches, &none, &none)); /* gives none, and goes on to the next epoch */
    WG_TRY(validate(r));
    columns_fill(c, r->step, wg_optim_lr(r->optim, 0));
    if (o->stopping)
        WG_TRY(tell_stopping(r));
    if (r->csv)
        WG_TRY(wg_train_log_write(r->csv, r->epoch + 1, c->value, c->n));
    if (r->tensorboard)
        WG_TRY(wg_train_log_write(r->tensorboard, r->epoch + 1, c->value, c->n));
    wg_train_report report = {r->epoch + 1, r->step, c->n - 1, c->value + 1, false};
    progress_epoch(&r->progress, &report);
    if (o->epoch_end)
        WG_TRY(o->epoch_end(&report, r->context));
    r->epoch++, r->batch = 0;
    r->last_loss = wg_metric_value(r->mean);
    if (o->checkpoint)
        WG_TRY(resume_save(r));
    r->end = report.stop ? WG_TRAIN_END_EPOCH_END : r->epoch == o->epochs ? WG_TRAIN_END_EPOCHS : r->end;
    return WG_OK;
}

/* Whether the run ends before the next step. */
static wg_status ask(struct run *r)
{
    if (wg_interrupt_pending()) {
        r->end = WG_TRAIN_END_INTERRUPTED;
        return WG_OK;
    }
    const wg_stopping_reason reason = r->options->stopping ? wg_stopping_done(r->options->stopping) : WG_STOPPING_REASON_NONE;
    if (reason == WG_STOPPING_REASON_ERROR)
        return wg_error_first()->code;
    if (reason != WG_STOPPING_REASON_NONE)
        r->end = WG_TRAIN_END_STOPPING;
    return WG_OK;
}

static wg_status begin_epoch(struct run *r)
{
    WG_TRY(reset(&r->options->metrics));
    return wg_metric_reset(r->mean);
}

static wg_status train_epochs(struct run *r)
{
    for (;;) {
        if (!r->end)
            WG_TRY(ask(r));
        if (r->end)
            return WG_OK;
        if (r->batch == 0)
            WG_TRY(begin_epoch(r));
        WG_TRY(step_or_undo(r));
        if (r->batch == r->per_epoch)
            WG_TRY(finish_epoch(r));
    }
}

/* ---- before and after ---- */

static bool is_listed(const wg_train_options *o, const wg_metric *metric)
{
    for (size_t i = 0; i < o->metrics.n && i < WG_MAX_METRICS; i++)
        if (o->metrics.metric[i] == metric)
            return true;
    for (size_t i = 0; i < o->validation.n && i < WG_MAX_METRICS; i++)
        if (o->validation.metric[i] == metric)
            return true;
    return false;
}

static wg_status check(const struct run *r)
{
    const wg_train_options *o = r->options;
    const char *missing = !r->net       ? "network"
                          : !r->optim   ? "optimizer"
                          : !r->batches ? "iterator of batches"
                                        : "function of the loss";
    if (!r->net || !r->optim || !r->batches || !r->loss)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, missing);
    if (o->epochs < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .epochs of at least 1, got %lld", op,
                            o->epochs == WG_REQUIRED_INT ? 0 : (long long)o->epochs);
    if (!(o->clip_norm > 0))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .clip_norm above 0, got %g", op, o->clip_norm);
    if (o->validation.n > 0 && !o->validate)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .validate, a function that updates the metrics of .validation", op);
    if (o->watch && (!o->stopping || !is_listed(o, o->watch)))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .watch to be one of .metrics and .validation, beside .stopping", op);
    if (o->restore_best && !o->stopping)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .stopping, which keeps the best weights, beside .restore_best", op);
    if (o->resume && !o->checkpoint)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .checkpoint, the file of the run, beside .resume", op);
    if (o->previous && !o->resume)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .resume beside .previous", op);
    if (o->terminal > WG_TRAIN_TERMINAL_YES)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected .terminal to be ask, no or yes, got %d", op, (int)o->terminal);
    return WG_OK;
}

/* What stopping is told must be better where it takes it to be better, and the best weights are there only if they are kept. */
static wg_status check_stopping(const struct run *r)
{
    const wg_train_options *o = r->options;
    if (!o->stopping)
        return WG_OK;
    const wg_stopping_info info = wg_stopping_inspect(o->stopping);
    const enum metric_better better = watched(r)->kind->better;
    if (o->restore_best && info.kept == 0)
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: expected .stopping to keep the network's state beside .restore_best: "
                            "wg_stopping_keep(stopping, wg_nn_state(net))",
                            op);
    if ((better == BETTER_HIGH && info.mode == WG_STOPPING_MODE_MIN) || (better == BETTER_LOW && info.mode == WG_STOPPING_MODE_MAX))
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: %s is better the %s it is: make .stopping with .mode = WG_STOPPING_MODE_%s, or "
                            ".watch another metric",
                            op, wg_metric_name(watched(r)), better == BETTER_HIGH ? "higher" : "lower",
                            better == BETTER_HIGH ? "MAX" : "MIN");
    return WG_OK;
}

static wg_status check_state(const struct run *r)
{
    const wg_batches_state at = wg_batches_state_of(r->batches);
    if (wg_tape_top())
        return wg_error_set(WG_E_STATE, op, "%s: expected no open tape: each step opens its own", op);
    if (at.position != 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected batches at the beginning of an epoch, got %lld rows behind it", op,
                            (long long)at.position);
    return WG_OK;
}

static wg_status open_logs(struct run *r)
{
    const wg_train_options *o = r->options;
    if (o->csv && !(r->csv = wg_train_log_csv(o->csv, .resume = r->resumed)))
        return wg_error_first()->code;
    if (o->tensorboard && !(r->tensorboard = wg_train_log_tensorboard(o->tensorboard)))
        return wg_error_first()->code;
    return WG_OK;
}

static wg_status begin(struct run *r)
{
    WG_TRY(check(r));
    r->mean = wg_metric_mean();
    WG_TRY(wg_error_if_null(r->mean));
    WG_TRY(columns_make(&r->columns, r->options, r->mean, op));
    WG_TRY(resume_prepare(r, op));
    WG_TRY(check_stopping(r));
    WG_TRY(check_state(r));
    if (r->options->resume)
        WG_TRY(resume_load(r, op));
    if (r->epoch >= r->options->epochs)
        r->end = WG_TRAIN_END_EPOCHS;
    if (r->options->checkpoint && !r->end)
        WG_TRY(wg_run_check_path(r->checkpoint, r->options->checkpoint));
    WG_TRY(open_logs(r));
    progress_begin(&r->progress, r->options->progress, r->options->terminal, r->epoch, r->options->epochs, r->per_epoch);
    r->begun = true;
    return WG_OK;
}

/* The first error, with the place in the run, where it has begun, and the section. */
static wg_status located(const struct run *r, wg_status status)
{
    wg_error error = {.code = status, .message = "a function of the program's failed and recorded no error"};
    char place[80] = "";
    if (wg_error_first())
        (void)wg_error_take(&error);
    if (r->begun && r->batch < r->per_epoch)
        snprintf(place, sizeof place, "epoch %lld, step %lld: ", (long long)r->epoch + 1, (long long)r->step + 1);
    else if (r->begun)
        snprintf(place, sizeof place, "epoch %lld, after its last step: ", (long long)r->epoch + 1);
    const char *text = strncmp(error.message, "train: ", 7) == 0 ? error.message + 7 : error.message;
    return wg_error_set(error.code, op, "%s: %s%s%s%s%s", op, place, text, error.section[0] ? " (in " : "", error.section,
                        error.section[0] ? ")" : "");
}

static wg_status end(struct run *r, wg_status status)
{
    const wg_train_options *o = r->options;
    const bool stopped = status == WG_OK && r->end == WG_TRAIN_END_STOPPING;
    if (status == WG_OK && o->checkpoint && r->batch > 0)
        status = resume_save(r);
    const bool interrupted = r->end == WG_TRAIN_END_INTERRUPTED;
    if (status == WG_OK && o->restore_best && !interrupted && isfinite(wg_stopping_inspect(o->stopping).best))
        status = wg_stopping_restore(o->stopping);
    progress_end(&r->progress, stopped ? wg_stopping_text(o->stopping) : interrupted ? "interrupted" : NULL);
    if (o->result)
        *o->result = (wg_train_result){status == WG_OK ? r->end : WG_TRAIN_END_ERROR, r->epoch, r->step, r->last_loss};
    wg_train_log_destroy(r->csv), wg_train_log_destroy(r->tensorboard);
    wg_metric_destroy(r->mean);
    columns_free(&r->columns);
    resume_free(r);
    return status == WG_OK ? WG_OK : located(r, status);
}

wg_status wg_train_with(wg_nn_module *net, wg_optim *optim, wg_batches *batches, wg_train_loss *loss, void *context,
                        wg_train_options options)
{
    struct run run = {.net = net,
                      .optim = optim,
                      .batches = batches,
                      .loss = loss,
                      .context = context,
                      .options = &options,
                      .last_loss = NAN,
                      .per_epoch = batches ? wg_batches_per_epoch(batches) : 0};
    wg_status status = begin(&run);
    if (status == WG_OK)
        status = train_epochs(&run);
    return end(&run, status);
}
