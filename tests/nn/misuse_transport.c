/* Misuse of the distances of samples. */
#include "misuse.h"

static wg_tensor *generator; /* sliced distances draw from it before they fail, which the open tape undoes when it closes */

static wg_tensor *cost(wg_tensor *x, wg_tensor *y)
{
    return wg_transport_cost(x, y);
}

static wg_tensor *exact(wg_tensor *x, wg_tensor *y)
{
    return wg_transport_exact(x, y);
}

static wg_tensor *line(wg_tensor *x, wg_tensor *y)
{
    return wg_transport_line(x, y);
}

static wg_tensor *sliced(wg_tensor *x, wg_tensor *y)
{
    return wg_transport_sliced(x, y, .generator = generator);
}

static wg_tensor *sinkhorn(wg_tensor *x, wg_tensor *y)
{
    return wg_transport_sinkhorn(x, y);
}

static wg_tensor *mmd(wg_tensor *x, wg_tensor *y)
{
    return wg_transport_mmd(x, y);
}

static wg_tensor *energy(wg_tensor *x, wg_tensor *y)
{
    return wg_transport_energy(x, y);
}

/* The released value is a matrix, which is found first. */
#define BAD_CODE (distance == line && bad_ == IS_RELEASED ? WG_E_SHAPE : code)

/* What all of them refuse; good: points that fit. */
static void refuse_points(wg_tensor *(*distance)(wg_tensor *x, wg_tensor *y), const char *name, wg_tensor *good)
{
    char op[40], text[80];
    snprintf(op, sizeof op, "%s: ", name);
    FOR_EACH_BAD(IS_NULL, assert_null_and_error(distance(bad, good), BAD_CODE, op));
    FOR_EACH_BAD(IS_NULL, assert_null_and_error(distance(good, bad), BAD_CODE, op));
    snprintf(text, sizeof text, "%s: expected x and y of one dtype, f32 or f64, got f32 and i64", name);
    assert_null_and_error(distance(good, fx.labels), WG_E_DTYPE, text);
    assert_null_and_error(distance(fx.labels, fx.labels), WG_E_DTYPE, op);
    snprintf(text, sizeof text, "%s: expected at least one point in each of x", name);
    wg_tensor *none = wg_zeros(WG_F32, WG_SHAPE(0, 3)), *flat = wg_zeros(WG_F32, WG_SHAPE(2, 0));
    wg_tensor *unfit[] = {fx.scalar,
                          none,
                          flat,
                          distance == line ? fx.y : fx.vector,
                          wg_zeros(WG_F32, WG_SHAPE(1, 3, 1)),
                          distance == line ? wg_zeros(WG_F32, WG_SHAPE(0)) : fx.odd};
    for (int i = 0; i < 6; i++) {
        assert_null_and_error(distance(good, unfit[i]), WG_E_SHAPE, text);
        assert_null_and_error(distance(unfit[i], good), WG_E_SHAPE, text);
    }
}

static void misuse_points(void)
{
    refuse_points(cost, "transport_cost", fx.y);
    refuse_points(exact, "transport_exact", fx.y);
    refuse_points(line, "transport_line", fx.vector);
    refuse_points(sliced, "transport_sliced", fx.y);
    refuse_points(sinkhorn, "transport_sinkhorn", fx.y);
    refuse_points(mmd, "transport_mmd", fx.y);
    refuse_points(energy, "transport_energy", fx.y);
}

/* call: with .weights_x = w, of n points. The released value is a matrix, which is found first. */
#define REFUSED_WEIGHTS(op, n, call)                                                                                          \
    do {                                                                                                                      \
        FOR_EACH_BAD(IS_NULL, wg_tensor *w = bad;                                                                             \
                     if (bad_ != IS_NONE) assert_null_and_error(call, bad_ == IS_RELEASED ? WG_E_SHAPE : code, op ": "));     \
        wg_tensor *w = fx.odd;                                                                                                \
        assert_null_and_error((call), WG_E_SHAPE, op ": expected weights_x of shape [" #n "], got [5, 7]");                   \
        w = fx.rate;                                                                                                          \
        assert_null_and_error((call), WG_E_DTYPE, op ": expected weights_x of dtype f32, got f64");                           \
        w = wg_full(WG_F32, WG_SHAPE(n), 1);                                                                                  \
        assert_null_and_error((call), WG_E_ARGUMENT, op ": expect: expected Σ weights_x in 0.9999 … 1.0001, got " #n " at "); \
        const float negative[] = {1.5f, -0.5f, 0};                                                                            \
        w = wg_from(negative, WG_SHAPE(n));                                                                                   \
        assert_null_and_error((call), WG_E_ARGUMENT, op ": expect: expected weights_x in 0 … 1.0001, got 1.5 at element 0");  \
        const float below[] = {1, -0.5f, 0.5f};                                                                               \
        w = wg_from(below, WG_SHAPE(n));                                                                                      \
        assert_null_and_error((call), WG_E_ARGUMENT, op ": expect: expected weights_x in 0 … 1.0001, got -0.5 at element 1"); \
    } while (0)

static void misuse_options(void)
{
    const double bad_p[] = {0.5, -1, (double)NAN, (double)INFINITY};
    wg_tensor *x = fx.x, *y = fx.y;
    for (int i = 0; i < 4; i++) {
        assert_null_and_error(wg_transport_cost(x, y, .p = bad_p[i]), WG_E_ARGUMENT,
                              "transport_cost: expected p in 1 … 1e+06, got ");
        assert_null_and_error(wg_transport_exact(x, y, .p = bad_p[i]), WG_E_ARGUMENT, "transport_exact: expected p in 1");
        assert_null_and_error(wg_transport_sliced(x, y, .p = bad_p[i]), WG_E_ARGUMENT, "transport_sliced: expected p in 1");
        assert_null_and_error(wg_transport_sinkhorn(x, y, .p = bad_p[i]), WG_E_ARGUMENT, "transport_sinkhorn: expected p in 1");
        if (i < 3)
            assert_null_and_error(wg_transport_line(fx.vector, fx.vector, .p = bad_p[i]), WG_E_ARGUMENT,
                                  "transport_line: expected p");
    }
    const double bad_epsilon[] = {0, -1, (double)NAN, (double)INFINITY};
    for (int i = 0; i < 4; i++)
        assert_null_and_error(wg_transport_sinkhorn(x, y, .epsilon = bad_epsilon[i]), WG_E_ARGUMENT,
                              "transport_sinkhorn: expected epsilon in 1e-30 … 1e+30, got ");
    assert_null_and_error(wg_transport_sinkhorn(x, y, .iterations = 0), WG_E_ARGUMENT,
                          "transport_sinkhorn: expected iterations in 1");
    assert_null_and_error(wg_transport_sinkhorn(x, y, .tolerance = -1), WG_E_ARGUMENT,
                          "transport_sinkhorn: expected tolerance in 0");
    assert_null_and_error(wg_transport_sinkhorn(x, y, .tolerance = NAN), WG_E_ARGUMENT, "transport_sinkhorn: expected tolerance");
    assert_null_and_error(wg_transport_sliced(x, y, .projections = 0), WG_E_ARGUMENT,
                          "transport_sliced: expected projections in 1");
    REFUSED_BUT_NONE("transport_sliced", wg_transport_sliced(x, y, .generator = bad));
    assert_null_and_error(wg_transport_sliced(x, y, .generator = x), WG_E_DTYPE, "transport_sliced: normal: ");
    FOR_EACH_BAD(IS_NULL, if (bad_ != IS_NONE) assert_null_and_error(wg_transport_mmd(x, y, .bandwidths = bad),
                                                                     bad_ == IS_RELEASED ? WG_E_SHAPE : code, "transport_mmd: "));
    assert_null_and_error(wg_transport_mmd(x, y, .bandwidths = fx.scalar), WG_E_SHAPE,
                          "transport_mmd: expected bandwidths in a vector");
    assert_null_and_error(wg_transport_mmd(x, y, .bandwidths = wg_ones(WG_F64, WG_SHAPE(2))), WG_E_DTYPE,
                          "transport_mmd: expected bandwidths in a vector of the points' dtype, got f64 [2]");
    assert_null_and_error(wg_transport_mmd(x, y, .bandwidths = wg_zeros(WG_F32, WG_SHAPE(2))), WG_E_ARGUMENT,
                          "transport_mmd: expect: expected bandwidths in 1e-30 … inf, got 0 at element 0");
    wg_tensor *one = wg_slice(y, 0, 0, 1, 1);
    assert_null_and_error(wg_transport_mmd(x, one, .unbiased = true), WG_E_SHAPE, "transport_mmd: expected at least two points");
    assert_null_and_error(wg_transport_energy(one, x, .unbiased = true), WG_E_SHAPE, "transport_energy: expected at least two");
}

/* NaN makes a distance NaN, where it is made of ops; the exact solver refuses it. */
static void misuse_numbers(void)
{
    wg_transport_solution s = {NULL, NULL, NULL};
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        float elements[] = {1, 2, 3, 4, bad[i], 6};
        wg_tensor *x = wg_from(elements, WG_SHAPE(2, 3));
        assert_null_and_error(wg_transport_exact(x, fx.y), WG_E_ARGUMENT,
                              i == 0   ? "transport_exact: expected finite coordinates, got nan in row 1, column 1 of x"
                              : i == 1 ? "transport_exact: expected finite coordinates, got inf in row 1, column 1 of x"
                                       : "transport_exact: expected finite coordinates, got -inf in row 1, column 1 of x");
        assert_null_and_error(wg_transport_exact(fx.y, x), WG_E_ARGUMENT,
                              i == 0 ? "transport_exact: expected finite coordinates, got nan in row 1, column 1 of y"
                                     : "transport_exact: expected finite coordinates, got ");
        if (i > 0)
            assert_null_and_error(wg_transport_sinkhorn(x, fx.y), WG_E_ARGUMENT,
                                  "transport_sinkhorn: expect: expected costs in 0 … ");
        assert_fails(wg_transport_solve(x, &s), WG_E_ARGUMENT, "transport_solve: expected finite costs, got ");
        if (i == 0) {
            assert_true(isnan(wg_item(wg_transport_sinkhorn(x, fx.y))) && isnan(wg_item(wg_transport_mmd(x, fx.y))));
            assert_true(isnan(wg_item(wg_transport_energy(x, fx.y))));
            assert_true(isnan(wg_item(wg_transport_sliced(x, fx.y, .generator = generator))));
        }
    }
    const float large[] = {3e38f, 0, 0, -3e38f, 0, 0};
    wg_tensor *far = wg_from(large, WG_SHAPE(2, 3));
    assert_true(fabs(wg_item(wg_transport_exact(far, fx.y, .p = 2)) / 3e38 - 1) < 1e-6);
    assert_null_and_error(wg_transport_exact(wg_neg(far), wg_slice(far, 0, 0, 1, 1)), WG_E_ARGUMENT,
                          "transport_exact: transport_solve: expected finite costs, got inf in row 0, column 0");
    assert_null(s.plan);
}

static void misuse_solve(void)
{
    wg_transport_solution s = {NULL, NULL, NULL};
    assert_fails(wg_transport_solve(fx.x, NULL), WG_E_NULL, "transport_solve: the solution is NULL");
    REFUSED_STATUS("transport_solve", wg_transport_solve(bad, &s));
    FOR_EACH_BAD(IS_NULL, if (bad_ != IS_NONE) assert_fails(wg_transport_solve(fx.x, &s, .weights_x = bad),
                                                            bad_ == IS_RELEASED ? WG_E_SHAPE : code, "transport_solve: "));
    FOR_EACH_BAD(IS_NULL, if (bad_ != IS_NONE) assert_fails(wg_transport_solve(fx.x, &s, .weights_y = bad),
                                                            bad_ == IS_RELEASED ? WG_E_SHAPE : code, "transport_solve: "));
    assert_fails(wg_transport_solve(fx.labels, &s), WG_E_DTYPE, "transport_solve: expected costs of dtype f32 or f64, got i64");
    assert_fails(wg_transport_solve(fx.vector, &s), WG_E_SHAPE,
                 "transport_solve: expected costs (n,m) of 1 to 50 million pairs, got [3]");
    assert_fails(wg_transport_solve(wg_zeros(WG_F32, WG_SHAPE(0, 3)), &s), WG_E_SHAPE, "transport_solve: expected costs (n,m)");
    wg_tensor *wide = wg_broadcast_to(fx.scalar, WG_SHAPE(10000, 10000));
    assert_fails(wg_transport_solve(wide, &s), WG_E_SHAPE, "transport_solve: expected costs (n,m) of 1 to 50 million pairs, got");
    assert_fails(wg_transport_solve(fx.x, &s, .weights_y = fx.scalar), WG_E_SHAPE,
                 "transport_solve: expected weights_y of shape [3]");
    assert_fails(wg_transport_solve(fx.x, &s, .weights_y = fx.vector), WG_E_ARGUMENT, "transport_solve: expect: expected ");
    const float bad[] = {NAN, 0.5f, 0.5f};
    assert_fails(wg_transport_solve(fx.x, &s, .weights_y = wg_from(bad, WG_SHAPE(3))), WG_E_ARGUMENT,
                 "transport_solve: expected weights that sum to 1, got nan");
    assert_true(!s.plan && !s.f && !s.g);
}

static void misuse_weights(void)
{
    REFUSED_WEIGHTS("transport_exact", 2, wg_transport_exact(fx.x, fx.y, .weights_x = w));
    REFUSED_WEIGHTS("transport_sliced", 2, wg_transport_sliced(fx.x, fx.y, .generator = generator, .weights_x = w));
    REFUSED_WEIGHTS("transport_sinkhorn", 2, wg_transport_sinkhorn(fx.x, fx.y, .weights_x = w));
    REFUSED_WEIGHTS("transport_line", 3, wg_transport_line(fx.vector, fx.vector, .weights_x = w));
}

static void misuse_distances(void)
{
    generator = wg_generator(1, 0);
    misuse_points();
    misuse_options();
    misuse_weights();
    misuse_numbers();
    wg_free(generator);
}

static const struct misuse table[] = {
    {"wg_transport_cost_with", misuse_distances},     {"wg_transport_exact_with", misuse_distances},
    {"wg_transport_line_with", misuse_distances},     {"wg_transport_sliced_with", misuse_distances},
    {"wg_transport_sinkhorn_with", misuse_distances}, {"wg_transport_mmd_with", misuse_distances},
    {"wg_transport_energy_with", misuse_distances},   {"wg_transport_solve_with", misuse_solve},
};

MISUSE_MAIN(table)
