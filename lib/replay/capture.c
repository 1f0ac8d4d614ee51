/* Capture: while a step is recorded, each kernel launch is logged instead of run. Outputs therefore occupy no memory and there
   is nothing to undo; the first run of the replay performs the step. An operand refers to its storage. A storage's identity
   begins with its creation: a block of the pool that is released and handed out again is another storage. */
#include <string.h>

#include "replay/replay.h"

/* ---- memory of the log ---- */

void *wg_log_alloc(struct wg_log *log, size_t bytes)
{
    bytes = (bytes + 63) & ~(size_t)63;
    void *at = wg_arena_alloc(&log->arena, bytes);
    return at ? memset(at, 0, bytes) : NULL;
}

void wg_log_trim(struct wg_log *log)
{
    wg_list_free(&log->launches);
    wg_list_free(&log->operands);
    wg_list_free(&log->layouts);
    wg_array_free(&log->commits);
    wg_hash_free(&log->externals);
    wg_hash_free(&log->numbers);
}

void wg_log_free(struct wg_log *log)
{
    for (size_t i = 0; i < log->buffers.n; i++) {
        const struct wg_buffer *buffer = WG_BUFFER(log, i);
        if (buffer->kind != WG_INTERNAL && buffer->block)
            wg_storage_unref(buffer->block);
    }
    for (size_t i = 0; i < log->contexts.n; i++) {
        const struct wg_context *owned = WG_NTH(log->contexts, struct wg_context, i);
        wg_context_destroy(owned->name, owned->destroy, owned->context);
    }
    for (size_t i = 0; i < log->cleared.n; i++)
        wg_value_unref(*WG_NTH(log->cleared, wg_tensor *, i));
    wg_array_free(&log->cleared);
    wg_log_trim(log);
    wg_list_free(&log->buffers);
    wg_array_free(&log->dims);
    wg_array_free(&log->contexts);
    wg_arena_shrink(&log->arena, true);
}

/* ---- creation and release of storages ---- */

static struct wg_log *log_of(struct wg_recorder *recorder)
{
    return (struct wg_log *)(void *)recorder; /* recorder is its first member */
}

static void created(struct wg_recorder *recorder, struct wg_storage *storage, size_t payload)
{
    (void)payload;
    struct wg_log *log = log_of(recorder);
    storage->recorder = recorder;
    storage->buffer = 0;
    storage->previous = NULL;
    storage->next_free = log->born;
    if (log->born)
        log->born->previous = storage;
    log->born = storage;
}

static void released(struct wg_recorder *recorder, struct wg_storage *storage)
{
    struct wg_log *log = log_of(recorder);
    if (storage->buffer)
        WG_BUFFER(log, storage->buffer - 1)->block = NULL;
    *(storage->previous ? &storage->previous->next_free : &log->born) = storage->next_free;
    if (storage->next_free)
        storage->next_free->previous = storage->previous;
    storage->recorder = NULL;
}

/* ---- layouts ---- */

static const int64_t *dims_of(const struct wg_log *log, const struct wg_layout *layout)
{
    return WG_NTH(log->dims, int64_t, layout->dims);
}

static uint64_t hash_of_layout(const void *context, const void *key)
{
    const struct wg_layout *layout = key;
    const int64_t *dims = dims_of(context, layout);
    uint64_t h = wg_hash_mix((uint64_t)layout->dtype << 8 | layout->rank, layout->flags);
    h = wg_hash_mix(h, (uint64_t)layout->numel);
    for (int i = 0; i < 2 * layout->rank; i++)
        h = wg_hash_mix(h, (uint64_t)dims[i]);
    return h;
}

static bool same_layout(const void *context, const void *a, const void *b)
{
    const struct wg_layout *x = a, *y = b;
    return x->numel == y->numel && x->dtype == y->dtype && x->rank == y->rank && x->flags == y->flags &&
           memcmp(dims_of(context, x), dims_of(context, y), 2 * (size_t)x->rank * sizeof(int64_t)) == 0;
}

static const struct wg_hash_kind layout_kind = {hash_of_layout, same_layout};

/* Writes t's dims behind the log's last ones, where they stay only if the layout is new. */
static wg_status find_layout(struct wg_log *log, const wg_tensor *t, uint32_t *number)
{
    const size_t n = 2 * (size_t)t->rank;
    WG_TRY(wg_list_reserve(&log->layouts, 1, sizeof(struct wg_layout)));
    WG_TRY(wg_array_reserve(&log->dims, n + 1, sizeof *t->dims));
    struct wg_layout *layout = WG_LAYOUT(log, log->layouts.n);
    *layout = (struct wg_layout){t->numel, t->dtype, t->rank, t->flags & (WG_T_CONTIGUOUS | WG_T_DENSE), (uint32_t)log->dims.n};
    memcpy(WG_NTH(log->dims, int64_t, log->dims.n), t->dims, n * sizeof *t->dims);
    struct wg_hash_slot *slot = wg_hash_slot_by(&log->numbers, &layout_kind, log, layout);
    if (!slot)
        return WG_E_MEMORY;
    if (!slot->key) {
        wg_hash_put(&log->numbers, slot, layout);
        slot->value.number = log->layouts.n++;
        log->dims.n += n;
    }
    *number = (uint32_t)slot->value.number;
    return WG_OK;
}

/* ---- buffers ---- */

static wg_status new_buffer(struct wg_log *log, struct wg_storage *storage, enum wg_buffer_kind kind, uint32_t *number)
{
    WG_TRY(wg_list_reserve(&log->buffers, 1, sizeof(struct wg_buffer)));
    *number = (uint32_t)log->buffers.n;
    *WG_BUFFER(log, log->buffers.n++) = (struct wg_buffer){.block = storage, .kind = (uint8_t)kind};
    if (kind != WG_INTERNAL)
        wg_storage_ref(storage);
    return WG_OK;
}

static wg_status find_external(struct wg_log *log, struct wg_storage *storage, uint32_t *number)
{
    struct wg_hash_slot *slot = wg_hash_slot_for(&log->externals, storage);
    if (!slot)
        return WG_E_MEMORY;
    if (!slot->key) {
        WG_TRY(new_buffer(log, storage, WG_EXTERNAL, number));
        wg_hash_put(&log->externals, slot, storage);
        slot->value.number = *number;
    }
    *number = (uint32_t)slot->value.number;
    return WG_OK;
}

/* A new storage that is read before any kernel has written it contains what its maker put there: it is a constant. */
static wg_status find_buffer(struct wg_log *log, struct wg_storage *storage, bool reads, uint32_t *number)
{
    if (storage->recorder != &log->recorder)
        return find_external(log, storage, number);
    if (!storage->buffer) {
        WG_TRY(new_buffer(log, storage, reads ? WG_CONSTANT : WG_INTERNAL, number));
        storage->buffer = *number + 1;
    }
    *number = storage->buffer - 1;
    return WG_OK;
}

static wg_status note_operand(struct wg_log *log, const wg_tensor *t, bool reads)
{
    struct wg_operand *operand = WG_OPERAND(log, log->operands.n); /* the caller has reserved it */
    *operand = (struct wg_operand){.buffer = WG_NO_BUFFER};
    if (!wg_absent(t)) {
        WG_TRY(find_layout(log, t, &operand->layout));
        WG_TRY(find_buffer(log, t->storage, reads, &operand->buffer));
        operand->offset = t->data - wg_storage_data(t->storage);
        struct wg_buffer *buffer = WG_BUFFER(log, operand->buffer);
        const size_t end = (size_t)wg_span_in(log, operand).to;
        buffer->bytes = end > buffer->bytes ? end : buffer->bytes;
    }
    log->operands.n++;
    return WG_OK;
}

static void note_change(struct wg_log *log, const struct wg_operand *operand)
{
    struct wg_buffer *buffer = WG_BUFFER(log, operand->buffer);
    buffer->written = true;
    buffer->changed = wg_span_around(buffer->changed, wg_span_in(log, operand));
}

/* ---- launches ---- */

static wg_status copy_bytes(const wg_call *c)
{
    memcpy(c->out[0]->data, c->in[0]->data, (size_t)c->out[0]->numel);
    return WG_OK;
}

/* A copy of bytes by the engine itself, logged as if it were an op. */
static const struct wg_op op_bytes = {
    .name = "bytes", .n_in = 1, .n_out = 1, .registered = true, .kernels = {{.run = {copy_bytes, copy_bytes}}}};

/* Stores params in the log. Consecutive launches often have equal params, so the latest ones are compared first. */
static const void *find_params(struct wg_log *log, const void *params, size_t size)
{
    for (int i = 0; i < WG_RECENT_PARAMS; i++)
        if (log->recent[i].size == size && memcmp(log->recent[i].at, params, size) == 0)
            return log->recent[i].at;
    void *copy = wg_log_alloc(log, size);
    if (copy)
        log->recent[log->turn++ % WG_RECENT_PARAMS] = (struct wg_recent){memcpy(copy, params, size), size};
    return copy;
}

static wg_status copy_on_write(struct wg_log *log, const wg_tensor *t);

/* Logs a launch. */
static wg_status note(struct wg_log *log, const wg_call *c, wg_kernel *kernel)
{
    for (unsigned i = 0; i < c->n_in; i++) /* constants that this launch changes */
        if (wg_bit(c->op->writes, i) && !wg_absent(c->in[i]))
            WG_TRY(copy_on_write(log, c->in[i]));
    for (unsigned i = 0; i < c->n_out; i++)
        for (unsigned k = 0; k < c->n_in; k++)
            if (!wg_absent(c->in[k]) && c->in[k]->storage == c->out[i]->storage)
                WG_TRY(copy_on_write(log, c->in[k]));
    const size_t n = (size_t)c->n_in + c->n_out;
    WG_TRY(wg_list_reserve(&log->operands, n, sizeof(struct wg_operand)));
    WG_TRY(wg_list_reserve(&log->launches, 1, sizeof(struct wg_launch)));
    struct wg_launch *launch = WG_LAUNCH(log, log->launches.n);
    *launch = (struct wg_launch){c->op, kernel, NULL, c->context, log->operands.n, c->n_in, c->n_out, c->dtype};
    if (c->op->params_size && !(launch->params = find_params(log, c->params, c->op->params_size)))
        return WG_E_MEMORY;
    if (!c->op->registered) { /* a closure's op is stored on the tape, which the log outlives */
        struct wg_op *op = wg_log_alloc(log, sizeof *op);
        if (!op)
            return WG_E_MEMORY;
        *op = *c->op;
        launch->op = op;
    }
    for (size_t i = 0; i < n; i++)
        WG_TRY(note_operand(log, i < c->n_out ? c->out[i] : c->in[i - c->n_out], i >= c->n_out));
    for (unsigned i = 0; i < n; i++)
        if (wg_launch_writes(launch, i) && WG_OPERAND(log, launch->operand + i)->buffer != WG_NO_BUFFER)
            note_change(log, WG_OPERAND(log, launch->operand + i));
    log->launches.n++;
    return WG_OK;
}

static wg_tensor bytes_in(struct wg_storage *storage, char *at, int64_t *dims)
{
    return (wg_tensor){.data = at,
                       .storage = storage,
                       .dims = dims,
                       .numel = dims[0],
                       .state = WG_LIVE,
                       .dtype = WG_U8,
                       .rank = 1,
                       .flags = WG_T_CONTIGUOUS | WG_T_DENSE};
}

static wg_status note_copy(struct wg_log *log, struct wg_storage *to_storage, char *to, struct wg_storage *from_storage, char *from,
                           size_t bytes)
{
    int64_t dims[2] = {(int64_t)bytes, 1};
    wg_tensor source = bytes_in(from_storage, from, dims), target = bytes_in(to_storage, to, dims);
    wg_tensor *in = &source, *out = &target;
    return note(log, &(wg_call){.op = &op_bytes, .in = &in, .out = &out, .n_in = 1, .n_out = 1}, copy_bytes);
}

/* Copy on write: t is about to be changed. If its storage is a constant, earlier launches read a copy of it from now on, and the
   storage becomes an internal buffer that starts every run with the bytes of that copy. */
static wg_status copy_on_write(struct wg_log *log, const wg_tensor *t)
{
    struct wg_storage *storage = t->storage;
    uint32_t constant, changing;
    if (storage->recorder != &log->recorder)
        return WG_OK;
    WG_TRY(find_buffer(log, storage, true, &constant));
    if (WG_BUFFER(log, constant)->kind != WG_CONSTANT)
        return WG_OK;
    const size_t payload = wg_storage_capacity(storage);
    struct wg_storage *copy = wg_storage_new(payload);
    if (!copy)
        return WG_E_MEMORY;
    const wg_status status = new_buffer(log, storage, WG_INTERNAL, &changing);
    if (status == WG_OK) {
        memcpy(wg_storage_data(copy), wg_storage_data(storage), payload);
        WG_BUFFER(log, constant)->block = copy;
        copy->buffer = constant + 1;
        storage->buffer = changing + 1;
        wg_storage_unref(storage);
        return note_copy(log, storage, wg_storage_data(storage), copy, wg_storage_data(copy), payload);
    }
    wg_storage_unref(copy);
    return status;
}

static wg_status note_store(struct wg_log *log, const wg_call *c)
{
    const wg_call call = {.op = &wg_op_store,
                          .in = c->in + 1,
                          .out = c->in,
                          .context = (void *)(uintptr_t)c->op,
                          .n_in = 1,
                          .n_out = 1,
                          .dtype = c->dtype};
    WG_TRY(copy_on_write(log, c->in[0]));
    return note(log, &call, wg_op_store.kernels[WG_PORTABLE].run[WG_F32]);
}

static wg_status run(struct wg_recorder *recorder, const wg_call *c, wg_kernel *kernel)
{
    const bool stores = (c->op->flags & WG_OP_STORES) && (c->in[0]->dtype == WG_F32 || c->in[0]->dtype == WG_F64);
    return stores ? note_store(log_of(recorder), c) : note(log_of(recorder), c, kernel);
}

static void copied(struct wg_recorder *recorder, struct wg_storage *to_storage, char *to, struct wg_storage *from_storage,
                   char *from, size_t bytes)
{
    if (recorder->failed == WG_OK && bytes)
        recorder->failed = note_copy(log_of(recorder), to_storage, to, from_storage, from, bytes);
}

static void committed(struct wg_recorder *recorder)
{
    struct wg_log *log = log_of(recorder);
    if (wg_array_reserve(&log->commits, 1, sizeof(size_t)) == WG_OK)
        *WG_NTH(log->commits, size_t, log->commits.n++) = log->launches.n;
    else
        recorder->failed = WG_E_MEMORY;
}

static bool clears(struct wg_recorder *recorder, wg_tensor *leaf)
{
    struct wg_log *log = log_of(recorder);
    if (leaf->flags & WG_T_PROXY)
        leaf = leaf->from.leaf;
    if (!log->defers || leaf->tape)
        return false;
    if (wg_array_reserve(&log->cleared, 1, sizeof leaf) != WG_OK) {
        recorder->failed = WG_E_MEMORY;
        return true;
    }
    atomic_fetch_add_explicit(&wg_value_of(leaf)->refs, 1, memory_order_relaxed);
    *WG_NTH(log->cleared, wg_tensor *, log->cleared.n++) = leaf;
    return true;
}

static void shared(struct wg_recorder *recorder, wg_tensor *value)
{
    struct wg_log *log = log_of(recorder);
    struct wg_shared entry = {.value = value};
    if (recorder->failed != WG_OK || value->storage->recorder == recorder)
        return;
    recorder->failed = find_external(log, value->storage, &entry.buffer);
    if (recorder->failed == WG_OK)
        recorder->failed = wg_array_reserve(&log->shared, 1, sizeof entry);
    if (recorder->failed != WG_OK)
        return;
    atomic_fetch_add_explicit(&wg_value_of(value)->refs, 1, memory_order_relaxed);
    *WG_NTH(log->shared, struct wg_shared, log->shared.n++) = entry;
}

/* ---- operations that are forbidden during a capture ---- */

static wg_status refuse(struct wg_thread *th, const char *op, const char *why)
{
    if (th->capture->failed == WG_OK)
        th->capture->failed = WG_E_STATE;
    return wg_fail(WG_E_STATE, op, "%s: %s: not in a step that is captured or evaluated", op, why);
}

static wg_status may_read(struct wg_thread *th, const wg_tensor *t, const char *op)
{
    struct wg_log *log = log_of(th->capture);
    uint32_t number = WG_NO_BUFFER;
    if (t->storage->recorder == th->capture)
        number = t->storage->buffer ? t->storage->buffer - 1 : WG_NO_BUFFER;
    else
        WG_TRY(find_external(log, t->storage, &number));
    if (number == WG_NO_BUFFER || !WG_BUFFER(log, number)->written)
        return WG_OK;
    return refuse(th, op, "a value that the step computed is read by the program, which a replay does not run");
}

static wg_status may_write(struct wg_thread *th, const char *op)
{
    if (th->composing)
        return WG_OK;
    return refuse(th, op, "numbers that the program holds are written, which a replay would not see change");
}

/* The log takes over the context and its destructor. */
static wg_status take_closure(struct wg_thread *th, wg_closure *closure)
{
    struct wg_log *log = log_of(th->capture);
    if (!closure->replayable)
        return refuse(th, closure->name, "the closure is not .replayable");
    if (!closure->destroy)
        return WG_OK;
    WG_TRY(wg_array_reserve(&log->contexts, 1, sizeof(struct wg_context)));
    *WG_NTH(log->contexts, struct wg_context, log->contexts.n++) = (struct wg_context){closure->name, closure->context,
                                                                                       closure->destroy};
    closure->destroy = NULL;
    return WG_OK;
}

/* ---- the end of the step ---- */

/* For the handles that the step made on external storages: those with references other than the log's are results. */
static void settle_shared(struct wg_log *log)
{
    for (size_t i = 0; i < log->shared.n; i++) {
        const struct wg_shared *entry = WG_NTH(log->shared, struct wg_shared, i);
        struct wg_buffer *buffer = WG_BUFFER(log, entry->buffer);
        if (entry->value->state == WG_LIVE && atomic_load_explicit(&wg_value_of(entry->value)->refs, memory_order_relaxed) > 1)
            buffer->handed = wg_span_around(buffer->handed, wg_span_of(entry->value));
        wg_value_unref(entry->value);
    }
    wg_array_free(&log->shared);
}

/* Storages that the step made and did not release become results. From here on any owner may release any storage. */
static void settle(struct wg_log *log)
{
    settle_shared(log);
    for (struct wg_storage *storage = log->born, *next; storage; storage = next) {
        next = storage->next_free;
        struct wg_buffer *buffer = storage->buffer ? WG_BUFFER(log, storage->buffer - 1) : NULL;
        if (buffer && buffer->kind == WG_INTERNAL) {
            buffer->kind = WG_RESULT;
            wg_storage_ref(storage);
        }
        storage->recorder = NULL;
        storage->buffer = 0;
    }
    log->born = NULL;
}

void wg_capture_stop(struct wg_thread *th)
{
    struct wg_log *log = log_of(th->capture);
    th->capture = NULL;
    wg_watch_by(th);
    settle(log);
}

/* ---- the observer ---- */

/* A thread that ends inside the step never returns to wg_replay_capture, so the replay is destroyed here. */
static void thread_ends(struct wg_recorder *recorder)
{
    wg_replay *replay = (wg_replay *)(void *)log_of(recorder); /* the log is the replay's first member */
    wg_capture_stop(wg_self());
    wg_replay_destroy(replay);
}

const struct wg_observer wg_capture_observer = {.run = run,
                                                .created = created,
                                                .released = released,
                                                .copied = copied,
                                                .committed = committed,
                                                .clears = clears,
                                                .shared = shared,
                                                .may_read = may_read,
                                                .may_write = may_write,
                                                .closure = take_closure,
                                                .thread_ends = thread_ends};
