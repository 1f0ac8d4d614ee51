/* The loss on a plane through the weights of a network: L(w + s a + t b) for two random directions a and b. Each filter (a unit's
   weights) of a direction is given the norm of that filter of w, so that slices of networks with other weights compare. Before training
   the slice falls to one side; after it the weights stand at its lowest point.

   Scaling by filters is that of Li, Xu, Taylor, Studer, Goldstein: Visualizing the loss landscape of neural nets, 2018. */
#include "teacher_net.h"

enum { POINTS = 21, STEPS = 300, PLANES = 8 };

/* PLANES slices, of which the first is rows of the table; *middle is the loss at w itself, *lower how many points of all lie below that. */
static bool slices(struct study_run *run, const struct teacher_net *of, const char *when, double *middle, int *lower)
{
    bool good = study_table(run, when, "s,t,loss");
    *lower = 0;
    for (uint64_t k = 0; k < PLANES && good; k++) {
        wg_tensor *a = wg_study_direction(&of->loss, .seed = run->seed + 200 * k),
                  *b = wg_study_direction(&of->loss, .seed = run->seed + 200 * k + 100);
        wg_tensor *plane = a && b ? wg_study_plane(&of->loss, a, b, .points = POINTS) : NULL;
        const double *at = plane ? wg_data_as(plane, double) : NULL;
        good = at != NULL;
        *middle = good ? at[3 * (POINTS * POINTS / 2) + 2] : 0;
        for (int i = 0; i < POINTS * POINTS && good; i++) {
            *lower += at[3 * i + 2] < *middle;
            good = k > 0 || study_row(run, "%.4g,%.4g,%.5g%s", at[3 * i], at[3 * i + 1], at[3 * i + 2],
                                      i % POINTS == POINTS - 1 ? "\n" : "");
        }
        wg_free(a), wg_free(b), wg_free(plane);
    }
    return good;
}

/* Control: the network is not trained. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct teacher_net of;
    wg_study_descent here = {0};
    double middle[2];
    int lower[2];
    bool good = teacher_net_make(&of, false, run->seed) && slices(run, &of, "start", &middle[0], &lower[0]);
    const double largest = good ? teacher_net_curvature(&of) : 0;
    good = good && teacher_net_train(&of, 1 / largest, run->control ? 0 : STEPS) &&
           slices(run, &of, "trained", &middle[1], &lower[1]) && wg_study_curvature(&of.loss, &here) == WG_OK;
    if (good) {
        study_claim(run, middle[1] == here.loss, "the middle of the slice is the loss itself, to the last bit: %.6g", here.loss);
        study_claim(run, lower[0] > 0, "at the start %d of 3,528 points of eight slices lie below the network's loss, more than 0",
                    lower[0]);
        study_decide(
            run, lower[1] == 0,
            "eight slices by random directions, scaled by filters: after training none of 3,528 points lies below the network's own loss, %.4g (%d found; before training %d)",
            middle[1], lower[1], lower[0]);
    }
    teacher_net_free(&of);
    return good;
}

const struct study study_loss_slice = {.name = "loss_slice", .control = "a network that is not trained", .run = run};
