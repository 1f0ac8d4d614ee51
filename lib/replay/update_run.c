/* Updates in one pass: what an update bracket computes is captured, fused and run, and run again with other inputs. */
#include "replay/replay.h"

#include <string.h>

#include "wengert/tape.h"

/* An address that follows an input. */
struct place {
    char **where;
    size_t input;
    int64_t offset; /* from the input's first element */
};

struct wg_update {
    wg_replay *replay;
    enum wg_isa isa;
    size_t n, n_places;
    wg_tensor *input; /* their layouts, dims in the log */
    struct place *place;
    struct wg_hash written; /* the storages that the update changes: no input may lie there */
};

struct stepping {
    wg_step *step;
    void *context;
};

/* ---- the bracket ---- */

static wg_status in_a_bracket(void *context)
{
    const struct stepping *stepping = context;
    WG_NO_GRAD;
    WG_TRY(wg_update_begin());
    const wg_status status = stepping->step(stepping->context);
    if (status == WG_OK)
        return wg_update_commit();
    wg_update_cancel();
    return status;
}

/* The tape owns what the step makes, also where another tape is open. */
static wg_status on_a_tape(void *context)
{
    WG_TAPE(tape);
    return tape ? in_a_bracket(context) : WG_E_MEMORY;
}

/* ---- inputs ---- */

static bool same_layout(const wg_tensor *a, const wg_tensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank && a->numel == b->numel && a->flags == b->flags &&
           memcmp(wg_extents(a), wg_extents(b), 2 * (size_t)a->rank * sizeof(int64_t)) == 0;
}

enum { LAYOUT_FLAGS = WG_T_CONTIGUOUS | WG_T_DENSE };

static wg_tensor layout_of(const wg_tensor *t, int64_t *dims)
{
    memcpy(dims, wg_extents(t), 2 * (size_t)t->rank * sizeof *dims);
    return (wg_tensor){.dims = dims, .numel = t->numel, .dtype = t->dtype, .rank = t->rank, .flags = t->flags & LAYOUT_FLAGS};
}

static bool fits(const struct wg_update *update, const struct wg_thread *th, wg_tensor *const *inputs, size_t n)
{
    if (update->n != n || update->replay->log.thread_serial != th->serial || update->isa != th->isa)
        return false;
    for (size_t i = 0; i < n; i++) {
        wg_tensor now = *inputs[i];
        now.flags &= LAYOUT_FLAGS;
        if (!same_layout(&now, &update->input[i]) || wg_hash_find(&update->written, inputs[i]->storage))
            return false;
    }
    return true;
}

static void point_to(const struct wg_update *update, wg_tensor *const *inputs)
{
    for (size_t i = 0; i < update->n_places; i++) {
        const struct place *place = &update->place[i];
        *place->where = inputs[place->input]->data + place->offset;
    }
}

/* ---- keeping an update ---- */

static bool lies_in(struct wg_span part, struct wg_span whole)
{
    return part.from >= whole.from && part.to <= whole.to;
}

static bool find_written(struct wg_update *update)
{
    for (size_t i = 0; i < update->replay->changed.n; i++) {
        const struct wg_storage *storage = wg_changed_buffer(update->replay, i)->block;
        struct wg_hash_slot *slot = wg_hash_slot_for(&update->written, storage);
        if (!slot)
            return false;
        if (!slot->key)
            wg_hash_put(&update->written, slot, storage);
    }
    return true;
}

/* The input in each external buffer, or -1. False: two inputs are in one storage, or one is written. */
static bool find_inputs(struct wg_log *log, wg_tensor *const *inputs, size_t n, int64_t *input_of)
{
    struct wg_hash by_storage = {.slots = NULL};
    bool distinct = true;
    for (size_t i = 0; i < n && distinct; i++) {
        struct wg_hash_slot *slot = wg_hash_slot_for(&by_storage, inputs[i]->storage);
        distinct = slot && !slot->key;
        if (distinct) {
            wg_hash_put(&by_storage, slot, inputs[i]->storage);
            slot->value.number = i;
        }
    }
    for (size_t b = 0; b < log->buffers.n && distinct; b++) {
        const struct wg_buffer *buffer = WG_BUFFER(log, b);
        const struct wg_hash_slot *slot = buffer->kind == WG_EXTERNAL ? wg_hash_find(&by_storage, buffer->block) : NULL;
        input_of[b] = slot ? (int64_t)slot->value.number : -1;
        distinct = !slot || !buffer->written;
    }
    wg_hash_free(&by_storage);
    return distinct;
}

/* Lists the places of all inputs. The log lets go of them: a later run has others. False: two inputs are in one buffer, one is written,
   or more of its buffer is read, so the update cannot be kept. */
static bool find_places(struct wg_update *update, wg_tensor *const *inputs, int64_t *input_of)
{
    struct wg_log *log = &update->replay->log;
    if (!find_inputs(log, inputs, update->n, input_of))
        return false;
    for (size_t k = 0; k < update->replay->patches.n; k++) {
        const struct wg_patch *patch = WG_NTH(update->replay->patches, struct wg_patch, k);
        const int64_t i = input_of[patch->buffer];
        if (i >= 0 && !lies_in(patch->read, wg_span_of(inputs[i])))
            return false;
        if (i >= 0)
            update->place[update->n_places++] = (struct place){
                patch->where, (size_t)i, patch->offset - (inputs[i]->data - wg_storage_data(inputs[i]->storage))};
    }
    for (size_t b = 0; b < log->buffers.n; b++)
        if (input_of[b] >= 0) {
            wg_storage_unref(WG_BUFFER(log, b)->block);
            WG_BUFFER(log, b)->block = NULL;
        }
    return true;
}

/* The replay, which has run, becomes an update that can run again; NULL, without an error, if that is impossible. */
static struct wg_update *keep(const struct wg_thread *th, wg_replay *replay, wg_tensor *const *inputs, size_t n)
{
    struct wg_update *update = wg_log_alloc(&replay->log, sizeof *update);
    int64_t *input_of = wg_object_new((replay->log.buffers.n + 1) * sizeof *input_of);
    bool kept = update && input_of;
    if (kept) {
        *update = (struct wg_update){.replay = replay, .isa = th->isa, .n = n};
        update->input = wg_log_alloc(&replay->log, n * sizeof *update->input);
        update->place = wg_log_alloc(&replay->log, replay->patches.n * sizeof *update->place);
        kept = update->input && update->place;
    }
    for (size_t i = 0; i < n && kept; i++) {
        int64_t *dims = wg_log_alloc(&replay->log, 2 * WG_MAX_RANK * sizeof *dims);
        kept = dims != NULL;
        if (kept)
            update->input[i] = layout_of(inputs[i], dims);
    }
    kept = kept && find_written(update) && find_places(update, inputs, input_of);
    wg_object_free(input_of);
    if (!kept && update)
        wg_hash_free(&update->written);
    return kept ? update : NULL;
}

static void clear_gradients(const wg_replay *replay)
{
    for (size_t i = 0; i < replay->log.cleared.n; i++)
        wg_gradient_drop(*WG_NTH(replay->log.cleared, wg_tensor *, i));
}

void wg_update_destroy(wg_update *update)
{
    if (!update)
        return;
    wg_hash_free(&update->written);
    wg_replay_destroy(update->replay); /* whose log the update is part of */
}

/* ---- running ---- */

static wg_status run_again(struct wg_thread *th, const struct wg_update *update, wg_tensor *const *inputs)
{
    if (update->replay->busy)
        return wg_fail(WG_E_STATE, "update_run", "update_run: not inside a function that the update itself calls");
    WG_TRY(wg_update_may_begin(th));
    if (!th->top)
        wg_error_clear(th);
    point_to(update, inputs);
    WG_TRY(wg_run_actions(th, update->replay));
    clear_gradients(update->replay);
    return WG_OK;
}

/* Memory that is short for keeping is no error: the update has taken place. */
static struct wg_update *keep_quietly(struct wg_thread *th, wg_replay *replay, wg_tensor *const *inputs, size_t n)
{
    const wg_error error = th->error;
    const bool had_error = th->has_error, failed = th->top && th->top->failed;
    struct wg_update *update = keep(th, replay, inputs, n);
    if (update)
        return update;
    th->error = error;
    th->has_error = had_error;
    if (th->top)
        th->top->failed = failed;
    return NULL;
}

/* What cannot be kept is captured each time. */
static wg_status run_first(struct wg_thread *th, wg_update **update, struct stepping *stepping, wg_tensor *const *inputs, size_t n)
{
    wg_replay *replay = wg_capture_for("update_run", on_a_tape, stepping, true); /* also runs it once */
    if (!replay)
        return wg_error_cause();
    *update = keep_quietly(th, replay, inputs, n);
    clear_gradients(replay);
    if (!*update)
        wg_replay_destroy(replay);
    return WG_OK;
}

wg_status wg_update_run(wg_update **update, wg_step *step, void *context, wg_tensor *const *inputs, size_t n)
{
    WG_OPERATION("update_run");
    struct wg_thread *th = wg_self();
    struct stepping stepping = {step, context};
    if (!th)
        return WG_E_MEMORY;
    if (!update || !step || (n > 0 && !inputs))
        return wg_fail(WG_E_NULL, "update_run", "update_run: the %s is NULL",
                       !update ? "update"
                       : !step ? "step"
                               : "list of inputs");
    for (size_t i = 0; i < n; i++)
        WG_TRY(wg_check_handle(inputs[i], "update_run", (int)i));
    if (th->watched)
        return in_a_bracket(&stepping);
    if (*update && fits(*update, th, inputs, n))
        return run_again(th, *update, inputs);
    wg_update_destroy(*update);
    *update = NULL;
    return run_first(th, update, &stepping, inputs, n);
}
