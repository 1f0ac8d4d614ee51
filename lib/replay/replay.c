/* Replay: makes a captured step into prepared calls, and runs them. */
#include "replay/replay.h"

#include <string.h>

#include "wengert/random.h"

/* ---- addresses ---- */

char *wg_address(const struct wg_replay *replay, const struct wg_plan *plan, const struct wg_operand *operand)
{
    const struct wg_buffer *buffer = WG_BUFFER(plan->log, operand->buffer);
    char *payload = buffer->kind == WG_INTERNAL ? wg_storage_data(replay->block) + plan->at[operand->buffer]
                                                : wg_storage_data(buffer->block);
    return payload + operand->offset;
}

/* Registers an operand in an external buffer that the step does not change: such an address can be bound to another tensor. */
wg_status wg_follow(struct wg_replay *replay, char **where, const struct wg_operand *operand)
{
    const struct wg_buffer *buffer = WG_BUFFER(&replay->log, operand->buffer);
    if (buffer->kind != WG_EXTERNAL || buffer->written)
        return WG_OK;
    const struct wg_patch patch = {where, operand->buffer, operand->offset, wg_span_in(&replay->log, operand)};
    WG_TRY(wg_array_reserve(&replay->patches, 1, sizeof patch));
    *WG_NTH(replay->patches, struct wg_patch, replay->patches.n++) = patch;
    return WG_OK;
}

/* ---- prepared calls ---- */

static wg_status make_operand(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_operand *operand, wg_tensor *t)
{
    const struct wg_layout *layout = WG_LAYOUT(plan->log, operand->layout);
    const struct wg_buffer *buffer = WG_BUFFER(plan->log, operand->buffer);
    *t = (wg_tensor){.data = wg_address(replay, plan, operand),
                     .storage = buffer->kind == WG_INTERNAL ? replay->block : buffer->block,
                     .dims = WG_NTH(replay->log.dims, int64_t, layout->dims),
                     .numel = layout->numel,
                     .state = WG_LIVE,
                     .dtype = layout->dtype,
                     .rank = layout->rank,
                     .flags = layout->flags};
    return wg_follow(replay, &t->data, operand);
}

static wg_status make_call(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_launch *launch,
                           struct wg_action *action)
{
    const size_t n = wg_launch_operands(launch);
    wg_call *call = wg_log_alloc(&replay->log, sizeof *call + n * (sizeof(wg_tensor *) + sizeof(wg_tensor)));
    if (!call)
        return WG_E_MEMORY;
    wg_tensor *t = (wg_tensor *)(void *)(call + 1), **pointer = (wg_tensor **)(void *)(t + n);
    for (size_t i = 0; i < n; i++) {
        const struct wg_operand *operand = WG_OPERAND(plan->log, launch->operand + i);
        pointer[i] = operand->buffer == WG_NO_BUFFER ? WG_NONE : &t[i];
        if (operand->buffer != WG_NO_BUFFER)
            WG_TRY(make_operand(replay, plan, operand, &t[i]));
    }
    *call = (wg_call){.op = launch->op,
                      .params = launch->params,
                      .in = pointer + launch->n_out,
                      .out = pointer,
                      .context = launch->context,
                      .n_in = launch->n_in,
                      .n_out = launch->n_out,
                      .dtype = launch->dtype};
    *action = (struct wg_action){.kind = WG_RUN_KERNEL, .kernel = launch->kernel, .of.call = call};
    return WG_OK;
}

/* ---- effects: what must be saved before it is changed ---- */

/* A total that found no group allocates memory if it is of more than a tile. */
static bool unit_may_fail(const struct wg_log *log, const struct wg_unit *unit, const struct wg_launch *launch)
{
    if (unit->rows || !wg_launch_may_fail(launch))
        return false;
    return !wg_launch_totals(log, launch) ||
           WG_LAYOUT(log, WG_OPERAND(log, launch->operand + launch->n_out)->layout)->numel > WG_TILE;
}

/* Sets risky[i] if a launch that may fail follows launch i of the order before the next commit. */
static void find_risks(const struct wg_plan *plan, bool *risky)
{
    const struct wg_log *log = plan->log;
    size_t commit = log->commits.n;
    bool risk = false;
    for (size_t u = plan->units.n; u-- > 0;) {
        const struct wg_unit *unit = WG_NTH(plan->units, struct wg_unit, u);
        for (size_t i = unit->first + unit->n; i-- > unit->first;) {
            for (; commit > 0 && plan->order[i] < *WG_NTH(log->commits, size_t, commit - 1); commit--)
                risk = false;
            risky[i] = risk;
            risk = risk || unit_may_fail(log, unit, WG_LAUNCH(log, plan->order[i]));
        }
    }
}

static wg_status add_save(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_operand *operand)
{
    const struct wg_layout *layout = WG_LAYOUT(plan->log, operand->layout);
    const size_t bytes = (size_t)layout->numel * wg_dtype_size((wg_dtype)layout->dtype);
    struct wg_saved *saved = wg_log_alloc(&replay->log, sizeof *saved);
    char *copy = saved ? wg_log_alloc(&replay->log, bytes) : NULL;
    if (!copy)
        return WG_E_MEMORY;
    *saved = (struct wg_saved){wg_address(replay, plan, operand), copy, bytes};
    replay->actions[replay->n_actions++] = (struct wg_action){.kind = WG_RUN_SAVE, .of.saved = saved};
    return WG_OK;
}

static bool changes(const struct wg_plan *plan, const struct wg_launch *launch, unsigned i)
{
    const uint32_t buffer = WG_OPERAND(plan->log, launch->operand + i)->buffer;
    return buffer != WG_NO_BUFFER && wg_launch_writes(launch, i) && WG_BUFFER(plan->log, buffer)->kind == WG_EXTERNAL;
}

/* ---- building ---- */

static size_t max_actions(const struct wg_plan *plan)
{
    size_t n = plan->log->commits.n + plan->units.n;
    for (size_t i = 0; i < plan->n; i++) {
        const struct wg_launch *launch = WG_LAUNCH(plan->log, plan->order[i]);
        for (unsigned k = 0; k < wg_launch_operands(launch); k++)
            n += changes(plan, launch, k);
    }
    return n;
}

/* Saves each operand that the launch changes, because that change may have to be undone. */
static wg_status add_saves(struct wg_replay *replay, const struct wg_plan *plan, size_t i)
{
    const struct wg_launch *launch = WG_LAUNCH(plan->log, plan->order[i]);
    for (unsigned k = 0; k < wg_launch_operands(launch); k++)
        if (changes(plan, launch, k))
            WG_TRY(add_save(replay, plan, WG_OPERAND(plan->log, launch->operand + k)));
    return WG_OK;
}

static wg_status add_launch(struct wg_replay *replay, const struct wg_plan *plan, size_t i)
{
    return make_call(replay, plan, WG_LAUNCH(plan->log, plan->order[i]), &replay->actions[replay->n_actions++]);
}

static wg_status add_rows(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit)
{
    struct wg_rows *rows;
    struct wg_packed *packed = NULL;
    if (unit->numel == 1 && unit->n >= WG_MIN_PACKED)
        WG_TRY(wg_pack(replay, plan, unit, &packed));
    if (packed) {
        replay->actions[replay->n_actions++] = (struct wg_action){.kind = WG_RUN_PACKED, .of.packed = packed};
        return WG_OK;
    }
    WG_TRY(wg_rows_new(replay, plan, unit, &rows));
    replay->actions[replay->n_actions++] = (struct wg_action){.kind = WG_RUN_ROWS, .of.rows = rows};
    return WG_OK;
}

/* Commits stand before the first launch that was logged after them, the last ones at the end. */
static void add_commits(struct wg_replay *replay, size_t *commit, size_t launches)
{
    const struct wg_array *commits = &replay->log.commits;
    for (; *commit < commits->n && *WG_NTH(*commits, size_t, *commit) <= launches; ++*commit)
        replay->actions[replay->n_actions++] = (struct wg_action){.kind = WG_RUN_COMMIT};
}

static wg_status add_actions(struct wg_replay *replay, const struct wg_plan *plan, const bool *risky)
{
    size_t commit = 0;
    for (size_t u = 0; u < plan->units.n; u++) {
        const struct wg_unit *unit = WG_NTH(plan->units, struct wg_unit, u);
        add_commits(replay, &commit, plan->order[unit->first]);
        for (size_t i = unit->first; i < unit->first + unit->n; i++)
            if (risky[i])
                WG_TRY(add_saves(replay, plan, i));
        WG_TRY(unit->rows ? add_rows(replay, plan, unit) : add_launch(replay, plan, unit->first));
    }
    add_commits(replay, &commit, SIZE_MAX);
    return WG_OK;
}

static wg_status list_changed(struct wg_replay *replay)
{
    for (size_t i = 0; i < replay->log.buffers.n; i++) {
        struct wg_buffer *buffer = WG_BUFFER(&replay->log, i);
        if (!buffer->written || buffer->kind == WG_INTERNAL)
            continue;
        WG_TRY(wg_array_reserve(&replay->changed, 1, sizeof buffer));
        *WG_NTH(replay->changed, struct wg_buffer *, replay->changed.n++) = buffer;
    }
    return WG_OK;
}

static wg_status build(struct wg_replay *replay, struct wg_plan *plan)
{
    WG_TRY(list_changed(replay));
    WG_TRY(wg_plan_begin(plan, &replay->log));
    WG_TRY(wg_plan_advance(plan));
    WG_TRY(wg_plan_groups(plan));
    WG_TRY(wg_plan_memory(plan));
    replay->info = (wg_replay_info){replay->log.launches.n, plan->n, plan->units.n, plan->block};
    replay->block = wg_storage_new(plan->block);
    replay->actions = wg_object_new((max_actions(plan) + 1) * sizeof *replay->actions);
    bool *risky = wg_object_new(plan->n + 1);
    wg_status status = replay->block && replay->actions && risky ? WG_OK : WG_E_MEMORY;
    if (status == WG_OK) {
        find_risks(plan, risky);
        status = add_actions(replay, plan, risky);
    }
    wg_object_free(risky);
    return status;
}

static wg_status check_capture(struct wg_thread *th, const char *name, wg_step *step, bool is_update)
{
    if (!step)
        return wg_fail(WG_E_NULL, name, "%s: the step is NULL", name);
    if (th->capture)
        return wg_fail(WG_E_STATE, name, "%s: not inside a step that is captured or evaluated", name);
    if (th->sees_blocks)
        return wg_fail(WG_E_STATE, name, "%s: not while lifetimes are recorded: wg_lifetime_end comes first", name);
    if ((th->top && !is_update) || th->updating || *wg_lost_tapes() > 0)
        return wg_fail(WG_E_STATE, name, "%s: a tape or an update is open: a step opens its own and closes them", name);
    return wg_generator_default() ? WG_OK : WG_E_MEMORY; /* creates the generator now, so that it counts as external even if the
                                                            step is its first user */
}

static wg_status record_step(struct wg_thread *th, struct wg_log *log, const char *name, wg_step *step, void *context)
{
    log->recorder.observer = &wg_capture_observer;
    log->recorder.around = th->top;
    th->capture = &log->recorder;
    wg_watch_by(th);
    wg_callback callback = {.op = name, .who = "the step"};
    wg_callback_begin(&callback);
    wg_status status = wg_callback_end(&callback, step(context));
    wg_capture_stop(th);
    if (status == WG_OK && log->recorder.failed != WG_OK)
        status = log->recorder.failed;
    if (status != WG_OK && !th->has_error)
        wg_fail(status, name, "%s: the step failed: %s", name, wg_status_name(status));
    return status;
}

/* Records the step and builds the replay. The first run is the same as every later run. */
wg_replay *wg_capture_for(const char *name, wg_step *step, void *context, bool is_update)
{
    WG_OPERATION(name);
    struct wg_thread *th = wg_self();
    if (!th || check_capture(th, name, step, is_update) != WG_OK)
        return NULL;
    wg_replay *replay = wg_object_new(sizeof *replay);
    if (!replay)
        return NULL;
    struct wg_plan plan = {.log = NULL};
    replay->is_update = replay->log.defers = is_update;
    replay->log.thread = th;
    replay->log.thread_serial = th->serial;
    wg_status status = record_step(th, &replay->log, name, step, context);
    if (status == WG_OK)
        status = build(replay, &plan);
    wg_plan_end(&plan);
    wg_log_trim(&replay->log);
    if (status == WG_OK && wg_run_actions(th, replay) == WG_OK)
        return replay;
    wg_replay_destroy(replay);
    return NULL;
}

wg_replay *wg_replay_capture(wg_step *step, void *context)
{
    return wg_capture_for("replay_capture", step, context, false);
}

void wg_replay_destroy(wg_replay *replay)
{
    if (!replay)
        return;
    if (replay->busy) {
        wg_fail(WG_E_STATE, "replay_destroy", "replay_destroy: not inside a function that the replay itself calls");
        return;
    }
    replay->busy = true;
    for (size_t i = 0; i < replay->bindings.n; i++)
        if (WG_NTH(replay->bindings, struct wg_binding, i)->instead)
            wg_storage_unref(WG_NTH(replay->bindings, struct wg_binding, i)->instead);
    wg_array_free(&replay->bindings);
    wg_array_free(&replay->patches);
    wg_array_free(&replay->changed);
    wg_object_free(replay->actions);
    if (replay->block)
        wg_storage_unref(replay->block);
    wg_log_free(&replay->log);
    wg_object_free(replay);
}

wg_replay_info wg_replay_inspect(const wg_replay *replay)
{
    if (!replay)
        wg_fail(WG_E_NULL, "replay_inspect", "replay_inspect: the replay is NULL");
    return replay ? replay->info : (wg_replay_info){0};
}

/* ---- running ---- */

wg_status wg_replay_check(struct wg_thread *th, const wg_replay *replay, const char *name)
{
    if (!replay)
        return wg_fail(WG_E_NULL, name, "%s: the replay is NULL", name);
    if (replay->busy)
        return wg_fail(WG_E_STATE, name, "%s: not inside a function that the replay itself calls", name);
    if (replay->log.thread_serial != th->serial)
        return wg_fail(WG_E_THREAD, name, "%s: the replay belongs to the thread that captured it", name);
    if (th->capture || th->mode.backward_tape || th->updating || th->mode.vjp_depth > 0 || th->mode.in_hook)
        return wg_fail(WG_E_STATE, name, "%s: not inside a capture, a backward or an update", name);
    return WG_OK;
}

/* Restores saved bytes in reverse order, so that a buffer saved twice gets its oldest bytes. */
static void put_back(const struct wg_replay *replay, size_t end)
{
    for (size_t i = end; i-- > 0 && replay->actions[i].kind != WG_RUN_COMMIT;)
        if (replay->actions[i].kind == WG_RUN_SAVE) {
            const struct wg_saved *saved = replay->actions[i].of.saved;
            memcpy(saved->at, saved->copy, saved->bytes);
        }
}

static void move_versions(const struct wg_replay *replay)
{
    for (size_t i = 0; i < replay->changed.n; i++)
        wg_changed_buffer(replay, i)->block->version++;
}

/* On an open tape the changes of a run are effects: this saves the bytes for undoing them if the tape fails. */
static wg_status hold_changes(struct wg_thread *th, const wg_replay *replay)
{
    for (size_t i = 0; i < replay->changed.n && th->top && !replay->is_update; i++) {
        const struct wg_buffer *buffer = wg_changed_buffer(replay, i);
        char *at = wg_storage_data(buffer->block) + buffer->changed.from;
        WG_TRY(wg_undo_push_bytes(th->top, buffer->block, at, (size_t)(buffer->changed.to - buffer->changed.from)));
    }
    return WG_OK;
}

/* Makes all changes so far final, on the open tapes too, and, unless it is the last action, saves the bytes again for undoing later changes. */
static wg_status commit(struct wg_thread *th, const wg_replay *replay, bool last)
{
    if (th->top)
        wg_undo_commit_all(th);
    return last ? WG_OK : hold_changes(th, replay);
}

/* A handle on the open tape with the value of a prepared operand. A user's forward may use it like any other tensor. */
static wg_tensor *handle_on_tape(struct wg_thread *th, const wg_tensor *prepared)
{
    wg_tensor *t = wg_slot_new(th, th->top, false);
    if (!t)
        return NULL;
    t->data = prepared->data;
    t->storage = prepared->storage;
    t->dims = prepared->dims; /* stored in the log, which outlives the handle */
    t->numel = prepared->numel;
    t->dtype = prepared->dtype;
    t->rank = prepared->rank;
    t->flags = prepared->flags;
    if (t->rank > 0 && t->rank <= WG_INLINE_RANK) {
        t->dims = t->inline_dims;
        memcpy(t->dims, prepared->dims, 2 * (size_t)t->rank * sizeof *t->dims);
    }
    wg_storage_ref(t->storage);
    return t;
}

static wg_status run_users_on_a_tape(struct wg_thread *th, const wg_call *prepared, wg_kernel *kernel)
{
    const unsigned n = (unsigned)prepared->n_in + prepared->n_out;
    wg_tensor **handle = wg_tape_alloc(th->top, n * sizeof *handle);
    wg_call c = *prepared;
    if (!handle)
        return WG_E_MEMORY;
    for (unsigned i = 0; i < n; i++) {
        wg_tensor *t = i < c.n_out ? c.out[i] : c.in[i - c.n_out];
        handle[i] = wg_absent(t) ? t : handle_on_tape(th, t);
        if (!handle[i])
            return WG_E_MEMORY;
    }
    c.out = handle;
    c.in = handle + c.n_out;
    return wg_run_users(&c, kernel);
}

/* Runs a user's forward on a tape of its own, even if a tape is open, because a run records nothing on that one. */
static wg_status run_users(struct wg_thread *th, const wg_call *prepared, wg_kernel *kernel)
{
    wg_tape *own = wg_tape_push(th, false);
    const wg_status status = own ? run_users_on_a_tape(th, prepared, kernel) : WG_E_MEMORY;
    wg_tape_close(own);
    return status;
}

wg_status wg_run_actions(struct wg_thread *th, wg_replay *replay)
{
    wg_status status = hold_changes(th, replay);
    replay->busy = true;
    for (size_t i = 0; i < replay->n_actions && status == WG_OK; i++) {
        const struct wg_action *action = &replay->actions[i];
        if (action->kind == WG_RUN_KERNEL) {
            const wg_call *c = action->of.call;
            status = c->op->registered ? action->kernel(c) : run_users(th, c, action->kernel);
            if (status != WG_OK) {
                wg_op_failed(th, action->of.call->op, status, "forward");
                put_back(replay, i);
            }
        } else if (action->kind == WG_RUN_ROWS) {
            wg_rows_run(replay, action->of.rows);
        } else if (action->kind == WG_RUN_PACKED) {
            wg_packed_run(action->of.packed);
        } else if (action->kind == WG_RUN_SAVE) {
            memcpy(action->of.saved->copy, action->of.saved->at, action->of.saved->bytes);
        } else {
            status = commit(th, replay, i + 1 == replay->n_actions);
        }
    }
    replay->busy = false;
    move_versions(replay);
    return status;
}

wg_status wg_replay_run(wg_replay *replay)
{
    WG_OPERATION("replay_run");
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    WG_TRY(wg_replay_check(th, replay, "replay_run"));
    if (!th->top)
        wg_error_clear(th);
    return wg_run_actions(th, replay);
}
