/* The rules of optimizers that PyTorch 1.13 does not have, and RMSProp, beside rules_reference.py and joint_reference.py: values
   of a matrix and a vector along a trajectory whose gradients depend on where it is. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

enum { ROWS = 4, COLUMNS = 3, MATRIX = ROWS * COLUMNS, VECTOR = 5, BOTH = MATRIX + VECTOR, LAST = 16, LONG_LAST = 200 };

/* ---- the trajectory ---- */

static double start(int i)
{
    return 0.3 * (i % 7) - 0.8;
}

/* Not symmetric, other at each step, of both signs; the matrix's mostly of a norm below 1, the vector's above. next: the
   neighbour of p. */
static double slope(int i, double p, double next, int step)
{
    return (i < MATRIX ? 0.2 : 1) * ((0.5 + 0.3 * i) * (p - 0.1 * (i % 4)) + 0.25 * p * next + 0.5 * cos(1.7 * step + i));
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

static void set_gradients(wg_tensor *const *p, int step)
{
    set_gradient(p[0], 0, MATRIX, WG_SHAPE(ROWS, COLUMNS), step);
    set_gradient(p[1], MATRIX, VECTOR, WG_SHAPE(VECTOR), step);
}

static double loss_at(wg_tensor *const *p, int step)
{
    double at[BOTH], squares = 0;
    assert_int_equal(wg_read(p[0], at), WG_OK);
    assert_int_equal(wg_read(p[1], at + MATRIX), WG_OK);
    for (int i = 0; i < BOTH; i++)
        squares += at[i] * at[i];
    return 0.3 + 0.2 * cos(step) + 0.05 * squares;
}

/* A step in the way that the entry needs: with the loss, or behind an observation of other gradients at steps 1, 4, 7, … */
static void take_step(const char *entry, wg_optim *optim, wg_tensor *const *p, int step)
{
    const bool observes = strncmp(entry, "sophia", 6) == 0 || strcmp(entry, "adahessian") == 0;
    if (observes && step % 3 == 1) {
        set_gradients(p, step + 1000);
        assert_int_equal(wg_optim_observe(optim), WG_OK);
    }
    set_gradients(p, step);
    if (strcmp(entry, "polyak_sgd") == 0 || strncmp(entry, "momo", 4) == 0) {
        WG_TAPE(tape);
        assert_int_equal(wg_optim_step_with_loss(optim, wg_scalar(WG_F64, loss_at(p, step))), WG_OK);
    } else {
        assert_int_equal(wg_optim_step(optim), WG_OK);
    }
}

/* The largest distance to what is expected after steps 1, 2 and last, relative to that. */
static double error(const char *entry, wg_tensor *const *p, wg_optim *optim, int last, const double *expected)
{
    double largest = 0, at[BOTH];
    assert_non_null(optim);
    for (int step = 1; step <= last; step++) {
        take_step(entry, optim, p, step);
        if (step > 2 && step < last)
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

/* ---- the cases: CASE(entry, (.option = value, …), values after steps 1, 2 and LAST), and WRONG, whose formula has a mistake;
   LONG(entry, options, sensitivity, values after steps 1, 2 and LONG_LAST): by how much a start that is off by 1e-15 moves them
   ---- */

static const struct {
    const char *entry;
    bool wrong;
    int last;
    double sensitivity, values[3 * BOTH];
} cases[] = {
#define CASE(name, options, ...) {#name, false, LAST, 0, {__VA_ARGS__}},
#define WRONG(name, options, ...) {#name, true, LAST, 0, {__VA_ARGS__}},
#define LONG(name, options, sensitivity, ...) {#name, false, LONG_LAST, sensitivity, {__VA_ARGS__}},
#include "joint_reference.h"
#include "rules_reference.h"
#undef CASE
#undef WRONG
#undef LONG
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
#define LONG(name, options, ...) CASE(name, options)
#include "joint_reference.h"
#include "rules_reference.h"
#undef CASE
#undef WRONG
#undef LONG
    return NULL;
}

static double error_of(int k)
{
    wg_tensor *p[2];
    begin(p);
    wg_optim *optim = make(k, (wg_tensor_list){2, p, NULL});
    const double largest = error(cases[k].entry, p, optim, cases[k].last, cases[k].values);
    wg_optim_destroy(optim), wg_free(p[0]), wg_free(p[1]);
    return largest;
}

static void rules_follow_the_reference(void **state)
{
    (void)state;
    for (int k = 0; k < CASES; k++)
        if (!cases[k].wrong && !(error_of(k) <= fmax(1e-10, 100 * cases[k].sensitivity)))
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

/* Those of PyTorch, which trajectories.c compares with PyTorch itself; one of lectures, which variants.c checks; those that draw,
   which sampling.c follows. */
static const char *const elsewhere[] = {"sgd",         "heavy_ball", "amsgrad", "adam",          "adamw",     "adagrad",
                                        "adadelta",    "adamax",     "nadam",   "radam",         "rprop",     "asgd",
                                        "sparse_adam", "sgld",       "psgld",   "perturbed_sgd", "noisy_sgd", "psgd_kron"};

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

/* ---- single rules ---- */

/* A step of a matrix by a gradient. */
static void step_once(wg_optim *optim, wg_tensor *p, wg_tensor *g)
{
    assert_non_null(optim);
    assert_int_equal(wg_add_gradient(p, g), WG_OK);
    assert_int_equal(wg_optim_step(optim), WG_OK);
}

/* Two steps worked out by hand from the paper, the second of twice the gradient. Then gradients of zeros. */
static void adafactor_on_a_known_matrix(void **state)
{
    (void)state;
    const double at[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, slopes[] = {1, -2, 0.5, 0, 3, -1};
    const double first[] = {0.0936977798477, 0.203495842755, 0.297181561466, 0.4, 0.496200531919, 0.604084305463};
    const double second[] = {0.0873968080449, 0.206990993051, 0.294363681211, 0.4, 0.492401816441, 0.608167801903};
    wg_tensor *p = wg_set_requires_grad(wg_from(at, WG_SHAPE(2, 3)), true);
    wg_tensor *g = wg_from(slopes, WG_SHAPE(2, 3)), *zero = wg_zeros(WG_F64, WG_SHAPE(2, 3));
    const wg_tensor_list list = {1, &p, NULL};
    wg_optim *optim = wg_optim_adafactor(list), *other = wg_optim_adafactor(list);
    step_once(optim, p, g);
    assert_values(p, first, 1e-12);
    assert_int_equal(wg_add_gradient(p, g), WG_OK);
    step_once(optim, p, g);
    assert_values(p, second, 1e-12);
    step_once(other, p, zero);
    assert_values(p, second, 1e-12);
    wg_optim_destroy(optim), wg_optim_destroy(other), wg_free(p), wg_free(g), wg_free(zero);
    assert_no_error();
}

/* Of more than two axes the last two are matrices: each moves as it does by itself, where no mean of the whole tensor counts. */
static void adafactor_on_a_stack_of_matrices(void **state)
{
    (void)state;
    double at[24], g[24], whole[24], part[12];
    for (int i = 0; i < 24; i++)
        at[i] = start(i), g[i] = (i < 12 ? 1 : 5) * sin(i * i + 1.0);
    wg_tensor *p[3] = {wg_from(at, WG_SHAPE(2, 4, 3)), wg_from(at, WG_SHAPE(4, 3)), wg_from(at + 12, WG_SHAPE(4, 3))};
    wg_tensor *slopes[3] = {wg_from(g, WG_SHAPE(2, 4, 3)), wg_from(g, WG_SHAPE(4, 3)), wg_from(g + 12, WG_SHAPE(4, 3))};
    for (int i = 0; i < 3; i++) {
        wg_set_requires_grad(p[i], true);
        wg_optim *optim = wg_optim_adafactor(((wg_tensor_list){1, p + i, NULL}), .clip = 1e9, .relative = false);
        step_once(optim, p[i], slopes[i]);
        step_once(optim, p[i], slopes[i]);
        wg_optim_destroy(optim);
    }
    assert_int_equal(wg_read(p[0], whole), WG_OK);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(wg_read(p[i], part), WG_OK);
        for (int k = 0; k < 12; k++)
            assert_close(whole[12 * (i - 1) + k], part[k], 1e-14);
    }
    for (int i = 0; i < 3; i++)
        wg_free(p[i]), wg_free(slopes[i]);
    assert_no_error();
}

/* The largest distance of a product of x with itself, over its shorter axis, to the unit matrix. */
static double distance_to_orthogonal(const double *x, int rows, int columns)
{
    const bool wide = rows <= columns;
    const int n = wide ? rows : columns, k = wide ? columns : rows;
    double largest = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int a = 0; a < k; a++)
                sum += wide ? x[i * k + a] * x[j * k + a] : x[a * n + i] * x[a * n + j];
            largest = fmax(largest, fabs(sum - (i == j)));
        }
    return largest;
}

/* The first step of Muon from 0 is -lr times the scale times a matrix whose singular values are near 1: within 0.3, as five
   iterations of that polynomial leave them. Kernels of a convolution are matrices of one row for each channel. */
static void muon_steps_are_near_orthogonal(void **state)
{
    (void)state;
    const wg_shape shapes[] = {WG_SHAPE(4, 6), WG_SHAPE(6, 4), WG_SHAPE(5, 5), WG_SHAPE(3, 2, 2, 2), WG_SHAPE(8, 1, 2, 2)};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        double step[64], slopes[64];
        wg_tensor *p = wg_set_requires_grad(wg_zeros(WG_F64, shapes[k]), true);
        const int rows = (int)shapes[k].extent[0], columns = (int)wg_numel(p) / rows;
        for (int i = 0; i < rows * columns; i++)
            slopes[i] = sin(i * i + 1.0);
        wg_tensor *g = wg_from(slopes, shapes[k]);
        wg_optim *optim = wg_optim_muon(((wg_tensor_list){1, &p, NULL}), .lr = 0.5);
        step_once(optim, p, g);
        assert_int_equal(wg_read(p, step), WG_OK);
        for (int i = 0; i < rows * columns; i++)
            step[i] /= -0.5 * sqrt(rows > columns ? (double)rows / columns : 1);
        assert_true(distance_to_orthogonal(step, rows, columns) < 0.7);
        assert_true(distance_to_orthogonal(slopes, rows, columns) > 1);
        wg_optim_destroy(optim), wg_free(p), wg_free(g);
    }
    assert_no_error();
}

/* Muon has no second moment of matrices, Adafactor none but of rows and columns. */
static void states_are_small(void **state)
{
    (void)state;
    wg_tensor *p = wg_set_requires_grad(wg_zeros(WG_F32, WG_SHAPE(30, 20)), true);
    const wg_tensor_list list = {1, &p, NULL};
    wg_optim *optim[] = {wg_optim_muon(list), wg_optim_adafactor(list), wg_optim_signum(list, .beta = 0), wg_optim_novograd(list)};
    const int64_t expected[] = {600, 50, 0, 601};
    for (int k = 0; k < 4; k++) {
        int64_t elements = -2; /* the rate and the count */
        const wg_tensor_list all = wg_optim_state(optim[k]);
        for (size_t i = 0; i < all.n; i++)
            elements += wg_numel(all.tensor[i]);
        assert_int_equal(elements, expected[k]);
        wg_optim_destroy(optim[k]);
    }
    wg_free(p);
    assert_no_error();
}

/* With a gradient of 1 z is -lr t, and x the mean of its values so far, with weights that count t in f32 exactly. */
static void schedule_free_averages(void **state)
{
    (void)state;
    enum { STEPS = 3000 };
    wg_tensor *p = wg_set_requires_grad(wg_zeros(WG_F32, WG_SHAPE(1)), true), *one = wg_ones(WG_F32, WG_SHAPE(1));
    wg_optim *optim = wg_optim_schedule_free_sgd(((wg_tensor_list){1, &p, NULL}), .lr = 0.3);
    for (int i = 0; i < STEPS; i++)
        step_once(optim, p, one);
    const wg_tensor_list all = wg_optim_state(optim);
    float x = NAN, weights[2] = {NAN, NAN};
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(all.name[i], "0.x") == 0)
            assert_int_equal(wg_read(all.tensor[i], &x), WG_OK);
        else if (strcmp(all.name[i], "0.weights") == 0)
            assert_int_equal(wg_read(all.tensor[i], weights), WG_OK);
    assert_close(x, -0.3 * (STEPS + 1) / 2, 1e-4);
    assert_close(weights[0], STEPS, 0);
    const float y = *(const float *)wg_data(p);
    assert_int_equal(wg_optim_exchange(optim, "x"), WG_OK);
    assert_close(*(const float *)wg_data(p), x, 0);
    assert_int_equal(wg_optim_exchange(optim, "x"), WG_OK);
    assert_close(*(const float *)wg_data(p), y, 0);
    wg_optim_destroy(optim), wg_free(p), wg_free(one);
    assert_no_error();
}

static void options_that_do_not_fit_together(void **state)
{
    (void)state;
    wg_tensor *p = wg_set_requires_grad(wg_zeros(WG_F32, WG_SHAPE(3)), true);
    const wg_tensor_list list = {1, &p, NULL};
    assert_null(wg_optim_ademamix(list, .warmup = 10, .beta1 = 0));
    assert_error(WG_E_ARGUMENT, "optim_ademamix: .warmup goes from beta1 to beta3: expected both above 0, got 0 and 0.9999");
    assert_null(wg_optim_sgdw(list, .dampening = 0.5));
    assert_error(WG_E_ARGUMENT, "optim_sgdw: .dampening = 0.5 without .momentum");
    assert_null(wg_optim_sgdw(list, .nesterov = true));
    assert_error(WG_E_ARGUMENT, "optim_sgdw: nesterov: expected momentum above 0");
    assert_null(wg_optim_schedule_free_radam(list, .beta2 = 0.6));
    assert_error(WG_E_ARGUMENT, "optim_schedule_free_radam: expected beta2 above 0.6");
    assert_null(wg_optim_shampoo(list, .frequency = 2.5));
    assert_error(WG_E_ARGUMENT, "optim_shampoo: frequency: expected a whole number, got 2.5");
    assert_null(wg_optim_soap(list, .frequency = 1.5));
    assert_error(WG_E_ARGUMENT, "optim_soap: frequency: expected a whole number, got 1.5");
    assert_null(wg_optim_shampoo(list, .graft_sgd = true, .graft_adam = true));
    assert_error(WG_E_ARGUMENT, "optim_shampoo: graft_sgd and graft_adam: expected one of them, or none");
    wg_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rules_follow_the_reference),
        TEST(a_mistake_in_a_formula_is_seen),
        TEST(every_other_entry_has_a_case),
        TEST(adafactor_on_a_known_matrix),
        TEST(adafactor_on_a_stack_of_matrices),
        TEST(muon_steps_are_near_orthogonal),
        TEST(states_are_small),
        TEST(schedule_free_averages),
        TEST(options_that_do_not_fit_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
