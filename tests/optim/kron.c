/* PSGD with Kronecker factors beside its formula in plain loops, with the draws of a generator in the same state. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

enum { MOST = 5, STEPS = 24 };

static const double lr = 0.05, beta1 = 0.8, decay = 0.1, mu = 0.2, start = 2, damping = 0.01, clip = 0.9;
static const double full_until = 4, share_decay = 0.2, least_share = 0.3;

/* A matrix of at most MOST rows and columns. */
typedef double square[MOST][MOST];

/* A side of n rows. triangle: its factor is a triangular matrix, else a diagonal one, which is kept as a matrix, too. */
struct side {
    int n;
    bool triangle;
    square q;
};

struct walk {
    struct side side[2]; /* left, right */
    bool is_vector;      /* then the right one is 1 and stays */
    square p, m;
};

/* ---- the formula ---- */

static void multiply(int n, int inner, int columns, square a, square b, square product)
{
    square result = {{0}};
    for (int i = 0; i < n; i++)
        for (int j = 0; j < columns; j++)
            for (int k = 0; k < inner; k++)
                result[i][j] += a[i][k] * b[k][j];
    memcpy(product, result, sizeof result);
}

static void transpose(square a, square turned)
{
    square result;
    for (int i = 0; i < MOST; i++)
        for (int j = 0; j < MOST; j++)
            result[i][j] = a[j][i];
    memcpy(turned, result, sizeof result);
}

/* By Gauss and Jordan, so that no order of substitution is shared with what is tested. */
static void invert(int n, square a, square inverse)
{
    square left, right = {{0}};
    memcpy(left, a, sizeof left);
    for (int i = 0; i < n; i++)
        right[i][i] = 1;
    for (int k = 0; k < n; k++) {
        const double pivot = left[k][k];
        for (int j = 0; j < n; j++)
            left[k][j] /= pivot, right[k][j] /= pivot;
        for (int i = 0; i < n; i++) {
            const double times = i == k ? 0 : left[i][k];
            for (int j = 0; j < n; j++)
                left[i][j] -= times * left[k][j], right[i][j] -= times * right[k][j];
        }
    }
    memcpy(inverse, right, sizeof right);
}

static double largest(int n, square a)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            most = fmax(most, fabs(a[i][j]));
    return most;
}

/* ‖a x‖/‖x‖ for x = a r, r being the longest row of a. */
static double norm_bound(int n, square a)
{
    double x[MOST] = {0}, length = 0, most = -1, below = 0, above = 0;
    int row = 0;
    for (int i = 0; i < n; i++, length = 0) {
        for (int j = 0; j < n; j++)
            length += a[i][j] * a[i][j];
        if (length > most)
            most = length, row = i;
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            x[i] += a[i][j] * a[row][j];
        below += x[i] * x[i];
    }
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++)
            sum += a[i][j] * x[j];
        above += sum * sum;
    }
    return sqrt(above / below);
}

/* terms: products of rows, of a side with itself. lower: a mistake, the other triangle. */
static void renew(struct side *s, int other, square a, square b, bool lower)
{
    square turned, x, y, change = {{0}}, sum;
    transpose(a, turned), multiply(s->n, other, s->n, a, turned, x);
    transpose(b, turned), multiply(s->n, other, s->n, b, turned, y);
    for (int i = 0; i < s->n; i++)
        for (int j = 0; j < s->n; j++) {
            const bool kept = s->triangle ? (lower ? i >= j : i <= j) : i == j;
            change[i][j] = kept ? x[i][j] - y[i][j] : 0;
            sum[i][j] = s->triangle || i == j ? x[i][j] + y[i][j] : 0;
        }
    const double norm = s->triangle ? norm_bound(s->n, sum) : largest(s->n, sum);
    multiply(s->n, s->n, s->n, change, s->q, change);
    for (int i = 0; i < s->n; i++)
        for (int j = 0; j < s->n; j++)
            s->q[i][j] -= mu / norm * change[i][j];
}

static void renew_both(struct walk *w, square h, square v, bool lower)
{
    struct side *l = &w->side[0], *r = &w->side[1];
    square a, b, turned, inverse;
    multiply(l->n, l->n, r->n, l->q, h, a);
    transpose(r->q, turned), multiply(l->n, r->n, r->n, a, turned, a);
    invert(l->n, l->q, inverse), transpose(inverse, turned), multiply(l->n, l->n, r->n, turned, v, b);
    invert(r->n, r->q, inverse), multiply(l->n, r->n, r->n, b, inverse, b);
    renew(l, r->n, a, b, lower);
    if (w->is_vector)
        return;
    transpose(a, a), transpose(b, b);
    renew(r, l->n, a, b, lower);
}

/* The share of steps that renew, summed up to t in small strips. */
static double shares(double t)
{
    enum { STRIPS = 20000 };
    double sum = 0;
    for (int k = 0; k < STRIPS; k++) {
        const double past = t * (k + 0.5) / STRIPS - full_until;
        sum += t / STRIPS * (past <= 0 ? 1 : fmax(least_share, exp(-share_decay * past)));
    }
    return sum + 1e-9; /* whole numbers count */
}

static void step(struct walk *w, square g, square v, int t, bool lower)
{
    struct side *l = &w->side[0], *r = &w->side[1];
    square m = {{0}}, h = {{0}}, left, right, u;
    double size = 0, squares = 0;
    const int n = l->n * r->n;
    for (int i = 0; i < l->n; i++)
        for (int j = 0; j < r->n; j++) {
            w->m[i][j] = beta1 * w->m[i][j] + (1 - beta1) * g[i][j];
            m[i][j] = w->m[i][j] / (1 - pow(beta1, t));
            size += fabs(m[i][j]) / n;
        }
    for (int i = 0; i < l->n; i++)
        for (int j = 0; j < r->n; j++)
            h[i][j] = m[i][j] + damping * size * v[i][j];
    if (floor(shares(t)) > floor(shares(t - 1)))
        renew_both(w, h, v, lower);
    transpose(l->q, left), multiply(l->n, l->n, l->n, left, l->q, left);
    transpose(r->q, right), multiply(r->n, r->n, r->n, right, r->q, right);
    multiply(l->n, l->n, r->n, left, m, u), multiply(l->n, r->n, r->n, u, right, u);
    for (int i = 0; i < l->n; i++)
        for (int j = 0; j < r->n; j++)
            squares += u[i][j] * u[i][j] / n;
    for (int i = 0; i < l->n; i++)
        for (int j = 0; j < r->n; j++)
            w->p[i][j] -= lr * (u[i][j] * fmin(1, clip / (sqrt(squares) + 1e-12)) + decay * w->p[i][j]);
}

/* ---- beside the optimizer ---- */

static struct walk walk_from(int rows, int columns, bool is_vector, int max_dimension)
{
    struct walk w = {.side = {{rows, rows <= max_dimension && !is_vector, {{0}}}, {columns, columns <= max_dimension, {{0}}}},
                     .is_vector = is_vector};
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < w.side[side].n; i++)
            w.side[side].q[i][i] = is_vector ? (side == 0 ? start : 1) : sqrt(start);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            w.p[i][j] = 0.3 * i - 0.5 * j + 0.2;
    return w;
}

static void flatten(const struct walk *w, square from, double *to)
{
    for (int i = 0; i < w->side[0].n; i++)
        memcpy(to + i * w->side[1].n, from[i], (size_t)w->side[1].n * sizeof *to);
}

static void fill(const struct walk *w, const double *from, square to)
{
    for (int i = 0; i < w->side[0].n; i++)
        memcpy(to[i], from + i * w->side[1].n, (size_t)w->side[1].n * sizeof *from);
}

/* A generator in the state that the optimizer's has. */
static wg_tensor *twin(const wg_optim *optim)
{
    const wg_tensor_list state = wg_optim_state(optim);
    wg_tensor *generator = wg_generator(0, 0);
    for (size_t i = 0; i < state.n; i++)
        if (strstr(state.name[i], "generator"))
            assert_int_equal(wg_write_raw(generator, wg_data(state.tensor[i])), WG_OK);
    return generator;
}

/* One step of both; the largest distance between them, relative to the numbers. */
static double step_both(struct walk *w, wg_tensor *p, wg_optim *optim, wg_tensor *generator, int t, bool lower)
{
    double numbers[MOST * MOST], at[MOST * MOST], distance = 0;
    square g = {{0}}, v = {{0}};
    for (int i = 0; i < w->side[0].n; i++)
        for (int j = 0; j < w->side[1].n; j++)
            g[i][j] = (1 + 0.4 * i + 0.1 * j * i) * w->p[i][j] + 0.3 * sin(1.9 * t + i * i - 2 * j);
    flatten(w, g, numbers);
    wg_tensor *gradient = wg_from(numbers, wg_shape_of(p)), *noise = wg_normal(generator, WG_F64, wg_shape_of(p), 0, 1);
    assert_int_equal(wg_read(noise, numbers), WG_OK);
    fill(w, numbers, v);
    assert_int_equal(wg_add_gradient(p, gradient), WG_OK);
    assert_int_equal(wg_optim_step(optim), WG_OK);
    step(w, g, v, t, lower);
    assert_int_equal(wg_read(p, at), WG_OK);
    flatten(w, w->p, numbers);
    for (int i = 0; i < wg_numel(p); i++)
        distance = fmax(distance, fabs(at[i] - numbers[i]) / (fabs(numbers[i]) + 0.1));
    wg_free(gradient), wg_free(noise);
    return distance;
}

static double follow(wg_shape shape, int rows, int columns, int max_dimension, bool lower)
{
    double numbers[MOST * MOST], distance = 0;
    struct walk w = walk_from(rows, columns, shape.rank == 1, max_dimension);
    flatten(&w, w.p, numbers);
    wg_tensor *p = wg_set_requires_grad(wg_from(numbers, shape), true);
    wg_optim *optim = wg_optim_psgd_kron(((wg_tensor_list){1, &p, NULL}), .lr = lr, .beta1 = beta1, .weight_decay = decay,
                                         .factor_lr = mu, .start = start, .damping = damping, .clip = clip,
                                         .max_dimension = max_dimension, .full_until = full_until, .share_decay = share_decay,
                                         .least_share = least_share);
    assert_non_null(optim);
    wg_tensor *generator = twin(optim);
    for (int t = 1; t <= STEPS; t++)
        distance = fmax(distance, step_both(&w, p, optim, generator, t, lower));
    wg_optim_destroy(optim), wg_free(p), wg_free(generator);
    return distance;
}

static void steps_follow_the_formula(void **state)
{
    (void)state;
    assert_true(follow(WG_SHAPE(4, 3), 4, 3, 100, false) < 1e-11);
    assert_true(follow(WG_SHAPE(3, 5), 3, 5, 100, false) < 1e-11);
    assert_true(follow(WG_SHAPE(4, 3), 4, 3, 3, false) < 1e-11);
    assert_true(follow(WG_SHAPE(4, 5), 4, 5, 2, false) < 1e-11);
    assert_true(follow(WG_SHAPE(3, 2, 2), 3, 4, 100, false) < 1e-11);
    assert_true(follow(WG_SHAPE(5), 5, 1, 100, false) < 1e-11);
    assert_no_error();
}

static void a_mistake_is_seen(void **state)
{
    (void)state;
    assert_true(follow(WG_SHAPE(4, 3), 4, 3, 100, true) > 1e-4);
    assert_no_error();
}

/* Gradients drawn with a covariance whose root is diag(1, 10, 100) for rows: QᵀQ becomes its inverse, up to a factor, so that
   what is applied is white. */
static void factors_whiten_gradients(void **state)
{
    (void)state;
    enum { ROWS = 3, COLUMNS = 4, DRAWS = 3000 };
    wg_tensor *p = wg_set_requires_grad(wg_ones(WG_F64, WG_SHAPE(ROWS, COLUMNS)), true), *generator = wg_generator(5, 0);
    wg_optim *optim = wg_optim_psgd_kron(((wg_tensor_list){1, &p, NULL}), .lr = 0, .beta1 = 0, .factor_lr = 0.03,
                                         .full_until = DRAWS);
    for (int t = 0; t < DRAWS; t++) {
        wg_tensor *g = wg_normal(generator, WG_F64, WG_SHAPE(ROWS, COLUMNS), 0, 1);
        for (int i = 0; i < ROWS * COLUMNS; i++)
            ((double *)wg_data_mut(g))[i] *= pow(10, i / COLUMNS);
        assert_int_equal(wg_add_gradient(p, g), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        wg_free(g);
    }
    const wg_tensor_list all = wg_optim_state(optim);
    double q[ROWS][ROWS] = {{0}}, white[ROWS][ROWS] = {{0}};
    for (size_t i = 0; i < all.n; i++)
        if (strstr(all.name[i], "left"))
            assert_int_equal(wg_read(all.tensor[i], &q[0][0]), WG_OK);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < ROWS; j++)
            for (int k = 0; k < ROWS; k++)
                white[i][j] += q[k][i] * q[k][j] * pow(10, 0.5 * (i + j));
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < ROWS; j++)
            assert_close(white[i][j] / white[0][0], i == j, 0.2);
    wg_optim_destroy(optim), wg_free(p), wg_free(generator);
    assert_no_error();
}

/* Gradients of zeros leave the factors as they are; one that is not finite leaves everything. */
static void gradients_that_teach_nothing(void **state)
{
    (void)state;
    wg_tensor *p = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(3, 3)), true), *zero = wg_zeros(WG_F32, WG_SHAPE(3, 3));
    wg_tensor *bad = wg_full(WG_F32, WG_SHAPE(3, 3), INFINITY), *before = wg_ones(WG_F32, WG_SHAPE(3, 3));
    wg_optim *optim = wg_optim_psgd_kron(((wg_tensor_list){1, &p, NULL}));
    for (int t = 0; t < 3; t++) {
        assert_int_equal(wg_add_gradient(p, zero), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        assert_int_equal(wg_add_gradient(p, bad), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_E_NUMERIC);
        assert_error(WG_E_NUMERIC, "the mean of gradients is not finite");
        wg_clear_gradient(p);
        assert_same_bits(p, before);
    }
    const wg_tensor_list all = wg_optim_state(optim);
    for (size_t i = 0; i < all.n; i++)
        if (strstr(all.name[i], "left"))
            assert_values(all.tensor[i], (const double[]){1, 0, 0, 0, 1, 0, 0, 0, 1}, 0);
    wg_optim_destroy(optim), wg_free(p), wg_free(zero), wg_free(bad), wg_free(before);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_follow_the_formula),
        TEST(a_mistake_is_seen),
        TEST(factors_whiten_gradients),
        TEST(gradients_that_teach_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
