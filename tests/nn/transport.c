/* Distances of samples: values and gradients beside SciPy's and PyTorch's, primal and dual, what makes them distances. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formula.h"
#include "nn_check.h"
#include "transport_kinds.h"

/* ---- the sets of transport.py ---- */

enum { MOST = 10, COORDINATES = 3, SETS = 50 };

struct set {
    int n, m, d, p, uniform;
    double x[MOST * COORDINATES], y[MOST * COORDINATES], a[MOST], b[MOST];
    double exact, line[2], means[5], sinkhorn[2], gradients[5 * MOST * COORDINATES];
};

static void read_numbers(FILE *file, const char *name, double *to, int n)
{
    char word[20];
    assert_int_equal(fscanf(file, "%19s", word), 1);
    assert_string_equal(word, name);
    for (int i = 0; i < n; i++)
        assert_int_equal(fscanf(file, "%lf", &to[i]), 1);
}

static void share(double *weight, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += weight[i];
    for (int i = 0; i < n; i++)
        weight[i] /= sum;
}

static bool read_set(FILE *file, struct set *s)
{
    if (fscanf(file, " set %d %d %d %d %d", &s->n, &s->m, &s->d, &s->p, &s->uniform) != 5)
        return false;
    assert_true(s->n <= MOST && s->m <= MOST && s->d <= COORDINATES);
    read_numbers(file, "x", s->x, s->n * s->d), read_numbers(file, "y", s->y, s->m * s->d);
    read_numbers(file, "a", s->a, s->n), read_numbers(file, "b", s->b, s->m);
    share(s->a, s->n), share(s->b, s->m);
    read_numbers(file, "exact", &s->exact, 1);
    read_numbers(file, "line", s->line, 2);
    read_numbers(file, "means", s->means, 5);
    read_numbers(file, "sinkhorn", s->sinkhorn, 2);
    read_numbers(file, "gradients", s->gradients, 5 * s->n * s->d);
    return true;
}

typedef void check_set(const struct set *s);

static void for_each_set(check_set *check)
{
    FILE *file = fopen(TRANSPORT_VALUES, "r");
    assert_non_null(file);
    struct set s;
    int sets = 0;
    for (; read_set(file, &s); sets++) {
        WG_TAPE(tape);
        check(&s);
        assert_no_error();
    }
    fclose(file);
    assert_int_equal(sets, SETS);
}

struct points {
    wg_tensor *x, *y, *a, *b;
};

/* On the open tape. Uniform sets have no weights. */
static struct points points_of(const struct set *s)
{
    struct points p = {wg_from(s->x, WG_SHAPE(s->n, s->d)), wg_from(s->y, WG_SHAPE(s->m, s->d)), WG_NONE, WG_NONE};
    assert_non_null(wg_set_requires_grad(p.x, true));
    if (!s->uniform)
        p.a = wg_from(s->a, WG_SHAPE(s->n)), p.b = wg_from(s->b, WG_SHAPE(s->m));
    return p;
}

/* The gradient of a value by x is number `at` of the set's. */
static void assert_gradient(const struct set *s, wg_tensor *value, wg_tensor *x, int at, double tolerance)
{
    assert_values(wg_copy(wg_grad(value, x)), s->gradients + at * s->n * s->d, tolerance);
}

/* ---- the exact distance ---- */

/* Feasible plan and potentials whose values agree: both are optimal, whatever found them. */
static void check_certificate(const double *c, const double *a, const double *b, int n, int m,
                              const wg_transport_solution *solution, double value, double tolerance)
{
    double plan[MOST * MOST], f[MOST], g[MOST], primal = 0, dual = 0;
    int used = 0;
    read_all(solution->plan, plan), read_all(wg_copy(solution->f), f), read_all(wg_copy(solution->g), g);
    for (int i = 0; i < n; i++) {
        double row = 0;
        for (int j = 0; j < m; j++) {
            const double slack = c[i * m + j] - f[i] - g[j], share_of = plan[i * m + j];
            assert_true(share_of >= 0 && slack >= -tolerance);
            assert_close(share_of * slack, 0, tolerance);
            row += share_of, primal += share_of * c[i * m + j], used += share_of > 0;
        }
        assert_close(row, a[i], tolerance);
        dual += a[i] * f[i];
    }
    for (int j = 0; j < m; j++) {
        double column = 0;
        for (int i = 0; i < n; i++)
            column += plan[i * m + j];
        assert_close(column, b[j], tolerance);
        dual += b[j] * g[j];
    }
    assert_true(used <= n + m - 1);
    assert_close(primal, value, tolerance);
    assert_close(dual, value, tolerance);
}

static void check_exact(const struct set *s)
{
    const struct points p = points_of(s);
    wg_tensor *cost = wg_transport_cost(p.x, p.y, .p = s->p);
    wg_transport_solution solution;
    double c[MOST * MOST];
    assert_int_equal(wg_transport_solve(cost, &solution, .weights_x = p.a, .weights_y = p.b), WG_OK);
    read_all(cost, c);
    check_certificate(c, s->a, s->b, s->n, s->m, &solution, s->exact, 1e-13);
    assert_false(wg_requires_grad(solution.plan) || wg_requires_grad(solution.f) || wg_requires_grad(solution.g));
    wg_tensor *w = wg_transport_exact(p.x, p.y, .p = s->p, .weights_x = p.a, .weights_y = p.b);
    assert_int_equal(wg_rank(w), 0);
    assert_close(wg_item(w), pow(s->exact, 1.0 / s->p), 1e-13);
    if (s->d > 1 || s->p > 1) /* on the line with p = 1 several plans are best */
        assert_gradient(s, wg_pow_scalar(w, s->p), p.x, 0, 1e-12);
    wg_tensor *narrow = wg_transport_exact(wg_cast(p.x, WG_F32), wg_cast(p.y, WG_F32), .p = s->p,
                                           .weights_x = s->uniform ? WG_NONE : wg_cast(p.a, WG_F32),
                                           .weights_y = s->uniform ? WG_NONE : wg_cast(p.b, WG_F32));
    assert_int_equal(wg_dtype_of(narrow), WG_F32);
    assert_close(wg_item(narrow), pow(s->exact, 1.0 / s->p), 1e-6);
}

static void primal_is_dual_is_scipys(void **state)
{
    (void)state;
    for_each_set(check_exact);
}

/* ---- the others ---- */

static void check_line(const struct set *s)
{
    const struct points p = points_of(s);
    wg_tensor *u = first_column(p.x), *v = first_column(p.y);
    for (int order = 1; order <= 2; order++) {
        wg_tensor *w = wg_transport_line(u, v, .p = order, .weights_x = p.a, .weights_y = p.b);
        assert_int_equal(wg_rank(w), 0);
        assert_close(pow(wg_item(w), order), s->line[order - 1], 1e-13);
        assert_true(wg_is_finite(wg_grad(w, p.x)) != NULL);
        /* one projection on a line is the distance itself */
        wg_tensor *one = wg_transport_sliced(wg_unsqueeze(u, 1), wg_unsqueeze(v, 1), .p = order, .projections = 3, .weights_x = p.a,
                                             .weights_y = p.b);
        assert_close(wg_item(one), wg_item(w), 1e-13);
    }
}

static void the_line_is_scipys(void **state)
{
    (void)state;
    for_each_set(check_line);
}

static void check_means(const struct set *s)
{
    const struct points p = points_of(s);
    wg_tensor *s_of = wg_from(((const double[]){0.5, 2}), WG_SHAPE(2));
    wg_tensor *u = wg_unsqueeze(first_column(p.x), 1), *v = wg_unsqueeze(first_column(p.y), 1);
    wg_tensor *energy = wg_transport_energy(p.x, p.y), *mmd = wg_transport_mmd(p.x, p.y, .bandwidths = s_of);
    assert_close(wg_item(wg_transport_energy(u, v)), s->means[0], 1e-13);
    assert_close(wg_item(energy), s->means[1], 1e-13);
    assert_close(wg_item(wg_transport_energy(p.x, p.y, .unbiased = true)), s->means[2], 1e-13);
    assert_close(wg_item(mmd), s->means[3], 1e-13);
    assert_close(wg_item(wg_transport_mmd(p.x, p.y, .bandwidths = s_of, .unbiased = true)), s->means[4], 1e-13);
    assert_close(wg_item(wg_transport_energy(wg_cast(p.x, WG_F32), wg_cast(p.y, WG_F32))), s->means[1], 1e-6);
    assert_close(wg_item(wg_transport_mmd(wg_cast(p.x, WG_F32), wg_cast(p.y, WG_F32), .bandwidths = wg_cast(s_of, WG_F32))),
                 s->means[3], 1e-6);
    assert_gradient(s, energy, p.x, 1, 1e-13);
    assert_gradient(s, mmd, p.x, 2, 1e-13);
}

static void energy_and_mmd_are_scipys_and_pytorchs(void **state)
{
    (void)state;
    for_each_set(check_means);
}

static void check_sinkhorn(const struct set *s)
{
    const struct points p = points_of(s);
    for (int debiased = 0; debiased < 2; debiased++) {
        wg_tensor *value = wg_transport_sinkhorn(p.x, p.y, .p = s->p, .epsilon = 0.5, .iterations = 30, .debiased = debiased,
                                                 .weights_x = p.a, .weights_y = p.b);
        assert_close(wg_item(value), s->sinkhorn[debiased], 1e-13);
        if (s->uniform) {
            wg_tensor *narrow = wg_transport_sinkhorn(wg_cast(p.x, WG_F32), wg_cast(p.y, WG_F32), .p = s->p, .epsilon = 0.5,
                                                      .iterations = 30, .debiased = debiased);
            assert_int_equal(wg_dtype_of(narrow), WG_F32);
            assert_close(wg_item(narrow), s->sinkhorn[debiased], 1e-5);
        }
        assert_gradient(s, value, p.x, 3 + debiased, 1e-12);
    }
}

static void sinkhorn_is_pytorchs(void **state)
{
    (void)state;
    for_each_set(check_sinkhorn);
}

/* ---- what makes them distances ---- */

/* Row 81 of the seed book: one atom onto two has a plan, and no map, which could not split the atom; while of two uniform sets of one size a
   best plan is a map, n elements of 1/n. */
static void a_plan_may_split_what_a_map_cannot(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *atom = wg_from(((const double[]){0, 0}), WG_SHAPE(1, 2)),
              *two = wg_from(((const double[]){1, 0, -2, 0}), WG_SHAPE(2, 2));
    wg_transport_solution s;
    assert_int_equal(wg_transport_solve(wg_transport_cost(atom, two), &s), WG_OK);
    assert_values(s.plan, (const double[]){0.5, 0.5}, 0);
    assert_close(wg_item(wg_transport_exact(atom, two)), 1.5, 1e-15);
    wg_tensor *x = filled(WG_F64, WG_SHAPE(12, 2), 0), *y = filled(WG_F64, WG_SHAPE(12, 2), 40);
    assert_int_equal(wg_transport_solve(wg_transport_cost(x, y), &s), WG_OK);
    double plan[144];
    int used = 0;
    read_all(s.plan, plan);
    for (int i = 0; i < 144; i++) {
        assert_true(plan[i] < 1e-12 || fabs(plan[i] - 1.0 / 12) < 1e-12);
        used += plan[i] > 1e-12;
    }
    assert_int_equal(used, 12);
    assert_no_error();
}

/* Of all that are metrics, or squares of metrics: symmetry, the triangle, and what a shift by (3, 4) does: W_p is its length, whatever p. */
static void distances_are_metrics(void **state)
{
    (void)state;
    const int metrics[] = {EXACT, LINE, SLICED, MMD, ENERGY};
    for (int k = 0; k < 5; k++)
        for (struct kind kind = {metrics[k], 1, false}; kind.p < 4; kind.p++) {
            WG_TAPE(tape);
            wg_tensor *set[] = {filled(WG_F64, WG_SHAPE(7, 2), 0), filled(WG_F64, WG_SHAPE(5, 2), 20),
                                filled(WG_F64, WG_SHAPE(6, 2), 51)};
            double d[3][3];
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++) {
                    d[i][j] = wg_item(distance_of(&kind, set[i], set[j], WG_NONE, WG_NONE));
                    d[i][j] = kind.which == MMD || kind.which == ENERGY ? sqrt(fmax(0, d[i][j])) : d[i][j];
                }
            for (int i = 0; i < 3; i++) {
                const int j = (i + 1) % 3, h = (i + 2) % 3;
                assert_close(d[i][j], d[j][i], 1e-14);
                assert_true(d[i][j] > 1e-3 && d[i][j] <= d[i][h] + d[h][j] + 1e-12);
            }
            wg_tensor *shifted = wg_add(set[0], wg_from(((const double[]){3, 4}), WG_SHAPE(2)));
            const double shift = wg_item(distance_of(&kind, set[0], shifted, WG_NONE, WG_NONE));
            if (kind.which == EXACT || kind.which == LINE)
                assert_close(shift, kind.which == EXACT ? 5 : 3, 1e-14);
        }
    assert_no_error();
}

/* Of a set and the same one shifted by δ, each projection has the distance |δ·θ|, whose mean square over the sphere is |δ|²/d. */
static void a_shift_counts_by_its_share_of_the_sphere(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(4, 0), *x = filled(WG_F64, WG_SHAPE(6, 3), 0);
    wg_tensor *y = wg_add(x, wg_from(((const double[]){1, -2, 2}), WG_SHAPE(3)));
    const double w = wg_item(wg_transport_sliced(x, y, .projections = 20000, .generator = generator));
    assert_close(w * w, 3, 0.01); /* the mean's deviation is 3 √(4/5/20000) = 0.019 */
    double first[2];
    for (int i = 0; i < 2; i++)
        first[i] = wg_item(wg_transport_sliced(x, y, .projections = 1, .generator = generator));
    assert_true(first[0] != first[1]); /* new directions at each call */
    wg_free(generator);
    assert_no_error();
}

/* Without an open tape the results are the caller's. */
static void without_a_tape(void **state)
{
    (void)state;
    wg_tensor *x = filled(WG_F32, WG_SHAPE(3, 2), 0), *y = filled(WG_F32, WG_SHAPE(2, 2), 9);
    wg_tensor *cost = wg_transport_cost(x, y), *w = wg_transport_exact(x, y);
    wg_transport_solution s;
    assert_int_equal(wg_transport_solve(cost, &s), WG_OK);
    double plan[6], c[6], sum = 0;
    read_all(s.plan, plan), read_all(cost, c);
    for (int i = 0; i < 6; i++)
        sum += plan[i] * c[i];
    assert_close(wg_item(w), sum, 1e-6);
    wg_free(s.plan), wg_free(s.f), wg_free(s.g), wg_free(cost), wg_free(w), wg_free(x), wg_free(y);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(primal_is_dual_is_scipys),
        TEST(the_line_is_scipys),
        TEST(energy_and_mmd_are_scipys_and_pytorchs),
        TEST(sinkhorn_is_pytorchs),
        TEST(a_plan_may_split_what_a_map_cannot),
        TEST(distances_are_metrics),
        TEST(a_shift_counts_by_its_share_of_the_sphere),
        TEST(without_a_tape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
