/* A deep network for images, with or without batch normalisation, and what this chapter's studies do with it. */
#ifndef WG_STUDIES_NORM_NET_H
#define WG_STUDIES_NORM_NET_H

#include "../networks/images.h"

/* hidden layers of `width` units, each linear, batch norm and noise if asked for, and the activation; then a linear layer. The
   weights are those of the seed, the same with and without batch norm. */
struct norm_net_kind {
    wg_activation activation;
    bool batch_norm;
    double noise; /* 0: none; 1: per unit and step a mean within ±0.5 and a deviation from 0.25 to 1.25; else these times so much */
    int hidden;
    int64_t width;
    wg_init_rule init;
};
wg_nn_module *norm_net(const struct images *images, const struct norm_net_kind *kind, uint64_t seed);

/* How many children of the network stand before the activation of a hidden layer, counted from 0. */
size_t norm_net_before_activation(const struct norm_net_kind *kind, int layer);

/* The mean and the deviation of each of n units over the rows of x, after the first `children` children of the network, in training. The noise
   is that of the next step. */
bool norm_net_moments(const wg_nn_module *net, size_t children, wg_tensor *x, int n, double *mean, double *deviation);

/* A step of descent on the next batch. */
bool norm_net_step(const wg_nn_module *net, wg_optim *optim, wg_batches *batches);

/* The share of rows that are read right, in use. */
double norm_net_accuracy(const wg_nn_module *net, const struct image_part *part);

#endif
