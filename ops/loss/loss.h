/* What the losses share: checks of operands and options, class weights, labels and the reduction. See loss.c. */
#ifndef WG_LOSS_H
#define WG_LOSS_H

#include "ops/op.h"

/* E_ARGUMENT for an unknown reduction; E_SHAPE for WG_REDUCTION_BATCH_MEAN if in[0] is a scalar. */
wg_status wg_loss_check(const wg_call *c, wg_reduction reduction);
/* wg_loss_check, and that in[0] and in[1] have one float dtype and one shape. */
wg_status wg_loss_pair(const wg_call *c, wg_reduction reduction);
/* The same for the first n operands, n > 1; and for losses of one number for each vector along the last axis: E_SHAPE if there is
   none. */
wg_status wg_loss_same(const wg_call *c, unsigned n, wg_reduction reduction);
wg_status wg_loss_vectors(const wg_call *c, unsigned n, wg_reduction reduction);
/* E_DTYPE or E_SHAPE unless in[i] is absent or has in[0]'s dtype and can be broadcast to its shape. */
wg_status wg_loss_weight(const wg_call *c, unsigned i);
/* Applies the reduction to the losses of the elements. */
wg_tensor *wg_loss_reduce(wg_tensor *each, wg_reduction reduction);
/* For builders: the one result of op. */
wg_tensor *wg_loss_apply(const struct wg_op *op, const void *params, wg_tensor *const *in, size_t n);

/* The targets in[i], each low or high, in in[0]'s dtype and without their history. They have in[0]'s extents, but for the last
   `less` axes. */
wg_tensor *wg_two_valued(const wg_call *c, unsigned i, int less, double low, double high);
/* 1 where a target that wg_two_valued gave is high, else 0; u8. */
wg_tensor *wg_is_high(wg_tensor *t, double high);
/* The p-norm along the last axis, 1 ≤ p ≤ INFINITY, without overflow; where it is 0, its derivatives are 0. */
wg_tensor *wg_last_axis_norm(wg_tensor *x, double p);

/* Parameters of ops on in[0] (N,C,…), labels or probabilities in[1] and class weights in[2], (C) or absent. They hold no
   pointers. */
struct wg_class_params {
    double smoothing;
    wg_smoothing_rule rule;
    int64_t ignore;
    wg_reduction reduction;
};
/* Checks operands and params. Labels are read and checked; a target that is not i64 is left to the caller. */
wg_status wg_class_check(const wg_call *c);
/* The same, and that the target is i64 labels. */
wg_status wg_label_check(const wg_call *c);
/* The share of the target that smoothing spreads over the classes. */
double wg_smoothing(const wg_call *c);
/* w x, but 0 (with gradients 0) where w is 0 and x is infinite or NaN: an element of weight 0 never contributes. */
wg_tensor *wg_weighted(wg_tensor *w, wg_tensor *x);
/* x (N,C,…), with 0 in the rows whose label is ignored. An ignored row is replaced before anything is computed from it, so its
   gradient is exactly 0, even if it holds NaN. */
wg_tensor *wg_counted_rows(const wg_call *c, wg_tensor *x);
/* t, of in[0]'s shape, times the class weights. */
wg_tensor *wg_over_classes(const wg_call *c, wg_tensor *t);
/* For labels: 1 at each row's class, u8 of in[0]'s shape; in[0] at the classes, with extent 1 in axis 1; the weights of the classes
   (N,…). */
wg_tensor *wg_own_class(const wg_call *c);
wg_tensor *wg_own_score(const wg_call *c);
wg_tensor *wg_weights_at(wg_tensor *weight, wg_tensor *labels);
/* The loss for labels, given logp, the log-probabilities of the rows. */
wg_tensor *wg_label_loss(const wg_call *c, wg_tensor *logp);

#endif
