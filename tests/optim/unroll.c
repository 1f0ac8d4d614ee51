/* Differentiable steps: they lead where the optimizer's own steps lead, and their gradients are those of central differences. */
#include <math.h>

#include "nn_check.h"

enum { N = 3, M = 2, STEPS = 4 };

/* An inner loss with parameters p (a vector) and q (a matrix), and an outer loss of what the steps have made. */
static wg_tensor *inner_loss(wg_tensor *p, wg_tensor *q)
{
    wg_tensor *bent = wg_add(wg_mul_scalar(wg_sum(wg_square(wg_square(p))), 0.3), wg_sum(wg_sin(wg_mul(p, q))));
    return wg_add(bent, wg_mul_scalar(wg_sum(wg_square(wg_add_scalar(q, 0.7))), 0.4));
}

static wg_tensor *outer_loss(wg_tensor *p, wg_tensor *q)
{
    return wg_add(wg_sum(wg_exp(wg_mul_scalar(p, 0.5))), wg_sum(wg_mul(q, wg_cos(q))));
}

typedef wg_optim *maker(wg_tensor_list params);
static wg_optim *sgd(wg_tensor_list params)
{
    return wg_optim_sgd(params, .lr = 0.05, .weight_decay = 0.1);
}
static wg_optim *momentum(wg_tensor_list params)
{
    return wg_optim_sgd(params, .lr = 0.05, .momentum = 0.8, .dampening = 0.2);
}
static wg_optim *adam(wg_tensor_list params)
{
    return wg_optim_adam(params, .lr = 0.05, .beta1 = 0.7, .beta2 = 0.9);
}
static wg_optim *lamb(wg_tensor_list params)
{
    return wg_optim_lamb(params, .lr = 0.05);
}
static wg_optim *clipped(wg_tensor_list params)
{
    return wg_optim_chain(params, wg_stage_clip_norm(.limit = 1), wg_stage_momentum(.momentum = 0.8), wg_stage_rate(.lr = 0.05),
                          wg_stage_lookahead(.steps = 2));
}
static wg_optim *prodigy(wg_tensor_list params)
{
    return wg_optim_prodigy(params, .d0 = 0.3);
}
static wg_optim *d_adapted(wg_tensor_list params)
{
    return wg_optim_d_adapt_sgd(params, .d0 = 0.3);
}
static wg_optim *dog(wg_tensor_list params)
{
    return wg_optim_dog(params, .distance = 0.3);
}
static wg_optim *dowg(wg_tensor_list params)
{
    return wg_optim_dowg(params, .distance = 0.3);
}
static maker *const makers[] = {sgd, momentum, adam, lamb, clipped, prodigy, d_adapted, dog, dowg};
enum { MAKERS = sizeof makers / sizeof *makers };

struct problem {
    wg_tensor *p[2];
    wg_optim *optim;
};

static struct problem begin(maker *make, const double *start)
{
    struct problem problem = {.p = {wg_set_requires_grad(wg_from(start, WG_SHAPE(N)), true),
                                    wg_set_requires_grad(wg_from(start + N, WG_SHAPE(M, N)), true)}};
    problem.optim = make((wg_tensor_list){2, problem.p, NULL});
    assert_non_null(problem.optim);
    return problem;
}

static void end(struct problem *problem)
{
    wg_optim_destroy(problem->optim), wg_free(problem->p[0]), wg_free(problem->p[1]);
}

static const double start[N + M * N] = {0.5, -1, 0.8, 0.3, -0.6, 1.1, -0.2, 0.9, 0.4};

/* The steps on the open tape; rate: NULL for the optimizer's. */
static wg_tensor *after_steps(const struct problem *problem, wg_tensor *rate, wg_tensor **params)
{
    wg_unrolled *steps = wg_optim_unroll(problem->optim);
    assert_non_null(steps);
    if (rate)
        assert_int_equal(wg_unrolled_set_lr(steps, 0, rate), WG_OK);
    for (int k = 0; k < STEPS; k++) {
        const wg_tensor_list now = wg_unrolled_params(steps);
        wg_tensor *g[2];
        assert_int_equal(now.n, 2);
        assert_int_equal(wg_grad_many(inner_loss(now.tensor[0], now.tensor[1]), now.tensor, 2, g, .create_graph = true), WG_OK);
        assert_int_equal(wg_unrolled_step(steps, g), WG_OK);
    }
    for (int i = 0; i < 2; i++)
        params[i] = wg_unrolled_params(steps).tensor[i];
    wg_tensor *loss = outer_loss(params[0], params[1]);
    wg_unrolled_destroy(steps);
    return loss;
}

static void they_lead_where_steps_lead(void **state)
{
    (void)state;
    for (int k = 0; k < MAKERS; k++) {
        struct problem recorded = begin(makers[k], start), stepped = begin(makers[k], start);
        for (int i = 0; i < STEPS; i++) {
            WG_TAPE(tape);
            assert_int_equal(wg_backward(inner_loss(stepped.p[0], stepped.p[1])), WG_OK);
            assert_int_equal(wg_optim_step(stepped.optim), WG_OK);
        }
        WG_TAPE(tape);
        wg_tensor *params[2];
        after_steps(&recorded, NULL, params);
        for (int i = 0; i < 2; i++)
            assert_values(params[i], wg_data(stepped.p[i]), 1e-13);
        assert_values(recorded.p[0], start, 0);
        end(&recorded), end(&stepped);
    }
    assert_no_error();
}

static double value_at(maker *make, const double *at, double lr)
{
    struct problem problem = begin(make, at);
    double value;
    {
        WG_TAPE(tape);
        wg_tensor *params[2];
        value = wg_item(after_steps(&problem, wg_scalar(WG_F64, lr), params));
    }
    end(&problem);
    return value;
}

/* For the initial parameters and for the rate. */
static void gradients_are_central_differences(void **state)
{
    (void)state;
    const double h = 1e-5;
    for (int k = 0; k < MAKERS; k++) {
        struct problem problem = begin(makers[k], start);
        wg_tensor *rate = wg_set_requires_grad(wg_scalar(WG_F64, 0.05), true), *params[2];
        double g[N + M * N], for_rate, least = 1;
        {
            WG_TAPE(tape);
            assert_int_equal(wg_backward(after_steps(&problem, rate, params)), WG_OK);
            read_all(wg_gradient(problem.p[0]), g), read_all(wg_gradient(problem.p[1]), g + N);
            for_rate = wg_item(wg_gradient(rate));
        }
        for (int i = 0; i < N + M * N; i++) {
            double up[N + M * N], down[N + M * N];
            for (int j = 0; j < N + M * N; j++)
                up[j] = down[j] = start[j];
            up[i] += h, down[i] -= h;
            assert_close(g[i], (value_at(makers[k], up, 0.05) - value_at(makers[k], down, 0.05)) / (2 * h), 2e-8);
            least = fmin(least, fabs(g[i]));
        }
        assert_close(for_rate, (value_at(makers[k], start, 0.05 + h) - value_at(makers[k], start, 0.05 - h)) / (2 * h), 2e-8);
        assert_true(least > 1e-3); /* a gradient of nothing would be found */
        wg_free(rate), end(&problem);
    }
    assert_no_error();
}

/* Without a graph in the inner gradients the derivative is the first-order one, which is another. */
static void gradients_without_a_graph_are_constants(void **state)
{
    (void)state;
    struct problem problem = begin(sgd, start);
    WG_TAPE(tape);
    wg_unrolled *steps = wg_optim_unroll(problem.optim);
    const wg_tensor_list now = wg_unrolled_params(steps);
    wg_tensor *g[2];
    assert_int_equal(wg_grad_many(inner_loss(now.tensor[0], now.tensor[1]), now.tensor, 2, g), WG_OK);
    assert_int_equal(wg_unrolled_step(steps, g), WG_OK);
    assert_int_equal(wg_backward(wg_sum(wg_unrolled_params(steps).tensor[0])), WG_OK);
    const double kept[N] = {1 - 0.05 * 0.1, 1 - 0.05 * 0.1, 1 - 0.05 * 0.1};
    assert_values(wg_gradient(problem.p[0]), kept, 1e-14);
    wg_unrolled_destroy(steps);
    end(&problem);
    assert_no_error();
}

static void a_step_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct problem problem = begin(adam, start), stepped = begin(adam, start);
    WG_TAPE(tape);
    wg_unrolled *steps = wg_optim_unroll(problem.optim);
    wg_tensor *g[2];
    assert_int_equal(wg_grad_many(inner_loss(problem.p[0], problem.p[1]), problem.p, 2, g, .create_graph = true), WG_OK);
    for (int64_t at = 0;; at++) {
        wg_memory_fail(at, false);
        const wg_status status = wg_unrolled_step(steps, g);
        wg_memory_fail(-1, false);
        if (status == WG_OK)
            break;
        assert_error(WG_E_MEMORY, "");
        assert_ptr_equal(wg_unrolled_params(steps).tensor[0], problem.p[0]);
        assert_true(at < 10000);
    }
    {
        WG_TAPE(inside);
        assert_int_equal(wg_backward(inner_loss(stepped.p[0], stepped.p[1])), WG_OK);
        assert_int_equal(wg_optim_step(stepped.optim), WG_OK);
    }
    assert_values(wg_unrolled_params(steps).tensor[1], wg_data(stepped.p[1]), 1e-14);
    wg_unrolled_destroy(steps);
    end(&problem), end(&stepped);
    assert_no_error();
}

/* A parameter without a gradient stays, and so do its count and its state. */
static void a_parameter_without_a_gradient_stays(void **state)
{
    (void)state;
    struct problem problem = begin(adam, start);
    assert_null(wg_optim_unroll(problem.optim));
    assert_error(WG_E_STATE, "optim_unroll: no tape is open");
    WG_TAPE(tape);
    wg_unrolled *steps = wg_optim_unroll(problem.optim);
    wg_tensor *g[2] = {wg_ones(WG_F64, WG_SHAPE(N)), WG_NONE};
    assert_int_equal(wg_unrolled_step(steps, g), WG_OK);
    assert_ptr_equal(wg_unrolled_params(steps).tensor[1], problem.p[1]);
    assert_close(((const double *)wg_data(wg_unrolled_params(steps).tensor[0]))[0], 0.45, 1e-8);
    wg_unrolled_destroy(steps);
    end(&problem);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(they_lead_where_steps_lead),
        TEST(gradients_are_central_differences),
        TEST(gradients_without_a_graph_are_constants),
        TEST(a_step_that_fails_changes_nothing),
        TEST(a_parameter_without_a_gradient_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
