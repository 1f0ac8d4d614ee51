/* Is the noise of perturbed descent necessary? Not where the batches' own gradients have variance in every direction. f is the
   saddle x₁⁴/4 - x₁²/2 + x₂²/2, the mean of f(x) ± aᵢ·x over pairs of examples. From (0, 1):

       gradient descent                         stays on x₁ = 0 and ends at the saddle
       SGD, a in every direction                leaves it as perturbed descent does
       SGD, a along x₂ alone                    has no variance in the direction that leads out, and stays

   The remark is that of V. Cevher, Mathematics of Data (EPFL, 2019). */
#include "../study.h"

#include <math.h>

enum { RUNS = 100, STEPS = 300, KINDS = 4 };

enum kind { FULL, BATCH, BATCH_ACROSS, PERTURBED };
static const char *const name[KINDS] = {"full", "batch", "batch_across", "perturbed"};

/* The share of runs within 0.5 of a minimum, (±1, 0); NaN on failure. All runs are the rows of x; each step each run has an
   example of its own. */
static double train(struct study_run *run, enum kind kind)
{
    wg_tensor *x = wg_zeros(WG_F64, WG_SHAPE(RUNS, 2)), *generator = wg_generator(run->seed, 0);
    double *at = wg_data_mut(x), arrived = 0;
    for (int i = 0; i < RUNS; i++)
        at[2 * i + 1] = 1;
    wg_optim *sgd = wg_set_requires_grad(x, true) ? wg_optim_sgd(((wg_tensor_list){1, &x, NULL}), .lr = 0.05) : NULL;
    bool good = sgd != NULL;
    for (int t = 0; t <= STEPS && good; t++) {
        arrived = 0;
        for (int i = 0; i < RUNS; i++)
            arrived += hypot(fabs(at[2 * i]) - 1, at[2 * i + 1]) < 0.5;
        good = study_row(run, "%s,%d,%g", name[kind], t, arrived / RUNS);
        WG_TAPE(tape);
        wg_tensor *first = wg_slice(x, 1, 0, 1, 1), *second = wg_slice(x, 1, 1, 2, 1),
                  *a = wg_normal(generator, WG_F64, WG_SHAPE(RUNS, 2), 0, 0.7);
        wg_tensor *f = wg_sub(wg_mul_scalar(wg_sum_squares(wg_square(first)), 0.25), wg_mul_scalar(wg_sum_squares(first), 0.5));
        f = wg_add(f, wg_mul_scalar(wg_sum_squares(second), 0.5));
        if (kind == PERTURBED) /* ξ on the unit circle of each run */
            a = wg_div(a, wg_sqrt(wg_sum(wg_square(a), .axis = 1, .keepdims = true)));
        if (kind == BATCH_ACROSS)
            a = wg_mul(a, wg_from(((double[]){0, 1}), WG_SHAPE(2)));
        if (kind != FULL)
            f = wg_add(f, wg_sum(wg_mul(a, x)));
        good = good && wg_backward(f) == WG_OK && wg_optim_step(sgd) == WG_OK;
    }
    wg_optim_destroy(sgd);
    wg_free(x), wg_free(generator);
    return good ? arrived / RUNS : (double)NAN;
}

/* Control: batches whose noise has no part in the direction that leads out. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    bool good = study_row(run, "kind,step,share");
    const double full = train(run, FULL), batch = train(run, run->control ? BATCH_ACROSS : BATCH),
                 across = train(run, BATCH_ACROSS), perturbed = train(run, PERTURBED);
    good = good && !isnan(full + batch + across + perturbed);
    study_claim(run, perturbed > 0.9, "with noise from the circle %.2f of the runs are at a minimum, above 0.9", perturbed);
    study_decide(run, full == 0 && across == 0 && batch > 0.9,
                 "from a saddle's stable line, %d steps: none of %d runs leaves it with the full gradient, none where the "
                 "batches' noise lies along the line, and %.2f are at a minimum where it has variance in every direction, "
                 "above 0.9",
                 STEPS, RUNS, batch);
    return good;
}

const struct study study_batch_noise = {.name = "batch_noise", .control = "batch noise along the stable line alone", .run = run};
