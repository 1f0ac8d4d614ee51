/* Groups of element-wise calls, run by rows: up to a tile's length all at once, beyond that tile by tile, on several threads. */
#include "replay.h"

#include "parallel.h"

enum { IN_SLOT = 255, ALL_ONE_BY_ONE = 0 };

/* A row made ready: its operands, output first. step: bytes from an element to the next; IN_SLOT: at is an offset in the slots. */
struct ready_row {
    wg_row *row;
    const void *params;
    const int64_t *stride;
    char *at[WG_ROW_OPERANDS];
    uint8_t step[WG_ROW_OPERANDS];
};

struct wg_rows {
    int64_t numel;
    size_t n;
    struct ready_row row[];
};

/* Strides by the set of inputs of which one element stands for all. */
static const int64_t strides[8][WG_ROW_OPERANDS] = {{1, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 0, 1}, {1, 0, 0, 1},
                                                    {1, 1, 1, 0}, {1, 0, 1, 0}, {1, 1, 0, 0}, {1, 0, 0, 0}};

/* ---- making ready ---- */

static wg_status make_row(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                          const struct wg_launch *launch, char *slots, struct ready_row *ready)
{
    unsigned singles = ALL_ONE_BY_ONE;
    int64_t numel;
    *ready = (struct ready_row){.row = wg_launch_row(plan->log, launch, &numel), .params = launch->params};
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        const struct wg_operand *operand = WG_OPERAND(plan->log, launch->operand + i);
        const struct wg_layout *layout = WG_LAYOUT(plan->log, operand->layout);
        const bool single = numel > 1 && wg_is_single(layout, WG_AT(plan->log->dims, int64_t, layout->dims));
        singles |= single ? 1u << i >> 1 : 0;
        ready->step[i] = single ? 0 : (uint8_t)wg_dtype_size((wg_dtype)layout->dtype);
        if (plan->slotted[operand->place]) {
            ready->at[i] = slots + plan->at[operand->place] * unit->slot;
            if (!slots)
                ready->step[i] = IN_SLOT;
        } else {
            ready->at[i] = wg_address(replay, plan, operand);
            WG_TRY(wg_follow(replay, &ready->at[i], operand));
        }
    }
    ready->stride = strides[singles];
    return WG_OK;
}

wg_status wg_rows_new(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_rows **made)
{
    struct wg_rows *rows = wg_log_alloc(&replay->log, sizeof *rows + unit->n * sizeof *rows->row);
    char *slots = NULL;
    if (!rows)
        return WG_E_MEMORY;
    if (unit->numel <= WG_TILE && unit->slots > 0) {
        slots = wg_log_alloc(&replay->log, unit->slots * unit->slot);
        if (!slots)
            return WG_E_MEMORY;
        replay->info.planned += unit->slots * unit->slot;
    }
    rows->numel = unit->numel;
    rows->n = unit->n;
    for (size_t i = 0; i < unit->n; i++)
        WG_TRY(make_row(replay, plan, unit, WG_LAUNCH(plan->log, plan->order[unit->first + i]), slots, &rows->row[i]));
    *made = rows;
    return WG_OK;
}

/* ---- running ---- */

static void some_tiles(int64_t first, int64_t last, void *context)
{
    const struct wg_rows *rows = context;
    _Alignas(64) char slots[WG_MOST_SLOTS * WG_TILE * sizeof(double)];
    for (int64_t tile = first; tile < last; tile++) {
        const int64_t from = tile * WG_TILE, n = rows->numel - from < WG_TILE ? rows->numel - from : WG_TILE;
        for (const struct ready_row *row = rows->row; row < rows->row + rows->n; row++) {
            char *at[WG_ROW_OPERANDS];
            for (int i = 0; i < WG_ROW_OPERANDS; i++)
                at[i] = row->step[i] == IN_SLOT ? slots + (uintptr_t)row->at[i] : row->at[i] + from * row->step[i];
            row->row(n, at, row->stride, row->params);
        }
    }
}

void wg_rows_run(const struct wg_rows *rows)
{
    const int64_t tiles = (rows->numel + WG_TILE - 1) / WG_TILE;
    if (tiles > 1) {
        wg_parallel(wg_kernel_threads((double)rows->numel * (double)rows->n), tiles, some_tiles, (void *)(uintptr_t)rows);
        return;
    }
    for (const struct ready_row *row = rows->row; row < rows->row + rows->n; row++)
        row->row(rows->numel, row->at, row->stride, row->params);
}
