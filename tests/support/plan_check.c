/* Plans, and what every capture makes of the checks; packed scalar calls are in packing_check.c. */
#include "plan_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan_names.h"
#include "replay/pack_schedule.h"
#include "replay/plan.h"

enum { LINE = 64, GRAIN = 4 }; /* bytes that belong to one value: of the block; of a tile's slots */

/* ---- what is known while launches run ---- */

/* A storage's elements, as wide as the narrowest that any operand has there: the number of the launch that wrote it last, + 1. */
struct memory {
    uint32_t *writer;
    size_t width, n;
};

struct simulation {
    const struct wg_plan *plan;
    const struct wg_log *log;
    struct memory *buffer;
    uint64_t *read;     /* of each operand: the writers that it found, hashed */
    uint32_t *of_block; /* of each line of the block: the place that wrote there last, + 1 */
    uint32_t *of_slots; /* of each grain of a tile's slots */
    const struct wg_unit *unit;
    uint32_t number; /* of the launch that runs */
    bool planned, wrong;
    char *message;
    size_t size;
};

static void complain(struct simulation *w, const char *format, ...)
{
    va_list arguments;
    if (w->wrong)
        return;
    w->wrong = true;
    const int n = snprintf(w->message, w->size, "launch %u, %s: ", w->number, WG_LAUNCH(w->log, w->number)->op->name);
    va_start(arguments, format);
    vsnprintf(w->message + n, w->size - (size_t)n, format, arguments);
    va_end(arguments);
}

static const int64_t *dims_of(const struct simulation *w, const struct wg_layout *layout)
{
    return WG_NTH(w->log->dims, int64_t, layout->dims);
}

static const struct wg_layout *layout_of(const struct simulation *w, const struct wg_operand *operand)
{
    return WG_LAYOUT(w->log, operand->layout);
}

/* ---- where a value lies ---- */

/* Who owns the bytes from … to of the operand's storage: the first of so many owners. NULL: it is not in the block. */
static uint32_t *owners_of(struct simulation *w, const struct wg_operand *operand, int64_t from, int64_t to, int64_t tile_from,
                           size_t *n)
{
    const struct wg_plan *plan = w->plan;
    const struct wg_buffer *buffer = WG_BUFFER(w->log, operand->buffer);
    const size_t at = plan->at[operand->buffer];
    *n = 0;
    if (!w->planned || buffer->kind != WG_INTERNAL)
        return NULL;
    if (plan->slotted[operand->buffer]) {
        if (!w->unit->rows || at >= w->unit->slots || (size_t)(from - tile_from) + (size_t)(to - from) > w->unit->slot) {
            complain(w, "place %u is in no slot of this unit, or longer", operand->buffer);
            return NULL;
        }
        *n = ((size_t)(to - from) + GRAIN - 1) / GRAIN;
        return w->of_slots + (at * w->unit->slot + (size_t)(from - tile_from)) / GRAIN;
    }
    if (at % LINE || at + buffer->bytes > plan->block) {
        complain(w, "place %u begins within a line, or lies behind the block's end", operand->buffer);
        return NULL;
    }
    *n = (size_t)((to - 1) / LINE - from / LINE + 1);
    return w->of_block + (at + (size_t)from) / LINE;
}

/* May the launch that runs write where an operand of its own lies? Rows may, over an input of the same elements in the same slot. */
static bool overwrites_operand(const struct simulation *w, uint32_t owner, const struct wg_operand *y)
{
    const struct wg_launch *launch = WG_LAUNCH(w->log, w->number);
    const struct wg_plan *plan = w->plan;
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        const struct wg_operand *x = WG_OPERAND(w->log, launch->operand + i);
        if (x->buffer != owner || x->buffer == y->buffer)
            continue;
        const bool same = plan->slotted[x->buffer] && plan->slotted[y->buffer] && plan->at[x->buffer] == plan->at[y->buffer] &&
                          wg_dtype_size((wg_dtype)layout_of(w, x)->dtype) == wg_dtype_size((wg_dtype)layout_of(w, y)->dtype);
        if (!same)
            return true;
    }
    return false;
}

/* Bytes from … to of the operand's storage are written by the launch that runs, or read: what it finds there is hashed. */
static void touch(struct simulation *w, const struct wg_operand *operand, int64_t from, int64_t to, int64_t tile_from,
                  uint64_t *found)
{
    struct memory *memory = &w->buffer[operand->buffer];
    size_t owners;
    uint32_t *owner = owners_of(w, operand, from, to, tile_from, &owners);
    for (size_t i = 0; i < owners; i++) {
        if (!found && owner[i] && owner[i] - 1 != operand->buffer && overwrites_operand(w, owner[i] - 1, operand))
            complain(w, "it writes over its own operand");
        if (found && owner[i] != operand->buffer + 1)
            complain(w, "what it reads in place %u is gone: place %d lies there", operand->buffer, (int)owner[i] - 1);
        if (!found)
            owner[i] = operand->buffer + 1;
    }
    const size_t begin = (size_t)from / memory->width, end = ((size_t)to + memory->width - 1) / memory->width;
    for (size_t i = begin; i < end; i++) {
        if (found)
            *found = mix(*found, memory->writer[i]);
        else
            memory->writer[i] = w->number + 1;
    }
}

/* ---- all elements of an operand ---- */

/* Each element once, in the order of memory where they are dense. */
static void touch_all(struct simulation *w, const struct wg_operand *operand, uint64_t *found)
{
    const struct wg_layout *layout = layout_of(w, operand);
    const int64_t *extent = dims_of(w, layout), *stride = extent + layout->rank,
                  size = (int64_t)wg_dtype_size((wg_dtype)layout->dtype);
    if (layout->numel == 0)
        return;
    if (layout->flags & WG_T_DENSE) {
        touch(w, operand, operand->offset, operand->offset + layout->numel * size, operand->offset, found);
        return;
    }
    int64_t index[WG_MAX_RANK] = {0}, at = operand->offset;
    for (int axis = 0; axis >= 0;) {
        touch(w, operand, at, at + size, operand->offset, found);
        for (axis = layout->rank - 1; axis >= 0; axis--) {
            if (stride[axis] == 0)
                continue;
            at += stride[axis] * size;
            if (++index[axis] < extent[axis])
                break;
            at -= extent[axis] * stride[axis] * size;
            index[axis] = 0;
        }
    }
}

static void run_launch(struct simulation *w, uint32_t number, const struct wg_unit *unit)
{
    const struct wg_launch *launch = WG_LAUNCH(w->log, number);
    w->number = number;
    w->unit = unit;
    for (int write = 0; write < 2; write++)
        for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
            const struct wg_operand *operand = WG_OPERAND(w->log, launch->operand + i);
            if (operand->buffer == WG_NO_BUFFER || !(write ? wg_launch_writes(launch, i) : wg_launch_reads(launch, i)))
                continue;
            uint64_t found = 0;
            touch_all(w, operand, write ? NULL : &found);
            if (!write)
                w->read[launch->operand + i] = found;
        }
}

/* ---- groups ---- */

static bool is_one(const struct simulation *w, const struct wg_operand *operand)
{
    const struct wg_layout *layout = layout_of(w, operand);
    return wg_is_single(layout, dims_of(w, layout));
}

/* An operand of a group's member in the tile of elements first … last: those, or the one that stands for all. */
static void touch_tile(struct simulation *w, const struct wg_operand *operand, int64_t first, int64_t last, bool write,
                       uint64_t *read)
{
    const int64_t size = (int64_t)wg_dtype_size((wg_dtype)layout_of(w, operand)->dtype), at = operand->offset;
    if (w->unit->numel > 1 && is_one(w, operand)) {
        uint64_t found = 0;
        touch(w, operand, at, at + size, at, write ? NULL : &found);
        if (!write && first > 0 && found != *read)
            complain(w, "the one element that it reads changes from tile to tile");
        *read = found;
        return;
    }
    touch(w, operand, at + first * size, at + last * size, at + first * size, write ? NULL : read);
}

/* A member makes one element of many: a block's part at a time, put together behind the last tile. */
static bool is_fold(const struct simulation *w, const struct wg_launch *launch)
{
    return w->unit->numel > 1 && layout_of(w, WG_OPERAND(w->log, launch->operand))->numel == 1;
}

static void run_member(struct simulation *w, uint32_t number, int64_t first, int64_t last)
{
    const struct wg_launch *launch = WG_LAUNCH(w->log, number);
    w->number = number;
    for (unsigned i = 1; i < wg_launch_operands(launch); i++)
        touch_tile(w, WG_OPERAND(w->log, launch->operand + i), first, last, false, &w->read[launch->operand + i]);
    if (!is_fold(w, launch))
        touch_tile(w, WG_OPERAND(w->log, launch->operand), first, last, true, NULL);
}

static void run_group(struct simulation *w, const struct wg_unit *unit)
{
    const struct wg_plan *plan = w->plan;
    const int64_t tile = unit->numel > WG_TILE ? WG_TILE : unit->numel;
    const size_t grains = unit->slots * unit->slot / GRAIN + 1;
    w->unit = unit;
    w->of_slots = calloc(grains, sizeof *w->of_slots);
    for (size_t i = unit->first; i < unit->first + unit->n; i++) {
        const struct wg_launch *launch = WG_LAUNCH(w->log, plan->order[i]);
        w->number = plan->order[i];
        memset(&w->read[launch->operand], 0, wg_launch_operands(launch) * sizeof *w->read);
    }
    if (unit->numel > WG_TILE && unit->slots > WG_MAX_SLOTS)
        complain(w, "a tile has %zu slots", unit->slots);
    for (int64_t first = 0; first < unit->numel && !w->wrong; first += tile) {
        memset(w->of_slots, 0, grains * sizeof *w->of_slots);
        for (size_t i = unit->first; i < unit->first + unit->n; i++)
            run_member(w, plan->order[i], first, first + tile < unit->numel ? first + tile : unit->numel);
    }
    for (size_t i = unit->first; i < unit->first + unit->n; i++) {
        w->number = plan->order[i];
        if (is_fold(w, WG_LAUNCH(w->log, w->number)))
            touch_all(w, WG_OPERAND(w->log, WG_LAUNCH(w->log, w->number)->operand), NULL);
    }
    free(w->of_slots);
}

/* ---- the log, and the plan beside it ---- */

static void clear(struct simulation *w)
{
    for (size_t i = 0; i < w->log->buffers.n; i++)
        memset(w->buffer[i].writer, 0, w->buffer[i].n * sizeof(uint32_t));
}

static uint64_t everything_left(const struct simulation *w)
{
    uint64_t h = 0;
    for (size_t i = 0; i < w->log->buffers.n; i++)
        for (size_t k = 0; k < w->buffer[i].n && WG_BUFFER(w->log, i)->kind != WG_INTERNAL; k++)
            h = mix(h, w->buffer[i].writer[k]);
    return h;
}

static size_t segment_of(const struct simulation *w, uint32_t number)
{
    size_t n = 0;
    while (n < w->log->commits.n && *WG_NTH(w->log->commits, size_t, n) <= number)
        n++;
    return n;
}

static void run_plan(struct simulation *w, const uint64_t *expected)
{
    const struct wg_plan *plan = w->plan;
    size_t segment = 0;
    for (size_t u = 0; u < plan->units.n && !w->wrong; u++) {
        const struct wg_unit *unit = WG_NTH(plan->units, struct wg_unit, u);
        if (unit->rows)
            run_group(w, unit);
        else
            run_launch(w, plan->order[unit->first], unit);
        for (size_t i = unit->first; i < unit->first + unit->n && !w->wrong; i++) {
            const struct wg_launch *launch = WG_LAUNCH(w->log, plan->order[i]);
            w->number = plan->order[i];
            for (unsigned k = 0; k < wg_launch_operands(launch); k++)
                if (wg_launch_reads(launch, k) && w->read[launch->operand + k] != expected[launch->operand + k])
                    complain(w, "operand %u is not what its writer in the log left there", k);
            if (segment_of(w, w->number) < segment)
                complain(w, "it runs behind a commit that it came before");
            segment = segment_of(w, w->number);
        }
    }
}

static void find_widths(struct simulation *w)
{
    for (size_t i = 0; i < w->log->operands.n; i++) {
        const struct wg_operand *operand = WG_OPERAND(w->log, i);
        if (operand->buffer == WG_NO_BUFFER)
            continue;
        struct memory *memory = &w->buffer[operand->buffer];
        const size_t width = wg_dtype_size((wg_dtype)layout_of(w, operand)->dtype);
        memory->width = memory->width && memory->width < width ? memory->width : width;
    }
    for (size_t i = 0; i < w->log->buffers.n; i++) {
        struct memory *memory = &w->buffer[i];
        memory->width = memory->width ? memory->width : 1;
        memory->n = (WG_BUFFER(w->log, i)->bytes + memory->width - 1) / memory->width;
        memory->writer = calloc(memory->n + 1, sizeof *memory->writer);
    }
}

bool plan_is_right(const struct wg_plan *plan, char *message, size_t size)
{
    const struct wg_log *log = plan->log;
    struct simulation w = {.plan = plan, .log = log, .message = message, .size = size};
    uint64_t *of_log = calloc(log->operands.n + 1, sizeof *of_log), *of_plan = calloc(log->operands.n + 1, sizeof *of_plan);
    w.buffer = calloc(log->buffers.n + 1, sizeof *w.buffer);
    w.of_block = calloc(plan->block / LINE + 2, sizeof *w.of_block);
    find_widths(&w);
    w.read = of_log;
    for (uint32_t i = 0; i < log->launches.n; i++)
        run_launch(&w, i, NULL);
    const uint64_t left = everything_left(&w);
    clear(&w);
    w.read = of_plan;
    w.planned = true;
    run_plan(&w, of_log);
    if (everything_left(&w) != left)
        complain(&w, "(the last) what the step leaves is not what the log leaves");
    for (size_t i = 0; i < log->buffers.n; i++)
        free(w.buffer[i].writer);
    free(w.buffer), free(w.of_block), free(of_log), free(of_plan);
    return !w.wrong;
}

/* ---- every capture ---- */

long plans_checked, packings_checked;
void (*plan_shown)(struct wg_plan *plan);
void (*packing_shown)(const struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                      struct wg_packed *packed);

wg_status __real_wg_plan_memory(struct wg_plan *plan);
wg_status __wrap_wg_plan_memory(struct wg_plan *plan);
wg_status __real_wg_pack(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_packed **made);
wg_status __wrap_wg_pack(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_packed **made);

static void judge(bool right, const char *message, long *checked)
{
    if (!right) {
        fprintf(stderr, "a plan is wrong: %s\n", message);
        abort();
    }
    __atomic_add_fetch(checked, 1, __ATOMIC_RELAXED);
}

wg_status __wrap_wg_plan_memory(struct wg_plan *plan)
{
    char message[300];
    const wg_status status = __real_wg_plan_memory(plan);
    if (status != WG_OK)
        return status;
    judge(plan_is_right(plan, message, sizeof message), message, &plans_checked);
    if (plan_shown)
        plan_shown(plan);
    return status;
}

wg_status __wrap_wg_pack(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_packed **made)
{
    char message[300];
    const wg_status status = __real_wg_pack(replay, plan, unit, made);
    if (status != WG_OK || !*made)
        return status;
    judge(packing_is_right(replay, plan, unit, *made, message, sizeof message), message, &packings_checked);
    if (packing_shown)
        packing_shown(replay, plan, unit, *made);
    return status;
}
