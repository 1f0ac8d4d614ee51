/* Many solutions of nearly equal loss: one convex region cut out by hyperplanes. The points within 0.5 of the origin are one class, those of a
   ring around them the other. Each of H hidden units is a line, with a steep sigmoid for its side; the output is their AND:

       p(x) = σ(8 (Σᵢ σ(8 (wᵢᵀx + bᵢ)) - H + ½)).

   Four lines can cut the region out, or eight. Every rotation of the lines and every order of the units serves as well, so descents from
   several starts end at different weights with nearly the same loss, and with 8 lines it is nearly that of 4. Two lines cannot.

   The figure is that of W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3. */
#include "../study.h"

#include <math.h>

enum { ROWS = 100, STARTS = 20, MAX_UNITS = 8 };

struct problem {
    wg_tensor *x, *y;
};

/* Cross entropy, with a penalty that keeps the slopes finite; w: (H, 2) and (H). */
static wg_tensor *loss(wg_tensor *const *w, size_t n, void *context)
{
    (void)n;
    const struct problem *of = context;
    wg_tensor *sides = wg_sigmoid(wg_mul_scalar(wg_linear(of->x, w[0], w[1]), 8));
    wg_tensor *logit = wg_mul_scalar(wg_add_scalar(wg_sum(sides, .axis = 1), 0.5 - (double)wg_numel(w[1])), 8);
    return wg_add(wg_bce_with_logits(logit, of->y), wg_mul_scalar(wg_sum_squares(w[0]), 1e-4));
}

/* Points of the disc (y = 1) and of the ring between 0.75 and 1.25 (y = 0), uniform in angle and radius. */
static bool make(struct problem *of, uint64_t seed)
{
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, 0);
    wg_tensor *angle = wg_uniform(generator, WG_F64, WG_SHAPE(ROWS), 0, 2 * M_PI),
              *u = wg_uniform(generator, WG_F64, WG_SHAPE(ROWS), 0, 0.5);
    wg_tensor *outside = wg_bernoulli(generator, WG_F64, WG_SHAPE(ROWS), 0.5), *radius = wg_add(u, wg_mul_scalar(outside, 0.75));
    wg_tensor *both[] = {wg_mul(radius, wg_cos(angle)), wg_mul(radius, wg_sin(angle))};
    wg_tensor *inside = wg_add_scalar(wg_neg(outside), 1);
    *of = (struct problem){.x = wg_keep(wg_stack(both, 2, 1)), .y = wg_keep(inside)};
    wg_free(generator);
    return of->x && of->y;
}

/* A descent from random lines to w₁x₁ + w₂x₂ + b = 0. */
struct solution {
    double loss, line[MAX_UNITS][3];
};

static bool descend(struct study_run *run, struct problem *of, int64_t units, int start, struct solution *end)
{
    wg_tensor *generator = wg_generator(run->seed, (uint64_t)(100 * units + start));
    wg_tensor *w[] = {generator ? wg_normal(generator, WG_F64, WG_SHAPE(units, 2), 0, 1) : NULL,
                      wg_full(WG_F64, WG_SHAPE(units), 0.5)};
    bool good = w[0] && w[1] && wg_set_requires_grad(w[0], true) && wg_set_requires_grad(w[1], true);
    wg_minimizer *bfgs = good ? wg_minimize_bfgs(((wg_tensor_list){2, w, NULL}), .max_iterations = 300) : NULL;
    wg_minimize_result result;
    good = bfgs && wg_minimize_run(bfgs, loss, of, &result) == WG_OK;
    for (int64_t i = 0; i < units && good; i++) {
        end->line[i][0] = wg_data_as(w[0], double)[2 * i], end->line[i][1] = wg_data_as(w[0], double)[2 * i + 1];
        end->line[i][2] = wg_data_as(w[1], double)[i];
    }
    end->loss = good ? result.f : (double)NAN;
    wg_minimize_destroy(bfgs);
    wg_free(generator), wg_free(w[0]), wg_free(w[1]);
    return good;
}

/* How far two solutions are apart in degrees, whatever the order of the units: the largest angle from a line of one to the nearest of the other. */
static double apart(const struct solution *one, const struct solution *other, int64_t units)
{
    double farthest = 0;
    for (int64_t i = 0; i < units; i++) {
        double nearest = M_PI;
        for (int64_t j = 0; j < units; j++)
            nearest = fmin(
                nearest,
                fabs(remainder(atan2(one->line[i][1], one->line[i][0]) - atan2(other->line[j][1], other->line[j][0]), 2 * M_PI)));
        farthest = fmax(farthest, nearest * 180 / M_PI);
    }
    return farthest;
}

/* STARTS descents: the least and the largest loss, how many ends are different, whatever the order of the units; and these two as rows. */
static bool several(struct study_run *run, struct problem *of, int64_t units, double *least, double *most, int *different)
{
    struct solution end[STARTS];
    int low = 0, high = 0;
    bool good = true;
    *different = 0;
    for (int start = 0; start < STARTS && good; start++) {
        good = descend(run, of, units, start, &end[start]);
        low = end[start].loss < end[low].loss ? start : low, high = end[start].loss > end[high].loss ? start : high;
        bool known = false;
        for (int other = 0; other < start; other++)
            known = known || apart(&end[start], &end[other], units) < 2;
        *different += !known;
    }
    for (int64_t i = 0; i < 2 * units && good; i++) {
        const double *line = end[i < units ? low : high].line[i % units];
        good = study_row(run, "%d,%s,%.5g,%.5g,%.5g", (int)units, i < units ? "best" : "worst", line[0], line[1], line[2]);
    }
    *least = end[low].loss, *most = end[high].loss;
    return good;
}

/* Control: 2 lines in the place of 4. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const int64_t units[] = {run->control ? 2 : 4, 8};
    double least[2], most[2];
    int different[2];
    struct problem data = {0};
    bool good = make(&data, run->seed) && study_row(run, "units,which,w1,w2,b");
    for (int i = 0; i < 2 && good; i++)
        good = several(run, &data, units[i], &least[i], &most[i], &different[i]);
    const double *x = good ? wg_data_as(data.x, double) : NULL, *y = good ? wg_data_as(data.y, double) : NULL;
    good = good && study_table(run, "points", "x,y,inside");
    for (int i = 0; i < ROWS && good; i++)
        good = study_row(run, "%.3f,%.3f,%g", x[2 * i], x[2 * i + 1], y[i]);
    wg_free(data.x), wg_free(data.y);
    if (!good)
        return false;
    study_claim(run, different[0] > 1 && different[1] > 1,
                "up to the order of units, 20 descents end at %d different solutions of 4 lines, and %d of 8", different[0],
                different[1]);
    study_decide(
        run, most[0] < 0.07 && most[1] < 0.07,
        "a disc cut out of a ring: 20 descents with %d lines end at %d different solutions with losses from %.4f to %.4f, with 8 lines at %d with %.4f to %.4f: expected all below 0.07, a tenth of ln 2",
        (int)units[0], different[0], least[0], most[0], different[1], least[1], most[1]);
    return true;
}

const struct study study_convex_region = {.name = "convex_region", .control = "2 lines in the place of 4", .run = run};
