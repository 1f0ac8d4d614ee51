/* Slices of the loss, directions, and Taylor polynomials along them. */
#include "landscapes.h"

/* ---- directions ---- */

static double part_norm(const wg_tensor *t, int64_t from, int64_t n)
{
    double sum = 0;
    for (int64_t i = from; i < from + n; i++)
        sum += element(t, i) * element(t, i);
    return sqrt(sum);
}

/* With FILTER each row of a weight has the weight's norm, and biases have no part; with TENSOR each parameter has. */
static void directions_are_scaled(void **state)
{
    (void)state;
    wg_tensor *kernel = numbers(WG_F64, WG_SHAPE(3, 2, 2), 1), *bias = numbers(WG_F64, WG_SHAPE(3), 2);
    const wg_study_loss loss = {.params = {2, (wg_tensor *[]){kernel, bias}, NULL}};
    wg_tensor *filter = made(wg_study_direction(&loss)), *tensor = made(wg_study_direction(&loss, .scale = WG_STUDY_SCALE_TENSOR));
    wg_tensor *none = made(wg_study_direction(&loss, .scale = WG_STUDY_SCALE_NONE));
    wg_tensor *other = made(wg_study_direction(&loss, .seed = 2)), *again = made(wg_study_direction(&loss));
    for (int64_t i = 0; i < 3; i++) {
        assert_near(part_norm(filter, 4 * i, 4), part_norm(kernel, 4 * i, 4), 1e-14);
        assert_true(element(filter, 12 + i) == 0);
    }
    assert_near(part_norm(tensor, 0, 12), part_norm(kernel, 0, 12), 1e-14);
    assert_near(part_norm(tensor, 12, 3), part_norm(bias, 0, 3), 1e-14);
    assert_true(fabs(part_norm(tensor, 0, 4) - part_norm(kernel, 0, 4)) > 1e-3);
    assert_true(fabs(part_norm(none, 0, 12) - part_norm(kernel, 0, 12)) > 1e-3);
    assert_same_bits(filter, again);
    assert_true(element(filter, 0) != element(other, 0));
    wg_tensor *all[] = {kernel, bias, filter, tensor, none, other, again};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        wg_free(all[i]);
}

/* The reason for filters: a network of relu whose first layer is multiplied by 10 and its second divided by 10 is the same function, and
   its slice is the same, where without the scaling it is not. */
static wg_tensor *two_layers(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return wg_mean(wg_square(wg_matmul(x[1], wg_relu(wg_matmul(x[0], (wg_tensor *)context)))));
}

static double slice_at_end(wg_tensor *const *x, wg_tensor *data, wg_study_scale scale)
{
    const wg_study_loss loss = {two_layers, data, {2, x, NULL}};
    wg_tensor *d = made(wg_study_direction(&loss, .scale = scale)), *line = made(wg_study_line(&loss, d, .points = 5));
    const double end = element(line, 9);
    wg_free(d), wg_free(line);
    return end;
}

static void slices_of_one_function_are_equal(void **state)
{
    (void)state;
    wg_tensor *data = numbers(WG_F64, WG_SHAPE(3, 9), 1),
              *x[2] = {numbers(WG_F64, WG_SHAPE(5, 3), 2), numbers(WG_F64, WG_SHAPE(2, 5), 3)};
    wg_tensor *same[2] = {made(wg_mul_scalar(x[0], 8)), made(wg_mul_scalar(x[1], 0.125))};
    const double end = slice_at_end(x, data, WG_STUDY_SCALE_FILTER), raw = slice_at_end(x, data, WG_STUDY_SCALE_NONE);
    assert_near(slice_at_end(same, data, WG_STUDY_SCALE_FILTER), end, 1e-12 * end);
    assert_true(fabs(slice_at_end(same, data, WG_STUDY_SCALE_NONE) - raw) > 0.1 * raw);
    wg_free(data), wg_free(x[0]), wg_free(x[1]), wg_free(same[0]), wg_free(same[1]);
}

/* ---- lines and planes ---- */

/* x⁴/4 - x³/3 - x² along x, seen from its local maximum: the plateau-free 1-D landscape with its two minima. */
static void a_line_through_two_valleys(void **state)
{
    (void)state;
    PLANE(p, two_valleys, 0, 0);
    wg_tensor *d = wg_from(((double[]){1, 0}), WG_SHAPE(2)),
              *line = made(wg_study_line(&p.loss, d, .from = -2, .to = 3, .points = 501));
    int64_t lowest = 0, minima = 0;
    for (int64_t i = 0; i < 501; i++) {
        const double t = element(line, 2 * i), value = element(line, 2 * i + 1);
        assert_near(t, -2 + 0.01 * (double)i, 1e-14);
        assert_near(value, t * t * t * t / 4 - t * t * t / 3 - t * t, 1e-13);
        lowest = value < element(line, 2 * lowest + 1) ? i : lowest;
        minima += i > 0 && i < 500 && value < element(line, 2 * i - 1) && value < element(line, 2 * i + 3);
    }
    assert_int_equal(lowest, 400);
    assert_int_equal(minima, 2);
    wg_free(d), wg_free(line), wg_free(p.at);
}

/* The plateau: no slope and no curvature, though the loss is not constant. */
static void a_line_over_a_plateau(void **state)
{
    (void)state;
    PLANE(p, plateau, 0.25, 0);
    wg_tensor *d = wg_from(((double[]){1, 0}), WG_SHAPE(2)),
              *line = made(wg_study_line(&p.loss, d, .from = -2, .to = 2, .points = 9));
    wg_study_descent at;
    assert_ok(wg_study_curvature(&p.loss, &at));
    assert_true(at.gradient_norm == 0 && at.curvature == 0);
    assert_true(element(line, 7) == 0 && element(line, 9) == 0 && element(line, 17) > 1);
    wg_free(d), wg_free(line), wg_free(p.at);
}

static void a_plane(void **state)
{
    (void)state;
    PLANE(p, saddle, 1, -1);
    wg_tensor *a = wg_from(((double[]){1, 0}), WG_SHAPE(2)), *b = wg_from(((double[]){0, 2}), WG_SHAPE(2));
    wg_tensor *plane = made(wg_study_plane(&p.loss, a, b, .points = 5));
    assert_int_equal(wg_extent(plane, 0), 25);
    for (int64_t i = 0; i < 25; i++) {
        const double s = element(plane, 3 * i), t = element(plane, 3 * i + 1);
        assert_true(s == (double)(i / 5) / 2 - 1 && t == (double)(i % 5) / 2 - 1);
        assert_near(element(plane, 3 * i + 2), (1 + s) * (1 + s) - (2 * t - 1) * (2 * t - 1), 1e-14);
    }
    assert_near(element(p.at, 0), 1, 0);
    wg_free(a), wg_free(b), wg_free(plane), wg_free(p.at);
}

static wg_tensor *logarithm(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_log(x[0]));
}

/* A loss that is not finite is part of the picture. */
static void a_line_to_where_the_loss_ends(void **state)
{
    (void)state;
    PLANE(p, logarithm, 1, 1);
    wg_tensor *d = wg_from(((double[]){1, 0}), WG_SHAPE(2)),
              *line = made(wg_study_line(&p.loss, d, .from = -2, .to = 0, .points = 3));
    assert_true(isnan(element(line, 1)) && isinf(element(line, 3)) && element(line, 5) == 0);
    wg_free(d), wg_free(line), wg_free(p.at);
}

/* ---- Taylor polynomials ---- */

static wg_tensor *sine(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_sin(x[0]));
}

/* sin around 0, degrees 1 to 13: the coefficients, and errors at 2 that shrink with each odd degree below the first omitted term. */
static void sine_to_degree_13(void **state)
{
    (void)state;
    wg_tensor *x = wg_scalar(WG_F64, 0), *c = NULL;
    const wg_study_loss loss = {sine, NULL, {1, &x, NULL}};
    double factorial = 1, before = INFINITY;
    for (int degree = 1; degree <= 13; degree++) {
        wg_free(c);
        c = made(wg_study_taylor(&loss, WG_NONE, degree));
        factorial *= degree;
        assert_int_equal(wg_numel(c), degree + 1);
        assert_near(element(c, degree), degree % 2 ? (degree % 4 == 1 ? 1 : -1) / factorial : 0, 1e-15 / factorial);
        const double error = fabs(wg_study_taylor_at(c, 2) - sin(2));
        const int next = degree % 2 ? degree + 2 : degree + 1;
        assert_true(error <= pow(2, next) / tgamma(next + 1));
        assert_true(degree % 2 ? error < before : error == before);
        before = error;
    }
    assert_true(before < 3e-8);
    wg_free(c), wg_free(x);
}

/* Degree 1 is the tangent line, of a function of two numbers in any direction; and a polynomial is its own Taylor polynomial. */
static void tangents_and_polynomials(void **state)
{
    (void)state;
    PLANE(p, tilted, 3, 4);
    PLANE(q, two_valleys, 1, 2);
    wg_tensor *d = wg_from(((double[]){1, -1}), WG_SHAPE(2)), *tangent = made(wg_study_taylor(&p.loss, d, 1));
    wg_tensor *whole = made(wg_study_taylor(&q.loss, d, 6)), *line = made(wg_study_line(&q.loss, d, .points = 9));
    assert_near(element(tangent, 0), -5, 0);
    assert_near(element(tangent, 1), 5, 0);
    for (int64_t i = 0; i < 9; i++)
        assert_near(wg_study_taylor_at(whole, element(line, 2 * i)), element(line, 2 * i + 1), 1e-13);
    assert_true(element(whole, 4) == 0.25 && element(whole, 5) == 0 && element(whole, 6) == 0);
    wg_free(d), wg_free(tangent), wg_free(whole), wg_free(line), wg_free(p.at), wg_free(q.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(directions_are_scaled),
        TEST(slices_of_one_function_are_equal),
        TEST(a_line_through_two_valleys),
        TEST(a_line_over_a_plateau),
        TEST(a_plane),
        TEST(a_line_to_where_the_loss_ends),
        TEST(sine_to_degree_13),
        TEST(tangents_and_polynomials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
