/* Tensors: dtypes, shapes, handles. */
#include <string.h>

#include "core/tensor_build.h"

const struct wg_tensor wg_none_ = {.state = WG_ABSENT};

/* ---- dtypes and shapes ---- */

size_t wg_dtype_size(wg_dtype dtype)
{
    switch (dtype) {
    case WG_F32:
        return 4;
    case WG_F64:
    case WG_I64:
        return 8;
    case WG_U8:
        return 1;
    }
    return 0;
}

const char *wg_dtype_name(wg_dtype dtype)
{
    static const char *const names[] = {"f32", "f64", "i64", "u8"};
    return (unsigned)dtype < 4 ? names[dtype] : "?";
}

const char *wg_shape_text(wg_shape shape, char *text, size_t size)
{
    size_t used = 0;
    if (!text || size == 0)
        return "";
    used += (size_t)snprintf(text, size, "[");
    for (int i = 0; i < shape.rank && i < WG_MAX_RANK && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", i ? ", " : "", (long long)shape.extent[i]);
    if (used < size)
        snprintf(text + used, size - used, "]");
    return text;
}

static wg_status refuse_shape(const char *op, int rank, const int64_t *extent, wg_dtype dtype)
{
    if (wg_dtype_size(dtype) == 0)
        return wg_fail(WG_E_DTYPE, op, "%s: there is no dtype %d", op, (int)dtype);
    if (rank < 0 || rank > WG_MAX_RANK)
        return wg_fail(WG_E_SHAPE, op, "%s: rank %d is not in 0..%d", op, rank, WG_MAX_RANK);
    char text[200];
    wg_shape shape = {.rank = rank};
    bool negative = false;
    for (int i = 0; i < rank; i++) {
        shape.extent[i] = extent[i];
        negative = negative || extent[i] < 0;
    }
    wg_shape_text(shape, text, sizeof text);
    return negative ? wg_fail(WG_E_SHAPE, op, "%s: negative extent in %s", op, text)
                    : wg_fail(WG_E_SHAPE, op, "%s: %s is too large", op, text);
}

wg_status wg_shape_check(const char *op, int rank, const int64_t *extent, wg_dtype dtype, int64_t *numel)
{
    int64_t n = 1, bound = (int64_t)wg_dtype_size(dtype);
    bool good = bound > 0 && rank >= 0 && rank <= WG_MAX_RANK;
    for (int i = 0; i < rank && good; i++) {
        good = extent[i] >= 0 && !__builtin_mul_overflow(bound, extent[i] > 0 ? extent[i] : 1, &bound) && bound <= (int64_t)1 << 46;
        n *= good ? extent[i] : 0;
    }
    *numel = n;
    return good ? WG_OK : refuse_shape(op, rank, extent, dtype);
}

/* True if the axes of extent other than 1, ordered by stride, leave no gaps. */
static bool is_dense(int rank, const int64_t *extent, const int64_t *stride)
{
    int order[WG_MAX_RANK], n = 0;
    for (int i = 0; i < rank; i++)
        if (extent[i] != 1) {
            int at = n++;
            for (; at > 0 && stride[order[at - 1]] > stride[i]; at--)
                order[at] = order[at - 1];
            order[at] = i;
        }
    int64_t expected = 1;
    for (int i = 0; i < n; i++) {
        if (stride[order[i]] != expected)
            return false;
        expected *= extent[order[i]];
    }
    return true;
}

void wg_set_dims(wg_tensor *t, int rank, const int64_t *extent, const int64_t *stride)
{
    int64_t row_major = 1, *dims = t->dims;
    bool contiguous = true;
    for (int i = rank - 1; i >= 0; i--) {
        const int64_t step = stride ? stride[i] : row_major;
        dims[i] = extent[i];
        dims[rank + i] = step;
        contiguous = contiguous && (extent[i] == 1 || step == row_major);
        row_major *= extent[i];
    }
    t->numel = row_major;
    contiguous = contiguous || row_major == 0;
    t->flags = (uint16_t)(t->flags & ~(WG_T_CONTIGUOUS | WG_T_DENSE));
    if (contiguous || is_dense(rank, t->dims, t->dims + rank))
        t->flags |= contiguous ? WG_T_CONTIGUOUS | WG_T_DENSE : WG_T_DENSE;
}

/* ---- handles ---- */

wg_tensor *wg_value_new(int rank)
{
    const size_t head = offsetof(struct wg_value, more_dims), more = rank > WG_INLINE_RANK ? 2 * (size_t)rank * sizeof(int64_t) : 0;
    struct wg_storage *block = wg_storage_new(head + more);
    if (!block)
        return NULL;
    struct wg_value *value = (struct wg_value *)(void *)wg_storage_data(block);
    memset(value, 0, head);
    atomic_init(&value->refs, 1);
    value->t.dims = rank <= WG_INLINE_RANK ? value->t.inline_dims : value->more_dims;
    value->t.rank = (uint8_t)rank;
    value->t.state = WG_LIVE;
    return &value->t;
}

wg_tensor *wg_handle_find(struct wg_thread *th, int rank)
{
    if (*wg_lost_tapes() > 0) {
        wg_fail(WG_E_MEMORY, "tape", "the tape around this could not be opened");
        return NULL;
    }
    if (!th->top)
        return wg_value_new(rank);
    int64_t *dims = wg_tape_alloc(th->top, 2 * WG_MAX_RANK * sizeof *dims);
    wg_tensor *t = dims ? wg_handle_new(th, 0) : NULL;
    if (!t)
        return NULL;
    t->dims = dims;
    t->rank = (uint8_t)rank;
    return t;
}

wg_tensor *wg_alias(struct wg_thread *th, const wg_tensor *t)
{
    wg_tensor *alias = wg_handle_new(th, t->rank);
    if (!alias)
        return NULL;
    alias->slot = WG_NO_RESULT;
    wg_lay_out_like(alias, t);
    alias->data = t->data;
    if (t->storage)
        wg_share_storage(th, alias, t, t->data);
    return alias;
}

void wg_storage_vacate(struct wg_storage *storage)
{
    wg_tensor *t = &((struct wg_slot *)(void *)((char *)storage - offsetof(struct wg_slot, own)))->t;
    wg_poison(storage->few, sizeof storage->few);
    t->lends = false;
    if (t->state == WG_DEAD) /* it was given back, but this storage was still in use */
        wg_slot_free(t);
}

/* Lets the block of a freed value rest, and returns the block that has rested longest to the pool. Resting blocks count neither
   as held nor as live. */
static void rest_value(struct wg_value *value)
{
    struct wg_thread *th = wg_tls.state;
    if (!th) {
        wg_object_free(value);
        return;
    }
    struct wg_storage *block = (struct wg_storage *)(void *)value - 1;
    struct wg_storage **buffer = &th->rest.value[th->rest.next_value++ % WG_RESTING_VALUES], *longest = *buffer;
    *buffer = block;
    if (block->recorder)
        wg_storage_report(block);
    wg_poison(value, wg_storage_capacity(block));
    const int64_t more = (longest ? (int64_t)longest->bytes : 0) - (int64_t)block->bytes;
    if (more != 0) {
        th->pool.live += more;
        th->pool.held += more;
    }
    if (longest)
        wg_storage_unref(longest);
}

void wg_value_unref(wg_tensor *t)
{
    struct wg_value *value = wg_value_of(t);
    if (atomic_load_explicit(&value->refs, memory_order_acquire) != 1 &&
        atomic_fetch_sub_explicit(&value->refs, 1, memory_order_acq_rel) != 1)
        return;
    wg_release_value(t);
    t->state = WG_DEAD;
    if (value->gradient)
        wg_value_unref(value->gradient);
    for (size_t i = 0; i < value->origins.n; i++)
        wg_value_unref(*WG_NTH(value->origins, wg_tensor *, i));
    wg_array_free(&value->origins);
    wg_object_free(value->name);
    rest_value(value);
}

static const char *position(int index, char *text, size_t size)
{
    if (index < 0)
        return "the tensor";
    snprintf(text, size, "operand %d", index);
    return text;
}

/* True if dropped values may be read: in a vjp and in a rerun. */
static bool reads_dropped(const struct wg_thread *th)
{
    return th->mode.vjp_depth > 0 || th->rerunning;
}

/* which names a tensor that the running vjp or jvp may not read, because its op did not declare it (wg_hide_undeclared). */
static wg_status refuse_undeclared(const char *op, const char *which)
{
    const struct wg_thread *th = wg_self();
    const wg_callback *callback = th ? th->callback : NULL;
    while (callback && callback->fills) /* a kernel that the vjp called */
        callback = callback->outer;
    return wg_fail(WG_E_RELEASED, op,
                   "%s: %s is hidden, because %s does not declare that %s reads it: add WG_IN(i) for operand i, or WG_OUT(i) for "
                   "result i, to .saves",
                   op, which, callback ? callback->op : "the op", callback ? callback->who : "its backward");
}

static wg_status refuse_handle(const wg_tensor *t, const char *op, const char *which, bool dropped_too)
{
    if (!t)
        return wg_fail(WG_E_NULL, op, "%s: %s is NULL", op, which);
    switch ((enum wg_state)t->state) {
    case WG_LIVE: /* on a tape of another thread */
        break;
    case WG_ABSENT:
        return wg_fail(WG_E_ARGUMENT, op, "%s: %s is WG_NONE, which it may not be", op, which);
    case WG_DROPPED:
        if (dropped_too)
            break; /* likewise */
        return wg_fail(WG_E_RELEASED, op, "%s: %s was dropped (wg_drop); only backward reads it", op, which);
    case WG_RELEASED:
        return wg_fail(WG_E_RELEASED, op,
                       "%s: the value of %s was released, by wg_backward (see .retain and wg_hold), wg_drop or wg_donate", op,
                       which);
    case WG_UNDECLARED:
        return refuse_undeclared(op, which);
    case WG_DEAD:
    default:
        return wg_fail(WG_E_DANGLING, op, "%s: %s is dangling: its tape is closed, or it was freed", op, which);
    }
    return wg_fail(WG_E_THREAD, op, "%s: %s is on a tape of another thread", op, which);
}

wg_status wg_check_handle(const wg_tensor *t, const char *op, int index)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    const bool readable = t && (t->state == WG_LIVE || (t->state == WG_DROPPED && reads_dropped(th)));
    if (readable && (!t->tape || t->tape->thread == th))
        return WG_OK;
    char text[32];
    return refuse_handle(t, op, position(index, text, sizeof text), reads_dropped(th));
}

wg_status wg_check_made(const wg_tensor *t, const char *op, const char *which)
{
    return wg_is_live(t) ? WG_OK : refuse_handle(t, op, which, false);
}

bool wg_has_shape(const wg_tensor *t, const char *op)
{
    if (!t || t->state == WG_DEAD || t->state == WG_ABSENT || (t->tape && t->tape->thread != wg_self()))
        return wg_check_handle(t, op, -1) == WG_OK;
    return true;
}
