/* The lottery ticket hypothesis. Train a network, remove the smallest weights of each layer, put the others back to their initial values,
   and repeat. The few weights that are left, at those initial values, are a winning ticket: trained alone they come to the test accuracy of
   the whole network. The same weights with other initial values do not. So what was found is not only an architecture: large
   networks are easy to train because among their many parts there is one that started well.

   Source: J. Frankle and M. Carbin, The lottery ticket hypothesis (2019); the lecture is A. Risteski, Deep Learning (CMU 10707, 2021), lecture 6. */
#include "training.h"

#include <math.h>

enum { BATCH = 60, LAYERS = 3, PARAMS = 2 * LAYERS, ROUNDS = 15, CHUNKS = 14, CHUNK = 50, JUDGED = 6, MAX_SEEDS = 5 };
enum start { TICKET, RANDOM, STARTS };
static const double pruned = 0.3; /* of the weights of each layer that are left, by a round; half of that in the last layer */

/* A network with masks of 0 and 1 for its weight matrices; biases are never pruned. accuracy: on new images, by round and start. */
struct lottery {
    wg_nn_module *net, *initial, *other;
    wg_tensor *mask[LAYERS];
    double left[ROUNDS], accuracy[ROUNDS][STARTS];
};

/* The network with weights mask ⊙ W, whose gradient is masked, too. */
static wg_tensor *apply_masked(wg_tensor *x, void *context)
{
    const struct lottery *l = context;
    const wg_tensor_list own = wg_nn_parameters(l->net);
    wg_tensor *params[PARAMS];
    for (size_t i = 0; i < PARAMS; i++)
        params[i] = i % 2 == 0 ? wg_mul(own.tensor[i], l->mask[i / 2]) : own.tensor[i];
    return wg_nn_apply_with(l->net, (wg_tensor_list){PARAMS, params, NULL}, x);
}

/* Trains what the masks leave from the weights of start, with a row of the table every CHUNK steps. */
static bool train(struct study_run *run, const struct images *images, struct lottery *l, int round, enum start start, uint64_t seed)
{
    bool good = true;
    wg_nn_module *from = start == RANDOM || (run->control && round == JUDGED) ? l->other : l->initial;
    for (size_t i = 0; i < PARAMS && good; i++)
        good = wg_assign(wg_nn_parameters(l->net).tensor[i], wg_nn_parameters(from).tensor[i]) == WG_OK;
    wg_optim *adam = wg_optim_adam(wg_nn_parameters(l->net), .lr = rate_for(images, 6e-4));
    struct trainer trainer = {apply_masked, l, &images->train, adam, .batch = BATCH, .seed = seed};
    for (int chunk = 1; chunk <= CHUNKS && good; chunk++) {
        good = trainer_run(&trainer, CHUNK);
        if (!good || (run->quick && chunk < CHUNKS))
            continue;
        const struct score score = score_of(apply_masked, l, &images->test);
        l->accuracy[round][start] = score.accuracy;
        good = !isnan(score.loss) &&
               study_row(run, "%llu,%s,%.4f,%d,%.6g,%.6g", (unsigned long long)seed, start == TICKET ? "ticket" : "random",
                         100 * l->left[round], chunk * CHUNK, 100 * (1 - score.accuracy), score.loss);
    }
    trainer_end(&trainer);
    wg_optim_destroy(adam);
    return good;
}

/* Removes the smallest weights of each layer. */
static bool prune(struct lottery *l)
{
    bool good = true;
    for (size_t i = 0; i < LAYERS && good; i++) {
        WG_TAPE(tape);
        const double left = wg_item(wg_sum(l->mask[i])), share = i == LAYERS - 1 ? pruned / 2 : pruned;
        wg_tensor *size = wg_abs(wg_mul(wg_nn_parameters(l->net).tensor[2 * i], l->mask[i]));
        wg_tensor *largest = wg_topk(wg_reshape(size, WG_SHAPE(wg_numel(size))), (int64_t)ceil(left * (1 - share)));
        good = wg_assign(l->mask[i], wg_cast(wg_ge(size, wg_min(largest)), WG_F32)) == WG_OK;
    }
    return good;
}

/* The share of weights that are left. */
static double share_left(const struct lottery *l)
{
    double left = 0, all = 0;
    for (int i = 0; i < LAYERS; i++) {
        WG_TAPE(tape, .keep_error = true);
        left += wg_item(wg_sum(l->mask[i]));
        all += (double)wg_numel(l->mask[i]);
    }
    return left / all;
}

/* All rounds with one pair of seeds. Control: the ticket that is judged begins with the other weights, too. */
static bool play(struct study_run *run, const struct images *images, struct lottery *l, uint64_t seed)
{
    const wg_sizes sizes = WG_SIZES(images->pixels, 300, 100, images->classes);
    *l = (struct lottery){.initial = wg_nn_mlp(sizes, .init = WG_INIT_XAVIER_NORMAL, .seed = seed),
                          .other = wg_nn_mlp(sizes, .init = WG_INIT_XAVIER_NORMAL, .seed = seed + 1000000)};
    l->net = wg_nn_copy(l->initial);
    bool good = l->net && l->other;
    for (size_t i = 0; i < LAYERS && good; i++)
        good = (l->mask[i] = wg_ones(WG_F32, wg_shape_of(wg_nn_parameters(l->net).tensor[2 * i]))) != NULL;
    for (int round = 0; round < (run->quick ? JUDGED + 1 : ROUNDS) && good; round++) {
        good = round == 0 || prune(l);
        l->left[round] = share_left(l);
        if (good && round > 0 && (!run->quick || round == JUDGED)) /* before the ticket, whose weights the next round prunes */
            good = train(run, images, l, round, RANDOM, seed);
        good = good && train(run, images, l, round, TICKET, seed);
    }
    for (size_t i = 0; i < LAYERS; i++)
        wg_free(l->mask[i]);
    wg_nn_destroy(l->net), wg_nn_destroy(l->initial), wg_nn_destroy(l->other);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    struct lottery lottery;
    const int n_seeds = run->quick ? 1 : MAX_SEEDS;
    double lost[STARTS][MAX_SEEDS], full = 0;
    if (!images_read(&images, run, run->quick ? 1000 : 10000))
        return false;
    bool good = study_row(run, "seed,start,left,step,error,loss");
    for (int k = 0; k < n_seeds && good; k++) {
        good = play(run, &images, &lottery, run->seed * MAX_SEEDS + (uint64_t)k);
        full += 100 * lottery.accuracy[0][TICKET] / n_seeds;
        for (int start = 0; start < STARTS; start++)
            lost[start][k] = 100 * (lottery.accuracy[0][TICKET] - lottery.accuracy[JUDGED][start]);
    }
    const double ticket = study_mean(lost[TICKET], n_seeds), random = study_mean(lost[RANDOM], n_seeds);
    if (good && run->quick)
        study_reduced(
            run, ticket < 2 && ticket < random,
            "on %s: with %.1f %% of its weights at their initial values a network is %.2f %% less accurate on new images than the whole, "
            "below 2 %% and below the %.2f %% from other initial values",
            images.name, 100 * lottery.left[JUDGED], ticket, random);
    else if (good)
        study_decide(
            run, ticket <= 1 && random > 1,
            "on %s: with %.1f %% of its weights at their initial values a network is %.2f ± %.2f %% less accurate on new images than the "
            "whole (%.1f %%), within 1 %%; from other initial values %.2f ± %.2f %%, more than 1 %% (seeds: %d, mean ± sd)",
            images.name, 100 * lottery.left[JUDGED], ticket, study_deviation(lost[TICKET], n_seeds), full, random,
            study_deviation(lost[RANDOM], n_seeds), n_seeds);
    images_free(&images);
    return good;
}

const struct study study_lottery_ticket = {
    .name = "lottery_ticket", .images = true, .control = "a ticket that begins with another network's weights", .run = run};
