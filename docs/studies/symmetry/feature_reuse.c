/* Features that serve twice. Six old tasks and a new one are different sums of the same four features tanh(3u_j·x) of ten inputs. A network of 16
   hidden units learns the old tasks from many examples; then its first layer is held, and an output unit learns the new task from a few.
   What the first layer has learned is what the new task needs, so that few examples are enough. Where the new task has features of
   its own, there is nothing to reuse.

   Source: W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3, for the question; Caruana: Multitask learning, 1997. */
#include "../study.h"

#include <math.h>

enum { INPUTS = 10, FEATURES = 4, TASKS = 6, HIDDEN = 16, OLD = 1500, TEST = 1000, STEPS = 400, MAX_SEEDS = 8 };

struct sample {
    wg_tensor *x, *y;
};

static void destroy(struct sample *sample)
{
    wg_free(sample->x);
    wg_free(sample->y);
}

/* n examples of sums of features; both are random, drawn from streams of the seed. */
static struct sample draw(uint64_t seed, uint64_t features, uint64_t sums, uint64_t stream, int n, int tasks)
{
    wg_tensor *generator[] = {wg_generator(seed, features), wg_generator(seed, sums), wg_generator(seed, stream)};
    struct sample sample;
    {
        WG_TAPE(tape);
        wg_tensor *u = wg_normal(generator[0], WG_F64, WG_SHAPE(INPUTS, FEATURES), 0, 3 / sqrt(INPUTS));
        wg_tensor *a = wg_normal(generator[1], WG_F64, WG_SHAPE(FEATURES, tasks), 0, 1);
        wg_tensor *x = wg_normal(generator[2], WG_F64, WG_SHAPE(n, INPUTS), 0, 1);
        sample = (struct sample){wg_keep(x), wg_keep(wg_matmul(wg_tanh(wg_matmul(x, u)), a))};
    }
    for (int i = 0; i < 3; i++)
        wg_free(generator[i]);
    return sample;
}

/* held: the first layer stays as it is. */
static bool train(wg_nn_module *net, const struct sample *sample, bool held)
{
    const wg_tensor_list all = wg_nn_parameters(net), last = {2, all.tensor + 2, NULL};
    wg_optim *adam = wg_optim_adam(held ? last : all, .lr = 0.02);
    bool good = adam != NULL;
    for (int step = 0; step < STEPS && good; step++) {
        WG_TAPE(tape);
        good = wg_backward(wg_mse(wg_nn_apply(net, sample->x), sample->y)) == WG_OK && wg_optim_step(adam) == WG_OK;
        for (int i = 0; i < 2 && held; i++)
            wg_clear_gradient(all.tensor[i]);
    }
    wg_optim_destroy(adam);
    return good;
}

static double error_of(const wg_nn_module *net, const struct sample *test)
{
    WG_TAPE(tape);
    return wg_item(wg_div(wg_mse(wg_nn_apply(net, test->x), test->y), wg_var(test->y)));
}

/* A network with the first layer of another; NULL: its own, random one. */
static wg_nn_module *make(uint64_t seed, int outputs, const wg_nn_module *from)
{
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(INPUTS, HIDDEN, outputs), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64,
                                  .seed = seed, .init = WG_INIT_XAVIER_NORMAL);
    WG_TAPE(tape);
    WG_NO_GRAD;
    bool good = net != NULL;
    for (size_t i = 0; from && i < 2 && good; i++)
        good = wg_assign(wg_nn_parameters(net).tensor[i], wg_nn_parameters(from).tensor[i]) == WG_OK;
    if (good)
        return net;
    wg_nn_destroy(net);
    return NULL;
}

/* The errors on the new task from `few` examples: reused first layer, random one, all layers trained. Control: the old tasks have other
   features. */
static bool compare(struct study_run *run, uint64_t seed, const int *few, int sizes, double error[][3])
{
    struct sample old = draw(seed, run->control ? 9 : 0, 1, 2, OLD, TASKS), test = draw(seed, 0, 3, 4, TEST, 1);
    wg_nn_module *first = make(seed, TASKS, NULL);
    bool good = first && train(first, &old, false);
    for (int k = 0; k < sizes; k++) {
        struct sample some = draw(seed, 0, 3, 5, few[k], 1);
        for (int i = 0; i < 3 && good; i++) {
            wg_nn_module *net = make(seed + 1, 1, i == 0 ? first : NULL);
            good = net && train(net, &some, i < 2) && !isnan(error[k][i] = error_of(net, &test));
            wg_nn_destroy(net);
        }
        good = good &&
               study_row(run, "%d,%llu,%.5g,%.5g,%.5g", few[k], (unsigned long long)seed, error[k][0], error[k][1], error[k][2]);
        destroy(&some);
    }
    wg_nn_destroy(first);
    destroy(&old);
    destroy(&test);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static const int few[] = {40, 20, 80, 160, 320};
    const int seeds = run->quick ? 2 : MAX_SEEDS, sizes = run->quick ? 1 : 5;
    double error[5][3], kind[3][MAX_SEEDS];
    bool good = study_row(run, "few,seed,reused,random,trained");
    for (int s = 0; s < seeds && good; s++) {
        good = compare(run, run->seed + 100 * (uint64_t)s, few, sizes, error);
        for (int i = 0; i < 3; i++)
            kind[i][s] = error[0][i];
    }
    const double reused = study_mean(kind[0], seeds), best = fmin(study_mean(kind[1], seeds), study_mean(kind[2], seeds));
#define TEXT \
    "a new task from 40 examples, %d seeds: on features of old tasks the error is %.3f ± %.3f of the variance; %.3f on random ones, %.3f with all layers trained; less than half expected"
    if (run->quick)
        study_reduced(run, good && reused < best / 2, TEXT, seeds, reused, study_deviation(kind[0], seeds),
                      study_mean(kind[1], seeds), study_mean(kind[2], seeds));
    else
        study_decide(run, good && reused < best / 2, TEXT, seeds, reused, study_deviation(kind[0], seeds),
                     study_mean(kind[1], seeds), study_mean(kind[2], seeds));
    return good;
}

const struct study study_feature_reuse = {.name = "feature_reuse", .control = "old tasks that have other features", .run = run};
