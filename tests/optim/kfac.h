/* What the tests of K-FAC share: networks whose parameters, and data whose elements, are waves. */
#ifndef KFAC_H
#define KFAC_H

#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

static inline double wave(int64_t i, double phase, double scale)
{
    return scale * sin(1.7 * (double)i + 0.3 * (double)(i * i) + phase);
}

static inline void fill(wg_tensor *t, double phase, double scale)
{
    double *data = wg_data_mut_as(t, double);
    for (int64_t i = 0; i < wg_numel(t); i++)
        data[i] = wave(i, phase, scale);
}

static inline wg_tensor *waves(wg_shape shape, double phase, double scale)
{
    wg_tensor *t = wg_zeros(WG_F64, shape);
    fill(t, phase, scale);
    return t;
}

/* The parameters of a layer: weight and, if there is one, bias. */
static inline void start(wg_nn_module *net, size_t child, double phase, double scale)
{
    const wg_tensor_list list = wg_nn_parameters(wg_nn_child(net, child));
    fill(list.tensor[0], phase, scale);
    if (list.n > 1)
        fill(list.tensor[1], phase + 1, 0.2);
}

static inline wg_nn_module *conv_net(void)
{
    wg_nn_module *net = wg_nn_sequential(
        wg_nn_conv2d(2, 3, 3, .columns = 2, .stride = WG_PAIR(2, 1), .padding = WG_PAIR(1, 1), .dtype = WG_F64), wg_nn_tanh(),
        wg_nn_flatten(), wg_nn_linear(45, 2, .dtype = WG_F64));
    start(net, 0, 0.2, 0.5), start(net, 3, 0.5, 0.6);
    return net;
}

static inline wg_nn_module *mlp(wg_dtype dtype)
{
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(3, 4, .dtype = dtype), wg_nn_relu(), wg_nn_linear(4, 2, .dtype = dtype));
    if (dtype == WG_F64)
        start(net, 0, 0.1, 0.6), start(net, 2, 0.7, 0.6);
    return net;
}

#endif
