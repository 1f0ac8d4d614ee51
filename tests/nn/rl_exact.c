/* Exact answers of reinforcement learning: finite decision processes, linear dynamics with a quadratic cost. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "formula.h"
#include "golden.h"
#include "nn_check.h"

enum { MAX = 64, STATES = 5, ACTIONS = 3 };

static int golden(const char *name, double *to)
{
    return golden_values(EXACT_VALUES, name, to, MAX);
}

static void is_golden(wg_tensor *t, const char *name, double tolerance)
{
    double expected[MAX];
    assert_non_null(t);
    assert_int_equal(golden(name, expected), wg_numel(t));
    assert_values(t, expected, tolerance);
}

static wg_tensor *rows(wg_tensor *x)
{
    return wg_div(x, wg_sum(x, .axis = -1, .keepdims = true));
}

/* 1.1 + sin(…), in rows that sum to 1. On the open tape. */
static wg_tensor *chances(wg_shape shape, int k)
{
    wg_tensor *t = wg_zeros(WG_F64, shape);
    assert_int_equal(fill(t, k), WG_OK);
    return rows(wg_add_scalar(t, 1.1));
}

static wg_tensor *formula(wg_shape shape, int k)
{
    wg_tensor *t = wg_zeros(WG_F64, shape);
    assert_int_equal(fill(t, k), WG_OK);
    return t;
}

static wg_rl_mdp example(void)
{
    return (wg_rl_mdp){chances(WG_SHAPE(STATES, ACTIONS, STATES), 0), formula(WG_SHAPE(STATES, ACTIONS), 3), 0.9};
}

/* ---- finite processes ---- */

static void finite_processes_have_numpys_values(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const wg_rl_mdp mdp = example();
    wg_tensor *pi = chances(WG_SHAPE(STATES, ACTIONS), 7), *start = chances(WG_SHAPE(STATES), 11), *best, *p, *r;
    is_golden(wg_rl_mdp_values(mdp, pi), "mdp_v", 1e-14);
    is_golden(wg_rl_mdp_action_values(mdp, pi), "mdp_q", 1e-14);
    is_golden(wg_rl_mdp_return(mdp, pi, start), "mdp_j", 1e-14);
    is_golden(wg_rl_mdp_visits(mdp, pi, start), "mdp_rho", 1e-13);
    is_golden(wg_rl_mdp_optimum(mdp, &best), "mdp_best", 1e-13);
    double action[MAX];
    assert_int_equal(golden("mdp_action", action), STATES);
    for (int s = 0; s < STATES; s++)
        assert_int_equal(((const int64_t *)wg_data(best))[s], (int64_t)action[s]);
    assert_int_equal(wg_rl_mdp_chain(mdp, pi, &p, &r), WG_OK);
    is_golden(wg_rl_chain_values(p, r, 0.9), "mdp_v", 1e-14);
    is_golden(wg_rl_chain_visits(p, start, 0.9), "mdp_rho", 1e-13);
    assert_no_error();
}

/* J = Σ p₁ V = Σ ρ r, V = Σ π Q, Σ ρ = 1/(1-γ); a policy of certainties is the same as its actions. */
static void identities_hold(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const wg_rl_mdp mdp = example();
    wg_tensor *pi = chances(WG_SHAPE(STATES, ACTIONS), 7), *start = chances(WG_SHAPE(STATES), 11);
    wg_tensor *rho = wg_rl_mdp_visits(mdp, pi, start), *p, *r;
    assert_int_equal(wg_rl_mdp_chain(mdp, pi, &p, &r), WG_OK);
    const double j = wg_item(wg_rl_mdp_return(mdp, pi, start));
    assert_close(wg_item(wg_sum(rho)), 10, 1e-14);
    assert_close(wg_item(wg_dot(rho, r)), j, 1e-14);
    wg_tensor *v = wg_rl_mdp_values(mdp, pi), *mean = wg_sum(wg_mul(pi, wg_rl_mdp_action_values(mdp, pi)), .axis = 1);
    assert_values(mean, wg_data(v), 1e-14);
    assert_values(wg_rl_mdp_backup(mdp, v), wg_data(wg_rl_mdp_action_values(mdp, pi)), 1e-14);
    wg_tensor *actions = wg_from(((const int64_t[]){2, 0, 1, 1, 0}), WG_SHAPE(STATES));
    assert_values(wg_rl_mdp_values(mdp, wg_one_hot(actions, ACTIONS, WG_F64)), wg_data(wg_rl_mdp_values(mdp, actions)), 0);
    assert_no_error();
}

/* No policy of certainties is better in any state: all 3⁵ of them. */
static void the_optimum_is_the_best_of_all_policies(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const wg_rl_mdp mdp = example();
    wg_tensor *best = wg_rl_mdp_optimum(mdp, NULL);
    const double *v = wg_data(best);
    for (int code = 0; code < 243; code++) {
        WG_TAPE(inner);
        int64_t action[STATES];
        for (int s = 0, left = code; s < STATES; s++, left /= 3)
            action[s] = left % 3;
        const double *other = wg_data(wg_rl_mdp_values(mdp, wg_from(action, WG_SHAPE(STATES))));
        for (int s = 0; s < STATES; s++)
            assert_true(other[s] <= v[s] + 1e-12);
    }
    assert_no_error();
}

/* Equal actions, one of which is better by rounding alone: the first is taken, and policy iteration ends. */
static void equal_actions_give_the_first(void **state)
{
    (void)state;
    wg_tensor *p = wg_full(WG_F64, WG_SHAPE(2, 4, 2), 0.5), *policy;
    wg_tensor *r = wg_from(((const double[]){1, 1 + 1e-16, 1, 1, 0.1, 0.3, 0.1 + 0.2, 0.3}), WG_SHAPE(2, 4));
    wg_tensor *v = wg_rl_mdp_optimum((wg_rl_mdp){p, r, 0.5}, &policy); /* with no tape open: the caller's */
    assert_values(v, (const double[]){1.65, 0.95}, 1e-14);
    assert_int_equal(((const int64_t *)wg_data(policy))[0], 0);
    assert_int_equal(((const int64_t *)wg_data(policy))[1], 1);
    wg_free(p), wg_free(r), wg_free(v), wg_free(policy);
    assert_no_error();
}

/* In state 0 action 2 ends with 9 at once; action 1 leads to state 1, which ends with 10: worth 0.9 · 10 once state 1 does its best, and so the first. */
static void an_action_that_becomes_as_good_is_the_first(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const double end[] = {0, 0, 1}, on[] = {0, 1, 0}, *const to[3][3] = {{end, on, end}, {end, end, end}, {end, end, end}};
    double p[27];
    for (int i = 0; i < 27; i++)
        p[i] = to[i / 9][i / 3 % 3][i % 3];
    const double r[] = {0, 0, 9, 0, 10, 0, 0, 0, 0};
    wg_tensor *policy, *v = wg_rl_mdp_optimum((wg_rl_mdp){wg_from(p, WG_SHAPE(3, 3, 3)), wg_from(r, WG_SHAPE(3, 3)), 0.9}, &policy);
    assert_values(v, (const double[]){9, 10, 0}, 1e-14);
    const int64_t *action = wg_data(policy);
    assert_true(action[0] == 1 && action[1] == 1 && action[2] == 0);
    assert_no_error();
}

/* A path through three states with rewards 1, 2, 4, and then nothing. */
static wg_rl_mdp path(double gamma)
{
    static const double p[] = {0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1}, r[] = {1, 2, 4, 0};
    return (wg_rl_mdp){wg_from(p, WG_SHAPE(4, 1, 4)), wg_from(r, WG_SHAPE(4, 1)), gamma};
}

/* The texts' R_{t+1} = R(S_t, A_t) makes R₂ = 1, R₃ = 2, R₄ = 4 of the path. Z = Σ γ^{t-1} R_{t+1} is V(S₁). The sum that is printed beside it,
   Σ γ^{t-1} R_t, has the same rewards a power of γ later and an R₁ that no step of the episode has paid. */
static void erratum_16_the_return_begins_with_the_second_reward(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const double gamma = 0.5, reward[] = {NAN, 0, 1, 2, 4}; /* by their index; R₁: as if nothing was paid before */
    double right = 0, printed = 0, z[3];
    for (int t = 1; t <= 3; t++)
        right += pow(gamma, t - 1) * reward[t + 1];
    for (int t = 1; t <= 4; t++)
        printed += pow(gamma, t - 1) * reward[t];
    const wg_rl_mdp mdp = path(gamma);
    wg_tensor *only = wg_zeros(WG_I64, WG_SHAPE(4)), *start = wg_from(((const double[]){1, 0, 0, 0}), WG_SHAPE(4));
    const double v = wg_item(wg_rl_mdp_return(mdp, only, start));
    assert_close(v, 3, 1e-15);
    assert_close(v, right, 1e-15);
    assert_close(printed, gamma * v, 1e-15); /* 1.5 */
    assert_true(fabs(printed - v) > 1);
    assert_int_equal(wg_rl_returns(reward + 2, 3, gamma, 0, z), WG_OK);
    assert_close(z[0], 3, 0), assert_close(z[1], 4, 0), assert_close(z[2], 4, 0);
    assert_int_equal(wg_rl_returns(reward + 2, 2, gamma, 4, z), WG_OK); /* left before the end, with the value of where it was */
    assert_close(z[0], 3, 0);
    assert_values(wg_rl_mdp_values(mdp, only), (const double[]){3, 4, 4, 0}, 1e-15);
    assert_no_error();
}

struct world {
    wg_rl_mdp mdp;
    wg_tensor *start;
};

static wg_tensor *return_of_logits(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    const struct world *w = context;
    return wg_rl_mdp_return(w->mdp, wg_softmax(x[0], .axis = 1), w->start);
}

static wg_tensor *return_of_tables(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    const struct world *w = context;
    const wg_rl_mdp mdp = {wg_softmax(x[0], .axis = 2), x[1], 0.9};
    return wg_sum(wg_mul(wg_rl_mdp_optimum(mdp, NULL), w->start));
}

/* By finite differences to second order, and by the policy gradient theorem, ∇J = Σ_s ρ(s) Σ_a ∇π(a|s) Q(s, a). */
static void the_policy_gradient_theorem_holds(void **state)
{
    (void)state;
    WG_TAPE(tape);
    struct world w = {example(), chances(WG_SHAPE(STATES), 11)};
    wg_tensor *x[] = {formula(WG_SHAPE(STATES, ACTIONS), 5)},
              *tables[] = {formula(WG_SHAPE(STATES, ACTIONS, STATES), 2), w.mdp.rewards};
    if (wg_gradcheck(return_of_logits, &w, x, 1) != WG_OK || wg_gradgradcheck(return_of_logits, &w, x, 1) != WG_OK ||
        wg_gradcheck(return_of_tables, &w, tables, 2) != WG_OK)
        fail_msg("%s", wg_error_first()->message);
    wg_tensor *theta = wg_set_requires_grad(x[0], true), *pi = wg_softmax(theta, .axis = 1);
    wg_tensor *g = wg_grad(wg_rl_mdp_return(w.mdp, pi, w.start), theta);
    wg_tensor *q = wg_detach(wg_rl_mdp_action_values(w.mdp, pi)), *rho = wg_detach(wg_rl_mdp_visits(w.mdp, pi, w.start));
    wg_tensor *theorem = wg_grad(wg_dot(rho, wg_sum(wg_mul(pi, q), .axis = 1)), theta);
    assert_values(theorem, wg_data(wg_copy(g)), 1e-14);
    assert_no_error();
}

/* ---- linear dynamics, quadratic cost ---- */

/* A problem whose matrices are the caller's arrays. */
struct numbers {
    int64_t n, m;
    double a[16], b[8], q[16], r[4], gamma;
};

static wg_rl_lqr_problem problem_of(const struct numbers *c)
{
    return (wg_rl_lqr_problem){wg_from(c->a, WG_SHAPE(c->n, c->n)), wg_from(c->b, WG_SHAPE(c->n, c->m)),
                               wg_from(c->q, WG_SHAPE(c->n, c->n)), wg_from(c->r, WG_SHAPE(c->m, c->m)), c->gamma};
}

/* ẍ and θ̈ of the cart and pole near θ = 0, by explicit Euler steps of 0.02 s. */
static struct numbers cart_pole(void)
{
    const double step = 0.02, c = 1 / (0.5 * (4.0 / 3 - 0.1 / 1.1)), angle = 9.8 * c, force = -c / 1.1;
    return (struct numbers){4,
                            1,
                            {1, step, 0, 0, 0, 1, -step * 0.05 * angle / 1.1, 0, 0, 0, 1, step, 0, 0, step * angle, 1},
                            {0, step * (1 / 1.1 - 0.05 * force / 1.1), 0, step * force},
                            {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1},
                            {1},
                            1};
}

/* Published digits: half of the last one is the tolerance. */
static const struct published {
    struct numbers problem;
    double gain[4], tolerance;
    int values;
    double value[4], value_tolerance; /* the upper triangle of P */
} published[] = {
    {{1, 1, {1}, {1}, {1}, {1}, 1}, {.6180339887}, 5.1e-11, 1, {1.6180339887}, 5.1e-11},
    {{1, 1, {1.1}, {1}, {1}, {1}, 1}, {.703427928856}, 5.1e-13, 1, {1.773770721741}, 5.1e-13},
    {{2, 1, {1, .1, 0, 1}, {.005, .1}, {1, 0, 0, 1}, {.1}, 1},
     {2.585700896660, 3.443435917845},
     5.1e-13,
     3,
     {13.317224441131, 3.201562118716, 4.603514023781},
     5.1e-13},
    {{2, 1, {1, .1, 0, 1}, {.005, .1}, {1, 0, 0, 1}, {.1}, .99},
     {2.431279548381, 3.363814798637},
     5.1e-13,
     3,
     {12.528268126074, 3.007692954685, 4.514199446371},
     5.1e-13},
    {{2, 1, {1.0375, .05, .75, 1}, {.0075, .15}, {1, 0, 0, .1}, {.001}, 1},
     {19.693216546763, 5.262500081365},
     5.1e-13,
     3,
     {7.342248807, .131288110, .135083334},
     5.1e-10},
};

static void assert_digits(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("got %.15g, expected %.15g to %g", got, expected, tolerance);
}

static void optimal_gains_have_their_published_digits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        WG_TAPE(tape);
        const struct published *c = &published[i];
        wg_tensor *gain, *value;
        assert_int_equal(wg_rl_lqr_solve(problem_of(&c->problem), &gain, &value), WG_OK);
        double k[4], p[16];
        assert_int_equal(wg_read(gain, k) || wg_read(value, p), WG_OK);
        for (int j = 0; j < c->problem.n; j++)
            assert_digits(k[j], c->gain[j], c->tolerance);
        for (int j = 0, row = 0, column = 0; j < c->values; j++) {
            assert_digits(p[row * c->problem.n + column], c->value[j], c->value_tolerance);
            column = column + 1 < c->problem.n ? column + 1 : ++row;
        }
    }
    assert_no_error();
}

static void the_cart_and_pole_has_its_published_gain(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const struct numbers numbers = cart_pole();
    wg_tensor *gain;
    assert_int_equal(wg_rl_lqr_solve(problem_of(&numbers), &gain, NULL), WG_OK);
    is_golden(gain, "cart_pole_gain", 1e-12);
    const double *k = wg_data(gain), digits[] = {-.9101264, -2.1324880, -30.5945630, -7.8415055};
    for (int i = 0; i < 4; i++)
        assert_digits(k[i], digits[i], 5.1e-8);
    assert_no_error();
}

/* Dean and others (2017): the mean cost of a step with noise of variance 1 is tr P. */
static void the_chain_of_three_has_its_published_digits(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *one = wg_diag(wg_ones(WG_F64, WG_SHAPE(3))), *a = wg_mul_scalar(one, 1.01), *two = wg_full(WG_F64, WG_SHAPE(2), .01);
    a = wg_add(a, wg_add(wg_diag(two, .offset = 1), wg_diag(two, .offset = -1)));
    const wg_rl_lqr_problem problem = {a, one, wg_mul_scalar(one, 1e-3), one, 1};
    wg_tensor *gain, *value;
    assert_int_equal(wg_rl_lqr_solve(problem, &gain, &value), WG_OK);
    const double *k = wg_data(gain), expected[] = {.043730946607, .012508643247, .001269358445};
    for (int i = 0; i < 3; i++)
        assert_digits(k[i], expected[i], 5.1e-13);
    assert_digits(wg_item(wg_sum(wg_diagonal(value))), .137287165978, 5.1e-13);
    assert_digits(wg_item(wg_rl_lqr_cost(problem, gain, .noise = one)), .137287165978, 5.1e-13);
    assert_no_error();
}

/* ---- against mpmath, at a gain that is not the best ---- */

enum { N = 4, M = 2 };

static wg_rl_lqr_problem mpmaths(double gamma)
{
    wg_tensor *q = formula(WG_SHAPE(N, N), 9), *r = formula(WG_SHAPE(M, M), 13);
    q = wg_matmul(wg_transpose(q, 0, 1), q);
    r = wg_add(wg_matmul(wg_transpose(r, 0, 1), r), wg_diag(wg_ones(WG_F64, WG_SHAPE(M))));
    wg_tensor *a = wg_add(wg_mul_scalar(formula(WG_SHAPE(N, N), 0), 0.8), wg_diag(wg_full(WG_F64, WG_SHAPE(N), 0.9)));
    return (wg_rl_lqr_problem){a, formula(WG_SHAPE(N, M), 5), q, r, gamma};
}

static wg_rl_lqr_options sources(double gamma)
{
    wg_tensor *one = wg_diag(wg_ones(WG_F64, WG_SHAPE(N)));
    wg_rl_lqr_options options = {.start = WG_NONE, .noise = wg_mul_scalar(one, 0.01)};
    if (gamma < 1)
        options.start = wg_add(one, wg_full(WG_F64, WG_SHAPE(N, N), 0.1));
    return options;
}

static void linear_problems_have_mpmaths_values(void **state)
{
    (void)state;
    for (int average = 0; average < 2; average++) {
        WG_TAPE(tape);
        const char *name = average ? "average" : "discounted";
        const double gamma = average ? 1 : 0.95;
        const wg_rl_lqr_problem p = mpmaths(gamma);
        const wg_rl_lqr_options o = sources(gamma);
        char of[60];
        wg_tensor *gain, *value;
        assert_int_equal(wg_rl_lqr_solve(p, &gain, &value), WG_OK);
#define OF(what) (snprintf(of, sizeof of, "%s_" what, name), of)
        is_golden(gain, OF("gain"), 1e-11);
        is_golden(value, OF("value"), 1e-12);
        wg_tensor *other = wg_add(gain, wg_mul_scalar(formula(WG_SHAPE(M, N), 2), 0.1));
        is_golden(wg_rl_lqr_value(p, other), OF("other"), 1e-12);
        is_golden(wg_rl_lqr_moment_with(p, other, o), OF("moment"), 1e-12);
        is_golden(wg_rl_lqr_cost_with(p, other, o), OF("cost"), 1e-12);
        is_golden(wg_rl_lqr_gradient_with(p, other, o), OF("gradient"), 1e-12);
        is_golden(wg_scalar(WG_F64, wg_rl_lqr_radius(p, other)), OF("radius"), 1e-12);
#undef OF
    }
    assert_no_error();
}

/* ---- the policy gradient ---- */

struct lqr {
    wg_rl_lqr_problem problem;
    wg_rl_lqr_options options;
    int steps;
};

static wg_tensor *cost_of_gain(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    const struct lqr *c = context;
    return wg_rl_lqr_cost_with(c->problem, x[0], c->options);
}

/* Σ_t γᵗ cost of the process itself, from the columns of a root of X₀, whose noise has none. */
static wg_tensor *cost_of_rollout(wg_tensor *const *in, size_t n, void *context)
{
    (void)n;
    const struct lqr *c = context;
    const wg_rl_lqr_problem *p = &c->problem;
    wg_tensor *x = wg_cholesky(c->options.start), *sum = NULL;
    double weight = 1;
    for (int t = 0; t < c->steps; t++, weight *= p->gamma) {
        wg_tensor *u = wg_neg(wg_matmul(in[0], x));
        wg_tensor *paid = wg_add(wg_sum(wg_mul(x, wg_matmul(p->q, x))), wg_sum(wg_mul(u, wg_matmul(p->r, u))));
        sum = sum ? wg_add(sum, wg_mul_scalar(paid, weight)) : paid;
        x = wg_add(wg_matmul(p->a, x), wg_matmul(p->b, u));
    }
    return sum;
}

/* 2 ((R + γBᵀPB) K - γBᵀPA) Σ: by autodiff through the Lyapunov equation, through the steps themselves, and by finite differences. */
static void the_gradient_is_the_closed_form(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        WG_TAPE(tape);
        struct lqr c = {.problem = mpmaths(i == 2 ? 1 : 0.95), .options = sources(i == 2 ? 1 : 0.95), .steps = 60};
        if (i == 0)
            c.options.noise = WG_NONE;
        wg_tensor *best, *x[1];
        assert_int_equal(wg_rl_lqr_solve(c.problem, &best, NULL), WG_OK);
        x[0] = wg_set_requires_grad(wg_detach(wg_add(best, wg_mul_scalar(formula(WG_SHAPE(M, N), 2), 0.1))), true);
        wg_tensor *closed = wg_copy(wg_rl_lqr_gradient_with(c.problem, x[0], c.options));
        wg_tensor *found = wg_copy(wg_grad(cost_of_gain(x, 1, &c), x[0]));
        assert_values(found, wg_data(closed), 1e-12);
        if (i == 0)
            assert_values(wg_copy(wg_grad(cost_of_rollout(x, 1, &c), x[0])), wg_data(closed), 1e-12);
        if (wg_gradcheck(cost_of_gain, &c, x, 1, .rtol = 1e-8) != WG_OK || wg_gradgradcheck(cost_of_gain, &c, x, 1) != WG_OK)
            fail_msg("%s", wg_error_first()->message);
        /* Control: one without the discount in the middle is another. */
        wg_rl_lqr_problem other = c.problem;
        other.gamma = 0.9;
        wg_tensor *wrong = wg_rl_lqr_gradient(other, x[0], .start = wg_diag(wg_ones(WG_F64, WG_SHAPE(N))));
        assert_true(wg_item(wg_norm(wg_sub(wrong, closed))) > 0.1 * wg_item(wg_norm(closed)));
    }
    assert_no_error();
}

/* At the optimum it is 0, and any other gain costs more by tr(Σ' (K - K*)ᵀ (R + γBᵀPB) (K - K*)). */
static void the_optimum_is_one(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const wg_rl_lqr_problem p = mpmaths(0.95);
    const wg_rl_lqr_options o = sources(0.95);
    wg_tensor *best, *value;
    assert_int_equal(wg_rl_lqr_solve(p, &best, &value), WG_OK);
    assert_true(wg_item(wg_norm(wg_rl_lqr_gradient_with(p, best, o), .p = INFINITY)) < 1e-12);
    wg_tensor *step = wg_mul_scalar(formula(WG_SHAPE(M, N), 2), 0.1), *other = wg_add(best, step), *b = p.b;
    wg_tensor *inner = wg_add(p.r, wg_mul_scalar(wg_matmul(wg_transpose(b, 0, 1), wg_matmul(value, b)), p.gamma));
    wg_tensor *more = wg_sum(
        wg_mul(wg_matmul(wg_transpose(step, 0, 1), wg_matmul(inner, step)), wg_rl_lqr_moment_with(p, other, o)));
    const double gap = wg_item(wg_rl_lqr_cost_with(p, other, o)) - wg_item(wg_rl_lqr_cost_with(p, best, o));
    assert_close(gap, wg_item(more), 1e-12);
    assert_true(gap > 0);
    assert_no_error();
}

/* zᵀHz for z = (x, u) is the cost of u in x and of the gain from then on: of x alone it is xᵀPx at u = -Kx. */
static void the_action_value_is_bellmans(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const wg_rl_lqr_problem p = mpmaths(0.95);
    wg_tensor *best, *value;
    assert_int_equal(wg_rl_lqr_solve(p, &best, NULL), WG_OK);
    wg_tensor *gain = wg_add(best, wg_mul_scalar(formula(WG_SHAPE(M, N), 2), 0.1)), *h = wg_rl_lqr_action_value(p, gain);
    value = wg_rl_lqr_value(p, gain);
    wg_tensor *one = wg_diag(wg_ones(WG_F64, WG_SHAPE(N))), *parts[] = {one, wg_neg(gain)}, *z = wg_concat(parts, 2, 0);
    assert_values(wg_matmul(wg_transpose(z, 0, 1), wg_matmul(h, z)), wg_data(value), 1e-12);
    wg_tensor *x = formula(WG_SHAPE(N, 1), 4), *u = formula(WG_SHAPE(M, 1), 6), *xu[] = {x, u}, *any = wg_concat(xu, 2, 0);
    wg_tensor *next = wg_add(wg_matmul(p.a, x), wg_matmul(p.b, u));
#define FORM(m, y) wg_item(wg_sum(wg_mul(y, wg_matmul(m, y))))
    assert_close(FORM(h, any), FORM(p.q, x) + FORM(p.r, u) + p.gamma * FORM(value, next), 1e-13);
#undef FORM
    assert_no_error();
}

/* The gain is differentiable: by finite differences, and d tr(P X)/dq is Σ of the optimal gain. */
static wg_tensor *optimum_of_q(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    const struct lqr *c = context;
    wg_rl_lqr_problem p = c->problem;
    wg_tensor *gain, *value;
    p.q = wg_matmul(wg_transpose(x[0], 0, 1), x[0]), p.a = x[1], p.b = x[2];
    return wg_rl_lqr_solve(p, &gain, &value) == WG_OK ? wg_add(wg_sum_squares(gain), wg_sum(wg_mul(value, c->options.start)))
                                                      : NULL;
}

static void the_optimum_can_be_differentiated(void **state)
{
    (void)state;
    WG_TAPE(tape);
    struct lqr c = {.problem = mpmaths(0.95), .options = sources(0.95)};
    wg_tensor *x[] = {formula(WG_SHAPE(N, N), 9), c.problem.a, c.problem.b};
    if (wg_gradcheck(optimum_of_q, &c, x, 3) != WG_OK)
        fail_msg("%s", wg_error_first()->message);
}

/* ---- problems without an answer ---- */

static void problems_without_an_answer_are_refused(void **state)
{
    (void)state;
    wg_tensor *gain, *value = NULL;
    const struct numbers uncontrollable = {2, 1, {1.2, 0, 0, .5}, {0, 1}, {1, 0, 0, 1}, {1}, 1},
                         unseen = {1, 1, {2}, {1}, {0}, {1}, 1},
                         discounted = {2, 1, {1.2, 0, 0, .5}, {0, 1}, {1, 0, 0, 1}, {1}, .69};
    {
        WG_TAPE(tape);
        assert_int_equal(wg_rl_lqr_solve(problem_of(&uncontrollable), &gain, &value), WG_E_NUMERIC);
        assert_error(WG_E_NUMERIC, "rl_lqr_solve: the cost of no policy is finite: expected (√γ a, √γ b) that can be stabilised");
        assert_true(!gain && !value);
    }
    {
        WG_TAPE(tape);
        assert_int_equal(wg_rl_lqr_solve(problem_of(&unseen), &gain, &value), WG_E_NUMERIC);
        assert_error(WG_E_NUMERIC, "rl_lqr_solve: the solution is not stable: expected q to see every state");
    }
    {
        WG_TAPE(tape); /* 1.2² 0.69 < 1: the discount makes the same growth affordable */
        assert_int_equal(wg_rl_lqr_solve(problem_of(&discounted), &gain, &value), WG_OK);
        const wg_rl_lqr_problem p = problem_of(&published[1].problem);
        wg_tensor *weak = wg_full(WG_F64, WG_SHAPE(1, 1), 0.05);
        assert_close(wg_rl_lqr_radius(p, weak), 1.05, 1e-14);
        assert_null(wg_rl_lqr_value(p, weak));
        assert_error(WG_E_NUMERIC, "rl_lqr_value: the gain does not keep the cost finite: expected the spectral radius of "
                                   "√γ (a - b gain) below 1, got 1.05");
    }
}

/* Slow modes, large ones that cancel, turning ones: the radius is that of the eigenvalues. */
static void the_radius_is_exact(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const double turn[] = {0.6, -0.8, 0.8, 0.6}, shear[] = {0.999, 1e6, 0, 0.999}, nil[] = {0, 1e8, 0, 0};
    const double *const a[] = {turn, shear, nil}, expected[] = {1, 0.999, 0};
    wg_tensor *one = wg_diag(wg_ones(WG_F64, WG_SHAPE(2))), *none = wg_zeros(WG_F64, WG_SHAPE(2, 2));
    for (int i = 0; i < 3; i++)
        assert_close(wg_rl_lqr_radius((wg_rl_lqr_problem){wg_from(a[i], WG_SHAPE(2, 2)), one, one, one, 1}, none), expected[i],
                     1e-12);
    /* and of a loop of radius 1 - 1e-9 the cost is right: 1/(1 - f²) */
    wg_tensor *a1 = wg_full(WG_F64, WG_SHAPE(1, 1), 1 - 1e-9), *b1 = wg_ones(WG_F64, WG_SHAPE(1, 1)),
              *k = wg_zeros(WG_F64, WG_SHAPE(1, 1));
    const double f = 1 - 1e-9;
    wg_tensor *p = wg_rl_lqr_value((wg_rl_lqr_problem){a1, b1, b1, b1, 1}, k);
    assert_close(wg_item(p) * (1 - f * f), 1, 1e-6);
    assert_no_error();
}

/* With no tape open results are the caller's, and nothing else is left. */
static void results_are_the_callers(void **state)
{
    (void)state;
    const double one[] = {1, 0, 0, 1};
    const wg_rl_lqr_problem p = {filled(WG_F64, WG_SHAPE(2, 2), 0), filled(WG_F64, WG_SHAPE(2, 1), 5), wg_from(one, WG_SHAPE(2, 2)),
                                 wg_ones(WG_F64, WG_SHAPE(1, 1)), 0.9};
    wg_tensor *gain, *value, *all[6];
    assert_int_equal(wg_rl_lqr_solve(p, &gain, NULL), WG_OK);
    assert_int_equal(wg_rl_lqr_solve(p, &all[0], &value), WG_OK);
    all[1] = wg_rl_lqr_value(p, gain), all[2] = wg_rl_lqr_moment(p, gain, .start = p.q),
    all[3] = wg_rl_lqr_cost(p, gain, .start = p.q);
    all[4] = wg_rl_lqr_gradient(p, gain, .start = p.q, .noise = p.q), all[5] = wg_rl_lqr_action_value(p, gain);
    for (int i = 0; i < 6; i++)
        assert_non_null(all[i]), wg_free(all[i]);
    wg_free(gain), wg_free(value), wg_free(p.a), wg_free(p.b), wg_free(p.q), wg_free(p.r);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finite_processes_have_numpys_values),
        TEST(identities_hold),
        TEST(the_optimum_is_the_best_of_all_policies),
        TEST(equal_actions_give_the_first),
        TEST(an_action_that_becomes_as_good_is_the_first),
        TEST(erratum_16_the_return_begins_with_the_second_reward),
        TEST(the_policy_gradient_theorem_holds),
        TEST(optimal_gains_have_their_published_digits),
        TEST(the_cart_and_pole_has_its_published_gain),
        TEST(the_chain_of_three_has_its_published_digits),
        TEST(linear_problems_have_mpmaths_values),
        TEST(the_gradient_is_the_closed_form),
        TEST(the_optimum_is_one),
        TEST(the_action_value_is_bellmans),
        TEST(the_optimum_can_be_differentiated),
        TEST(problems_without_an_answer_are_refused),
        TEST(the_radius_is_exact),
        TEST(results_are_the_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
