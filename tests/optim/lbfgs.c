/* L-BFGS against PyTorch's. */
#include <math.h>

#include "objectives.h"
#include "waves.h"

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
#define PYTORCH_LONG(function, call, sensitivity, ...)
#include "lbfgs_pytorch.h"
#undef PYTORCH
#undef PYTORCH_LONG
    assert_no_error();
}

/* ---- 200 steps ---- */

enum { POINTS = 5, MAX_NUMBERS = 40 };

/* rtol 1e-8, or, where PyTorch's own run from a start that differs by 1e-15 ends further away, 100 times that distance. */
static void assert_point(const char *what, wg_tensor *const *p, size_t n, const double *expected, double sensitivity, int step)
{
    const double tolerance = fmax(1e-8, 100 * sensitivity);
    double got[MAX_NUMBERS];
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(wg_read(p[i], got), WG_OK);
        for (int64_t k = 0; k < wg_numel(p[i]); k++, expected++)
            if (!(fabs(got[k] - *expected) <= tolerance * (1 + fabs(*expected))))
                fail_msg("%s, step %d: got %.17g, wanted %.17g", what, step, got[k], *expected);
    }
}

static void two_hundred_steps_are_pytorchs(void **state)
{
    (void)state;
    static const int after[POINTS] = {1, 5, 20, 60, 200};
#define SENSITIVITY(...) {__VA_ARGS__}
#define PYTORCH(function, call, n_calls, n_steps, ...)
#define PYTORCH_LONG(function, call, sensitivity, ...)                                             \
    {                                                                                              \
        const double expected[POINTS][MAX_NUMBERS] = {__VA_ARGS__}, moved[] = sensitivity;         \
        wg_tensor *p[MAX_TENSORS];                                                                 \
        const wg_tensor_list list = {start_of(function, p), p, NULL};                              \
        wg_minimizer *m = call;                                                                    \
        for (int k = 1, at = 0; k <= after[POINTS - 1]; k++) {                                     \
            assert_int_equal(wg_minimize_run(m, function, NULL, NULL), WG_OK);                     \
            if (k == after[at])                                                                    \
                assert_point(#call " of " #function, p, list.n, expected[at], moved[at], k), at++; \
        }                                                                                          \
        wg_minimize_destroy(m);                                                                    \
        for (size_t i = 0; i < list.n; i++)                                                        \
            wg_free(p[i]);                                                                         \
    }
#include "lbfgs_pytorch.h"
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_are_pytorchs),
        TEST(two_hundred_steps_are_pytorchs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
