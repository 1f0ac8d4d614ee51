/* The distances of samples, each by a number, for what all of them are tested for. */
#ifndef TRANSPORT_KINDS_H
#define TRANSPORT_KINDS_H

#include <wengert.h>

enum { EXACT, LINE, SLICED, SINKHORN, DIVERGENCE, MMD, ENERGY, KINDS };

static inline wg_tensor *first_column(wg_tensor *points)
{
    return wg_select(points, 1, 0);
}

struct kind {
    int which;
    double p;
    bool weighted;
};

static inline wg_tensor *sliced_of(const struct kind *kind, wg_tensor *x, wg_tensor *y, wg_tensor *a, wg_tensor *b)
{
    wg_tensor *generator = wg_generator(3, 0);
    wg_tensor *value = wg_transport_sliced(x, y, .p = kind->p, .projections = 6, .generator = generator, .weights_x = a,
                                           .weights_y = b);
    wg_free(generator);
    return value;
}

static inline wg_tensor *distance_of(const struct kind *kind, wg_tensor *x, wg_tensor *y, wg_tensor *a, wg_tensor *b)
{
    const bool debiased = kind->which == DIVERGENCE;
    switch (kind->which) {
    case EXACT:
        return wg_transport_exact(x, y, .p = kind->p, .weights_x = a, .weights_y = b);
    case LINE:
        return wg_transport_line(first_column(x), first_column(y), .p = kind->p, .weights_x = a, .weights_y = b);
    case SLICED:
        return sliced_of(kind, x, y, a, b);
    case SINKHORN:
    case DIVERGENCE:
        return wg_transport_sinkhorn(x, y, .p = kind->p, .epsilon = 0.3, .iterations = 5, .debiased = debiased, .weights_x = a,
                                     .weights_y = b);
    case MMD: {
        wg_tensor *bandwidths = wg_full(WG_F64, WG_SHAPE(3), 0.7);
        wg_tensor *value = wg_transport_mmd(x, y, .bandwidths = bandwidths, .unbiased = kind->weighted);
        if (!wg_tape_top())
            wg_free(bandwidths);
        return value;
    }
    default:
        return wg_transport_energy(x, y, .unbiased = kind->weighted);
    }
}

#endif
