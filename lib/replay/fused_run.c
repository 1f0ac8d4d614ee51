/* Runs groups of element-wise calls by rows: groups of up to one tile in a single pass, longer ones tile by tile on several
   threads. */
#include "replay/replay.h"

#include "core/parallel.h"
#include "cpu/nontemporal.h"

/* Operands of at least this many bytes are prefetched a tile ahead: the hardware prefetcher detects no streams where many
   operands alternate. */
enum { FAR_FROM = 1 << 17 };

/* A prepared row with its operands, output first. Groups of few elements consist of many of these, so it must fit into one cache
   line. */
struct ready_row {
    wg_row *row;
    const void *params;
    const int64_t *stride;
    char *at[WG_ROW_OPERANDS]; /* the address in the first tile; with in_slot, an offset in the thread's slots */
};

/* The movement of a prepared row from tile to tile. */
struct row_steps {
    uintptr_t in_slot[WG_ROW_OPERANDS]; /* mask: all bits set for an operand in a slot, else 0 */
    int32_t step[WG_ROW_OPERANDS];      /* bytes from one tile to the next */
    int32_t streamed;                   /* bytes of an element if the output is written with non-temporal stores, else 0 */
    int32_t total;                      /* bytes of a block's total if this is a reduction, else 0 */
};

/* An operand whose next tile is prefetched while this one is processed. */
struct stream {
    uint32_t row, operand;
    int32_t bytes; /* of a tile */
};

/* The final step of a reduction, which joins the totals of the blocks. */
struct ready_join {
    wg_row *join;
    char *at[2]; /* result, totals */
};

/* The slots of a tile are on the stack of the thread that runs it if they are at most this many. Otherwise they are in the
   replay: `bytes` bytes for each of `shares` threads. */
enum { FEW_SLOTS = 16 };

struct wg_rows {
    int64_t numel;
    size_t n, joins, bytes;
    int shares;
    char *slots;
    struct ready_join *join;
    struct row_steps *steps;
    struct stream *stream;
    size_t streams;
    int32_t lines; /* cache lines to prefetch before each row, so that the requests never queue */
    struct ready_row row[];
};

/* Strides by the set of single inputs, of which one element is broadcast. */
static const int64_t strides[8][WG_ROW_OPERANDS] = {{1, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 0, 1}, {1, 0, 0, 1},
                                                    {1, 1, 1, 0}, {1, 0, 1, 0}, {1, 1, 0, 0}, {1, 0, 0, 0}};

const int64_t *wg_strides_of(unsigned singles)
{
    return strides[singles];
}

/* ---- preparation ---- */

struct making {
    struct wg_replay *replay;
    const struct wg_plan *plan;
    const struct wg_unit *unit;
    char *slots; /* of a group of one tile; NULL for longer groups, where each thread has its own */
};

static const struct wg_launch *member(const struct making *m, size_t i)
{
    return WG_LAUNCH(m->plan->log, m->plan->order[m->unit->first + i]);
}

static bool stands_for_all(const struct making *m, const struct wg_operand *operand)
{
    const struct wg_layout *layout = WG_LAYOUT(m->plan->log, operand->layout);
    return m->unit->numel > 1 && wg_is_single(layout, WG_NTH(m->plan->log->dims, int64_t, layout->dims));
}

static wg_status make_operand(const struct making *m, const struct wg_operand *operand, struct ready_row *ready,
                              struct row_steps *steps, unsigned i)
{
    if (m->plan->slotted[operand->buffer]) {
        ready->at[i] = (char *)((uintptr_t)m->slots + m->plan->at[operand->buffer] * m->unit->slot);
        steps->in_slot[i] = m->slots ? 0 : UINTPTR_MAX;
        return WG_OK;
    }
    ready->at[i] = wg_address(m->replay, m->plan, operand);
    if (!stands_for_all(m, operand))
        steps->step[i] = WG_TILE * (int32_t)wg_dtype_size((wg_dtype)WG_LAYOUT(m->plan->log, operand->layout)->dtype);
    return wg_follow(m->replay, &ready->at[i], operand);
}

/* Whether output y is written with non-temporal stores: it is long, aligned and not read by the group. */
static bool is_streamed(const struct making *m, const struct wg_operand *y, const char *at, int32_t step)
{
    if (m->unit->numel * step < (int64_t)WG_STREAMED_FROM * WG_TILE || (uintptr_t)at % WG_LINE)
        return false;
    for (size_t i = 0; i < m->unit->n; i++)
        for (unsigned k = 1; k < wg_launch_operands(member(m, i)); k++)
            if (WG_OPERAND(m->plan->log, member(m, i)->operand + k)->buffer == y->buffer)
                return false;
    return true;
}

/* Whether the operand is prefetched: it is long, and the first operand of the group in its buffer. */
static bool is_ahead(const struct making *m, const struct wg_operand *operand, int32_t step)
{
    if (m->unit->numel * step < (int64_t)FAR_FROM * WG_TILE)
        return false;
    for (size_t i = 0; i < m->unit->n; i++)
        for (unsigned k = 0; k < wg_launch_operands(member(m, i)); k++) {
            const struct wg_operand *other = WG_OPERAND(m->plan->log, member(m, i)->operand + k);
            if (other == operand || other->buffer == operand->buffer)
                return other == operand;
        }
    return false;
}

static wg_status make_row(const struct making *m, const struct wg_launch *launch, struct ready_row *ready, struct row_steps *steps)
{
    unsigned singles = 0;
    *ready = (struct ready_row){.row = wg_launch_row(m->plan->log, launch), .params = launch->params};
    for (unsigned i = 0; i < wg_launch_operands(launch); i++) {
        const struct wg_operand *operand = WG_OPERAND(m->plan->log, launch->operand + i);
        WG_TRY(make_operand(m, operand, ready, steps, i));
        if (i > 0 && stands_for_all(m, operand))
            singles |= 1u << (i - 1);
        if (i == 0 && is_streamed(m, operand, ready->at[0], steps->step[0]))
            steps->streamed = steps->step[0] / WG_TILE;
    }
    ready->stride = strides[singles];
    return WG_OK;
}

/* Prepares a reduction: a row that computes the total of each block, and the join. */
static wg_status make_reduction(const struct making *m, const struct wg_launch *launch, struct ready_row *ready,
                                struct row_steps *steps, struct ready_join *join)
{
    const enum wg_isa isa = m->replay->log.thread->isa;
    const int dtype = launch->dtype == WG_F64;
    const size_t blocks = (size_t)((m->unit->numel + WG_BLOCK - 1) / WG_BLOCK), size = wg_dtype_size((wg_dtype)launch->dtype);
    char *totals = wg_log_alloc(&m->replay->log, blocks * size);
    if (!totals)
        return WG_E_MEMORY;
    *ready = (struct ready_row){.row = WG_KERNEL(launch->op, block, isa, dtype), .stride = strides[0], .at = {totals}};
    steps->step[0] = WG_TILE / WG_BLOCK * (int32_t)size;
    steps->total = (int32_t)size;
    *join = (struct ready_join){WG_KERNEL(launch->op, join, isa, dtype),
                                {wg_address(m->replay, m->plan, WG_OPERAND(m->plan->log, launch->operand)), totals}};
    return make_operand(m, WG_OPERAND(m->plan->log, launch->operand + 1), ready, steps, 1);
}

/* Lists the operands that are prefetched. */
static wg_status make_streams(const struct making *m, struct wg_rows *rows)
{
    int32_t bytes = 0;
    rows->stream = wg_log_alloc(&m->replay->log, rows->n * WG_ROW_OPERANDS * sizeof *rows->stream);
    if (!rows->stream)
        return WG_E_MEMORY;
    for (uint32_t i = 0; i < rows->n; i++)
        for (uint32_t k = 0; k < wg_launch_operands(member(m, i)); k++) {
            const int32_t step = rows->steps[i].step[k];
            if ((k == 0 && rows->steps[i].streamed) || !is_ahead(m, WG_OPERAND(m->plan->log, member(m, i)->operand + k), step))
                continue;
            rows->stream[rows->streams++] = (struct stream){i, k, step};
            bytes += step;
        }
    rows->lines = (bytes / WG_LINE + (int32_t)rows->n - 1) / (int32_t)rows->n;
    return WG_OK;
}

/* Allocates the slots of a group of one tile, or of one thread for a longer group with many slots. */
static wg_status make_slots(struct making *m, struct wg_rows *rows)
{
    const bool tiles = m->unit->numel > WG_TILE;
    const size_t bytes = m->unit->slots * m->unit->slot;
    if (m->unit->slots == 0 || (tiles && m->unit->slots <= FEW_SLOTS))
        return WG_OK;
    char *slots = wg_log_alloc(&m->replay->log, bytes);
    if (!slots)
        return WG_E_MEMORY;
    m->replay->info.planned += bytes;
    if (tiles)
        rows->slots = slots, rows->bytes = bytes, rows->shares = 1;
    else
        m->slots = slots;
    return WG_OK;
}

wg_status wg_rows_new(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_rows **made)
{
    struct making m = {replay, plan, unit, NULL};
    struct wg_rows *rows = wg_log_alloc(&replay->log, sizeof *rows + unit->n * sizeof *rows->row);
    struct row_steps *steps = wg_object_new(unit->n * sizeof *steps);
    size_t joins = 0;
    wg_status status = rows && steps ? WG_OK : WG_E_MEMORY;
    for (size_t i = 0; i < unit->n; i++)
        joins += wg_launch_reduces(plan->log, member(&m, i));
    if (status == WG_OK) {
        *rows = (struct wg_rows){
            .numel = unit->numel, .n = unit->n, .join = wg_log_alloc(&replay->log, joins * sizeof *rows->join)};
        status = rows->join ? make_slots(&m, rows) : WG_E_MEMORY;
    }
    for (size_t i = 0; i < unit->n && status == WG_OK; i++)
        status = wg_launch_reduces(plan->log, member(&m, i))
                     ? make_reduction(&m, member(&m, i), &rows->row[i], &steps[i], &rows->join[rows->joins++])
                     : make_row(&m, member(&m, i), &rows->row[i], &steps[i]);
    if (status == WG_OK && unit->numel > WG_TILE) {
        rows->steps = wg_log_alloc(&replay->log, unit->n * sizeof *steps);
        status = rows->steps ? WG_OK : WG_E_MEMORY;
        if (status == WG_OK) {
            memcpy(rows->steps, steps, unit->n * sizeof *steps);
            status = make_streams(&m, rows);
        }
    }
    wg_object_free(steps);
    *made = rows;
    return status;
}

/* ---- running ---- */

static void stream_tile(const struct ready_row *row, int32_t size, int64_t n, char *const *at)
{
    _Alignas(WG_LINE) char capacity[WG_SLOT_BYTES];
    char *q[WG_ROW_OPERANDS] = {capacity, at[1], at[2], at[3]};
    row->row(n, q, row->stride, row->params);
    wg_stream(at[0], capacity, n * size);
}

static void reduce_tile(const struct ready_row *row, int32_t size, int64_t n, char *const *at)
{
    for (int64_t block = 0; block * WG_BLOCK < n; block++) {
        const int64_t from = block * WG_BLOCK, m = n - from < WG_BLOCK ? n - from : WG_BLOCK;
        char *q[2] = {at[0] + block * size, at[1] + from * size};
        row->row(m, q, row->stride, row->params);
    }
}

/* Where prefetching is in the next tile of the streams. */
struct prefetching {
    const struct stream *stream, *end;
    int32_t byte;
};

static void prefetch(const struct wg_rows *rows, struct prefetching *p, int64_t tile, int32_t lines)
{
    while (lines > 0 && p->stream < p->end) {
        const struct stream *stream = p->stream;
        const char *at = rows->row[stream->row].at[stream->operand] + (tile + 1) * stream->bytes;
        for (; lines > 0 && p->byte < stream->bytes; lines--, p->byte += WG_LINE)
            __builtin_prefetch(at + p->byte);
        if (p->byte >= stream->bytes)
            p->stream++, p->byte = 0;
    }
}

static void one_tile(const struct wg_rows *rows, int64_t tile, int64_t n, char *slots)
{
    const struct row_steps *steps = rows->steps;
    struct prefetching ahead = {rows->stream, rows->stream + rows->streams, 0};
    for (const struct ready_row *row = rows->row; row < rows->row + rows->n; row++, steps++) {
        char *at[WG_ROW_OPERANDS];
        for (int i = 0; i < WG_ROW_OPERANDS; i++)
            at[i] = (char *)((uintptr_t)row->at[i] + (uintptr_t)(tile * steps->step[i]) + ((uintptr_t)slots & steps->in_slot[i]));
        prefetch(rows, &ahead, tile, rows->lines);
        if (steps->streamed)
            stream_tile(row, steps->streamed, n, at);
        else if (steps->total)
            reduce_tile(row, steps->total, n, at);
        else
            row->row(n, at, row->stride, row->params);
    }
}

struct share {
    const struct wg_rows *rows;
    int64_t tiles, shares;
};

static void some_tiles(const struct share *share, int64_t first, int64_t last, char *slots)
{
    const struct wg_rows *rows = share->rows;
    const int64_t from = share->tiles * first / share->shares, to = share->tiles * last / share->shares;
    for (int64_t tile = from; tile < to; tile++) {
        const int64_t left = rows->numel - tile * WG_TILE;
        one_tile(rows, tile, left < WG_TILE ? left : WG_TILE, slots);
    }
    wg_stream_end();
}

static void some_shares(int64_t first, int64_t last, void *context)
{
    const struct share *share = context;
    _Alignas(WG_LINE) char few[FEW_SLOTS * WG_SLOT_BYTES];
    some_tiles(share, first, last, share->rows->slots ? share->rows->slots + (size_t)first * share->rows->bytes : few);
}

/* The number of threads for the tiles. With slots in the replay it is at most the number for which there is memory. */
static int shares_for(struct wg_replay *replay, struct wg_rows *rows)
{
    const int threads = wg_kernel_threads((double)rows->numel * (double)rows->n);
    if (!rows->slots || threads <= rows->shares)
        return threads;
    char *more = wg_log_alloc(&replay->log, (size_t)threads * rows->bytes);
    if (more)
        rows->slots = more, rows->shares = threads;
    return rows->shares;
}

void wg_rows_run(struct wg_replay *replay, struct wg_rows *rows)
{
    const int64_t tiles = (rows->numel + WG_TILE - 1) / WG_TILE, blocks = (rows->numel + WG_BLOCK - 1) / WG_BLOCK;
    if (tiles > 1) {
        const int shares = shares_for(replay, rows);
        wg_parallel(shares, shares, some_shares, &(struct share){rows, tiles, shares});
        for (size_t i = 0; i < rows->joins; i++)
            rows->join[i].join(blocks, rows->join[i].at, strides[0], &rows->numel);
        return;
    }
    for (const struct ready_row *row = rows->row; row < rows->row + rows->n; row++)
        row->row(rows->numel, row->at, row->stride, row->params);
}
