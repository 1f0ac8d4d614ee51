/* A network with random weights contains a network that classifies, without any training of the weights: the strong form of the lottery
   ticket hypothesis. The weights w stay as they are drawn, ±c with the signs at random. Each has a score s, and a layer uses those k %
   of its weights whose scores are the largest. Training moves the scores (edge-popup): the gradient of a score is that of the weight's
   use, as if the choice were the identity,

       y = Σ (w h(s)) x,  h(s) = 1 if s is among the largest, else 0;   ∂L/∂s := ∂L/∂h = w x ∂L/∂y.

   Source: V. Ramanujan, M. Wortsman, A. Kembhavi, A. Farhadi and M. Rastegari, What's hidden in a randomly weighted neural network?
   (2020); the lecture is A. Risteski, Deep Learning (CMU 10707, 2021), lecture 6. */
#include "training.h"

#include <math.h>

enum { BATCH = 64, LAYERS = 3, MAX_SEEDS = 3, N_SHARES = 7, HALF = 3 };
static const double shares[N_SHARES] = {0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1};

struct popup {
    int64_t keep[LAYERS]; /* weights of each layer that are used */
    wg_tensor *w[LAYERS], *score[LAYERS];
};

/* Biases are 0: there is nothing to train but the choice. */
static wg_tensor *apply_chosen(wg_tensor *x, void *context)
{
    const struct popup *p = context;
    for (size_t i = 0; i < LAYERS; i++) {
        wg_tensor *s = p->score[i];
        wg_tensor *largest = wg_topk(wg_detach(wg_reshape(s, WG_SHAPE(wg_numel(s)))), p->keep[i]);
        wg_tensor *chosen = wg_straight_through(wg_cast(wg_ge(s, wg_min(largest)), WG_F32), s);
        x = wg_linear(x, wg_mul(p->w[i], chosen), WG_NONE);
        x = i < LAYERS - 1 ? wg_relu(x) : x;
    }
    return x;
}

/* Weights ±c, with c² = 2/(inputs that are used), as He's rule has it, and uniform scores. */
static bool make(struct popup *p, const int64_t *extents, double share, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 0);
    bool good = generator != NULL;
    for (int i = 0; i < LAYERS && good; i++) {
        WG_TAPE(tape, .keep_error = true);
        const wg_shape shape = WG_SHAPE(extents[i + 1], extents[i]);
        const double bound = 1 / sqrt((double)extents[i]), c = sqrt(2 / share) * bound;
        wg_tensor *signs = wg_add_scalar(wg_mul_scalar(wg_bernoulli(generator, WG_F32, shape, 0.5), 2), -1);
        p->keep[i] = (int64_t)ceil(share * (double)(extents[i] * extents[i + 1]));
        p->w[i] = wg_keep(wg_mul_scalar(signs, c));
        p->score[i] = wg_keep(wg_uniform(generator, WG_F32, shape, -bound, bound));
        good = p->w[i] && wg_set_requires_grad(p->score[i], true);
    }
    wg_free(generator);
    return good;
}

/* Trains what the optimizer has; *accuracy: on new images. */
static bool fit(struct study_run *run, const struct images *images, logits_function *logits, void *context, wg_optim *sgd,
                uint64_t seed, double *accuracy)
{
    const int64_t steps = run->quick ? 200 : 1000;
    wg_lr *cosine = wg_lr_cosine(.steps = steps);
    struct trainer trainer = {logits, context, &images->train, sgd, cosine, BATCH, .seed = seed};
    const bool good = cosine && trainer_run(&trainer, steps);
    trainer_end(&trainer);
    wg_lr_destroy(cosine);
    *accuracy = score_of(logits, context, &images->test).accuracy;
    return good && !isnan(*accuracy);
}

/* The accuracy of a part of the random network, before and after the choice is trained. Control: it is not. */
static bool choose(struct study_run *run, const struct images *images, const int64_t *extents, double share, uint64_t seed,
                   double *after)
{
    struct popup p = {{0}, {NULL}, {NULL}};
    bool good = make(&p, extents, share, seed);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){LAYERS, p.score, NULL}), .lr = 0.1, .momentum = 0.9) : NULL;
    *after = good ? score_of(apply_chosen, &p, &images->test).accuracy : 0;
    const double before = *after;
    good = sgd && (run->control || fit(run, images, apply_chosen, &p, sgd, seed, after)) &&
           study_row(run, "%g,%llu,%.6g,%.6g", 100 * share, (unsigned long long)seed, 100 * before, 100 * *after);
    wg_optim_destroy(sgd);
    for (int i = 0; i < LAYERS; i++)
        wg_free(p.w[i]), wg_free(p.score[i]);
    return good;
}

/* The accuracy of the same architecture with trained weights. */
static bool train(struct study_run *run, const struct images *images, const int64_t *extents, uint64_t seed, double *accuracy)
{
    wg_nn_module *net = wg_nn_mlp(((wg_sizes){LAYERS + 1, extents}), .seed = seed);
    wg_optim *sgd = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1, .momentum = 0.9);
    const bool good = sgd && fit(run, images, apply_module, net, sgd, seed, accuracy);
    wg_optim_destroy(sgd);
    wg_nn_destroy(net);
    return good && study_row(run, "0,%llu,0,%.6g", (unsigned long long)seed, 100 * *accuracy); /* 0: trained weights */
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    const int n_seeds = run->quick ? 1 : MAX_SEEDS, hidden = run->quick ? 128 : 256;
    double chosen[MAX_SEEDS], trained[MAX_SEEDS], other;
    if (!images_read(&images, run, run->quick ? 1000 : 10000))
        return false;
    const int64_t extents[LAYERS + 1] = {images.pixels, hidden, hidden, images.classes};
    bool good = study_row(run, "share,seed,before,after");
    for (int k = 0; k < n_seeds; k++) {
        const uint64_t seed = run->seed * MAX_SEEDS + (uint64_t)k;
        good = good && train(run, &images, extents, seed, &trained[k]);
        for (int i = 0; i < N_SHARES && good; i++)
            if (i == HALF || !run->quick)
                good = choose(run, &images, extents, shares[i], seed, i == HALF ? &chosen[k] : &other);
    }
    if (good) {
        const double part = 100 * study_mean(chosen, n_seeds), whole = 100 * study_mean(trained, n_seeds),
                     within = run->quick ? 5 : 2;
        (run->quick ? study_reduced : study_decide)(
            run, part > whole - within,
            "on %s: a part, 50 %% of each layer, of a network with random weights ±c classifies %.1f ± %.1f %% of new images, within %g %% of "
            "the %.1f ± %.1f %% of trained weights (seeds: %d, mean ± sd)",
            images.name, part, 100 * study_deviation(chosen, n_seeds), within, whole, 100 * study_deviation(trained, n_seeds),
            n_seeds);
    }
    images_free(&images);
    return good;
}

const struct study study_untrained_subnetwork = {
    .name = "untrained_subnetwork", .images = true, .control = "a choice at random", .run = run};
