/* What gradient descent meets on its way. By the descent lemma a step at the rate α lowers the loss if the curvature along the gradient,
   gᵀHg/gᵀg, stays below 2/α. At α = 1/λ, λ the largest eigenvalue at the start, that holds while the landscape gets no steeper. Along
   the path the curvature and the measured Lipschitz constant ‖Δg‖/‖Δx‖ fall by two orders of magnitude: once the steep directions are
   used up, the gradient lies in flat ones.

   The question is that of A. Risteski, Deep Learning (CMU, 2021), lecture 6. */
#include "teacher_net.h"

#include <math.h>

enum { STEPS = 300 };

/* Control: the rate 3/λ. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct teacher_net of;
    bool good = teacher_net_make(&of, false, run->seed) && study_row(run, "step,loss,curvature,lipschitz,limit");
    const double largest = good ? teacher_net_curvature(&of) : (double)NAN, rate = (run->control ? 3 : 1) / largest;
    wg_study_track *track = good ? wg_study_track_create(&of.loss) : NULL;
    wg_study_record record = {.at = {.loss = INFINITY}};
    double first = 0;
    int lower = 0, below = 0;
    good = track && isfinite(rate);
    for (int step = 0; step < STEPS && good; step++) {
        const double before = record.at.loss;
        good = wg_study_track_step(track, &record) == WG_OK && teacher_net_train(&of, rate, 1) &&
               (step % 3 ||
                study_row(run, "%d,%.6g,%.6g,%.6g,%.6g", step, record.at.loss, record.at.rayleigh, record.lipschitz, 2 / rate));
        first = step == 0 ? record.at.rayleigh : first;
        lower += record.at.loss < before;
        below += record.at.rayleigh * rate < 2;
    }
    if (good) {
        study_claim(run, record.at.rayleigh < first / 10,
                    "the curvature along the gradient falls from %.3g to %.3g, by at least 10", first, record.at.rayleigh);
        study_decide(
            run, lower == STEPS && below == STEPS,
            "gradient descent at the rate 1/λ: the curvature along the gradient is below 2/rate in %d of 300 steps, and the loss falls in %d",
            below, lower);
    }
    wg_study_track_destroy(track);
    teacher_net_free(&of);
    return good;
}

const struct study study_descent_curvature = {.name = "descent_curvature", .control = "the rate 3/λ", .run = run};
