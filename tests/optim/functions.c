/* The classical test functions, from their standard starts: solved to 1e-10 (1 + |minimum|), and how many evaluations that takes.

   usage: functions             the test
          functions --table     the table of docs/guide/minimizing.md, beside SciPy's counts (functions_scipy.py)
          functions --all       counts of every minimizer on every function */
#include "functions.h"

#include "nn_check.h"

struct expected {
    const char *name;
    double start;
    int scipy[3][3]; /* by method: f, gradients, products */
    double minimum[5];
};

static const struct expected expected[] = {
#define FUNCTION(name, start, a, b, c, d, e, f, g, h, i, ...) {#name, start, {{a, b, c}, {d, e, f}, {g, h, i}}, {__VA_ARGS__, NAN}},
#include "functions_scipy.h"
#undef FUNCTION
};

/* ---- one run ---- */

struct trial {
    const struct function *function;
    const struct expected *expected;
    bool residuals; /* the minimizer is one of least squares */
    bool solved;    /* a value within the tolerance was seen */
    int64_t calls, calls_to_solution;
    double f, x[MAX_N];
};

static bool is_minimum(const struct expected *e, double f)
{
    for (int i = 0; !isnan(e->minimum[i]); i++)
        if (fabs(f - e->minimum[i]) <= 1e-10 * (1 + fabs(e->minimum[i])))
            return true;
    return false;
}

static wg_tensor *objective(wg_tensor *const *p, size_t n, void *context)
{
    struct trial *trial = context;
    (void)n;
    wg_tensor *y = trial->function->of(p[0]);
    wg_tensor *f = trial->function->residuals ? wg_sum(wg_square(y)) : y;
    trial->calls++;
    if (!trial->solved && f && is_minimum(trial->expected, wg_item(f))) {
        trial->solved = true;
        trial->calls_to_solution = trial->calls;
    }
    return trial->residuals ? y : f;
}

static const struct expected *expected_of(const struct function *function)
{
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strcmp(expected[i].name, function->name) == 0)
            return &expected[i];
    fail_msg("%s: not in functions_scipy.h", function->name);
    return NULL;
}

typedef wg_minimizer *maker(wg_tensor_list list);

static struct trial run(const struct function *function, maker *make, bool residuals, wg_minimize_result *result)
{
    struct trial trial = {.function = function, .expected = expected_of(function), .residuals = residuals};
    wg_tensor *x = wg_set_requires_grad(wg_from(function->start, WG_SHAPE(function->n)), true);
    wg_minimizer *m = make((wg_tensor_list){1, &x, NULL});
    assert_non_null(m);
    assert_int_equal(wg_minimize_run(m, objective, &trial, result), WG_OK);
    assert_int_equal(wg_read(x, trial.x), WG_OK);
    trial.f = residuals ? 2 * result->f : result->f;
    wg_minimize_destroy(m), wg_free(x);
    return trial;
}

static int64_t evaluations; /* at most so many; 0: no limit */
#define STOP .max_evaluations = evaluations, .max_iterations = 20000, .gradient_tolerance = 1e-12, .change_tolerance = 0
static wg_minimizer *lbfgs(wg_tensor_list list)
{
    return wg_minimize_lbfgs(list, STOP, .max_evaluations = 40000, .min_curvature = 0, .search_tolerance = 0,
                             .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE);
}
static wg_minimizer *newton_cg(wg_tensor_list list)
{
    return wg_minimize_newton_cg(list, STOP);
}
static wg_minimizer *trust_region(wg_tensor_list list)
{
    return wg_minimize_trust_region(list, STOP, .max_radius = 1e8);
}
static wg_minimizer *conjugate_gradient(wg_tensor_list list)
{
    return wg_minimize_conjugate_gradient(list, STOP);
}
static wg_minimizer *fletcher_reeves(wg_tensor_list list)
{
    return wg_minimize_conjugate_gradient(list, STOP, .beta = WG_MINIMIZE_BETA_FLETCHER_REEVES);
}
static wg_minimizer *hestenes_stiefel(wg_tensor_list list)
{
    return wg_minimize_conjugate_gradient(list, STOP, .beta = WG_MINIMIZE_BETA_HESTENES_STIEFEL);
}
static wg_minimizer *dai_yuan(wg_tensor_list list)
{
    return wg_minimize_conjugate_gradient(list, STOP, .beta = WG_MINIMIZE_BETA_DAI_YUAN);
}
static wg_minimizer *bfgs(wg_tensor_list list)
{
    return wg_minimize_bfgs(list, STOP);
}
static wg_minimizer *newton(wg_tensor_list list)
{
    return wg_minimize_newton(list, STOP);
}
static wg_minimizer *saddle_free(wg_tensor_list list)
{
    return wg_minimize_saddle_free(list, STOP);
}
static wg_minimizer *coordinate_descent(wg_tensor_list list)
{
    return wg_minimize_coordinate_descent(list, STOP);
}
static wg_minimizer *gauss_newton(wg_tensor_list list)
{
    return wg_minimize_gauss_newton(list, STOP);
}
static wg_minimizer *levenberg_marquardt(wg_tensor_list list)
{
    return wg_minimize_levenberg_marquardt(list, STOP);
}

static const struct method {
    const char *name;
    maker *make;
    bool residuals;
} methods[] = {
    {"lbfgs", lbfgs, false},
    {"newton_cg", newton_cg, false},
    {"trust_region", trust_region, false},
    {"bfgs", bfgs, false},
    {"newton", newton, false},
    {"saddle_free", saddle_free, false},
    {"conjugate_gradient (polak_ribiere)", conjugate_gradient, false},
    {"conjugate_gradient (fletcher_reeves)", fletcher_reeves, false},
    {"conjugate_gradient (hestenes_stiefel)", hestenes_stiefel, false},
    {"conjugate_gradient (dai_yuan)", dai_yuan, false},
    {"gauss_newton", gauss_newton, true},
    {"levenberg_marquardt", levenberg_marquardt, true},
    {"coordinate_descent", coordinate_descent, false},
};
enum { METHODS = sizeof methods / sizeof *methods, REQUIRED = 3 };

/* ---- the tests ---- */

static void values_are_pytorchs(void **state)
{
    (void)state;
    assert_int_equal(sizeof expected / sizeof *expected, FUNCTIONS);
    for (size_t i = 0; i < FUNCTIONS; i++) {
        WG_TAPE(tape);
        wg_tensor *y = functions[i].of(wg_from(functions[i].start, WG_SHAPE(functions[i].n)));
        const double f = wg_item(functions[i].residuals ? wg_sum(wg_square(y)) : y), wanted = expected_of(&functions[i])->start;
        if (!(fabs(f - wanted) <= 1e-13 * (1 + fabs(wanted))))
            fail_msg("%s: got %.17g, wanted %.17g", functions[i].name, f, wanted);
    }
    assert_no_error();
}

/* The Hessian of Meyer's function has a condition number beyond 1e16 on the way to its minimum: conjugate gradients do not solve
   systems with it in f64. Methods that factorize do, and they are tested on it below. */
static bool is_beyond_cg(const struct function *function, maker *make)
{
    return strcmp(function->name, "meyer") == 0 && (make == newton_cg || make == trust_region);
}

static void every_function_is_solved(void **state)
{
    (void)state;
    int unsolved = 0;
    for (size_t i = 0; i < FUNCTIONS; i++)
        for (size_t k = 0; k < REQUIRED; k++) {
            wg_minimize_result result;
            const struct trial trial = run(&functions[i], methods[k].make, false, &result);
            if (is_minimum(trial.expected, trial.f) || is_beyond_cg(&functions[i], methods[k].make))
                continue;
            unsolved++;
            print_message("%s by %s: f = %.17g, |g| = %g after %d evaluations: %s\n", functions[i].name, methods[k].name, trial.f,
                          result.gradient_norm, (int)result.evaluations, wg_minimize_reason_text(result.reason));
        }
    assert_int_equal(unsolved, 0);
    assert_no_error();
}

/* And least squares by methods of least squares; where the residuals are large or J is singular on the way, Gauss-Newton may
   fail. */
static void sums_of_squares_are_solved(void **state)
{
    (void)state;
    for (size_t i = 0; i < FUNCTIONS; i++) {
        wg_minimize_result result;
        if (!functions[i].residuals)
            continue;
        const struct trial trial = run(&functions[i], levenberg_marquardt, true, &result);
        if (!is_minimum(trial.expected, trial.f))
            fail_msg("%s: f = %.17g, |g| = %g: %s", functions[i].name, trial.f, result.gradient_norm,
                     wg_minimize_reason_text(result.reason));
        if (strcmp(functions[i].name, "meyer") == 0)
            assert_true(is_minimum(trial.expected, run(&functions[i], newton, false, &result).f));
    }
    assert_no_error();
}

/* ---- tables ---- */

static void print_all(void)
{
    for (size_t k = 0; k < METHODS; k++)
        for (size_t i = 0; i < FUNCTIONS; i++) {
            if (methods[k].residuals && !functions[i].residuals)
                continue;
            wg_minimize_result result;
            const struct trial trial = run(&functions[i], methods[k].make, methods[k].residuals, &result);
            printf("%-38s %-20s %s %6d (%d to the end) f = %.12g, |g| = %.3g, %s\n", methods[k].name, functions[i].name,
                   is_minimum(trial.expected, trial.f) ? "solved  " : "UNSOLVED", (int)trial.calls_to_solution,
                   (int)result.evaluations, trial.f, result.gradient_norm, wg_minimize_reason_text(result.reason));
        }
}

/* The counts of evaluations, gradients and products up to the step in which f came within the tolerance. */
static void print_counts(const struct function *function, const struct method *method, const int *scipy)
{
    wg_minimize_result result;
    struct trial trial = run(function, method->make, false, &result);
    if (!trial.solved)
        printf(" - |");
    else if (method->make == lbfgs)
        printf(" %d |", (int)trial.calls_to_solution);
    else {
        evaluations = trial.calls_to_solution;
        (void)run(function, method->make, false, &result);
        evaluations = 0;
        printf(" %d, %d, %d |", (int)result.evaluations, (int)result.gradients, (int)result.products);
    }
    if (scipy[0] < 0)
        printf(" - |");
    else if (method->make == lbfgs)
        printf(" %d |", scipy[0]);
    else
        printf(" %d, %d, %d |", scipy[0], scipy[1], scipy[2]);
}

static void print_table(void)
{
    printf(
        "| function | n | minimum | L-BFGS | SciPy | Newton-CG | SciPy | trust region | SciPy |\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < FUNCTIONS; i++) {
        wg_minimize_result result;
        const struct trial trial = run(&functions[i], lbfgs, false, &result);
        const double minimum = fabs(trial.f) < 1e-10 ? 0 : trial.f;
        const bool local = fabs(minimum - trial.expected->minimum[0]) > 1e-6 * (1 + fabs(minimum));
        printf("| %s | %d | %.7g%s |", functions[i].name, functions[i].n, minimum, local ? " (local)" : "");
        for (size_t k = 0; k < REQUIRED; k++)
            print_counts(&functions[i], &methods[k], trial.expected->scipy[k]);
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--table") == 0)
        return print_table(), 0;
    if (argc > 1 && strcmp(argv[1], "--all") == 0)
        return print_all(), 0;
    const struct CMUnitTest tests[] = {
        TEST(values_are_pytorchs),
        TEST(every_function_is_solved),
        TEST(sums_of_squares_are_solved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
