/* What losses share: see loss.c. */
#ifndef WG_LOSS_H
#define WG_LOSS_H

#include "ops/op.h"

/* E_ARGUMENT for no reduction; E_SHAPE for WG_REDUCTION_BATCH_MEAN of a scalar in[0]. */
wg_status wg_loss_check(const wg_call *c, wg_reduction reduction);
/* That, and in[0] and in[1] are of one float dtype and one shape. */
wg_status wg_loss_pair(const wg_call *c, wg_reduction reduction);
/* The elements as they are to be given. */
wg_tensor *wg_loss_reduce(wg_tensor *each, wg_reduction reduction);

/* Of ops on in[0] (N,C,…), in[1] labels (N,…) and in[2] the weights (C) or absent; params hold no pointers. */
struct wg_class_params {
    double smoothing;
    int64_t ignore;
    wg_reduction reduction;
};
struct wg_class_params wg_class_params_of(const wg_class_options *options);
/* What is wrong with operands and params; labels are read, a target of another dtype is not looked at. */
wg_status wg_class_check(const wg_call *c);
/* w x; but 0, and so its gradients, where w is 0 and x is infinite or NaN: what has no weight takes no part, whatever it holds. */
wg_tensor *wg_weighted(wg_tensor *w, wg_tensor *x);
/* x (N,C,…) where the row's label is not the one that is ignored, else 0: a row that does not count is gone before anything is computed
   of it, so that its gradient is exactly 0 whatever it holds. */
wg_tensor *wg_counted_rows(const wg_call *c, wg_tensor *x);
/* t, of in[0]'s shape, times the weight of each class. */
wg_tensor *wg_over_classes(const wg_call *c, wg_tensor *t);
/* The loss of rows logp under labels. */
wg_tensor *wg_label_loss(const wg_call *c, wg_tensor *logp);

#endif
