/* Shared by gather and scatter_add: checks, shape rules and loop plans for indices along an axis. */
#include <stdlib.h>

#include "ops/op.h"

wg_status wg_index_check(const wg_call *c, const wg_tensor *index, int64_t extent)
{
    int64_t number, value;
    if (!wg_first_outside(index, extent, WG_IGNORE_NOTHING, &number, &value))
        return WG_OK;
    return wg_fail(WG_E_ARGUMENT, c->op->name, "%s: index %lld, element %lld of the indices, is not in 0..%lld", c->op->name,
                   (long long)value, (long long)number, (long long)extent - 1);
}

wg_status wg_index_shape(const wg_call *c, const wg_tensor *whole, const wg_tensor *index)
{
    const struct wg_index_params *p = c->params;
    if (index->dtype != WG_I64)
        return wg_call_error(c, WG_E_DTYPE, "expected indices of i64");
    if (index->rank != whole->rank || p->axis < 0 || p->axis >= whole->rank)
        return wg_call_error(c, WG_E_SHAPE, "expected indices of the rank of what they index, at least 1");
    for (int axis = 0; axis < whole->rank; axis++)
        if (axis != p->axis && wg_extents(index)[axis] > wg_extents(whole)[axis])
            return wg_call_error(c, WG_E_SHAPE,
                                 "expected extents of the indices, except along the axis, of at most those of what they index");
    if (index->numel > 0 && wg_extents(whole)[p->axis] == 0)
        return wg_call_error(c, WG_E_ARGUMENT, "expected elements to index, got none");
    return WG_OK;
}

wg_tensor *wg_index_along(const wg_call *c, wg_tensor *index, int axis, wg_shape like)
{
    wg_shape line = {.rank = like.rank};
    if (!index)
        return NULL;
    if (index->dtype != WG_I64 || index->rank != 1) {
        wg_call_error(c, index->dtype != WG_I64 ? WG_E_DTYPE : WG_E_SHAPE, "expected an index of one axis, i64");
        return NULL;
    }
    for (int i = 0; i < like.rank; i++)
        line.extent[i] = i == axis ? index->numel : 1;
    like.extent[axis] = index->numel;
    return wg_broadcast_to(wg_reshape(index, line), like);
}

/* ---- the loop plans of the kernels ---- */

static struct wg_indexed_at strides_at(const wg_tensor *whole, const wg_tensor *index, const wg_tensor *part, int axis)
{
    return (struct wg_indexed_at){wg_strides(whole)[axis], wg_strides(index)[axis], wg_strides(part)[axis]};
}

/* True if the axes outer and inner can be merged in all three operands. */
static bool continues(struct wg_indexed_at outer, struct wg_indexed_at inner, int64_t extent)
{
    return outer.whole == inner.whole * extent && outer.index == inner.index * extent && outer.part == inner.part * extent;
}

/* Makes the axis of smallest stride the one across which the slices of a block are adjacent, unless the slices' own axis has a
   smaller stride. */
static void choose_across(struct wg_indexed *plan)
{
    int best = -1;
    for (int i = 0; i < plan->rank; i++)
        if (best < 0 || llabs(plan->stride[i].part) <= llabs(plan->stride[best].part))
            best = i;
    if (best < 0 || (plan->n > 1 && llabs(plan->along.part) < llabs(plan->stride[best].part)))
        return;
    plan->columns = plan->extent[best];
    plan->across = plan->stride[best];
    plan->rank--;
    for (int i = best; i < plan->rank; i++) {
        plan->extent[i] = plan->extent[i + 1];
        plan->stride[i] = plan->stride[i + 1];
    }
}

void wg_plan_indexed(const wg_tensor *whole, const wg_tensor *index, const wg_tensor *part, int axis, struct wg_indexed *plan)
{
    *plan = (struct wg_indexed){
        .n = wg_extents(part)[axis], .columns = 1, .blocks = 1, .along = strides_at(whole, index, part, axis)};
    for (int i = 0; i < part->rank; i++) {
        const int64_t extent = wg_extents(part)[i];
        const struct wg_indexed_at stride = strides_at(whole, index, part, i);
        const int last = plan->rank - 1;
        if (i == axis || extent == 1)
            continue;
        if (last >= 0 && continues(plan->stride[last], stride, extent)) {
            plan->extent[last] *= extent;
            plan->stride[last] = stride;
        } else {
            plan->extent[plan->rank] = extent;
            plan->stride[plan->rank++] = stride;
        }
    }
    choose_across(plan);
    for (int i = 0; i < plan->rank; i++)
        plan->blocks *= plan->extent[i];
    const int threads = wg_kernel_threads((double)part->numel);
    plan->parts = plan->blocks >= threads ? 1 : threads;
    plan->width = (plan->columns + plan->parts - 1) / plan->parts;
    plan->blocks *= plan->parts;
}

int64_t wg_indexed_block(const struct wg_indexed *plan, int64_t block, struct wg_indexed_at *first)
{
    const int64_t column = block % plan->parts * plan->width;
    int64_t rest = block / plan->parts;
    *first = (struct wg_indexed_at){column * plan->across.whole, column * plan->across.index, column * plan->across.part};
    for (int axis = plan->rank - 1; axis >= 0; axis--) {
        const int64_t i = rest % plan->extent[axis];
        rest /= plan->extent[axis];
        first->whole += i * plan->stride[axis].whole;
        first->index += i * plan->stride[axis].index;
        first->part += i * plan->stride[axis].part;
    }
    const int64_t left = plan->columns - column;
    return left < 0 ? 0 : left < plan->width ? left : plan->width;
}
