/* The perceptron converges although the derivative of its sign is 0. Its rule, w ← w + yx at each mistake and nothing otherwise, is no
   descent on an error after the sign. It is a step of SGD at the rate 1 on max(0, -y wᵀx), a loss of the score before the sign, whose
   gradient at a mistake is -yx.

   Novikoff's theorem: if some w* of norm 1 has y w*ᵀx ≥ γ for all points, and all ‖x‖ ≤ R, there are at most (R/γ)² mistakes.

   The question is that of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { N = 100, EPOCHS = 200, MARGINS = 5 };
static const double margins[MARGINS] = {0.02, 0.05, 0.1, 0.2, 0.3};

/* Points (x₁, x₂, 1) of the square [-1, 1]² and labels, at the distance γ or more of a line; R: the largest norm. flipped: labels of so
   many of the points are wrong. */
static bool draw_points(uint64_t seed, double gamma, int flipped, double *x, double *y, double *R)
{
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, 0);
    const double w[3] = {0.8 / 1.02, 0.6 / 1.02, 0.2 / 1.02}, norm = sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2]);
    bool good = generator != NULL;
    *R = 0;
    for (int n = 0; n < N && good;) {
        double u[2] = {0};
        good = wg_read(wg_uniform(generator, WG_F64, WG_SHAPE(2), -1, 1), u) == WG_OK;
        const double score = (w[0] * u[0] + w[1] * u[1] + w[2]) / norm;
        if (fabs(score) < gamma)
            continue;
        x[3 * n] = u[0], x[3 * n + 1] = u[1], x[3 * n + 2] = 1;
        y[n] = (score > 0) == (n >= flipped) ? 1 : -1;
        *R = fmax(*R, sqrt(u[0] * u[0] + u[1] * u[1] + 1));
        n++;
    }
    wg_free(generator);
    return good;
}

/* SGD at the rate 1 on max(0, -y wᵀx), a point at a time, until an epoch is without a mistake: all mistakes; -1 if something failed. A
   score of 0 is a mistake, too: the first point has it, so w begins at its yx. */
static int train(const double *x, const double *y, double w_out[3], int *epochs)
{
    wg_tensor *w = wg_set_requires_grad(wg_from(((double[]){y[0] * x[0], y[0] * x[1], y[0]}), WG_SHAPE(3)), true);
    wg_optim *sgd = w ? wg_optim_sgd(((wg_tensor_list){1, &w, NULL}), .lr = 1) : NULL;
    int mistakes = 1, before = 0;
    bool good = sgd != NULL;
    for (*epochs = 0; *epochs < EPOCHS && mistakes != before && good; ++*epochs) {
        before = mistakes;
        for (int i = 0; i < N && good; i++) {
            WG_TAPE(tape);
            wg_tensor *loss = wg_relu(wg_mul_scalar(wg_dot(w, wg_from(x + 3 * i, WG_SHAPE(3))), -y[i]));
            mistakes += wg_item(loss) > 0;
            good = wg_backward(loss) == WG_OK && wg_optim_step(sgd) == WG_OK;
        }
    }
    good = good && wg_read(w, w_out) == WG_OK;
    wg_optim_destroy(sgd);
    wg_free(w);
    return good ? mistakes : -1;
}

/* The gradient of (y - sign(wᵀx))², at a mistake, by w: its largest element. */
static double gradient_after_sign(void)
{
    WG_TAPE(tape);
    wg_tensor *w = wg_set_requires_grad(wg_from(((double[]){1, -2, 0.5}), WG_SHAPE(3)), true);
    wg_tensor *score = wg_dot(w, wg_from(((double[]){0.3, 0.4, 1}), WG_SHAPE(3)));
    return wg_item(wg_max(wg_abs(wg_grad(wg_square(wg_add_scalar(wg_sign(score), 1)), w))));
}

/* Control: ten of the hundred labels are wrong. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double x[3 * N], y[N], w[3], R, share = 0, slope = gradient_after_sign();
    int n_ended = 0;
    bool good = study_row(run, "gamma,mistakes,bound,epochs");
    for (int i = 0; i < MARGINS && good; i++) {
        int epochs;
        good = draw_points(run->seed, margins[i], run->control ? 10 : 0, x, y, &R);
        const int mistakes = good ? train(x, y, w, &epochs) : -1;
        const double bound = pow(R / margins[i], 2);
        good = mistakes >= 0 && study_row(run, "%g,%d,%.6g,%d", margins[i], mistakes, bound, epochs);
        n_ended += good && epochs < EPOCHS;
        share = fmax(share, mistakes / bound);
    }
    good = good && study_table(run, "points", "x,y,class,w1,w2,w3"); /* of the largest margin */
    for (int i = 0; i < N && good; i++)
        good = study_row(run, "%.4f,%.4f,%g,%.6g,%.6g,%.6g", x[3 * i], x[3 * i + 1], y[i], w[0], w[1], w[2]);
    if (!good)
        return false;
    study_claim(run, slope == 0, "the gradient of (y - sign(wᵀx))² at a mistake is %g", slope);
    study_decide(
        run, n_ended == MARGINS && share <= 1,
        "SGD on max(0, -y wᵀx) ends without mistakes for %d of %d sets with margins γ from 0.02 to 0.3, after at most %.3f of "
        "the (R/γ)² mistakes that Novikoff's theorem allows",
        n_ended, MARGINS, share);
    return true;
}

const struct study study_perceptron = {
    .name = "perceptron", .control = "ten wrong labels in a hundred, so that no line separates,", .run = run};
