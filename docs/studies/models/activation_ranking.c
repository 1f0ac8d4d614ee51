/* Which activation to take, measured: networks of 1 to 12 hidden layers on handwritten digits, by SGD with momentum. Each activation
   has initial weights that suit it (Kaiming's rule with its gain) and the best of several rates, by the training loss; the batches are
   the same for all.

   The ranking is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020): ReLU and its leaky form are used the most, tanh comes
   second, sigmoid is avoided. abs is a question of that deck. */
#include "../networks/images.h"

#include <math.h>

enum { WIDTH = 32, TRAIN = 1400, ALL = 1797, KINDS = 8, SIGMOID = 6, RATES = 4, MAX_SEEDS = 5, DEPTHS = 4, MAX_DEPTH = 12 };
static const double rates[RATES] = {0.03, 0.1, 0.01, 0.003};
static const int depths[DEPTHS] = {1, 3, 6, MAX_DEPTH};

static wg_tensor *leaky(wg_tensor *x)
{
    return wg_leaky_relu(x);
}

static wg_tensor *elu(wg_tensor *x)
{
    return wg_elu(x);
}

static const struct kind {
    const char *name;
    wg_tensor *(*apply)(wg_tensor *x);
    wg_activation gain; /* whose initial weights it has */
} kinds[KINDS] = {{"ReLU", wg_relu, WG_ACTIVATION_RELU},
                  {"leaky ReLU", leaky, WG_ACTIVATION_RELU},
                  {"ELU", elu, WG_ACTIVATION_RELU},
                  {"tanh", wg_tanh, WG_ACTIVATION_TANH},
                  {"abs", wg_abs, WG_ACTIVATION_SIGMOID},
                  {"identity", wg_copy, WG_ACTIVATION_SIGMOID},
                  {"sigmoid", wg_sigmoid, WG_ACTIVATION_SIGMOID},
                  {"sign", wg_sign, WG_ACTIVATION_SIGMOID}};

struct digits {
    struct image_part train, test;
};

/* A network of this activation with the parameters of wg_nn_mlp: weight, bias, weight, bias, … */
static wg_tensor *network(wg_tensor_list p, const struct kind *kind, wg_tensor *x)
{
    for (size_t l = 0; l < p.n; l += 2) {
        x = wg_linear(x, p.tensor[l], p.tensor[l + 1]);
        x = l + 2 < p.n ? kind->apply(x) : x;
    }
    return x;
}

/* Trains one network: *loss: mean of the last epoch, INFINITY if it diverged; *right: % of the test digits. */
static bool train(const struct digits *d, const struct kind *kind, int depth, double rate, int epochs, uint64_t seed, double *loss,
                  double *right)
{
    int64_t sizes[MAX_DEPTH + 2] = {64};
    for (int l = 1; l <= depth + 1; l++)
        sizes[l] = l <= depth ? WIDTH : 10;
    wg_nn_module *net = wg_nn_mlp(((wg_sizes){depth + 2, sizes}), .activation = kind->gain, .seed = seed,
                                  .init = WG_INIT_KAIMING_NORMAL);
    const wg_tensor_list p = net ? wg_nn_parameters(net) : (wg_tensor_list){0};
    wg_optim *sgd = net ? wg_optim_sgd(p, .lr = rate, .momentum = 0.9) : NULL;
    wg_batches *batches = wg_batches_create(d->train.x, d->train.y, .size = 50, .seed = seed);
    bool good = sgd && batches;
    *loss = 0;
    for (int batch = 0; batch < epochs * (TRAIN / 50 + 1) && good && isfinite(*loss); batch++) {
        WG_TAPE(tape);
        wg_tensor *x, *y;
        good = wg_batches_next(batches, &x, &y) == WG_OK;
        if (!x) /* the end of an epoch */
            continue;
        wg_tensor *of_batch = wg_cross_entropy(network(p, kind, x), y);
        *loss += batch / (TRAIN / 50 + 1) == epochs - 1 ? wg_item(of_batch) * 50 / TRAIN : 0;
        *loss = isfinite(wg_item(of_batch)) ? *loss : INFINITY;
        good = good && (!isfinite(*loss) || (wg_backward(of_batch) == WG_OK && wg_optim_step(sgd) == WG_OK));
    }
    WG_TAPE(tape);
    wg_tensor *class = good ? wg_argmax(network(p, kind, d->test.x), .axis = 1) : NULL;
    *right = class ? 100 * wg_item(wg_mean(wg_cast(wg_eq(class, d->test.y), WG_F64))) : (double)NAN;
    wg_batches_destroy(batches);
    wg_optim_destroy(sgd);
    wg_nn_destroy(net);
    return class != NULL;
}

/* The best rate by the first seed's training loss, then all seeds with it: mean and deviation of the test accuracy, a row of the table. */
static bool rank(struct study_run *run, const struct digits *d, int k, int depth, double *mean)
{
    const int n_rates = run->quick ? 1 : RATES, seeds = run->quick ? 1 : MAX_SEEDS, epochs = run->quick ? 5 : 20;
    const struct kind *kind = &kinds[run->control && k == SIGMOID ? 0 : k];
    double best = INFINITY, rate = rates[0], loss, right[MAX_SEEDS];
    bool good = true;
    for (int r = 0; r < n_rates && good; r++) {
        good = train(d, kind, depth, rates[r], epochs, run->seed, &loss, &right[0]);
        rate = loss < best ? rates[r] : rate;
        best = fmin(best, loss);
    }
    for (int s = 1; s < seeds && good; s++)
        good = train(d, kind, depth, rate, epochs, run->seed + 100 * (uint64_t)s, &loss, &right[s]);
    good = good && (seeds == 1 || train(d, kind, depth, rate, epochs, run->seed, &loss, &right[0]));
    *mean = good ? study_mean(right, seeds) : (double)NAN;
    return good && study_row(run, "%d,%s,%d,%g,%.4g,%.4g", k, kinds[k].name, depth, rate, *mean, study_deviation(right, seeds));
}

/* Control: ReLU in the place of the sigmoid. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct digits d = {0};
    double mean[KINDS][DEPTHS];
    bool good = digits_split(TRAIN, true, &d.train, &d.test) && study_row(run, "kind,name,depth,rate,mean,deviation");
    for (int k = 0; k < KINDS && good; k++)
        for (int i = 0; i < DEPTHS - run->quick && good; i++)
            good = rank(run, &d, k, depths[i], &mean[k][i]);
    image_part_free(&d.train), image_part_free(&d.test);
    if (!good)
        return false;
    double least = 100, most = 0; /* of ReLU, leaky ReLU, ELU and tanh with six hidden layers */
    for (int k = 0; k < 4; k++) {
        least = fmin(least, mean[k][2]), most = fmax(most, mean[k][2]);
    }
    const double sigmoid = mean[SIGMOID][2];
    study_claim(run, mean[KINDS - 1][2] < least - 30, "sign has %.1f %% with six hidden layers, of which none learns",
                mean[KINDS - 1][2]);
    static const char text[] = "%d hidden layers (rates tried: %d, seeds: %d): ReLU, leaky, ELU and tanh have %.1f to %.1f %% of "
                               "the test digits, the sigmoid %.1f %%; %d points apart expected";
    if (run->quick)
        study_reduced(run, least - sigmoid > 30, text, depths[2], 1, 1, least, most, sigmoid, 30);
    else
        study_decide(run, least - sigmoid > 50, text, depths[2], RATES, MAX_SEEDS, least, most, sigmoid, 50);
    return true;
}

const struct study study_activation_ranking = {
    .name = "activation_ranking", .control = "ReLU in the place of the sigmoid", .run = run};
