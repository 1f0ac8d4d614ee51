/* Groups of element-wise calls, run by rows: up to a tile's length all at once, beyond that tile by tile, on several threads. */
#include "replay.h"

#include "parallel.h"

/* A row made ready: its operands, output first. step: bytes from an element to the next; IN_SLOT: at is an offset in the slots; PER_TILE:
   at is where the tiles' totals lie, of step[2] bytes. */
enum { PER_TILE = 254, IN_SLOT = 255 };
struct ready_row {
    wg_row *row;
    const void *params;
    const int64_t *stride;
    char *at[WG_ROW_OPERANDS];
    uint8_t step[WG_ROW_OPERANDS];
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
    const bool single = unit->numel > 1 && wg_is_single(layout, WG_AT(plan->log->dims, int64_t, layout->dims));
    ready->step[i] = single ? 0 : (uint8_t)wg_dtype_size((wg_dtype)layout->dtype);
    if (plan->slotted[operand->place]) {
        ready->at[i] = slots + plan->at[operand->place] * unit->slot;
        ready->step[i] = slots ? ready->step[i] : IN_SLOT;
        return WG_OK;
    }
    ready->at[i] = wg_address(replay, plan, operand);
    return wg_follow(replay, &ready->at[i], operand);
}

static wg_status make_row(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                          const struct wg_launch *launch, char *slots, struct ready_row *ready)
{
    unsigned singles = 0;
    *ready = (struct ready_row){.row = wg_launch_row(plan->log, launch), .params = launch->params};
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        WG_TRY(make_operand(replay, plan, unit, WG_OPERAND(plan->log, launch->operand + i), slots, ready, i));
        singles |= i > 0 && ready->step[i] == 0 ? 1u << (i - 1) : 0;
    }
    ready->stride = strides[singles];
    return WG_OK;
}

/* A reduction: a row that makes a total of each tile, and the join. */
static wg_status make_fold(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                           const struct wg_launch *launch, struct ready_row *ready, struct ready_join *join)
{
    const int isa = (int)replay->log.thread->isa, dtype = launch->dtype == WG_F64;
    const size_t tiles = (size_t)((unit->numel + WG_TILE - 1) / WG_TILE);
    char *totals = wg_log_alloc(&replay->log, tiles * sizeof(double));
    if (!totals)
        return WG_E_MEMORY;
    *ready = (struct ready_row){.row = launch->op->block[isa][dtype], .stride = strides[0]};
    WG_TRY(make_operand(replay, plan, unit, WG_OPERAND(plan->log, launch->operand + 1), NULL, ready, 1));
    ready->at[0] = totals;
    ready->step[0] = PER_TILE;
    ready->step[2] = (uint8_t)wg_dtype_size((wg_dtype)launch->dtype);
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

static char *in_tile(const struct ready_row *row, int i, int64_t tile, char *slots)
{
    if (row->step[i] == IN_SLOT)
        return slots + (uintptr_t)row->at[i];
    return row->at[i] + (row->step[i] == PER_TILE ? tile * row->step[2] : tile * WG_TILE * row->step[i]);
}

static void some_tiles(int64_t first, int64_t last, void *context)
{
    const struct wg_rows *rows = context;
    _Alignas(64) char slots[WG_MOST_SLOTS * WG_TILE * sizeof(double)];
    for (int64_t tile = first; tile < last; tile++) {
        const int64_t from = tile * WG_TILE, n = rows->numel - from < WG_TILE ? rows->numel - from : WG_TILE;
        for (const struct ready_row *row = rows->row; row < rows->row + rows->n; row++) {
            char *at[WG_ROW_OPERANDS];
            for (int i = 0; i < WG_ROW_OPERANDS; i++)
                at[i] = in_tile(row, i, tile, slots);
            row->row(n, at, row->stride, row->params);
        }
    }
}

void wg_rows_run(const struct wg_rows *rows)
{
    const int64_t tiles = (rows->numel + WG_TILE - 1) / WG_TILE;
    if (tiles > 1) {
        wg_parallel(wg_kernel_threads((double)rows->numel * (double)rows->n), tiles, some_tiles, (void *)(uintptr_t)rows);
        for (size_t i = 0; i < rows->joins; i++)
            rows->join[i].join(tiles, rows->join[i].at, strides[0], &rows->numel);
        return;
    }
    for (const struct ready_row *row = rows->row; row < rows->row + rows->n; row++)
        row->row(rows->numel, row->at, row->stride, row->params);
}
