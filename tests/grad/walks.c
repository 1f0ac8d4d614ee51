/* A backward pass leaves nothing behind in tensors: no waiting gradient and no mark, for all kinds of roots and operands.
   Checked inside, like WENGERT_AUDIT, and outside, by tensors that have nothing to do with the pass. */
#include "common.h"

#include "core/internal.h"

static int audited(void **state)
{
    (void)state;
    wg_self()->audit = true;
    return 0;
}

static wg_tensor *cube(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_sum(wg_mul(wg_square(x[0]), x[0]));
}

static wg_tensor *gradient_of_cube(wg_tensor *x)
{
    wg_tensor *g = NULL;
    assert_ok(wg_vjp(cube, NULL, &x, 1, WG_NONE, NULL, &g));
    return g;
}

static wg_tensor *tangent_of_cube(wg_tensor *x)
{
    wg_tensor *t = NULL, *along = wg_ones(WG_F64, wg_shape_of(x));
    assert_ok(wg_jvp(cube, NULL, &x, 1, &along, NULL, &t));
    return t;
}

static wg_tensor *hessian_of_cube_by(wg_tensor *x)
{
    wg_tensor *hv = NULL, *along = wg_ones(WG_F64, wg_shape_of(x));
    assert_ok(wg_hvp(cube, NULL, &x, 1, &along, NULL, NULL, &hv));
    return hv;
}

static wg_tensor *jacobian_of_cube(wg_tensor *x)
{
    wg_tensor *j = NULL;
    assert_ok(wg_jacobian(cube, NULL, &x, 1, &j));
    return j;
}

/* x needs no gradient, so the gradient of its proxy goes no further. */
static void derivatives_by_what_needs_no_gradient(void **state)
{
    (void)state;
    enum { OTHERS = 40, ROUNDS = 4 };
    wg_tensor *(*const derivative[])(wg_tensor *) = {gradient_of_cube, tangent_of_cube, hessian_of_cube_by, jacobian_of_cube};
    wg_tensor *x = wg_full(WG_F64, WG_SHAPE(4), 3), *p = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(4), 2), true);
    for (size_t k = 0; k < sizeof derivative / sizeof *derivative; k++) {
        WG_TAPE(outer);
        wg_tensor *d = made(derivative[k](x));
        for (int round = 0; round < ROUNDS; round++) {
            WG_TAPE(inner);
            wg_tensor *other[OTHERS];
            for (int i = 0; i < OTHERS; i++)
                other[i] = wg_mul_scalar(x, i + round);
            assert_ok(wg_backward(wg_sum(wg_mul(d, p)), .retain = true));
            for (int i = 0; i < OTHERS; i++)
                assert_near(((const double *)wg_data(other[i]))[0], 3.0 * (i + round), 0);
        }
        wg_clear_gradient(p);
    }
    wg_free(x), wg_free(p);
}

/* Roots that are leaves: the caller's, of the tape, computed on it, of the tape below. */
static void roots_that_are_leaves(void **state)
{
    (void)state;
    wg_tensor *x = wg_full(WG_F64, WG_SCALAR, 3), *own = wg_set_requires_grad(wg_full(WG_F64, WG_SCALAR, 3), true);
    WG_TAPE(below);
    wg_tensor *root[] = {own, wg_set_requires_grad(wg_full(WG_F64, WG_SCALAR, 3), true), wg_set_requires_grad(wg_copy(x), true),
                         NULL};
    for (int traced = 0; traced < 2; traced++) {
        WG_TAPE(tape, .trace = traced);
        root[3] = wg_set_requires_grad(wg_add_scalar(x, 0), true);
        for (size_t k = 0; k < sizeof root / sizeof *root; k++) {
            wg_clear_gradient(root[k]);
            for (int round = 1; round <= 3; round++) {
                assert_ok(wg_backward(root[k], .retain = round != 2));
                wg_tensor *other[8];
                for (int i = 0; i < 8; i++)
                    other[i] = wg_add_scalar(x, i);
                assert_ok(wg_backward(wg_mul_scalar(root[k], 2), .retain = true));
                for (int i = 0; i < 8; i++)
                    assert_near(wg_item(other[i]), 3 + i, 0);
                assert_near(wg_item(wg_gradient(root[k])), 3 * round, 0);
                assert_near(wg_item(made(wg_grad(root[k], root[k]))), 1, 0);
                assert_near(wg_item(made(wg_grad(root[k], root[k], .create_graph = true))), 1, 0);
            }
        }
    }
    wg_free(x), wg_free(own);
}

static wg_tensor *fails(wg_tensor *g, void *context)
{
    (void)g, (void)context;
    return NULL;
}

/* A backward pass that fails half way. */
static void failing_walks(void **state)
{
    (void)state;
    wg_tensor *x = wg_full(WG_F64, WG_SHAPE(4), 3), *p = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(4), 2), true);
    for (int twice = 0; twice < 2; twice++) {
        WG_TAPE(tape);
        wg_tensor *a = wg_mul(gradient_of_cube(x), p), *b = wg_exp(a), *loss = wg_sum(wg_add(wg_mul(a, b), a));
        assert_ok(wg_add_hook(twice ? p : a, fails, NULL));
        assert_fails(wg_backward(loss, .retain = true), WG_E_STATE,
                     twice ? "hook: the function on a leaf returned NULL"
                           : "hook: the function on the result of mul returned NULL");
        assert_null(wg_grad(loss, p));
        expect_error(WG_E_STATE, twice ? "hook: the function on a leaf returned NULL"
                                       : "hook: the function on the result of mul returned NULL");
        assert_null(wg_gradient(p));
    }
    wg_free(x), wg_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(derivatives_by_what_needs_no_gradient, audited),
        cmocka_unit_test_setup(roots_that_are_leaves, audited),
        cmocka_unit_test_setup(failing_walks, audited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
