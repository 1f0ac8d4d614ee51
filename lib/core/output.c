/* The outputs of a call: shapes by the op's rule, and memory, which may be that of a donated operand. */
#include <stdlib.h>
#include <string.h>

#include "core/tensor_build.h"

/* ---- shape rules that many ops share ---- */

wg_status wg_same_float(const wg_call *c, wg_dtype *dtype)
{
    int first = -1;
    if (!c || !dtype)
        return wg_fail(WG_E_NULL, "same_float", "same_float: an argument is NULL");
    for (int i = 0; i < c->n_in; i++) {
        if (wg_absent(c->in[i]))
            continue;
        if (c->in[i]->dtype != WG_F32 && c->in[i]->dtype != WG_F64)
            return wg_call_error(c, WG_E_DTYPE, "expected f32 or f64");
        if (first < 0)
            first = c->in[i]->dtype;
        else if (c->in[i]->dtype != first)
            return wg_call_error(c, WG_E_DTYPE, "dtypes differ, and nothing is promoted");
    }
    *dtype = first == WG_F64 ? WG_F64 : WG_F32;
    return WG_OK;
}

wg_status wg_broadcast_shapes(const wg_call *c, wg_spec *out)
{
    int rank = 0;
    if (!c || !out)
        return wg_fail(WG_E_NULL, "broadcast_shapes", "broadcast_shapes: an argument is NULL");
    for (int i = 0; i < c->n_in; i++)
        if (!wg_absent(c->in[i]) && c->in[i]->rank > rank)
            rank = c->in[i]->rank;
    for (int axis = 0; axis < rank; axis++)
        out->extent[axis] = 1;
    for (int i = 0; i < c->n_in; i++) {
        if (wg_absent(c->in[i]))
            continue;
        const int lead = rank - c->in[i]->rank;
        for (int axis = lead; axis < rank; axis++) {
            const int64_t extent = wg_extents(c->in[i])[axis - lead];
            if (out->extent[axis] == 1)
                out->extent[axis] = extent;
            else if (extent != 1 && extent != out->extent[axis])
                return wg_call_error(c, WG_E_SHAPE, "shapes do not broadcast");
        }
    }
    out->rank = rank;
    return WG_OK;
}

static wg_status default_shape(const wg_call *c, wg_spec *out)
{
    WG_TRY(wg_same_float(c, &out->dtype));
    const wg_tensor *a = c->in[0];
    if (c->n_in == 1 && !wg_absent(a)) {
        out->rank = a->rank;
        memcpy(out->extent, wg_extents(a), (size_t)a->rank * sizeof *out->extent);
        return WG_OK;
    }
    return wg_broadcast_shapes(c, out);
}

/* ---- memory ---- */

/* Dense strides for those extents, with the axes in the same order as t's; false if t repeats elements, which have no order. */
static bool strides_in_order(const wg_tensor *t, const int64_t *extent, int64_t *stride)
{
    int order[WG_MAX_RANK] = {0}; /* innermost last */
    int64_t next = 1;
    for (int axis = 0; axis < t->rank; axis++) {
        int at = axis;
        if (wg_strides(t)[axis] == 0)
            return false;
        for (; at > 0 && llabs(wg_strides(t)[order[at - 1]]) < llabs(wg_strides(t)[axis]); at--)
            order[at] = order[at - 1];
        order[at] = axis;
    }
    for (int i = t->rank - 1; i >= 0; i--) {
        stride[order[i]] = next;
        next *= extent[order[i]];
    }
    return true;
}

/* The strides of a result, chosen to keep the physical order of the operands: those of the first dense operand of the result's
   shape. If there is none: dense strides in the axis order of the first operand, if that is of the result's rank; it may be a view
   with gaps. NULL: row-major. */
static const int64_t *strides_to_keep(const wg_call *c, const wg_spec *spec, int64_t *buffer)
{
    const wg_tensor *first = c->n_in ? c->in[0] : NULL;
    if (c->op->flags & WG_OP_ROW_MAJOR)
        return NULL;
    for (int i = 0; i < c->n_in; i++) {
        const wg_tensor *t = c->in[i];
        if (wg_absent(t) || t->rank != spec->rank || !(t->flags & WG_T_DENSE) ||
            memcmp(wg_extents(t), spec->extent, (size_t)spec->rank * sizeof *spec->extent) != 0)
            continue;
        return t->flags & WG_T_CONTIGUOUS ? NULL : wg_strides(t);
    }
    if (!first || wg_absent(first) || first->rank != spec->rank || first->flags & WG_T_CONTIGUOUS)
        return NULL;
    return strides_in_order(first, spec->extent, buffer) ? buffer : NULL;
}

/* Not in anomaly mode, whose messages show the operands. On a traced tape only if the operand was computed on the same tape:
   then a rerun computes it again before the op overwrites it. */
static bool may_overwrite(const struct wg_thread *th, const wg_call *c, unsigned i)
{
    const wg_tensor *t = c->in[i];
    return wg_is_donated(c->op, t, i) && !th->anomaly && (!wg_is_traced(th, t) || (t->from.node && t->tape == th->top)) &&
           wg_operand_in_the_way(c, i, wg_differentiable(th, c) ? c->op->saves : 0) < 0;
}

static bool has_shape(const wg_tensor *t, const wg_spec *spec)
{
    return t->dtype == spec->dtype && t->rank == spec->rank &&
           memcmp(wg_extents(t), spec->extent, (size_t)t->rank * sizeof *spec->extent) == 0;
}

/* The first donated operand whose memory may hold the first result, or NULL. spec: the result's; NULL: that of every operand. */
static inline const wg_tensor *operand_to_overwrite(const struct wg_thread *th, const wg_call *c, const wg_spec *spec)
{
    for (unsigned i = 0; i < c->n_in; i++)
        if (may_overwrite(th, c, i) && (!spec || has_shape(c->in[i], spec)))
            return c->in[i];
    return NULL;
}

const wg_tensor *wg_operand_to_overwrite(const struct wg_thread *th, const wg_call *c)
{
    return operand_to_overwrite(th, c, NULL);
}

static wg_status make_output(struct wg_thread *th, struct wg_node *node, unsigned slot, const wg_spec *spec)
{
    const wg_call *c = &node->call;
    const bool view = (c->op->flags & WG_OP_VIEW) != 0;
    const wg_tensor *donated = !view && slot == 0 && c->op->inplace ? operand_to_overwrite(th, c, spec) : NULL;
    int64_t buffer[WG_MAX_RANK];
    const int64_t *stride = view ? spec->stride : donated ? wg_strides(donated) : strides_to_keep(c, spec, buffer);
    return wg_tensor_build(th, (wg_tensor **)(uintptr_t)c->out + slot,
                           (struct wg_parts){.dtype = spec->dtype,
                                             .rank = spec->rank,
                                             .extent = spec->extent,
                                             .stride = stride,
                                             .donated = donated,
                                             .viewed = view ? c->in[0] : NULL,
                                             .offset = view ? spec->offset : 0,
                                             .slot = (uint8_t)slot});
}

static bool has_float(const wg_call *c)
{
    for (int i = 0; i < c->n_in; i++)
        if (!wg_absent(c->in[i]) && c->in[i]->dtype <= WG_F64)
            return true;
    return false;
}

static __attribute__((noinline)) wg_status users_shape(const wg_call *c, wg_spec *spec)
{
    wg_callback callback = {.op = c->op->name, .who = "its shape rule"};
    wg_callback_begin(&callback);
    return wg_callback_end(&callback, c->op->shape ? c->op->shape(c, spec) : default_shape(c, spec));
}

wg_status wg_outputs_make(struct wg_thread *th, struct wg_node *node)
{
    const wg_call *c = &node->call;
    const struct wg_op *op = c->op;
    wg_spec local[4];
    wg_spec *spec = c->n_out <= 4 ? local : wg_object_new(c->n_out * sizeof *spec);
    if (!spec)
        return WG_E_MEMORY;
    wg_status status = !op->registered ? users_shape(c, spec) : op->shape ? op->shape(c, spec) : default_shape(c, spec);
    if (status == WG_OK && c->n_out > 0 && !op->shape)
        for (unsigned i = 1; i < c->n_out; i++)
            spec[i] = spec[0];
    if (c->n_out > 0 && status == WG_OK && !has_float(c) && spec[0].dtype <= WG_F64)
        node->call.dtype = (uint8_t)spec[0].dtype;
    for (unsigned i = 0; i < c->n_out && status == WG_OK; i++) {
        int64_t numel;
        status = wg_shape_check(op->name, spec[i].rank, spec[i].extent, spec[i].dtype, &numel);
        if (status == WG_OK)
            status = make_output(th, node, i, &spec[i]);
    }
    if (spec != local)
        wg_object_free(spec);
    return status;
}

void wg_outputs_discard(struct wg_node *node)
{
    for (unsigned i = 0; i < node->call.n_out; i++) {
        wg_tensor *y = node->call.out[i];
        if (!y)
            continue;
        if (y->tape)
            wg_release_value(y);
        else
            wg_value_unref(y);
    }
}
