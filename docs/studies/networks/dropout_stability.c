/* Why minima are connected: dropout stability. f(x) = V relu(W x + w) + v has H hidden units in two halves. It is stable if one half can be
   dropped, with the weights V of the other doubled, without the loss rising. Two stable networks A and B are then joined by five straight
   pieces, which no search has to find; the columns of V and the rows of W are those of the first and the second half:

       V_A, V_A'    →  2V_A, 0       A's second half is dropped,
       W_A, W_A'    →  W_A, W_B'     and its weights, that nothing reads, become B's;
       2V_A, 0      →  0, 2V_B'      B's second half takes over;
       W_A, W_B'    →  W_B, W_B'     B's first half is put in,
       0, 2V_B'     →  V_B, V_B'     and read.

   The loss is convex in (V, v), so on each piece that moves them it is at most the larger loss of its ends; the other pieces change
   nothing. So the highest loss of the whole path is that of A, of B, or of one of them with a half dropped.

   Source: R. Kuditipudi, X. Wang, H. Lee, Y. Zhang, Z. Li, W. Hu, S. Arora and R. Ge, Explaining landscape connectivity of low-cost
   solutions for multilayer nets (2019); the lecture is A. Risteski, Deep Learning (CMU 10707, 2021), lecture 6. */
#include "training.h"

#include <math.h>
#include <string.h>

enum { HIDDEN = 96, BATCH = 64, STEPS = 4000, CORNERS = 6, PIECES = 5, POINTS = 12 };
enum { W, BIAS_W, V, BIAS_V, PARAMS };

/* Control: no dropout in training. */
static wg_nn_module *train(const struct study_run *run, const struct images *images, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 1);
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(images->pixels, HIDDEN, .generator = generator), wg_nn_relu(),
                                         wg_nn_dropout(.p = run->control ? 0 : 0.5),
                                         wg_nn_linear(HIDDEN, images->classes, .generator = generator));
    wg_optim *adam = net && wg_seed(seed, 2) == WG_OK ? wg_optim_adam(wg_nn_parameters(net), .lr = rate_for(images, 3e-3)) : NULL;
    struct trainer trainer = {apply_module, net, &images->train, adam, .batch = BATCH, .seed = seed};
    if (!trainer_run(&trainer, STEPS)) {
        wg_nn_destroy(net);
        net = NULL;
    }
    trainer_end(&trainer);
    wg_optim_destroy(adam);
    wg_free(generator);
    return net;
}

/* Copies a half of the units' weights in (rows of W) or out (columns of V), times a factor. */
static void copy_in(wg_nn_module *to, wg_nn_module *from, int half, int64_t inputs)
{
    const wg_tensor_list t = wg_nn_parameters(to), f = wg_nn_parameters(from);
    const size_t start = (size_t)(half * HIDDEN / 2), n = HIDDEN / 2, row = (size_t)inputs;
    memcpy(wg_data_mut_as(t.tensor[W], float) + start * row, wg_data_as(f.tensor[W], float) + start * row, n * row * sizeof(float));
    memcpy(wg_data_mut_as(t.tensor[BIAS_W], float) + start, wg_data_as(f.tensor[BIAS_W], float) + start, n * sizeof(float));
}

static void copy_out(wg_nn_module *to, wg_nn_module *from, int half, float factor, int64_t outputs)
{
    const wg_tensor_list t = wg_nn_parameters(to), f = wg_nn_parameters(from);
    float *v = wg_data_mut_as(t.tensor[V], float);
    const float *other = wg_data_as(f.tensor[V], float);
    for (int64_t o = 0; o < outputs; o++)
        for (int64_t h = half * HIDDEN / 2; h < (half + 1) * HIDDEN / 2; h++)
            v[o * HIDDEN + h] = factor * other[o * HIDDEN + h];
}

/* The corners of the path, from A to B. */
static bool make_corners(wg_nn_module *corner[CORNERS], wg_nn_module *a, wg_nn_module *b, const struct images *images)
{
    for (int i = 0; i < CORNERS; i++)
        if (!(corner[i] = wg_nn_copy(i < 3 ? a : b)))
            return false;
    for (int i = 1; i < CORNERS - 1; i++) { /* 1 and 2: A's first half alone; 3 and 4: B's second half alone */
        copy_out(corner[i], i < 3 ? a : b, i < 3 ? 0 : 1, 2, images->classes);
        copy_out(corner[i], i < 3 ? a : b, i < 3 ? 1 : 0, 0, images->classes);
    }
    copy_in(corner[2], b, 1, images->pixels);
    copy_in(corner[3], a, 0, images->pixels);
    return true;
}

/* net ← (1 - t) from + t to. */
static bool put(wg_nn_module *net, wg_nn_module *from, wg_nn_module *to, double t)
{
    bool good = net != NULL;
    for (size_t k = 0; k < PARAMS && good; k++) {
        WG_TAPE(tape, .keep_error = true);
        wg_tensor *mixed = wg_lerp(wg_nn_parameters(from).tensor[k], wg_nn_parameters(to).tensor[k], wg_scalar(WG_F32, t));
        good = wg_assign(wg_nn_parameters(net).tensor[k], mixed) == WG_OK;
    }
    return good;
}

/* Rows of the straight line between two networks. ends[0], ends[1]: their training losses; highest: of all points. */
static bool line(struct study_run *run, const struct images *images, wg_nn_module *const net[2], const char *name, int start,
                 int points, double ends[2], double *highest)
{
    wg_nn_module *at = wg_nn_copy(net[0]);
    bool good = true;
    for (int i = 0; i <= points && good; i++) {
        good = put(at, net[0], net[1], i / (double)points);
        const struct score train = score_of(apply_module, at, &images->train), test = score_of(apply_module, at, &images->test);
        ends[i > 0] = train.loss;
        *highest = fmax(*highest, train.loss);
        good = good && !isnan(train.loss) &&
               study_row(run, "%s,%.4f,%.6g,%.6g,%.6g", name, start + i / (double)points, train.loss, 1 - train.accuracy,
                         1 - test.accuracy);
    }
    wg_nn_destroy(at);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct images images;
    wg_nn_module *corner[CORNERS] = {NULL}, *ends[2];
    double path = 0, straight = 0, highest_end = 0, loss[2];
    if (!images_read(&images, run, 10000))
        return false;
    for (int i = 0; i < 2; i++)
        ends[i] = train(run, &images, 2 * run->seed + (uint64_t)i);
    bool good = ends[0] && ends[1] && make_corners(corner, ends[0], ends[1], &images) &&
                study_row(run, "path,at,loss,error,test_error");
    for (int i = 0; i < PIECES && good; i++) {
        good = line(run, &images, corner + i, "path", i, POINTS, loss, &path);
        highest_end = fmax(highest_end, fmax(loss[0], loss[1]));
    }
    good = good && line(run, &images, ends, "line", 0, PIECES * POINTS, loss, &straight);
    if (good) {
        study_claim(run, path <= highest_end * (1 + 1e-4),
                    "the highest loss on the path, %.4g, is that of a corner, %.4g, as convexity says, within 1e-4 for rounding",
                    path, highest_end);
        study_decide(
            run, path < straight / 2,
            "on %s: two networks of %d units trained with dropout are joined by five straight pieces that drop one half of each: the "
            "highest training loss there is %.2g, below half of the %.2g on the straight line",
            images.name, HIDDEN, path, straight);
    }
    for (int i = 0; i < CORNERS; i++)
        wg_nn_destroy(corner[i]);
    wg_nn_destroy(ends[0]), wg_nn_destroy(ends[1]);
    images_free(&images);
    return good;
}

const struct study study_dropout_stability = {
    .name = "dropout_stability", .images = true, .control = "networks trained without dropout", .run = run};
