/* Adaptive rules against SGD on new images. Each rule trains from the same initial weights, on batches in the same order and for as many
   steps, with five rates. The rate whose loss on held-out images is lowest counts; the test images, which other
   people wrote, choose nothing. Perplexity is exp of the mean cross-entropy: the number of classes
   between which a network that hesitates evenly would have that loss.

   That adaptive rules do worse on new images is the result of A. C. Wilson and others, The marginal value of adaptive gradient methods in
   machine learning (2017), which V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, and A. Risteski, Deep Learning (CMU, 2021),
   lecture 6, show. With every rule tuned alike the digits do not repeat it; adaptive_margin shows where it must be so. */
#include "training.h"

#include <math.h>

enum { HIDDEN = 64, BATCH = 32, N_RATES = 5, MAX_SEEDS = 5, HOLD_OUT = 8 };
enum rule { SGD, MOMENTUM, ADAGRAD, RMSPROP, ADAM, N_RULES };
static const char *const names[] = {"SGD", "momentum", "AdaGrad", "RMSProp", "Adam"};
static const double middle[] = {0.1, 0.01, 0.01, 0.001, 0.001}; /* of the rates, which are powers of 3 apart */

static wg_optim *make_rule(enum rule rule, wg_tensor_list params, double rate)
{
    switch (rule) {
    case SGD:
        return wg_optim_sgd(params, .lr = rate);
    case MOMENTUM:
        return wg_optim_sgd(params, .lr = rate, .momentum = 0.9);
    case ADAGRAD:
        return wg_optim_adagrad(params, .lr = rate);
    case RMSPROP:
        return wg_optim_rmsprop(params, .lr = rate);
    default:
        return wg_optim_adam(params, .lr = rate);
    }
}

/* One rule at one rate, over all seeds: means, and the standard deviations of what is claimed. */
struct result {
    double rate, train, held_out, perplexity, perplexity_sd, wrong, wrong_sd;
};

static bool train(struct study_run *run, const struct images *images, const struct image_part part[2], enum rule rule, double rate,
                  struct result *result)
{
    const int n_seeds = run->quick ? 1 : MAX_SEEDS;
    double fitted[MAX_SEEDS], held_out[MAX_SEEDS], perplexity[MAX_SEEDS], wrong[MAX_SEEDS];
    bool good = true;
    for (int k = 0; k < n_seeds && good; k++) {
        const uint64_t seed = run->seed * MAX_SEEDS + (uint64_t)k;
        wg_nn_module *net = wg_nn_mlp(WG_SIZES(images->pixels, HIDDEN, HIDDEN, images->classes), .seed = seed);
        wg_optim *optim = net ? make_rule(rule, wg_nn_parameters(net), rate) : NULL;
        struct trainer trainer = {apply_module, net, &part[0], optim, .batch = BATCH, .seed = seed};
        good = trainer_run(&trainer, run->quick ? 600 : 1200);
        const struct score test = score_of(apply_module, net, &images->test);
        fitted[k] = score_of(apply_module, net, &part[0]).loss;
        held_out[k] = score_of(apply_module, net, &part[1]).loss;
        perplexity[k] = exp(test.loss);
        wrong[k] = 100 * (1 - test.accuracy);
        trainer_end(&trainer);
        wg_optim_destroy(optim);
        wg_nn_destroy(net);
        good = good && study_row(run, "%s,%.4g,%llu,%.4g,%.4g,%.5g,%.4g", names[rule], rate, (unsigned long long)seed, fitted[k],
                                 held_out[k], perplexity[k], wrong[k]);
    }
    *result = (struct result){rate,
                              study_mean(fitted, n_seeds),
                              study_mean(held_out, n_seeds),
                              study_mean(perplexity, n_seeds),
                              study_deviation(perplexity, n_seeds),
                              study_mean(wrong, n_seeds),
                              study_deviation(wrong, n_seeds)};
    return good;
}

/* The result at the best rate. Control: an adaptive rule keeps its smallest rate. */
static bool tune(struct study_run *run, const struct images *images, const struct image_part part[2], enum rule rule,
                 struct result *best)
{
    const int first = run->quick ? 1 : 0, n = run->control && rule >= ADAGRAD ? first + 1 : N_RATES;
    bool good = true;
    *best = (struct result){.held_out = INFINITY};
    for (int i = first; i < n && good; i++) {
        struct result result;
        good = train(run, images, part, rule, middle[rule] * pow(3, i - N_RATES / 2), &result);
        if (result.held_out < best->held_out)
            *best = result;
    }
    printf(
        "     %-8s at its rate %6.4f: loss %.4f in training, %.3f held out; new images: perplexity %.3f ± %.3f, %.2f ± %.2f %% wrong\n",
        names[rule], best->rate, best->train, best->held_out, best->perplexity, best->perplexity_sd, best->wrong, best->wrong_sd);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    struct result best[N_RULES];
    if (!images_read(&images, run, run->quick ? 1000 : 5000))
        return false;
    const int64_t rows = wg_extent(images.train.y, 0), kept = rows - rows / HOLD_OUT;
    struct image_part part[2] = {image_part_rows(&images.train, 0, kept), image_part_rows(&images.train, kept, rows)};
    bool good = part[1].y && study_row(run, "rule,rate,seed,train,held_out,perplexity,wrong");
    for (int rule = 0; rule < N_RULES && good; rule++)
        good = tune(run, &images, part, (enum rule)rule, &best[rule]);
    if (good) {
        const struct result *plain = &best[best[MOMENTUM].perplexity < best[SGD].perplexity ? MOMENTUM : SGD];
        const double adaptive = fmin(best[ADAGRAD].perplexity, fmin(best[RMSPROP].perplexity, best[ADAM].perplexity));
        const double tolerance = run->quick ? 0.05 : plain->perplexity_sd;
        (run->quick ? study_reduced : study_decide)(
            run, adaptive <= plain->perplexity + tolerance,
            "on %s, each rule at its best rate: the perplexity on new images is %.3f by the best of AdaGrad, RMSProp and Adam, not above the %.3f of "
            "SGD or momentum by more than %.3f%s",
            images.name, adaptive, plain->perplexity, tolerance, run->quick ? "" : ", 1 sd of 5 seeds");
    }
    image_part_free(&part[0]), image_part_free(&part[1]);
    images_free(&images);
    return good;
}

const struct study study_adaptive_sgd = {
    .name = "adaptive_sgd", .images = true, .control = "adaptive rules at their smallest rates, not their best", .run = run};
