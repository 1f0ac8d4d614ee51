/* Classification by the largest of c outputs, Bσ(W₁x + b₁), on three arms of a spiral. The classifier divides the plane into regions
   where one output is the largest. With σ = identity the outputs are affine, and each region is convex: three arms can't be parted.

   The classifier is that of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7. */
#include "../study.h"

#include <math.h>

enum { ROWS = 300, CLASSES = 3, HIDDEN = 32, STEPS = 300, SIDE = 49 };

/* The share of points whose class is the argmax. */
static double accuracy(const wg_nn_module *net, wg_tensor *x, wg_tensor *label)
{
    WG_TAPE(tape);
    return wg_item(wg_mean(wg_cast(wg_eq(wg_argmax(wg_nn_apply(net, x), .axis = 1), label), WG_F64)));
}

static bool train(struct study_run *run, wg_nn_module *net, wg_tensor *x, wg_tensor *label, wg_tensor *fresh,
                  wg_tensor *fresh_label)
{
    wg_optim *adam = net ? wg_optim_adam(wg_nn_parameters(net), .lr = 0.03) : NULL;
    bool good = adam != NULL;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *loss = wg_cross_entropy(wg_nn_apply(net, x), label);
        const double value = wg_item(loss);
        good = (t % 10 ||
                study_row(run, "%d,%.9g,%.9g,%.9g", t, value, accuracy(net, x, label), accuracy(net, fresh, fresh_label))) &&
               wg_backward(loss) == WG_OK && wg_optim_step(adam) == WG_OK;
    }
    wg_optim_destroy(adam);
    return good;
}

/* Margins of the outputs over a square, the output less the largest of the others: a region ends where it is 0. */
static bool draw(struct study_run *run, const wg_nn_module *net, const wg_tensor *x, const wg_tensor *label)
{
    WG_TAPE(tape);
    double grid[2 * SIDE * SIDE], s[CLASSES * SIDE * SIDE];
    const double *p = wg_data(x);
    const int64_t *y = wg_data(label);
    for (int i = 0; i < SIDE * SIDE; i++)
        grid[2 * i] = i / SIDE / 20.0 - 1.2, grid[2 * i + 1] = i % SIDE / 20.0 - 1.2;
    bool good = wg_read(wg_nn_apply(net, wg_from(grid, WG_SHAPE(SIDE * SIDE, 2))), s) == WG_OK &&
                study_table(run, "points", "x,y,class");
    for (int i = 0; i < ROWS / 2 && good; i++)
        good = study_row(run, "%.4f,%.4f,%d", p[2 * i], p[2 * i + 1], (int)y[i]);
    good = good && study_table(run, "regions", "x,y,class1,class2,class3");
    for (int i = 0; i < SIDE * SIDE && good; i++) {
        const double *o = s + (size_t)CLASSES * (size_t)i;
        good = (i % SIDE || study_row(run, "%s", "")) &&
               study_row(run, "%g,%g,%.4g,%.4g,%.4g", grid[2 * i], grid[2 * i + 1], o[0] - fmax(o[1], o[2]),
                         o[1] - fmax(o[0], o[2]), o[2] - fmax(o[0], o[1]));
    }
    return good;
}

/* Control: σ = identity. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_tensor *x = NULL, *label = NULL, *fresh = NULL, *fresh_label = NULL;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, HIDDEN, CLASSES),
                                  .activation = run->control ? WG_ACTIVATION_IDENTITY : WG_ACTIVATION_TANH, .dtype = WG_F64,
                                  .seed = run->seed);
    bool good = wg_dataset_make_spirals(&x, &label, .rows = ROWS, .seed = 2 * run->seed, .dtype = WG_F64) == WG_OK &&
                wg_dataset_make_spirals(&fresh, &fresh_label, .rows = ROWS, .seed = 2 * run->seed + 1, .dtype = WG_F64) == WG_OK &&
                study_row(run, "step,loss,right,fresh") && train(run, net, x, label, fresh, fresh_label) &&
                draw(run, net, x, label);
    const double right = good ? accuracy(net, fresh, fresh_label) : (double)NAN;
    wg_nn_destroy(net);
    wg_free(x), wg_free(label), wg_free(fresh), wg_free(fresh_label);
    if (!good)
        return false;
    study_decide(
        run, right > 0.9,
        "the argmax of three outputs Bσ(W₁x + b₁), %d units, is right on %.1f %% of fresh points of a three-armed spiral; above "
        "90 %% expected (an affine classifier has about 50 %%)",
        HIDDEN, 100 * right);
    return true;
}

const struct study study_argmax_regions = {.name = "argmax_regions", .control = "σ = identity", .run = run};
