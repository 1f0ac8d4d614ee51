/* Functions that change the dtype: gradients have the operand's dtype, Jacobians the result's, and every element is in its
   position, whichever way the matrix is computed. */
#include "common.h"

struct case_of {
    wg_dtype from, to;
    bool sum; /* one row, by a gradient; otherwise one row more than columns, by tangents */
};

/* Σ x² + x, or its terms after a zero, computed in the other dtype. */
static wg_tensor *function(wg_tensor *const *x, size_t n, void *context)
{
    const struct case_of *c = context;
    (void)n;
    wg_tensor *y = wg_cast(wg_add(wg_square(x[0]), x[0]), c->to);
    return c->sum ? wg_sum(y) : wg_concat((wg_tensor *[]){wg_zeros(c->to, WG_SHAPE(1)), y}, 2, 0);
}

static wg_tensor *to_itself(wg_tensor *const *x, size_t n, void *context)
{
    (void)context;
    struct case_of c = {.to = WG_F64, .sum = true};
    return function(x, n, &c);
}

/* 0, 1, 2, … divided by 8, exact in both dtypes. */
static wg_tensor *ramp(wg_dtype dtype, int64_t n)
{
    wg_tensor *t = made(wg_zeros(dtype, WG_SHAPE(n)));
    for (int64_t i = 0; i < n; i++)
        if (dtype == WG_F32)
            ((float *)wg_data_mut(t))[i] = (float)i / 8;
        else
            ((double *)wg_data_mut(t))[i] = (double)i / 8;
    return t;
}

static void check_matrix(const struct case_of *c, const wg_tensor *j, int64_t n)
{
    assert_int_equal(wg_dtype_of(j), c->to);
    assert_int_equal(wg_numel(j), c->sum ? n : n * (n + 1));
    for (int64_t row = 0; row < (c->sum ? 1 : n + 1); row++)
        for (int64_t k = 0; k < n; k++)
            assert_near(element(j, row * n + k), c->sum || row == k + 1 ? (double)k / 4 + 1 : 0, 0);
}

static void jacobians_of_functions_that_cast(void **state)
{
    (void)state;
    enum { N = 300 }; /* more bytes than the slack of a block of the smaller dtype */
    const struct case_of all[] = {{WG_F32, WG_F64, true}, {WG_F32, WG_F64, false}, {WG_F64, WG_F32, true}, {WG_F64, WG_F32, false}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct case_of c = all[i];
        const int64_t n = c.sum ? N : 12;
        wg_tensor *x = wg_set_requires_grad(ramp(c.from, n), true), *j;
        assert_ok(wg_jacobian(function, &c, &x, 1, &j));
        check_matrix(&c, j, n);
        wg_free(j);
        if (!c.sum || n < N) {
            WG_TAPE(tape);
            assert_ok(wg_jacobian(function, &c, &x, 1, &j)); /* recorded: assembled by ops */
            check_matrix(&c, j, n);
            wg_tensor *g = made(wg_grad(wg_sum(j), x));
            assert_int_equal(wg_dtype_of(g), c.from);
            for (int64_t k = 0; k < n; k++)
                assert_near(element(g, k), 2, 0);
        }
        wg_free(x);
    }
}

static void gradients_and_hessians_of_functions_that_cast(void **state)
{
    (void)state;
    const struct case_of both[] = {{WG_F32, WG_F64, true}, {WG_F64, WG_F32, true}};
    for (int i = 0; i < 2; i++) {
        struct case_of c = both[i];
        wg_tensor *x = ramp(c.from, 5), *t = made(wg_ones(c.from, WG_SHAPE(5))), *y, *g, *ty, *hv, *h;
        assert_ok(wg_vjp(function, &c, &x, 1, WG_NONE, &y, &g));
        assert_int_equal(wg_dtype_of(y), c.to);
        assert_int_equal(wg_dtype_of(g), c.from);
        assert_ok(wg_jvp(function, &c, &x, 1, &t, NULL, &ty));
        assert_int_equal(wg_dtype_of(ty), c.to);
        assert_near(element(ty, 0), 5 + 2.5, 0);
        assert_ok(wg_hvp(function, &c, &x, 1, &t, NULL, NULL, &hv));
        assert_ok(wg_hessian(function, &c, &x, 1, &h));
        assert_int_equal(wg_dtype_of(h), c.from);
        for (int k = 0; k < 5; k++) {
            assert_near(element(g, k), k / 4.0 + 1, 0);
            assert_near(element(hv, k), 2, 0);
            for (int l = 0; l < 5; l++)
                assert_near(element(h, 5 * k + l), k == l ? 2 : 0, 0);
        }
        wg_free(x), wg_free(t), wg_free(y), wg_free(g), wg_free(ty), wg_free(hv), wg_free(h);
    }
}

/* x of one dtype, w of another: ∂²y/∂x∂w has x's dtype. */
static wg_tensor *mixed_product(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_mul(wg_cast(x[0], WG_F64), x[1]));
}

static void check_mixed(wg_function *f)
{
    wg_tensor *x[2] = {ramp(WG_F32, 3), ramp(WG_F64, 3)},
              *t[2] = {made(wg_ones(WG_F32, WG_SHAPE(3))), made(wg_ones(WG_F64, WG_SHAPE(3)))};
    wg_tensor *h[4], *hv[2], *ty;
    const wg_dtype rows[4] = {WG_F32, WG_F32, WG_F64, WG_F64};
    assert_ok(wg_jvp(f, NULL, x, 2, t, NULL, &ty));
    assert_near(element(ty, 0), 0.75, 0);
    assert_ok(wg_hessian(f, NULL, x, 2, h));
    assert_ok(wg_hvp(f, NULL, x, 2, t, NULL, NULL, hv));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wg_dtype_of(h[i]), rows[i]);
        for (int k = 0; k < 9; k++)
            assert_near(element(h[i], k), (i == 1 || i == 2) && k % 4 == 0 ? 1 : 0, 0);
    }
    for (int i = 0; i < 2; i++) {
        assert_near(element(hv[i], 1), 1, 0);
        wg_free(x[i]), wg_free(t[i]), wg_free(hv[i]), wg_free(h[2 * i]), wg_free(h[2 * i + 1]);
    }
    wg_free(ty);
}

static wg_status product_forward(const wg_call *c)
{
    const float *a = wg_data(c->in[0]);
    const double *b = wg_data(c->in[1]);
    double *y = wg_data_mut(c->out[0]);
    for (int64_t i = 0; i < wg_numel(c->out[0]); i++)
        y[i] = (double)a[i] * b[i];
    return WG_OK;
}

static wg_status product_backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    if (gx[0].need)
        WG_TRY(WG_GIVE(gx[0], wg_cast(wg_mul(gy[0], c->in[1]), WG_F32)));
    return gx[1].need ? WG_GIVE(gx[1], wg_mul(gy[0], wg_cast(c->in[0], WG_F64))) : WG_OK;
}

/* A closure on both; forward mode differentiates its backward, and check mode checks it. */
static wg_tensor *mixed_closure(wg_tensor *const *x, size_t n, void *context)
{
    const wg_closure product = {.name = "product",
                                .forward = product_forward,
                                .backward = product_backward,
                                .dtype = WG_F64,
                                .shape = WG_SHAPE(3),
                                .saves = WG_ALL_IN};
    (void)context;
    return wg_sum(wg_closure_apply(&product, x, n));
}

static void operands_of_different_dtypes(void **state)
{
    (void)state;
    check_mixed(mixed_product);
    check_mixed(mixed_closure);
    const bool before = wg_check_mode_set(true);
    check_mixed(mixed_closure);
    wg_check_mode_set(before);
}

static void gradients_of_checkpoints_that_cast(void **state)
{
    (void)state;
    const struct case_of both[] = {{WG_F32, WG_F64, true}, {WG_F64, WG_F32, true}};
    for (int i = 0; i < 2; i++) {
        struct case_of c = both[i];
        wg_tensor *x = wg_set_requires_grad(ramp(c.from, 5), true);
        {
            WG_TAPE(tape);
            assert_ok(wg_backward(made(wg_checkpoint(function, &c, &x, 1))));
        }
        assert_int_equal(wg_dtype_of(wg_gradient(x)), c.from);
        for (int k = 0; k < 5; k++)
            assert_near(element(wg_gradient(x), k), k / 4.0 + 1, 0);
        wg_free(x);
    }
}

static void gradcheck_refuses_what_differences_say_nothing_of(void **state)
{
    (void)state;
    struct case_of c = {WG_F64, WG_F32, true};
    wg_tensor *x = ramp(WG_F64, 3);
    assert_ok(wg_gradcheck(to_itself, NULL, &x, 1));
    assert_fails(wg_gradcheck(function, &c, &x, 1), WG_E_DTYPE, "differences of f32");
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(jacobians_of_functions_that_cast),
        TEST(gradients_and_hessians_of_functions_that_cast),
        TEST(operands_of_different_dtypes),
        TEST(gradients_of_checkpoints_that_cast),
        TEST(gradcheck_refuses_what_differences_say_nothing_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
