/* Capture: while a step is recorded, each kernel's launch goes into a log instead of being run, so that what it would write takes no
   memory and there is nothing to undo; the first run of the replay is the step. Operands are noted by their storages, whose identity
   is their birth: a block of the pool that is given back and handed out again is another storage. */
#include <string.h>

#include "replay/replay.h"

/* ---- memory of the log ---- */

wg_status wg_array_room(struct wg_array *array, size_t more, size_t size)
{
    if (array->n + more <= array->room)
        return WG_OK;
    size_t room = array->room ? 2 * array->room : 16;
    while (room < array->n + more)
        room *= 2;
    struct wg_storage *block = wg_storage_new(room * size);
    if (!block)
        return WG_E_MEMORY;
    if (array->n)
        memcpy(wg_storage_data(block), array->at, array->n * size);
    wg_object_free(array->at);
    array->at = wg_storage_data(block);
    array->room = room;
    return WG_OK;
}

void wg_array_free(struct wg_array *array)
{
    wg_object_free(array->at);
    *array = (struct wg_array){NULL, 0, 0};
}

wg_status wg_list_room(struct wg_list *list, size_t more, size_t size)
{
    while (list->pages.n * WG_PAGE < list->n + more) {
        WG_TRY(wg_array_room(&list->pages, 1, sizeof(void *)));
        struct wg_storage *page = wg_storage_new(WG_PAGE * size);
        if (!page)
            return WG_E_MEMORY;
        *WG_AT(list->pages, void *, list->pages.n++) = wg_storage_data(page);
    }
    return WG_OK;
}

void wg_list_free(struct wg_list *list)
{
    for (size_t i = 0; i < list->pages.n; i++)
        wg_object_free(*WG_AT(list->pages, void *, i));
    wg_array_free(&list->pages);
    list->n = 0;
}

void *wg_log_alloc(struct wg_log *log, size_t bytes)
{
    bytes = (bytes + 63) & ~(size_t)63;
    void *at = wg_arena_alloc(&log->arena, bytes);
    return at ? memset(at, 0, bytes) : NULL;
}

void wg_log_free(struct wg_log *log)
{
    for (size_t i = 0; i < log->places.n; i++) {
        const struct wg_place *place = WG_PLACE(log, i);
        if (place->kind != WG_INTERNAL && place->block)
            wg_storage_unref(place->block);
    }
    for (size_t i = 0; i < log->contexts.n; i++) {
        const struct wg_context *owned = WG_AT(log->contexts, struct wg_context, i);
        wg_context_destroy(owned->name, owned->destroy, owned->context);
    }
    struct wg_list *lists[] = {&log->places, &log->launches, &log->operands};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        wg_list_free(lists[i]);
    struct wg_array *arrays[] = {&log->layouts, &log->dims,           &log->contexts,
                                 &log->commits, &log->externals_home, &log->layouts_home};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        wg_array_free(arrays[i]);
    wg_arena_shrink(&log->arena, true);
}

/* ---- births and deaths of storages ---- */

static struct wg_log *log_of(struct wg_recorder *recorder)
{
    return (struct wg_log *)(void *)recorder; /* its first member */
}

static void created(struct wg_recorder *recorder, struct wg_storage *storage)
{
    struct wg_log *log = log_of(recorder);
    storage->recorder = recorder;
    storage->place = 0;
    storage->previous = NULL;
    storage->next_free = log->born;
    if (log->born)
        log->born->previous = storage;
    log->born = storage;
}

static void released(struct wg_recorder *recorder, struct wg_storage *storage)
{
    struct wg_log *log = log_of(recorder);
    if (storage->place)
        WG_PLACE(log, storage->place - 1)->block = NULL;
    *(storage->previous ? &storage->previous->next_free : &log->born) = storage->next_free;
    if (storage->next_free)
        storage->next_free->previous = storage->previous;
    storage->recorder = NULL;
}

/* ---- hash tables: numbers + 1 at their homes ---- */

static uint64_t mix(uint64_t h, uint64_t value)
{
    h = (h ^ value) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

/* Room for one more, so that at most half is in use. false: no memory; *moved: everything has to be put in again. */
static wg_status home_room(struct wg_array *home, size_t used, bool *moved)
{
    *moved = false;
    if (2 * (used + 1) <= home->n)
        return WG_OK;
    const size_t size = home->n ? 2 * home->n : 64;
    struct wg_array grown = {NULL, 0, 0};
    WG_TRY(wg_array_room(&grown, size, sizeof(uint32_t)));
    grown.n = size;
    memset(grown.at, 0, size * sizeof(uint32_t));
    wg_array_free(home);
    *home = grown;
    *moved = true;
    return WG_OK;
}

static void put_home(struct wg_array *home, uint64_t hash, size_t number)
{
    size_t i = hash & (home->n - 1);
    while (*WG_AT(*home, uint32_t, i))
        i = (i + 1) & (home->n - 1);
    *WG_AT(*home, uint32_t, i) = (uint32_t)number + 1;
}

static uint64_t hash_of_storage(const struct wg_storage *storage)
{
    return mix(0, (uintptr_t)storage >> 6);
}

static uint64_t hash_of_layout(const struct wg_layout *layout, const int64_t *dims)
{
    uint64_t h = mix(mix((uint64_t)layout->dtype << 8 | layout->rank, layout->flags), (uint64_t)layout->numel);
    for (int i = 0; i < 2 * layout->rank; i++)
        h = mix(h, (uint64_t)dims[i]);
    return h;
}

static const int64_t *dims_of(const struct wg_log *log, const struct wg_layout *layout)
{
    return WG_AT(log->dims, int64_t, layout->dims);
}

static wg_status find_layout(struct wg_log *log, const wg_tensor *t, uint32_t *number)
{
    struct wg_layout layout = {t->numel, t->dtype, t->rank, t->flags & (WG_T_CONTIGUOUS | WG_T_DENSE), (uint32_t)log->dims.n};
    const size_t n = 2 * (size_t)t->rank;
    bool moved;
    WG_TRY(home_room(&log->layouts_home, log->layouts.n, &moved));
    for (size_t i = 0; i < log->layouts.n && moved; i++)
        put_home(&log->layouts_home, hash_of_layout(WG_LAYOUT(log, i), dims_of(log, WG_LAYOUT(log, i))), i);
    const uint64_t hash = hash_of_layout(&layout, t->dims);
    for (size_t i = hash & (log->layouts_home.n - 1);; i = (i + 1) & (log->layouts_home.n - 1)) {
        const uint32_t found = *WG_AT(log->layouts_home, uint32_t, i);
        if (!found)
            break;
        const struct wg_layout *other = WG_LAYOUT(log, found - 1);
        if (other->numel == layout.numel && other->dtype == layout.dtype && other->rank == layout.rank &&
            other->flags == layout.flags && (n == 0 || memcmp(dims_of(log, other), t->dims, n * sizeof *t->dims) == 0)) {
            *number = found - 1;
            return WG_OK;
        }
    }
    WG_TRY(wg_array_room(&log->layouts, 1, sizeof layout));
    WG_TRY(wg_array_room(&log->dims, n + 1, sizeof *t->dims));
    if (n)
        memcpy(WG_AT(log->dims, int64_t, log->dims.n), t->dims, n * sizeof *t->dims);
    log->dims.n += n;
    *number = (uint32_t)log->layouts.n;
    *WG_LAYOUT(log, log->layouts.n++) = layout;
    put_home(&log->layouts_home, hash, *number);
    return WG_OK;
}

/* ---- places ---- */

static wg_status new_place(struct wg_log *log, struct wg_storage *storage, enum wg_place_kind kind, uint32_t *number)
{
    WG_TRY(wg_list_room(&log->places, 1, sizeof(struct wg_place)));
    *number = (uint32_t)log->places.n;
    *WG_PLACE(log, log->places.n++) = (struct wg_place){.block = storage, .kind = (uint8_t)kind};
    if (kind != WG_INTERNAL)
        wg_storage_ref(storage);
    return WG_OK;
}

static wg_status find_external(struct wg_log *log, struct wg_storage *storage, uint32_t *number)
{
    bool moved;
    WG_TRY(home_room(&log->externals_home, log->externals, &moved));
    for (size_t i = 0; i < log->places.n && moved; i++)
        if (WG_PLACE(log, i)->kind == WG_EXTERNAL)
            put_home(&log->externals_home, hash_of_storage(WG_PLACE(log, i)->block), i);
    const uint64_t hash = hash_of_storage(storage);
    for (size_t i = hash & (log->externals_home.n - 1);; i = (i + 1) & (log->externals_home.n - 1)) {
        const uint32_t found = *WG_AT(log->externals_home, uint32_t, i);
        if (!found)
            break;
        if (WG_PLACE(log, found - 1)->block == storage) {
            *number = found - 1;
            return WG_OK;
        }
    }
    WG_TRY(new_place(log, storage, WG_EXTERNAL, number));
    put_home(&log->externals_home, hash, *number);
    log->externals++;
    return WG_OK;
}

/* A storage that is read before a kernel has written it holds what its maker put there: a constant. */
static wg_status find_place(struct wg_log *log, struct wg_storage *storage, bool reads, uint32_t *number)
{
    if (storage->recorder != &log->recorder)
        return find_external(log, storage, number);
    if (!storage->place) {
        WG_TRY(new_place(log, storage, reads ? WG_CONSTANT : WG_INTERNAL, number));
        storage->place = *number + 1;
    }
    *number = storage->place - 1;
    return WG_OK;
}

static wg_status note_operand(struct wg_log *log, const wg_tensor *t, bool reads)
{
    struct wg_operand *operand = WG_OPERAND(log, log->operands.n); /* room was found */
    *operand = (struct wg_operand){.place = WG_NOWHERE};
    if (!wg_absent(t)) {
        WG_TRY(find_layout(log, t, &operand->layout));
        WG_TRY(find_place(log, t->storage, reads, &operand->place));
        operand->offset = t->data - wg_storage_data(t->storage);
        struct wg_place *place = WG_PLACE(log, operand->place);
        const size_t end = (size_t)wg_span_in(log, operand).to;
        place->bytes = end > place->bytes ? end : place->bytes;
    }
    log->operands.n++;
    return WG_OK;
}

static void note_change(struct wg_log *log, const struct wg_operand *operand)
{
    struct wg_place *place = WG_PLACE(log, operand->place);
    place->written = true;
    place->changed = wg_span_around(place->changed, wg_span_in(log, operand));
}

/* ---- launches ---- */

static wg_status copy_bytes(const wg_call *c)
{
    memcpy(c->out[0]->data, c->in[0]->data, (size_t)c->out[0]->numel);
    return WG_OK;
}

/* What the engine itself copies, as if it were an op. */
static const struct wg_op op_bytes = {.name = "bytes", .n_in = 1, .n_out = 1, .kernel = {copy_bytes, copy_bytes}};

/* A copy of the params; often those of a launch a moment ago. */
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

static wg_status thaw(struct wg_log *log, const wg_tensor *t);

/* Operands are noted inputs first, so that what is read before it is written is seen to be, then brought into order. */
static wg_status note(struct wg_log *log, const wg_call *c, wg_kernel *kernel)
{
    for (unsigned i = 0; i < c->n_in; i++) /* constants that are about to change */
        if (wg_bit(c->op->writes, i) && !wg_absent(c->in[i]))
            WG_TRY(thaw(log, c->in[i]));
    for (unsigned i = 0; i < c->n_out; i++)
        for (unsigned k = 0; k < c->n_in; k++)
            if (!wg_absent(c->in[k]) && c->in[k]->storage == c->out[i]->storage)
                WG_TRY(thaw(log, c->in[k]));
    const size_t n = (size_t)c->n_in + c->n_out;
    WG_TRY(wg_list_room(&log->operands, n, sizeof(struct wg_operand)));
    WG_TRY(wg_list_room(&log->launches, 1, sizeof(struct wg_launch)));
    struct wg_launch *launch = WG_LAUNCH(log, log->launches.n);
    *launch = (struct wg_launch){c->op, kernel, NULL, c->context, log->operands.n, c->n_in, c->n_out, c->dtype};
    if (c->op->params_size && !(launch->params = find_params(log, c->params, c->op->params_size)))
        return WG_E_MEMORY;
    if (c->op->flags & WG_USER) { /* a closure's op lives on the tape */
        struct wg_op *op = wg_log_alloc(log, sizeof *op);
        if (!op)
            return WG_E_MEMORY;
        *op = *c->op;
        launch->op = op;
    }
    for (size_t i = 0; i < n; i++)
        WG_TRY(note_operand(log, i < c->n_out ? c->out[i] : c->in[i - c->n_out], i >= c->n_out));
    for (unsigned i = 0; i < n; i++)
        if (wg_launch_writes(launch, i) && WG_OPERAND(log, launch->operand + i)->place != WG_NOWHERE)
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

/* t is about to be changed. If it is a constant, what has read it so far reads a copy, and from here on it is a value that begins as
   that copy at every run. */
static wg_status thaw(struct wg_log *log, const wg_tensor *t)
{
    struct wg_storage *storage = t->storage;
    uint32_t constant, changing;
    if (storage->recorder != &log->recorder)
        return WG_OK;
    WG_TRY(find_place(log, storage, true, &constant));
    if (WG_PLACE(log, constant)->kind != WG_CONSTANT)
        return WG_OK;
    const size_t payload = wg_storage_room(storage);
    struct wg_storage *copy = wg_storage_new(payload);
    if (!copy)
        return WG_E_MEMORY;
    const wg_status status = new_place(log, storage, WG_INTERNAL, &changing);
    if (status == WG_OK) {
        memcpy(wg_storage_data(copy), wg_storage_data(storage), payload);
        WG_PLACE(log, constant)->block = copy;
        copy->place = constant + 1;
        storage->place = changing + 1;
        wg_storage_unref(storage);
        return note_copy(log, storage, wg_storage_data(storage), copy, wg_storage_data(copy), payload);
    }
    wg_storage_unref(copy);
    return status;
}

static wg_status run(struct wg_recorder *recorder, const wg_call *c, wg_kernel *kernel)
{
    return note(log_of(recorder), c, kernel);
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
    if (wg_array_room(&log->commits, 1, sizeof(size_t)) == WG_OK)
        *WG_AT(log->commits, size_t, log->commits.n++) = log->launches.n;
    else
        recorder->failed = WG_E_MEMORY;
}

static void shared(struct wg_recorder *recorder, wg_tensor *value)
{
    struct wg_log *log = log_of(recorder);
    struct wg_shared entry = {.value = value};
    if (recorder->failed != WG_OK || value->storage->recorder == recorder)
        return;
    recorder->failed = find_external(log, value->storage, &entry.place);
    if (recorder->failed == WG_OK)
        recorder->failed = wg_array_room(&log->shared, 1, sizeof entry);
    if (recorder->failed != WG_OK)
        return;
    atomic_fetch_add_explicit(&wg_value_of(value)->refs, 1, memory_order_relaxed);
    *WG_AT(log->shared, struct wg_shared, log->shared.n++) = entry;
}

/* ---- what a step may not do while it is captured ---- */

static wg_status refuse(struct wg_thread *th, const char *op, const char *why)
{
    if (th->capture->failed == WG_OK)
        th->capture->failed = WG_E_STATE;
    return wg_fail(WG_E_STATE, op, "%s: %s: not in a step that is captured or evaluated", op, why);
}

static wg_status may_read(struct wg_thread *th, const wg_tensor *t, const char *op)
{
    struct wg_log *log = log_of(th->capture);
    uint32_t number = WG_NOWHERE;
    if (t->storage->recorder == th->capture)
        number = t->storage->place ? t->storage->place - 1 : WG_NOWHERE;
    else
        WG_TRY(find_external(log, t->storage, &number));
    if (number == WG_NOWHERE || !WG_PLACE(log, number)->written)
        return WG_OK;
    return refuse(th, op, "a value that the step computed is read by the program, which a replay does not run");
}

static wg_status may_write(struct wg_thread *th, const char *op)
{
    if (th->composing)
        return WG_OK;
    return refuse(th, op, "numbers that the program holds are written, which a replay would not see change");
}

/* The context is the log's from here on. */
static wg_status take_closure(struct wg_thread *th, wg_closure *closure)
{
    struct wg_log *log = log_of(th->capture);
    if (!closure->replayable)
        return refuse(th, closure->name, "the closure is not .replayable");
    if (!closure->destroy)
        return WG_OK;
    WG_TRY(wg_array_room(&log->contexts, 1, sizeof(struct wg_context)));
    *WG_AT(log->contexts, struct wg_context, log->contexts.n++) = (struct wg_context){closure->name, closure->context,
                                                                                      closure->destroy};
    closure->destroy = NULL;
    return WG_OK;
}

/* ---- the end of the step ---- */

/* Of the handles that the step made on external storages: those that others than the log still hold are results. */
static void settle_shared(struct wg_log *log)
{
    for (size_t i = 0; i < log->shared.n; i++) {
        const struct wg_shared *entry = WG_AT(log->shared, struct wg_shared, i);
        struct wg_place *place = WG_PLACE(log, entry->place);
        if (entry->value->state == WG_LIVE && atomic_load_explicit(&wg_value_of(entry->value)->refs, memory_order_relaxed) > 1)
            place->handed = wg_span_around(place->handed, wg_span_of(entry->value));
        wg_value_unref(entry->value);
    }
    wg_array_free(&log->shared);
}

/* What the step made and left is a result; what else is there may be given back by anybody from here on. */
static void settle(struct wg_log *log)
{
    settle_shared(log);
    for (struct wg_storage *storage = log->born, *next; storage; storage = next) {
        next = storage->next_free;
        struct wg_place *place = storage->place ? WG_PLACE(log, storage->place - 1) : NULL;
        if (place && place->kind == WG_INTERNAL) {
            place->kind = WG_RESULT;
            wg_storage_ref(storage);
        }
        storage->recorder = NULL;
        storage->place = 0;
    }
    log->born = NULL;
}

void wg_capture_stop(struct wg_thread *th)
{
    struct wg_log *log = log_of(th->capture);
    th->capture = NULL;
    wg_watch(th);
    settle(log);
}

/* ---- the observer ---- */

static void thread_ends(struct wg_thread *th)
{
    wg_replay *replay = (wg_replay *)(void *)log_of(th->capture); /* the log is its first member */
    wg_capture_stop(th);
    wg_replay_destroy(replay);
}

const struct wg_observer wg_capture_observer = {.run = run,
                                                .created = created,
                                                .released = released,
                                                .copied = copied,
                                                .committed = committed,
                                                .shared = shared,
                                                .may_read = may_read,
                                                .may_write = may_write,
                                                .closure = take_closure,
                                                .thread_ends = thread_ends};
