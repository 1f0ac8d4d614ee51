/* All stationary points of a linear network with two layers but one kind are saddles. The loss mean ‖y - W₂W₁x‖² is not convex. With R the map
   of least squares and λᵢ, uᵢ the eigenvalues and vectors of R Σxy, its stationary points are

       W₂ = (uᵢ)_{i∈S},   W₁ = W₂ᵀR,   L = tr Σyy - Σ_{i∈S} λᵢ

   for sets S of at most as many as there are hidden units, up to W₂ → W₂M, W₁ → M⁻¹W₁. Only the set of the largest λᵢ has no negative
   curvature: it is the global minimum. With three layers that stays true of minima, but 0 is a saddle whose Hessian is 0: no second
   derivative leads away from it.

   The claim is in A. Risteski, Deep Learning (CMU, 2021), lecture 6, after Baldi, Hornik, 1989, and Kawaguchi, Deep learning without poor
   local minima, 2016. */
#include "linear_net.h"

#include <math.h>

enum { D = LINEAR_D, RANK = LINEAR_RANK };

/* Writes the stationary point of the set {set[0], set[1]}; -1 stands for none. Its loss by the formula. */
static double put(const struct linear_net *of, const int set[RANK], wg_tensor *w1, wg_tensor *w2)
{
    WG_TAPE(tape);
    wg_tensor *rows = wg_copy(wg_matmul(wg_transpose(of->u, 0, 1), of->r)), *columns = wg_copy(of->u);
    double *to1 = wg_data_mut(w1), *to2 = wg_data_mut(w2), loss = of->total;
    for (int s = 0; s < RANK; s++) {
        const int i = set[s];
        loss -= i >= 0 ? of->lambda[i] : 0;
        for (int k = 0; k < D; k++) {
            to1[s * D + k] = i >= 0 ? wg_data_as(rows, double)[i * D + k] : 0;
            to2[k * RANK + s] = i >= 0 ? wg_data_as(columns, double)[k * D + i] : 0;
        }
    }
    return loss;
}

/* Control: a relu between the layers, with which these points are not stationary. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct linear_net of;
    wg_tensor *w[] = {wg_zeros(WG_F64, WG_SHAPE(RANK, D)), wg_zeros(WG_F64, WG_SHAPE(D, RANK)),
                      wg_zeros(WG_F64, WG_SHAPE(RANK, RANK))};
    const wg_study_loss two = {.f = linear_net_loss, .context = &of, .params = {2, w, NULL}};
    double off = 0, highest = -INFINITY, best = NAN;
    wg_study_point point, zero = {0};
    bool good = linear_net_make(&of, run->seed) && w[0] && w[1] && w[2] && study_row(run, "loss,smallest,rank");
    of.relu = run->control;
    for (int i = -1; i < D && good; i++)
        for (int j = -1; j < (i < 0 ? 0 : i) && good; j++) {
            const double loss = put(&of, (int[]){i, j}, w[0], w[1]);
            good = wg_study_classify(&two, &point) == WG_OK &&
                   study_row(run, "%.9g,%.9g,%d", point.loss, point.smallest, (i >= 0) + (j >= 0));
            off = fmax(off, fabs(point.loss - loss) + point.gradient_norm);
            if (i == D - 1 && j == D - 2)
                best = point.smallest;
            else
                highest = fmax(highest, point.smallest);
        }
    (void)put(&of, (int[]){-1, -1}, w[0], w[1]);
    good = good && wg_study_classify((&(wg_study_loss){linear_net_loss, &of, {3, (wg_tensor *[]){w[0], w[2], w[1]}, NULL}}),
                                     &zero) == WG_OK;
    linear_net_free(&of);
    wg_free(w[0]), wg_free(w[1]), wg_free(w[2]);
    if (!good)
        return false;
    study_claim(run, fmax(fabs(zero.smallest), fabs(zero.largest)) < 1e-12,
                "three layers: at 0 all eigenvalues are 0 (%.1e): no second derivative leads away", zero.largest);
    study_claim(run, off < 1e-9, "at 11 points the gradient is 0 and the loss tr Σyy - Σ λᵢ, within %.1e of 1e-9", off);
    study_decide(
        run, off < 1e-9 && highest < -1e-3 && best > -1e-9,
        "of 11 stationary points of two linear layers, the global minimum has no negative curvature (smallest eigenvalue %.1e), and each other has: at most %.2g, expected below -0.001",
        best, highest);
    return true;
}

const struct study study_linear_stationary = {.name = "linear_stationary", .control = "a relu between the layers", .run = run};
