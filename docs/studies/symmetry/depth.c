/* Deep against shallow with equal parameters, trained. Four inputs in -1 … 1, and two targets:
     folds of folds, T((T(x₁ + x₂) + T(x₃ + x₄))/2) with T(x) = 1 - 2|x|: a function of functions of few inputs;
     the product 4x₁x₂x₃x₄, smooth, without such a structure.
   One hidden layer of 68 relu units has 409 parameters, and so have two of 17. Both are trained in the same way. Where the target is
   composed, the second layer reuses what the first has folded. Where it is not, depth buys nothing.

   Source: W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3, for the question; Mhaskar, Liao, Poggio: When and why are deep
   networks better than shallow ones?, 2017. */
#include "../study.h"

#include <math.h>

enum { ROWS = 2000, STEPS = 600, MAX_SEEDS = 8, PARAMETERS = 409 };

struct sample {
    wg_tensor *x, *y;
};

static wg_tensor *fold(wg_tensor *x)
{
    return wg_add_scalar(wg_mul_scalar(wg_abs(x), -2), 1);
}

static wg_tensor *folds(wg_tensor *x)
{
    wg_tensor *pairs = fold(wg_sum(wg_reshape(x, WG_SHAPE(-1, 2, 2)), .axis = 2)); /* (n,2) */
    return fold(wg_mean(pairs, .axis = 1, .keepdims = true));
}

static wg_tensor *product(wg_tensor *x)
{
    return wg_mul_scalar(wg_prod(x, .axis = 1, .keepdims = true), 4);
}

static struct sample draw(uint64_t seed, uint64_t stream, wg_tensor *(*target)(wg_tensor *))
{
    wg_tensor *generator = wg_generator(seed, stream);
    struct sample sample;
    {
        WG_TAPE(tape);
        wg_tensor *x = wg_uniform(generator, WG_F32, WG_SHAPE(ROWS, 4), -1, 1);
        sample = (struct sample){wg_keep(x), wg_keep(target(x))};
    }
    wg_free(generator);
    return sample;
}

/* The squared error on new points after training, in units of the target's variance. */
static double train(const wg_nn_module *net, const struct sample *data, const struct sample *test)
{
    wg_optim *adam = net ? wg_optim_adam(wg_nn_parameters(net), .lr = 0.01) : NULL;
    bool good = adam != NULL;
    for (int step = 0; step < STEPS && good; step++) {
        WG_TAPE(tape);
        good = wg_optim_set_lr(adam, 0, 0.01 * (1 - (double)step / STEPS)) == WG_OK &&
               wg_backward(wg_mse(wg_nn_apply(net, data->x), data->y)) == WG_OK && wg_optim_step(adam) == WG_OK;
    }
    wg_optim_destroy(adam);
    if (!good)
        return (double)NAN;
    WG_TAPE(tape);
    return wg_item(wg_div(wg_mse(wg_nn_apply(net, test->x), test->y), wg_var(test->y)));
}

/* error[0]: shallow, [1]: deep. */
static bool compare(struct study_run *run, int target, int seeds, double error[2][MAX_SEEDS])
{
    bool good = true;
    for (int s = 0; s < seeds && good; s++) {
        const uint64_t seed = run->seed + 100 * (uint64_t)s;
        struct sample data = draw(seed, 0, target ? product : folds), test = draw(seed, 1, target ? product : folds);
        for (int deep = 0; deep < 2 && good; deep++) {
            wg_nn_module *net = deep ? wg_nn_mlp(WG_SIZES(4, 17, 17, 1), .seed = seed, .init = WG_INIT_KAIMING_NORMAL)
                                     : wg_nn_mlp(WG_SIZES(4, 68, 1), .seed = seed, .init = WG_INIT_KAIMING_NORMAL);
            int64_t parameters = 0;
            for (size_t i = 0; net && i < wg_nn_parameters(net).n; i++)
                parameters += wg_numel(wg_nn_parameters(net).tensor[i]);
            error[deep][s] = train(net, &data, &test);
            good = parameters == PARAMETERS && !isnan(error[deep][s]) &&
                   study_row(run, "%d,%d,%d,%.6g", target, deep, s, error[deep][s]);
            wg_nn_destroy(net);
        }
        for (int i = 0; i < 4; i++)
            wg_free(((wg_tensor *[]){data.x, data.y, test.x, test.y})[i]);
    }
    return good;
}

/* Control: the target is the product. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const int seeds = run->quick ? 2 : MAX_SEEDS;
    double folded[2][MAX_SEEDS], smooth[2][MAX_SEEDS];
    bool good = study_row(run, "target,deep,seed,error") && compare(run, run->control, seeds, folded);
    if (!run->quick && good) {
        good = compare(run, 1, seeds, smooth);
        study_claim(run, study_mean(smooth[1], seeds) > study_mean(smooth[0], seeds) / 3,
                    "the product: two layers leave %.3f ± %.3f, one layer %.3f ± %.3f: not three times better",
                    study_mean(smooth[1], seeds), study_deviation(smooth[1], seeds), study_mean(smooth[0], seeds),
                    study_deviation(smooth[0], seeds));
    }
    const double deep = study_mean(folded[1], seeds), shallow = study_mean(folded[0], seeds);
#define TEXT \
    "folds of folds of 4 inputs, 409 parameters, %d seeds: two layers leave %.4f ± %.4f of the variance, one layer %.4f ± %.4f; "
    if (run->quick)
        study_reduced(run, deep < shallow / 2, TEXT "less than half expected", seeds, deep, study_deviation(folded[1], seeds),
                      shallow, study_deviation(folded[0], seeds));
    else
        study_decide(run, deep < shallow / 5, TEXT "five times less expected", seeds, deep, study_deviation(folded[1], seeds),
                     shallow, study_deviation(folded[0], seeds));
    return good;
}

const struct study study_depth = {.name = "depth", .control = "a product instead of the folds", .run = run};
