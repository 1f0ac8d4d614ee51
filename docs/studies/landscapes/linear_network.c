/* Linear networks have no bad minima: of ŷ = W_n … W₁x and the squared error each local minimum is global, though the loss is not convex in
   the weights. So descents from random weights end at the loss of the best linear map of the network's rank, whatever the depth. With a
   relu between the layers they end in minima of several losses.

   The claim is in A. Risteski, Deep Learning (CMU, 2021), lecture 6, after Kawaguchi, Deep learning without poor local minima, 2016. */
#include "linear_net.h"

#include <math.h>

enum { STARTS = 20, D = LINEAR_D, RANK = LINEAR_RANK };

/* How many of STARTS descents end within 1e-6 of the best linear map's loss; each end is a row. -1 on failure. */
static int descend(struct study_run *run, const char *name, struct linear_net *of, size_t layers)
{
    const double best = of->total - of->lambda[D - 1] - of->lambda[D - 2];
    const wg_shape shapes[] = {WG_SHAPE(RANK, D), layers == 3 ? WG_SHAPE(RANK, RANK) : WG_SHAPE(D, RANK), WG_SHAPE(D, RANK)};
    int ends = 0;
    bool good = true;
    for (int start = 0; start < STARTS && good; start++) {
        wg_tensor *generator = wg_generator(run->seed, (uint64_t)start + 1), *w[3] = {NULL};
        for (size_t i = 0; i < layers; i++) {
            w[i] = generator ? wg_normal(generator, WG_F64, shapes[i], 0, 0.5) : NULL;
            good = w[i] && wg_set_requires_grad(w[i], true) && good;
        }
        wg_minimizer *bfgs = good ? wg_minimize_bfgs(((wg_tensor_list){layers, w, NULL}), .max_iterations = 1000) : NULL;
        wg_minimize_result result;
        good = bfgs && wg_minimize_run(bfgs, linear_net_loss, of, &result) == WG_OK &&
               study_row(run, "%s,%d,%.9g", name, start, result.f - best);
        ends += good && fabs(result.f - best) < 1e-6;
        wg_minimize_destroy(bfgs);
        wg_free(generator), wg_free(w[0]), wg_free(w[1]), wg_free(w[2]);
    }
    return good ? ends : -1;
}

/* Control: a relu between the layers of all networks. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct linear_net of;
    int ends[3] = {-1, -1, -1};
    bool good = linear_net_make(&of, run->seed) && study_row(run, "network,start,excess");
    of.relu = run->control;
    good = good && (ends[0] = descend(run, "two", &of, 2)) >= 0 && (ends[1] = descend(run, "three", &of, 3)) >= 0;
    of.relu = true;
    good = good && (ends[2] = descend(run, "relu", &of, 2)) >= 0;
    linear_net_free(&of);
    if (!good)
        return false;
    study_claim(run, ends[2] < STARTS / 2, "with a relu between two layers %d of %d descents end at that loss, fewer than half",
                ends[2], STARTS);
    study_decide(
        run, ends[0] == STARTS && ends[1] == STARTS,
        "of 20 random starts %d end within 1e-6 of the loss of the best linear map of rank 2 for two linear layers, and %d for three: no local minimum is worse",
        ends[0], ends[1]);
    return true;
}

const struct study study_linear_network = {.name = "linear_network", .control = "a relu between the layers", .run = run};
