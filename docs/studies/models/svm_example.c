/* Nine points, three classes, a linear classifier s = Wx + b, and the multiclass SVM of Weston and Watkins: a point of class y has the loss
   Σ_{j≠y} max(0, 1 + s_j - s_y). The mean over the points is the data's loss, to which 0.1 ΣW² is added.

   The demonstration is that of F. Gogianu, Optimization (Bitdefender), whose printed losses, 2.77 + 3.50 = 6.27, are met. */
#include "../nine_points.h"
#include "../study.h"

#include <math.h>

enum { STEPS = 300, SIDE = 31 };
static const double printed[POINTS] = {.3, 1.7, 0, 3.2, 6.8, 2.4, 2.5, 3.3, 4.7};

struct classifier {
    wg_tensor *param[2], *x, *y; /* W and b */
};

/* The loss of each point, and the mean with the penalty. divide: by the number of classes, too, as PyTorch's. */
static wg_tensor *each_loss(const struct classifier *c, bool divide)
{
    return wg_multi_margin(wg_linear(c->x, c->param[0], c->param[1]), c->y, .divide = divide, .reduction = WG_REDUCTION_NONE);
}

static wg_tensor *total_loss(const struct classifier *c, bool divide)
{
    return wg_add(wg_mean(each_loss(c, divide)), wg_mul_scalar(wg_sum_squares(c->param[0]), 0.1));
}

/* Margins of the classes over a square, the score less the largest of the others: where one is 0 a region ends. */
static bool regions(struct study_run *run, const struct classifier *c, const char *part)
{
    const double *w = wg_data(c->param[0]), *b = wg_data(c->param[1]);
    bool good = study_table(run, part, "x,y,class1,class2,class3");
    for (int i = 0; i < SIDE * SIDE && good; i++) {
        const double x = i / SIDE / 15.0 - 1, y = i % SIDE / 15.0 - 1;
        double s[CLASSES];
        for (int k = 0; k < CLASSES; k++)
            s[k] = w[2 * k] * x + w[2 * k + 1] * y + b[k];
        good = (i % SIDE || study_row(run, "%s", "")) && study_row(run, "%g,%g,%.5g,%.5g,%.5g", x, y, s[0] - fmax(s[1], s[2]),
                                                                   s[1] - fmax(s[0], s[2]), s[2] - fmax(s[0], s[1]));
    }
    return good;
}

/* Gradient descent; *total: the loss at the end, *right: points on the right side. */
static bool descend(struct study_run *run, const struct classifier *c, double *total, double *right)
{
    wg_optim *sgd = wg_optim_sgd(((wg_tensor_list){2, c->param, NULL}), .lr = 0.1);
    bool good = sgd && study_table(run, "descent", "step,loss,right");
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *loss = total_loss(c, false), *class = wg_argmax(wg_linear(c->x, c->param[0], c->param[1]), .axis = 1);
        *total = wg_item(loss);
        *right = wg_item(wg_sum(wg_cast(wg_eq(class, c->y), WG_F64)));
        good = study_row(run, "%d,%.9g,%g", t, *total, *right) && wg_backward(loss) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    return good;
}

/* Control: the loss divided by the number of classes. */
static bool experiment(struct study_run *run, const struct classifier *c)
{
    double off = 0, mean = 0, start, end, right, data[POINTS];
    {
        WG_TAPE(tape);
        start = wg_item(total_loss(c, run->control));
        if (wg_read(each_loss(c, false), data) != WG_OK || !study_row(run, "x,y,class,loss"))
            return false;
    }
    for (int i = 0; i < POINTS; i++) {
        off = fmax(off, fabs(data[i] - printed[i]));
        mean += data[i] / POINTS;
        if (!study_row(run, "%g,%g,%d,%.9g", points[2 * i], points[2 * i + 1], (int)labels[i] + 1, data[i]))
            return false;
    }
    if (!regions(run, c, "start") || !descend(run, c, &end, &right) || !regions(run, c, "end"))
        return false;
    study_near(run, "the mean of the nine losses", mean, 2.77, 5e-3);
    study_claim(run, off < 1e-12, "the nine losses are the printed ones, off by %.1e at most", off);
    study_claim(run, right == POINTS && end < start / 4,
                "%d steps of descent: the loss falls from %.2f to %.2f, %g of 9 points are right", STEPS, start, end, right);
    return study_decide(
               run, fabs(start - 6.27) < 5e-3,
               "the mean Weston-Watkins loss of nine points and 0.1 ΣW² are together %.4f, expected 6.27; 5e-3 allowed, half a digit",
               start) ||
           true;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct classifier c = {{wg_from(weights, WG_SHAPE(CLASSES, 2)), wg_from(biases, WG_SHAPE(CLASSES))},
                           wg_from(points, WG_SHAPE(POINTS, 2)),
                           wg_from(labels, WG_SHAPE(POINTS))};
    const bool good = wg_set_requires_grad(c.param[0], true) && wg_set_requires_grad(c.param[1], true) && c.x && c.y &&
                      experiment(run, &c);
    wg_free(c.param[0]), wg_free(c.param[1]), wg_free(c.x), wg_free(c.y);
    return good;
}

const struct study study_svm_example = {
    .name = "svm_example", .control = "a loss that is divided by the number of classes", .run = run};
