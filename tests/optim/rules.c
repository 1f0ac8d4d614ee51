/* The rules of optimizers that PyTorch 1.13 does not have, and RMSProp, beside rules_reference.py: values of a matrix and a vector along
   a trajectory whose gradients depend on where it is. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

enum { ROWS = 4, COLUMNS = 3, MATRIX = ROWS * COLUMNS, VECTOR = 5, BOTH = MATRIX + VECTOR, LAST = 16 };

/* ---- the trajectory ---- */

static double start(int i)
{
    return 0.3 * (i % 7) - 0.8;
}

/* Not symmetric, other at each step, of both signs. next: the neighbour of p. */
static double slope(int i, double p, double next, int step)
{
    return (0.5 + 0.3 * i) * (p - 0.1 * (i % 4)) + 0.25 * p * next + 0.5 * cos(1.7 * step + i);
}

static void set_gradient(wg_tensor *p, int first, int n, wg_shape shape, int step)
{
    double at[MATRIX], g[MATRIX];
    assert_int_equal(wg_read(p, at), WG_OK);
    for (int i = 0; i < n; i++)
        g[i] = slope(first + i, at[i], at[(i + 1) % n], step);
    wg_tensor *gradient = wg_from(g, shape);
    assert_int_equal(wg_add_gradient(p, gradient), WG_OK);
    wg_free(gradient);
}

/* The largest distance to what is expected after steps 1, 2 and LAST, relative to that. */
static double error(wg_tensor *const *p, wg_optim *optim, const double *expected)
{
    double largest = 0, at[BOTH];
    assert_non_null(optim);
    for (int step = 1; step <= LAST; step++) {
        set_gradient(p[0], 0, MATRIX, WG_SHAPE(ROWS, COLUMNS), step);
        set_gradient(p[1], MATRIX, VECTOR, WG_SHAPE(VECTOR), step);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        if (step > 2 && step < LAST)
            continue;
        assert_int_equal(wg_read(p[0], at), WG_OK);
        assert_int_equal(wg_read(p[1], at + MATRIX), WG_OK);
        for (int i = 0; i < BOTH; i++, expected++) {
            assert_true(isfinite(at[i]));
            largest = fmax(largest, fabs(at[i] - *expected) / (fabs(*expected) + 1e-6));
        }
    }
    return largest;
}

static void begin(wg_tensor **p)
{
    double at[BOTH];
    for (int i = 0; i < BOTH; i++)
        at[i] = start(i);
    p[0] = wg_set_requires_grad(wg_from(at, WG_SHAPE(ROWS, COLUMNS)), true);
    p[1] = wg_set_requires_grad(wg_from(at + MATRIX, WG_SHAPE(VECTOR)), true);
}

/* ---- the cases: CASE(entry, (.option = value, …), values after steps 1, 2 and LAST), and WRONG, whose formula has a mistake ---- */

static const struct {
    const char *entry;
    bool wrong;
    double values[3 * BOTH];
} cases[] = {
#define CASE(name, options, ...) {#name, false, {__VA_ARGS__}},
#define WRONG(name, options, ...) {#name, true, {__VA_ARGS__}},
#include "rules_reference.h"
#undef CASE
#undef WRONG
};
enum { CASES = sizeof cases / sizeof *cases };

#define OPTIONS(...) __VA_ARGS__
#define MAKE(name, options) wg_optim_##name(params, OPTIONS options)
static wg_optim *make(int k, wg_tensor_list params)
{
    int i = 0;
#define CASE(name, options, ...) \
    if (i++ == k)                \
        return MAKE(name, options);
#define WRONG(name, options, ...) CASE(name, options)
#include "rules_reference.h"
#undef CASE
#undef WRONG
    return NULL;
}

static double error_of(int k)
{
    wg_tensor *p[2];
    begin(p);
    wg_optim *optim = make(k, (wg_tensor_list){2, p, NULL});
    const double largest = error(p, optim, cases[k].values);
    wg_optim_destroy(optim), wg_free(p[0]), wg_free(p[1]);
    return largest;
}

static void rules_follow_the_reference(void **state)
{
    (void)state;
    for (int k = 0; k < CASES; k++)
        if (!cases[k].wrong && !(error_of(k) <= 1e-10))
            fail_msg("%s, case %d: relative error %g", cases[k].entry, k, error_of(k));
    assert_no_error();
}

static void a_mistake_in_a_formula_is_seen(void **state)
{
    (void)state;
    int mistakes = 0;
    for (int k = 0; k < CASES; k++) {
        if (cases[k].wrong && !(error_of(k) > 1e-7))
            fail_msg("%s, case %d: relative error %g with a mistake", cases[k].entry, k, error_of(k));
        mistakes += cases[k].wrong;
    }
    assert_true(mistakes >= 5);
    assert_no_error();
}

/* Those of PyTorch, which trajectories.c compares with PyTorch itself; those that draw, which sampling.c follows. */
static const char *const elsewhere[] = {"sgd",   "amsgrad", "adam", "adamw",       "adagrad", "adadelta", "adamax",   "nadam",
                                        "radam", "rprop",   "asgd", "sparse_adam", "sgld",    "psgld",    "noisy_sgd"};

static void every_other_entry_has_a_case(void **state)
{
    (void)state;
    static const char *const entries[] = {
#define WG_OPTIMIZER(name, options) #name,
#include "wengert/optimizers.def"
#undef WG_OPTIMIZER
    };
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++)
            found = found || strcmp(entries[i], elsewhere[k]) == 0;
        for (int k = 0; k < CASES; k++)
            found = found || (!cases[k].wrong && strcmp(entries[i], cases[k].entry) == 0);
        if (!found)
            fail_msg("%s has no case in rules_reference.py", entries[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rules_follow_the_reference),
        TEST(a_mistake_in_a_formula_is_seen),
        TEST(every_other_entry_has_a_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
