/* Four outputs, their argmax and their cross entropy. A network with c outputs s = Bσ(W₁x + b₁) has a score for each class. The
   decision is the class of the largest score; the loss of a label k is -ln softmax(s)_k = ln Σ e^{s_j} - s_k.

   Scores .1, -.8, 1.4, 1.1: class 3, with the loss 2.95 if the label is 2 and 0.75 if it is 3. The example is that of V. Cevher,
   Mathematics of Data (EPFL, 2019), lecture 7. */
#include "../study.h"

#include <math.h>

enum { CLASSES = 4 };
static const double scores[CLASSES] = {.1, -.8, 1.4, 1.1};

/* The cross entropy of a label from 1 to CLASSES; from_zero: as if labels were counted from 0, as the library counts. */
static double loss_of(int label, bool from_zero)
{
    WG_TAPE(tape);
    wg_tensor *s = wg_from(scores, WG_SHAPE(1, CLASSES)), *y = wg_from(((int64_t[]){from_zero ? label : label - 1}), WG_SHAPE(1));
    return wg_item(wg_cross_entropy(s, y));
}

/* The class of the largest score, from 1, and the probabilities. */
static bool decide(int64_t *class, double *probability)
{
    WG_TAPE(tape);
    wg_tensor *s = wg_from(scores, WG_SHAPE(1, CLASSES));
    return wg_read(wg_softmax(s), probability) == WG_OK && wg_read(wg_argmax(s), class) == WG_OK && ++*class;
}

/* Control: labels counted from 0. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    int64_t class;
    double p[CLASSES], sum = 0, off = 0;
    bool good = decide(&class, p) && study_row(run, "class,score,probability,loss");
    for (int k = 0; k < CLASSES && good; k++) {
        const double loss = loss_of(k + 1, false);
        sum += p[k];
        off = fmax(off, fabs(loss + log(p[k])));
        good = study_row(run, "%d,%g,%.9g,%.9g", k + 1, scores[k], p[k], loss);
    }
    if (!good)
        return false;
    study_claim(run, class == 3, "the argmax of the scores is class %lld, expected 3", (long long)class);
    study_near(run, "the probabilities add up to", sum, 1, 1e-15);
    study_claim(run, off < 1e-14, "the loss is minus the logarithm of the label's probability: off by %.1e, 1e-14 allowed", off);
    const double two = loss_of(2, run->control), three = loss_of(3, run->control);
    study_decide(
        run, fabs(two - 2.9534) < 5e-5 && fabs(three - 0.7534) < 5e-5,
        "cross entropy of the scores .1, -.8, 1.4, 1.1: %.4f for label 2, expected 2.9534; %.4f for label 3, expected 0.7534; "
        "5e-5 allowed, half a digit",
        two, three);
    return true;
}

const struct study study_cross_entropy_example = {.name = "cross_entropy_example", .control = "labels counted from 0", .run = run};
