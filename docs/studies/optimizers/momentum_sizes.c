/* How much momentum? α = 0.9, 0.95 and 0.99 are usual, with a rate γ that is small. Along a slope that stays, the steps add up to
   1/(1-α) times one, so that a small rate goes 10, 20 or 100 times as far; in a direction that changes its sign, they cancel.
   Momentum helps almost always, then, up to where 1/(1-α) steps are as many as the problem takes.

   Here the loss of a network after some hundred steps, and of a bowl with the condition number 1000, at the same small rate.

   W. Gerstner (EPFL) gives the values, F. Gogianu (Bitdefender ML) the judgement. */
#include "../study.h"

#include <math.h>

enum { MOMENTA = 5, PROBLEMS = 2, STEPS = 400 };

static const double momentum[MOMENTA] = {0, 0.5, 0.9, 0.95, 0.99};
static const char *const problem[PROBLEMS] = {"bowl", "network"};

struct problem {
    wg_nn_module *net;
    wg_tensor *x, *y, *w;
};

static wg_tensor *loss_of(const struct problem *p)
{
    if (p->net)
        return wg_bce_with_logits(wg_nn_apply(p->net, p->x), p->y);
    return wg_sum(wg_mul(wg_from(((double[]){0.0005, 0.005, 0.05, 0.5}), WG_SHAPE(4)), wg_square(p->w)));
}

static bool problem_make(struct problem *p, bool network, uint64_t seed)
{
    *p = (struct problem){.w = network ? NULL : wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(4)), true)};
    if (!network)
        return p->w != NULL;
    wg_tensor *label = NULL;
    bool good = wg_dataset_make_moons(&p->x, &label, .rows = 100, .noise = 0.15, .seed = seed, .dtype = WG_F64) == WG_OK;
    WG_TAPE(tape);
    p->y = good ? wg_keep(wg_cast(wg_reshape(label, WG_SHAPE(100, 1)), WG_F64)) : NULL;
    p->net = wg_nn_mlp(WG_SIZES(2, 16, 1), .activation = WG_ACTIVATION_TANH, .seed = seed, .dtype = WG_F64);
    wg_free(label);
    return p->y && p->net;
}

/* The loss after the steps, over that of the start; NaN on failure. */
static double train(struct study_run *run, bool network, double mu)
{
    struct problem p;
    bool good = problem_make(&p, network, run->seed);
    const wg_tensor_list params = network && good ? wg_nn_parameters(p.net) : (wg_tensor_list){1, &p.w, NULL};
    wg_optim *sgd = good ? wg_optim_sgd(params, .lr = network ? 0.02 : 0.05, .momentum = mu) : NULL;
    double first = NAN, now = NAN;
    good = sgd != NULL;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *loss = loss_of(&p);
        now = wg_item(loss);
        first = t == 0 ? now : first;
        good = (t % 8 || study_row(run, "%s,%g,%d,%.6g", problem[network], mu, t, now / first)) && wg_backward(loss) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd), wg_nn_destroy(p.net);
    wg_free(p.x), wg_free(p.y), wg_free(p.w);
    return good ? now / first : (double)NAN;
}

/* Control: the same momentum, 0, for all. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double end[PROBLEMS][MOMENTA];
    bool good = study_row(run, "problem,momentum,step,loss");
    for (int k = 0; k < PROBLEMS; k++)
        for (int i = 0; i < MOMENTA && good; i++)
            good = !isnan(end[k][i] = train(run, k, run->control ? 0 : momentum[i]));
    if (!good)
        return false;
    bool falls = true;
    for (int k = 0; k < PROBLEMS; k++)
        for (int i = 1; i < 4; i++)
            falls = falls && end[k][i] < end[k][i - 1];
    study_decide(
        run, falls,
        "at a small rate the loss after %d steps falls with the momentum 0, 0.5, 0.9, 0.95: of a bowl to %.2g, %.2g, %.2g, "
        "%.2g of the start, of a network to %.2g, %.2g, %.2g, %.2g; 0.99 gives %.2g and %.2g",
        STEPS, end[0][0], end[0][1], end[0][2], end[0][3], end[1][0], end[1][1], end[1][2], end[1][3], end[0][4], end[1][4]);
    return true;
}

const struct study study_momentum_sizes = {.name = "momentum_sizes", .control = "no momentum in any run", .run = run};
