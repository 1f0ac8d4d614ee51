/* The landscape of a loss with few and with many parameters: a network of one input and H units of tanh fits 12 points with random targets.
   From each of several random starts descent goes to a local minimum. With few units (10 parameters for 12 points) the minima differ, and
   all are bad. With many (301) all are good, and near the start: on the straight line from the start to its minimum the loss falls nearly
   all the way.

   The landscapes are those of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7; the straight line is that of Goodfellow, Vinyals, Saxe:
   Qualitatively characterizing neural network optimization problems, 2015. */
#include "../study.h"

#include <math.h>

enum { POINTS = 12, STEPS = 1000, STARTS = 10, LINE = 41 };

struct problem {
    wg_nn_module *net;
    wg_tensor *x, *y;
};

static wg_tensor *squared_error(wg_tensor *const *params, size_t n, void *context)
{
    (void)params, (void)n;
    const struct problem *of = context;
    return wg_mean(wg_square(wg_sub(wg_nn_apply(of->net, of->x), of->y)));
}

/* The loss on the line from the start (t = 0) to the end (t = 1) as rows, and its largest rise above the lower of its values before. */
static bool line(struct study_run *run, struct problem *of, int64_t units, int start, wg_tensor *from, wg_tensor *to, double *rise)
{
    const wg_study_loss loss = {.f = squared_error, .context = of, .params = wg_nn_parameters(of->net)};
    wg_tensor *way = wg_sub(to, from), *table = NULL;
    double lowest = INFINITY;
    bool good = way && wg_nn_assign(loss.params, from) == WG_OK &&
                (table = wg_study_line(&loss, way, .from = 0, .to = 1.25, .points = LINE));
    *rise = 0;
    for (int i = 0; i < LINE && good; i++) {
        const double *at = wg_data_as(table, double) + (ptrdiff_t)(2 * i);
        lowest = fmin(lowest, at[1]);
        *rise = at[0] <= 1 ? fmax(*rise, at[1] - lowest) : *rise;
        good = study_row(run, "%d,%d,%.4g,%.5g", (int)units, start, at[0], at[1]);
    }
    wg_free(way), wg_free(table);
    return good;
}

/* A descent from a random start: its last loss, and the largest rise on the straight line there. */
static bool descend(struct study_run *run, const struct problem *data, int64_t units, int start, double *end, double *rise)
{
    struct problem of = *data;
    of.net = wg_nn_mlp(WG_SIZES(1, units, 1), .activation = WG_ACTIVATION_TANH, .seed = run->seed * 1000 + (uint64_t)start,
                       .dtype = WG_F64);
    const wg_tensor_list params = of.net ? wg_nn_parameters(of.net) : (wg_tensor_list){0};
    wg_tensor *from = of.net ? wg_nn_to_vector(params) : NULL, *to = NULL;
    wg_optim *adam = from ? wg_optim_adam(params, .lr = 0.02) : NULL;
    bool good = adam != NULL;
    for (int t = 0; t < STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *loss = squared_error(NULL, 0, &of);
        *end = wg_item(loss);
        good = wg_backward(loss) == WG_OK && wg_optim_step(adam) == WG_OK;
    }
    good = good && (to = wg_nn_to_vector(params)) && line(run, &of, units, start, from, to, rise);
    wg_optim_destroy(adam);
    wg_free(from), wg_free(to);
    wg_nn_destroy(of.net);
    return good;
}

/* Control: 3 units in the place of 100. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const int64_t units[] = {3, run->control ? 3 : 100};
    double end[2][STARTS], rise[2][STARTS], labels[POINTS], inputs[POINTS];
    double worst = 0, best = INFINITY;
    wg_tensor *generator = wg_generator(run->seed, 0);
    wg_tensor *z = generator ? wg_normal(generator, WG_F64, WG_SHAPE(POINTS), 0, 1) : NULL;
    for (int i = 0; z && i < POINTS; i++)
        inputs[i] = -3 + 6.0 * i / (POINTS - 1), labels[i] = wg_data_as(z, double)[i];
    struct problem data = {.x = z ? wg_from(inputs, WG_SHAPE(POINTS, 1)) : NULL,
                           .y = z ? wg_from(labels, WG_SHAPE(POINTS, 1)) : NULL};
    bool good = data.x && data.y && study_row(run, "units,start,t,loss");
    for (int many = 0; many < 2 && good; many++)
        for (int start = 0; start < STARTS && good; start++) {
            good = descend(run, &data, units[many], start, &end[many][start], &rise[many][start]);
            *(many ? &worst : &best) = many ? fmax(worst, end[1][start]) : fmin(best, end[0][start]);
        }
    wg_free(generator), wg_free(z), wg_free(data.x), wg_free(data.y);
    if (!good)
        return false;
    study_claim(run, study_mean(rise[1], STARTS) < study_mean(rise[0], STARTS),
                "on the line to its minimum the loss rises by %.3f at most with 3 units, %.4f with many (mean of 10)",
                study_mean(rise[0], STARTS), study_mean(rise[1], STARTS));
    study_decide(
        run, worst < best / 2,
        "12 points with random targets, descents from 10 random starts: the worst of %d tanh units ends at a loss of %.4f, the best of 3 units at %.4f (mean %.3f ± %.3f): expected below half of it",
        (int)units[1], worst, best, study_mean(end[0], STARTS), study_deviation(end[0], STARTS));
    return true;
}

const struct study study_width_landscape = {.name = "width_landscape", .control = "3 units in the place of 100", .run = run};
