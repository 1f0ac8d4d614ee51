/* A network against nearest neighbour. The label of a point of the cube (-1, 1)ᵈ is whether x₁x₂ > 0: exclusive or of two signs, and d - 2 inputs that do not
   matter. Nearest neighbour takes all inputs alike, and in many dimensions the nearest of 1000 points is hardly nearer than
   any other: its error grows towards 1/2. A network learns which inputs matter, so its error grows little.

   Source: W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3, for the question. */
#include "../study.h"

#include <math.h>

enum { TRAIN = 1000, TEST = 1000, HIDDEN = 16, MAX_SEEDS = 5 };

struct sample {
    wg_tensor *x, *y; /* (n,d); (n,1), 0 or 1 */
};

static struct sample draw(wg_tensor *generator, int n, int d)
{
    WG_TAPE(tape);
    wg_tensor *x = wg_uniform(generator, WG_F32, WG_SHAPE(n, d), -1, 1);
    wg_tensor *product = wg_mul(wg_slice(x, 1, 0, 1, 1), wg_slice(x, 1, 1, 2, 1));
    wg_tensor *y = wg_cast(wg_gt(product, wg_scalar(WG_F32, 0)), WG_F32);
    return (struct sample){wg_keep(x), wg_keep(y)};
}

static void destroy(struct sample *sample)
{
    wg_free(sample->x);
    wg_free(sample->y);
}

/* The share of labels that differ. */
static double error_of(wg_tensor *predicted, wg_tensor *y)
{
    return wg_item(wg_mean(wg_cast(wg_ne(wg_cast(predicted, WG_F32), y), WG_F32)));
}

/* ‖a - b‖² = ‖a‖² - 2 a·b + ‖b‖² for all pairs; the first term is the same for all b. */
static double nearest_neighbour(const struct sample *train, const struct sample *test)
{
    WG_TAPE(tape);
    wg_tensor *far = wg_sub(wg_sum_squares(train->x, .axis = 1),
                            wg_mul_scalar(wg_matmul(test->x, wg_transpose(train->x, 0, 1)), 2));
    return error_of(wg_index_select(train->y, 0, wg_argmin(far, .axis = 1)), test->y);
}

static double network(const struct study_run *run, const struct sample *train, const struct sample *test, int d, uint64_t seed)
{
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(d, HIDDEN, 1), .seed = seed,
                                  .activation = run->control ? WG_ACTIVATION_IDENTITY : WG_ACTIVATION_RELU);
    wg_optim *adam = net ? wg_optim_adamw(wg_nn_parameters(net), .lr = 0.01, .weight_decay = 0.3) : NULL;
    bool good = adam != NULL;
    for (int step = 0; step < 400 && good; step++) {
        WG_TAPE(tape);
        good = wg_backward(wg_bce_with_logits(wg_nn_apply(net, train->x), train->y)) == WG_OK && wg_optim_step(adam) == WG_OK;
    }
    double error = (double)NAN;
    if (good) {
        WG_TAPE(tape);
        error = error_of(wg_gt(wg_nn_apply(net, test->x), wg_scalar(WG_F32, 0)), test->y);
    }
    wg_optim_destroy(adam);
    wg_nn_destroy(net);
    return error;
}

/* Control: the network has no activation. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static const int dimensions[] = {2, 3, 5, 10, 20};
    const int seeds = run->quick ? 1 : MAX_SEEDS;
    double error[2][MAX_SEEDS] = {{0}};
    bool good = study_row(run, "d,seed,neighbour,network");
    for (int i = run->quick ? 4 : 0; i < 5; i++)
        for (int s = 0; s < seeds && good; s++) {
            const int d = dimensions[i];
            wg_tensor *generator = wg_generator(run->seed, (uint64_t)s);
            struct sample train = draw(generator, TRAIN, d), test = draw(generator, TEST, d);
            error[0][s] = nearest_neighbour(&train, &test);
            error[1][s] = network(run, &train, &test, d, run->seed + 100 * (uint64_t)s);
            good = !isnan(error[1][s]) && study_row(run, "%d,%d,%.4f,%.4f", d, s, error[0][s], error[1][s]);
            destroy(&train);
            destroy(&test);
            wg_free(generator);
        }
    const double neighbour = study_mean(error[0], seeds), learned = study_mean(error[1], seeds);
    if (run->quick)
        study_reduced(
            run, learned < neighbour / 2,
            "x₁x₂ > 0 with 18 inputs that do not matter, 1000 examples, one seed: a network errs in %.3f of the cases, nearest neighbour in %.3f; less than half as "
            "often expected",
            learned, neighbour);
    else
        study_decide(
            run, learned + study_deviation(error[1], seeds) < neighbour / 2,
            "x₁x₂ > 0 with 18 inputs that do not matter, 1000 examples, 5 seeds: a network errs in %.3f ± %.3f of the cases, nearest neighbour in %.3f ± %.3f; "
            "less than half as often expected",
            learned, study_deviation(error[1], seeds), neighbour, study_deviation(error[0], seeds));
    return good;
}

const struct study study_nearest_neighbour = {.name = "nearest_neighbour", .control = "a network without activation", .run = run};
