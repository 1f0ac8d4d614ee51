/* A linear classifier by repeated updates: nine points of three classes, scores s = W x + b, the multiclass hinge loss Σ_{j≠y} max(0, 1 + s_j - s_y)
   as a mean over the points, a penalty 0.1 ΣW², and steps at the rate 0.1. The loss is convex with kinks: a constant rate ends in a
   neighbourhood of the minimum, and a rate that falls as 1/t in the minimum.

   The points, the start and the printed losses are those of F. Gogianu, Optimization (Bitdefender); `wengert demo classifier` takes the
   same steps one by one. */
#include "../study.h"

#include <math.h>

enum { POINTS = 9, CLASSES = 3 };
static const double penalty_factor = 0.1, rate = 0.1;
static const double points[POINTS][2] = {{.5, .4},   {.8, .3},  {.3, .8},  {-.4, .3}, {-.3, .7},
                                         {-.7, .2},  {.7, -.4}, {.5, -.6}, {-.4, -.5}};
static const int64_t labels[POINTS] = {0, 0, 0, 1, 1, 1, 2, 2, 2};
static const double start_weight[CLASSES][2] = {{1, 2}, {2, -4}, {3, -1}}, start_bias[CLASSES] = {0, .5, -.5};

struct losses {
    wg_tensor *data, *total;
};

/* printed: with the penalty whose gradient is the one that the deck prints, 0.05 W. */
static struct losses losses(wg_tensor *w, wg_tensor *b, bool printed)
{
    wg_tensor *x = wg_from(points[0], WG_SHAPE(POINTS, 2)), *y = wg_from(labels, WG_SHAPE(POINTS));
    wg_tensor *scores = wg_add(wg_matmul(x, wg_transpose(w, 0, 1)), b), *data = wg_multi_margin(scores, y, .divide = false);
    return (struct losses){data, wg_add(data, wg_mul_scalar(wg_sum(wg_square(w)), printed ? 0.025 : penalty_factor))};
}

/* The class of the largest score at places of the plane, and the points, as tables for the picture. */
static bool keep_plane(struct study_run *run, wg_tensor *w, wg_tensor *b)
{
    enum { SIDE = 61 };
    const double *weight = wg_data(w), *bias = wg_data(b);
    bool good = study_table(run, "plane", "x0,x1,class");
    for (int i = 0; i < SIDE * SIDE && good; i++) {
        const double x0 = 2.0 * (i % SIDE) / (SIDE - 1) - 1, x1 = 2.0 * (i / SIDE) / (SIDE - 1) - 1;
        double score[CLASSES];
        int best = 0;
        for (int c = 0; c < CLASSES; c++) {
            score[c] = weight[2 * c] * x0 + weight[2 * c + 1] * x1 + bias[c];
            best = score[c] > score[best] ? c : best;
        }
        good = study_row(run, "%.4g,%.4g,%d", x0, x1, best);
    }
    good = good && study_table(run, "points", "x0,x1,class");
    for (int i = 0; i < POINTS && good; i++)
        good = study_row(run, "%g,%g,%d", points[i][0], points[i][1], (int)labels[i]);
    return good;
}

/* The total loss after so many steps at the rate 0.1, or, falling, at 5/(50 + t): then it ends in the minimum. NaN after an error. */
static double descend(struct study_run *run, int steps, bool falling)
{
    wg_tensor *w = wg_from(start_weight[0], WG_SHAPE(CLASSES, 2)), *b = wg_from(start_bias, WG_SHAPE(CLASSES));
    bool good = w && b && wg_set_requires_grad(w, true) && wg_set_requires_grad(b, true);
    wg_optim *sgd = good ? wg_optim_sgd(((wg_tensor_list){2, (wg_tensor *[]){w, b}, NULL}), .lr = rate) : NULL;
    double total = (double)NAN;
    for (int t = 0; sgd && t <= steps && good; t++) {
        WG_TAPE(tape);
        const struct losses now = losses(w, b, false), stepped = losses(w, b, run->control && !falling);
        total = wg_item(now.total);
        good = (falling ? wg_optim_set_lr(sgd, 0, 5 / (t + 50.0)) == WG_OK : study_row(run, "%d,%.9g,%.9g", t, wg_item(now.data), total)) &&
               wg_backward(stepped.total) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    good = good && (falling || keep_plane(run, w, b));
    wg_optim_destroy(sgd);
    wg_free(w), wg_free(b);
    return good ? total : (double)NAN;
}

static bool check_table(struct study_run *run)
{
    WG_TAPE(tape);
    const struct losses l = losses(wg_from(start_weight[0], WG_SHAPE(CLASSES, 2)), wg_from(start_bias, WG_SHAPE(CLASSES)), false);
    if (!l.total)
        return false;
    study_near(run, "the start's loss of the data", wg_item(l.data), 2.77, 5e-3);
    study_near(run, "the start's loss with its penalty", wg_item(l.total), 6.27, 5e-3);
    return true;
}

/* Control: the penalty whose gradient is the printed one. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    if (!study_row(run, "step,data,total") || !check_table(run))
        return false;
    const double end = descend(run, 200, false), minimum = descend(run, 20000, true);
    study_decide(run, end - minimum >= 0 && end - minimum <= 0.01,
                 "a linear classifier by 200 updates at the rate 0.1: its loss, %.4f, is the minimum, %.4f, and at most 0.01 more", end,
                 minimum);
    return !isnan(end) && !isnan(minimum);
}

const struct study study_linear_classifier = {
    .name = "linear_classifier",
    .control = "the printed gradient of the penalty, 0.05 W, in the updates",
    .run = run,
};
