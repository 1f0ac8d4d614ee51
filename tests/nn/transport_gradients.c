/* Distances of samples: derivatives, Sinkhorn's iterations, replays, memory that fails. */
#include <math.h>

#include "formula.h"
#include "nn_check.h"
#include "transport_kinds.h"

static const char *const names[] = {"exact", "line", "sliced", "sinkhorn", "divergence", "mmd", "energy"};

/* ---- derivatives ---- */

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
    const int differentiable[] = {EXACT, LINE, SLICED, SINKHORN, DIVERGENCE};
    for (int i = 0; i < 5; i++) {
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

/* Of weights that are 0: (a, 0) + h (e - (a, 0)), where e has all weight at the last point. */
static double at_weight(struct kind *kind, double h, double *slope)
{
    const double with_0[] = {0.31, 0.33, 0.36, 0}, towards[] = {-0.31, -0.33, -0.36, 1};
    double at[4], g[4];
    for (int i = 0; i < 4; i++)
        at[i] = with_0[i] + h * towards[i];
    WG_TAPE(tape);
    wg_tensor *x = filled(WG_F64, WG_SHAPE(4, 2), 0), *y = filled(WG_F64, WG_SHAPE(3, 2), 11);
    wg_tensor *a = wg_set_requires_grad(wg_from(at, WG_SHAPE(4)), true), *b = wg_from(weights_of_3, WG_SHAPE(3)), *of_a;
    wg_tensor *value = distance_of(kind, x, y, a, b);
    assert_int_equal(wg_grad_many(value, &a, 1, &of_a), WG_OK);
    read_all(of_a, g);
    *slope = 0;
    for (int i = 0; i < 4; i++)
        *slope += g[i] * towards[i];
    return wg_item(value);
}

/* Differences on one side, extrapolated. */
static void a_weight_of_0_has_the_slope_of_one_that_grows(void **state)
{
    (void)state;
    const int kinds[] = {EXACT, SINKHORN, DIVERGENCE};
    const double h = 1e-4;
    for (int i = 0; i < 3; i++) {
        struct kind kind = {kinds[i], 2, true};
        double slope, unused;
        const double start = at_weight(&kind, 0, &slope);
        const double at_h = (at_weight(&kind, h, &unused) - start) / h,
                     at_half = (at_weight(&kind, h / 2, &unused) - start) / (h / 2),
                     at_quarter = (at_weight(&kind, h / 4, &unused) - start) / (h / 4);
        const double first = 2 * at_half - at_h, second = 2 * at_quarter - at_half, by_differences = (4 * second - first) / 3;
        if (!(fabs(slope - by_differences) < 1e-7 * (1 + fabs(slope))))
            fail_msg("%s: %.12g, by differences %.12g", names[kind.which], slope, by_differences);
        assert_true(fabs(slope) > 1e-3);
    }
    assert_no_error();
}

/* A point without weight far nearer to all others than those that have one: no exponential of the dtype reaches its slope. */
static void the_slope_of_a_near_point_is_finite(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        const double points[] = {0, 1000, 1001}, shares[] = {0, 0.5, 0.5};
        double g[3];
        WG_TAPE(tape);
        const wg_dtype dtype = wide ? WG_F64 : WG_F32;
        wg_tensor *x = wg_cast(wg_from(points, WG_SHAPE(3, 1)), dtype), *y = wg_zeros(dtype, WG_SHAPE(2, 1)), *of_a;
        wg_tensor *a = wg_set_requires_grad(wg_cast(wg_from(shares, WG_SHAPE(3)), dtype), true);
        assert_int_equal(wg_grad_many(wg_transport_sinkhorn(x, y, .weights_x = a), &a, 1, &of_a), WG_OK);
        read_all(of_a, g);
        for (int i = 0; i < 3; i++)
            assert_true(isfinite(g[i]));
        assert_true(g[0] < g[1]); /* mass is better there */
    }
    assert_no_error();
}

/* ---- units ---- */

/* The distance of points times a number, and its gradient by x; bandwidths have the points' unit. */
static double in_unit(struct kind *kind, double unit, wg_dtype dtype, double *gradient)
{
    WG_TAPE(tape);
    wg_tensor *x = wg_cast(wg_mul_scalar(filled(WG_F64, WG_SHAPE(4, 2), 0), unit), dtype), *of_x;
    wg_tensor *y = wg_cast(wg_mul_scalar(filled(WG_F64, WG_SHAPE(3, 2), 11), unit), dtype);
    wg_tensor *a = kind->weighted ? wg_cast(wg_from(weights_of_4, WG_SHAPE(4)), dtype) : WG_NONE;
    wg_tensor *b = kind->weighted ? wg_cast(wg_from(weights_of_3, WG_SHAPE(3)), dtype) : WG_NONE;
    x = wg_set_requires_grad(wg_copy(x), true);
    wg_tensor *value = kind->which == MMD ? wg_transport_mmd(x, y, .bandwidths = wg_full(dtype, WG_SHAPE(2), unit))
                                          : distance_of(kind, x, y, a, b);
    assert_int_equal(wg_grad_many(value, &x, 1, &of_x), WG_OK);
    read_all(of_x, gradient);
    return wg_item(value);
}

static void distances_have_the_unit_of_the_points(void **state)
{
    (void)state;
    const int kinds[] = {EXACT, LINE, SLICED, ENERGY, MMD};
    for (int i = 0; i < 5 * 2 * 2 * 2 * 3; i++) {
        const bool wide = i / 5 % 2, small = i / 10 % 2;
        struct kind kind = {kinds[i % 5], 1 + i / 40, i / 20 % 2};
        if (kind.which == MMD && kind.weighted)
            continue;
        const double least = kind.which == MMD ? 1e-25 : 1e-200,
                     unit = wide    ? (small ? least : 1e200)
                            : small ? 1e-25
                                    : 1e25,
                     slack = wide ? 1e-11 : 2e-4;
        const double power = kind.which == MMD ? 1 : unit; /* what the value is in */
        double g[8], expected[8];
        const double value = in_unit(&kind, unit, wide ? WG_F64 : WG_F32, g);
        const double one = in_unit(&kind, 1, wide ? WG_F64 : WG_F32, expected);
        if (!(fabs(value / power - one) < slack * (1 + fabs(one))))
            fail_msg("%s, p = %g, in units of %g: %g, expected %g", names[kind.which], kind.p, unit, value, one * power);
        for (int k = 0; k < 8; k++)
            assert_true(fabs(g[k] * unit / power - expected[k]) < slack * (1 + fabs(expected[k])));
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gradients_are_right),
        TEST(weights_and_bandwidths_have_gradients),
        TEST(a_weight_of_0_has_the_slope_of_one_that_grows),
        TEST(the_slope_of_a_near_point_is_finite),
        TEST(distances_have_the_unit_of_the_points),
        TEST(equal_sets_have_distance_0),
        TEST(the_envelope_is_the_gradient_at_convergence),
        TEST(the_envelope_passes_the_gradient_check),
        TEST(a_small_epsilon_is_stable),
        TEST(a_tolerance_ends_the_iterations),
        TEST(replayed_steps_have_the_same_bits),
        TEST(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
