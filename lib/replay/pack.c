/* Packing groups of scalar calls: calls of one op on one element each that are independent, or of which each depends on the one
   before, become one call on many elements. Operands from outside the group are first loaded into one array, the calls run on
   that array, and results used outside are stored at the end. Each element is computed by the same row as without packing, with
   the same bits. */
#include <string.h>

#include "replay/pack_schedule.h"

/* ---- the layout of the array ---- */

struct gap {
    size_t at, bytes;
};

/* Reuses one of the last gaps that were released, if it has exactly this size; otherwise extends the array. */
static size_t find_gap(struct wg_packing *p, size_t bytes)
{
    enum { LOOKED_AT = 64 };
    for (size_t i = p->holes.n; i > 0 && i-- + LOOKED_AT > p->holes.n;) {
        struct gap *gap = WG_NTH(p->holes, struct gap, i);
        const size_t at = gap->at;
        if (gap->bytes != bytes)
            continue;
        *gap = *WG_NTH(p->holes, struct gap, --p->holes.n);
        return at;
    }
    p->used += bytes;
    return p->used - bytes;
}

static size_t call_bytes(const struct wg_packing *p, size_t call)
{
    const size_t n = *WG_NTH(p->starts, uint32_t, call + 1) - *WG_NTH(p->starts, uint32_t, call);
    const size_t bytes = n * sizeof(double);
    return n == 1 ? bytes : (bytes + 63) & ~(size_t)63;
}

static bool is_outside(const struct wg_packing *p, const uint32_t *maker, uint32_t m)
{
    const uint32_t buffer = wg_member_operand(p, m, 0)->buffer;
    return !p->plan->slotted[buffer] && maker[buffer] == m + 1;
}

/* Assigns an offset to every value. A call with results that are stored at the end keeps its memory. Any other call gives it to
   the next call of the same size, once all its results have been read. */
static wg_status find_buffers(struct wg_packing *p, const uint32_t *maker)
{
    size_t brought = 0;
    for (size_t size = 4; size <= 8; size += 4)
        for (size_t i = 0; i < p->brought.n; i++)
            if (wg_operand_size(p, *WG_NTH(p->brought, const struct wg_operand *, i)) == size)
                p->at[p->n + i] = brought++ * sizeof(double);
    p->used = (p->brought.n * sizeof(double) + 63) & ~(size_t)63;
    memset(p->remaining, 0, (p->n + 1) * sizeof *p->remaining);
    for (uint32_t m = 0; m < p->n; m++)
        p->remaining[p->call_of[m]] += p->consumers[m + 1] - p->consumers[m] + is_outside(p, maker, m);
    for (size_t call = 0; call < p->starts.n; call++) {
        const uint32_t first = *WG_NTH(p->starts, uint32_t, call), end = *WG_NTH(p->starts, uint32_t, call + 1);
        const size_t at = find_gap(p, call_bytes(p, call));
        for (uint32_t i = first; i < end; i++) {
            const uint32_t m = *WG_NTH(p->order, uint32_t, i);
            p->at[m] = at + (i - first) * wg_operand_size(p, wg_member_operand(p, m, 0));
        }
        for (uint32_t i = first; i < end; i++)
            for (unsigned k = 0; k < wg_member(p, *WG_NTH(p->order, uint32_t, i))->n_in; k++) {
                const uint32_t source = p->source[*WG_NTH(p->order, uint32_t, i)][k];
                if (source >= p->n || --p->remaining[p->call_of[source]] > 0)
                    continue;
                const uint32_t made = p->call_of[source];
                WG_TRY(wg_array_reserve(&p->holes, 1, sizeof(struct gap)));
                *WG_NTH(p->holes, struct gap, p->holes.n++) = (struct gap){
                    p->at[*WG_NTH(p->order, uint32_t, *WG_NTH(p->starts, uint32_t, made))], call_bytes(p, made)};
            }
    }
    return WG_OK;
}

/* ---- calls ---- */

void wg_gather_4(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    const uint32_t *offset = params;
    (void)s;
    for (int64_t i = 0; i < n; i++)
        memcpy(at[0] + 4 * i, at[1] + (size_t)offset[i] * 4, 4);
}

void wg_gather_8(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    const uint32_t *offset = params;
    (void)s;
    for (int64_t i = 0; i < n; i++)
        memcpy(at[0] + 8 * i, at[1] + (size_t)offset[i] * 8, 8);
}

/* Computes the stride between the members' input k in the array. Returns false if they are not equally spaced. */
static bool find_stride(const struct wg_packing *p, const uint32_t *m, size_t n, unsigned k, int64_t size, int64_t *stride)
{
    const int64_t first = (int64_t)p->at[p->source[m[0]][k]];
    const int64_t step = n > 1 ? (int64_t)p->at[p->source[m[1]][k]] - first : 0;
    for (size_t i = 2; i < n; i++)
        if ((int64_t)p->at[p->source[m[i]][k]] != first + (int64_t)i * step)
            return false;
    *stride = step / size;
    return step % size == 0;
}

/* Prepares input k of a call on n members: sets its address and stride, and first adds a call that gathers its elements if they
   are not equally spaced. */
static wg_status make_input(struct wg_packing *p, struct wg_packed_row *row, int64_t *stride, struct wg_packed_row **gather,
                            const uint32_t *m, size_t n, unsigned k, char *array)
{
    char *capacity = array + p->used + k * p->widest;
    const struct wg_operand *operand = wg_member_operand(p, m[0], k + 1);
    const int64_t size = (int64_t)wg_operand_size(p, operand);
    row->at[k + 1] = array + p->at[p->source[m[0]][k]];
    if ((row->n < 0 && k == 0) || find_stride(p, m, n, k, size, stride))
        return WG_OK;
    uint32_t *offset = wg_log_alloc(&p->replay->log, n * sizeof *offset);
    if (!offset)
        return WG_E_MEMORY;
    for (size_t i = 0; i < n; i++)
        offset[i] = (uint32_t)(p->at[p->source[m[i]][k]] / (size_t)size);
    *(*gather)++ = (struct wg_packed_row){.row = size == 4 ? wg_gather_4 : wg_gather_8,
                                          .params = offset,
                                          .stride = wg_strides_of(0),
                                          .at = {capacity, array},
                                          .n = (int64_t)n};
    row->at[k + 1] = capacity;
    *stride = 1;
    return WG_OK;
}

/* A copy of the strides in the log; strides that are all 0 or 1 share static arrays. */
static const int64_t *keep_strides(struct wg_packing *p, const int64_t *stride)
{
    unsigned singles = 0;
    for (unsigned k = 0; k < WG_ROW_INPUTS; k++) {
        if (stride[k + 1] != 0 && stride[k + 1] != 1) {
            int64_t *own = wg_log_alloc(&p->replay->log, WG_ROW_OPERANDS * sizeof *own);
            return own ? memcpy(own, stride, WG_ROW_OPERANDS * sizeof *own) : NULL;
        }
        singles |= stride[k + 1] == 0 ? 1u << k : 0;
    }
    return wg_strides_of(singles);
}

static wg_status make_calls(struct wg_packing *p, struct wg_packed *packed, char *array)
{
    for (size_t call = 0; call < p->starts.n; call++) {
        const uint32_t first = *WG_NTH(p->starts, uint32_t, call), *m = WG_NTH(p->order, uint32_t, first);
        const struct wg_launch *launch = wg_member(p, *m);
        const size_t n = *WG_NTH(p->starts, uint32_t, call + 1) - first;
        int64_t stride[WG_ROW_OPERANDS] = {1, 1, 1, 1};
        struct wg_packed_row row = {.row = p->keys[p->key[*m]].row,
                                    .params = launch->params,
                                    .at = {array + p->at[*m]},
                                    .n = p->chained[call] ? -(int64_t)n : (int64_t)n};
        struct wg_packed_row *next = packed->rows + packed->n_rows;
        for (unsigned k = 0; k < launch->n_in; k++)
            WG_TRY(make_input(p, &row, &stride[k + 1], &next, m, n, k, array));
        row.stride = row.n == 1 ? wg_strides_of(0) : keep_strides(p, stride);
        if (!row.stride)
            return WG_E_MEMORY;
        *next++ = row;
        packed->n_rows = (size_t)(next - packed->rows);
    }
    return WG_OK;
}

/* Lists the loads from outside and the stores to outside, those of 4 bytes first. */
static wg_status make_carried(struct wg_packing *p, struct wg_packed *packed, const uint32_t *maker, char *array)
{
    size_t out = 0;
    for (uint32_t m = 0; m < p->n; m++)
        out += is_outside(p, maker, m);
    packed->array = array;
    packed->in = wg_log_alloc(&p->replay->log, p->brought.n * sizeof *packed->in);
    packed->out = wg_log_alloc(&p->replay->log, out * sizeof *packed->out);
    if (!packed->in || !packed->out)
        return WG_E_MEMORY;
    out = 0;
    for (size_t i = 0; i < p->brought.n; i++) {
        const struct wg_operand *operand = *WG_NTH(p->brought, const struct wg_operand *, i);
        char **in = &packed->in[p->at[p->n + i] / sizeof(double)];
        *in = wg_address(p->replay, p->plan, operand);
        WG_TRY(wg_follow(p->replay, in, operand));
        packed->n_in[wg_operand_size(p, operand) == 8]++;
    }
    for (int wide = 0; wide < 2; wide++)
        for (uint32_t m = 0; m < p->n; m++) {
            const struct wg_operand *operand = wg_member_operand(p, m, 0);
            if ((wg_operand_size(p, operand) == 8) != wide || !is_outside(p, maker, m))
                continue;
            packed->out[out++] = (struct wg_carried){array + p->at[m], wg_address(p->replay, p->plan, operand)};
            packed->n_out[wide]++;
        }
    return WG_OK;
}

/* ---- packing a group ---- */

static wg_status begin(struct wg_packing *p)
{
    const size_t n = p->n + 2;
    p->source = wg_object_new(n * sizeof *p->source);
    uint32_t **lists[] = {&p->key, &p->pending, &p->consumers, &p->call_of, &p->remaining};
    bool found = p->source != NULL;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        found = (*lists[i] = wg_object_new(n * sizeof **lists[i])) != NULL && found;
    p->chained = wg_object_new(n * sizeof *p->chained);
    return found && p->chained ? WG_OK : WG_E_MEMORY;
}

static void end(struct wg_packing *p)
{
    void *lists[] = {p->source, p->key, p->pending, p->consumers, p->call_of, p->remaining, p->consumer, p->chained, p->at};
    struct wg_array *arrays[] = {&p->brought, &p->order, &p->starts, &p->holes};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        wg_object_free(lists[i]);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        wg_array_free(arrays[i]);
    wg_hash_free(&p->numbers);
    for (size_t k = 0; k < p->n_keys; k++)
        wg_array_free(&p->keys[k].ready), wg_array_free(&p->keys[k].ends);
}

static wg_status make(struct wg_packing *p, const uint32_t *maker, struct wg_packed **made)
{
    WG_TRY(wg_packing_schedule(p));
    p->at = wg_object_new((p->n + p->brought.n) * sizeof *p->at);
    if (!p->at)
        return WG_E_MEMORY;
    WG_TRY(find_buffers(p, maker));
    size_t max_rows = 0;
    for (size_t call = 0; call < p->starts.n; call++) {
        const size_t bytes = call_bytes(p, call);
        p->widest = bytes > p->widest ? bytes : p->widest;
        max_rows += 1 + wg_member(p, *WG_NTH(p->order, uint32_t, *WG_NTH(p->starts, uint32_t, call)))->n_in;
    }
    struct wg_log *log = &p->replay->log;
    struct wg_packed *packed = wg_log_alloc(log, sizeof *packed);
    struct wg_packed_row *rows = wg_log_alloc(log, max_rows * sizeof *rows);
    char *array = wg_log_alloc(log, p->used + WG_ROW_INPUTS * p->widest);
    if (!packed || !rows || !array)
        return WG_E_MEMORY;
    p->replay->info.planned += p->used + WG_ROW_INPUTS * p->widest;
    packed->rows = rows;
    WG_TRY(make_calls(p, packed, array));
    WG_TRY(make_carried(p, packed, maker, array));
    *made = packed;
    return WG_OK;
}

static bool packable(const struct wg_packing *p)
{
    for (size_t m = 0; m < p->n; m++)
        for (unsigned i = 0; i <= wg_member(p, m)->n_in; i++)
            if (wg_operand_size(p, wg_member_operand(p, m, i)) < 4)
                return false;
    return true;
}

wg_status wg_pack(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_packed **made)
{
    struct wg_packing *p = wg_object_new(sizeof *p);
    uint32_t *maker = plan->maker;
    bool few = true;
    *made = NULL;
    if (!p)
        return WG_E_MEMORY;
    p->replay = replay, p->plan = plan, p->unit = unit, p->n = unit->n;
    wg_status status = WG_OK;
    if (packable(p)) {
        status = begin(p);
        if (status == WG_OK)
            status = wg_packing_read(p, maker, &few);
        if (status == WG_OK && few)
            status = make(p, maker, made);
        for (size_t m = 0; m < p->n; m++)
            maker[wg_member_operand(p, m, 0)->buffer] = 0;
    }
    end(p);
    wg_object_free(p);
    return status;
}

/* ---- running ---- */

void wg_packed_run(const struct wg_packed *packed)
{
    char *const *in = packed->in;
    char *to = packed->array;
    for (const char *end = to + packed->n_in[0] * sizeof(double); to < end; to += sizeof(double))
        memcpy(to, *in++, 4);
    for (const char *end = to + packed->n_in[1] * sizeof(double); to < end; to += sizeof(double))
        memcpy(to, *in++, 8);
    for (const struct wg_packed_row *row = packed->rows, *end = row + packed->n_rows; row < end; row++)
        row->row(row->n, row->at, row->stride, row->params);
    const struct wg_carried *out = packed->out;
    for (const struct wg_carried *end = out + packed->n_out[0]; out < end; out++)
        memcpy(out->to, out->from, 4);
    for (const struct wg_carried *end = out + packed->n_out[1]; out < end; out++)
        memcpy(out->to, out->from, 8);
}
