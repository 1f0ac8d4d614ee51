/* A path between two minima over a permutation saddle. A committee machine has the output weights 1: y = Σ_k tanh(w_k·x), k = 1 … 4. Teacher and
   student are such machines, so the student's loss is 0 at the teacher's weights, and at each of their 4! orders. The path: hold the
   distance δ = ‖w₁ - w₂‖, relax all else, lower δ step by step to 0, swap the labels 1 and 2, and go back in the same way. At δ = 0 the
   two units are one point and the swap changes nothing; there the path crosses a saddle.

   Source: W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3; Brea, Simsek, Illing, Gerstner: Weight-space symmetry in
   deep networks, 2019. */
#include "../study.h"

#include <math.h>
#include <string.h>

enum { ROWS = 300, STEPS = 24 };

static const double teacher[4][2] = {{2, 0.4}, {0.9, 1.7}, {-1.6, 1.2}, {0.5, -2.2}};

/* distance: δ; output: the weights of the sum; merged: the four vectors at δ = 0. */
struct data {
    wg_tensor *x, *y, *output;
    double distance, merged[8];
};

static wg_tensor *committee(const struct data *data, wg_tensor *w)
{
    return wg_matmul(wg_tanh(wg_matmul(data->x, wg_transpose(w, 0, 1))), data->output);
}

static wg_tensor *loss(wg_tensor *const *w, size_t n, void *data)
{
    (void)n;
    return wg_mse(committee(data, w[0]), ((struct data *)data)->y);
}

/* All four vectors from the free ones: w₁, w₂ = c ± δ/2 v/‖v‖, and w₃, w₄ as they are. p: c (1,2), v (1,2), w₃ and w₄ (2,2). */
static wg_tensor *weights(wg_tensor *const *p, double distance)
{
    wg_tensor *half = wg_mul_scalar(wg_div(p[1], wg_norm2(p[1])), distance / 2);
    return wg_concat((wg_tensor *[]){wg_add(p[0], half), wg_sub(p[0], half), p[2]}, 3, 0);
}

static wg_tensor *constrained_loss(wg_tensor *const *p, size_t n, void *data)
{
    wg_tensor *w = weights(p, ((struct data *)data)->distance);
    return loss(&w, n, data);
}

/* Relaxes all but the distance, and writes the loss and the vectors. */
static double relax(struct study_run *run, wg_minimizer *bfgs, wg_tensor *const *p, struct data *data, int step)
{
    wg_minimize_result at;
    if (wg_minimize_run(bfgs, constrained_loss, data, &at) != WG_OK)
        return (double)NAN;
    WG_TAPE(tape);
    const double *w = wg_data(weights(p, data->distance));
    const bool good = w && study_row(run, "%d,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g", step, data->distance, at.f, w[0],
                                     w[1], w[2], w[3], w[4], w[5], w[6], w[7]);
    return good ? at.f : (double)NAN;
}

/* From the distance whole to 0, the swap, and back. there and back: the losses at whole · k / STEPS. */
static bool walk(struct study_run *run, wg_tensor *const *p, struct data *data, double there[STEPS + 1], double back[STEPS + 1])
{
    const double whole = hypot(teacher[0][0] - teacher[1][0], teacher[0][1] - teacher[1][1]);
    wg_minimizer *bfgs = wg_minimize_bfgs(((wg_tensor_list){3, p, NULL}), .gradient_tolerance = 1e-10, .max_iterations = 2000);
    bool good = bfgs != NULL;
    for (int k = STEPS; k >= 0 && good; k--) {
        data->distance = whole * k / STEPS;
        good = !isnan(there[k] = relax(run, bfgs, p, data, -k));
    }
    const double *c = wg_data(p[0]), *v = wg_data(p[1]), *rest = wg_data(p[2]);
    memcpy(data->merged, (double[]){c[0], c[1], c[0], c[1], rest[0], rest[1], rest[2], rest[3]}, sizeof data->merged);
    good = good && wg_write(p[1], ((double[]){-v[0], -v[1]})) == WG_OK; /* the swap */
    for (int k = 0; k <= STEPS && good; k++) {
        data->distance = whole * k / STEPS;
        good = !isnan(back[k] = relax(run, bfgs, p, data, k));
    }
    wg_minimize_destroy(bfgs);
    return good;
}

/* What kind of point the path's top is, among all eight weights. */
static bool classify_top(struct study_run *run, struct data *data)
{
    wg_study_point top = {0};
    wg_tensor *w = wg_from(data->merged, WG_SHAPE(4, 2));
    const wg_study_loss all = {loss, data, {1, &w, NULL}};
    const bool good = wg_study_classify(&all, &top, .gradient = 1e-7) == WG_OK;
    study_claim(run, top.kind == WG_STUDY_SADDLE,
                "where the units meet is a %s of all eight weights (gradient %.0e, at most 1e-7), %lld of 8 directions descend",
                wg_study_kind_name(top.kind), top.gradient_norm, (long long)top.negative);
    wg_free(w);
    return good;
}

static bool judge(struct study_run *run, wg_tensor *const *p, struct data *data)
{
    double there[STEPS + 1], back[STEPS + 1], gap = 0;
    if (!walk(run, p, data, there, back))
        return false;
    for (int k = 0; k <= STEPS; k++)
        gap = fmax(gap, fabs(there[k] - back[k]));
    WG_TAPE(tape);
    const double *w = wg_data(weights(p, data->distance));
    if (!w)
        return false;
    const double swapped = fmax(hypot(w[0] - teacher[1][0], w[1] - teacher[1][1]),
                                hypot(w[2] - teacher[0][0], w[3] - teacher[0][1]));
    study_claim(run, swapped <= 1e-4,
                "the path ends at the swapped minimum: w₁ is the teacher's w₂, and w₂ its w₁, within %.0e, at most 1e-4", swapped);
    study_decide(
        run, gap <= 1e-10 && there[STEPS] <= 1e-10 && back[STEPS] <= 1e-10 && there[0] > 1e-3,
        "from one order of two hidden units to the other: the loss before and after the swap is equal at each distance within %.0e, at most 1e-10; it is "
        "%.0e and %.0e at the ends, at most 1e-10, and %.4f where the units meet",
        gap, there[STEPS], back[STEPS], there[0]);
    return true;
}

/* Control: with the output weights 1.5 and 0.5 of the two units their order matters. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const double(*t)[2] = teacher, centre[] = {(t[0][0] + t[1][0]) / 2, (t[0][1] + t[1][1]) / 2},
          v[] = {t[0][0] - t[1][0], t[0][1] - t[1][1]};
    wg_tensor *generator = wg_generator(run->seed, 0), *w = wg_from(*t, WG_SHAPE(4, 2));
    wg_tensor *p[] = {wg_from(centre, WG_SHAPE(1, 2)), wg_from(v, WG_SHAPE(1, 2)), wg_from(t[2], WG_SHAPE(2, 2))};
    struct data data = {.x = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, 2), 0, 1),
                        .output = run->control ? wg_from(((double[]){1.5, 0.5, 1, 1}), WG_SHAPE(4)) : wg_ones(WG_F64, WG_SHAPE(4))};
    bool good = data.x && data.output && study_row(run, "step,distance,loss,w11,w12,w21,w22,w31,w32,w41,w42");
    for (int i = 0; i < 3; i++)
        good = good && wg_set_requires_grad(p[i], true);
    {
        WG_TAPE(tape);
        data.y = wg_keep(committee(&data, w));
    }
    good = good && data.y && judge(run, p, &data) && classify_top(run, &data);
    wg_tensor *const all[] = {generator, w, p[0], p[1], p[2], data.x, data.y, data.output};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
    return good;
}

const struct study study_swap_path = {
    .name = "swap_path", .control = "the output weights 1.5 and 0.5 instead of 1 and 1", .run = run};
