/* Groups of element-wise calls, run by rows: up to a tile's length all at once, beyond that tile by tile, on several threads. */
#include "replay.h"

#include "parallel.h"
#include "stream.h"

/* Bytes of an operand from which its tiles are asked for ahead: the CPU sees no streams where many take turns. */
enum { FAR_FROM = 1 << 17 };

/* A row made ready: its operands, output first. */
struct ready_row {
    wg_row *row;
    const void *params;
    const int64_t *stride;
    char *at[WG_ROW_OPERANDS];          /* in the first tile; in_slot: an offset in the thread's slots */
    int32_t step[WG_ROW_OPERANDS];      /* bytes from tile to tile */
    uintptr_t in_slot[WG_ROW_OPERANDS]; /* all bits, or none */
    int32_t streamed;                   /* bytes of an element, if the output passes by the caches */
    int32_t total;                      /* bytes of a block's total, if this is a reduction */
    int32_t ahead[WG_ROW_OPERANDS];     /* bytes of the next tile that are asked for before this one is worked on */
};

/* What joins the totals of a reduction. */
struct ready_join {
    wg_row *join;
    char *at[2]; /* the result, the totals */
};

struct wg_rows {
    int64_t numel;
    size_t n, joins;
    struct ready_join *join;
    struct ready_row row[];
};

/* Strides by the set of inputs of which one element stands for all. */
static const int64_t strides[8][WG_ROW_OPERANDS] = {{1, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 0, 1}, {1, 0, 0, 1},
                                                    {1, 1, 1, 0}, {1, 0, 1, 0}, {1, 1, 0, 0}, {1, 0, 0, 0}};

const int64_t *wg_strides_of(unsigned singles)
{
    return strides[singles];
}

/* ---- making ready ---- */

static wg_status make_operand(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                              const struct wg_operand *operand, char *slots, struct ready_row *ready, unsigned i)
{
    const struct wg_layout *layout = WG_LAYOUT(plan->log, operand->layout);
    if (plan->slotted[operand->place]) {
        ready->at[i] = slots + plan->at[operand->place] * unit->slot;
        ready->in_slot[i] = slots ? 0 : UINTPTR_MAX;
        return WG_OK;
    }
    ready->at[i] = wg_address(replay, plan, operand);
    if (!wg_is_single(layout, WG_AT(plan->log->dims, int64_t, layout->dims)))
        ready->step[i] = (int32_t)(WG_TILE * wg_dtype_size((wg_dtype)layout->dtype));
    return wg_follow(replay, &ready->at[i], operand);
}

/* A long output that the group does not read. */
static bool is_streamed(const struct wg_plan *plan, const struct wg_unit *unit, const struct wg_launch *launch, const char *at)
{
    const struct wg_operand *y = WG_OPERAND(plan->log, launch->operand);
    const size_t size = wg_dtype_size((wg_dtype)WG_LAYOUT(plan->log, y->layout)->dtype);
    if ((size_t)unit->numel * size < WG_STREAMED_FROM || plan->slotted[y->place] || (uintptr_t)at % WG_LINE)
        return false;
    for (size_t i = unit->first; i < unit->first + unit->n; i++) {
        const struct wg_launch *other = WG_LAUNCH(plan->log, plan->order[i]);
        for (unsigned k = 1; k < wg_launch_operands(other); k++)
            if (WG_OPERAND(plan->log, other->operand + k)->place == y->place)
                return false;
    }
    return true;
}

/* Whether no operand of the group before this one lies there. */
static bool is_first(const struct wg_plan *plan, const struct wg_unit *unit, const struct wg_launch *launch,
                     const struct wg_operand *operand)
{
    for (size_t i = unit->first; i < unit->first + unit->n; i++) {
        const struct wg_launch *other = WG_LAUNCH(plan->log, plan->order[i]);
        for (unsigned k = 0; k < wg_launch_operands(other); k++)
            if (WG_OPERAND(plan->log, other->operand + k) == operand)
                return true;
            else if (WG_OPERAND(plan->log, other->operand + k)->place == operand->place)
                return false;
    }
    return true;
}

static wg_status make_row(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                          const struct wg_launch *launch, char *slots, struct ready_row *ready)
{
    unsigned singles = 0;
    *ready = (struct ready_row){.row = wg_launch_row(plan->log, launch), .params = launch->params};
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        const struct wg_operand *operand = WG_OPERAND(plan->log, launch->operand + i);
        const struct wg_layout *layout = WG_LAYOUT(plan->log, operand->layout);
        WG_TRY(make_operand(replay, plan, unit, operand, slots, ready, i));
        if (i > 0 && unit->numel > 1 && wg_is_single(layout, WG_AT(plan->log->dims, int64_t, layout->dims)))
            singles |= 1u << (i - 1);
    }
    ready->stride = strides[singles];
    if (is_streamed(plan, unit, launch, ready->at[0]))
        ready->streamed = ready->step[0] / WG_TILE;
    for (unsigned i = 0; i < wg_launch_operands(launch); i++)
        if (unit->numel * ready->step[i] >= FAR_FROM * WG_TILE && !(i == 0 && ready->streamed) &&
            is_first(plan, unit, launch, WG_OPERAND(plan->log, launch->operand + i)))
            ready->ahead[i] = ready->step[i];
    return WG_OK;
}

/* A reduction: a row that makes a total of each block, and the join. */
static wg_status make_fold(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                           const struct wg_launch *launch, struct ready_row *ready, struct ready_join *join)
{
    const int isa = (int)replay->log.thread->isa, dtype = launch->dtype == WG_F64;
    const size_t blocks = (size_t)((unit->numel + WG_BLOCK - 1) / WG_BLOCK), size = wg_dtype_size((wg_dtype)launch->dtype);
    char *totals = wg_log_alloc(&replay->log, blocks * size);
    if (!totals)
        return WG_E_MEMORY;
    *ready = (struct ready_row){.row = launch->op->block[isa][dtype], .stride = strides[0]};
    WG_TRY(make_operand(replay, plan, unit, WG_OPERAND(plan->log, launch->operand + 1), NULL, ready, 1));
    ready->at[0] = totals;
    ready->step[0] = WG_TILE / WG_BLOCK * (int32_t)size;
    ready->total = (int32_t)size;
    *join = (struct ready_join){launch->op->join[isa][dtype],
                                {wg_address(replay, plan, WG_OPERAND(plan->log, launch->operand)), totals}};
    return WG_OK;
}

/* Slots of a group that is one tile are its own; others are each thread's. */
static wg_status make_slots(struct wg_replay *replay, const struct wg_unit *unit, char **slots)
{
    *slots = NULL;
    if (unit->numel > WG_TILE || unit->slots == 0)
        return WG_OK;
    *slots = wg_log_alloc(&replay->log, unit->slots * unit->slot);
    replay->info.planned += unit->slots * unit->slot;
    return *slots ? WG_OK : WG_E_MEMORY;
}

wg_status wg_rows_new(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_rows **made)
{
    struct wg_rows *rows = wg_log_alloc(&replay->log, sizeof *rows + unit->n * sizeof *rows->row);
    char *slots;
    if (!rows || make_slots(replay, unit, &slots) != WG_OK)
        return WG_E_MEMORY;
    size_t joins = 0;
    for (size_t i = 0; i < unit->n; i++)
        joins += wg_launch_folds(plan->log, WG_LAUNCH(plan->log, plan->order[unit->first + i]));
    *rows = (struct wg_rows){.numel = unit->numel, .n = unit->n, .join = wg_log_alloc(&replay->log, joins * sizeof *rows->join)};
    if (!rows->join)
        return WG_E_MEMORY;
    for (size_t i = 0; i < unit->n; i++) {
        const struct wg_launch *launch = WG_LAUNCH(plan->log, plan->order[unit->first + i]);
        if (wg_launch_folds(plan->log, launch))
            WG_TRY(make_fold(replay, plan, unit, launch, &rows->row[i], &rows->join[rows->joins++]));
        else
            WG_TRY(make_row(replay, plan, unit, launch, slots, &rows->row[i]));
    }
    *made = rows;
    return WG_OK;
}

/* ---- running ---- */

static void stream_tile(const struct ready_row *row, int64_t n, char *to, char *const *at)
{
    _Alignas(WG_LINE) char room[WG_SLOT_BYTES];
    char *q[WG_ROW_OPERANDS] = {room, at[1], at[2], at[3]};
    row->row(n, q, row->stride, row->params);
    wg_stream(to, room, n * row->streamed);
}

static void fold_tile(const struct ready_row *row, int64_t n, char *const *at)
{
    for (int64_t block = 0; block * WG_BLOCK < n; block++) {
        const int64_t from = block * WG_BLOCK, m = n - from < WG_BLOCK ? n - from : WG_BLOCK;
        char *q[2] = {at[0] + block * row->total, at[1] + from * row->total};
        row->row(m, q, row->stride, row->params);
    }
}

static void some_tiles(int64_t first, int64_t last, void *context)
{
    const struct wg_rows *rows = context;
    _Alignas(64) char slots[WG_MOST_SLOTS * WG_SLOT_BYTES];
    bool streamed = false;
    for (int64_t tile = first; tile < last; tile++) {
        const int64_t from = tile * WG_TILE, n = rows->numel - from < WG_TILE ? rows->numel - from : WG_TILE;
        for (const struct ready_row *row = rows->row; row < rows->row + rows->n; row++) {
            char *at[WG_ROW_OPERANDS];
            for (int i = 0; i < WG_ROW_OPERANDS; i++) {
                at[i] = row->at[i] + tile * row->step[i] + ((uintptr_t)slots & row->in_slot[i]);
                for (int32_t byte = 0; byte < row->ahead[i]; byte += WG_LINE)
                    __builtin_prefetch(at[i] + row->step[i] + byte);
            }
            if (row->streamed) {
                stream_tile(row, n, at[0], at);
                streamed = true;
            } else if (row->total) {
                fold_tile(row, n, at);
            } else {
                row->row(n, at, row->stride, row->params);
            }
        }
    }
    if (streamed)
        wg_stream_end();
}

void wg_rows_run(const struct wg_rows *rows)
{
    const int64_t tiles = (rows->numel + WG_TILE - 1) / WG_TILE;
    if (tiles > 1) {
        const int64_t blocks = (rows->numel + WG_BLOCK - 1) / WG_BLOCK;
        wg_parallel(wg_kernel_threads((double)rows->numel * (double)rows->n), tiles, some_tiles, (void *)(uintptr_t)rows);
        for (size_t i = 0; i < rows->joins; i++)
            rows->join[i].join(blocks, rows->join[i].at, strides[0], &rows->numel);
        return;
    }
    for (const struct ready_row *row = rows->row; row < rows->row + rows->n; row++)
        row->row(rows->numel, row->at, row->stride, row->params);
}
