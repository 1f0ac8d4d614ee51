/* Where adaptive rules find a worse solution than gradient descent. Least squares, min ‖Xw - y‖²/n, with more features than examples: all
   rules fit y = ±1 exactly, and differ in which of the many solutions they come to. Example i has

       x₁ = yᵢ, x₂ = x₃ = 1, and features that no other example has: one, equal to 1, if yᵢ = 1, five if yᵢ = -1.

   x₁ alone tells the class. Descent from 0 stays in the span of the examples and ends at w = Xᵀ(XXᵀ)⁻¹y, which weighs x₁ most and classifies
   every new example rightly. A rule that divides each gradient by its size moves all weights alike, along sign(Xᵀy): it ends at
   w = ¼ sign(Xᵀy), which weighs features that occurred once as much as x₁. A new example, whose own features were never seen, gets
   w₁y + w₂ + w₃ = (y + 2)/4 > 0, so every new example of class -1 is wrong.

   Source: A. C. Wilson, R. Roelofs, M. Stern, N. Srebro and B. Recht, The marginal value of adaptive gradient methods in machine learning
   (2017), section 3.3; in V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7, and A. Risteski, Deep Learning (CMU, 2021), lecture 6. */
#include "../study.h"

#include <math.h>

enum { EXAMPLES = 100, NEGATIVE = 40, COMMON = 3, OWN = 5, FEATURES = COMMON + OWN * EXAMPLES, STEPS = 3000, EVERY = 20 };
enum rule { SGD, MOMENTUM, ADAGRAD, RMSPROP, ADAM, N_RULES };
static const char *const names[] = {"gradient descent", "momentum", "AdaGrad", "RMSProp", "Adam"};

static double label(int i)
{
    return i < NEGATIVE ? -1 : 1;
}

/* The examples, (n, features), and their classes, (n). */
static bool make(wg_tensor **x, wg_tensor **y)
{
    static double rows[EXAMPLES][FEATURES], classes[EXAMPLES];
    for (int i = 0; i < EXAMPLES; i++) {
        classes[i] = rows[i][0] = label(i);
        rows[i][1] = rows[i][2] = 1;
        for (int j = 0; j < (label(i) > 0 ? 1 : OWN); j++)
            rows[i][COMMON + OWN * i + j] = 1;
    }
    *x = wg_from(&rows[0][0], WG_SHAPE(EXAMPLES, FEATURES));
    *y = wg_from(classes, WG_SHAPE(EXAMPLES));
    return *x && *y;
}

/* Control: ε = 10⁶ is large beside all gradients, so the division is one by a constant, for which the rate makes up. */
static wg_optim *make_rule(enum rule rule, wg_tensor **w, bool control)
{
    const wg_tensor_list params = {1, w, NULL};
    const double eps = control ? 1e6 : 1e-12, scale = control ? 1e6 : 1;
    switch (rule) {
    case SGD:
        return wg_optim_sgd(params, .lr = 0.1);
    case MOMENTUM:
        return wg_optim_sgd(params, .lr = 0.01, .momentum = 0.9);
    case ADAGRAD:
        return wg_optim_adagrad(params, .lr = 0.1 * scale, .eps = eps);
    case RMSPROP:
        return wg_optim_rmsprop(params, .lr = (control ? 0.1 : 1e-3) * scale, .eps = eps);
    default:
        return wg_optim_adam(params, .lr = (control ? 0.1 : 1e-3) * scale, .eps = eps);
    }
}

/* wrong: the share of new examples, whose own features have the weight 0; fit: the mean squared error of the training examples. */
struct outcome {
    double fit, wrong;
};

static bool descend(struct study_run *run, enum rule rule, wg_tensor *x, wg_tensor *y, struct outcome *outcome)
{
    wg_tensor *w = wg_zeros(WG_F64, WG_SHAPE(FEATURES));
    bool good = w && wg_set_requires_grad(w, true);
    wg_optim *optim = good ? make_rule(rule, &w, run->control) : NULL;
    const double *at = wg_data(w);
    good = optim != NULL;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *loss = wg_mean(wg_square(wg_sub(wg_matmul(x, w), y)));
        double wrong = 0;
        for (int i = 0; i < EXAMPLES; i++)
            wrong += label(i) * (label(i) * at[0] + at[1] + at[2]) <= 0;
        *outcome = (struct outcome){wg_item(loss), wrong / EXAMPLES};
        good = t % EVERY != 0 || study_row(run, "%s,%d,%.6g,%.4g", names[rule], t, outcome->fit, 100 * outcome->wrong);
        good = good && wg_backward(loss) == WG_OK && wg_optim_step(optim) == WG_OK;
    }
    wg_optim_destroy(optim);
    wg_free(w);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_tensor *x = NULL, *y = NULL;
    struct outcome outcome[N_RULES];
    double descent = 0, adaptive = 1, fit = 0;
    bool good = make(&x, &y) && study_row(run, "rule,step,fit,wrong");
    for (int rule = 0; rule < N_RULES && good; rule++) {
        good = descend(run, (enum rule)rule, x, y, &outcome[rule]);
        fit = fmax(fit, outcome[rule].fit);
        if (rule <= MOMENTUM)
            descent = fmax(descent, outcome[rule].wrong);
        else
            adaptive = fmin(adaptive, outcome[rule].wrong);
    }
    if (good) {
        study_claim(run, fit < 1e-5,
                    "all five rules fit the training examples: the largest mean squared error is %.1e, below 1e-05", fit);
        study_decide(
            run, descent == 0 && adaptive == NEGATIVE / (double)EXAMPLES,
            "least squares with more features than examples: gradient descent, with momentum too, is wrong on %.0f %% of new examples, "
            "expected 0; AdaGrad, RMSProp and Adam on %.0f %%, expected 40 %%, all of class -1",
            100 * descent, 100 * adaptive);
    }
    wg_free(x), wg_free(y);
    return good;
}

const struct study study_adaptive_margin = {
    .name = "adaptive_margin", .control = "ε = 10⁶, which makes the adaptive rules gradient descent", .run = run};
