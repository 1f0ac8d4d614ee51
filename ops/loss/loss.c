/* What the losses share: checks, the reduction of their elements, targets of two values, class weights, labels and ignored
   labels. */
#include "ops/loss/loss.h"

wg_status wg_loss_check(const wg_call *c, wg_reduction reduction)
{
    if (reduction != WG_REDUCTION_MEAN && reduction != WG_REDUCTION_SUM && reduction != WG_REDUCTION_BATCH_MEAN &&
        reduction != WG_REDUCTION_NONE)
        return wg_call_error(c, WG_E_ARGUMENT, "expected a reduction, one of WG_REDUCTION_MEAN, SUM, BATCH_MEAN and NONE");
    if (reduction == WG_REDUCTION_BATCH_MEAN && c->in[0]->rank == 0)
        return wg_call_error(c, WG_E_SHAPE, "expected at least one axis, by whose extent WG_REDUCTION_BATCH_MEAN divides");
    return WG_OK;
}

wg_status wg_loss_same(const wg_call *c, unsigned n, wg_reduction reduction)
{
    const wg_call same = {.op = c->op, .in = c->in, .n_in = (uint16_t)n};
    wg_dtype dtype;
    WG_TRY(wg_same_float(&same, &dtype));
    for (unsigned i = 1; i < n; i++)
        if (!wg_same_dims(c->in[0], c->in[i]))
            return wg_call_error(c, WG_E_SHAPE, "expected operands of one shape");
    return wg_loss_check(c, reduction);
}

wg_status wg_loss_pair(const wg_call *c, wg_reduction reduction)
{
    return wg_loss_same(c, 2, reduction);
}

wg_status wg_loss_vectors(const wg_call *c, unsigned n, wg_reduction reduction)
{
    WG_TRY(wg_loss_same(c, n, reduction));
    if (c->in[0]->rank == 0)
        return wg_call_error(c, WG_E_SHAPE, "expected vectors along a last axis");
    if (c->in[0]->rank == 1 && reduction == WG_REDUCTION_BATCH_MEAN)
        return wg_call_error(c, WG_E_SHAPE,
                             "expected at least one axis of vectors, by whose extent WG_REDUCTION_BATCH_MEAN divides");
    return WG_OK;
}

wg_status wg_loss_weight(const wg_call *c, unsigned i)
{
    const wg_tensor *x = c->in[0], *weight = c->in[i];
    if (wg_absent(weight))
        return WG_OK;
    if (weight->dtype != x->dtype)
        return wg_call_error(c, WG_E_DTYPE, "expected weights of the first operand's dtype");
    bool fits = weight->rank <= x->rank;
    for (int axis = 0; axis < weight->rank && fits; axis++) {
        const int64_t extent = wg_extents(weight)[axis];
        fits = extent == 1 || extent == wg_extents(x)[x->rank - weight->rank + axis];
    }
    return fits ? WG_OK : wg_call_error(c, WG_E_SHAPE, "expected weights that can be broadcast to the first operand's shape");
}

wg_tensor *wg_loss_reduce(wg_tensor *each, wg_reduction reduction)
{
    if (!each || reduction == WG_REDUCTION_NONE)
        return each;
    if (reduction == WG_REDUCTION_MEAN)
        return wg_mean(each);
    return reduction == WG_REDUCTION_SUM ? wg_sum(each) : wg_mul_scalar(wg_sum(each), 1 / (double)wg_extents(each)[0]);
}

wg_tensor *wg_loss_apply(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n)
{
    wg_tensor *y = NULL;
    return wg_invoke(op, params, in, n, &y, 1) == WG_OK ? y : NULL;
}

/* ---- targets of two values ---- */

wg_tensor *wg_two_valued(const wg_call *c, unsigned i, int less, double low, double high)
{
    const wg_tensor *x = c->in[0];
    wg_tensor *t = c->in[i];
    if (t->dtype != WG_I64 && t->dtype != WG_U8 && t->dtype != x->dtype) {
        wg_call_error(c, WG_E_DTYPE, "expected targets of i64, u8 or the first operand's dtype");
        return NULL;
    }
    if (t->rank != x->rank - less || memcmp(wg_extents(t), wg_extents(x), (size_t)t->rank * sizeof(int64_t)) != 0) {
        wg_call_error(c, WG_E_SHAPE, less ? "expected one target for each vector" : "expected operands of one shape");
        return NULL;
    }
    t = t->dtype == x->dtype ? wg_detach(t) : wg_cast(t, (wg_dtype)x->dtype);
    return wg_expect(t, "targets", low, high, true);
}

wg_tensor *wg_is_high(wg_tensor *t, double high)
{
    return t ? wg_eq(t, wg_scalar((wg_dtype)t->dtype, high)) : NULL;
}

/* ---- norms ---- */

/* m (Σ (|x|/m)ᵖ)^{1/p} with the largest element m. The norm is a function of x alone, so m may be a constant of the graph. Where m
   is 0, x is replaced by 1 before anything is computed, so that no derivative is the NaN of 0 times infinity. */
wg_tensor *wg_last_axis_norm(wg_tensor *x, double p)
{
    if (!x || p == 1 || p == 2 || isinf(p))
        return x ? wg_norm(x, .axis = -1, .p = p) : NULL;
    if (wg_extents(x)[x->rank - 1] == 0)
        return wg_norm(x, .axis = -1);
    wg_tensor *zero = wg_scalar((wg_dtype)x->dtype, 0), *one = wg_scalar((wg_dtype)x->dtype, 1);
    wg_tensor *largest = wg_detach(wg_norm(x, .axis = -1, .p = (double)INFINITY)), *there = wg_ne(largest, zero);
    wg_tensor *scale = wg_where(there, largest, one), *size = wg_abs(wg_where(wg_unsqueeze(there, -1), x, one));
    wg_tensor *sum = wg_sum(wg_pow_scalar(wg_div(size, wg_unsqueeze(scale, -1)), p), .axis = -1);
    return wg_where(there, wg_mul(scale, wg_pow_scalar(sum, 1 / p)), zero);
}

/* ---- classes ---- */

static wg_status check_labels(const wg_call *c)
{
    const wg_tensor *x = c->in[0], *labels = c->in[1];
    const struct wg_class_params *p = c->params;
    bool fits = labels->rank == x->rank - 1;
    for (int axis = 0; axis < labels->rank && fits; axis++)
        fits = wg_extents(labels)[axis] == wg_extents(x)[axis == 0 ? 0 : axis + 1];
    if (!fits)
        return wg_call_error(c, WG_E_SHAPE, "expected labels (N,…) of rows (N,C,…)");
    return wg_labels_in(c->op->name, labels, wg_extents(x)[1], p->ignore);
}

wg_status wg_class_check(const wg_call *c)
{
    const wg_tensor *x = c->in[0], *target = c->in[1], *weight = c->n_in > 2 ? c->in[2] : WG_NONE;
    const struct wg_class_params *p = c->params;
    if (x->dtype != WG_F32 && x->dtype != WG_F64)
        return wg_call_error(c, WG_E_DTYPE, "expected f32 or f64");
    if (x->rank < 2)
        return wg_call_error(c, WG_E_SHAPE, "expected a first operand (N,C,…)");
    if (!wg_absent(weight) && weight->dtype != x->dtype)
        return wg_call_error(c, WG_E_DTYPE, "expected class weights of the first operand's dtype");
    if (!wg_absent(weight) && (weight->rank != 1 || weight->numel != wg_extents(x)[1]))
        return wg_call_error(c, WG_E_SHAPE, "expected one weight per class, (C)");
    if (p->rule != WG_SMOOTHING_SPREAD && p->rule != WG_SMOOTHING_EACH)
        return wg_call_error(c, WG_E_ARGUMENT, "expected a smoothing rule, WG_SMOOTHING_SPREAD or WG_SMOOTHING_EACH");
    const double most = p->rule == WG_SMOOTHING_EACH && wg_extents(x)[1] > 2 ? 1 / (double)(wg_extents(x)[1] - 1) : 1;
    WG_TRY(wg_check_number(c->op->name, "smoothing", p->smoothing, WG_CLOSED(0, most)));
    WG_TRY(wg_loss_check(c, p->reduction));
    if (target->dtype == WG_I64)
        return check_labels(c);
    return WG_OK;
}

wg_status wg_label_check(const wg_call *c)
{
    WG_TRY(wg_class_check(c));
    return c->in[1]->dtype == WG_I64 ? WG_OK : wg_call_error(c, WG_E_DTYPE, "expected labels of i64");
}

double wg_smoothing(const wg_call *c)
{
    const struct wg_class_params *p = c->params;
    return p->rule == WG_SMOOTHING_EACH ? p->smoothing * (double)wg_extents(c->in[0])[1] : p->smoothing;
}

wg_tensor *wg_own_class(const wg_call *c)
{
    const int rank = c->in[0]->rank;
    wg_axes order = {.count = rank, .axis = {0, (int8_t)(rank - 1)}};
    for (int axis = 2; axis < rank && axis < WG_MAX_RANK; axis++) /* the latter for gcc, which does not know the largest rank */
        order.axis[axis] = (int8_t)(axis - 1);
    return wg_permute(wg_one_hot(c->in[1], wg_extents(c->in[0])[1], WG_U8), order);
}

wg_tensor *wg_own_score(const wg_call *c)
{
    return wg_gather(c->in[0], 1, wg_unsqueeze(c->in[1], 1));
}

wg_tensor *wg_over_classes(const wg_call *c, wg_tensor *t)
{
    wg_tensor *weight = c->in[2];
    return wg_absent(weight) ? t : wg_weighted(wg_over_channels(weight, c->in[0]), t);
}

wg_tensor *wg_weighted(wg_tensor *w, wg_tensor *x)
{
    if (!w || !x)
        return NULL;
    wg_tensor *zero = wg_scalar((wg_dtype)x->dtype, 0);
    return wg_mul(w, wg_where(wg_logical_or(wg_is_finite(x), wg_ne(w, zero)), x, zero));
}

/* 1 where the label is not the ignored one; WG_NONE if no label is ignored. */
static wg_tensor *counted(const wg_call *c)
{
    const struct wg_class_params *p = c->params;
    return p->ignore == WG_IGNORE_NOTHING ? WG_NONE : wg_ne(c->in[1], wg_from(&p->ignore, WG_SCALAR));
}

wg_tensor *wg_counted_rows(const wg_call *c, wg_tensor *x)
{
    wg_tensor *keep = counted(c);
    if (!keep || !x || wg_absent(keep))
        return keep ? x : NULL;
    return wg_where(wg_unsqueeze(keep, 1), x, wg_scalar((wg_dtype)x->dtype, 0));
}

/* The labels, valid classes all: an ignored label that is no class becomes class 0. */
static wg_tensor *real_labels(const wg_call *c, wg_tensor *keep)
{
    const struct wg_class_params *p = c->params;
    if (wg_absent(keep) || (p->ignore >= 0 && p->ignore < wg_extents(c->in[0])[1]))
        return c->in[1];
    return wg_cast(wg_where(keep, wg_cast(c->in[1], WG_F64), wg_scalar(WG_F64, 0)), WG_I64);
}

wg_tensor *wg_weights_at(wg_tensor *weight, wg_tensor *labels)
{
    if (!labels)
        return NULL;
    wg_tensor *line = wg_index_select(weight, 0, wg_reshape(labels, WG_SHAPE(labels->numel)));
    return wg_reshape(line, wg_shape_of(labels));
}

/* t where the row counts, otherwise 0. */
static wg_tensor *kept(wg_tensor *keep, wg_tensor *t)
{
    if (!keep || !t)
        return NULL;
    return wg_absent(keep) ? t : wg_where(keep, t, wg_scalar((wg_dtype)t->dtype, 0));
}

wg_tensor *wg_label_loss(const wg_call *c, wg_tensor *logp)
{
    const struct wg_class_params *p = c->params;
    const bool weighted = !wg_absent(c->in[2]), ignores = p->ignore != WG_IGNORE_NOTHING;
    const double classes = (double)wg_extents(c->in[0])[1], smoothing = wg_smoothing(c);
    wg_tensor *keep = counted(c), *labels, *total = WG_NONE;
    if (!logp || !keep || !(labels = real_labels(c, keep)))
        return NULL;
    wg_tensor *each = kept(keep, wg_neg(wg_squeeze(wg_gather(logp, 1, wg_unsqueeze(labels, 1)), 1)));
    if (weighted) {
        total = wg_weights_at(c->in[2], labels);
        each = wg_weighted(total, each);
    }
    if (smoothing > 0) {
        wg_tensor *spread = wg_mul_scalar(wg_sum(wg_over_classes(c, logp), .axis = 1), -smoothing / classes);
        each = kept(keep, wg_add(wg_mul_scalar(each, 1 - smoothing), spread));
    }
    if (p->reduction != WG_REDUCTION_MEAN || (!weighted && !ignores))
        return wg_loss_reduce(each, p->reduction);
    return wg_div(wg_sum(each), wg_sum(weighted ? kept(keep, total) : wg_cast(keep, (wg_dtype)logp->dtype)));
}
