/* A library without GLPK: what needs it says so, and the rest does not. */
#include "formula.h"
#include "nn_check.h"

static void what_needs_glpk_says_so(void **state)
{
    (void)state;
    wg_transport_solution solution = {NULL, NULL, NULL};
    wg_tensor *x = filled(WG_F64, WG_SHAPE(4, 2), 0), *y = filled(WG_F64, WG_SHAPE(3, 2), 5);
    assert_null(wg_transport_exact(x, y));
    assert_error(WG_E_STATE, "transport_exact: transport_solve: this library was built without GLPK");
    assert_int_equal(wg_transport_solve(x, &solution), WG_E_STATE);
    assert_error(WG_E_STATE, "transport_solve: this library was built without GLPK, which solves it: install libglpk-dev");
    assert_null(solution.plan);
    wg_tensor *s = wg_transport_sinkhorn(x, y), *e = wg_transport_energy(x, y);
    assert_true(wg_item(s) > 0 && wg_item(e) > 0);
    wg_free(x), wg_free(y), wg_free(s), wg_free(e);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(what_needs_glpk_says_so)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
