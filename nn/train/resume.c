/* Checkpoints of a training run: all tensors that it needs to go on, under the names of the parts that they are of. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train.h"
#include "wengert/error.h"
#include "wengert/file.h"
#include "wengert/random.h"

/* ---- gathering ---- */

struct parts {
    size_t n;
    wg_tensor **tensor;
    char **name;
};

static wg_status add(struct parts *parts, const char *part, wg_tensor_list list, const char *op)
{
    wg_tensor **tensor = realloc(parts->tensor, (parts->n + list.n + 1) * sizeof *tensor);
    if (tensor)
        parts->tensor = tensor;
    char **name = tensor ? realloc(parts->name, (parts->n + list.n + 1) * sizeof *name) : NULL;
    if (!name)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    parts->name = name;
    for (size_t i = 0; i < list.n; i++) {
        if (asprintf(&name[parts->n], "%s.%s", part, list.name && list.name[i] ? list.name[i] : wg_name_of(list.tensor[i])) < 0)
            return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        tensor[parts->n++] = list.tensor[i];
    }
    return WG_OK;
}

static wg_status add_metrics(struct parts *parts, const wg_metric_list *list, const char *op)
{
    for (size_t i = 0; i < list->n; i++) {
        char *part = NULL;
        if (asprintf(&part, "metrics.%s", wg_metric_name(list->metric[i])) < 0)
            return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        const wg_status status = add(parts, part, wg_metric_state(list->metric[i]), op);
        free(part);
        if (status != WG_OK)
            return status;
    }
    return WG_OK;
}

static wg_status gather(struct parts *parts, struct run *r, const char *op)
{
    static const char *const own_names[] = {"position", "loss"}, *const generator_name[] = {"default"};
    const wg_train_options *o = r->options;
    wg_tensor *const own[] = {r->position, r->last}, *generator = wg_generator_default();
    WG_TRY(wg_error_if_null(generator));
    WG_TRY(add(parts, "train", (wg_tensor_list){2, own, own_names}, op));
    WG_TRY(add(parts, "model", wg_nn_state(r->net), op));
    WG_TRY(add(parts, "optim", wg_optim_state(r->optim), op));
    WG_TRY(add(parts, "batches", wg_batches_state_list(r->batches), op));
    WG_TRY(add(parts, "generator", (wg_tensor_list){1, &generator, generator_name}, op));
    WG_TRY(add(parts, "mean", wg_metric_state(r->mean), op));
    WG_TRY(add_metrics(parts, &o->metrics, op));
    if (o->stopping)
        WG_TRY(add(parts, "stopping", wg_stopping_state(o->stopping), op));
    for (size_t i = 0; i < o->state.n; i++)
        WG_TRY(add(parts, o->state.part[i].name, o->state.part[i].list, op));
    return WG_OK;
}

static void drop(struct parts *parts)
{
    for (size_t i = 0; i < parts->n; i++)
        free(parts->name[i]);
    free(parts->name), free(parts->tensor);
}

/* ---- saving and loading ---- */

wg_status resume_prepare(struct run *r, const char *op)
{
    const wg_train_parts *state = &r->options->state;
    if (state->n > WG_MAX_TRAIN_PARTS)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at most %d parts in .state, got %zu", op, WG_MAX_TRAIN_PARTS,
                            state->n);
    for (size_t i = 0; i < state->n; i++)
        if (!state->part[i].name)
            return wg_error_set(WG_E_NULL, op, "%s: the name of part %zu of .state is NULL", op, i);
    wg_tensor *position = wg_zeros(WG_I64, WG_SHAPE(3)), *last = wg_zeros(WG_F64, WG_SCALAR);
    r->position = position ? wg_adopt(position) : NULL;
    r->last = last ? wg_adopt(last) : NULL;
    return r->position && r->last ? WG_OK : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
}

void resume_free(struct run *r)
{
    wg_disown(r->position), wg_disown(r->last);
}

wg_status resume_save(struct run *r, const char *op)
{
    struct parts parts = {0, NULL, NULL};
    const int64_t position[] = {r->epoch, r->batch, r->step};
    WG_TRY(wg_write(r->position, position));
    WG_TRY(wg_write(r->last, &r->last_loss));
    wg_status status = gather(&parts, r, op);
    if (status == WG_OK)
        status = wg_save(r->options->checkpoint, ((wg_tensor_list){parts.n, parts.tensor, (const char *const *)parts.name}));
    drop(&parts);
    return status;
}

static wg_status take_position(struct run *r, const char *op)
{
    int64_t position[3];
    WG_TRY(wg_read(r->position, position));
    WG_TRY(wg_read(r->last, &r->last_loss));
    if (position[0] < 0 || position[1] < 0 || position[1] >= r->per_epoch || position[2] < 0)
        return wg_error_set(WG_E_ARGUMENT, op,
                            "%s: %s: expected a position within epochs of %lld batches, got epoch %lld, batch %lld", op,
                            r->options->checkpoint, (long long)r->per_epoch, (long long)position[0], (long long)position[1]);
    r->epoch = position[0], r->batch = position[1], r->step = position[2];
    r->resumed = true;
    return WG_OK;
}

wg_status resume_load(struct run *r, const char *op)
{
    struct parts parts = {0, NULL, NULL};
    if (access(r->options->checkpoint, F_OK) != 0 && errno == ENOENT)
        return WG_OK;
    wg_status status = gather(&parts, r, op);
    if (status == WG_OK)
        status = wg_load(r->options->checkpoint, ((wg_tensor_list){parts.n, parts.tensor, (const char *const *)parts.name}));
    drop(&parts);
    return status == WG_OK ? take_position(r, op) : status;
}
