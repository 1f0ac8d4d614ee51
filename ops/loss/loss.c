/* What the losses share: the reduction of their elements, class weights, labels and ignored labels. */
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

wg_status wg_loss_pair(const wg_call *c, wg_reduction reduction)
{
    wg_dtype dtype;
    WG_TRY(wg_same_float(c, &dtype));
    if (!wg_same_dims(c->in[0], c->in[1]))
        return wg_call_error(c, WG_E_SHAPE, "expected operands of one shape");
    return wg_loss_check(c, reduction);
}

wg_tensor *wg_loss_reduce(wg_tensor *each, wg_reduction reduction)
{
    if (!each || reduction == WG_REDUCTION_NONE)
        return each;
    if (reduction == WG_REDUCTION_MEAN)
        return wg_mean(each);
    return reduction == WG_REDUCTION_SUM ? wg_sum(each) : wg_mul_scalar(wg_sum(each), 1 / (double)wg_extents(each)[0]);
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
    const wg_tensor *x = c->in[0], *target = c->in[1], *weight = c->in[2];
    const struct wg_class_params *p = c->params;
    if (x->dtype != WG_F32 && x->dtype != WG_F64)
        return wg_call_error(c, WG_E_DTYPE, "expected f32 or f64");
    if (x->rank < 2)
        return wg_call_error(c, WG_E_SHAPE, "expected a first operand (N,C,…)");
    if (!wg_absent(weight) && weight->dtype != x->dtype)
        return wg_call_error(c, WG_E_DTYPE, "expected class weights of the first operand's dtype");
    if (!wg_absent(weight) && (weight->rank != 1 || weight->numel != wg_extents(x)[1]))
        return wg_call_error(c, WG_E_SHAPE, "expected one weight per class, (C)");
    WG_TRY(wg_check_number(c->op->name, "smoothing", p->smoothing, WG_CLOSED(0, 1)));
    WG_TRY(wg_loss_check(c, p->reduction));
    if (target->dtype == WG_I64)
        return check_labels(c);
    return WG_OK;
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

/* The weight of each label's class. */
static wg_tensor *weights_at(wg_tensor *weight, wg_tensor *labels)
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
    const double classes = (double)wg_extents(c->in[0])[1];
    wg_tensor *keep = counted(c), *labels, *total = WG_NONE;
    if (!logp || !keep || !(labels = real_labels(c, keep)))
        return NULL;
    wg_tensor *each = kept(keep, wg_neg(wg_squeeze(wg_gather(logp, 1, wg_unsqueeze(labels, 1)), 1)));
    if (weighted) {
        total = weights_at(c->in[2], labels);
        each = wg_weighted(total, each);
    }
    if (p->smoothing > 0) {
        wg_tensor *spread = wg_mul_scalar(wg_sum(wg_over_classes(c, logp), .axis = 1), -p->smoothing / classes);
        each = kept(keep, wg_add(wg_mul_scalar(each, 1 - p->smoothing), spread));
    }
    if (p->reduction != WG_REDUCTION_MEAN || (!weighted && !ignores))
        return wg_loss_reduce(each, p->reduction);
    return wg_div(wg_sum(each), wg_sum(weighted ? kept(keep, total) : wg_cast(keep, (wg_dtype)logp->dtype)));
}
