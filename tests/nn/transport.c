/* Distances of samples: values beside SciPy's and PyTorch's, primal and dual, gradients. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formula.h"
#include "nn_check.h"

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

static wg_tensor *first_column(wg_tensor *points)
{
    return wg_select(points, 1, 0);
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
        assert_gradient(s, value, p.x, 3 + debiased, 1e-12);
    }
}

static void sinkhorn_is_pytorchs(void **state)
{
    (void)state;
    for_each_set(check_sinkhorn);
}

/* ---- derivatives ---- */

enum { EXACT, LINE, SLICED, SINKHORN, DIVERGENCE, MMD, ENERGY, KINDS };
static const char *const names[] = {"exact", "line", "sliced", "sinkhorn", "divergence", "mmd", "energy"};

struct kind {
    int which;
    double p;
    bool weighted;
};

static wg_tensor *sliced_of(const struct kind *kind, wg_tensor *x, wg_tensor *y, wg_tensor *a, wg_tensor *b)
{
    wg_tensor *generator = wg_generator(3, 0);
    wg_tensor *value = wg_transport_sliced(x, y, .p = kind->p, .projections = 6, .generator = generator, .weights_x = a,
                                           .weights_y = b);
    wg_free(generator);
    return value;
}

static wg_tensor *distance_of(const struct kind *kind, wg_tensor *x, wg_tensor *y, wg_tensor *a, wg_tensor *b)
{
    const bool debiased = kind->which == DIVERGENCE;
    switch (kind->which) {
    case EXACT:
        return wg_transport_exact(x, y, .p = kind->p, .weights_x = a, .weights_y = b);
    case LINE:
        return wg_transport_line(first_column(x), first_column(y), .p = kind->p, .weights_x = a, .weights_y = b);
    case SLICED:
        return sliced_of(kind, x, y, a, b);
    case SINKHORN:
    case DIVERGENCE:
        return wg_transport_sinkhorn(x, y, .p = kind->p, .epsilon = 0.3, .iterations = 5, .debiased = debiased, .weights_x = a,
                                     .weights_y = b);
    case MMD: {
        wg_tensor *bandwidths = wg_full(WG_F64, WG_SHAPE(3), 0.7);
        wg_tensor *value = wg_transport_mmd(x, y, .bandwidths = bandwidths, .unbiased = kind->weighted);
        if (!wg_tape_top())
            wg_free(bandwidths);
        return value;
    }
    default:
        return wg_transport_energy(x, y, .unbiased = kind->weighted);
    }
}

static const double weights_of_4[] = {0.125, 0.25, 0.5, 0.125}, weights_of_3[] = {0.2, 0.5, 0.3};

static wg_tensor *as_function(wg_tensor *const *x, size_t n, void *context)
{
    const struct kind *kind = context;
    (void)n;
    if (!kind->weighted)
        return distance_of(kind, x[0], x[1], WG_NONE, WG_NONE);
    return distance_of(kind, x[0], x[1], wg_from(weights_of_4, WG_SHAPE(4)), wg_from(weights_of_3, WG_SHAPE(3)));
}

static void gradients_are_right(void **state)
{
    (void)state;
    wg_tensor *x[] = {filled(WG_F64, WG_SHAPE(4, 2), 0), filled(WG_F64, WG_SHAPE(3, 2), 11)};
    for (struct kind kind = {0, 1, false}; kind.which < KINDS; kind.which++)
        for (kind.p = 1; kind.p < 4; kind.p++)
            for (int weighted = 0; weighted < 2; weighted++) {
                kind.weighted = weighted;
                if (wg_gradcheck(as_function, &kind, x, 2) != WG_OK)
                    fail_msg("%s, p = %g: %s", names[kind.which], kind.p, wg_error_first()->message);
                if (wg_gradgradcheck(as_function, &kind, x, 2) != WG_OK)
                    fail_msg("%s, p = %g, twice: %s", names[kind.which], kind.p, wg_error_first()->message);
            }
    wg_free(x[0]), wg_free(x[1]);
    assert_no_error();
}

/* Gradients by the weights and by the bandwidths, along directions that keep the sum. */
static wg_tensor *of_logits(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return distance_of(context, x[0], x[1], wg_softmax(x[2]), wg_softmax(x[3]));
}

static wg_tensor *of_bandwidths(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_transport_mmd(x[0], x[1], .bandwidths = wg_exp(x[2]));
}

static void weights_and_bandwidths_have_gradients(void **state)
{
    (void)state;
    wg_tensor *x[] = {filled(WG_F64, WG_SHAPE(4, 2), 0), filled(WG_F64, WG_SHAPE(3, 2), 11), filled(WG_F64, WG_SHAPE(4), 2),
                      filled(WG_F64, WG_SHAPE(3), 5)};
    const int differentiable[] = {LINE, SLICED, SINKHORN, DIVERGENCE};
    for (int i = 0; i < 4; i++) {
        struct kind kind = {differentiable[i], 2, true};
        if (wg_gradcheck(of_logits, &kind, x, 4) != WG_OK)
            fail_msg("%s: %s", names[kind.which], wg_error_first()->message);
    }
    wg_tensor *with_bandwidths[] = {x[0], x[1], x[3]};
    assert_int_equal(wg_gradcheck(of_bandwidths, NULL, with_bandwidths, 3), WG_OK);
    for (int i = 0; i < 4; i++)
        wg_free(x[i]);
    assert_no_error();
}

/* Equal sets, some of whose points coincide: distances of 0, with a gradient of 0 where there is a root. */
static void equal_sets_have_distance_0(void **state)
{
    (void)state;
    const double points[] = {1, 2, 1, 2, -1, 0.5};
    for (struct kind kind = {0, 1, false}; kind.which < KINDS; kind.which++)
        for (kind.p = 1; kind.p < 4; kind.p++) {
            WG_TAPE(tape);
            wg_tensor *x = wg_set_requires_grad(wg_from(points, WG_SHAPE(3, 2)), true), *y = wg_from(points, WG_SHAPE(3, 2));
            wg_tensor *value = distance_of(&kind, x, y, WG_NONE, WG_NONE);
            double g[6];
            if (kind.which != SINKHORN)
                assert_close(wg_item(value), 0, 1e-15);
            read_all(wg_copy(wg_grad(value, x)), g);
            for (int i = 0; i < 6; i++) {
                assert_true(isfinite(g[i]));
                if (kind.which != SINKHORN && kind.which != DIVERGENCE)
                    assert_close(g[i], 0, 1e-15);
            }
        }
    assert_no_error();
}

/* ---- Sinkhorn ---- */

/* At convergence both gradients agree, and differ by about the error before. */
static void the_envelope_is_the_gradient_at_convergence(void **state)
{
    (void)state;
    const int64_t iterations[] = {2, 20, 400};
    double difference[3] = {0};
    for (int k = 0; k < 3; k++) {
        WG_TAPE(tape);
        wg_tensor *x = wg_set_requires_grad(filled(WG_F64, WG_SHAPE(5, 2), 0), true), *y = filled(WG_F64, WG_SHAPE(4, 2), 9);
        wg_tensor *value[2];
        double g[2][10];
        for (int envelope = 0; envelope < 2; envelope++) {
            value[envelope] = wg_transport_sinkhorn(x, y, .epsilon = 0.2, .iterations = iterations[k], .envelope = envelope);
            read_all(wg_copy(wg_grad(value[envelope], x)), g[envelope]);
        }
        assert_close(wg_item(value[0]), wg_item(value[1]), 1e-15);
        for (int i = 0; i < 10; i++)
            difference[k] = fmax(difference[k], fabs(g[0][i] - g[1][i]));
    }
    assert_true(difference[0] > 1e-3 && difference[1] < difference[0] && difference[2] < 1e-12);
    assert_no_error();
}

static wg_tensor *by_envelope(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_transport_sinkhorn(x[0], x[1], .epsilon = 0.5, .iterations = 5000, .tolerance = 1e-12, .envelope = true,
                                 .debiased = true);
}

static void the_envelope_passes_the_gradient_check(void **state)
{
    (void)state;
    wg_tensor *x[] = {filled(WG_F64, WG_SHAPE(4, 2), 0), filled(WG_F64, WG_SHAPE(3, 2), 11)};
    assert_int_equal(wg_gradcheck(by_envelope, NULL, x, 2), WG_OK);
    wg_free(x[0]), wg_free(x[1]);
    assert_no_error();
}

/* The value comes near that of the exact plan, from above; at ε = 1e-4 beside costs of about 1 too, where e^{-c/ε} underflows and
   the iterations have not converged. */
static void a_small_epsilon_is_stable(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = wg_set_requires_grad(filled(WG_F64, WG_SHAPE(6, 2), 0), true), *y = filled(WG_F64, WG_SHAPE(6, 2), 9);
    wg_tensor *w = wg_transport_exact(x, y, .p = 2);
    const double exact = wg_item(w) * wg_item(w);
    double before = (double)INFINITY;
    for (double epsilon = 0.3; epsilon > 0.02; epsilon /= 3) {
        wg_tensor *value = wg_transport_sinkhorn(x, y, .epsilon = epsilon, .iterations = 5000, .tolerance = 1e-9, .envelope = true);
        const double off = wg_item(value) - exact;
        assert_true(off > 0 && off < before && off < epsilon * log(6) * (1 + 1e-6));
        before = off;
    }
    wg_tensor *value = wg_transport_sinkhorn(x, y, .epsilon = 1e-4);
    double g[12];
    assert_true(wg_item(value) > 0 && wg_item(value) < exact + 1e-4 * log(6));
    read_all(wg_copy(wg_grad(value, x)), g);
    for (int i = 0; i < 12; i++)
        assert_true(isfinite(g[i]));
    assert_no_error();
}

static void a_tolerance_ends_the_iterations(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = filled(WG_F64, WG_SHAPE(5, 2), 0), *y = filled(WG_F64, WG_SHAPE(4, 2), 9);
    const double all = wg_item(wg_transport_sinkhorn(x, y, .iterations = 5000));
    size_t nodes[2];
    for (int i = 0; i < 2; i++) {
        const size_t first = wg_tape_nodes(tape);
        assert_close(wg_item(wg_transport_sinkhorn(x, y, .iterations = 5000, .tolerance = i ? 1e-10 : 1e-2)), all,
                     i ? 1e-11 : 1e-2);
        nodes[i] = wg_tape_nodes(tape) - first;
    }
    assert_true(nodes[0] < nodes[1]);
    assert_null(wg_transport_sinkhorn(x, y, .epsilon = 1e-3, .iterations = 3, .tolerance = 1e-10));
    assert_error(WG_E_NUMERIC, "transport_sinkhorn: after 3 iterations the plan's rows differ from the weights by ");
}

/* ---- replays, memory ---- */

struct step {
    struct kind kind;
    wg_tensor *x, *y, *generator;
};

static wg_status move(void *context)
{
    struct step *s = context;
    wg_clear_gradient(s->x);
    WG_TAPE(tape);
    wg_tensor *value = s->kind.which == SLICED ? wg_transport_sliced(s->x, s->y, .projections = 4, .generator = s->generator)
                                               : distance_of(&s->kind, s->x, s->y, WG_NONE, WG_NONE);
    WG_TRY(wg_backward(value));
    WG_NO_GRAD;
    return wg_accumulate(s->x, wg_mul_scalar(wg_gradient(s->x), -0.3));
}

static void replayed_steps_have_the_same_bits(void **state)
{
    (void)state;
    for (struct kind kind = {0, 2, false}; kind.which < KINDS; kind.which++) {
        struct step s[2];
        for (int i = 0; i < 2; i++)
            s[i] = (struct step){kind, wg_set_requires_grad(filled(WG_F64, WG_SHAPE(5, 2), 0), true),
                                 filled(WG_F64, WG_SHAPE(4, 2), 9), wg_generator(1, 2)};
        wg_replay *replay = wg_replay_capture(move, &s[0]);
        if (!replay)
            fail_msg("%s: %s", names[kind.which], wg_error_first()->message);
        for (int i = 0; i < 3; i++)
            assert_int_equal(wg_replay_run(replay), WG_OK);
        wg_replay_destroy(replay);
        for (int i = 0; i < 4; i++)
            assert_int_equal(move(&s[1]), WG_OK);
        assert_same_bits(s[0].x, s[1].x);
        for (int i = 0; i < 2; i++)
            wg_free(s[i].x), wg_free(s[i].y), wg_free(s[i].generator);
    }
    assert_no_error();
}

static void every_failed_allocation_is_an_error(void **state)
{
    (void)state;
    wg_tensor *x = filled(WG_F64, WG_SHAPE(3, 2), 0), *y = filled(WG_F64, WG_SHAPE(2, 2), 9);
    wg_tensor *v = filled(WG_F64, WG_SHAPE(3), 4), *a = wg_from(weights_of_3, WG_SHAPE(3));
    for (struct kind kind = {0, 2, false}; kind.which < KINDS; kind.which++)
        for (int64_t at = 0; kind.which != LINE; at++) {
            wg_memory_fail(at, false);
            wg_tensor *value = distance_of(&kind, x, y, WG_NONE, WG_NONE);
            wg_memory_fail(-1, false);
            wg_free(value);
            if (value)
                break;
            assert_error(WG_E_MEMORY, "");
        }
    for (int64_t at = 0;; at++) {
        wg_memory_fail(at, false);
        wg_tensor *value = wg_transport_line(v, v, .p = 2, .weights_x = a);
        wg_memory_fail(-1, false);
        wg_free(value);
        if (value)
            break;
        assert_error(WG_E_MEMORY, "");
    }
    for (int64_t at = 0;; at++) {
        wg_transport_solution s = {NULL, NULL, NULL};
        wg_memory_fail(at, false);
        const wg_status status = wg_transport_solve(x, &s);
        wg_memory_fail(-1, false);
        if (status == WG_OK) {
            wg_free(s.plan), wg_free(s.f), wg_free(s.g);
            break;
        }
        assert_null(s.plan);
        assert_error(WG_E_MEMORY, "");
    }
    wg_free(x), wg_free(y), wg_free(v), wg_free(a);
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
        TEST(gradients_are_right),
        TEST(weights_and_bandwidths_have_gradients),
        TEST(equal_sets_have_distance_0),
        TEST(the_envelope_is_the_gradient_at_convergence),
        TEST(the_envelope_passes_the_gradient_check),
        TEST(a_small_epsilon_is_stable),
        TEST(a_tolerance_ends_the_iterations),
        TEST(replayed_steps_have_the_same_bits),
        TEST(every_failed_allocation_is_an_error),
        TEST(without_a_tape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
