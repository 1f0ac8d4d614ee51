/* Two misprints about adaptive rates.

   RMSProp is said to rescale the gradient to the norm 1 (F. Gogianu, Optimization, Bitdefender). It divides each element by the root of
   its own mean square, so each becomes about 1 in size, and the norm of n elements about √n.

   AdaGrad's sum is printed as Σ_j (∇f(x_t))², with j = 1 … t and the t of now in the summand (A. Risteski, Deep Learning 10707,
   Carnegie Mellon, 2021, lecture 6). That is t times the last gradient's square, so the step would be η sign(g)/√t, whatever came
   before. Right is Σ_j (∇f(x_j))², to t - 1 on that slide. */
#include "../study.h"

#include <math.h>

enum { SIZES = 5, STEPS = 60, WARM = 300 };

/* The root mean square of the norm of RMSProp's rescaled gradient, over STEPS steps of n elements of Gaussian noise of very unequal sizes,
   after WARM steps; NaN if something failed. */
static double rescaled_norm(int64_t n, uint64_t seed)
{
    wg_tensor *x = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(n)), true), *generator = wg_generator(seed, 0);
    wg_tensor *power = wg_uniform(generator, WG_F64, WG_SHAPE(n), -5, 5), *scale = wg_exp(power);
    wg_optim *rmsprop = x ? wg_optim_rmsprop(((wg_tensor_list){1, &x, NULL}), .lr = 1, .alpha = 0.99) : NULL;
    bool good = rmsprop && scale;
    double square = 0;
    for (int t = 0; t < WARM + STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *before = wg_hold(wg_copy(x)), *g = wg_mul(scale, wg_normal(generator, WG_F64, WG_SHAPE(n), 0, 1));
        good = wg_backward(wg_sum(wg_mul(g, x))) == WG_OK && wg_optim_step(rmsprop) == WG_OK;
        square += t >= WARM ? wg_item(wg_sum_squares(wg_sub(x, before))) / STEPS : 0;
    }
    wg_optim_destroy(rmsprop);
    wg_free(x), wg_free(generator), wg_free(power), wg_free(scale);
    return good ? sqrt(square) : (double)NAN;
}

/* AdaGrad on ½x² from 1, whose gradient is x: the library's, and beside it x - η g/√v with v of the stated sum up to t - 1, and the step 0
   where v is 0. off: the largest distance of the library's path from that with the right sum, and with the printed one. */
static bool adagrad(struct study_run *run, double off[2])
{
    const double rate = 0.3;
    wg_tensor *x = wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(1)), true);
    wg_optim *optim = x ? wg_optim_adagrad(((wg_tensor_list){1, &x, NULL}), .lr = rate, .past = true, .eps = 0) : NULL;
    double y[2] = {1, 1}, sum = 0; /* y: with the right sum, with the printed one */
    bool good = optim != NULL;
    for (int t = 1; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        const double v[2] = {sum, (t - 1) * y[1] * y[1]}, at = wg_item(x);
        good = study_row(run, "%d,%.9g,%.9g,%.9g", t, at, y[0], y[1]) &&
               wg_backward(wg_mul_scalar(wg_sum(wg_square(x)), 0.5)) == WG_OK && wg_optim_step(optim) == WG_OK;
        sum += y[0] * y[0];
        for (int i = 0; i < 2; i++) {
            off[i] = fmax(off[i], fabs(at - y[i]));
            y[i] -= v[i] > 0 ? rate * y[i] / sqrt(v[i]) : 0;
        }
    }
    wg_optim_destroy(optim);
    wg_free(x);
    return good;
}

/* Control: the norm 1, and t times the last square. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static const double n[SIZES] = {1, 4, 16, 64, 256};
    double norm[SIZES], worst = 0, off[2] = {0};
    bool good = study_row(run, "step,library,right,printed") && adagrad(run, off) && study_table(run, "norms", "n,norm");
    for (int i = 0; i < SIZES && good; i++) {
        norm[i] = rescaled_norm((int64_t)n[i], run->seed);
        good = !isnan(norm[i]) && study_row(run, "%g,%.9g", n[i], norm[i]);
        worst = fmax(worst, fabs(norm[i] / (run->control ? 1 : sqrt(n[i])) - 1));
    }
    if (!good)
        return false;
    study_claim(run, norm[SIZES - 1] > 10, "E15, printed: the rescaled gradient of 256 elements has the norm %.1f, and not 1",
                norm[SIZES - 1]);
    study_claim(run, off[1] > 0.05, "E17, printed: with the sum of (∇f(x_t))² the path leaves AdaGrad's by up to %.2g", off[1]);
    study_decide(
        run, worst < 0.3 && off[run->control] < 1e-12,
        "RMSProp's rescaled gradient of 1 to 256 elements has the stated norm within %.2g %% (30 %%: one element, %d steps); the "
        "stated sum's path is off AdaGrad's by %.1e (1e-12)",
        100 * worst, STEPS, off[run->control]);
    return true;
}

const struct study study_errata_scaling = {
    .name = "errata_scaling", .control = "the norm 1 and the sum of (∇f(x_t))², as printed,", .run = run};
