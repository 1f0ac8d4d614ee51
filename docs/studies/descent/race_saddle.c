/* A race of all optimizers from the ridge of y⁴ - x⁴. It begins at (0.01, 1), where the gradient is (-4·10⁻⁶, 4), and ends where |x| > 1.
   Gradient descent is slow there: dx/dt = 4x³ takes 1/(8 x₀²) = 1250 units of time, and its rate is limited by y. A rule that divides the gradient of
   each weight by its own size moves x as fast as y, and is gone in the time that takes it to 1.

   What kind a rule is, is measured: by 10 steps with the gradient of the start, held constant, after 10 others. *per weight*: x moves at least half
   as far as y. *linear*: x moves by less than 10⁻⁴ of y, and with 100 times the gradient y moves at least 50 times as far. Each rule has the largest
   rate at which none of its first ten steps from the start is longer than 0.1.

   The race is in A. Risteski, Advanced Optimization (CMU, 2021), which calls 0 a saddle. The Hessian is 0 there, and so decides nothing. */
#include "race_zoo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum kind { PER_WEIGHT, LINEAR, OTHER, DRAWS, KINDS };
enum { MAX_ENTRIES = 128, MAX_STEPS = 2000, PROBE = 10 };
static const char *const kind_name[KINDS] = {"per weight", "linear", "other", "draws"};

struct result {
    const char *name;
    enum kind kind;
    double rate, steps;
};

/* y⁴ - x⁴ */
static wg_tensor *ridge(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_mul(wg_square(wg_square(p[0])), wg_from(((double[]){-1, 1}), WG_SHAPE(1, 2))));
}

/* Functions of the gradient of the start, and of 100 times that. */
static wg_tensor *slope(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_mul(p[0], wg_from(((double[]){-4e-6, 4}), WG_SHAPE(1, 2))));
}

static wg_tensor *steep_slope(wg_tensor *const *p, size_t n, void *context)
{
    return wg_mul_scalar(slope(p, n, context), 100);
}

static bool has_left(const double *at)
{
    return fabs(at[0]) > 1;
}

static bool never(const double *at)
{
    (void)at;
    return false;
}

/* The longest of the first PROBE steps on f from (x, 1), and how far x and y move in as many more. */
static double probe(const struct race_entry *entry, double rate, wg_function *f, double x, uint64_t seed, double moved[2])
{
    const struct race_course course = {f, -1, {x, 1}, never, 2 * PROBE, seed};
    double path[2 * PROBE + 1][2], longest = 0;
    int n = 0;
    (void)race_run(entry, rate, &course, path, &n);
    for (int t = 1; t <= PROBE && t < n; t++)
        longest = fmax(longest, hypot(path[t][0] - path[t - 1][0], path[t][1] - path[t - 1][1]));
    for (int i = 0; i < 2; i++)
        moved[i] = n > 2 * PROBE ? fabs(path[2 * PROBE][i] - path[PROBE][i]) : 0;
    return n > PROBE ? longest : (double)INFINITY;
}

static struct result race(const struct race_entry *entry, const struct race_course *course)
{
    struct result result = {.name = entry->name, .rate = 1};
    double moved[2], steep[2];
    while (result.rate > 1e-6 && probe(entry, result.rate, ridge, 0.01, course->seed, moved) > 0.1)
        result.rate /= sqrt(10);
    (void)probe(entry, result.rate, slope, 0.01, course->seed, moved);
    (void)probe(entry, result.rate, steep_slope, 0.01, course->seed, steep);
    result.kind = race_draws(entry)                                         ? DRAWS
                  : moved[0] >= 0.5 * moved[1]                              ? PER_WEIGHT
                  : moved[0] < 1e-4 * moved[1] && steep[1] >= 50 * moved[1] ? LINEAR
                                                                            : OTHER;
    result.steps = race_run(entry, result.rate, course, NULL, NULL);
    return result;
}

static int by_steps(const void *a, const void *b)
{
    const struct result *x = a, *y = b;
    return x->steps < y->steps ? -1 : x->steps > y->steps ? 1 : strcmp(x->name, y->name);
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const struct race_course course = {ridge, -1, {run->control ? 0 : 0.01, 1}, has_left, MAX_STEPS, run->seed};
    struct result result[MAX_ENTRIES];
    double slowest = 0;
    int n = 0, of[KINDS] = {0}, left[KINDS] = {0};
    for (int i = 0; i < race_n_entries && n < MAX_ENTRIES; i++)
        if (race_takes_part(&race_entries[i]))
            result[n++] = race(&race_entries[i], &course);
    qsort(result, (size_t)n, sizeof *result, by_steps);
    bool good = study_row(run, "rank,name,steps,rate,kind");
    for (int i = 0; i < n && good; i++) {
        of[result[i].kind]++, left[result[i].kind] += isfinite(result[i].steps);
        slowest = result[i].kind == PER_WEIGHT ? fmax(slowest, result[i].steps) : slowest;
        good = study_row(run, "%d,%s,%g,%g,%s", i + 1, result[i].name, result[i].steps, result[i].rate, kind_name[result[i].kind]);
    }
    good = good && study_table(run, "paths", "name,x,y");
    for (int i = 0; i < n && good; i++)
        if (strstr(" sgd heavy_ball adam adagrad rmsprop ", result[i].name))
            good = race_write_path(run, result[i].name, result[i].rate, &course);
    if (good)
        study_decide(
            run, of[PER_WEIGHT] > 20 && slowest <= 300 && of[LINEAR] > 3 && left[LINEAR] == 0,
            "y⁴ - x⁴ from (0.01, 1), %d optimizers: all %d that scale each weight's gradient by its size leave the ridge within %g steps (at most 300), "
            "none of the %d linear in the gradient within %d; of %d others %d do",
            n, of[PER_WEIGHT], slowest, of[LINEAR], MAX_STEPS, of[OTHER] + of[DRAWS], left[OTHER] + left[DRAWS]);
    return good;
}

const struct study study_race_saddle = {.name = "race_saddle", .control = "a start on the ridge itself, x = 0,", .run = run};
