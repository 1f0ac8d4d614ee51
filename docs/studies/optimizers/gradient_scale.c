/* What RMSProp does to the length of a gradient. It divides each coordinate by the root of the mean of its squares, so that a
   coordinate of a step has size about 1, times the rate, whatever the scale of the gradient; the norm of a step of n coordinates
   is then about √n, not 1. With g ~ N(0, s²) and r near s² the mean square of g/√r is 1.

   The claim "the gradient is rescaled" is that of F. Gogianu, Optimization (Bitdefender ML). */
#include "../study.h"

#include <math.h>

enum { STEPS = 400, WARMUP = 100, SIZES = 6 };

/* The root mean square of |Δx|/η over the steps after the warm-up, for n coordinates of random gradients of size s; NaN on
   failure. */
static double norm_of_step(struct study_run *run, int64_t n, double s, int stream)
{
    wg_tensor *x = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(n)), true),
              *generator = wg_generator(run->seed, (uint64_t)stream);
    const wg_tensor_list list = {1, &x, NULL};
    wg_optim *optim = run->control ? wg_optim_sgd(list, .lr = 1) : wg_optim_rmsprop(list, .lr = 1, .alpha = 0.98, .eps = 0);
    double sum = optim ? 0 : (double)NAN;
    for (int t = 0; t < STEPS && !isnan(sum); t++) {
        WG_TAPE(tape);
        wg_tensor *before = wg_copy(x);
        const bool good = wg_add_gradient(x, wg_normal(generator, WG_F64, WG_SHAPE(n), 0, s)) == WG_OK &&
                          wg_optim_step(optim) == WG_OK;
        const double squares = wg_item(wg_sum_squares(wg_sub(x, before)));
        sum = !good ? (double)NAN : t < WARMUP ? 0 : sum + squares / (STEPS - WARMUP);
    }
    wg_optim_destroy(optim);
    wg_free(x), wg_free(generator);
    return sqrt(sum);
}

/* Control: plain gradients, which keep their scale. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static const double scale[] = {0.001, 1, 1000};
    double n[SIZES], norm[SIZES], off = 0;
    bool good = study_row(run, "n,small,medium,large");
    for (int i = 0; i < SIZES && good; i++) {
        double of[3];
        n[i] = pow(4, i);
        for (int k = 0; k < 3; k++) {
            of[k] = norm_of_step(run, (int64_t)n[i], scale[k], 3 * i + k);
            off = fmax(off, fabs(log(of[k] / sqrt(n[i]))));
            good = good && !isnan(of[k]);
        }
        norm[i] = of[1];
        good = good && study_row(run, "%g,%.6g,%.6g,%.6g", n[i], of[0], of[1], of[2]);
    }
    study_near(run, "exponent of the norm of a step in n", study_exponent(n, norm, SIZES), 0.5, 0.03);
    study_decide(run, off < 0.15,
                 "RMSProp's steps have the norm η√n, not η, for n from 1 to 1024 and gradients of size 0.001, 1 and 1000: "
                 "within a factor of %.3f, at most e^0.15; at n = 1 the mean over 300 steps has an error of 0.06",
                 exp(off));
    return good;
}

const struct study study_gradient_scale = {.name = "gradient_scale", .control = "plain gradients", .run = run};
