/* Tensors: handles, values, what may be asked of them, and who owns them. */
#include <math.h>
#include <string.h>

#include "internal.h"

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

wg_status wg_shape_check(const char *op, const wg_shape *shape, wg_dtype dtype, int64_t *numel)
{
    if (wg_dtype_size(dtype) == 0)
        return wg_fail(WG_E_DTYPE, op, "there is no dtype %d", (int)dtype);
    if (shape->rank < 0 || shape->rank > WG_MAX_RANK)
        return wg_fail(WG_E_SHAPE, op, "rank %d is not in 0..%d", shape->rank, WG_MAX_RANK);
    char text[200];
    int64_t n = 1, bound = (int64_t)wg_dtype_size(dtype);
    for (int i = 0; i < shape->rank; i++) {
        const int64_t extent = shape->extent[i];
        if (extent < 0)
            return wg_fail(WG_E_SHAPE, op, "negative extent in %s", wg_shape_text(*shape, text, sizeof text));
        n *= extent; /* cannot overflow where the bound does not */
        if (__builtin_mul_overflow(bound, extent > 0 ? extent : 1, &bound) || bound > (int64_t)1 << 46)
            return wg_fail(WG_E_SHAPE, op, "%s is too large", wg_shape_text(*shape, text, sizeof text));
    }
    *numel = n;
    return WG_OK;
}

/* Dense: in the order of their strides the axes of extent above 1 follow without a gap. */
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
    int64_t row_major = 1;
    bool contiguous = true;
    for (int i = rank - 1; i >= 0; i--) {
        t->dims[i] = extent[i];
        t->dims[rank + i] = stride ? stride[i] : row_major;
        contiguous = contiguous && (extent[i] == 1 || t->dims[rank + i] == row_major);
        row_major *= extent[i];
    }
    t->numel = row_major;
    contiguous = contiguous || row_major == 0;
    t->flags = (uint16_t)(t->flags & ~(WG_T_CONTIGUOUS | WG_T_DENSE));
    if (contiguous || is_dense(rank, t->dims, t->dims + rank))
        t->flags |= contiguous ? WG_T_CONTIGUOUS | WG_T_DENSE : WG_T_DENSE;
}

bool wg_same_dims(const wg_tensor *a, const wg_tensor *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

/* ---- handles ---- */

wg_tensor *wg_value_new(int rank)
{
    struct wg_value *value = wg_object_new(sizeof *value);
    if (!value)
        return NULL;
    atomic_init(&value->refs, 1);
    value->t.dims = rank <= WG_INLINE_RANK ? value->t.inline_dims : value->more_dims;
    value->t.rank = (uint8_t)rank;
    value->t.state = WG_LIVE;
    return &value->t;
}

wg_tensor *wg_handle_new(struct wg_thread *th, int rank)
{
    if (*wg_lost_tapes() > 0) {
        wg_fail(WG_E_MEMORY, "tape", "the tape around this could not be opened");
        return NULL;
    }
    if (!th->top)
        return wg_value_new(rank);
    wg_tensor *t = wg_tape_slot(th->top);
    if (!t)
        return NULL;
    t->dims = t->inline_dims;
    if (rank > WG_INLINE_RANK) {
        t->dims = wg_tape_alloc(th->top, 2 * WG_MAX_RANK * sizeof(int64_t));
        if (!t->dims) {
            wg_release_slot(t);
            return NULL;
        }
    }
    t->rank = (uint8_t)rank;
    t->state = WG_LIVE;
    if (th->scratch && th->vjp_depth > 0 && !th->top->trace) {
        t->flags = WG_T_SCRATCH | WG_T_LISTED;
        t->adjoint = th->scratch_list;
        th->scratch_list = t;
    }
    return t;
}

wg_tensor *wg_alias(struct wg_thread *th, const wg_tensor *t)
{
    wg_tensor *alias = wg_handle_new(th, t->rank);
    if (!alias)
        return NULL;
    alias->dtype = t->dtype;
    wg_set_dims(alias, t->rank, wg_extents(t), wg_strides(t));
    alias->data = t->data;
    alias->storage = t->storage;
    if (t->storage)
        wg_storage_ref(t->storage);
    return alias;
}

void wg_release_value(wg_tensor *t)
{
    if (t->storage)
        wg_storage_unref(t->storage);
    t->storage = NULL;
    t->data = NULL;
    if (t->state != WG_DEAD)
        t->state = WG_RELEASED;
}

void wg_release_slot(wg_tensor *t)
{
    wg_tape *tape = t->tape;
    wg_release_value(t);
    t->state = WG_DEAD;
    t->flags = 0;
    t->adjoint = tape->free_slots;
    tape->free_slots = t;
}

void wg_value_unref(wg_tensor *t)
{
    struct wg_value *value = wg_value_of(t);
    if (atomic_fetch_sub_explicit(&value->refs, 1, memory_order_acq_rel) != 1)
        return;
    wg_release_value(t);
    t->state = WG_DEAD;
    if (value->gradient)
        wg_value_unref(value->gradient);
    for (size_t i = 0; i < value->n_behind; i++)
        wg_value_unref(value->behind[i]);
    wg_object_free(value->behind);
    wg_object_free(value->name);
    wg_object_free(value);
}

static const char *position(int index, char *text, size_t size)
{
    if (index < 0)
        return "the tensor";
    snprintf(text, size, "operand %d", index);
    return text;
}

wg_status wg_check_handle(const wg_tensor *t, const char *op, int index)
{
    char text[32];
    const char *which = position(index, text, sizeof text);
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    if (!t)
        return wg_fail(WG_E_NULL, op, "%s: %s is NULL", op, which);
    switch ((enum wg_state)t->state) {
    case WG_LIVE:
        break;
    case WG_ABSENT:
        return wg_fail(WG_E_ARGUMENT, op, "%s: %s is WG_NONE, which it may not be", op, which);
    case WG_DROPPED:
        if (th->vjp_depth > 0)
            break;
        return wg_fail(WG_E_RELEASED, op, "%s: %s was dropped (wg_drop); only backward reads it", op, which);
    case WG_RELEASED:
        return wg_fail(WG_E_RELEASED, op,
                       "%s: the value of %s was released, by wg_backward (see .retain and wg_hold), wg_drop or wg_take", op, which);
    case WG_DEAD:
    default:
        return wg_fail(WG_E_DANGLING, op, "%s: %s is dangling: its tape is closed, or it was freed", op, which);
    }
    if (t->tape && t->tape->thread != th)
        return wg_fail(WG_E_THREAD, op, "%s: %s is on a tape of another thread", op, which);
    return WG_OK;
}

/* ---- making values ---- */

static wg_tensor *new_value(const char *op, wg_dtype dtype, wg_shape shape)
{
    struct wg_thread *th = wg_self();
    int64_t numel;
    if (!th || wg_shape_check(op, &shape, dtype, &numel) != WG_OK)
        return NULL;
    wg_tensor *t = wg_handle_new(th, shape.rank);
    if (!t)
        return NULL;
    t->dtype = (uint8_t)dtype;
    wg_set_dims(t, shape.rank, shape.extent, NULL);
    t->storage = wg_storage_new((size_t)numel * wg_dtype_size(dtype));
    if (!t->storage) {
        if (t->tape)
            t->state = WG_RELEASED;
        else
            wg_value_unref(t);
        return NULL;
    }
    t->data = wg_storage_data(t->storage);
    return t;
}

wg_tensor *wg_from_bytes(const void *data, wg_dtype dtype, wg_shape shape)
{
    struct wg_thread *th = wg_self();
    int64_t numel;
    if (!th || wg_shape_check("from", &shape, dtype, &numel) != WG_OK)
        return NULL;
    if (!data && numel > 0) {
        wg_fail(WG_E_NULL, "from", "from: the data is NULL");
        return NULL;
    }
    if (th->vjp_depth > 0 && !th->scratch && numel > 1) {
        wg_fail(WG_E_STATE, "from",
                "from: a constant made from host data inside a backward that is recorded would hide what it depends on: "
                "compute it with ops, or declare it saved");
        return NULL;
    }
    wg_tensor *t = new_value("from", dtype, shape);
    if (t && numel > 0)
        memcpy(t->data, data, (size_t)numel * wg_dtype_size(dtype));
    return t;
}

wg_tensor *wg_full(wg_dtype dtype, wg_shape shape, double value)
{
    wg_tensor *t = new_value("full", dtype, shape);
    if (!t)
        return NULL;
    const int64_t n = t->numel;
    switch (dtype) {
    case WG_F32:
        for (int64_t i = 0; i < n; i++)
            ((float *)t->data)[i] = (float)value;
        break;
    case WG_F64:
        for (int64_t i = 0; i < n; i++)
            ((double *)t->data)[i] = value;
        break;
    case WG_I64:
        for (int64_t i = 0; i < n; i++)
            ((int64_t *)t->data)[i] = (int64_t)value;
        break;
    case WG_U8:
        memset(t->data, (int)value, (size_t)n);
        break;
    }
    return t;
}

wg_tensor *wg_zeros(wg_dtype dtype, wg_shape shape)
{
    return wg_full(dtype, shape, 0);
}

wg_tensor *wg_ones(wg_dtype dtype, wg_shape shape)
{
    return wg_full(dtype, shape, 1);
}

wg_tensor *wg_scalar(wg_dtype dtype, double value)
{
    return wg_full(dtype, WG_SCALAR, value);
}

/* ---- looking ---- */

/* A handle whose shape may be asked: released values keep theirs. */
static bool has_shape(const wg_tensor *t, const char *op)
{
    if (t && (t->state == WG_LIVE || t->state == WG_DROPPED || t->state == WG_RELEASED))
        return true;
    wg_check_handle(t, op, -1);
    return false;
}

int wg_rank(const wg_tensor *t)
{
    return has_shape(t, "rank") ? t->rank : 0;
}

static int64_t dim(const wg_tensor *t, const char *op, int axis, bool stride)
{
    if (!has_shape(t, op))
        return 0;
    const int at = axis < 0 ? axis + t->rank : axis;
    if (at < 0 || at >= t->rank) {
        wg_fail(WG_E_ARGUMENT, op, "%s: there is no axis %d in a tensor of rank %d", op, axis, t->rank);
        return 0;
    }
    return t->dims[stride ? t->rank + at : at];
}

int64_t wg_extent(const wg_tensor *t, int axis)
{
    return dim(t, "extent", axis, false);
}

int64_t wg_stride(const wg_tensor *t, int axis)
{
    return dim(t, "stride", axis, true);
}

int64_t wg_numel(const wg_tensor *t)
{
    return has_shape(t, "numel") ? t->numel : 0;
}

wg_dtype wg_dtype_of(const wg_tensor *t)
{
    return has_shape(t, "dtype_of") ? (wg_dtype)t->dtype : WG_F32;
}

wg_shape wg_shape_of(const wg_tensor *t)
{
    wg_shape shape = WG_SCALAR;
    if (!has_shape(t, "shape_of"))
        return shape;
    shape.rank = t->rank;
    for (int i = 0; i < t->rank; i++)
        shape.extent[i] = t->dims[i];
    return shape;
}

bool wg_is_contiguous(const wg_tensor *t)
{
    return has_shape(t, "is_contiguous") && (t->flags & WG_T_CONTIGUOUS);
}

const void *wg_data(const wg_tensor *t)
{
    return wg_check_handle(t, "data", -1) == WG_OK ? t->data : NULL;
}

void *wg_data_mut(wg_tensor *t)
{
    if (wg_check_handle(t, "data_mut", -1) != WG_OK)
        return NULL;
    t->storage->version++;
    return t->data;
}

double wg_item(const wg_tensor *t)
{
    if (wg_check_handle(t, "item", -1) != WG_OK)
        return NAN;
    if (t->numel != 1) {
        char text[200];
        wg_fail(WG_E_SHAPE, "item", "item: a tensor of one element is wanted, not %s",
                wg_shape_text(wg_shape_of(t), text, sizeof text));
        return NAN;
    }
    switch ((wg_dtype)t->dtype) {
    case WG_F32:
        return (double)*(const float *)t->data;
    case WG_F64:
        return *(const double *)t->data;
    case WG_I64:
        return (double)*(const int64_t *)t->data;
    case WG_U8:
        return *(const uint8_t *)t->data;
    }
    return NAN;
}

/* Copies between t, by its strides, and a row-major buffer. */
static void transfer(const wg_tensor *t, char *buffer, bool out)
{
    const size_t size = wg_dtype_size((wg_dtype)t->dtype);
    if (t->flags & WG_T_CONTIGUOUS) {
        if (t->numel > 0)
            memcpy(out ? buffer : t->data, out ? t->data : buffer, (size_t)t->numel * size);
        return;
    }
    int64_t index[WG_MAX_RANK] = {0};
    const int64_t *extent = wg_extents(t), *stride = wg_strides(t);
    char *at = t->data;
    for (int64_t i = 0; i < t->numel; i++, buffer += size) {
        memcpy(out ? buffer : at, out ? at : buffer, size);
        for (int axis = t->rank - 1; axis >= 0; axis--) {
            at += stride[axis] * (int64_t)size;
            if (++index[axis] < extent[axis])
                break;
            at -= extent[axis] * stride[axis] * (int64_t)size;
            index[axis] = 0;
        }
    }
}

wg_status wg_read(const wg_tensor *t, void *data)
{
    WG_TRY(wg_check_handle(t, "read", -1));
    if (!data && t->numel > 0)
        return wg_fail(WG_E_NULL, "read", "read: the buffer is NULL");
    transfer(t, data, true);
    return WG_OK;
}

wg_status wg_write(wg_tensor *t, const void *data)
{
    WG_TRY(wg_check_handle(t, "write", -1));
    if (!data && t->numel > 0)
        return wg_fail(WG_E_NULL, "write", "write: the data is NULL");
    for (int i = 0; i < t->rank; i++)
        if (t->dims[i] > 1 && t->dims[t->rank + i] == 0)
            return wg_fail(WG_E_ARGUMENT, "write", "write: a broadcast tensor's elements share memory; write its source");
    t->storage->version++;
    transfer(t, (char *)(uintptr_t)data, false);
    return WG_OK;
}

/* ---- owning ---- */

void wg_free(wg_tensor *t)
{
    if (!t || t->state == WG_ABSENT)
        return;
    if (t->state == WG_DEAD || t->tape) {
        if (t->state == WG_DEAD)
            wg_fail(WG_E_DANGLING, "free", "free: the tensor was freed before, or its tape is closed");
        else
            wg_fail(WG_E_ARGUMENT, "free", "free: the tensor belongs to a tape and dies with it");
        return;
    }
    wg_value_unref(t);
}

void wg_drop(wg_tensor *t)
{
    if (!t || !t->tape || t->state != WG_LIVE || (t->flags & (WG_T_PROXY | WG_T_HOLD | WG_T_REQUIRES)))
        return;
    if ((t->flags & WG_T_SAVED) || t->tape->trace)
        t->state = WG_DROPPED;
    else
        wg_release_value(t);
}

wg_tensor *wg_hold(wg_tensor *t)
{
    if (wg_check_handle(t, "hold", -1) != WG_OK)
        return NULL;
    t->flags |= WG_T_HOLD;
    return t;
}

wg_tensor *wg_take(wg_tensor *t)
{
    if (t && t->state == WG_LIVE && t->tape && !t->tape->thread->no_take)
        t->flags |= WG_T_TAKE;
    return t;
}

/* Visits the leaves behind t: found(leaf of the caller's) for each leaf that a gradient would reach, and for what kept tensors hide. */
static wg_status leaves_behind(struct wg_thread *th, wg_tensor *t, struct wg_value *kept, wg_tensor **list, size_t *n)
{
    const uint64_t walk = ++th->walk;
    if (!t->from.node || (t->flags & WG_T_PROXY))
        return WG_OK;
    t->from.node->mark = walk;
    struct wg_node *node = t->from.node;
    for (wg_tape *tape = t->tape; tape; tape = tape->below, node = tape ? tape->last : NULL)
        for (; node; node = node->prev) {
            if (node->mark != walk || (node->call.op->flags & WG_CUT))
                continue;
            for (int i = 0; i < node->call.n_in; i++) {
                wg_tensor *in = node->call.in[i];
                if (!(in->flags & WG_T_PROXY)) {
                    if (in->from.node)
                        in->from.node->mark = walk;
                    continue;
                }
                wg_tensor *leaf = in->from.leaf;
                if (node->needs && (in->flags & WG_T_REQUIRES) && leaf != &kept->t)
                    list ? (void)(list[(*n)++] = leaf) : (void)++*n;
                const struct wg_value *hidden = wg_value_of(leaf);
                for (size_t k = 0; k < hidden->n_behind; k++)
                    list ? (void)(list[(*n)++] = hidden->behind[k]) : (void)++*n;
            }
        }
    return WG_OK;
}

static wg_status remember_leaves(struct wg_thread *th, wg_tensor *t, struct wg_value *kept)
{
    size_t n = 0;
    if (!t->tape || (t->flags & WG_T_PROXY))
        return WG_OK;
    WG_TRY(leaves_behind(th, t, kept, NULL, &n));
    if (n == 0)
        return WG_OK;
    kept->behind = wg_object_new(n * sizeof *kept->behind);
    if (!kept->behind)
        return WG_E_MEMORY;
    size_t found = 0;
    WG_TRY(leaves_behind(th, t, kept, kept->behind, &found));
    for (size_t i = 0; i < found; i++) { /* each once, with a reference */
        bool seen = false;
        for (size_t k = 0; k < kept->n_behind && !seen; k++)
            seen = kept->behind[k] == kept->behind[i];
        if (seen)
            continue;
        kept->behind[kept->n_behind++] = kept->behind[i];
        atomic_fetch_add_explicit(&wg_value_of(kept->behind[i])->refs, 1, memory_order_relaxed);
    }
    return WG_OK;
}

wg_tensor *wg_keep(wg_tensor *t)
{
    struct wg_thread *th = wg_self();
    if (!th || wg_check_handle(t, "keep", -1) != WG_OK)
        return NULL;
    wg_tensor *kept = wg_value_new(t->rank);
    if (!kept)
        return NULL;
    kept->dtype = t->dtype;
    wg_set_dims(kept, t->rank, wg_extents(t), wg_strides(t));
    if (remember_leaves(th, t, wg_value_of(kept)) != WG_OK) {
        wg_value_unref(kept);
        return NULL;
    }
    kept->data = t->data;
    kept->storage = t->storage;
    wg_storage_ref(t->storage);
    return kept;
}

/* ---- names ---- */

wg_status wg_set_name(wg_tensor *t, const char *name)
{
    WG_TRY(wg_check_handle(t, "set_name", -1));
    if (!name)
        return wg_fail(WG_E_NULL, "set_name", "set_name: the name is NULL");
    const size_t size = strlen(name) + 1;
    if (t->tape) {
        struct wg_label *label = wg_tape_alloc(t->tape, sizeof *label + size);
        if (!label)
            return WG_E_MEMORY;
        label->tensor = t;
        label->next = t->tape->labels;
        memcpy(label->text, name, size);
        t->tape->labels = label;
        return WG_OK;
    }
    char *copy = wg_object_new(size);
    if (!copy)
        return WG_E_MEMORY;
    memcpy(copy, name, size);
    wg_object_free(wg_value_of(t)->name);
    wg_value_of(t)->name = copy;
    return WG_OK;
}

const char *wg_name_of(const wg_tensor *t)
{
    if (!has_shape(t, "name_of"))
        return "";
    if (t->flags & WG_T_PROXY)
        t = t->from.leaf;
    if (!t->tape) {
        const char *name = ((const struct wg_value *)t)->name;
        return name ? name : "";
    }
    for (const struct wg_label *label = t->tape->labels; label; label = label->next)
        if (label->tensor == t)
            return label->text;
    return "";
}
