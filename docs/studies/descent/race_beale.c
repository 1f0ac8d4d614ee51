/* A race of all optimizers on Beale's function,

       f(x, y) = (1.5 - x + xy)² + (2.25 - x + xy²)² + (2.625 - x + xy³)²

   Its minimum, 0 at (3, ½), lies in a flat valley with steep walls: gradients are 10⁴ times as large on the walls as near the minimum. A rule whose
   step is in proportion to the gradient needs a rate for the walls, and creeps in the valley. Each optimizer has the best rate of a grid.

   The race is in A. Risteski, Advanced Optimization (CMU, 2021); there the minimum is printed as (3, 0), where f is 2.95. */
#include "race_zoo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ENTRIES = 128, MAX_STEPS = 2000, RATES = 11 };
static const double rates[RATES] = {0.1,  0.01, 1,     0.001, 0.0001, 10,
                                    0.03, 0.3,  0.003, 3,     0.0003}; /* a quick run has the first three */

static wg_tensor *beale(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    wg_tensor *x = wg_slice(p[0], 1, 0, 1, 1), *y = wg_slice(p[0], 1, 1, 2, 1);
    wg_tensor *y2 = wg_square(y), *powers = wg_concat((wg_tensor *[]){y, y2, wg_mul(y, y2)}, 3, 1);
    wg_tensor *c = wg_from(((double[]){1.5, 2.25, 2.625}), WG_SHAPE(1, 3));
    return wg_sum(wg_square(wg_add(c, wg_mul(x, wg_add_scalar(powers, -1)))));
}

static bool at_minimum(const double *at)
{
    return hypot(at[0] - 3, at[1] - 0.5) < 0.05;
}

static bool at_printed_minimum(const double *at)
{
    return hypot(at[0] - 3, at[1]) < 0.05;
}
struct result {
    const char *name;
    double steps, rate;
};

static int by_steps(const void *a, const void *b)
{
    const struct result *x = a, *y = b;
    return x->steps < y->steps ? -1 : x->steps > y->steps ? 1 : strcmp(x->name, y->name);
}

static const struct result *find(const struct result *result, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(result[i].name, name) == 0)
            return &result[i];
    return NULL;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const struct race_course course = {
        beale, 0, {1, 1.5}, run->control ? at_printed_minimum : at_minimum, run->quick ? 400 : MAX_STEPS, run->seed};
    struct result result[MAX_ENTRIES];
    int n = 0, arrived = 0;
    for (int i = 0; i < race_n_entries && n < MAX_ENTRIES; i++)
        if (race_takes_part(&race_entries[i])) {
            struct result *r = &result[n++];
            r->name = race_entries[i].name;
            r->steps = race_best(&race_entries[i], rates, run->quick ? 3 : RATES, &course, &r->rate);
            arrived += isfinite(r->steps);
        }
    qsort(result, (size_t)n, sizeof *result, by_steps);
    bool good = study_row(run, "rank,name,steps,rate");
    for (int i = 0; i < n && good; i++)
        good = study_row(run, "%d,%s,%g,%g", i + 1, result[i].name, result[i].steps, result[i].rate);
    good = good && study_table(run, "paths", "name,x,y");
    const struct result *shown[5];
    for (int i = 0; i < 5 && good; i++) {
        shown[i] = find(result, n, ((const char *[]){"sgd", "heavy_ball", "adam", "adagrad", "rmsprop"})[i]);
        good = shown[i] && race_write_path(run, shown[i]->name, shown[i]->rate, &course);
    }
    if (!good)
        return false;
    if (!run->quick)
        study_claim(run, run->control || (shown[1]->steps < 0.7 * shown[0]->steps && shown[2]->steps < 0.7 * shown[0]->steps),
                    "gradient descent takes %g steps, with momentum %g, Adam %g: less than 0.7 of it", shown[0]->steps,
                    shown[1]->steps, shown[2]->steps);
    const double share = run->quick ? 0.7 : 0.9;
    (run->quick ? study_reduced : study_decide)(
        run, arrived >= share * n,
        "Beale's function from (1, 1.5), %d optimizers of the library's list, each at the best of %d rates: %d come within 0.05 of the minimum, (3, ½), in %d steps, "
        "at least %.0f %% of them; the first is %s after %g",
        n, run->quick ? 3 : RATES, arrived, course.max_steps, 100 * share, result[0].name, result[0].steps);
    return true;
}

const struct study study_race_beale = {.name = "race_beale", .control = "the printed minimum, (3, 0), as the goal", .run = run};
