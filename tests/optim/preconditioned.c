/* Shampoo and SOAP beside what rules.c compares: their factors by what they are, when these are computed, and what happens where
   they cannot be. */
#include <math.h>
#include <stdlib.h>

#include "training.h"

enum { ROWS = 4, COLUMNS = 3, ELEMENTS = ROWS * COLUMNS };

/* A matrix and a tensor of three axes, (4, 3) and (3, 2, 2). */
static struct training begin(wg_dtype dtype, wg_optim *(*make)(wg_tensor_list params))
{
    struct training training;
    const wg_shape shape[] = {WG_SHAPE(ROWS, COLUMNS), WG_SHAPE(3, 2, 2)};
    for (int i = 0; i < 2; i++)
        training.p[i] = wg_set_requires_grad(wg_full(dtype, shape[i], 0.5 + i), true);
    training.optim = make((wg_tensor_list){2, training.p, NULL});
    assert_non_null(training.optim);
    return training;
}

static void end(struct training *training)
{
    wg_optim_destroy(training->optim), wg_free(training->p[0]), wg_free(training->p[1]);
}

/* Element i of the gradient of parameter k. */
static double slope(int k, int i, int step)
{
    return sin(1.3 * i * i + step + k) + 0.3 * cos(step * i);
}

/* Like p, of parameter k. first: if it is not 0, the first element. */
static wg_tensor *gradient(const wg_tensor *p, int k, int step, double first)
{
    wg_tensor *g = wg_zeros(wg_dtype_of(p), wg_shape_of(p));
    for (int i = 0; i < ELEMENTS; i++) {
        const double value = i == 0 && first != 0 ? first : slope(k, i, step);
        if (wg_dtype_of(p) == WG_F64)
            ((double *)wg_data_mut(g))[i] = value;
        else
            ((float *)wg_data_mut(g))[i] = (float)value;
    }
    return g;
}

static void add_gradient(wg_tensor *p, int k, int step, double first)
{
    wg_tensor *g = gradient(p, k, step, first);
    assert_int_equal(wg_add_gradient(p, g), WG_OK);
    wg_free(g);
}

/* first: if it is not 0, the first element of the second parameter's gradient. */
static wg_status step_with(struct training *training, int step, double first)
{
    add_gradient(training->p[0], 0, step, 0);
    add_gradient(training->p[1], 1, step, first);
    return wg_optim_step(training->optim);
}

static void run(struct training *training, int from, int to)
{
    for (int step = from; step <= to; step++)
        assert_int_equal(step_with(training, step, 0), WG_OK);
}

static const wg_tensor *state_of(const wg_optim *optim, const char *name)
{
    const wg_tensor_list all = wg_optim_state(optim);
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(all.name[i], name) == 0)
            return all.tensor[i];
    fail_msg("there is no state %s", name);
    return NULL;
}

/* Statistics and factor of a side, (n, n) each. */
static void read_side(const wg_optim *optim, const char *name, int n, double *statistics, double *factor)
{
    double both[2 * 16];
    const wg_tensor *state = state_of(optim, name);
    assert_int_equal(wg_numel(state), 2 * n * n);
    assert_int_equal(wg_read(state, both), WG_OK);
    memcpy(statistics, both, (size_t)(n * n) * sizeof *both);
    memcpy(factor, both + n * n, (size_t)(n * n) * sizeof *both);
}

/* a b, or aᵀ b */
static void multiply(int n, const double *a, bool turned, const double *b, double *product)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            product[i * n + j] = 0;
            for (int k = 0; k < n; k++)
                product[i * n + j] += a[turned ? k * n + i : i * n + k] * b[k * n + j];
        }
}

static void assert_identity(int n, const double *a)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            assert_close(a[i * n + j], i == j, 1e-9);
}

/* ---- Shampoo ---- */

static wg_optim *shampoo(wg_tensor_list params)
{
    return wg_optim_shampoo(params, .eps = 0.01, .frequency = 3);
}

/* The fourth power of the root times (L + εI) is the identity, where the root is of this step. */
static void shampoo_has_the_fourth_root_of_its_statistics(void **state)
{
    (void)state;
    const char *const names[] = {"0.left", "0.right", "1.left", "1.right"};
    const int n[] = {ROWS, COLUMNS, 3, 4};
    struct training training = begin(WG_F64, shampoo);
    run(&training, 1, 3);
    for (int k = 0; k < 4; k++) {
        double l[16], root[16], square[16], fourth[16], product[16];
        read_side(training.optim, names[k], n[k], l, root);
        for (int i = 0; i < n[k]; i++)
            l[i * n[k] + i] += 0.01;
        multiply(n[k], root, false, root, square), multiply(n[k], square, false, square, fourth);
        multiply(n[k], fourth, false, l, product);
        assert_identity(n[k], product);
    }
    end(&training);
    assert_no_error();
}

static void roots_are_computed_every_few_steps(void **state)
{
    (void)state;
    struct training training = begin(WG_F64, shampoo);
    double statistics[16], before[16], root[16];
    for (int step = 1; step <= 7; step++) {
        run(&training, step, step);
        read_side(training.optim, "0.left", ROWS, statistics, root);
        const bool same = step > 1 && memcmp(root, before, sizeof root) == 0;
        assert_int_equal(same, step > 1 && step % 3 != 0);
        memcpy(before, root, sizeof root);
    }
    end(&training);
    assert_no_error();
}

static wg_optim *narrow(wg_tensor_list params)
{
    return wg_optim_shampoo(params, .max_dimension = 3, .graft_adam = true);
}

static void long_sides_have_no_statistics(void **state)
{
    (void)state;
    struct training training = begin(WG_F32, narrow);
    run(&training, 1, 3);
    assert_int_equal(wg_numel(state_of(training.optim, "0.left")), 0);
    assert_int_equal(wg_numel(state_of(training.optim, "0.right")), 18);
    assert_int_equal(wg_numel(state_of(training.optim, "1.left")), 18);
    assert_int_equal(wg_numel(state_of(training.optim, "1.right")), 0);
    end(&training);
    assert_no_error();
}

/* ---- SOAP ---- */

static wg_optim *soap(wg_tensor_list params)
{
    return wg_optim_soap(params, .frequency = 2);
}

/* Columns of the basis are orthonormal; after the first step they diagonalise the statistics, by falling eigenvalue. */
static void soap_has_orthonormal_bases(void **state)
{
    (void)state;
    struct training training = begin(WG_F64, soap);
    double l[16], q[16], product[16], other[16];
    for (int step = 1; step <= 9; step++) {
        run(&training, step, step);
        read_side(training.optim, "0.left", ROWS, l, q);
        multiply(ROWS, q, true, q, product);
        assert_identity(ROWS, product);
        if (step > 1)
            continue;
        multiply(ROWS, l, false, q, other), multiply(ROWS, q, true, other, product);
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < ROWS; j++)
                if (i != j)
                    assert_close(product[i * ROWS + j], 0, 1e-12);
        for (int i = 1; i < ROWS; i++)
            assert_true(product[i * (ROWS + 1)] <= product[(i - 1) * (ROWS + 1)]);
    }
    end(&training);
    assert_no_error();
}

/* The first gradient has rank 3 in 4 rows, so no two eigenvalues are equal, and f32 follows f64. */
static void soap_in_f32_follows_f64(void **state)
{
    (void)state;
    struct training wide = begin(WG_F64, soap), narrow_one = begin(WG_F32, soap);
    run(&wide, 1, 8), run(&narrow_one, 1, 8);
    assert_values(narrow_one.p[0], wg_data(wide.p[0]), 1e-4);
    end(&wide), end(&narrow_one);
    assert_no_error();
}

/* ---- both ---- */

static wg_optim *(*const makers[])(wg_tensor_list params) = {shampoo, soap};

/* A tensor of three axes moves as the matrix (first, all others). */
static void a_tensor_is_a_matrix_of_its_first_axis(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        wg_tensor *p[] = {wg_ones(WG_F64, WG_SHAPE(3, 2, 2)), wg_ones(WG_F64, WG_SHAPE(3, 4))};
        for (int i = 0; i < 2; i++) {
            wg_set_requires_grad(p[i], true);
            wg_optim *optim = makers[k]((wg_tensor_list){1, &p[i], NULL});
            for (int step = 1; step <= 5; step++) {
                add_gradient(p[i], 0, step, 0);
                assert_int_equal(wg_optim_step(optim), WG_OK);
            }
            wg_optim_destroy(optim);
        }
        assert_same_bits(p[0], p[1]);
        wg_free(p[0]), wg_free(p[1]);
    }
    assert_no_error();
}

/* In anomaly mode a step is its ops one by one. */
static void a_step_that_is_watched_has_the_same_bits(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct training plain = begin(WG_F32, makers[k]), watched = begin(WG_F32, makers[k]);
        run(&plain, 1, 5);
        const wg_anomaly before = wg_anomaly_set(WG_ANOMALY_NAN);
        run(&watched, 1, 5);
        wg_anomaly_set(before);
        assert_same_training(&plain, &watched);
        end(&plain), end(&watched);
    }
    assert_no_error();
}

/* Whether at the first step or at a later one: the step fails whole, though the first parameter's gradient is sound, and the next
   one has the bits of a run that never failed. 1e30 has no square in f32. */
static void a_gradient_that_is_not_finite_changes_nothing(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY, 1e30};
    for (int k = 0; k < 2; k++)
        for (int at = 1; at <= 5; at++) {
            struct training failing = begin(WG_F32, makers[k]), sound = begin(WG_F32, makers[k]);
            run(&failing, 1, at - 1), run(&sound, 1, at - 1);
            for (int i = 0; i < 3; i++) {
                assert_int_equal(step_with(&failing, at, bad[i]), WG_E_NUMERIC);
                assert_error(WG_E_NUMERIC, "the statistics of gradients are not finite");
                assert_same_training(&failing, &sound);
                wg_clear_gradient(failing.p[0]), wg_clear_gradient(failing.p[1]);
            }
            run(&failing, at, at + 4), run(&sound, at, at + 4);
            assert_same_training(&failing, &sound);
            end(&failing), end(&sound);
        }
    assert_no_error();
}

/* The gradients of both parameters, which a replay reads where they are. */
struct replayed {
    struct training training;
    wg_tensor *g[2];
};

static wg_status step_replayed(void *context)
{
    const struct replayed *r = context;
    WG_TAPE(tape);
    wg_tensor *loss = wg_sum(wg_mul(r->training.p[0], r->g[0]));
    WG_TRY(wg_backward(wg_add(loss, wg_sum(wg_mul(r->training.p[1], r->g[1])))));
    return wg_optim_step(r->training.optim);
}

static void set_gradients(const struct replayed *r, int step, double first)
{
    for (int k = 0; k < 2; k++) {
        wg_tensor *g = gradient(r->g[k], k, step, k == 1 ? first : 0);
        assert_int_equal(wg_write_raw(r->g[k], wg_data(g)), WG_OK);
        wg_free(g);
    }
}

/* Runs of a replay fail whole, too, and a retry has the bits of steps that were not replayed. */
static void a_replayed_step_that_fails_changes_nothing(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct replayed r = {.training = begin(WG_F32, makers[k])};
        struct training eager = begin(WG_F32, makers[k]);
        for (int i = 0; i < 2; i++)
            r.g[i] = wg_zeros(WG_F32, wg_shape_of(r.training.p[i]));
        set_gradients(&r, 1, 0);
        wg_replay *replay = wg_replay_capture(step_replayed, &r);
        assert_non_null(replay);
        run(&eager, 1, 1);
        for (int step = 2; step <= 6; step++) {
            set_gradients(&r, step, NAN);
            assert_int_equal(wg_replay_run(replay), WG_E_NUMERIC);
            assert_error(WG_E_NUMERIC, "the statistics of gradients are not finite");
            assert_same_training(&r.training, &eager);
            set_gradients(&r, step, 0);
            assert_int_equal(wg_replay_run(replay), WG_OK);
            run(&eager, step, step);
            assert_same_training(&r.training, &eager);
        }
        wg_replay_destroy(replay);
        end(&r.training), end(&eager), wg_free(r.g[0]), wg_free(r.g[1]);
    }
    assert_no_error();
}

/* A stage that leaves steps out does so before statistics are looked at. */
static void a_stage_leaves_out_what_is_not_finite(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct training skipping = begin(WG_F32, makers[k]), sound = begin(WG_F32, makers[k]);
        assert_int_equal(wg_optim_add_stage(skipping.optim, wg_stage_skip_nonfinite()), WG_OK);
        assert_int_equal(wg_optim_add_stage(sound.optim, wg_stage_skip_nonfinite()), WG_OK);
        for (int step = 1; step <= 6; step++) {
            assert_int_equal(step_with(&skipping, 7 - step, step % 2 ? NAN : INFINITY), WG_OK);
            run(&skipping, step, step), run(&sound, step, step);
            assert_same_bits(skipping.p[0], sound.p[0]), assert_same_bits(skipping.p[1], sound.p[1]);
        }
        assert_same_bits(state_of(skipping.optim, "1.left"), state_of(sound.optim, "1.left"));
        assert_close(wg_item(state_of(skipping.optim, "skip_nonfinite.skipped")), 6, 0);
        end(&skipping), end(&sound);
    }
    assert_no_error();
}

/* A differentiable step leads where a step leads. No gradient passes by the statistics: Shampoo's step uses their root at once,
   SOAP's has the basis of the step before. */
static void an_unrolled_step_has_no_gradient_of_the_factors(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct training plain = begin(WG_F64, makers[k]), unrolled = begin(WG_F64, makers[k]);
        run(&plain, 1, 3), run(&unrolled, 1, 2);
        wg_tensor *g[2], *leaf = wg_set_requires_grad(wg_ones(WG_F64, WG_SCALAR), true);
        WG_TAPE(tape);
        wg_unrolled *steps = wg_optim_unroll(unrolled.optim);
        assert_non_null(steps);
        for (int i = 0; i < 2; i++)
            g[i] = wg_mul(gradient(plain.p[i], i, 3, 0), leaf);
        assert_int_equal(wg_unrolled_step(steps, g), WG_OK);
        for (int i = 0; i < 2; i++)
            assert_values(wg_unrolled_params(steps).tensor[i], wg_data(plain.p[i]), 1e-12);
        const wg_status status = wg_backward(wg_sum(wg_unrolled_params(steps).tensor[0]));
        assert_int_equal(status, makers[k] == shampoo ? WG_E_NO_GRAD : WG_OK);
        if (makers[k] == shampoo)
            assert_error(WG_E_NO_GRAD, "from statistics of all gradients so far");
        wg_unrolled_destroy(steps);
        wg_free(leaf);
        end(&plain), end(&unrolled);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shampoo_has_the_fourth_root_of_its_statistics),
        TEST(roots_are_computed_every_few_steps),
        TEST(long_sides_have_no_statistics),
        TEST(soap_has_orthonormal_bases),
        TEST(soap_in_f32_follows_f64),
        TEST(a_tensor_is_a_matrix_of_its_first_axis),
        TEST(a_step_that_is_watched_has_the_same_bits),
        TEST(a_gradient_that_is_not_finite_changes_nothing),
        TEST(a_replayed_step_that_fails_changes_nothing),
        TEST(a_stage_leaves_out_what_is_not_finite),
        TEST(an_unrolled_step_has_no_gradient_of_the_factors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
