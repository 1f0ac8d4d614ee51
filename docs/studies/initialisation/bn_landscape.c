/* Why batch normalisation helps: the landscape of the loss. Along the training of a network with and without it, on the whole training set,

       gᵀHg                              how much the gradient's own step bends the loss;
       |g - g'|/|x - x'|                 a lower bound on the gradient's Lipschitz constant, from one point to the next;
       λ_1/λ_20                          the largest eigenvalue of the Hessian H over the 20th: its conditioning. (H has eigenvalues near 0
                                         and below, so the largest over the smallest says nothing.)

   Both networks begin with the same weights, by Kaiming's rule, and see the same batches at the same rate. The claim is that of A. Risteski, Advanced
   optimization (CMU 10707, 2021), after Santurkar, Tsipras, Ilyas, Madry, How does batch normalization help optimization? (2018). */
#include <math.h>

#include "norm_net.h"

enum { SEEDS = 5, STEPS = 300, QUICK_STEPS = 120, EVERY = 5, SPECTRUM_EVERY = 30, EIGENVALUES = 20 };

struct data {
    const wg_nn_module *net;
    const struct images *images;
};

/* The loss of the whole training set; of batch norm in training, so its statistics are a part of the function. */
static wg_tensor *training_loss(wg_tensor *const *params, size_t n, void *context)
{
    const struct data *data = context;
    (void)params, (void)n;
    return wg_cross_entropy(wg_nn_apply(data->net, data->images->train.x), data->images->train.y);
}

/* What a run came to: the largest gᵀHg and Lipschitz estimate, and the geometric mean of λ_1/λ_20. */
struct summary {
    double curvature, lipschitz, conditioning, accuracy;
};

static bool measure(struct study_run *run, const char *label, const wg_study_loss *loss, wg_study_track *track, int step,
                    struct summary *summary)
{
    wg_study_record record;
    double lambda[1 + EIGENVALUES] = {0}, condition = (double)NAN;
    if (wg_study_track_step(track, &record) != WG_OK)
        return false;
    if (step % (run->quick ? QUICK_STEPS : SPECTRUM_EVERY) == 0) { /* the smallest first, then the largest in ascending order */
        wg_tensor *ends = wg_study_extremes(loss, .largest = EIGENVALUES, .tolerance = 1e-2);
        const bool good = ends && wg_read(ends, lambda) == WG_OK;
        wg_free(ends);
        if (!good)
            return false;
        condition = lambda[EIGENVALUES] / lambda[1];
        summary->conditioning += log(condition);
    }
    summary->curvature = fmax(summary->curvature, record.at.curvature);
    summary->lipschitz = record.lipschitz_max;
    return study_row(run, "%s,%d,%.5g,%.5g,%.5g,%.5g", label, step, record.at.loss, record.at.curvature, record.lipschitz,
                     condition);
}

static bool train(struct study_run *run, const struct images *images, bool normalised, uint64_t seed, struct summary *summary)
{
    const struct norm_net_kind kind = {WG_ACTIVATION_RELU, normalised && !run->control, 0, 4, 32, WG_INIT_KAIMING_NORMAL};
    wg_nn_module *net = norm_net(images, &kind, seed);
    wg_batches *batches = wg_batches_create(images->train.x, images->train.y, .size = 64, .drop_last = true, .seed = seed);
    wg_optim *sgd = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1);
    struct data data = {net, images};
    const wg_study_loss loss = {training_loss, &data, wg_nn_parameters(net)};
    wg_study_track *track = wg_study_track_create(&loss);
    const int steps = run->quick ? QUICK_STEPS : STEPS;
    bool good = batches && sgd && track;
    *summary = (struct summary){0};
    for (int step = 0; step <= steps && good; step++)
        good = (step % EVERY != 0 || measure(run, normalised ? "batch norm" : "plain", &loss, track, step, summary)) &&
               norm_net_step(net, sgd, batches);
    summary->conditioning = exp(summary->conditioning / (1 + steps / (run->quick ? QUICK_STEPS : SPECTRUM_EVERY)));
    summary->accuracy = good ? norm_net_accuracy(net, &images->test) : 0;
    wg_study_track_destroy(track);
    wg_optim_destroy(sgd), wg_batches_destroy(batches), wg_nn_destroy(net);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    const int seeds = run->quick ? 1 : SEEDS;
    double ratio[3][SEEDS], least = (double)INFINITY;
    bool good = images_read(&images, run, 5000) && study_row(run, "net,step,loss,curvature,lipschitz,conditioning");
    for (int i = 0; i < seeds && good; i++) {
        struct summary plain, normalised;
        good = train(run, &images, false, run->seed * 16 + (uint64_t)i, &plain) &&
               train(run, &images, true, run->seed * 16 + (uint64_t)i, &normalised);
        ratio[0][i] = plain.curvature / normalised.curvature, ratio[1][i] = plain.lipschitz / normalised.lipschitz;
        ratio[2][i] = plain.conditioning / normalised.conditioning;
        least = fmin(least, fmin(ratio[0][i] / 5, fmin(ratio[1][i], ratio[2][i])));
        printf(
            "seed %d: largest gᵀHg %.3g without, %.3g with batch norm; Lipschitz %.3g, %.3g; λ₁/λ₂₀ %.3g, %.3g; test accuracy %.3f, %.3f\n",
            i + 1, plain.curvature, normalised.curvature, plain.lipschitz, normalised.lipschitz, plain.conditioning,
            normalised.conditioning, plain.accuracy, normalised.accuracy);
    }
    images_free(&images);
    if (!good)
        return false;
    if (run->quick)
        study_reduced(
            run, least >= 2,
            "%s, 1 seed, 120 steps: the largest gᵀHg without batch norm is %.0f times that with it (≥ 10), the gradient's Lipschitz estimate "
            "%.1f times (≥ 2), λ₁/λ₂₀ of H %.1f times (≥ 2)",
            images.name, ratio[0][0], ratio[1][0], ratio[2][0]);
    else
        study_decide(
            run, least >= 2,
            "%s, 5 seeds: the largest gᵀHg of training without batch norm is %.0f ± %.0f times that with it (≥ 10 in each), the gradient's "
            "Lipschitz estimate %.1f ± %.1f (≥ 2), λ₁/λ₂₀ of H %.1f ± %.1f (≥ 2)",
            images.name, study_mean(ratio[0], SEEDS), study_deviation(ratio[0], SEEDS), study_mean(ratio[1], SEEDS),
            study_deviation(ratio[1], SEEDS), study_mean(ratio[2], SEEDS), study_deviation(ratio[2], SEEDS));
    return true;
}

const struct study study_bn_landscape = {.name = "bn_landscape", .control = "batch norm left out of both networks", .run = run};
