/* L-BFGS against PyTorch's,. */
#include <math.h>

#include "objectives.h"

/* ---- beside PyTorch ---- */

static void steps_are_pytorchs(void **state)
{
    (void)state;
#define PYTORCH(function, make, n_calls, n_steps, ...)                         \
    {                                                                          \
        const double expected[n_steps][N] = {__VA_ARGS__};                     \
        struct start s;                                                        \
        begin(&s);                                                             \
        const wg_tensor_list list = s.list;                                    \
        wg_minimizer *m = make;                                                \
        calls = 0;                                                             \
        for (int i = 0; i < (n_steps); i++) {                                  \
            assert_int_equal(wg_minimize_run(m, function, NULL, NULL), WG_OK); \
            assert_values(s.p[0], expected[i], 1e-8);                          \
            assert_values(s.p[1], expected[i] + 3, 1e-8);                      \
        }                                                                      \
        assert_int_equal(calls, n_calls);                                      \
        wg_minimize_destroy(m), end(&s);                                       \
    }
#include "lbfgs_pytorch.h"
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_are_pytorchs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
