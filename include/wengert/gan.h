/* Generative adversarial networks: objectives, penalties on the critic's slope, target distributions and measures of samples. All of it
   takes scores, points and samples, never a network: so it goes with any critic, conditions, packing and unrolled parameters. Players and
   their steps are in game.h.

   One convention holds throughout. The critic D is trained to give real samples high scores and generated samples low ones; scores are
   raw, without a sigmoid, and the loss of either player is minimised:

       wg_tensor *real = wg_gan_point(batch), *fake = wg_detach(wg_nn_apply(g, z));
       wg_tensor *real_scores = wg_nn_apply(d, real), *fake_scores = wg_nn_apply(d, fake);
       wg_tensor *loss = wg_gan_critic_loss(WG_GAN_NON_SATURATING, real_scores, fake_scores);
       loss = wg_add(loss, wg_mul_scalar(wg_gan_r1_penalty(real_scores, real), gamma)); */
#ifndef WENGERT_GAN_H
#define WENGERT_GAN_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- objectives ----

   With r = D(x) for real and f = D(G(z)) for generated samples, E the mean over all elements of the scores, and s(t) = ln(1 + eᵗ), which
   does not overflow:

                      critic minimises                  generator minimises      source
     WASSERSTEIN      E f - E r                         -E f                     Arjovsky, Chintala, Bottou, 2017
     MINIMAX          E s(-r) + E s(f)                  -E s(f)                  Goodfellow and others, 2014
     NON_SATURATING   E s(-r) + E s(f)                  E s(-f)                  the same, section 3
     LEAST_SQUARES    ½ E (r - 1)² + ½ E f²             ½ E (f - 1)²             Mao and others, 2017
     HINGE            E max(0, 1 - r) + E max(0, 1 + f) -E f                     Lim, Ye, 2017; Miyato and others, 2018
     RELATIVISTIC     E s(-(r - f))                     E s(-(f - r))            Jolicoeur-Martineau, 2019; Huang and others, 2024 (R3GAN)

   MINIMAX is E ln σ(r) + E ln(1 - σ(f)), which the critic maximises and the generator minimises: where the critic is sure, the generator's
   gradient is nearly 0. At the best critic, σ(r) = σ(f) = ½, the critic's loss is ln 4. RELATIVISTIC pairs the i-th real score with the i-th
   generated one.

   WASSERSTEIN and its sign: some texts write the game as min_g max_f E f(g(z)) - E f(x) over 1-Lipschitz f, whose f is high where samples are
   generated. As -f is 1-Lipschitz too, that is the same game with D = -f, and minus the critic's loss, which at the best critic is the
   distance, is the value of both. Nothing in the loss keeps D 1-Lipschitz: that is for a penalty, spectral norm or clipping. */
typedef enum wg_gan_objective {
    WG_GAN_WASSERSTEIN,
    WG_GAN_MINIMAX,
    WG_GAN_NON_SATURATING,
    WG_GAN_LEAST_SQUARES,
    WG_GAN_HINGE,
    WG_GAN_RELATIVISTIC,
} wg_gan_objective;

/* The losses, of rank 0, on the open tape, differentiable to any order, or the caller's with no tape open. Scores are f32 or f64 of any
   shape, of one dtype; for RELATIVISTIC also of one shape. A generator's loss reads real_scores for RELATIVISTIC alone: elsewhere it may
   be WG_NONE. Over no elements a mean is NaN. NULL and the error on failure: E_ARGUMENT (an objective that is none, WG_NONE where scores
   are needed), E_SHAPE, E_DTYPE, E_NULL, E_MEMORY. */
WG_API wg_tensor *wg_gan_critic_loss(wg_gan_objective objective, wg_tensor *real_scores, wg_tensor *fake_scores);
WG_API wg_tensor *wg_gan_generator_loss(wg_gan_objective objective, wg_tensor *real_scores, wg_tensor *fake_scores);

/* ---- penalties on the critic's slope ----

   They need a point: a batch on the open tape that is a leaf and requires a gradient. The critic is applied to it, and the penalty
   differentiates the scores: twice in all, as the loss is differentiated too. */

/* x, detached, as such a point: a view of x, on the open tape. x is f32 or f64. Samples that a generator made are detached from it, so
   that no gradient of the penalty reaches it. NULL and the error: E_STATE (no tape is open), E_DTYPE, E_NULL, E_MEMORY. */
WG_API wg_tensor *wg_gan_point(wg_tensor *x);

/* Options of wg_gan_mix. generator: draws α; WG_NONE: this thread's own. */
typedef struct WG_NAMED wg_gan_mix_options {
    wg_tensor *generator;
} wg_gan_mix_options;

/* A point on the lines between real and generated samples, α real + (1 - α) fake, with one α for each sample (the first axis), uniform
   in [0, 1). real and fake are of one shape and dtype. Detached from both. E_SHAPE, and the errors of wg_gan_point. Source: Gulrajani
   and others, 2017. */
#define wg_gan_mix(real, fake, ...) \
    wg_gan_mix_with((real), (fake), WG_OPTIONS(wg_gan_mix_options, .generator = WG_NONE, __VA_ARGS__))
WG_API wg_tensor *wg_gan_mix_with(wg_tensor *real, wg_tensor *fake, wg_gan_mix_options options);

/* Options of wg_gan_slope_penalty. target: the slope that costs nothing. one_sided: smaller slopes cost nothing either. */
typedef struct WG_NAMED wg_gan_slope_penalty_options {
    double target;
    bool one_sided;
} wg_gan_slope_penalty_options;

/* E (‖g‖ - target)², where g = ∂(Σ scores)/∂point and the 2-norm of each sample is over all axes but the first: for an image over
   channels and pixels together. With one_sided E max(0, ‖g‖ - target)². Without a factor: WGAN-GP's λ, often 10, is the caller's. Where
   ‖g‖ is 0 its derivative counts as 0: a constant critic has the penalty target² and the gradient 0.

   The scores are the critic's at the point, (N) or (N,…), and the score of a sample depends on that sample alone. Batch normalisation by
   the statistics of the batch makes it depend on the others, and is refused wherever it stands between point and scores (inside a
   checkpointed function it is not seen). In WG_EVAL_MODE it is accepted, and so are layer, group and instance normalisation. Other
   layers that look at the whole batch (wg_nn_minibatch_deviation) are accepted: then g contains what a sample does to the other scores.

   A scalar on the open tape. NULL and the error: E_STATE (no tape is open); E_SHAPE (a point of rank 0, another number of samples than of
   scores); E_DTYPE; E_ARGUMENT (a target that is negative or not finite, a point that is no such leaf, batch
   normalisation); E_UNUSED (the scores do not depend on the
   point); E_NULL, E_MEMORY. Cost: a backward pass through the critic, and in the loss's backward pass up to three times as much.
   Source: Gulrajani and others, 2017; one-sided: Petzka, Fischer, Lukovnikov, 2018. */
#define wg_gan_slope_penalty(scores, point, ...) \
    wg_gan_slope_penalty_with((scores), (point), \
                              WG_OPTIONS(wg_gan_slope_penalty_options, .target = 1, .one_sided = false, __VA_ARGS__))
WG_API wg_tensor *wg_gan_slope_penalty_with(wg_tensor *scores, wg_tensor *point, wg_gan_slope_penalty_options options);

/* ½ E ‖g‖², with g, operands, errors and cost as wg_gan_slope_penalty's: R1 at real samples, R2 at generated ones. Without a factor: γ
   is the caller's. Applied at every k-th step alone (lazily), it is multiplied by k γ. Source: Mescheder, Geiger, Nowozin, 2018; lazily:
   Karras and others, 2020. */
WG_API wg_tensor *wg_gan_r1_penalty(wg_tensor *scores, wg_tensor *point);

/* ---- what critic and generator are given ---- */

/* Packing: a critic of groups of samples, which sees how they differ. x (N, C, …) gives (N/samples, samples C, …), each row so many
   samples that follow one another; (N) gives (N/samples, samples). A group is all real or all generated, so pack either batch by itself.
   Make points of packed samples: one score has one point. A view where strides allow. NULL and the error: E_SHAPE (the
   groups do not divide the batch), E_ARGUMENT (samples below 1), E_DTYPE, E_NULL, E_MEMORY. Source: Lin, Khetan, Fanti, Oh, 2018
   (PacGAN). */
WG_API wg_tensor *wg_gan_pack(wg_tensor *x, int64_t samples);

/* A condition: x (N, C, …) with the one-hot vectors of labels, i64 (N), as so many further channels, the same at every position: (N, C +
   classes, …). For a generator's latents and for a critic's samples. E_ARGUMENT for a label that is none of the classes. NULL and the
   error: E_SHAPE, E_DTYPE, E_NULL, E_MEMORY. Source: Mirza, Osindero, 2014. */
WG_API wg_tensor *wg_gan_condition(wg_tensor *x, wg_tensor *labels, int64_t classes);

/* Options of wg_gan_latent. dtype: f32 or f64. */
typedef struct WG_NAMED wg_gan_latent_options {
    wg_dtype dtype;
} wg_gan_latent_options;

/* Latents (n, normal + bits): first coordinates that are N(0, 1), then coordinates that are -1 or 1 with the same probability, all
   independent. A continuous map of a connected latent has a connected image, so between separate modes it puts bridges; bits choose
   among 2^bits pieces. State them beside a result: they are no plain N(0, I). generator: WG_NONE for this thread's own. The draw is an
   effect. NULL and the error: E_ARGUMENT (a negative number), E_DTYPE, E_NULL, E_MEMORY. */
#define wg_gan_latent(generator, n, normal, bits, ...) \
    wg_gan_latent_with((generator), (n), (normal), (bits), WG_OPTIONS(wg_gan_latent_options, .dtype = WG_F32, __VA_ARGS__))
WG_API wg_tensor *wg_gan_latent_with(wg_tensor *generator, int64_t n, int64_t normal, int64_t bits, wg_gan_latent_options options);

/* n labels, i64 (n), uniform among the classes, as conditions of generated samples. Errors as wg_gan_latent's; E_ARGUMENT for classes
   below 1. */
WG_API wg_tensor *wg_gan_labels(wg_tensor *generator, int64_t n, int64_t classes);

/* Options of wg_gan_noise. generator: WG_NONE for this thread's own. factor: a scalar of x's dtype that multiplies sigma, or WG_NONE. */
typedef struct WG_NAMED wg_gan_noise_options {
    wg_tensor *generator, *factor;
} wg_gan_noise_options;

/* Instance noise: x + N(0, sigma²), drawn anew for each element; for real and for generated samples, so that both have a density
   everywhere while their modes are still apart. The gradient goes to x (and to the factor). Let sigma fall during training, say linearly to 0 at
   half time:

       const double sigma = fmax(0, 0.3 * (1 - 2 * (double)step / steps));

   A captured step keeps the sigma with which it was captured; there the program writes .factor between the runs. E_ARGUMENT for a sigma
   that is negative or not finite; E_SHAPE, E_DTYPE, E_NULL, E_MEMORY. Cost: a normal number for each element, for a sigma of 0, too.
   Source: Sønderby and others, 2017; Arjovsky, Bottou, 2017. */
#define wg_gan_noise(x, sigma, ...) \
    wg_gan_noise_with((x), (sigma), WG_OPTIONS(wg_gan_noise_options, .generator = WG_NONE, .factor = WG_NONE, __VA_ARGS__))
WG_API wg_tensor *wg_gan_noise_with(wg_tensor *x, double sigma, wg_gan_noise_options options);

/* ---- target distributions: mixtures of Gaussians ---- */

/* Centres, f64 (modes, 2), made like any tensor, in the order of wg_dataset_make_mixture's labels. Ring: radius (cos, sin)(2πi/modes).
   The last angle is not 2π, which would be the first one again. Grid: side² points that cover [-extent, extent]², row by row; (0, 0) for
   a side of 1. E_ARGUMENT: a number below 1 or too large, a radius or extent that is not above 0. */
WG_API wg_tensor *wg_gan_ring_centres(int64_t modes, double radius);
WG_API wg_tensor *wg_gan_grid_centres(int64_t side, double extent);

/* Options of wg_gan_mixture. weights: of the modes (k), f64, not negative; they are divided by their sum; WG_NONE: equal. dtype: of the
   samples, f32 or f64. labels: receives the modes of the samples, i64 (n), or NULL if the draw fails. */
typedef struct WG_NAMED wg_gan_mixture_options {
    wg_tensor *weights;
    wg_dtype dtype;
    wg_tensor **labels;
} wg_gan_mixture_options;

/* n samples (n, d) of the mixture with the centres (k, d), f64, each with the deviation sigma on every axis. Made of ops: with a tape
   open the draws are an effect of the step, and a replay draws anew. generator: WG_NONE for this thread's own. NULL and the error:
   E_ARGUMENT (n negative, sigma negative or not finite, a weight that is negative or not finite, weights that sum to 0), E_SHAPE, E_DTYPE,
   E_NULL, E_MEMORY. */
#define wg_gan_mixture(generator, n, centres, sigma, ...)     \
    wg_gan_mixture_with((generator), (n), (centres), (sigma), \
                        WG_OPTIONS(wg_gan_mixture_options, .weights = WG_NONE, .dtype = WG_F32, .labels = NULL, __VA_ARGS__))
WG_API wg_tensor *wg_gan_mixture_with(wg_tensor *generator, int64_t n, wg_tensor *centres, double sigma,
                                      wg_gan_mixture_options options);

/* ---- measures of samples ----

   They read numbers, so not inside a function that is captured (E_STATE). Computed in f64. */

/* Options of wg_gan_modes. radius: in sigmas; a sample nearer to its centre than that is of high quality. count_from: a mode counts from
   so many such samples. weights: of the modes (k), f32 or f64, not negative, divided by their sum; WG_NONE: equal. counts, std_ratios:
   receive a number for each of the k modes, or NULL. */
typedef struct WG_NAMED wg_gan_modes_options {
    double radius;
    int64_t count_from;
    wg_tensor *weights;
    int64_t *counts;
    double *std_ratios;
} wg_gan_modes_options;

/* modes: how many count. high_quality: the share of such samples among all. reverse_kl: Σ p ln(p/w), where p_k is the share of mode k
   among the samples of high quality and w its weight. js: the Jensen-Shannon divergence of the same two, in nats, at most ln 2.
   std_ratio: the mean, over modes with two such samples or more, of their standard deviation (of a coordinate, about their own mean)
   divided by sigma. reverse_kl, js and std_ratio are NaN where there is no such sample, or mode. */
typedef struct wg_gan_modes_result {
    int64_t modes;
    double high_quality, reverse_kl, js, std_ratio;
} wg_gan_modes_result;

/* How samples (n, d) cover a mixture of Gaussians with the centres (k, d) and the deviation sigma. Each sample belongs to the nearest
   centre, the first of equal ones, and is of high quality if it is nearer than radius sigma (strictly). A sampler of the mixture itself
   has, in the plane at radius 3, a share of 1 - e^-4.5 = 0.98889, a reverse divergence of about (k - 1)/2n and a std_ratio of 0.974, as
   the samples beyond the radius do not count; so a larger share is no better, only narrower. Counting modes from 50 of 10,000 samples,
   with weights, is the protocol of unbalanced mixtures.

   On failure *result has no modes, and nothing is written to the arrays: E_SHAPE (also without samples or centres), E_DTYPE, E_NULL,
   E_MEMORY, E_ARGUMENT (an option out of its range, a centre that is not finite, two centres nearer than sigma: they are one mode, as
   the ends of a ring whose angles go from 0 to 2π with both). Cost: n k d. Source: Srivastava and others, 2017 (VEEGAN); Lin and others,
   2018 (PacGAN). */
#define wg_gan_modes(samples, centres, sigma, result, ...)                                                               \
    wg_gan_modes_with((samples), (centres), (sigma), (result),                                                           \
                      WG_OPTIONS(wg_gan_modes_options, .radius = 3, .count_from = 1, .weights = WG_NONE, .counts = NULL, \
                                 .std_ratios = NULL, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_gan_modes_with(wg_tensor *samples, wg_tensor *centres, double sigma, wg_gan_modes_result *result,
                                                 wg_gan_modes_options options);

/* For each of the samples (n,…) the nearest row of data (m,…) in the 2-norm over all other axes: *distances (n), f64, and *index (n),
   i64, the first of equal ones; both made like any tensor. Either pointer may be NULL. A generator that repeats its training data is at
   distances near 0; compare with those of data that were held out. Distances are exact up to the rounding of their own sum, also
   where their squares are no numbers: products only find the candidates. A sample with no finite distance has NaN and index -1. On failure both are NULL: E_SHAPE (no data, other
   axes differ), E_DTYPE, E_NULL, E_MEMORY. Cost: the matrix product of samples and data, and few distances for each sample. */
WG_API WG_MUST_CHECK wg_status wg_gan_nearest(wg_tensor *samples, wg_tensor *data, wg_tensor **distances, wg_tensor **index);

#ifdef __cplusplus
}
#endif

#endif
