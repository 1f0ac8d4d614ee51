/* Optimizers that draw: each step beside its formula, with the draws of a generator in the same state, and what they sample. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

enum { N = 5, STEPS = 12, MANY = 20000 };

/* ---- the formulas ---- */

struct walk {
    double p[N], v[N];
};

typedef void rule(struct walk *w, const double *g, const double *xi, int t);

/* The seed's convention, whose noise has twice the rate. */
static void reference_sgld(struct walk *w, const double *g, const double *xi, int t)
{
    (void)t;
    for (int i = 0; i < N; i++)
        w->p[i] += -0.05 * (g[i] + 0.3 * w->p[i]) + sqrt(2 * 0.05 * 0.7) * xi[i];
}

static void reference_half(struct walk *w, const double *g, const double *xi, int t)
{
    (void)t;
    for (int i = 0; i < N; i++)
        w->p[i] += -0.05 / 2 * g[i] + sqrt(0.05) * xi[i];
}

static void reference_psgld(struct walk *w, const double *g, const double *xi, int t)
{
    (void)t;
    for (int i = 0; i < N; i++) {
        w->v[i] = 0.9 * w->v[i] + 0.1 * g[i] * g[i];
        const double scale = 1 / (sqrt(w->v[i]) + 1e-2);
        w->p[i] += -0.05 / 2 * scale * g[i] + sqrt(0.05 * scale) * xi[i];
    }
}

static void reference_noisy(struct walk *w, const double *g, const double *xi, int t)
{
    for (int i = 0; i < N; i++)
        w->p[i] -= 0.05 * (g[i] + sqrt(0.3 / pow(t, 0.6)) * xi[i]);
}

static void reference_perturbed(struct walk *w, const double *g, const double *xi, int t)
{
    (void)t;
    double length = 0;
    for (int i = 0; i < N; i++)
        length = hypot(length, xi[i]);
    for (int i = 0; i < N; i++)
        w->p[i] -= 0.05 * (g[i] + 0.1 * w->p[i] + 0.4 * xi[i] / length);
}

/* ---- beside the formulas ---- */

static wg_tensor *vector(void)
{
    return wg_set_requires_grad(wg_from(((const double[N]){0.5, -1, 2, 0.25, -0.75}), WG_SHAPE(N)), true);
}

/* A generator in the state that the optimizer's has. */
static wg_tensor *twin(const wg_optim *optim)
{
    const wg_tensor_list state = wg_optim_state(optim);
    wg_tensor *generator = wg_generator(0, 0);
    for (size_t i = 0; i < state.n; i++)
        if (strstr(state.name[i], "generator")) {
            assert_int_equal(wg_write_raw(generator, wg_data(state.tensor[i])), WG_OK);
            return generator;
        }
    fail_msg("the state has no generator");
    return NULL;
}

static void set_gradient(wg_tensor *p, const double *at, double *g, int t)
{
    for (int i = 0; i < N; i++)
        g[i] = (1 + 0.5 * i) * at[i] + sin(t + i);
    wg_tensor *gradient = wg_from(g, WG_SHAPE(N));
    assert_int_equal(wg_add_gradient(p, gradient), WG_OK);
    wg_free(gradient);
}

static void follow(wg_tensor *p, wg_optim *optim, rule *reference)
{
    assert_non_null(optim);
    struct walk w = {.v = {0}};
    double g[N], xi[N];
    wg_tensor *generator = twin(optim);
    assert_int_equal(wg_read(p, w.p), WG_OK);
    for (int t = 1; t <= STEPS; t++) {
        wg_tensor *draw = wg_normal(generator, WG_F64, WG_SHAPE(N), 0, 1);
        assert_int_equal(wg_read(draw, xi), WG_OK);
        wg_free(draw);
        set_gradient(p, w.p, g, t);
        reference(&w, g, xi, t);
        assert_int_equal(wg_optim_step(optim), WG_OK);
        assert_values(p, w.p, 1e-12);
    }
    wg_optim_destroy(optim), wg_free(p), wg_free(generator);
}
#define FOLLOW(name, reference, ...)                                                           \
    do {                                                                                       \
        wg_tensor *p = vector();                                                               \
        follow(p, wg_optim_##name(((wg_tensor_list){1, &p, NULL}), __VA_ARGS__), (reference)); \
    } while (0)

static void steps_follow_their_formulas(void **state)
{
    (void)state;
    FOLLOW(sgld, reference_sgld, .lr = 0.05, .temperature = 0.7, .weight_decay = 0.3);
    FOLLOW(sgld, reference_half, .lr = 0.05, .half = true);
    FOLLOW(psgld, reference_psgld, .lr = 0.05, .alpha = 0.9, .eps = 1e-2);
    FOLLOW(perturbed_sgd, reference_perturbed, .lr = 0.05, .radius = 0.4, .weight_decay = 0.1);
    FOLLOW(noisy_sgd, reference_noisy, .lr = 0.05, .variance = 0.3, .decay = 0.6);
    assert_no_error();
}

/* ---- what they sample: of L = Σ p²/2 the standard normal distribution, and, since steps are not small, a variance of 1/(1 -
   r/2), r the rate of the gradient ---- */

static double variance_after(wg_optim *optim, wg_tensor *p, int steps)
{
    for (int t = 0; t < steps; t++) {
        WG_TAPE(tape);
        assert_int_equal(wg_backward(wg_mul_scalar(wg_sum(wg_square(p)), 0.5)), WG_OK);
        assert_int_equal(wg_optim_step(optim), WG_OK);
    }
    double sum = 0, squares = 0;
    const double *at = wg_data(p);
    for (int i = 0; i < MANY; i++)
        sum += at[i], squares += at[i] * at[i];
    assert_close(sum / MANY, 0, 0.05); /* 7 deviations */
    wg_optim_destroy(optim);
    return squares / MANY;
}

/* The estimate's deviation is √(2/MANY), 1 %. */
static void langevin_samples_the_posterior(void **state)
{
    (void)state;
    assert_int_equal(wg_seed(11, 0), WG_OK);
    wg_tensor *p = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(MANY)), true);
    const wg_tensor_list list = {1, &p, NULL};
    assert_close(variance_after(wg_optim_sgld(list, .lr = 0.2), p, 40), 1 / (1 - 0.2 / 2), 0.06);
    assert_close(variance_after(wg_optim_sgld(list, .lr = 0.2, .half = true), p, 80), 1 / (1 - 0.1 / 2), 0.06);
    assert_close(variance_after(wg_optim_sgld(list, .lr = 0.2, .temperature = 0.25), p, 40), 0.25 / (1 - 0.2 / 2), 0.02);
    wg_free(p);
    assert_no_error();
}

/* Parameters of one optimizer, and optimizers made one after the other, do not draw the same; after wg_seed they do. */
static void noise_is_independent_and_follows_the_seed(void **state)
{
    (void)state;
    wg_tensor *p[4], *zero = wg_zeros(WG_F64, WG_SHAPE(N));
    wg_optim *optim[3];
    for (int i = 0; i < 4; i++)
        p[i] = vector();
    assert_int_equal(wg_seed(3, 0), WG_OK);
    optim[0] = wg_optim_sgld(((wg_tensor_list){2, p, NULL}), .lr = 0.1);
    optim[1] = wg_optim_sgld(((wg_tensor_list){1, p + 2, NULL}), .lr = 0.1);
    assert_int_equal(wg_seed(3, 0), WG_OK);
    optim[2] = wg_optim_sgld(((wg_tensor_list){1, p + 3, NULL}), .lr = 0.1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(wg_add_gradient(p[i], zero), WG_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(wg_optim_step(optim[i]), WG_OK);
    const double *a = wg_data(p[0]), *b = wg_data(p[1]), *c = wg_data(p[2]);
    assert_true(a[0] != b[0] && a[0] != c[0] && b[0] != c[0]);
    assert_same_bits(p[0], p[3]);
    for (int i = 0; i < 3; i++)
        wg_optim_destroy(optim[i]);
    for (int i = 0; i < 4; i++)
        wg_free(p[i]);
    wg_free(zero);
    assert_no_error();
}

/* At the saddle of x² - y² the gradient is 0: SGD stays, noise leaves it, along y. */
static void noise_leaves_a_saddle(void **state)
{
    (void)state;
    assert_int_equal(wg_seed(5, 0), WG_OK);
    wg_tensor *p = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(2)), true);
    wg_tensor *curvature = wg_from(((const double[2]){1, -1}), WG_SHAPE(2));
    const wg_tensor_list list = {1, &p, NULL};
    wg_optim *optim[2] = {wg_optim_sgd(list, .lr = 0.05), wg_optim_perturbed_sgd(list, .lr = 0.05, .radius = 0.1)};
    for (int k = 0; k < 2; k++) {
        for (int t = 0; t < 80; t++) {
            WG_TAPE(tape);
            assert_int_equal(wg_backward(wg_sum(wg_mul(curvature, wg_square(p)))), WG_OK);
            assert_int_equal(wg_optim_step(optim[k]), WG_OK);
        }
        const double *at = wg_data(p);
        assert_true(k == 0 ? at[1] == 0 : fabs(at[1]) > 1 && fabs(at[0]) < 0.1);
        wg_optim_destroy(optim[k]);
    }
    wg_free(p), wg_free(curvature);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_follow_their_formulas),
        TEST(langevin_samples_the_posterior),
        TEST(noise_leaves_a_saddle),
        TEST(noise_is_independent_and_follows_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
