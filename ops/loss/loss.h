/* What the losses share: checks of operands and options, class weights, labels and the reduction. See loss.c. */
#ifndef WG_LOSS_H
#define WG_LOSS_H

#include "ops/op.h"

/* E_ARGUMENT for an unknown reduction; E_SHAPE for WG_REDUCTION_BATCH_MEAN if in[0] is a scalar. */
wg_status wg_loss_check(const wg_call *c, wg_reduction reduction);
/* wg_loss_check, and that in[0] and in[1] have one float dtype and one shape. */
wg_status wg_loss_pair(const wg_call *c, wg_reduction reduction);
/* Applies the reduction to the losses of the elements. */
wg_tensor *wg_loss_reduce(wg_tensor *each, wg_reduction reduction);

/* Parameters of ops on in[0] (N,C,…), labels or probabilities in[1] and class weights in[2], (C) or absent. They hold no
   pointers. */
struct wg_class_params {
    double smoothing;
    int64_t ignore;
    wg_reduction reduction;
};
/* Checks operands and params. Labels are read and checked; a target that is not i64 is left to the caller. */
wg_status wg_class_check(const wg_call *c);
/* w x, but 0 (with gradients 0) where w is 0 and x is infinite or NaN: an element of weight 0 never contributes. */
wg_tensor *wg_weighted(wg_tensor *w, wg_tensor *x);
/* x (N,C,…), with 0 in the rows whose label is ignored. An ignored row is replaced before anything is computed from it, so its
   gradient is exactly 0, even if it holds NaN. */
wg_tensor *wg_counted_rows(const wg_call *c, wg_tensor *x);
/* t, of in[0]'s shape, times the class weights. */
wg_tensor *wg_over_classes(const wg_call *c, wg_tensor *t);
/* The loss for labels, given logp, the log-probabilities of the rows. */
wg_tensor *wg_label_loss(const wg_call *c, wg_tensor *logp);

#endif
