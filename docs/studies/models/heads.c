/* The head of a network by task: identity and the half squared error for a number, sigmoid and binary cross entropy for one of two
   classes, softmax and cross entropy with a one-hot target for one of several. In each of the three the gradient by the head's input z
   is prediction less target, so it is large where the prediction is far off. The squared error after a sigmoid has the factor σ'(z)
   more, which is 0 where the sigmoid is flat.

   The three heads are those of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { POINTS = 121, STEPS = 300 };

enum head { IDENTITY, SIGMOID, SOFTMAX, HEADS };

/* The loss of a z (1, 1), or (1, 3) for softmax, against the target t; squared: of the squared error after the sigmoid or softmax. */
static wg_tensor *loss_of(enum head head, bool squared, wg_tensor *z, wg_tensor *t)
{
    wg_tensor *p = head == IDENTITY ? z : head == SIGMOID ? wg_sigmoid(z) : wg_softmax(z);
    if (head == IDENTITY || squared)
        return wg_mul_scalar(wg_sum(wg_square(wg_sub(p, t))), 0.5);
    return head == SIGMOID ? wg_bce_with_logits(z, t) : wg_cross_entropy(z, t);
}

/* z at x, its first element, and the target: 1, or class 1 of three as a one-hot vector. */
static void make(enum head head, double x, wg_tensor **z, wg_tensor **t)
{
    const wg_shape shape = WG_SHAPE(1, head == SOFTMAX ? 3 : 1);
    *z = wg_set_requires_grad(wg_from(((double[]){x, -0.5, 0.5}), shape), true);
    *t = head == SOFTMAX ? wg_one_hot(wg_from(((int64_t[]){0}), WG_SHAPE(1)), 3, WG_F64) : wg_ones(WG_F64, shape);
}

/* The gradient by the first element of z, and how far the whole gradient is from prediction less target; NaN if something failed. */
static double gradient(enum head head, bool squared, double x, double *off)
{
    WG_TAPE(tape);
    wg_tensor *z, *t;
    make(head, x, &z, &t);
    wg_tensor *p = head == IDENTITY ? z : head == SIGMOID ? wg_sigmoid(z) : wg_softmax(z);
    wg_tensor *g = wg_grad(loss_of(head, squared, z, t), z), *simple = wg_sub(p, t);
    *off = wg_item(wg_max(wg_abs(wg_sub(g, simple))));
    const double *slope = wg_data(g);
    return slope ? slope[0] : (double)NAN;
}

/* Gradient descent from the wrong prediction σ(-6) of a label 1, at the rate 1: the last prediction. */
static double descend(struct study_run *run, bool squared)
{
    wg_tensor *z = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(1, 1), -6), true), *one = wg_ones(WG_F64, WG_SHAPE(1, 1));
    wg_optim *sgd = z && one ? wg_optim_sgd(((wg_tensor_list){1, &z, NULL}), .lr = 1) : NULL;
    bool good = sgd != NULL;
    double p = 0;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *loss = loss_of(SIGMOID, squared, z, one);
        p = wg_item(wg_sigmoid(z));
        good = (t % 5 || study_row(run, "%d,%d,%.9g", squared, t, p)) && wg_backward(loss) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    wg_free(z), wg_free(one);
    return good ? p : (double)NAN;
}

/* Labels and one-hot targets are one loss: how far they are apart. */
static double one_hot_off(void)
{
    WG_TAPE(tape);
    wg_tensor *z, *t;
    make(SOFTMAX, 0.7, &z, &t);
    return fabs(wg_item(wg_cross_entropy(z, t)) - wg_item(wg_cross_entropy(z, wg_from(((int64_t[]){0}), WG_SHAPE(1)))));
}

/* Control: the squared error after sigmoid and softmax. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double worst = 0;
    bool good = study_row(run, "z,identity,sigmoid,softmax,squared");
    for (int i = 0; i < POINTS && good; i++) {
        const double x = (i - POINTS / 2) / 10.0;
        double g[HEADS + 1], off;
        for (int head = 0; head < HEADS; head++) {
            g[head] = gradient((enum head)head, run->control, x, &off);
            worst = fmax(worst, off);
            good = good && !isnan(g[head]);
        }
        g[HEADS] = gradient(SIGMOID, true, x, &off);
        good = good && (i % 4 || study_row(run, "%g,%.9g,%.9g,%.9g,%.9g", x, g[0], g[1], g[2], g[3]));
    }
    good = good && study_table(run, "descent", "squared,step,probability");
    const double matched = descend(run, false), squared = descend(run, true), apart = one_hot_off();
    if (!good || isnan(matched + squared))
        return false;
    study_claim(run, apart < 1e-14, "softmax: the cross entropy with a label and with its one-hot vector differ by %.1e", apart);
    study_claim(
        run, matched > 0.99 && squared < 0.5,
        "%d steps from the wrong side: the cross entropy takes the probability of the label from 0.002 to %.3f, the squared error "
        "to %.4f",
        STEPS, matched, squared);
    study_decide(
        run, worst < 1e-14,
        "identity with ½(z-t)², sigmoid and softmax with cross entropies, z from -6 to 6: the gradient by z is prediction less "
        "target, off by %.1e; 1e-14 allowed",
        worst);
    return true;
}

const struct study study_heads = {.name = "heads", .control = "the squared error after sigmoid and softmax", .run = run};
