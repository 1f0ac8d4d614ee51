/* Penalties on parameters, and the bound on their norms. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "formula.h"
#include "nn_check.h"

/* A leaf that asks for its gradient. */
static wg_tensor *weight(wg_dtype dtype, wg_shape shape, int k)
{
    return wg_set_requires_grad(filled(dtype, shape, k), true);
}

typedef wg_tensor *penalty(wg_tensor_list params, double strength);
static penalty *const penalties[] = {wg_nn_penalty_l1, wg_nn_penalty_l2, wg_nn_penalty_orthogonality};
static const char *const names[] = {"nn_penalty_l1", "nn_penalty_l2", "nn_penalty_orthogonality"};

/* |WᵀW - 1|², element by element. */
static double orthogonality_of(const double *w, int64_t rows, int64_t columns)
{
    double sum = 0;
    for (int64_t i = 0; i < columns; i++)
        for (int64_t k = 0; k < columns; k++) {
            double product = -(i == k);
            for (int64_t r = 0; r < rows; r++)
                product += w[r * columns + i] * w[r * columns + k];
            sum += product * product;
        }
    return sum;
}

static void penalties_are_their_formulas(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        const wg_dtype dtype = wide ? WG_F64 : WG_F32;
        wg_tensor *w[] = {weight(dtype, WG_SHAPE(5, 3), 0), weight(dtype, WG_SHAPE(2, 3, 2), 7)};
        const wg_tensor_list list = {.n = 2, .tensor = w};
        double value[3] = {0}, x[15];
        for (int i = 0; i < 2; i++) {
            read_all(w[i], x);
            for (int64_t k = 0; k < wg_numel(w[i]); k++)
                value[0] += fabs(x[k]), value[1] += x[k] * x[k];
            value[2] += i == 0 ? orthogonality_of(x, 5, 3) : orthogonality_of(x, 2, 6) - 4; /* 6 columns, rank 2 */
        }
        for (int i = 0; i < 3; i++) {
            wg_tensor *y = penalties[i](list, 0.25); /* the caller's, with no tape open */
            assert_int_equal(wg_rank(y), 0);
            assert_close(wg_item(y), 0.25 * value[i], wide ? 1e-14 : 1e-6);
            WG_TAPE(tape);
            assert_same_bits(penalties[i](list, 0.25), y);
            wg_free(y);
        }
        wg_free(w[0]), wg_free(w[1]);
    }
    assert_no_error();
}

static wg_tensor *as_function(wg_tensor *const *x, size_t n, void *context)
{
    const int *which = context;
    return penalties[*which]((wg_tensor_list){.n = n, .tensor = x}, 0.3);
}

/* To second order; and third, where it is 0 for L2 and not for the other. */
static void gradients_are_right(void **state)
{
    (void)state;
    wg_tensor *w[] = {weight(WG_F64, WG_SHAPE(4, 3), 0), weight(WG_F64, WG_SHAPE(2, 3, 2), 7)};
    for (int i = 0; i < 3; i++)
        if (wg_gradcheck(as_function, &i, w, 2) != WG_OK || wg_gradgradcheck(as_function, &i, w, 2) != WG_OK)
            fail_msg("%s: %s", names[i], wg_error_first()->message);
    WG_TAPE(tape);
    wg_tensor *zero = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(2, 2)), true);
    const wg_tensor_list list = {.n = 1, .tensor = &zero};
    const double zeros[] = {0, 0, 0, 0}, twos[] = {2, 2, 2, 2};
    assert_values(wg_grad(wg_nn_penalty_l1(list, 1), zero), zeros, 0);
    wg_tensor *g = wg_grad(wg_nn_penalty_l2(list, 1), zero, .create_graph = true);
    assert_values(g, zeros, 0);
    assert_values(wg_copy(wg_grad(wg_sum(g), zero)), twos, 0); /* right at 0 too, where that of a norm is not */
    wg_free(w[0]), wg_free(w[1]);
    assert_no_error();
}

/* Row 17 of the seed book: the penalty of strength 0.1 on W is 3.50, and its gradient 0.2 W, not the 0.05 W that the demonstration adds. */
static void erratum_9_the_gradient_of_the_sum_of_squares(void **state)
{
    (void)state;
    wg_tensor *w = wg_set_requires_grad(wg_from(((const double[]){1, 2, 2, -4, 3, -1}), WG_SHAPE(3, 2)), true);
    WG_TAPE(tape);
    wg_tensor *y = wg_nn_penalty_l2((wg_tensor_list){.n = 1, .tensor = &w}, 0.1);
    assert_close(wg_item(y), 3.5, 1e-15);
    assert_values(wg_grad(y, w), (const double[]){0.2, 0.4, 0.4, -0.8, 0.6, -0.2}, 1e-15);
    wg_free(w);
}

/* Of a wide W the smaller product has the gradient of |WᵀW - 1|², and orthonormal rows or columns have penalty 0. */
static void orthogonality_is_that_of_the_smaller_side(void **state)
{
    (void)state;
    wg_tensor *w = weight(WG_F64, WG_SHAPE(3, 5), 2), *g = wg_generator(1, 0);
    {
        WG_TAPE(tape);
        wg_tensor *gram = wg_matmul(wg_transpose(w, 0, 1), w), *eye = wg_diag(wg_ones(WG_F64, WG_SHAPE(5)));
        wg_tensor *whole = wg_sum_squares(wg_sub(gram, eye)),
                  *y = wg_nn_penalty_orthogonality((wg_tensor_list){.n = 1, .tensor = &w}, 1);
        assert_close(wg_item(whole) - wg_item(y), 2, 1e-13);
        double expected[15];
        assert_int_equal(wg_read(wg_grad(whole, w), expected), WG_OK);
        assert_values(wg_grad(y, w), expected, 1e-13);
    }
    const wg_shape shapes[] = {WG_SHAPE(3, 5), WG_SHAPE(5, 3), WG_SHAPE(4, 2, 3)};
    for (int i = 0; i < 3; i++) {
        wg_tensor *q = wg_init_tensor(WG_F64, shapes[i], g, WG_INIT_ORTHOGONAL);
        wg_tensor *y = wg_nn_penalty_orthogonality((wg_tensor_list){.n = 1, .tensor = &q}, 1);
        assert_true(wg_item(y) < 1e-28);
        wg_free(q), wg_free(y);
    }
    wg_free(w), wg_free(g);
    assert_no_error();
}

/* One op for each parameter, and as many scalars. */
static void a_pattern_chooses_and_the_cost_is_one_pass(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 4, 5, 2), .dtype = WG_F64);
    const wg_tensor_list weights = wg_nn_matching(net, "*.weight");
    assert_int_equal(weights.n, 3);
    WG_TAPE(tape);
    wg_tensor *y = wg_nn_penalty_l2(weights, 1);
    assert_int_equal(wg_tape_nodes(tape), 3 + 2 + 1);
    assert_int_equal(wg_backward(y), WG_OK);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(wg_gradient(wg_nn_parameters(net).tensor[i]) != NULL, i % 2 == 0);
    wg_nn_destroy(net);
    assert_no_error();
}

/* In plain gradient descent L2 is weight decay of twice its strength. */
static void l2_is_weight_decay(void **state)
{
    (void)state;
    wg_tensor *w[] = {weight(WG_F64, WG_SHAPE(4, 3), 0), weight(WG_F64, WG_SHAPE(4, 3), 0)}, *x = filled(WG_F64, WG_SHAPE(5, 3), 3);
    for (int i = 0; i < 2; i++) {
        const wg_tensor_list list = {.n = 1, .tensor = &w[i]};
        wg_optim *sgd = wg_optim_sgd(list, .lr = 0.1, .weight_decay = i ? 0.04 : 0);
        for (int k = 0; k < 3; k++) {
            WG_TAPE(tape);
            wg_tensor *loss = wg_mean(wg_square(wg_linear(x, w[i], WG_NONE)));
            assert_int_equal(wg_backward(i ? loss : wg_add(loss, wg_nn_penalty_l2(list, 0.02))), WG_OK);
            assert_int_equal(wg_optim_step(sgd), WG_OK);
        }
        wg_optim_destroy(sgd);
    }
    double decayed[12];
    assert_int_equal(wg_read(w[1], decayed), WG_OK);
    assert_values(w[0], decayed, 1e-14);
    wg_free(w[0]), wg_free(w[1]), wg_free(x);
    assert_no_error();
}

/* ---- the bound on norms ---- */

static const double rows[] = {3, 4, 0.3, 0.4, 0, 0, -6, 8};

static void norms_are_at_most_the_limit(void **state)
{
    (void)state;
    wg_tensor *w = wg_from(rows, WG_SHAPE(4, 2));
    const wg_tensor_list list = {.n = 1, .tensor = &w};
    wg_set_requires_grad(w, true);
    assert_int_equal(wg_nn_max_norm(list, 1), WG_OK);
    assert_values(w, (const double[]){0.6, 0.8, 0.3, 0.4, 0, 0, -0.6, 0.8}, 1e-15);
    assert_memory_equal((const double *)wg_data(w) + 2, rows + 2, 4 * sizeof *rows); /* those keep their bits */
    assert_int_equal(wg_write(w, rows), WG_OK);
    assert_int_equal(wg_nn_max_norm(list, 5, .axis = -1), WG_OK);
    const double scale[] = {5 / sqrt(9 + 0.09 + 36), 5 / sqrt(16 + 0.16 + 64)};
    double expected[8];
    for (int i = 0; i < 8; i++)
        expected[i] = rows[i] * scale[i % 2];
    assert_values(w, expected, 1e-15);
    wg_free(w);
    w = weight(WG_F32, WG_SHAPE(8, 2, 3, 3), 1);
    assert_int_equal(wg_nn_max_norm(list, 0.7), WG_OK);
    wg_tensor *norm = wg_norm2(w, .axes = WG_AXES(1, 2, 3));
    for (int i = 0; i < 8; i++)
        assert_close(wg_data_as(norm, float)[i], 0.7, 1e-6);
    wg_free(w), wg_free(norm);
    assert_no_error();
}

struct run {
    wg_nn_module *net;
    wg_tensor *x;
    wg_optim *optim;
};

static struct run begin(void)
{
    struct run run = {.net = wg_nn_mlp(WG_SIZES(3, 8, 2), .seed = 3), .x = filled(WG_F32, WG_SHAPE(6, 3), 1)};
    run.optim = wg_optim_sgd(wg_nn_parameters(run.net), .lr = 0.5);
    return run;
}

static void end(struct run *run)
{
    wg_optim_destroy(run->optim), wg_nn_destroy(run->net), wg_free(run->x);
}

static wg_status step(void *context)
{
    struct run *run = context;
    wg_optim_clear_gradients(run->optim);
    WG_TAPE(tape);
    wg_tensor *loss = wg_mean(wg_square(wg_nn_apply(run->net, run->x)));
    loss = wg_add(loss, wg_nn_penalty_l1(wg_nn_matching(run->net, "*.weight"), 1e-3));
    loss = wg_add(loss, wg_nn_penalty_orthogonality(wg_nn_matching(run->net, "*.weight"), 1e-3));
    WG_TRY(wg_backward(loss));
    WG_TRY(wg_optim_step(run->optim));
    return wg_nn_max_norm(wg_nn_matching(run->net, "*.weight"), 0.5);
}

static void replayed_steps_have_the_same_bits(void **state)
{
    (void)state;
    struct run a = begin(), b = begin();
    wg_replay *replay = wg_replay_capture(step, &a);
    assert_non_null(replay);
    for (int i = 0; i < 3; i++)
        assert_int_equal(wg_replay_run(replay), WG_OK);
    wg_replay_destroy(replay);
    for (int i = 0; i < 4; i++)
        assert_int_equal(step(&b), WG_OK);
    for (size_t i = 0; i < 4; i++)
        assert_same_bits(wg_nn_parameters(a.net).tensor[i], wg_nn_parameters(b.net).tensor[i]);
    wg_tensor *norm = wg_norm2(wg_nn_parameter(b.net, "0.weight"), .axis = 1);
    for (int i = 0; i < 8; i++)
        assert_true(wg_data_as(norm, float)[i] <= 0.5f * (1 + 1e-6f));
    wg_free(norm), end(&a), end(&b);
    assert_no_error();
}

/* All of a list, or none: at an allocation that fails, without a tape; and with a step that fails later. */
static void a_failed_step_undoes_the_bound(void **state)
{
    (void)state;
    wg_tensor *w[] = {wg_from(rows, WG_SHAPE(4, 2)), wg_from(rows, WG_SHAPE(2, 4))};
    const wg_tensor_list list = {.n = 2, .tensor = w};
    {
        WG_TAPE(tape);
        assert_int_equal(wg_nn_max_norm(list, 1), WG_OK);
        assert_memory_not_equal(wg_data(w[0]), rows, sizeof rows);
        assert_null(wg_add(w[0], w[1]));
    }
    wg_error_take(NULL);
    for (int64_t at = 0;; at++) {
        for (int i = 0; i < 2; i++)
            assert_memory_equal(wg_data(w[i]), rows, sizeof rows);
        wg_memory_fail(at, false);
        const wg_status status = wg_nn_max_norm(list, 1);
        wg_memory_fail(-1, false);
        if (status == WG_OK)
            break;
        assert_error(WG_E_MEMORY, "");
    }
    for (int i = 0; i < 3; i++)
        for (int64_t at = 0;; at++) {
            wg_memory_fail(at, false);
            wg_tensor *y = penalties[i](list, 1);
            wg_memory_fail(-1, false);
            wg_free(y);
            if (y)
                break;
            assert_error(WG_E_MEMORY, "");
        }
    wg_free(w[0]), wg_free(w[1]);
    assert_no_error();
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    wg_tensor *w[] = {wg_ones(WG_F32, WG_SHAPE(3)), wg_ones(WG_F64, WG_SHAPE(2, 2)), NULL};
    char text[80];
    assert_int_equal(wg_set_name(w[0], "bias"), WG_OK);
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "%s: expected at least one parameter", names[i]);
        assert_null(penalties[i]((wg_tensor_list){0, NULL, NULL}, 1));
        assert_error(WG_E_ARGUMENT, text);
        assert_null(penalties[i]((wg_tensor_list){2, w, NULL}, 1));
        assert_error(WG_E_DTYPE, "expected parameters of one dtype, got f32 and f64");
        assert_null(penalties[i]((wg_tensor_list){2, w + 1, NULL}, 1));
        assert_error(WG_E_NULL, "a parameter is NULL");
        for (int k = 0; k < 3; k++) {
            assert_null(penalties[i]((wg_tensor_list){1, w + 1, NULL}, k == 0 ? -1 : k == 1 ? (double)NAN : (double)INFINITY));
            assert_error(WG_E_ARGUMENT, "expected strength in [0, inf)");
        }
    }
    assert_null(wg_nn_penalty_orthogonality((wg_tensor_list){1, w, NULL}, 1));
    assert_error(WG_E_SHAPE, "nn_penalty_orthogonality: expected parameters of rank 2 or more, got \"bias\" of shape [3]");
    assert_int_equal(wg_nn_max_norm(((wg_tensor_list){1, w, NULL}), 1, .axis = 1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "nn_max_norm: there is no axis 1 in \"bias\" of shape [3]");
    assert_int_equal(wg_nn_max_norm(((wg_tensor_list){1, w, NULL}), 0), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "nn_max_norm: expected limit in (0, inf), got 0");
    assert_int_equal(wg_nn_max_norm(((wg_tensor_list){0, NULL, NULL}), 1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "nn_max_norm: expected at least one parameter");
    wg_free(w[0]), wg_free(w[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(penalties_are_their_formulas),
        TEST(gradients_are_right),
        TEST(erratum_9_the_gradient_of_the_sum_of_squares),
        TEST(orthogonality_is_that_of_the_smaller_side),
        TEST(a_pattern_chooses_and_the_cost_is_one_pass),
        TEST(l2_is_weight_decay),
        TEST(norms_are_at_most_the_limit),
        TEST(replayed_steps_have_the_same_bits),
        TEST(a_failed_step_undoes_the_bound),
        TEST(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
