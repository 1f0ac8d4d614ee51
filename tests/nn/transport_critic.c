/* The dual of the Wasserstein distance by a critic: sup E f(x) - E f(y) over the functions f of slope at most 1 (Kantorovich and
   Rubinstein, 1958) is W_1. A network, trained to raise that difference under a bound on its slope, comes near W_1 from below. What counts is
   its slope between the points themselves, L = max |f(u) - f(v)| / |u - v|: f / L on the points is a function of slope 1, which
   extends to all the plane (McShane, 1934), so (E f(x) - E f(y)) / L ≤ W_1 holds for whatever the network learns. */
#include <math.h>

#include "formula.h"
#include "nn_check.h"

enum { POINTS = 8 };

enum bound { SLOPE_PENALTY, SPECTRAL_NORM, NO_BOUND };

/* Two clouds with one point in common, one of which is bent: no shift takes one to the other. */
static void make_sets(wg_tensor *x, wg_tensor *y)
{
    double u[POINTS * 2], v[POINTS * 2];
    for (int i = 0; i < POINTS; i++) {
        const double turn = 2 * 3.14159265358979 * i / POINTS;
        u[2 * i] = cos(turn), u[2 * i + 1] = sin(turn);
        v[2 * i] = 0.5 + 0.3 * i * cos(turn), v[2 * i + 1] = 0.4 * sin(turn);
    }
    v[0] = u[0], v[1] = u[1];
    assert_int_equal(wg_write(x, u), WG_OK);
    assert_int_equal(wg_write(y, v), WG_OK);
}

static wg_nn_module *make_critic(enum bound bound)
{
    if (bound != SPECTRAL_NORM)
        return wg_nn_mlp(WG_SIZES(2, 64, 64, 1), .activation = WG_ACTIVATION_LEAKY_RELU, .dtype = WG_F64, .seed = 5);
    assert_int_equal(wg_seed(5, 0), WG_OK);
    /* maxout keeps slopes, which relu loses */
    wg_nn_module *in = wg_nn_linear(2, 64, .dtype = WG_F64), *between = wg_nn_linear(32, 64, .dtype = WG_F64),
                 *out = wg_nn_linear(32, 1, .dtype = WG_F64);
    return wg_nn_sequential(wg_nn_spectral_norm(in), wg_nn_maxout(2), wg_nn_spectral_norm(between), wg_nn_maxout(2),
                            wg_nn_spectral_norm(out));
}

struct critic {
    wg_nn_module *net;
    wg_optim *optim;
    wg_tensor *x, *y, *generator;
    enum bound bound;
};

static wg_status train_step(struct critic *c)
{
    wg_optim_clear_gradients(c->optim);
    WG_TAPE(tape);
    wg_tensor *gap = wg_sub(wg_mean(wg_nn_apply(c->net, c->x)), wg_mean(wg_nn_apply(c->net, c->y))), *loss = wg_neg(gap);
    if (c->bound == SLOPE_PENALTY) {
        wg_tensor *point = wg_gan_mix(c->x, c->y, .generator = c->generator);
        wg_tensor *penalty = wg_gan_slope_penalty(wg_nn_apply(c->net, point), point, .one_sided = true);
        loss = wg_add(loss, wg_mul_scalar(penalty, 100));
    }
    WG_TRY(wg_backward(loss));
    return wg_optim_step(c->optim);
}

/* E f(x) - E f(y), and the slope L. */
static void measure(const struct critic *c, double *gap, double *slope)
{
    WG_EVAL_MODE;
    WG_TAPE(tape);
    wg_tensor *both[] = {c->x, c->y}, *all = wg_concat(both, 2, 0);
    double point[POINTS * 4], f[POINTS * 2];
    read_all(all, point), read_all(wg_nn_apply(c->net, all), f);
    *gap = *slope = 0;
    for (int i = 0; i < 2 * POINTS; i++) {
        *gap += (i < POINTS ? f[i] : -f[i]) / POINTS;
        for (int k = 0; k < i; k++) {
            const double distance = hypot(point[2 * i] - point[2 * k], point[2 * i + 1] - point[2 * k + 1]);
            *slope = distance > 0 ? fmax(*slope, fabs(f[i] - f[k]) / distance) : *slope;
        }
    }
}

/* In units of W_1: the bound from below before and after training, and what the critic's own difference is, undivided. */
struct outcome {
    double before, after, gap, slope;
};

static struct outcome train_critic(enum bound bound)
{
    enum { STEPS = 3000 };
    struct critic c = {make_critic(bound), NULL, wg_zeros(WG_F64, WG_SHAPE(POINTS, 2)), wg_zeros(WG_F64, WG_SHAPE(POINTS, 2)),
                       wg_generator(9, 0), bound};
    struct outcome outcome;
    make_sets(c.x, c.y);
    c.optim = wg_optim_adam(wg_nn_parameters(c.net), .lr = 2e-3, .beta1 = 0.5);
    wg_tensor *exact = wg_transport_exact(c.x, c.y);
    measure(&c, &outcome.gap, &outcome.slope);
    outcome.before = outcome.gap / outcome.slope / wg_item(exact);
    for (int i = 0; i < STEPS; i++) {
        assert_int_equal(wg_optim_set_lr(c.optim, 0, 1e-3 * (1 + cos(3.14159265358979 * i / STEPS))), WG_OK);
        assert_int_equal(train_step(&c), WG_OK);
    }
    measure(&c, &outcome.gap, &outcome.slope);
    outcome.gap /= wg_item(exact);
    outcome.after = outcome.gap / outcome.slope;
    print_message("before %.4f, after %.4f of W_1; the difference itself %.4f, slope %.4f\n", outcome.before, outcome.after,
                  outcome.gap, outcome.slope);
    wg_optim_destroy(c.optim), wg_nn_destroy(c.net);
    wg_free(c.x), wg_free(c.y), wg_free(c.generator), wg_free(exact);
    assert_true(outcome.before < 0.1 && outcome.after < 1 + 1e-12);
    assert_no_error();
    return outcome;
}

static void with_a_slope_penalty(void **state)
{
    (void)state;
    const struct outcome o = train_critic(SLOPE_PENALTY);
    assert_true(o.after > 0.99 && o.slope > 1 && o.slope < 1.02);
}

/* Its slope is at most 1, but for the error of power iteration, so the difference needs no division. */
static void with_spectral_norm(void **state)
{
    (void)state;
    const struct outcome o = train_critic(SPECTRAL_NORM);
    assert_true(o.gap > 0.9 && o.gap < 1 && o.slope < 1 + 1e-3);
}

/* The control: the difference grows without end, by the slope. */
static void without_a_bound(void **state)
{
    (void)state;
    const struct outcome o = train_critic(NO_BOUND);
    assert_true(o.after < 0.8 && o.gap > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(with_a_slope_penalty),
        TEST(with_spectral_norm),
        TEST(without_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
