/* Networks for the studies of batch normalisation. */
#include "norm_net.h"

enum { MAX_LAYERS = 64 };

wg_nn_module *norm_net(const struct images *images, const struct norm_net_kind *kind, uint64_t seed)
{
    wg_nn_module *layer[MAX_LAYERS];
    wg_tensor *generator = wg_generator(seed, WG_STREAM_INIT);
    size_t n = 0;
    for (int l = 0; l < kind->hidden; l++) {
        layer[n++] = wg_nn_linear(l ? kind->width : images->pixels, kind->width, .init = kind->init, .generator = generator);
        if (kind->batch_norm)
            layer[n++] = wg_nn_batch_norm(kind->width);
        if (kind->noise > 0)
            layer[n++] = wg_nn_noise(.deviation = 0.25 * kind->noise, .deviation_range = kind->noise,
                                     .mean_range = 0.5 * kind->noise);
        layer[n++] = wg_nn_activation(kind->activation);
    }
    layer[n++] = wg_nn_linear(kind->width, images->classes, .init = kind->init, .generator = generator);
    wg_nn_module *net = wg_nn_sequential_with(layer, n);
    wg_free(generator);
    return net;
}

size_t norm_net_before_activation(const struct norm_net_kind *kind, int layer)
{
    const int children = 2 + kind->batch_norm + (kind->noise > 0); /* of a hidden layer */
    return (size_t)((layer + 1) * children - 1);
}

bool norm_net_moments(const wg_nn_module *net, size_t children, wg_tensor *x, int n, double *mean, double *deviation)
{
    WG_TAPE(tape, .undo = true);
    wg_tensor *h = x;
    for (size_t i = 0; i < children; i++)
        h = wg_nn_apply(wg_nn_child(net, i), h);
    return h && wg_extent(h, 1) == n && wg_read(wg_cast(wg_mean(h, .axis = 0), WG_F64), mean) == WG_OK &&
           wg_read(wg_cast(wg_std(h, .axis = 0), WG_F64), deviation) == WG_OK;
}

bool norm_net_step(const wg_nn_module *net, wg_optim *optim, wg_batches *batches)
{
    WG_TAPE(tape);
    wg_tensor *x, *y;
    if (wg_batches_next(batches, &x, &y) != WG_OK || (!x && wg_batches_next(batches, &x, &y) != WG_OK)) /* NULL: the epoch's end */
        return false;
    return wg_backward(wg_cross_entropy(wg_nn_apply(net, x), y)) == WG_OK && wg_optim_step(optim) == WG_OK;
}

double norm_net_accuracy(const wg_nn_module *net, const struct image_part *part)
{
    WG_EVAL_MODE;
    WG_NO_GRAD;
    WG_TAPE(tape);
    return wg_item(wg_mean(wg_cast(wg_eq(wg_argmax(wg_nn_apply(net, part->x), .axis = 1), part->y), WG_F64)));
}
