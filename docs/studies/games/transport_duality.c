/* Optimal transport and its dual. How much work carries the points x_i with weights a_i to the points y_j with weights b_j? Kantorovich:
     W = min Σ P_ij c_ij over plans P ≥ 0 with row sums a and column sums b, c_ij = ‖x_i - y_j‖;
     dual: W = max Σ a_i f_i + Σ b_j g_j over prices with f_i + g_j ≤ c_ij;
     Kantorovich and Rubinstein: since c is a distance, one function is enough, W = max E_x φ - E_y φ over φ whose slope is at most 1.
   From the prices g one gets φ(z) = min_j ‖z - y_j‖ - g_j, of slope 1 at most. A Wasserstein GAN's critic is to learn such a φ.

   Source: V. Cevher, Mathematics of Data, lecture 7 (EPFL, 2019). */
#include "../study.h"

#include <math.h>

enum { N = 7, M = 5, SETS = 20, FUNCTIONS = 150 };

struct problem {
    wg_tensor *x, *y, *a, *b;
};

/* On the open tape: points of the square and random weights. */
static struct problem draw(wg_tensor *generator)
{
    return (struct problem){
        wg_uniform(generator, WG_F64, WG_SHAPE(N, 2), -1, 1), wg_uniform(generator, WG_F64, WG_SHAPE(M, 2), -1, 1),
        wg_softmax(wg_normal(generator, WG_F64, WG_SHAPE(N), 0, 1)), wg_softmax(wg_normal(generator, WG_F64, WG_SHAPE(M), 0, 1))};
}

/* min_k ‖z - centre_k‖ - offset_k at each row z: of slope 1 at most. */
static wg_tensor *lowest_cone(wg_tensor *z, wg_tensor *centres, wg_tensor *offsets)
{
    return wg_min(wg_sub(wg_transport_cost(z, centres), wg_unsqueeze(offsets, 0)), .axis = 1);
}

/* E_x φ - E_y φ for φ = lowest_cone of these; slope, if not NULL: the largest |φ(u) - φ(v)|/‖u - v‖ between any two points. */
static double difference(const struct problem *p, wg_tensor *centres, wg_tensor *offsets, double *slope)
{
    wg_tensor *all = wg_concat((wg_tensor *[]){p->x, p->y}, 2, 0), *phi = lowest_cone(all, centres, offsets);
    if (slope) {
        wg_tensor *rise = wg_abs(wg_sub(wg_unsqueeze(phi, 0), wg_unsqueeze(phi, 1)));
        *slope = wg_item(wg_max(wg_div(rise, wg_add_scalar(wg_transport_cost(all, all), 1e-300))));
    }
    return wg_item(wg_sub(wg_dot(p->a, wg_slice(phi, 0, 0, N, 1)), wg_dot(p->b, wg_slice(phi, 0, N, N + M, 1))));
}

/* The points and the plan of the first problem, for the picture. */
static bool write_plan(struct study_run *run, const struct problem *p, wg_tensor *plan)
{
    const double *x = wg_data(p->x), *y = wg_data(p->y), *at = wg_data(plan), *a = wg_data(p->a), *b = wg_data(p->b);
    bool good = x && y && at && a && b && study_row(run, "i,j,x1,x2,y1,y2,share,a,b");
    for (int i = 0; i < N; i++)
        for (int j = 0; j < M && good; j++)
            good = study_row(run, "%d,%d,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f", i, j, x[2 * i], x[2 * i + 1], y[2 * j], y[2 * j + 1],
                             at[i * M + j], a[i], b[j]);
    return good;
}

/* Random functions of slope 1 at most: minima of cones about random centres. None is above W. */
static bool try_functions(struct study_run *run, const struct problem *p, wg_tensor *generator, double w, double *best)
{
    bool good = study_table(run, "functions", "k,difference,w");
    for (int k = 0; k < FUNCTIONS && good; k++) {
        wg_tensor *centres = wg_uniform(generator, WG_F64, WG_SHAPE(5, 2), -2, 2),
                  *offsets = wg_uniform(generator, WG_F64, WG_SHAPE(5), 0, 1);
        const double got = fabs(difference(p, centres, offsets, NULL)); /* of φ or -φ */
        *best = fmax(*best, got);
        good = !isnan(got) && study_row(run, "%d,%.5f,%.5f", k, got, w);
    }
    return good;
}

/* Control: the costs are squares of distances, for which one function of slope 1 is not enough. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_tensor *generator = wg_generator(run->seed, 0);
    double dual_gap = 0, function_gap = 0, steepest = 0, best = 0, first = 0, violation = 0;
    bool good = generator != NULL;
    for (int s = 0; s < SETS && good; s++) {
        WG_TAPE(tape);
        const struct problem p = draw(generator);
        wg_tensor *cost = wg_transport_cost(p.x, p.y, .p = run->control ? 2 : 1);
        wg_transport_solution solution;
        double slope = 0;
        good = wg_transport_solve(cost, &solution, .weights_x = p.a, .weights_y = p.b) == WG_OK;
        if (!good)
            break;
        const double primal = wg_item(wg_sum(wg_mul(solution.plan, cost)));
        const double dual = wg_item(wg_add(wg_dot(p.a, solution.f), wg_dot(p.b, solution.g)));
        wg_tensor *prices = wg_add(wg_unsqueeze(solution.f, 1), wg_unsqueeze(solution.g, 0));
        violation = fmax(violation, wg_item(wg_max(wg_sub(prices, cost))));
        dual_gap = fmax(dual_gap, fabs(primal - dual));
        function_gap = fmax(function_gap, fabs(primal - difference(&p, p.y, solution.g, &slope)));
        steepest = fmax(steepest, slope);
        if (s == 0) {
            first = primal;
            good = write_plan(run, &p, solution.plan) && try_functions(run, &p, generator, primal, &best);
        }
    }
    wg_free(generator);
    study_claim(run, dual_gap <= 1e-12 && violation <= 1e-12,
                "the prices are feasible, f_i + g_j ≤ c_ij within %.0e, and worth the work of the plan within %.0e: at most 1e-12",
                violation, dual_gap);
    study_claim(run, best <= first, "the best of %d random functions of slope 1 at most gives %.3f, not above W = %.3f", FUNCTIONS,
                best, first);
    study_decide(
        run, function_gap <= 1e-12 && steepest <= 1 + 1e-12,
        "%d random problems of %d and %d points: the work of the best plan and E_x φ - E_y φ for one function φ differ by %.0e, at most 1e-12; the slope of φ "
        "between the points is at most 1 + %.0e",
        SETS, N, M, function_gap, fmax(0, steepest - 1));
    return good;
}

const struct study study_transport_duality = {.name = "transport_duality", .control = "squared distances as costs", .run = run};
