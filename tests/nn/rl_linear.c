/* Policy gradients with linear critics: against exact ones, against each other, and learning from transitions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "formula.h"
#include "nn_check.h"

static wg_tensor *formula(wg_shape shape, int k)
{
    wg_tensor *t = wg_zeros(WG_F64, shape);
    assert_int_equal(fill(t, k), WG_OK);
    return t;
}

static wg_tensor *eye(int64_t n)
{
    return wg_diag(wg_ones(WG_F64, WG_SHAPE(n)));
}

static wg_tensor *transposed(wg_tensor *t)
{
    return wg_transpose(t, 0, 1);
}

/* ---- a linear problem of 4 states and 2 controls ---- */

enum { N = 4, M = 2 };

static wg_rl_lqr_problem problem(void)
{
    wg_tensor *a = wg_add(wg_mul_scalar(formula(WG_SHAPE(N, N), 0), 0.3), wg_mul_scalar(eye(N), 0.6));
    return (wg_rl_lqr_problem){a, formula(WG_SHAPE(N, M), 5), eye(N), eye(M), 0.95};
}

/* The actor a = -K s, K being off the best gain. */
static wg_nn_module *linear_actor(wg_tensor *gain)
{
    wg_nn_module *actor = wg_nn_linear(wg_extent(gain, 1), wg_extent(gain, 0), .bias = false, .dtype = WG_F64);
    wg_tensor *minus = wg_neg(gain);
    assert_int_equal(wg_nn_assign(wg_nn_parameters(actor), wg_reshape(minus, WG_SHAPE(wg_numel(gain)))), WG_OK);
    return actor;
}

static wg_tensor *off_gain(wg_rl_lqr_problem p)
{
    wg_tensor *best;
    assert_int_equal(wg_rl_lqr_solve(p, &best, NULL), WG_OK);
    return wg_add(best, wg_mul_scalar(formula(WG_SHAPE(M, N), 2), 0.1));
}

/* -zᵀ H z, row by row, for the H that is the context. */
static wg_tensor *quadratic_q(wg_tensor *s, wg_tensor *a, void *context)
{
    wg_tensor *h = context, *both[] = {s, a}, *z = wg_concat(both, 2, 1);
    return wg_neg(wg_sum(wg_mul(wg_matmul(z, h), z), .axis = 1));
}

static wg_tensor *flat(wg_tensor *t)
{
    return wg_reshape(wg_copy(t), WG_SHAPE(wg_numel(t)));
}

/* Row 85 on the problem: with Q of the gain, and states whose mean square is Σ, it is the gradient of the cost, 2 ((R + γBᵀPB) K - γBᵀPA) Σ. */
static void the_policy_gradient_is_that_of_the_linear_problem(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const wg_rl_lqr_problem p = problem();
    wg_tensor *gain = off_gain(p), *start = wg_add(eye(N), wg_full(WG_F64, WG_SHAPE(N, N), 0.2));
    wg_nn_module *actor = linear_actor(gain);
    wg_tensor *sigma = wg_rl_lqr_moment(p, gain, .start = start), *h = wg_rl_lqr_action_value(p, gain);
    wg_tensor *s = wg_mul_scalar(transposed(wg_cholesky(sigma)), sqrt(N)); /* (1/N) sᵀ s = Σ */
    wg_tensor *found = wg_rl_policy_gradient(actor, s, quadratic_q, h);
    wg_tensor *exact = flat(wg_rl_lqr_gradient(p, gain, .start = start)); /* θ = -K and J = -C: the signs cancel */
    assert_values(found, wg_data(exact), 1e-12);
    assert_true(wg_item(wg_norm(exact)) > 1);
    /* Control: the Q of another gain is another direction. */
    wg_tensor *other = wg_rl_lqr_action_value(p, wg_add(gain, wg_full(WG_F64, WG_SHAPE(M, N), 0.05)));
    wg_tensor *biased = wg_rl_policy_gradient(actor, s, quadratic_q, other);
    assert_true(wg_item(wg_norm(wg_sub(biased, exact))) > 0.01 * wg_item(wg_norm(exact)));
    wg_nn_destroy(actor);
    assert_no_error();
}

/* ---- a small smooth process: finite states, a continuous action ---- */

enum { STATES = 4 };

struct smooth {
    wg_nn_module *actor;
    wg_tensor *s, *start, *logits, *slopes, *rewards, *values, *weights;
    double gamma;
};

static wg_tensor *chances(const struct smooth *c, wg_tensor *a) /* (S,S): P(s' | s, a_s) */
{
    return wg_softmax(wg_add(c->logits, wg_mul(wg_reshape(a, WG_SHAPE(STATES, 1)), c->slopes)), .axis = 1);
}

static wg_tensor *rewards(const struct smooth *c, wg_tensor *a) /* (S) */
{
    wg_tensor *x = wg_reshape(a, WG_SHAPE(STATES));
    return wg_sub(wg_sin(wg_add(c->rewards, x)), wg_mul_scalar(wg_square(x), 0.1));
}

/* J of a policy with these parameters. */
static wg_tensor *return_of(wg_tensor *const *x, size_t n, void *context)
{
    const struct smooth *c = context;
    wg_tensor *a = wg_nn_apply_with(c->actor, (wg_tensor_list){.n = n, .tensor = x}, c->s);
    return wg_dot(c->start, wg_rl_chain_values(chances(c, a), rewards(c, a), c->gamma));
}

/* R(s, a) + γ Σ P(s' | s, a) V(s'), weighted by how often s is visited. */
static wg_tensor *weighted_q(wg_tensor *s, wg_tensor *a, void *context)
{
    (void)s;
    const struct smooth *c = context;
    wg_tensor *q = wg_add(rewards(c, a), wg_mul_scalar(wg_matmul(chances(c, a), c->values), c->gamma));
    return wg_mul(q, c->weights);
}

/* ∇J = Σ ρ(s) ∇_a Q(s, a) ∇_θ μ(s): equal to the derivative of J itself through the linear solve, which finite differences confirm. */
static void the_policy_gradient_theorem_holds_on_a_smooth_process(void **state)
{
    (void)state;
    WG_TAPE(tape);
    struct smooth c = {wg_nn_mlp(WG_SIZES(STATES, 5, 1), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64, .seed = 3),
                       eye(STATES),
                       wg_softmax(formula(WG_SHAPE(STATES), 1)),
                       formula(WG_SHAPE(STATES, STATES), 2),
                       formula(WG_SHAPE(STATES, STATES), 9),
                       formula(WG_SHAPE(STATES), 4),
                       NULL,
                       NULL,
                       0.9};
    const wg_tensor_list params = wg_nn_parameters(c.actor);
    if (wg_gradcheck(return_of, &c, params.tensor, params.n, .rtol = 1e-7) != WG_OK)
        fail_msg("%s", wg_error_first()->message);
    wg_tensor *g[8], *a = wg_detach(wg_nn_apply(c.actor, c.s)), *p = chances(&c, a);
    assert_int_equal(wg_grad_many(return_of(params.tensor, params.n, &c), params.tensor, params.n, g), WG_OK);
    wg_tensor *exact = wg_copy(wg_nn_to_vector((wg_tensor_list){.n = params.n, .tensor = g}));
    c.values = wg_rl_chain_values(p, rewards(&c, a), c.gamma);
    c.weights = wg_mul_scalar(wg_rl_chain_visits(p, c.start, c.gamma), STATES); /* Σ ρ, where the function takes a mean */
    assert_values(wg_rl_policy_gradient(c.actor, c.s, weighted_q, &c), wg_data(exact), 1e-13);
    c.weights = wg_ones(WG_F64, WG_SHAPE(STATES)); /* control: states as often as one another are another gradient */
    wg_tensor *wrong = wg_rl_policy_gradient(c.actor, c.s, weighted_q, &c);
    assert_true(wg_item(wg_norm(wg_sub(wg_mul_scalar(wrong, 10), exact))) > 1e-3 * wg_item(wg_norm(exact)));
    wg_nn_destroy(c.actor);
    assert_no_error();
}

/* ---- compatible features ---- */

static wg_tensor *apply_params(wg_tensor *const *x, size_t n, void *context)
{
    const struct smooth *c = context;
    return wg_nn_apply_with(c->actor, (wg_tensor_list){.n = n, .tensor = x}, c->s);
}

/* Of a network: from its Jacobian, element by element. */
static void compatible_features_are_the_jacobian(void **state)
{
    (void)state;
    enum { ROWS = 3, D = 5 * 4 + 5 + 2 * 5 + 2 };
    for (int wide = 0; wide < 2; wide++) {
        WG_TAPE(tape);
        const wg_dtype dtype = wide ? WG_F64 : WG_F32;
        const double tolerance = wide ? 1e-14 : 1e-5;
        struct smooth c = {.actor = wg_nn_mlp(WG_SIZES(4, 5, 2), .activation = WG_ACTIVATION_TANH, .dtype = dtype, .seed = 7)};
        c.s = wg_cast(formula(WG_SHAPE(ROWS, 4), 1), dtype);
        wg_tensor *a = wg_cast(formula(WG_SHAPE(ROWS, 2), 6), dtype), *w = wg_cast(formula(WG_SHAPE(D), 8), dtype),
                  *weights = wg_cast(formula(WG_SHAPE(ROWS), 3), dtype), *j[4], *parts[4];
        const wg_tensor_list params = wg_nn_parameters(c.actor);
        assert_int_equal(wg_jacobian(apply_params, &c, params.tensor, params.n, j), WG_OK);
        for (int i = 0; i < 4; i++)
            parts[i] = wg_reshape(j[i], WG_SHAPE(ROWS, 2, wg_numel(params.tensor[i])));
        wg_tensor *jacobian = wg_concat(parts, 4, 2); /* (N, m, d) */
        wg_tensor *gap = wg_sub(a, wg_nn_apply(c.actor, c.s));
        wg_tensor *phi = wg_sum(wg_mul(jacobian, wg_unsqueeze(gap, 2)), .axis = 1);
        double expected[256];
        read_all(wg_copy(phi), expected);
        assert_values(wg_rl_compatible_features(c.actor, c.s, a), expected, tolerance);
        read_all(wg_matmul(phi, w), expected);
        assert_values(wg_rl_compatible_advantage(c.actor, c.s, a, w), expected, 10 * tolerance);
        read_all(wg_mul_scalar(wg_matmul(weights, phi), 1.0 / ROWS), expected);
        assert_values(wg_rl_compatible_mean(c.actor, c.s, a, weights), expected, tolerance);
        wg_tensor *moved = wg_matmul(jacobian, w); /* (N, m) */
        read_all(wg_mul_scalar(wg_sum(wg_mul(jacobian, wg_unsqueeze(moved, 2)), .axes = WG_AXES(0, 1)), 1.0 / ROWS), expected);
        assert_values(wg_rl_compatible_gradient(c.actor, c.s, w), expected, 10 * tolerance);
        wg_nn_destroy(c.actor);
    }
    assert_no_error();
}

/* Actions on both sides of μ: what the features leave of Q is even, so the best w in the mean square gives the true gradient. */
static void a_compatible_critic_has_the_true_gradient(void **state)
{
    (void)state;
    enum { ROWS = 40 };
    WG_TAPE(tape);
    const wg_rl_lqr_problem p = problem();
    wg_tensor *gain = off_gain(p), *h = wg_rl_lqr_action_value(p, gain), *s = formula(WG_SHAPE(ROWS, N), 1);
    wg_nn_module *actor = linear_actor(gain);
    double x[ROWS * N], noise[4 * ROWS * M];
    read_all(s, x);
    for (int i = 0; i < 4 * ROWS; i++) /* for each state +e₁, -e₁, +e₂, -e₂ */
        for (int j = 0; j < M; j++)
            noise[i * M + j] = (i / ROWS) / 2 == j ? ((i / ROWS) % 2 ? -0.5 : 0.5) : 0;
    wg_tensor *four[] = {s, s, s, s}, *all = wg_concat(four, 4, 0);
    wg_tensor *a = wg_add(wg_nn_apply(actor, all), wg_from(noise, WG_SHAPE(4 * ROWS, M)));
    wg_tensor *features[] = {wg_rl_compatible_features(actor, all, a), wg_rl_quadratic_features(all, WG_NONE)};
    wg_tensor *w = wg_rl_lstd(wg_concat(features, 2, 1), WG_NONE, quadratic_q(all, a, h));
    wg_tensor *found = wg_rl_compatible_gradient(actor, s, wg_slice(w, 0, 0, N * M, 1));
    wg_tensor *exact = wg_rl_policy_gradient(actor, s, quadratic_q, h);
    assert_values(found, wg_data(wg_copy(exact)), 1e-9);
    wg_nn_destroy(actor);
    assert_no_error();
}

/* ---- least squares ---- */

/* Features that tell the states apart make it exact: V of a path of three steps, once with an end, once with a value behind it. */
static void least_squares_are_exact_on_a_table(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = eye(3), *next = wg_from(((const double[]){0, 1, 0, 0, 0, 1, 0, 0, 1}), WG_SHAPE(3, 3));
    wg_tensor *r = wg_from(((const double[]){1, 2, 4}), WG_SHAPE(3)), *end = wg_from(((const double[]){0, 0, 1}), WG_SHAPE(3));
    assert_values(wg_rl_lstd(x, next, r, .gamma = 0.5, .terminated = end), (const double[]){3, 4, 4}, 1e-14);
    assert_values(wg_rl_lstd(x, next, r, .gamma = 0.5), (const double[]){4, 6, 8}, 1e-14);
    assert_values(wg_rl_lstd(x, WG_NONE, r), (const double[]){1, 2, 4}, 1e-14);
    assert_values(wg_rl_lstd(x, WG_NONE, r, .ridge = 1.0 / 3), (const double[]){.5, 1, 2}, 1e-14);
    assert_null(wg_rl_lstd(wg_slice(x, 0, 0, 2, 1), WG_NONE, wg_slice(r, 0, 0, 2, 1)));
    assert_error(WG_E_NUMERIC, "rl_lstd: 2 transitions do not determine 3 weights: raise .ridge");
    assert_null(wg_rl_lstd(wg_ones(WG_F64, WG_SHAPE(3, 2)), WG_NONE, r));
    assert_error(WG_E_NUMERIC, "rl_lstd: ");
}

static void quadratic_features_are_products(void **state)
{
    (void)state;
    wg_tensor *s = wg_from(((const double[]){2, 3}), WG_SHAPE(1, 2)), *a = wg_from(((const double[]){5}), WG_SHAPE(1, 1));
    wg_tensor *both = wg_rl_quadratic_features(s, a), *alone = wg_rl_quadratic_features(s, WG_NONE);
    assert_int_equal(wg_numel(both), 10);
    assert_values(both, (const double[]){1, 2, 3, 5, 4, 6, 10, 9, 15, 25}, 0);
    assert_values(alone, (const double[]){1, 2, 3, 4, 6, 9}, 0);
    wg_free(s), wg_free(a), wg_free(both), wg_free(alone);
    assert_no_error();
}

/* ---- learning a linear problem from transitions ---- */

enum { COPIES = 20, STEPS = 20, ROWS = COPIES * STEPS };

struct data {
    wg_tensor *s, *a, *r, *next;
};

/* Transitions of the policy with normal noise. */
static struct data collect(wg_rl_vector *envs, wg_nn_module *actor, double sigma, wg_rl_random *random)
{
    static double s[ROWS * N], a[ROWS * M], r[ROWS], next[ROWS * N];
    for (int t = 0; t < STEPS; t++) {
        WG_TAPE(tape);
        double actions[COPIES * M];
        wg_tensor *mean = wg_nn_apply(actor, wg_from(wg_rl_vector_observations(envs), WG_SHAPE(COPIES, N)));
        assert_int_equal(wg_read(mean, actions), WG_OK);
        for (int i = 0; i < COPIES * M; i++)
            actions[i] += sigma * wg_rl_normal(random);
        assert_int_equal(wg_rl_vector_step(envs, actions), WG_OK);
        const wg_rl_transitions *last = wg_rl_vector_last(envs);
        memcpy(s + t * COPIES * N, last->observation, COPIES * N * sizeof *s), memcpy(a + t * COPIES * M, actions, sizeof actions);
        memcpy(r + t * COPIES, last->reward, COPIES * sizeof *r),
            memcpy(next + t * COPIES * N, last->next, COPIES * N * sizeof *next);
    }
    return (struct data){wg_from(s, WG_SHAPE(ROWS, N)), wg_from(a, WG_SHAPE(ROWS, M)), wg_from(r, WG_SHAPE(ROWS)),
                         wg_from(next, WG_SHAPE(ROWS, N))};
}

static wg_tensor *fitted_q(wg_tensor *s, wg_tensor *a, void *context)
{
    return wg_matmul(wg_rl_quadratic_features(s, a), context);
}

/* The direction by a quadratic critic, LSTD-Q; the second moment of the states as a metric makes it the natural gradient of a linear actor. */
static wg_tensor *by_quadratic_critic(wg_nn_module *actor, const struct data *d)
{
    wg_tensor *w = wg_rl_lstd(wg_rl_quadratic_features(d->s, d->a), wg_rl_quadratic_features(d->next, wg_nn_apply(actor, d->next)),
                              d->r, .gamma = 0.95);
    wg_tensor *g = wg_rl_policy_gradient(actor, d->s, fitted_q, w),
              *moment = wg_mul_scalar(wg_matmul(transposed(d->s), d->s), 1.0 / ROWS);
    return flat(transposed(wg_solve(moment, transposed(wg_reshape(g, WG_SHAPE(M, N))))));
}

/* By compatible features, whose w is the natural gradient itself. */
static wg_tensor *by_compatible_critic(wg_nn_module *actor, const struct data *d)
{
    wg_tensor *here[] = {wg_rl_compatible_features(actor, d->s, d->a), wg_rl_quadratic_features(d->s, WG_NONE)};
    wg_tensor *there[] = {wg_zeros(WG_F64, WG_SHAPE(ROWS, M * N)), wg_rl_quadratic_features(d->next, WG_NONE)};
    wg_tensor *w = wg_rl_lstd(wg_concat(here, 2, 1), wg_concat(there, 2, 1), d->r, .gamma = 0.95);
    return wg_slice(w, 0, 0, M * N, 1);
}

typedef wg_tensor *direction(wg_nn_module *actor, const struct data *d);

/* How far the learnt gain is from the best, relative to that. Episodes are short, so that states stay wide while the policy calms them: a compatible
   critic sees no more of Q than its slope, and the noise of the rest grows with exploration. */
static double learn(direction *of, int updates, double rate, double sigma)
{
    WG_TAPE(outer);
    const wg_rl_lqr_problem p = problem();
    wg_tensor *best;
    assert_int_equal(wg_rl_lqr_solve(p, &best, NULL), WG_OK);
    wg_nn_module *actor = linear_actor(wg_zeros(WG_F64, WG_SHAPE(M, N)));
    wg_rl_env *env = wg_rl_lqr(.problem = &p, .limit = 2, .noise = 0);
    wg_rl_vector *envs = wg_rl_vector_create(env, COPIES, .seed = 1);
    wg_rl_random random = {.seed = 2};
    for (int i = 0; i < updates; i++) {
        WG_TAPE(tape);
        const struct data d = collect(envs, actor, sigma, &random);
        wg_tensor *theta = wg_nn_to_vector(wg_nn_parameters(actor)), *move = of(actor, &d);
        assert_int_equal(wg_nn_assign(wg_nn_parameters(actor), wg_add(theta, wg_mul_scalar(move, rate))), WG_OK);
    }
    wg_tensor *gap = wg_add(wg_nn_parameter(actor, "weight"), best);
    const double far = wg_item(wg_norm(gap)) / wg_item(wg_norm(best));
    wg_rl_vector_destroy(envs), wg_rl_env_destroy(env), wg_nn_destroy(actor);
    return far;
}

static void data_lead_to_the_best_gain(void **state)
{
    (void)state;
    const double quadratic = learn(by_quadratic_critic, 40, 0.1, 0.3), compatible = learn(by_compatible_critic, 60, 0.1, 0.01);
    if (!(quadratic < 0.01 && compatible < 0.01))
        fail_msg("off by %g and %g of the best gain", quadratic, compatible);
    /* Controls: no learning, and the wrong way for a few steps. */
    assert_true(learn(by_quadratic_critic, 0, 0.1, 0.3) == 1);
    assert_true(learn(by_quadratic_critic, 2, -0.02, 0.3) > 1);
    assert_no_error();
}

/* ---- COPDAC-Q ---- */

static void a_step_of_copdac_is_its_rules(void **state)
{
    (void)state;
    for (int natural = 0; natural < 2; natural++) {
        WG_TAPE(tape);
        const double s[] = {0.5, -1, 2, 0.3}, a[] = {0.4, -0.2}, r[] = {1, -2}, x[] = {1, 2, 3, -1}, next[] = {0.5, 0.5, 9, 9},
                     end[] = {0, 1};
        double theta[2] = {0.1, -0.3}, w[2] = {0, 0}, v[2] = {0, 0};
        wg_nn_module *actor = linear_actor(wg_from(((const double[]){-0.1, 0.3}), WG_SHAPE(1, 2)));
        wg_rl_copdac *agent = wg_rl_copdac_create(actor, 2, .gamma = 0.9, .actor_rate = 0.1, .advantage_rate = 0.2,
                                                  .value_rate = 0.3, .natural = natural);
        const wg_rl_copdac_batch batch = {wg_from(s, WG_SHAPE(2, 2)), wg_from(a, WG_SHAPE(2, 1)),    wg_from(r, WG_SHAPE(2)),
                                          wg_from(x, WG_SHAPE(2, 2)), wg_from(next, WG_SHAPE(2, 2)), wg_from(end, WG_SHAPE(2))};
        for (int step = 0; step < 3; step++) {
            double gap[2], delta[2], error, dw[2] = {0, 0}, dv[2] = {0, 0}, dt[2] = {0, 0};
            for (int i = 0; i < 2; i++) {
                gap[i] = a[i] - (theta[0] * s[2 * i] + theta[1] * s[2 * i + 1]);
                const double slope = w[0] * s[2 * i] + w[1] * s[2 * i + 1];
                delta[i] = r[i] + 0.9 * (1 - end[i]) * (v[0] * next[2 * i] + v[1] * next[2 * i + 1]) - gap[i] * slope -
                           (v[0] * x[2 * i] + v[1] * x[2 * i + 1]);
                for (int k = 0; k < 2; k++) {
                    dw[k] += delta[i] * gap[i] * s[2 * i + k] / 2, dv[k] += delta[i] * x[2 * i + k] / 2;
                    dt[k] += natural ? w[k] / 2 : slope * s[2 * i + k] / 2;
                }
            }
            assert_int_equal(wg_rl_copdac_step(agent, batch, &error), WG_OK);
            assert_close(error, (delta[0] * delta[0] + delta[1] * delta[1]) / 2, 1e-14);
            for (int k = 0; k < 2; k++)
                theta[k] += 0.1 * dt[k], w[k] += 0.2 * dw[k], v[k] += 0.3 * dv[k];
            assert_values(wg_nn_parameter(actor, "weight"), theta, 1e-14);
            assert_values(wg_rl_copdac_state(agent).tensor[0], w, 1e-14);
            assert_values(wg_rl_copdac_state(agent).tensor[1], v, 1e-14);
        }
        wg_rl_copdac_destroy(agent), wg_nn_destroy(actor);
    }
    assert_no_error();
}

/* ---- tiles ---- */

static void tiles_are_shifted_grids(void **state)
{
    (void)state;
    const wg_rl_box box = {1, (const double[]){0}, (const double[]){4}};
    wg_rl_tiles *tiles = wg_rl_tiles_create(&box, .tilings = 4, .divisions = 4);
    int64_t at[4];
    assert_int_equal(wg_rl_tiles_size(tiles), 20);
    assert_int_equal(wg_rl_tiles_active(tiles), 4);
    /* 1.3 is in tile 1 of the unshifted grid; of those that are shifted by a quarter and a half, in 1; by three quarters, in 2. */
    assert_int_equal(wg_rl_tiles_encode(tiles, (const double[]){1.3}, at), WG_OK);
    assert_true(at[0] == 1 && at[1] == 6 && at[2] == 11 && at[3] == 17);
    assert_int_equal(wg_rl_tiles_encode(tiles, (const double[]){-7}, at), WG_OK);
    assert_true(at[0] == 0 && at[1] == 5 && at[2] == 10 && at[3] == 15);
    assert_int_equal(wg_rl_tiles_encode(tiles, (const double[]){(double)INFINITY}, at), WG_OK);
    assert_true(at[0] == 4 && at[1] == 9 && at[2] == 14 && at[3] == 19);
    wg_tensor *x = wg_rl_tiles_features(tiles, (const double[]){1.3, 4}, 2), *sums = wg_sum(x, .axis = 1);
    assert_values(sums, (const double[]){4, 4}, 0);
    assert_true(((const double *)wg_data(x))[6] == 1 && ((const double *)wg_data(x))[20 + 19] == 1);
    wg_free(x), wg_free(sums);
    wg_rl_tiles_destroy(tiles);
    assert_no_error();
}

/* In two dimensions grid t is shifted by t/T of a tile along the first axis and 3t/T mod 1 along the second. */
static void tiles_are_shifted_by_odd_numbers(void **state)
{
    (void)state;
    enum { T = 4, D = 3 };
    const wg_rl_box box = {2, (const double[]){-1, 0}, (const double[]){2, 6}};
    wg_rl_tiles *tiles = wg_rl_tiles_create(&box, .tilings = T, .divisions = D);
    wg_rl_random random = {.seed = 5};
    assert_int_equal(wg_rl_tiles_axes(tiles), 2);
    for (int i = 0; i < 100; i++) {
        const double at[] = {wg_rl_uniform(&random, -1, 2), wg_rl_uniform(&random, 0, 6)};
        int64_t active[T];
        assert_int_equal(wg_rl_tiles_encode(tiles, at, active), WG_OK);
        for (int t = 0; t < T; t++) {
            const int x = (int)floor(at[0] + 1 + t / 4.0), y = (int)floor(at[1] / 2 + 3 * t % 4 / 4.0);
            assert_int_equal(active[t], t * 16 + y * 4 + x);
        }
    }
    wg_rl_tiles_destroy(tiles);
    assert_no_error();
}

/* A tiled agent is COPDAC with a linear actor on the features, and nothing else: to the last digits, over a run. */
static void a_tiled_agent_is_copdac_on_features(void **state)
{
    (void)state;
    const wg_rl_box box = {2, (const double[]){0, 0}, (const double[]){1, 1}};
    wg_rl_tiles *tiles = wg_rl_tiles_create(&box, .tilings = 3, .divisions = 2);
    const int64_t k = wg_rl_tiles_size(tiles);
    WG_TAPE(tape);
    wg_nn_module *actor = linear_actor(wg_zeros(WG_F64, WG_SHAPE(1, k)));
    wg_rl_copdac *dense = wg_rl_copdac_create(actor, k, .gamma = 0.9, .actor_rate = 0.1, .advantage_rate = 0.2, .value_rate = 0.05);
    wg_rl_tiled *sparse = wg_rl_tiled_create(tiles, 1, .gamma = 0.9, .actor_rate = 0.1, .advantage_rate = 0.2, .value_rate = 0.05,
                                             .seed = 1);
    wg_rl_random random = {.seed = 9};
    for (int t = 0; t < 100; t++) {
        const double s[] = {wg_rl_uniform(&random, 0, 1), wg_rl_uniform(&random, 0, 1)};
        const double next[] = {wg_rl_uniform(&random, 0, 1), wg_rl_uniform(&random, 0, 1)}, a = wg_rl_uniform(&random, -1, 1);
        const double r = s[0] - s[1] * a, end = t % 7 == 0;
        WG_TAPE(inner);
        wg_tensor *x = wg_rl_tiles_features(tiles, s, 1), *y = wg_rl_tiles_features(tiles, next, 1);
        const wg_rl_copdac_batch batch = {x, wg_from(&a, WG_SHAPE(1, 1)), wg_from(&r, WG_SHAPE(1)), x,
                                          y, wg_from(&end, WG_SHAPE(1))};
        assert_int_equal(wg_rl_copdac_step(dense, batch, NULL), WG_OK);
        assert_int_equal(wg_rl_tiled_step(sparse, s, &a, r, next, t % 7 == 0), WG_OK);
    }
    const wg_tensor_list all = wg_rl_tiled_state(sparse);
    assert_values(wg_nn_parameter(actor, "weight"), wg_data(all.tensor[0]), 1e-12);
    assert_values(wg_rl_copdac_state(dense).tensor[0], wg_data(all.tensor[1]), 1e-12);
    assert_values(wg_rl_copdac_state(dense).tensor[1], wg_data(all.tensor[2]), 1e-12);
    assert_true(wg_item(wg_sum_abs(all.tensor[0])) > 0.01);
    wg_rl_copdac_destroy(dense), wg_rl_tiled_destroy(sparse), wg_nn_destroy(actor), wg_rl_tiles_destroy(tiles);
    assert_no_error();
}

/* Three tiles of one grid are a table: each rule, number by number. */
static void steps_of_tiled_agents_are_their_rules(void **state)
{
    (void)state;
    const wg_rl_box box = {1, (const double[]){0}, (const double[]){2}};
    const double gamma = 0.9, actor = 0.005, advantage = 0.1, value = 0.2, sigma = 0.4;
    wg_rl_tiles *tiles = wg_rl_tiles_create(&box, .tilings = 1, .divisions = 2);
    for (int method = 0; method < 3; method++) {
        double theta[3] = {0}, w[3] = {0}, v[3] = {0}, y[3] = {0};
        wg_rl_tiled *agent = wg_rl_tiled_create(tiles, 1, .method = (wg_rl_tiled_method)method, .gamma = gamma, .actor_rate = actor,
                                                .advantage_rate = advantage, .value_rate = value, .sigma = sigma, .seed = 1);
        wg_rl_random random = {.seed = 8};
        for (int t = 0; t < 60; t++) {
            const int s = (int)wg_rl_uniform(&random, 0, 3), next = (int)wg_rl_uniform(&random, 0, 3);
            const double a = wg_rl_uniform(&random, -1, 1), r = s - a * next, at = s, to = next;
            const bool end = t % 5 == 0;
            const double gap = a - theta[s], feature = method == WG_RL_TILED_COPDAC ? gap : a;
            double q = v[s], follows = v[next];
            if (method != WG_RL_TILED_SAC)
                q += feature * w[s];
            if (method == WG_RL_TILED_OPDAC)
                follows += theta[next] * w[next];
            const double delta = r + (end ? 0 : gamma * follows) - q, deviation = sigma * exp(y[s]), z = gap / deviation;
            if (method == WG_RL_TILED_SAC) {
                theta[s] += actor * delta * z / deviation; /* ∂ ln π/∂θ and ∂ ln π/∂ ln σ */
                y[s] += actor * delta * (z * z - 1);
            } else {
                theta[s] += actor * w[s];
                w[s] += advantage * delta * feature;
            }
            v[s] += value * delta;
            assert_int_equal(wg_rl_tiled_step(agent, &at, &a, r, &to, end), WG_OK);
        }
        const wg_tensor_list all = wg_rl_tiled_state(agent);
        assert_values(all.tensor[0], theta, 1e-12);
        assert_values(all.tensor[1], w, 1e-12);
        assert_values(all.tensor[2], v, 1e-12);
        assert_values(all.tensor[3], y, 1e-12);
        wg_rl_tiled_destroy(agent);
    }
    wg_rl_tiles_destroy(tiles);
    assert_no_error();
}

/* 20,000 draws: the mean and the deviation within 4 standard errors; the state of the draws resumes them; without exploration nothing is drawn. */
static void exploration_is_normal_and_resumes(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    const wg_rl_box box = {1, (const double[]){0}, (const double[]){2}};
    const double s = 0.5;
    double sum = 0, squares = 0, a, again;
    wg_rl_tiles *tiles = wg_rl_tiles_create(&box);
    wg_rl_tiled *agent = wg_rl_tiled_create(tiles, 1, .sigma = 0.1, .seed = 3);
    wg_tensor *const random = wg_rl_tiled_state(agent).tensor[4];
    for (int i = 0; i < DRAWS; i++) {
        assert_int_equal(wg_rl_tiled_act(agent, &s, true, &a), WG_OK);
        sum += a, squares += a * a;
    }
    assert_true(fabs(sum / DRAWS) < 4 * 0.1 / sqrt(DRAWS) && fabs(sqrt(squares / DRAWS) - 0.1) < 4 * 0.1 / sqrt(2.0 * DRAWS));
    int64_t before[3];
    assert_int_equal(wg_read(random, before), WG_OK);
    assert_int_equal(wg_rl_tiled_act(agent, &s, true, &a), WG_OK);
    assert_int_equal(wg_write(random, before), WG_OK);
    assert_int_equal(wg_rl_tiled_act(agent, &s, true, &again), WG_OK);
    assert_true(a == again);
    int64_t after[3];
    assert_int_equal(wg_read(random, before), WG_OK);
    assert_int_equal(wg_rl_tiled_act(agent, &s, false, &a), WG_OK);
    assert_int_equal(wg_read(random, after), WG_OK);
    assert_true(a == 0 && memcmp(before, after, sizeof after) == 0);
    wg_rl_tiled_destroy(agent), wg_rl_tiles_destroy(tiles);
    assert_no_error();
}

/* Mean return of 100 fixed starts in the puddle world after so many steps of learning. */
static double puddles(wg_rl_tiled_method method, int64_t steps, double sign)
{
    wg_rl_env *env = wg_rl_puddle_world(.limit = 200);
    wg_rl_vector *envs = wg_rl_vector_create(env, 1, .seed = 4);
    wg_rl_tiles *tiles = wg_rl_tiles_create(&wg_rl_env_dynamics(env)->observation, .tilings = 10, .divisions = 10);
    wg_rl_tiled *agent = wg_rl_tiled_create(tiles, 2, .method = method, .gamma = 0.99, .sigma = 0.3, .seed = 5,
                                            .actor_rate = method == WG_RL_TILED_SAC ? 1e-4 : 1e-3, .advantage_rate = 0.01,
                                            .value_rate = 0.01);
    for (int64_t t = 0; t < steps; t++) {
        double action[2];
        assert_int_equal(wg_rl_tiled_act(agent, wg_rl_vector_observations(envs), true, action), WG_OK);
        assert_int_equal(wg_rl_vector_step(envs, action), WG_OK);
        const wg_rl_transitions *last = wg_rl_vector_last(envs);
        assert_int_equal(
            wg_rl_tiled_step(agent, last->observation, action, sign * last->reward[0] / 10, last->next, last->terminated[0]),
            WG_OK);
    }
    wg_rl_score score;
    assert_int_equal(wg_rl_evaluate(env, wg_rl_tiled_policy, agent, &score, .episodes = 100, .seed = 77), WG_OK);
    wg_rl_tiled_destroy(agent), wg_rl_tiles_destroy(tiles), wg_rl_vector_destroy(envs), wg_rl_env_destroy(env);
    return score.mean;
}

static void tiled_agents_learn_the_puddle_world(void **state)
{
    (void)state;
    const double untrained = puddles(WG_RL_TILED_COPDAC, 0, 1);
    double learnt[3];
    for (int i = 0; i < 3; i++)
        learnt[i] = puddles((wg_rl_tiled_method)i, 60000, 1);
    const double wrong = puddles(WG_RL_TILED_COPDAC, 60000, -0.1); /* control: costs are sought */
    if (!(learnt[0] > -220 && learnt[1] > -150 && learnt[2] > -250 && untrained < -500 && wrong < -400))
        fail_msg("untrained %g, COPDAC %g, OPDAC %g, SAC %g, wrong way %g", untrained, learnt[0], learnt[1], learnt[2], wrong);
    assert_no_error();
}

/* ---- the environments ---- */

/* Without noise a gain's return is minus its cost, by discounted sums over an episode that is long enough. */
static void the_environment_is_the_problem(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const wg_rl_lqr_problem p = problem();
    wg_tensor *gain = off_gain(p);
    wg_rl_env *env = wg_rl_lqr(.problem = &p, .limit = 0);
    const wg_rl_dynamics *d = wg_rl_env_dynamics(env);
    double x[N] = {1, -0.5, 0.25, 2}, k[M * N], total = 0, weight = 1;
    wg_rl_random random = {.seed = 1};
    wg_tensor *x0 = wg_from(x, WG_SHAPE(N, 1)), *start = wg_matmul(x0, transposed(x0));
    assert_int_equal(wg_read(gain, k), WG_OK);
    for (int t = 0; t < 400; t++, weight *= p.gamma) {
        double u[M] = {0};
        for (int i = 0; i < M * N; i++)
            u[i / N] -= k[i] * x[i % N];
        total += weight * d->step(d->self, &random, x, u).reward;
    }
    assert_close(-total, wg_item(wg_rl_lqr_cost(p, gain, .start = start)), 1e-12);
    assert_int_equal(random.block, 0); /* nothing was drawn */
    wg_rl_env_destroy(env);
    assert_no_error();
}

/* With noise of variance σ² the mean cost of a step is tr(P) σ² (γ = 1), within 4 standard errors. */
static void noise_costs_what_it_should(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_rl_env *env = wg_rl_lqr(.noise = 0.2, .limit = 0);
    const wg_rl_dynamics *d = wg_rl_env_dynamics(env);
    const double k[] = {2.585700896660, 3.443435917845}, cost = 0.04 * (13.317224441131 + 4.603514023781);
    double x[2] = {0, 0}, sum = 0, squares = 0;
    wg_rl_random random = {.seed = 3};
    enum { BLOCKS = 200, LENGTH = 1000 };
    for (int b = 0; b < BLOCKS; b++) {
        double block = 0;
        for (int t = 0; t < LENGTH; t++) {
            const double u = -k[0] * x[0] - k[1] * x[1];
            block -= d->step(d->self, &random, x, &u).reward / LENGTH;
        }
        sum += block, squares += block * block;
    }
    const double mean = sum / BLOCKS, error = sqrt((squares / BLOCKS - mean * mean) / BLOCKS);
    if (!(fabs(mean - cost) < 4 * error && error < 0.02))
        fail_msg("%g ± %g, expected %g", mean, error, cost);
    wg_rl_env_destroy(env);
    assert_no_error();
}

/* C by polarisation of rewards: eigenvalues 0.1 and 1, half and half; the best action costs nothing. */
static void the_bandit_has_its_eigenvalues(void **state)
{
    (void)state;
    enum { A = 10 };
    WG_TAPE(tape);
    wg_rl_env *env = wg_rl_quadratic_bandit(.actions = A, .seed = 3);
    const wg_rl_dynamics *d = wg_rl_env_dynamics(env);
    double dummy = 0, a[A], c[A * A], values[A];
    for (int i = 0; i < A * A; i++) {
        for (int k = 0; k < A; k++)
            a[k] = 4 + (k == i / A) + (k == i % A);
        const double both = -d->step(d->self, NULL, &dummy, a).reward;
        for (int k = 0; k < A; k++)
            a[k] = 4 + (k == i / A) - (k == i % A);
        c[i] = (both + d->step(d->self, NULL, &dummy, a).reward) / 4;
    }
    wg_tensor *w, *v;
    assert_int_equal(wg_eigh(wg_from(c, WG_SHAPE(A, A)), &w, &v), WG_OK);
    read_all(w, values);
    for (int i = 0; i < A; i++)
        assert_close(values[i], i < A / 2 ? 0.1 : 1, 1e-12), a[i] = 4;
    const wg_rl_outcome best = d->step(d->self, NULL, &dummy, a);
    assert_true(best.reward == 0 && best.terminated && !best.truncated);
    assert_true(fabs(c[1]) > 1e-3); /* the basis is not that of the coordinates */
    wg_rl_env_destroy(env);
    assert_no_error();
}

static double puddle_reward(double x, double y)
{
    wg_rl_env *env = wg_rl_puddle_world(.noise = 0, .limit = 0);
    const wg_rl_dynamics *d = wg_rl_env_dynamics(env);
    wg_rl_puddle_world_state at = {x, y};
    wg_rl_random random = {.seed = 1};
    const double still[] = {0, 0};
    const double reward = d->step(d->self, &random, &at, still).reward;
    wg_rl_env_destroy(env);
    return reward;
}

static void puddles_cost_by_their_depth(void **state)
{
    (void)state;
    assert_close(puddle_reward(0.9, 0.2), -1, 0);
    assert_close(puddle_reward(0.3, 0.75), -1 - 400 * 0.1, 1e-12);   /* on the line of the first */
    assert_close(puddle_reward(0.3, 0.70), -1 - 400 * 0.05, 1e-12);  /* half-way out of it */
    assert_close(puddle_reward(0.05, 0.75), -1 - 400 * 0.05, 1e-12); /* before its round end */
    assert_close(puddle_reward(0.45, 0.75), -1 - 400 * 0.2, 1e-12);  /* in both */
    assert_close(puddle_reward(0.45, 0.35), -1 - 400 * 0.05, 1e-12);
    wg_rl_env *env = wg_rl_puddle_world(.noise = 0, .limit = 0);
    const wg_rl_dynamics *d = wg_rl_env_dynamics(env);
    wg_rl_puddle_world_state at = {0.93, 0.93};
    const double far[] = {0.05, 7};
    assert_true(d->step(d->self, NULL, &at, far).terminated);
    assert_true(at.x == 0.93 + 0.05 && at.y == 0.93 + 0.05);
    wg_rl_env_destroy(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_policy_gradient_is_that_of_the_linear_problem),
        TEST(the_policy_gradient_theorem_holds_on_a_smooth_process),
        TEST(compatible_features_are_the_jacobian),
        TEST(a_compatible_critic_has_the_true_gradient),
        TEST(least_squares_are_exact_on_a_table),
        TEST(quadratic_features_are_products),
        TEST(data_lead_to_the_best_gain),
        TEST(a_step_of_copdac_is_its_rules),
        TEST(tiles_are_shifted_grids),
        TEST(tiles_are_shifted_by_odd_numbers),
        TEST(a_tiled_agent_is_copdac_on_features),
        TEST(steps_of_tiled_agents_are_their_rules),
        TEST(exploration_is_normal_and_resumes),
        TEST(tiled_agents_learn_the_puddle_world),
        TEST(the_environment_is_the_problem),
        TEST(noise_costs_what_it_should),
        TEST(the_bandit_has_its_eigenvalues),
        TEST(puddles_cost_by_their_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
