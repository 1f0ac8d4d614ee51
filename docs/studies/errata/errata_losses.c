/* Three misprints about losses and shapes.

   The binary cross entropy is -y ln ŷ - (1 - y) ln(1 - ŷ). Printed is y ln ŷ - (1 - y) ln(1 - ŷ), without the first minus (J. Sun, Training
   DNNs: Basic Methods, Minnesota, 2020). For y = 1 that falls without bound as ŷ goes to 0: descending it unlearns the label.

   The cosine y·t/(‖y‖ ‖t‖) is listed as a loss (F. Gogianu, Optimization, Bitdefender). It is largest, 1, where y points along t; the loss
   needs a minus sign.

   The bias b₁ of a hidden layer σ(W₁x + b₁) is printed as a vector of R^d, d being the number of inputs (V. Cevher, Mathematics of Data,
   EPFL, 2019, lecture 7). It is added to W₁x, which has m elements, one for each hidden unit, so b₁ is of R^m. */
#include "../study.h"

#include <math.h>

enum { STEPS = 60 };

/* The probability of a label that is 1, ŷ = σ(z), and the loss, after each step of gradient descent at the rate 1 from ŷ = ½. */
static bool learn_label(struct study_run *run, const char *form, double sign, double *probability)
{
    wg_tensor *z = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(1)), true), *one = wg_ones(WG_F64, WG_SHAPE(1));
    wg_optim *sgd = z && one ? wg_optim_sgd(((wg_tensor_list){1, &z, NULL}), .lr = 1) : NULL;
    bool good = sgd != NULL;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *p = wg_sigmoid(z), *loss = wg_mul_scalar(wg_bce(p, one), sign); /* y = 1 has the first term alone */
        *probability = wg_item(p);
        good = study_row(run, "label,%s,%d,%.9g,%.9g", form, t, *probability, wg_item(loss)) && wg_backward(loss) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    wg_free(z), wg_free(one);
    return good;
}

/* The cosine between y and t = (3, 4), as y descends sign times the cosine loss from (1, -1) at the rate 0.5. */
static bool turn(struct study_run *run, const char *form, double sign, double *cosine)
{
    wg_tensor *y = wg_set_requires_grad(wg_from(((double[]){1, -1}), WG_SHAPE(1, 2)), true);
    wg_tensor *t = wg_from(((double[]){3, 4}), WG_SHAPE(1, 2));
    wg_optim *sgd = y && t ? wg_optim_sgd(((wg_tensor_list){1, &y, NULL}), .lr = 0.5) : NULL;
    bool good = sgd != NULL;
    for (int k = 0; k <= STEPS && good; k++) {
        WG_TAPE(tape);
        wg_tensor *loss = wg_mul_scalar(wg_cosine_loss(y, t), sign);
        *cosine = -sign * wg_item(loss);
        good = study_row(run, "cosine,%s,%d,%.9g,%.9g", form, k, *cosine, wg_item(loss)) && wg_backward(loss) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    wg_free(y), wg_free(t);
    return good;
}

/* True if a hidden layer of 5 units on 3 inputs takes a bias of n elements. */
static bool takes_bias(int64_t n)
{
    WG_TAPE(tape);
    wg_tensor *x = wg_ones(WG_F64, WG_SHAPE(1, 3)), *w = wg_ones(WG_F64, WG_SHAPE(5, 3)), *b = wg_ones(WG_F64, WG_SHAPE(n));
    const bool taken = wg_linear(x, w, b) != NULL;
    (void)wg_error_take(NULL);
    return taken;
}

/* Control: the printed forms. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double p[2], cosine[2];
    const int stated = run->control;
    if (!study_row(run, "what,form,step,value,loss") || !learn_label(run, "right", 1, &p[0]) ||
        !learn_label(run, "printed", -1, &p[1]) || !turn(run, "right", 1, &cosine[0]) || !turn(run, "printed", -1, &cosine[1]))
        return false;
    study_claim(run, p[1] < 0.02,
                "E3, printed: descent on y ln ŷ - (1 - y) ln(1 - ŷ) takes ŷ of a label 1 from 0.5 to %.4f, below 0.02", p[1]);
    study_claim(run, cosine[1] < -0.99, "E13, printed: descent on the cosine turns y away from t, to the cosine %.4f", cosine[1]);
    study_claim(run, !takes_bias(3), "E13, printed: a bias of d = 3 elements does not fit 5 hidden units of 3 inputs");
    study_decide(
        run, p[stated] > 0.95 && cosine[stated] > 0.99 && takes_bias(stated ? 3 : 5),
        "%d steps with the stated signs: cross entropy takes ŷ of a label 1 to %.4f (above 0.95), the cosine loss turns y to "
        "the cosine %.4f (above 0.99); b₁ has m elements",
        STEPS, p[stated], cosine[stated]);
    return true;
}

const struct study study_errata_losses = {
    .name = "errata_losses", .control = "the printed signs and the bias of d elements", .run = run};
