/* What the studies of mode collapse and memorisation share: a GAN in the plane. */
#ifndef WG_STUDIES_PLANE_GAN_H
#define WG_STUDIES_PLANE_GAN_H

#include <stdbool.h>

#include <wengert.h>

/* data: rows from which batches are drawn with replacement, or NULL: fresh samples of eight Gaussians on a circle, of radius 2 and deviation sigma. r1: γ of
   the penalty. noise: the deviation of instance noise at the first step, which falls to 0 at half time. */
struct plane_gan {
    wg_gan_objective objective;
    double sigma, r1, noise, rate;
    int steps;
    uint64_t seed;
    wg_tensor *data;
};

wg_tensor *plane_ring(void); /* the eight centres */

/* Trains a generator of three layers of 64 units, whose latent is four normal numbers, and returns n samples (n, 2), f32, which the caller frees. NULL: it
   failed, or diverged. */
wg_tensor *plane_gan_samples(const struct plane_gan *gan, int n);

#endif
