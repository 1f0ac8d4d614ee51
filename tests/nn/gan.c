/* Generative adversarial networks: objectives, and penalties on the critic's slope. gan.txt has PyTorch's values, which gan.py wrote. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "formula.h"
#include "golden.h"
#include "nn_check.h"

/* ---- PyTorch's values ---- */

enum { MAX = 400 };

static int expected(const char *name, double *to)
{
    return golden_values(GAN_VALUES, name, to, MAX);
}

static const char *const objectives[] = {"wasserstein", "minimax", "non_saturating", "least_squares", "hinge", "relativistic"};

static void objectives_have_pytorchs_values(void **state)
{
    (void)state;
    char name[60];
    for (int i = 0; i < 12; i++)
        for (int wide = 0; wide < 2; wide++) {
            const wg_dtype dtype = wide ? WG_F64 : WG_F32;
            wg_tensor *scores[2] = {wg_zeros(dtype, WG_SHAPE(6, 1)), wg_zeros(dtype, WG_SHAPE(6, 1))}, *g[2];
            assert_int_equal(fill_scaled(scores[0], 0, 30, 0) + fill_scaled(scores[1], 7, 3, 0), WG_OK);
            wg_set_requires_grad(scores[0], true), wg_set_requires_grad(scores[1], true);
            double want[MAX];
            snprintf(name, sizeof name, "%s %s", i < 6 ? "critic" : "generator", objectives[i % 6]);
            assert_int_equal(expected(name, want), 13);
            const double tolerance = wide ? 1e-14 : 1e-5;
            wg_tensor *alone = i < 6 ? wg_gan_critic_loss((wg_gan_objective)i, scores[0], scores[1])
                                     : wg_gan_generator_loss((wg_gan_objective)(i - 6), scores[0], scores[1]);
            assert_close(wg_item(alone), want[0], tolerance);
            {
                WG_TAPE(tape);
                wg_tensor *loss = i < 6 ? wg_gan_critic_loss((wg_gan_objective)i, scores[0], scores[1])
                                        : wg_gan_generator_loss((wg_gan_objective)(i - 6), scores[0], scores[1]);
                assert_int_equal(wg_rank(loss), 0);
                assert_same_bits(loss, alone);
                assert_int_equal(wg_grad_many(loss, scores, 2, g, .unused = WG_UNUSED_ZEROS), WG_OK);
                assert_values(wg_copy(g[0]), want + 1, tolerance), assert_values(wg_copy(g[1]), want + 7, tolerance);
            }
            wg_free(alone), wg_free(scores[0]), wg_free(scores[1]);
        }
    assert_no_error();
}

/* The losses of scores as large as f32 allows are finite, and what one is sure of has no gradient of NaN. */
static void sure_critics_have_finite_losses(void **state)
{
    (void)state;
    const float sizes[] = {1e3f, 1e4f, -1e4f, 3e18f};
    for (int i = 0; i < 12; i++)
        for (int k = 0; k < 4; k++) {
            const bool squares = i % 6 == WG_GAN_LEAST_SQUARES;
            WG_TAPE(tape);
            wg_tensor *scores[2] = {wg_full(WG_F32, WG_SHAPE(4), (double)sizes[k]),
                                    wg_full(WG_F32, WG_SHAPE(4), (double)-sizes[k])},
                      *g[2];
            wg_set_requires_grad(scores[0], true), wg_set_requires_grad(scores[1], true);
            wg_tensor *loss = i < 6 ? wg_gan_critic_loss((wg_gan_objective)i, scores[0], scores[1])
                                    : wg_gan_generator_loss((wg_gan_objective)(i - 6), scores[0], scores[1]);
            assert_true(isfinite(wg_item(loss)) || (squares && k == 3));
            assert_int_equal(wg_grad_many(loss, scores, 2, g, .unused = WG_UNUSED_ZEROS), WG_OK);
            for (int j = 0; j < 2; j++)
                assert_true(isfinite(wg_data_as(g[j], float)[0]));
        }
    assert_no_error();
}

/* The game of row 82: its value at a critic D is E D(x) - E D(G(z)), whichever sign the critic has; at the best minimax critic, ln 4. */
static void values_of_games(void **state)
{
    (void)state;
    wg_tensor *r = filled(WG_F64, WG_SHAPE(5), 0), *f = filled(WG_F64, WG_SHAPE(7), 3), *zero = wg_zeros(WG_F64, WG_SHAPE(5));
    wg_tensor *loss = wg_gan_critic_loss(WG_GAN_WASSERSTEIN, r, f), *mean_r = wg_mean(r), *mean_f = wg_mean(f);
    assert_close(-wg_item(loss), wg_item(mean_r) - wg_item(mean_f), 1e-15);
    wg_tensor *equal = wg_gan_critic_loss(WG_GAN_MINIMAX, zero, zero);
    assert_close(wg_item(equal), log(4), 1e-15);
    /* where the critic is sure, the saturating generator learns nothing and the other one all */
    WG_TAPE(tape);
    wg_tensor *sure = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(1), -40), true);
    assert_values(wg_grad(wg_gan_generator_loss(WG_GAN_MINIMAX, WG_NONE, sure), sure), (const double[]){-exp(-40)}, 1e-14);
    assert_values(wg_grad(wg_gan_generator_loss(WG_GAN_NON_SATURATING, WG_NONE, sure), sure), (const double[]){-1}, 1e-14);
    wg_free(r), wg_free(f), wg_free(zero), wg_free(loss), wg_free(mean_r), wg_free(mean_f), wg_free(equal);
    assert_no_error();
}

/* ---- penalties ---- */

static wg_nn_module *mlp(wg_activation activation)
{
    return wg_nn_mlp(WG_SIZES(2, 8, 8, 1), .activation = activation, .dtype = WG_F64);
}

static wg_nn_module *relu_critic(void)
{
    return mlp(WG_ACTIVATION_RELU);
}

static wg_nn_module *tanh_critic(void)
{
    return mlp(WG_ACTIVATION_TANH);
}

static wg_nn_module *softplus_critic(void)
{
    return mlp(WG_ACTIVATION_SOFTPLUS);
}

static wg_nn_module *conv_critic(void)
{
    return wg_nn_sequential(wg_nn_conv2d(2, 3, 3, .padding = WG_PAIR(1, 1), .dtype = WG_F64), wg_nn_leaky_relu(.slope = 0.2),
                            wg_nn_conv2d(3, 2, 3, .stride = WG_PAIR(2, 2), .dtype = WG_F64), wg_nn_tanh(), wg_nn_flatten(),
                            wg_nn_linear(8, 1, .dtype = WG_F64));
}

static const struct critic {
    const char *name;
    wg_nn_module *(*make)(void);
    wg_shape shape;
    double size;
} critics[] = {
    {"relu", relu_critic, {2, {5, 2}}, 1},
    {"tanh", tanh_critic, {2, {5, 2}}, 1},
    {"softplus", softplus_critic, {2, {5, 2}}, 1.5},
    {"conv", conv_critic, {4, {3, 2, 5, 5}}, 0.4},
};
static const char *const kinds[] = {"two_sided", "target 0.5", "one_sided", "r1"};

static wg_nn_module *make_critic(const struct critic *critic)
{
    wg_nn_module *net = critic->make();
    for (size_t k = 0; k < wg_nn_parameters(net).n; k++)
        assert_int_equal(fill_scaled(wg_nn_parameters(net).tensor[k], 10 * ((double)k + 1), critic->size, 0), WG_OK);
    return net;
}

static wg_tensor *penalty_of(int kind, wg_tensor *scores, wg_tensor *point)
{
    if (kind == 3)
        return wg_gan_r1_penalty(scores, point);
    return wg_gan_slope_penalty(scores, point, .target = kind == 1 ? 0.5 : 1, .one_sided = kind == 2);
}

static void penalties_have_pytorchs_values(void **state)
{
    (void)state;
    char name[60];
    for (int i = 0; i < 4; i++) {
        wg_nn_module *net = make_critic(&critics[i]);
        const wg_tensor_list params = wg_nn_parameters(net);
        wg_tensor *x = filled(WG_F64, critics[i].shape, 3);
        for (int kind = 0; kind < 4; kind++) {
            double want[MAX], *at = want + 1;
            snprintf(name, sizeof name, "%s %s", critics[i].name, kinds[kind]);
            const int n = expected(name, want);
            WG_TAPE(tape);
            wg_tensor *point = wg_gan_point(x), *penalty = penalty_of(kind, wg_nn_apply(net, point), point), *g[10];
            assert_close(wg_item(penalty), want[0], 1e-13);
            assert_int_equal(wg_grad_many(penalty, params.tensor, params.n, g, .unused = WG_UNUSED_ZEROS), WG_OK);
            for (size_t k = 0; k < params.n; at += wg_numel(g[k]), k++)
                assert_values(g[k], at, 1e-12);
            assert_int_equal(at - want, n);
        }
        wg_nn_destroy(net), wg_free(x);
    }
    assert_no_error();
}

struct context {
    const wg_nn_module *net;
    wg_tensor *x;
    int kind;
};

/* The penalty as a function of the parameters. */
static wg_tensor *of_parameters(wg_tensor *const *params, size_t n, void *context)
{
    const struct context *c = context;
    wg_tensor *point = wg_gan_point(c->x);
    return penalty_of(c->kind, wg_nn_apply_with(c->net, (wg_tensor_list){n, params, NULL}, point), point);
}

static void second_order_agrees_with_differences(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        wg_nn_module *net = make_critic(&critics[i]);
        const wg_tensor_list params = wg_nn_parameters(net);
        struct context context = {net, filled(WG_F64, critics[i].shape, 3), 0};
        for (context.kind = 0; context.kind < 4; context.kind++) {
            assert_int_equal(wg_gradcheck(of_parameters, &context, params.tensor, params.n), WG_OK);
            if (i == 1 || i == 2) /* smooth ones: the next order, as games with a consensus need it */
                assert_int_equal(wg_gradgradcheck(of_parameters, &context, params.tensor, params.n, .full = false), WG_OK);
        }
        wg_nn_destroy(net), wg_free(context.x);
    }
    assert_no_error();
}

/* An image of two channels and one pixel, a critic whose gradient is (3, 4): the norm is 5, over channels and pixels together. Over the channels
   alone, pixel by pixel, it would be right here by accident; over the pixels alone it gives ((3 - 1)² + (4 - 1)²)/2 = 6.5. */
static void the_norm_is_over_all_axes_but_the_first(void **state)
{
    (void)state;
    const double w[] = {3, 4}, x[] = {0.1, -0.2, 0.3, 0.4};
    const wg_shape shapes[] = {WG_SHAPE(2, 2, 1, 1), WG_SHAPE(2, 1, 1, 2), WG_SHAPE(2, 2)};
    for (int i = 0; i < 3; i++) {
        WG_TAPE(tape);
        wg_tensor *point = wg_gan_point(wg_reshape(wg_from(x, WG_SHAPE(2, 2)), shapes[i]));
        wg_tensor *scores = wg_matmul(wg_reshape(point, WG_SHAPE(2, 2)), wg_from(w, WG_SHAPE(2)));
        assert_close(wg_item(wg_gan_slope_penalty(scores, point)), 16, 1e-15);
        assert_close(wg_item(wg_gan_r1_penalty(scores, point)), 12.5, 1e-15);
        wg_tensor *apart = wg_norm2(wg_grad(wg_sum(scores), point), .axis = -1); /* the mistake */
        assert_close(wg_item(wg_mean(wg_square(wg_add_scalar(apart, -1)))), i == 0 ? 6.5 : 16, 1e-15);
    }
    /* samples on a line, without another axis */
    WG_TAPE(tape);
    wg_tensor *line = wg_gan_point(wg_from(x, WG_SHAPE(4)));
    assert_close(wg_item(wg_gan_slope_penalty(wg_mul_scalar(line, -3), line)), 4, 1e-15);
    assert_close(wg_item(wg_gan_r1_penalty(wg_mul_scalar(line, -3), line)), 4.5, 1e-15);
    assert_no_error();
}

/* A constant critic: the norm is 0, where its derivative counts as 0. */
static void a_constant_critic_has_no_gradient(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        wg_nn_module *net = wg_nn_mlp(WG_SIZES(2, 4, 1), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64);
        const wg_tensor_list params = wg_nn_parameters(net);
        for (size_t k = 0; k < params.n; k++)
            memset(wg_data_mut(params.tensor[k]), 0, (size_t)wg_numel(params.tensor[k]) * sizeof(double));
        wg_tensor *x = filled(WG_F64, WG_SHAPE(3, 2), 0), *g[4];
        WG_TAPE(tape);
        wg_tensor *point = wg_gan_point(x), *penalty = penalty_of(kind, wg_nn_apply(net, point), point);
        const double want[] = {1, 0.25, 0, 0}, zeros[8] = {0};
        assert_close(wg_item(wg_mul_scalar(penalty, 10)), 10 * want[kind], 1e-15);
        assert_int_equal(wg_grad_many(penalty, params.tensor, 4, g, .unused = WG_UNUSED_ZEROS), WG_OK);
        for (int k = 0; k < 4; k++)
            assert_values(g[k], zeros, 0);
        wg_nn_destroy(net), wg_free(x);
    }
    assert_no_error();
}

/* Normalised by the statistics of the batch, the scores have a sum that does not depend on the point: its slope is 0 however steep the critic is,
   and the penalty is 1, without a word. So it is refused. */
static void batch_normalisation_is_refused(void **state)
{
    (void)state;
    const double at[] = {1, 2, 3, 5, 0, -1}, weights[] = {0.5, -1};
    wg_tensor *x = wg_from(at, WG_SHAPE(3, 2)), *w = wg_set_requires_grad(wg_from(weights, WG_SHAPE(2, 1)), true);
    WG_TAPE(tape);
    wg_tensor *point = wg_gan_point(x), *scores = wg_matmul(wg_batch_norm(point), w);
    assert_null(wg_gan_slope_penalty(scores, point));
    assert_error(WG_E_ARGUMENT, "gan_slope_penalty: expected scores that each depend on one sample, got batch_norm between");
    assert_null(wg_gan_r1_penalty(scores, point));
    assert_error(WG_E_ARGUMENT, "gan_r1_penalty: expected scores that each depend on one sample, got batch_norm between");
    /* what it would have been */
    wg_tensor *slope = wg_grad(wg_sum(scores), point, .create_graph = true);
    for (int i = 0; i < 6; i++)
        assert_true(fabs(wg_data_as(slope, double)[i]) < 1e-15);
    wg_tensor *penalty = wg_mean(wg_square(wg_add_scalar(wg_norm2(slope, .axis = 1), -1)));
    assert_close(wg_item(penalty), 1, 1e-15);
    wg_tensor *g = wg_grad(penalty, w);
    assert_true(isfinite(wg_data_as(g, double)[0]) && isfinite(wg_data_as(g, double)[1]));
    wg_free(x), wg_free(w);
    assert_no_error();
}

typedef wg_nn_module *normalisation(void);

static wg_nn_module *batch(void)
{
    return wg_nn_batch_norm(4, .dtype = WG_F64);
}

static wg_nn_module *of_batches_alone(void)
{
    return wg_nn_batch_norm(4, .track = false, .dtype = WG_F64);
}

static wg_nn_module *group(void)
{
    return wg_nn_group_norm(2, 4, .dtype = WG_F64);
}

static wg_nn_module *instance(void)
{
    return wg_nn_instance_norm(4, .track = true, .dtype = WG_F64);
}

static wg_nn_module *none(void)
{
    return wg_nn_identity();
}

/* Which normalisations a penalty takes, in training and in use. Where it takes one, the slope of a sample alone is the same. */
static void normalisations_of_single_samples_are_taken(void **state)
{
    (void)state;
    static normalisation *const all[] = {batch, of_batches_alone, group, instance, none};
    for (int i = 0; i < 5; i++)
        for (int training = 0; training < 2; training++) {
            wg_nn_module *net = wg_nn_sequential(wg_nn_conv2d(1, 4, 3, .dtype = WG_F64), all[i](), wg_nn_relu(), wg_nn_flatten(),
                                                 wg_nn_linear(36, 1, .dtype = WG_F64));
            wg_tensor *x = filled(WG_F64, WG_SHAPE(3, 1, 5, 5), 1), *first = wg_slice(x, 0, 0, 1, 1);
            const bool mode = wg_train_mode_set(training);
            {
                WG_TAPE(tape);
                wg_tensor *point = wg_gan_point(x), *penalty = wg_gan_slope_penalty(wg_nn_apply(net, point), point);
                if (i == 1 || (i == 0 && training)) {
                    assert_null(penalty);
                    assert_error(WG_E_ARGUMENT, "expected scores that each depend on one sample, got batch_norm");
                } else {
                    wg_tensor *alone = wg_gan_point(first), *whole = wg_grad(wg_sum(wg_nn_apply(net, point)), point);
                    double slope[25];
                    read_all(wg_grad(wg_sum(wg_nn_apply(net, alone)), alone), slope);
                    assert_true(wg_item(penalty) > 0);
                    assert_values(wg_copy(wg_slice(whole, 0, 0, 1, 1)), slope, 1e-12);
                }
            }
            wg_train_mode_set(mode);
            wg_nn_destroy(net), wg_free(first), wg_free(x);
        }
    assert_no_error();
}

/* Batch normalisation beside the way from point to scores is none of the penalty's business: in the generator, of a condition. */
static void batch_normalisation_elsewhere_is_taken(void **state)
{
    (void)state;
    wg_tensor *x = filled(WG_F64, WG_SHAPE(3, 2), 1), *w = wg_set_requires_grad(filled(WG_F64, WG_SHAPE(2, 2), 2), true);
    WG_TAPE(tape);
    wg_tensor *condition = wg_batch_norm(wg_matmul(x, w)), *point = wg_gan_mix(x, wg_batch_norm(wg_matmul(x, w)));
    wg_tensor *scores = wg_sum(wg_square(wg_mul(point, condition)), .axis = 1), *elsewhere = wg_batch_norm(point);
    assert_non_null(wg_gan_slope_penalty(scores, point));
    assert_null(wg_gan_slope_penalty(wg_sum(wg_add(elsewhere, point), .axis = 1), point));
    assert_error(WG_E_ARGUMENT, "got batch_norm between");
    wg_free(x), wg_free(w);
}

/* x̂ lies on the line between its two samples, with an α of its own, and is a constant to both. */
static void mixtures_are_on_lines(void **state)
{
    (void)state;
    enum { N = 50, D = 6 };
    wg_tensor *generator = wg_generator(5, 0), *real = wg_set_requires_grad(filled(WG_F64, WG_SHAPE(N, 2, 3), 0), true);
    wg_tensor *fake = wg_set_requires_grad(filled(WG_F64, WG_SHAPE(N, 2, 3), 40), true), *again = wg_generator(5, 0),
              *third = wg_generator(5, 0);
    WG_TAPE(tape);
    wg_tensor *generated = wg_mul_scalar(fake, 1), *x = wg_gan_mix(real, generated, .generator = generator);
    assert_true(wg_requires_grad(x));
    double r[N * D], f[N * D], at[N * D], alpha[N], sum = 0;
    read_all(real, r), read_all(fake, f), read_all(x, at);
    for (int i = 0; i < N; i++) {
        alpha[i] = (at[i * D] - f[i * D]) / (r[i * D] - f[i * D]);
        assert_true(alpha[i] > -1e-12 && alpha[i] < 1 + 1e-12 && (i == 0 || fabs(alpha[i] - alpha[i - 1]) > 1e-6));
        for (int j = 1; j < D; j++)
            assert_close(f[i * D + j] + alpha[i] * (r[i * D + j] - f[i * D + j]), at[i * D + j], 1e-12);
        sum += alpha[i];
    }
    assert_true(fabs(sum / N - 0.5) < 4 * sqrt(1.0 / 12 / N));       /* four standard errors */
    wg_tensor *drawn = wg_uniform(third, WG_F64, WG_SHAPE(N), 0, 1); /* α is real's share */
    for (int i = 0; i < N; i++)
        assert_close(alpha[i], wg_data_as(drawn, double)[i], 1e-12);
    assert_same_bits(x, wg_gan_mix(real, fake, .generator = again));
    assert_null(wg_grad(wg_sum(x), fake)); /* does not reach the generator */
    assert_error(WG_E_UNUSED, "");
    wg_free(generator), wg_free(again), wg_free(third), wg_free(real), wg_free(fake);
}

/* ---- whole steps ---- */

struct step {
    wg_nn_module *critic, *maker;
    wg_optim *optim;
    wg_tensor *generator, *data;
    bool lines; /* WGAN-GP; else a relativistic pair with R1 and R2 */
};

static struct step begin(bool lines)
{
    struct step s = {.critic = wg_nn_mlp(WG_SIZES(2, 16, 16, 1), .activation = WG_ACTIVATION_LEAKY_RELU, .seed = 1),
                     .maker = wg_nn_mlp(WG_SIZES(3, 8, 2), .seed = 2),
                     .generator = wg_generator(9, 0),
                     .data = filled(WG_F32, WG_SHAPE(12, 2), 1),
                     .lines = lines};
    s.optim = wg_optim_adam(wg_nn_parameters(s.critic), .lr = 1e-2);
    return s;
}

static void end(struct step *s)
{
    wg_optim_destroy(s->optim), wg_nn_destroy(s->critic), wg_nn_destroy(s->maker), wg_free(s->generator), wg_free(s->data);
}

static wg_status step(void *context)
{
    struct step *s = context;
    WG_TAPE(tape);
    wg_tensor *z = wg_normal(s->generator, WG_F32, WG_SHAPE(12, 3), 0, 1), *made = wg_detach(wg_nn_apply(s->maker, z)), *loss;
    if (s->lines) {
        wg_tensor *x = wg_gan_mix(s->data, made, .generator = s->generator);
        loss = wg_gan_critic_loss(WG_GAN_WASSERSTEIN, wg_nn_apply(s->critic, s->data), wg_nn_apply(s->critic, made));
        loss = wg_add(loss, wg_mul_scalar(wg_gan_slope_penalty(wg_nn_apply(s->critic, x), x), 10));
    } else {
        wg_tensor *real = wg_gan_point(s->data), *fake = wg_gan_point(made);
        wg_tensor *r = wg_nn_apply(s->critic, real), *f = wg_nn_apply(s->critic, fake);
        wg_tensor *both = wg_add(wg_gan_r1_penalty(r, real), wg_gan_r1_penalty(f, fake));
        loss = wg_add(wg_gan_critic_loss(WG_GAN_RELATIVISTIC, r, f), wg_mul_scalar(both, 0.1));
    }
    WG_TRY(wg_backward(loss));
    return wg_optim_step(s->optim);
}

static void replayed_steps_have_the_same_bits(void **state)
{
    (void)state;
    for (int lines = 0; lines < 2; lines++) {
        struct step a = begin(lines), b = begin(lines);
        wg_replay *replay = wg_replay_capture(step, &a);
        assert_non_null(replay);
        for (int i = 0; i < 5; i++)
            assert_int_equal(wg_replay_run(replay), WG_OK);
        wg_replay_destroy(replay);
        for (int i = 0; i < 6; i++)
            assert_int_equal(step(&b), WG_OK);
        for (size_t i = 0; i < wg_nn_parameters(a.critic).n; i++)
            assert_same_bits(wg_nn_parameters(a.critic).tensor[i], wg_nn_parameters(b.critic).tensor[i]);
        for (size_t i = 0; i < wg_nn_parameters(b.maker).n; i++)
            assert_null(wg_gradient(wg_nn_parameters(b.maker).tensor[i]));
        end(&a), end(&b);
    }
    assert_no_error();
}

/* The k-th allocation fails: the step is as if it had not been. */
static void a_failed_step_changes_nothing(void **state)
{
    (void)state;
    struct step s = begin(true);
    char before[32], after[32];
    assert_int_equal(wg_read_raw(s.generator, before), WG_OK);
    for (int64_t at = 0;; at++) {
        wg_memory_fail(at, false);
        const wg_status status = step(&s);
        wg_memory_fail(-1, false);
        if (status == WG_OK)
            break;
        assert_error(WG_E_MEMORY, "");
        assert_int_equal(wg_read_raw(s.generator, after), WG_OK);
        assert_memory_equal(after, before, sizeof before);
    }
    end(&s);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(objectives_have_pytorchs_values),
        TEST(sure_critics_have_finite_losses),
        TEST(values_of_games),
        TEST(penalties_have_pytorchs_values),
        TEST(second_order_agrees_with_differences),
        TEST(the_norm_is_over_all_axes_but_the_first),
        TEST(a_constant_critic_has_no_gradient),
        TEST(batch_normalisation_is_refused),
        TEST(normalisations_of_single_samples_are_taken),
        TEST(batch_normalisation_elsewhere_is_taken),
        TEST(mixtures_are_on_lines),
        TEST(replayed_steps_have_the_same_bits),
        TEST(a_failed_step_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
