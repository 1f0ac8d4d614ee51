/* Linear networks have no bad minima: of ŷ = W_n … W₁x and the squared error each local minimum is global, though the loss is not convex in
   the weights. So descents from random weights end at the loss of the best linear map of the network's rank, whatever the depth. With a
   relu between the layers they end in minima of several losses.

   The claim is in A. Risteski, Deep Learning (CMU, 2021), lecture 6, after Kawaguchi, Deep learning without poor local minima, 2016. */
#include "linear_net.h"

#include <math.h>

enum { STARTS = 20, D = LINEAR_D, RANK = LINEAR_RANK };

/* How many of STARTS descents end within 1e-6 of the lowest end; each end is a row. *above: the lowest end's loss less that of the best linear
   map. -1 on failure. */
static int descend(struct study_run *run, const char *name, struct linear_net *of, size_t layers, double *above)
{
    const double best = of->total - of->lambda[D - 1] - of->lambda[D - 2];
    const wg_shape shapes[] = {WG_SHAPE(RANK, D), layers == 3 ? WG_SHAPE(RANK, RANK) : WG_SHAPE(D, RANK), WG_SHAPE(D, RANK)};
    double excess[STARTS];
    int ends = 0;
    bool good = true;
    *above = INFINITY;
    for (int start = 0; start < STARTS && good; start++) {
        wg_tensor *generator = wg_generator(run->seed, (uint64_t)start + 1), *w[3] = {NULL};
        for (size_t i = 0; i < layers; i++) {
            w[i] = generator ? wg_normal(generator, WG_F64, shapes[i], 0, 0.5) : NULL;
            good = w[i] && wg_set_requires_grad(w[i], true) && good;
        }
        wg_minimizer *bfgs = good ? wg_minimize_bfgs(((wg_tensor_list){layers, w, NULL}), .max_iterations = 1000) : NULL;
        wg_minimize_result result;
        good = bfgs && wg_minimize_run(bfgs, linear_net_loss, of, &result) == WG_OK;
        excess[start] = good ? result.f - best : NAN;
        good = good && study_row(run, "%s,%d,%.9g", name, start, excess[start]);
        *above = fmin(*above, excess[start]);
        wg_minimize_destroy(bfgs);
        wg_free(generator), wg_free(w[0]), wg_free(w[1]), wg_free(w[2]);
    }
    for (int start = 0; start < STARTS && good; start++)
        ends += excess[start] < *above + 1e-6;
    return good ? ends : -1;
}

/* Control: a relu between the layers of all networks. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct linear_net of;
    int ends[3] = {-1, -1, -1};
    double above[3];
    bool good = linear_net_make(&of, run->seed) && study_row(run, "network,start,excess");
    of.relu = run->control;
    good = good && (ends[0] = descend(run, "two", &of, 2, &above[0])) >= 0 &&
           (ends[1] = descend(run, "three", &of, 3, &above[1])) >= 0;
    of.relu = true;
    good = good && (ends[2] = descend(run, "relu", &of, 2, &above[2])) >= 0;
    linear_net_free(&of);
    if (!good)
        return false;
    if (!run->control)
        study_claim(run, fmax(fabs(above[0]), fabs(above[1])) < 1e-6,
                    "the lowest end of both linear networks is the loss of the best linear map of rank 2 within %.1e of 1e-6",
                    fmax(fabs(above[0]), fabs(above[1])));
    study_claim(run, ends[2] < STARTS / 2,
                "with a relu between two layers %d of %d descents end at their lowest loss, fewer than half", ends[2], STARTS);
    study_decide(
        run, ends[0] == STARTS && ends[1] == STARTS,
        "of 20 random starts %d end within 1e-6 of the lowest of their ends for two linear layers, and %d for three: no local minimum is "
        "worse; with a relu between the layers %d do",
        ends[0], ends[1], ends[2]);
    return true;
}

const struct study study_linear_network = {.name = "linear_network", .control = "a relu between the layers", .run = run};
