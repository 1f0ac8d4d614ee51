/* Sharp and flat minima. Gradient descent with small batches comes to other minima than with large ones, from the same start, at the same
   rate and to the same training loss: the largest eigenvalue λ of the loss's Hessian is smaller there. The noise of a batch drives
   the weights out of places where the loss bends steeply.

   Does a flat minimum do better on new images? Here it makes no difference that seeds do not make, too. And sharpness is no property of
   the function: relu(αz) = α relu(z), so a network with αW₁, αb₁ and W₂/α computes the same and is sharper.

   Sources: N. S. Keskar and others, On large-batch training for deep learning (2017); L. Dinh and others, Sharp minima can generalize for
   deep nets (2017). Both are in V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, and A. Risteski, Deep Learning (CMU, 2021), lecture 6. */
#include "training.h"

#include <math.h>

enum { HIDDEN = 32, N_BATCHES = 5, MAX_SEEDS = 5, EVERY = 10, MAX_STEPS = 20000 };
static const int64_t batches[N_BATCHES] = {4, 16, 64, 256, 0}; /* 0: all images */
static const double rate = 0.1, target = 0.02, alpha = 10;

struct problem {
    wg_nn_module *net;
    const struct image_part *part;
};

static wg_tensor *training_loss(wg_tensor *const *params, size_t n, void *context)
{
    (void)params, (void)n;
    const struct problem *p = context;
    return wg_cross_entropy(wg_nn_apply(p->net, p->part->x), p->part->y);
}

/* The largest eigenvalue of the Hessian of the training loss; NaN on failure. */
static double sharpness(wg_nn_module *net, const struct image_part *part)
{
    struct problem problem = {net, part};
    const wg_study_loss loss = {training_loss, &problem, wg_nn_parameters(net)};
    wg_tensor *ends = wg_study_extremes(&loss, .smallest = 0, .largest = 1, .tolerance = 1e-3);
    const double largest = ends ? wg_data_as(ends, double)[0] : (double)NAN;
    wg_free(ends);
    return largest;
}

/* The same function with other weights: the first layer times α, the second one's weights divided by α. */
static bool rescale(wg_nn_module *net)
{
    const wg_tensor_list p = wg_nn_parameters(net);
    const double factors[] = {alpha, alpha, 1 / alpha};
    bool good = p.n > 3;
    for (int i = 0; i < 3 && good; i++) {
        WG_TAPE(tape);
        good = wg_assign(p.tensor[i], wg_mul_scalar(p.tensor[i], factors[i])) == WG_OK;
    }
    return good;
}

struct minimum {
    double sharpness, wrong, rescaled, rescaled_wrong; /* wrong: new images, % */
};

/* Trains to the target loss, which is looked at every few steps. */
static bool descend(struct study_run *run, const struct images *images, int64_t batch, uint64_t seed, struct minimum *at)
{
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(images->pixels, HIDDEN, HIDDEN, images->classes), .seed = seed);
    wg_optim *sgd = wg_optim_sgd(wg_nn_parameters(net), .lr = rate);
    struct trainer trainer = {apply_module, net, &images->train, sgd, .batch = batch, .seed = seed};
    struct score score = {INFINITY, 0}, test;
    bool good = true;
    while (good && score.loss > target && trainer.own.steps < MAX_STEPS) {
        good = trainer_run(&trainer, EVERY);
        score = score_of(apply_module, net, &images->train);
    }
    test = score_of(apply_module, net, &images->test);
    *at = (struct minimum){good ? sharpness(net, &images->train) : (double)NAN, 100 * (1 - test.accuracy), NAN, NAN};
    good = good &&
           study_row(run, "%lld,%llu,%lld,%.4g,%.4g,%.4g,%.5g", (long long)(batch ? batch : wg_extent(images->train.y, 0)),
                     (unsigned long long)seed, (long long)trainer.own.steps, score.loss, test.loss, at->wrong, at->sharpness);
    if (good && batch == 0 && rescale(net)) {
        at->rescaled = sharpness(net, &images->train);
        at->rescaled_wrong = 100 * (1 - score_of(apply_module, net, &images->test).accuracy);
    }
    trainer_end(&trainer);
    wg_optim_destroy(sgd);
    wg_nn_destroy(net);
    return good && !isnan(at->sharpness) && score.loss <= target;
}

/* Control: steps on all images in place of the small batches. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    struct minimum at = {0};
    const int n_seeds = run->quick ? 1 : MAX_SEEDS, last = N_BATCHES - 1;
    double sharp[N_BATCHES][MAX_SEEDS], wrong[N_BATCHES][MAX_SEEDS];
    if (!images_read(&images, run, run->quick ? 1000 : 5000))
        return false;
    bool good = study_row(run, "batch,seed,steps,loss,test_loss,wrong,sharpness");
    for (int i = 0; i < N_BATCHES; i += run->quick ? last : 1)
        for (int k = 0; k < n_seeds && good; k++) {
            good = descend(run, &images, run->control ? 0 : batches[i], run->seed * MAX_SEEDS + (uint64_t)k, &at);
            sharp[i][k] = at.sharpness;
            wrong[i][k] = at.wrong;
        }
    if (good) {
        printf("     new images, wrong: batches of %lld %.2f ± %.2f %%, all images %.2f ± %.2f %%\n", (long long)batches[0],
               study_mean(wrong[0], n_seeds), study_deviation(wrong[0], n_seeds), study_mean(wrong[last], n_seeds),
               study_deviation(wrong[last], n_seeds));
        study_claim(
            run, at.rescaled > 10 * at.sharpness && fabs(at.rescaled_wrong - at.wrong) < 0.2,
            "the last network with layers times %g and 1/%g is wrong on %.2f %% as before, %.2f %%, and λ is %.3g instead of %.3g",
            alpha, alpha, at.rescaled_wrong, at.wrong, at.rescaled, at.sharpness);
        study_decide(
            run, study_mean(sharp[0], n_seeds) < study_mean(sharp[last], n_seeds) / 2,
            "on %s: at a training loss of %g the Hessian's largest eigenvalue is %.2f ± %.2f with batches of %lld, below half of the %.2f ± "
            "%.2f with all images in each step, at the same rate (seeds: %d, mean ± sd)",
            images.name, target, study_mean(sharp[0], n_seeds), study_deviation(sharp[0], n_seeds), (long long)batches[0],
            study_mean(sharp[last], n_seeds), study_deviation(sharp[last], n_seeds), n_seeds);
    }
    images_free(&images);
    return good;
}

const struct study study_sharp_flat = {
    .name = "sharp_flat", .images = true, .control = "all images in each step instead of small batches", .run = run};
