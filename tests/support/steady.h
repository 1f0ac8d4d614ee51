/* A training step of a small network built from ops: linear, batch norm with running statistics, a random draw as in dropout,
   cross entropy, backward, Adam. And everything that such a step can change, for comparison byte by byte. */
#ifndef TEST_STEADY_H
#define TEST_STEADY_H

#include "common.h"

enum { NET_PARAMETERS = 6, NET_TENSORS = 3 * NET_PARAMETERS + 5 };

struct net {
    wg_tensor *all[NET_TENSORS]; /* parameters, first moments, second moments, mean, variance, count, lr, generator */
};

static inline wg_tensor **net_m(struct net *net)
{
    return net->all + NET_PARAMETERS;
}

static inline wg_tensor **net_v(struct net *net)
{
    return net->all + 2 * NET_PARAMETERS;
}

enum { NET_MEAN = 3 * NET_PARAMETERS, NET_VARIANCE, NET_COUNT, NET_LR, NET_GENERATOR };

/* Makes a network with `in` inputs, `hidden` units and `out` classes. Returns false if memory ran out; then the tensors not made
   are NULL. */
static inline bool net_make(struct net *net, int64_t in, int64_t hidden, int64_t out)
{
    const wg_shape shape[NET_PARAMETERS] = {WG_SHAPE(hidden, in), WG_SHAPE(hidden),      WG_SHAPE(hidden),
                                            WG_SHAPE(hidden),     WG_SHAPE(out, hidden), WG_SHAPE(out)};
    *net = (struct net){{NULL}};
    for (int i = 0; i < NET_PARAMETERS; i++) {
        net->all[i] = wg_set_requires_grad(i == 2 ? wg_ones(WG_F32, shape[i]) : wg_full(WG_F32, shape[i], 0.01), true);
        net_m(net)[i] = wg_zeros(WG_F32, shape[i]);
        net_v(net)[i] = wg_zeros(WG_F32, shape[i]);
    }
    net->all[NET_MEAN] = wg_zeros(WG_F32, WG_SHAPE(hidden));
    net->all[NET_VARIANCE] = wg_ones(WG_F32, WG_SHAPE(hidden));
    net->all[NET_COUNT] = wg_scalar(WG_F64, 0);
    net->all[NET_LR] = wg_scalar(WG_F64, 0.01);
    net->all[NET_GENERATOR] = wg_generator(5, 0);
    for (int i = 0; i < NET_PARAMETERS; i += 4) /* the weights are not all equal */
        if (net->all[i])
            for (int64_t k = 0; k < wg_numel(net->all[i]); k++)
                ((float *)wg_data_mut(net->all[i]))[k] = (float)(((k * 7919 + 13) % 101) - 50) / 200.0f;
    for (int i = 0; i < NET_TENSORS; i++)
        if (!net->all[i])
            return false;
    return true;
}

static inline void net_free(struct net *net)
{
    for (int i = 0; i < NET_TENSORS; i++)
        wg_free(net->all[i]);
}

static inline size_t net_bytes(const struct net *net)
{
    size_t bytes = 0;
    for (int i = 0; i < NET_TENSORS; i++)
        bytes += (size_t)wg_numel(net->all[i]) * wg_dtype_size(wg_dtype_of(net->all[i]));
    return bytes;
}

/* Copies the bytes of all tensors, one after another; copy holds net_bytes. */
static inline void net_save(const struct net *net, char *copy)
{
    for (int i = 0; i < NET_TENSORS; i++) {
        if (wg_read_raw(net->all[i], copy) != WG_OK)
            fail_msg("tensor %d cannot be read", i);
        copy += (size_t)wg_numel(net->all[i]) * wg_dtype_size(wg_dtype_of(net->all[i]));
    }
}

static inline wg_status net_update(struct net *net)
{
    WG_TRY(wg_update_begin());
    wg_status status = wg_increment(net->all[NET_COUNT]);
    for (int i = 0; i < NET_PARAMETERS && status == WG_OK; i++)
        status = wg_adam_update(net->all[i], net_m(net)[i], net_v(net)[i], wg_gradient(net->all[i]), net->all[NET_LR],
                                net->all[NET_COUNT], 0.9, 0.999, 1e-8, 0, false);
    for (int i = 0; i < NET_PARAMETERS; i++)
        wg_clear_gradient(net->all[i]); /* together with the update */
    const wg_status committed = wg_update_commit();
    return status == WG_OK ? committed : status;
}

/* One step on x (batch, in) and labels (batch); sets *loss if it succeeds. */
static inline wg_status net_step(struct net *net, wg_tensor *x, wg_tensor *labels, double *loss)
{
    WG_TAPE(tape);
    wg_tensor **p = net->all, *mean = NULL, *variance = NULL;
    const int64_t batch = wg_extent(x, 0), hidden = wg_extent(p[1], 0);
    wg_tensor *h = wg_linear(x, p[0], p[1]);
    wg_tensor *n = wg_batch_norm(h, .weight = p[2], .bias = p[3], .mean = &mean, .variance = &variance);
    if (!n)
        return wg_error_first()->code;
    WG_TRY(wg_ema_update(net->all[NET_MEAN], mean, 0.1));
    WG_TRY(wg_running_variance_update(net->all[NET_VARIANCE], variance, 0.1, batch));
    wg_tensor *mask = wg_bernoulli(net->all[NET_GENERATOR], WG_F32, WG_SHAPE(batch, hidden), 0.75);
    wg_tensor *d = wg_mul(wg_relu(n), wg_mul_scalar(mask, 1 / 0.75));
    wg_tensor *cost = wg_cross_entropy(wg_linear(d, p[4], p[5]), labels);
    const double value = cost ? wg_item(cost) : 0;
    WG_TRY(wg_backward(cost));
    WG_TRY(net_update(net));
    *loss = value;
    return WG_OK;
}

static inline wg_tensor *net_labels(int64_t batch, int64_t classes)
{
    wg_tensor *labels = made(wg_zeros(WG_I64, WG_SHAPE(batch)));
    int64_t *label = wg_data_mut(labels);
    for (int64_t i = 0; i < batch; i++)
        label[i] = (i * 31 + 7) % classes;
    return labels;
}

#endif
