/* Monge's maps and Kantorovich's plans. Monge (1781) asks for a map that carries the points x to the points y with the least work: each point goes to
   one place. There may be none. One atom of weight 1 onto two of weight ½: a map sends the atom to one of them, and the
   other gets nothing. Kantorovich's plan (1942) splits the atom. For n points onto n, all of weight 1/n, there are maps, the n!
   orders; and the best plan is one of them (Birkhoff), so that Kantorovich's problem has Monge's answer.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019). */
#include "../study.h"

#include <math.h>

enum { MAX_POINTS = 5, MAPS = 3125 };

/* All maps of n points to m, both of equal weights: how many carry the one to the other, and the least work of those. work: of each, NaN for others. */
static int try_maps(const double *cost, int n, int m, double *least, double work[MAPS])
{
    int count = 0, maps = 1;
    for (int i = 0; i < n; i++)
        maps *= m;
    *least = INFINITY;
    for (int number = 0; number < maps; number++) {
        int arrived[MAX_POINTS] = {0};
        double sum = 0;
        for (int i = 0, rest = number; i < n; i++, rest /= m) {
            arrived[rest % m]++;
            sum += cost[i * m + rest % m] / n;
        }
        bool carries = true;
        for (int j = 0; j < m; j++)
            carries = carries && arrived[j] * m == n;
        count += carries;
        work[number] = carries ? sum : (double)NAN;
        *least = carries ? fmin(*least, sum) : *least;
    }
    return count;
}

/* The best plan's work; split: points that it sends to more than one place. */
static double plan(wg_tensor *cost, int n, int m, int *split)
{
    wg_transport_solution solution;
    if (wg_transport_solve(cost, &solution) != WG_OK)
        return (double)NAN;
    const double *at = wg_data(solution.plan);
    *split = 0;
    for (int i = 0; i < n && at; i++) {
        int places = 0;
        for (int j = 0; j < m; j++)
            places += at[i * m + j] > 1e-9;
        *split += places > 1;
    }
    return wg_item(wg_sum(wg_mul(solution.plan, cost)));
}

struct outcome {
    int maps, split;
    double best_map, plan;
};

/* n random points onto m others; atom: that at 0 onto 1 and -1. */
static bool compare(struct study_run *run, int n, int m, bool atom, struct outcome *outcome)
{
    static const double place[] = {0, 0, 1, 0, -1, 0};
    static double work[MAPS];
    wg_tensor *generator = wg_generator(run->seed, 0);
    bool good = generator != NULL;
    if (good) {
        WG_TAPE(tape);
        wg_tensor *x = atom ? wg_from(place, WG_SHAPE(1, 2)) : wg_uniform(generator, WG_F64, WG_SHAPE(n, 2), -1, 1);
        wg_tensor *y = atom ? wg_from(place + 2, WG_SHAPE(m, 2)) : wg_uniform(generator, WG_F64, WG_SHAPE(m, 2), -1, 1);
        wg_tensor *cost = wg_transport_cost(x, y);
        outcome->maps = cost ? try_maps(wg_data(cost), n, m, &outcome->best_map, work) : 0;
        outcome->plan = cost ? plan(cost, n, m, &outcome->split) : (double)NAN;
        good = !isnan(outcome->plan) &&
               study_row(run, "%d,%d,%d,%.6g,%.6g,%d", n, m, outcome->maps, outcome->best_map, outcome->plan, outcome->split);
    }
    wg_free(generator);
    if (n == MAX_POINTS && good)
        good = study_table(run, "maps", "work,plan");
    for (int i = 0; i < MAPS && n == MAX_POINTS && good; i++)
        good = isnan(work[i]) || study_row(run, "%.6g,%.6g", work[i], outcome->plan);
    return good;
}

/* Control: one atom onto one. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct outcome atom = {0}, uneven = {0}, even = {0};
    const bool good = study_row(run, "n,m,maps,best_map,best_plan,split") && compare(run, 2, 3, false, &uneven) &&
                      compare(run, 1, run->control ? 1 : 2, true, &atom) && compare(run, MAX_POINTS, MAX_POINTS, false, &even);
    study_claim(run, uneven.maps == 0, "2 points onto 3, of equal weights: %d of 9 maps carry one to the other, 0 expected",
                uneven.maps);
    study_claim(
        run, even.maps == 120 && even.split == 0 && fabs(even.best_map - even.plan) <= 1e-12,
        "5 points onto 5: %d of 3125 maps, 5! = 120 expected; the best has the work of the best plan within %.0e, at most 1e-12",
        even.maps, fabs(even.best_map - even.plan));
    study_decide(
        run, atom.maps == 0 && atom.split == 1 && fabs(atom.plan - 1) <= 1e-12,
        "one atom at 0 onto two of weight 1/2, at 1 and -1: %d maps carry it, 0 expected; the best plan splits %d atom, with the work %.3f, 1 within 1e-12",
        atom.maps, atom.split, atom.plan);
    return good;
}

const struct study study_monge = {.name = "monge", .control = "one atom onto one", .run = run};
