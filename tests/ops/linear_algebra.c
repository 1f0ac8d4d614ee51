/* Linear algebra: the properties of the factors, batches, matrices without a result, NaN, and derivatives computed in several
   ways that must agree. */
#include <float.h>

#include "common.h"

/* ---- matrices ---- */

/* Random matrices with elements in (-1, 1), plus `diagonal` on the diagonals of the last two axes. */
static wg_tensor *matrices(wg_dtype dtype, wg_shape shape, uint64_t seed, double diagonal)
{
    wg_tensor *t = numbers(dtype, shape, seed);
    const int64_t columns = shape.extent[shape.rank - 1], rows = shape.extent[shape.rank - 2];
    void *data = wg_data_mut(t);
    for (int64_t k = 0; k < wg_numel(t); k++)
        if (k / columns % rows == k % columns) {
            if (dtype == WG_F32)
                ((float *)data)[k] += (float)diagonal;
            else
                ((double *)data)[k] += diagonal;
        }
    return t;
}

static wg_tensor *identity(wg_dtype dtype, int64_t n)
{
    wg_tensor *t = made(wg_zeros(dtype, WG_SHAPE(n, n)));
    for (int64_t i = 0; i < n; i++)
        if (dtype == WG_F32)
            ((float *)wg_data_mut(t))[i * n + i] = 1;
        else
            ((double *)wg_data_mut(t))[i * n + i] = 1;
    return t;
}

static wg_tensor *from(const double *data, int64_t rows, int64_t columns)
{
    return made(wg_from(data, WG_SHAPE(rows, columns)));
}

static wg_tensor *transposed(wg_tensor *x)
{
    const int rank = wg_rank(x);
    wg_axes order = {.count = rank};
    for (int i = 0; i < rank && i < WG_MAX_RANK; i++)
        order.axis[i] = (int8_t)(i < rank - 2 ? i : 2 * rank - 3 - i);
    return made(wg_permute(x, order));
}

static wg_tensor *symmetric(wg_tensor *x)
{
    return made(wg_mul_scalar(wg_add(x, transposed(x)), 0.5));
}

/* All elements in row-major order, to be freed by the caller. */
static double *values(const wg_tensor *t)
{
    const int64_t n = wg_numel(t);
    double *value = malloc((size_t)n * sizeof *value + 1);
    float *single = (float *)(void *)value;
    assert_non_null(value);
    assert_ok(wg_read_raw(t, value));
    for (int64_t i = n; i-- > 0 && wg_dtype_of(t) == WG_F32;)
        value[i] = (double)single[i];
    return value;
}

/* Checks |a - b| ≤ tolerance for each element; NaN fails. */
static void assert_all_near(const wg_tensor *a, const wg_tensor *b, double tolerance)
{
    assert_int_equal(wg_numel(a), wg_numel(b));
    double *left = values(a), *right = values(b);
    for (int64_t i = 0; i < wg_numel(a); i++)
        assert_near(left[i], right[i], tolerance);
    free(left);
    free(right);
}

static void assert_values(const wg_tensor *t, const double *want, int64_t n, double tolerance)
{
    assert_int_equal(wg_numel(t), n);
    double *got = values(t);
    for (int64_t i = 0; i < n; i++)
        assert_near(got[i], want[i], tolerance);
    free(got);
}
#define ASSERT_VALUES(t, want, tolerance) assert_values((t), (want), sizeof(want) / sizeof *(want), (tolerance))

/* The round-off of sums of n terms of size up to n. */
static double round_off(wg_dtype dtype, int64_t n)
{
    return 8 * (double)((n + 1) * (n + 1)) * (dtype == WG_F32 ? (double)FLT_EPSILON : DBL_EPSILON);
}

/* Runs check for every size, in both dtypes. */
static void for_sizes(void (*check)(wg_dtype dtype, int64_t n, double tolerance))
{
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
        for (int64_t n = 1; n <= 64; n += n < 9 ? 1 : 11) {
            WG_TAPE(tape);
            check((wg_dtype)dtype, n, round_off((wg_dtype)dtype, n));
        }
}

/* ---- properties of the factors ---- */

static void check_cholesky(wg_dtype dtype, int64_t n, double tolerance)
{
    wg_tensor *a = matrices(dtype, WG_SHAPE(n, n), 1, (double)n), *l = made(wg_cholesky(a));
    assert_all_near(wg_matmul(l, transposed(l)), symmetric(a), tolerance);
    double *value = values(l);
    for (int64_t k = 0; k < n * n; k++)
        assert_true(k / n > k % n || (k / n == k % n ? value[k] > 0 : value[k] == 0));
    free(value);
}

static void check_triangular_solve(wg_dtype dtype, int64_t n, double tolerance)
{
    wg_tensor *a = matrices(dtype, WG_SHAPE(n, n), 2, (double)n), *b = numbers(dtype, WG_SHAPE(n, 3), 3);
    for (int way = 0; way < 8; way++) {
        const bool upper = way & 1, transpose = way & 2;
        wg_tensor *given = way & 4 ? transposed(a) : a; /* contiguous rows, or contiguous columns */
        wg_tensor *x = made(wg_triangular_solve(given, b, .upper = upper, .transposed = transpose));
        wg_tensor *triangle = made(upper ? wg_triu(given) : wg_tril(given));
        assert_all_near(wg_matmul(transpose ? transposed(triangle) : triangle, x), b, tolerance);
    }
}

static void check_solve(wg_dtype dtype, int64_t n, double tolerance)
{
    wg_tensor *a = matrices(dtype, WG_SHAPE(n, n), 4, (double)n), *b = numbers(dtype, WG_SHAPE(n, 2), 5);
    assert_all_near(wg_matmul(a, made(wg_solve(a, b))), b, tolerance);
    assert_all_near(wg_matmul(transposed(a), made(wg_solve(transposed(a), b))), b, tolerance);
    assert_all_near(wg_matmul(made(wg_inverse(a)), a), identity(dtype, n), tolerance);
}

static void check_logdet(wg_dtype dtype, int64_t n, double tolerance)
{
    wg_tensor *a = matrices(dtype, WG_SHAPE(n, n), 6, (double)n);
    wg_tensor *diagonal = made(wg_diagonal(wg_cholesky(a)));
    const double want = 2 * wg_item(made(wg_sum(wg_log(diagonal))));
    assert_near(wg_item(made(wg_logdet(symmetric(a)))), want, tolerance);
}

static void check_qr(wg_dtype dtype, int64_t n, double tolerance)
{
    for (int64_t more = 0; more < 8; more += 7) {
        wg_tensor *a = matrices(dtype, WG_SHAPE(n + more, n), 7, more ? 0 : -(double)n), *q, *r;
        assert_ok(wg_qr(a, &q, &r));
        assert_all_near(wg_matmul(q, r), a, tolerance);
        assert_all_near(wg_matmul(transposed(q), q), identity(dtype, n), tolerance);
        double *value = values(r);
        for (int64_t k = 0; k < n * n; k++)
            assert_true(k / n < k % n || (k / n == k % n ? value[k] >= 0 : value[k] == 0));
        free(value);
    }
}

static void check_eigh(wg_dtype dtype, int64_t n, double tolerance)
{
    wg_tensor *a = numbers(dtype, WG_SHAPE(n, n), 8), *w, *v;
    assert_ok(wg_eigh(a, &w, &v));
    assert_all_near(wg_matmul(wg_mul(v, w), transposed(v)), symmetric(a), tolerance);
    assert_all_near(wg_matmul(transposed(v), v), identity(dtype, n), tolerance);
    double *value = values(w), *vector = values(v);
    for (int64_t j = 0; j < n; j++) {
        double most = 0;
        int64_t i = 0;
        for (int64_t k = 0; k < n; k++)
            most = fmax(most, fabs(vector[k * n + j]));
        while (fabs(vector[i * n + j]) < 0.9 * most)
            i++;
        assert_true(vector[i * n + j] > 0);
        assert_true(j == 0 || value[j - 1] <= value[j]);
    }
    free(value);
    free(vector);
}

static void factors_give_the_matrix_back(void **state)
{
    (void)state;
    for_sizes(check_cholesky);
    for_sizes(check_triangular_solve);
    for_sizes(check_solve);
    for_sizes(check_logdet);
    for_sizes(check_qr);
    for_sizes(check_eigh);
}

static void a_matrix_of_no_rows_has_determinant_1(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *y = made(wg_logdet(wg_zeros(WG_F64, WG_SHAPE(3, 0, 0))));
    assert_int_equal(wg_numel(y), 3);
    assert_true(element(y, 2) == 0);
    assert_int_equal(wg_extent(made(wg_solve(wg_zeros(WG_F64, WG_SHAPE(0, 0)), wg_zeros(WG_F64, WG_SHAPE(0, 2)))), 1), 2);
}

/* ---- batches ---- */

/* Every op of linear algebra on a batch of matrices and right-hand sides. */
struct answers {
    wg_tensor *t[9];
};

static struct answers answer(wg_tensor *a, wg_tensor *b)
{
    struct answers y;
    y.t[0] = made(wg_cholesky(a));
    y.t[1] = made(wg_triangular_solve(a, b, .upper = true));
    y.t[2] = made(wg_solve(a, b));
    y.t[3] = made(wg_inverse(a));
    y.t[4] = made(wg_logdet(a));
    assert_ok(wg_qr(a, &y.t[5], &y.t[6]));
    assert_ok(wg_eigh(a, &y.t[7], &y.t[8]));
    return y;
}

static void a_batch_has_the_bits_of_its_matrices_for_any_number_of_threads(void **state)
{
    (void)state;
    enum { COUNT = 37, N = 24 };
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
        WG_TAPE(tape);
        wg_tensor *a = matrices((wg_dtype)dtype, WG_SHAPE(COUNT, N, N), 9, N),
                  *b = numbers((wg_dtype)dtype, WG_SHAPE(COUNT, N, 2), 10);
        assert_ok(wg_set_threads(1));
        const struct answers one = answer(a, b);
        assert_ok(wg_set_threads(2));
        const struct answers two = answer(a, b);
        for (int i = 0; i < 9; i++)
            assert_same_bits(one.t[i], two.t[i]);
        for (int64_t k = 0; k < COUNT; k += 12) {
            const struct answers alone = answer(wg_reshape(wg_slice(a, 0, k, k + 1, 1), WG_SHAPE(N, N)),
                                                wg_reshape(wg_slice(b, 0, k, k + 1, 1), WG_SHAPE(N, 2)));
            for (int i = 0; i < 9; i++)
                assert_same_bits(alone.t[i], made(wg_slice(one.t[i], 0, k, k + 1, 1)));
        }
    }
}

static void batches_broadcast(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *a = matrices(WG_F64, WG_SHAPE(2, 1, 3, 3), 11, 3), *b = numbers(WG_F64, WG_SHAPE(4, 3, 2), 12);
    wg_tensor *x = made(wg_solve(a, b)), *y = made(wg_triangular_solve(a, b));
    wg_tensor *whole = made(wg_broadcast_to(b, WG_SHAPE(2, 4, 3, 2)));
    assert_int_equal(wg_rank(x), 4);
    assert_all_near(wg_matmul(a, x), whole, 1e-14);
    assert_all_near(wg_matmul(wg_tril(a), y), whole, 1e-14);
}

/* ---- matrices without a result ---- */

/* Eight identity matrices in the shape (2, 4, 2, 2), with one element of one of them replaced. */
static wg_tensor *spoilt(wg_dtype dtype, int64_t matrix, int64_t at, double value)
{
    wg_tensor *a = made(wg_zeros(dtype, WG_SHAPE(2, 4, 2, 2)));
    for (int64_t k = 0; k < 32; k++) {
        const double plain = k % 4 == 0 || k % 4 == 3, element = k == 4 * matrix + at ? value : plain;
        if (dtype == WG_F32)
            ((float *)wg_data_mut(a))[k] = (float)element;
        else
            ((double *)wg_data_mut(a))[k] = element;
    }
    return a;
}

static void a_matrix_without_answer_is_named(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *a = spoilt(WG_F64, 6, 3, -1), *singular = spoilt(WG_F32, 3, 3, 0), *b = numbers(WG_F32, WG_SHAPE(2, 1), 13);
    wg_tensor *single = from((const double[]){1, 2, 2, 4}, 2, 2);
    const size_t nodes = wg_tape_nodes(tape);
    assert_null_and_error(
        wg_cholesky(a), WG_E_NUMERIC,
        "cholesky: matrix 6 of 8 is not positive definite: its leading minor of order 2 is not: f64 [2, 4, 2, 2]");
    assert_null_and_error(wg_cholesky(single), WG_E_NUMERIC,
                          "cholesky: the matrix is not positive definite: its leading minor of order 2 is not: f64 [2, 2]");
    assert_null_and_error(
        wg_triangular_solve(singular, b, .upper = true), WG_E_NUMERIC,
        "triangular_solve: matrix 3 of 8 is singular: element 1 of its diagonal is 0: f32 [2, 4, 2, 2] x f32 [2, 1]");
    assert_null_and_error(wg_solve(singular, b), WG_E_NUMERIC,
                          "solve: matrix 3 of 8 is singular: pivot 1 is 0: f32 [2, 4, 2, 2] x f32 [2, 1]");
    assert_null_and_error(wg_solve(single, single), WG_E_NUMERIC, "solve: the matrix is singular: pivot 1 is 0: f64 [2, 2]");
    assert_null_and_error(wg_logdet(singular), WG_E_NUMERIC, "logdet: matrix 3 of 8 is singular: pivot 1 is 0: f32 [2, 4, 2, 2]");
    assert_null_and_error(wg_logdet(a), WG_E_NUMERIC,
                          "logdet: matrix 6 of 8 has a negative determinant, -exp(0): f64 [2, 4, 2, 2]");
    assert_null_and_error(wg_logdet(from((const double[]){0, 1, 1, 0}, 2, 2)), WG_E_NUMERIC, "has a negative determinant");
    assert_int_equal(wg_tape_nodes(tape), nodes);
    assert_null_and_error(wg_inverse(singular), WG_E_NUMERIC, "inverse: matrix 3 of 8 is singular: pivot 1 is 0");
    assert_true(wg_item(made(wg_logdet(from((const double[]){0, 1, -1, 0}, 2, 2)))) == 0);
}

/* The error names the first one, whichever thread fails first. */
static void the_first_of_several_is_named(void **state)
{
    (void)state;
    enum { COUNT = 60, N = 24 };
    wg_tensor *a = matrices(WG_F64, WG_SHAPE(COUNT, N, N), 14, N);
    double *data = wg_data_mut(a);
    for (int64_t k = 17; k < COUNT; k += 14)
        data[k * N * N] = -1;
    for (int threads = 1; threads <= 2; threads++) {
        assert_ok(wg_set_threads(threads));
        assert_null_and_error(wg_cholesky(a), WG_E_NUMERIC,
                              "matrix 17 of 60 is not positive definite: its leading minor of order 1");
    }
    wg_free(a);
}

/* A rank-deficient matrix has q and r, but no gradient. */
static void qr_of_lower_rank_has_no_gradient(void **state)
{
    (void)state;
    wg_tensor *a = made(wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(3, 2)), true)), *q, *r;
    {
        WG_TAPE(tape);
        assert_ok(wg_qr(a, &q, &r));
        assert_all_near(wg_matmul(transposed(q), q), identity(WG_F64, 2), 1e-15);
        assert_fails(wg_backward(wg_sum(r)), WG_E_NUMERIC, "is singular: element 0 of its diagonal is 0");
        assert_null(wg_gradient(a));
    }
    wg_free(a);
}

/* ---- NaN and infinity ---- */

static void assert_nan_in(const wg_tensor *t, int64_t matrix, int64_t count)
{
    double *value = values(t);
    const int64_t n = wg_numel(t) / count;
    for (int64_t k = 0; k < count * n; k++)
        if (isnan(value[k]) != (k / n == matrix))
            fail_msg("element %lld of %lld is %g", (long long)k, (long long)(count * n), value[k]);
    free(value);
}

static void nan_and_infinity_stay_in_their_matrix(void **state)
{
    (void)state;
    const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
        for (int i = 0; i < 3; i++)
            for (int at = 0; at < 4; at += 3) {
                WG_TAPE(tape);
                wg_tensor *a = spoilt((wg_dtype)dtype, 5, at, bad[i]), *b = numbers((wg_dtype)dtype, WG_SHAPE(2, 3), 15);
                const struct answers y = answer(a, b);
                for (int k = 0; k < 9; k++)
                    assert_nan_in(y.t[k], 5, 8);
                assert_nan_in(made(wg_triangular_solve(a, b, .transposed = true)), 5, 8);
            }
    WG_TAPE(tape); /* elements that are not read may be NaN; a NaN on the right-hand side stays in its column */
    wg_tensor *lower = spoilt(WG_F64, 5, 1, (double)NAN), *b = from((const double[]){1, (double)NAN, 1, 1}, 2, 2);
    assert_nan_in(made(wg_triangular_solve(lower, wg_ones(WG_F64, WG_SHAPE(2, 1)))), -1, 8);
    wg_tensor *x = made(wg_solve(identity(WG_F64, 2), b));
    assert_true(element(x, 0) == 1 && element(x, 2) == 1 && isnan(element(x, 1)));
}

/* ---- derivatives ---- */

/* <b, gradient of <b, gradient of y>>, the second derivative along b; *first is <b, gradient of y>. */
static double second_along(wg_tensor *y, wg_tensor *a, wg_tensor *b, double *first)
{
    wg_tensor *along = made(wg_sum(wg_mul(made(wg_grad(y, a, .create_graph = true)), b)));
    *first = wg_item(along);
    return wg_item(made(wg_sum(wg_mul(made(wg_grad(along, a)), b))));
}

/* ln det a of a positive definite matrix, from every decomposition; its derivatives along b are tr a⁻¹b and -tr (a⁻¹b)². */
static void all_roads_to_the_determinant_agree(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 6; n++) {
        wg_tensor *a = made(wg_set_requires_grad(matrices(WG_F64, WG_SHAPE(n, n), 16, (double)n + 1), true)), *w, *v, *q, *r;
        WG_TAPE(tape);
        wg_tensor *s = symmetric(a), *b = symmetric(numbers(WG_F64, WG_SHAPE(n, n), 17)), *ratio = made(wg_solve(s, b));
        const double first = wg_item(made(wg_sum(wg_diagonal(ratio))));
        const double second = -wg_item(made(wg_sum(wg_diagonal(wg_matmul(ratio, ratio)))));
        assert_ok(wg_eigh(a, &w, &v));
        assert_ok(wg_qr(s, &q, &r));
        wg_tensor *roads[] = {wg_logdet(s), wg_mul_scalar(wg_sum(wg_log(wg_diagonal(wg_cholesky(a)))), 2), wg_sum(wg_log(w)),
                              wg_sum(wg_log(wg_diagonal(r))), wg_neg(wg_logdet(wg_inverse(s)))};
        for (int i = 0; i < 5; i++) {
            double got;
            assert_near(second_along(made(roads[i]), a, b, &got), second, 1e-11);
            assert_near(got, first, 1e-12);
            assert_near(wg_item(roads[i]), wg_item(roads[0]), 1e-12);
        }
        wg_free(a);
    }
}

/* Along b the second derivative of the k-th eigenvalue is 2 Σ_j (v_jᵀ b v_k)²/(w_k - w_j). */
static void eigenvalues_bend_as_perturbation_theory_says(void **state)
{
    (void)state;
    enum { N = 5 };
    wg_tensor *a = leaf(WG_F64, WG_SHAPE(N, N), 18), *w, *v;
    {
        WG_TAPE(tape);
        wg_tensor *b = symmetric(numbers(WG_F64, WG_SHAPE(N, N), 19));
        assert_ok(wg_eigh(a, &w, &v));
        double *coupling = values(wg_matmul(transposed(v), wg_matmul(b, v))), *value = values(w);
        for (int64_t k = 0; k < N; k++) {
            double want = 0, first;
            for (int64_t j = 0; j < N; j++)
                want += j == k ? 0 : 2 * coupling[j * N + k] * coupling[j * N + k] / (value[k] - value[j]);
            assert_near(second_along(made(wg_sum(wg_slice(w, 0, k, k + 1, 1))), a, b, &first), want, 1e-10);
            assert_near(first, coupling[k * N + k], 1e-13);
        }
        free(coupling);
        free(value);
    }
    wg_free(a);
}

/* If only eigenvalues are used, equal ones do no harm. */
static void equal_eigenvalues_have_a_gradient(void **state)
{
    (void)state;
    wg_tensor *a = made(wg_set_requires_grad(identity(WG_F64, 3), true)), *w, *v;
    {
        WG_TAPE(tape);
        assert_ok(wg_eigh(a, &w, &v));
        assert_ok(wg_backward(wg_sum(wg_square(w))));
        ASSERT_VALUES(wg_gradient(a), ((const double[]){2, 0, 0, 0, 2, 0, 0, 0, 2}), 1e-15);
    }
    wg_free(a);
}

/* ---- the values of PyTorch 1.13; results that depend on a choice of signs are squared ---- */

static const double definite[] = {4, 1, -2, 1, 5, 0.5, -2, 0.5, 6}, regular[] = {2, -1, 0.5, 1, 3, -2, 0, 4, 1.5};
static const double right[] = {1, 2, -3, 0.5, 2, -1}, weight[] = {1, 2, 3, -1, 0.5, 2, 0.25, -3, 1.5};

/* The gradient of Σ weights y. */
static wg_tensor *gradient_of(wg_tensor *y, wg_tensor *weights, wg_tensor *x)
{
    return made(wg_grad(wg_sum(wg_mul(y, weights)), x));
}

static void solutions_and_cholesky_are_pytorchs(void **state)
{
    (void)state;
    const double l[] = {2, 0, 0, 0.5, 2.179449471770337, 0, -1, 0.45883146774112349, 2.1884866196096624};
    const double by_s[] = {0.63669886232676953, -0.6988953181841786,  0.42395006556144976,
                           -0.6988953181841786, 0.27479104844017921,  -0.76039511214826749,
                           0.42395006556144976, -0.76039511214826749, 0.34270257504876572};
    const double x[] = {0.10526315789473678,  0.92105263157894746, -0.052631578947368474,
                        -0.21052631578947367, 1.4736842105263159,  -0.10526315789473685};
    const double by_a[] = {-0.74676823638042478, 0.195752539242844,     -1.2179132040627887,
                           -0.45383194829178208, 0.082179132040627823,  1.1726685133887351,
                           0.11749769159741462,  -0.025854108956602031, -0.065558633425669505};
    const double by_b[] = {0.8771929824561403,  0.71052631578947367,  -0.7543859649122806,
                           0.57894736842105254, 0.035087719298245654, -0.13157894736842107};
    const double substituted[] = {0.1111111111111111,   1.0277777777777779, -0.11111111111111116,
                                  -0.27777777777777773, 1.3333333333333333, -0.66666666666666663};
    const double by_upper[] = {-1.0833333333333335, 0.33333333333333331, 0, 0, 0.046296296296296238, 1.4444444444444442, 0, 0,
                               -0.29629629629629639};
    WG_TAPE(tape);
    wg_tensor *s = made(wg_set_requires_grad(from(definite, 3, 3), true)),
              *a = made(wg_set_requires_grad(from(regular, 3, 3), true));
    wg_tensor *b = made(wg_set_requires_grad(from(right, 3, 2), true)), *weights = from(weight, 3, 3), *of_b = from(right, 3, 2);
    wg_tensor *factor = made(wg_cholesky(s)), *solution = made(wg_solve(a, b)),
              *by_rows = made(wg_triangular_solve(a, b, .upper = true));
    ASSERT_VALUES(factor, l, 1e-14);
    ASSERT_VALUES(gradient_of(factor, weights, s), by_s, 1e-14);
    ASSERT_VALUES(solution, x, 1e-14);
    ASSERT_VALUES(gradient_of(solution, of_b, a), by_a, 1e-14);
    ASSERT_VALUES(gradient_of(solution, of_b, b), by_b, 1e-14);
    ASSERT_VALUES(by_rows, substituted, 1e-14);
    ASSERT_VALUES(gradient_of(by_rows, of_b, a), by_upper, 1e-14);
}

static void determinant_and_inverse_are_pytorchs(void **state)
{
    (void)state;
    const double inverse[] = {0.43859649122807015,   0.12280701754385966, 0.017543859649122799,
                              -0.052631578947368432, 0.10526315789473686, 0.15789473684210525,
                              0.14035087719298245,   -0.2807017543859649, 0.24561403508771931};
    WG_TAPE(tape);
    wg_tensor *a = made(wg_set_requires_grad(from(regular, 3, 3), true)), *y = made(wg_logdet(a));
    assert_near(wg_item(y), 3.3499040872746049, 1e-14);
    ASSERT_VALUES(transposed(made(wg_grad(y, a))), inverse, 1e-15);
    ASSERT_VALUES(made(wg_inverse(a)), inverse, 1e-15);
}

static void qr_and_eigh_are_pytorchs(void **state)
{
    (void)state;
    const double r_square[] = {5, 0.2, 0.2, 0, 25.8, 0.0034883720930232558, 0, 0, 6.2965116279069768};
    const double by_a[] = {0.79571125264333376, 1.8003575331744028, 2.6603026551244113, 0.64464547221312196, 0.87142088865077283,
                           1.3875986222505461,  4.3760030484859636, 0.6550517695155148, 2.4994719135582208};
    const double w[] = {2.303720362444913, 5.4550793017467205, 7.2412003358083652};
    const double v_square[] = {0.62444383754170352, 0.088471828304178018, 0.28708433415411855,
                               0.14588413857916288, 0.85151022474878968,  0.0026056366720477197,
                               0.22967202387913338, 0.060017946947032726, 0.7103100291738339};
    const double by_s[] = {0.41417342049311312,   -1.1778818340318318,  -0.041589254606409318,
                           -1.1778818340318318,   -1.4439138743286219,  -0.41199845684871594,
                           -0.041589254606409318, -0.41199845684871594, 0.52974045383550772};
    WG_TAPE(tape);
    wg_tensor *a = made(wg_set_requires_grad(from(regular, 3, 3), true)),
              *s = made(wg_set_requires_grad(from(definite, 3, 3), true));
    wg_tensor *weights = from(weight, 3, 3), *q, *r, *value, *vector;
    assert_ok(wg_qr(a, &q, &r));
    ASSERT_VALUES(made(wg_square(r)), r_square, 1e-13);
    ASSERT_VALUES(gradient_of(wg_add(q, r), weights, a), by_a, 1e-13);
    assert_ok(wg_eigh(s, &value, &vector));
    ASSERT_VALUES(value, w, 1e-13);
    ASSERT_VALUES(made(wg_square(vector)), v_square, 1e-13);
    wg_tensor *of_values = made(wg_mul(value, wg_from(((const double[]){1, -2, 0.5}), WG_SHAPE(3))));
    wg_tensor *sum = made(wg_add(wg_sum(of_values), wg_sum(wg_mul(wg_square(vector), weights))));
    ASSERT_VALUES(made(wg_grad(sum, s)), by_s, 1e-13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(factors_give_the_matrix_back),
        TEST(a_matrix_of_no_rows_has_determinant_1),
        TEST(a_batch_has_the_bits_of_its_matrices_for_any_number_of_threads),
        TEST(batches_broadcast),
        TEST(a_matrix_without_answer_is_named),
        TEST(the_first_of_several_is_named),
        TEST(qr_of_lower_rank_has_no_gradient),
        TEST(nan_and_infinity_stay_in_their_matrix),
        TEST(all_roads_to_the_determinant_agree),
        TEST(eigenvalues_bend_as_perturbation_theory_says),
        TEST(equal_eigenvalues_have_a_gradient),
        TEST(solutions_and_cholesky_are_pytorchs),
        TEST(determinant_and_inverse_are_pytorchs),
        TEST(qr_and_eigh_are_pytorchs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
