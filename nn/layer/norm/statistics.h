/* The running statistics of normalisations: buffers "running_mean" (C), at first 0, and "running_var" (C), at first 1. */
#ifndef WG_NN_STATISTICS_H
#define WG_NN_STATISTICS_H

#include "../layers.h"

enum { NN_MEAN, NN_VARIANCE, NN_COUNT }; /* a layer's first buffers; only batch_norm counts batches */

wg_status nn_add_statistics(wg_nn_module *layer, wg_dtype dtype, int64_t channels);

/* running ← (1 - momentum) running + momentum value. m elements gave each mean and variance (divided by m). */
wg_status nn_update_statistics(const wg_nn_call *call, wg_tensor *mean, wg_tensor *variance, int64_t m, double momentum);

/* γ (x - mean)/√(variance + ε) + β by the running statistics. */
wg_tensor *nn_by_statistics(const wg_nn_call *call, wg_tensor *x, struct nn_affine affine, double eps);

#endif
