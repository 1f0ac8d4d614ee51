/* The smallest loss of a network that is not convex: two linear layers of one weight each and one example, x = y = 1,

       L(w) = (1 - w₁w₂)²,      H = [2w₂²  4w₁w₂ - 2; 4w₁w₂ - 2  2w₁²].

   At 0 the Hessian H has the eigenvalues ±2: a saddle. At (1, 1), as everywhere on the curve w₁w₂ = 1 of the minima, one of them is 0.
   On the diagonal w = (t, t) they are 6t² - 2 and 2 - 2t².

   The loss is that of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7. */
#include "../study.h"

#include <math.h>

static wg_tensor *product_loss(wg_tensor *const *w, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_square(wg_add_scalar(wg_neg(wg_mul(wg_select(w[0], 0, 0), wg_select(w[0], 0, 1))), 1));
}

static wg_tensor *sum_loss(wg_tensor *const *w, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_square(wg_add_scalar(wg_neg(wg_sum(w[0])), 1));
}

/* L and the eigenvalues of H at (w₁, w₂). */
static bool look(wg_function *f, double w1, double w2, wg_study_point *point)
{
    wg_tensor *w = wg_from(((double[]){w1, w2}), WG_SHAPE(2));
    const wg_study_loss loss = {.f = f, .params = {1, &w, NULL}};
    const bool good = w && wg_study_classify(&loss, point) == WG_OK;
    wg_free(w);
    return good;
}

/* The path of gradient descent from (w₁, w₂) at the rate 0.02. */
static bool descend(struct study_run *run, wg_function *f, double w1, double w2)
{
    wg_tensor *w = wg_from(((double[]){w1, w2}), WG_SHAPE(2));
    wg_optim *sgd = w && wg_set_requires_grad(w, true) ? wg_optim_sgd(((wg_tensor_list){1, &w, NULL}), .lr = 0.02) : NULL;
    bool good = sgd != NULL;
    for (int t = 0; t <= 150 && good; t++) {
        WG_TAPE(tape);
        const double *at = wg_data(w);
        good = (t % 10 != 0 || study_row(run, "%g,%.5g,%.5g", w1, at[0], at[1])) && wg_backward(f(&w, 1, NULL)) == WG_OK &&
               wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    wg_free(w);
    return good;
}

/* Control: (1 - w₁ - w₂)², which is convex. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_function *f = run->control ? sum_loss : product_loss;
    wg_study_point zero, one, minus, far, at = {0};
    double worst = 0;
    bool good = study_row(run, "t,smallest,largest");
    for (int i = -30; i <= 30 && good; i++) {
        const double t = i / 20.0, a = 6 * t * t - 2, b = 2 - 2 * t * t;
        good = look(f, t, t, &at) && study_row(run, "%g,%.9g,%.9g", t, at.smallest, at.largest);
        worst = fmax(worst, fmax(fabs(at.smallest - fmin(a, b)), fabs(at.largest - fmax(a, b))));
    }
    good = good && study_table(run, "paths", "start,w1,w2") && descend(run, f, 1.8, -0.7) && descend(run, f, -1.4, 1.4) &&
           descend(run, f, -0.2, -1.7) && look(f, 0, 0, &zero) && look(f, 1, 1, &one) && look(f, -1, -1, &minus) &&
           look(f, 1, -1, &far);
    if (!good)
        return false;
    study_claim(run, worst < 1e-12, "on the diagonal the eigenvalues are 6t² - 2 and 2 - 2t² within %.1e of 1e-12", worst);
    study_claim(run, zero.loss > (one.loss + minus.loss) / 2,
                "not convex: the loss in the middle of (1, 1) and (-1, -1) is %g, the mean at both is %g", zero.loss,
                (one.loss + minus.loss) / 2);
    study_claim(run, zero.loss < far.loss, "not concave: in the middle of (1, -1) and (-1, 1) it is %g, the mean at both is %g",
                zero.loss, far.loss);
    study_decide(
        run,
        zero.kind == WG_STUDY_SADDLE &&
            fabs(zero.smallest + 2) + fabs(zero.largest - 2) + fabs(one.smallest) + fabs(one.largest - 4) < 1e-12,
        "(1 - w₁w₂)²: the Hessian's eigenvalues are %g and %g at 0, a saddle, and %.3g and %g at (1, 1); expected ±2, and 0 and 4, within 1e-12",
        zero.smallest, zero.largest, one.smallest, one.largest);
    return true;
}

const struct study study_two_weights = {.name = "two_weights", .control = "(1 - w₁ - w₂)², which is convex", .run = run};
