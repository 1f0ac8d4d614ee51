/* Misuse of exact answers: tables of decision processes, linear problems. */
#include <math.h>

#include "misuse.h"

/* Valid tables, on the open tape. */
static wg_tensor *half(void)
{
    return made(wg_full(WG_F64, WG_SHAPE(2, 2), 0.5));
}

static wg_tensor *eye(void)
{
    return made(wg_from(((const double[]){1, 0, 0, 1}), WG_SHAPE(2, 2)));
}

static wg_tensor *pair(double a, double b)
{
    return made(wg_from(((const double[]){a, b}), WG_SHAPE(2)));
}

/* As pair, with rows a, b and c, d. */
static wg_tensor *square(double a, double b, double c, double d)
{
    return made(wg_from(((const double[]){a, b, c, d}), WG_SHAPE(2, 2)));
}

static void misuse_returns(void)
{
    double z[2] = {5, 6};
    const double reward[2] = {1, 2};
    assert_fails(wg_rl_returns(NULL, 2, 0.9, 0, z), WG_E_NULL, "rl_returns: reward is NULL");
    assert_fails(wg_rl_returns(reward, 2, 0.9, 0, NULL), WG_E_NULL, "rl_returns: z is NULL");
    assert_fails(wg_rl_returns(reward, -1, 0.9, 0, z), WG_E_ARGUMENT, "rl_returns: expected n of at least 0, got -1");
    assert_fails(wg_rl_returns(reward, 2, 1.1, 0, z), WG_E_ARGUMENT, "rl_returns: expected gamma in [0, 1], got 1.1");
    assert_fails(wg_rl_returns(reward, 2, (double)NAN, 0, z), WG_E_ARGUMENT, "rl_returns: expected gamma in [0, 1], got nan");
    assert_ok(wg_rl_returns(NULL, 0, 0.9, 0, NULL));
    assert_true(z[0] == 5 && z[1] == 6);
}

static void misuse_chains(void)
{
    wg_tensor *p = half(), *v = pair(0.25, 0.75);
    REFUSED("rl_chain_values", wg_rl_chain_values(bad, v, 0.9));
    REFUSED("rl_chain_values", wg_rl_chain_values(p, bad, 0.9));
    REFUSED("rl_chain_visits", wg_rl_chain_visits(bad, v, 0.9));
    REFUSED("rl_chain_visits", wg_rl_chain_visits(p, bad, 0.9));
    const double gammas[] = {1, -0.1, 2, (double)NAN};
    for (int i = 0; i < 4; i++) {
        assert_null_and_error(wg_rl_chain_values(p, v, gammas[i]), WG_E_ARGUMENT, "rl_chain_values: expected gamma in [0, 1), got");
        assert_null_and_error(wg_rl_chain_visits(p, v, gammas[i]), WG_E_ARGUMENT, "rl_chain_visits: expected gamma in [0, 1), got");
    }
    assert_null_and_error(wg_rl_chain_values(fx.odd, v, 0.9), WG_E_DTYPE, "rl_chain_values: expected p of dtype f64, got f32");
    assert_null_and_error(wg_rl_chain_values(fx.wide, v, 0.9), WG_E_SHAPE,
                          "rl_chain_values: expected p of shape (2, 2), got [2, 3]");
    assert_null_and_error(wg_rl_chain_values(v, v, 0.9), WG_E_SHAPE, "rl_chain_values: expected p of shape (any, any), got [2]");
    assert_null_and_error(wg_rl_chain_values(p, p, 0.9), WG_E_SHAPE, "rl_chain_values: expected r of shape (2), got [2, 2]");
    assert_null_and_error(wg_rl_chain_values(square(.5, .5, .5, .4), v, 0.9), WG_E_ARGUMENT,
                          "rl_chain_values: expected probabilities p that sum to 1, got 0.9 in row 1");
    assert_null_and_error(wg_rl_chain_values(square(1.5, -.5, .5, .5), v, 0.9), WG_E_ARGUMENT,
                          "rl_chain_values: expected probabilities p of at least 0, got -0.5 at element 1");
    assert_null_and_error(wg_rl_chain_values(square(1, 0, (double)NAN, 1), v, 0.9), WG_E_ARGUMENT,
                          "rl_chain_values: expected probabilities p to be finite, got nan at element 2");
    assert_null_and_error(wg_rl_chain_values(p, pair(1, (double)INFINITY), 0.9), WG_E_ARGUMENT,
                          "rl_chain_values: expected r to be finite, got inf at element 1");
    assert_null_and_error(wg_rl_chain_visits(p, pair(1, 1), 0.9), WG_E_ARGUMENT,
                          "rl_chain_visits: expected probabilities start that sum to 1, got 2 in row 0");
}

/* Each function of a process, with what is wrong about the process or its policy. */
static void refused_process(wg_rl_mdp mdp, wg_tensor *policy, bool of_policy, wg_status code, const char *text)
{
    char whole[200];
    wg_tensor *p, *r, *start = pair(0.5, 0.5);
#define SAYS(op) (snprintf(whole, sizeof whole, op ": %s", text), whole)
    assert_null_and_error(wg_rl_mdp_values(mdp, policy), code, SAYS("rl_mdp_values"));
    assert_null_and_error(wg_rl_mdp_action_values(mdp, policy), code, SAYS("rl_mdp_action_values"));
    assert_null_and_error(wg_rl_mdp_return(mdp, policy, start), code, SAYS("rl_mdp_return"));
    assert_null_and_error(wg_rl_mdp_visits(mdp, policy, start), code, SAYS("rl_mdp_visits"));
    assert_fails(wg_rl_mdp_chain(mdp, policy, &p, &r), code, SAYS("rl_mdp_chain"));
    assert_true(!p && !r);
    if (of_policy)
        return;
    wg_tensor *best = policy;
    assert_null_and_error(wg_rl_mdp_backup(mdp, start), code, SAYS("rl_mdp_backup"));
    assert_null_and_error(wg_rl_mdp_optimum(mdp, &best), code, SAYS("rl_mdp_optimum"));
    assert_null(best);
    assert_null_and_error(wg_rl_mdp_optimum(mdp, NULL), code, SAYS("rl_mdp_optimum"));
#undef SAYS
}

static void misuse_processes(void)
{
    wg_tensor *t = made(wg_full(WG_F64, WG_SHAPE(2, 2, 2), 0.5)), *r = eye(), *pi = half(), *p;
    const wg_rl_mdp mdp = {t, r, 0.9};
    FOR_EACH_BAD(IS_NULL, refused_process((wg_rl_mdp){bad, r, 0.9}, pi, false, code, "");
                 refused_process((wg_rl_mdp){t, bad, 0.9}, pi, false, code, ""); refused_process(mdp, bad, true, code, ""));
    REFUSED("rl_mdp_return", wg_rl_mdp_return(mdp, pi, bad));
    REFUSED("rl_mdp_visits", wg_rl_mdp_visits(mdp, pi, bad));
    REFUSED("rl_mdp_backup", wg_rl_mdp_backup(mdp, bad));
    refused_process((wg_rl_mdp){t, r, 1}, pi, false, WG_E_ARGUMENT, "expected gamma in [0, 1), got 1");
    refused_process((wg_rl_mdp){r, r, 0.9}, pi, false, WG_E_SHAPE, "expected transitions of shape (any, any, any), got [2, 2]");
    refused_process((wg_rl_mdp){made(wg_full(WG_F64, WG_SHAPE(3, 2, 2), 0.5)), r, 0.9}, pi, false, WG_E_SHAPE,
                    "expected transitions of shape (3, 2, 3), got [3, 2, 2]");
    refused_process((wg_rl_mdp){t, fx.wide, 0.9}, pi, false, WG_E_SHAPE, "expected rewards of shape (2, 2), got [2, 3]");
    refused_process((wg_rl_mdp){made(wg_mul_scalar(t, 0.9)), r, 0.9}, pi, false, WG_E_ARGUMENT,
                    "expected transitions that sum to 1, got 0.9 in row 0");
    refused_process((wg_rl_mdp){t, square(1, 1, 1, (double)NAN), 0.9}, pi, false, WG_E_ARGUMENT,
                    "expected rewards to be finite, got nan at element 3");
    refused_process(mdp, square(1, 0, 1, 1), true, WG_E_ARGUMENT, "expected probabilities that sum to 1, got 2 in row 1");
    refused_process(mdp, pair(1, 0), true, WG_E_SHAPE, "expected the policy of shape (2, 2), got [2]");
    refused_process(mdp, made(wg_from(((const int64_t[]){0, 2}), WG_SHAPE(2))), true, WG_E_ARGUMENT,
                    "expected actions in 0 … 1, got 2 in state 1");
    refused_process(mdp, made(wg_from(((const int64_t[]){0, 1, 0}), WG_SHAPE(3))), true, WG_E_SHAPE,
                    "expected a policy of shape (2) or (2, 2), got [3]");
    refused_process(mdp, fx.bytes, true, WG_E_DTYPE, "expected the policy of dtype f64, got u8");
    assert_fails(wg_rl_mdp_chain(mdp, pi, NULL, &p), WG_E_NULL, "rl_mdp_chain: p is NULL");
    assert_fails(wg_rl_mdp_chain(mdp, pi, &p, NULL), WG_E_NULL, "rl_mdp_chain: r is NULL");
    assert_null_and_error(wg_rl_mdp_return(mdp, pi, pair(1, 1)), WG_E_ARGUMENT, "rl_mdp_return: expected probabilities start");
}

/* Each function of a linear problem, with what is wrong about it or the gain. */
static void refused_problem(wg_rl_lqr_problem p, wg_tensor *gain, bool of_gain, wg_status code, const char *text)
{
    char whole[300];
    wg_tensor *k, *v, *x = eye();
#define SAYS(op) (snprintf(whole, sizeof whole, op ": %s", text), whole)
    assert_null_and_error(wg_rl_lqr_value(p, gain), code, SAYS("rl_lqr_value"));
    assert_null_and_error(wg_rl_lqr_moment(p, gain, .start = x), code, SAYS("rl_lqr_moment"));
    assert_null_and_error(wg_rl_lqr_cost(p, gain, .start = x), code, SAYS("rl_lqr_cost"));
    assert_null_and_error(wg_rl_lqr_gradient(p, gain, .start = x), code, SAYS("rl_lqr_gradient"));
    assert_null_and_error(wg_rl_lqr_action_value(p, gain), code, SAYS("rl_lqr_action_value"));
    if (code != WG_E_NUMERIC) {
        assert_true(isnan(wg_rl_lqr_radius(p, gain)));
        expect_error(code, SAYS("rl_lqr_radius"));
    }
    if (of_gain)
        return;
    assert_fails(wg_rl_lqr_solve(p, &k, &v), code, SAYS("rl_lqr_solve"));
    assert_true(!k && !v);
#undef SAYS
}

static void misuse_problems(void)
{
    wg_tensor *a = half(), *one = eye(), *gain = square(.1, 0, 0, .1);
    const wg_rl_lqr_problem right = {a, one, one, one, 0.9};
    FOR_EACH_BAD(IS_NULL, refused_problem((wg_rl_lqr_problem){bad, one, one, one, 0.9}, gain, false, code, "");
                 refused_problem((wg_rl_lqr_problem){a, bad, one, one, 0.9}, gain, false, code, "");
                 refused_problem((wg_rl_lqr_problem){a, one, bad, one, 0.9}, gain, false, code, "");
                 refused_problem((wg_rl_lqr_problem){a, one, one, bad, 0.9}, gain, false, code, "");
                 refused_problem(right, bad, true, code, ""));
    const double gammas[] = {0, -1, 1.01, (double)NAN};
    for (int i = 0; i < 4; i++)
        refused_problem((wg_rl_lqr_problem){a, one, one, one, gammas[i]}, gain, false, WG_E_ARGUMENT,
                        "expected gamma in (0, 1], got");
    refused_problem((wg_rl_lqr_problem){fx.wide, one, one, one, 1}, gain, false, WG_E_SHAPE,
                    "expected a of shape (2, 2), got [2, 3]");
    refused_problem((wg_rl_lqr_problem){a, pair(1, 1), one, one, 1}, gain, false, WG_E_SHAPE,
                    "expected b of shape (2, any), got [2]");
    refused_problem((wg_rl_lqr_problem){a, one, fx.wide, one, 1}, gain, false, WG_E_SHAPE,
                    "expected q of shape (2, 2), got [2, 3]");
    refused_problem((wg_rl_lqr_problem){a, one, one, fx.wide, 1}, gain, false, WG_E_SHAPE,
                    "expected r of shape (2, 2), got [2, 3]");
    refused_problem((wg_rl_lqr_problem){a, one, square(1, 1, 0, 1), one, 1}, gain, false, WG_E_ARGUMENT,
                    "expected q to be symmetric, got elements that differ by 1");
    refused_problem((wg_rl_lqr_problem){a, one, square(1, 0, 0, -1), one, 1}, gain, false, WG_E_ARGUMENT,
                    "expected q with eigenvalues of at least 0, got -1");
    refused_problem((wg_rl_lqr_problem){a, one, one, square(1, 0, 0, 0), 1}, gain, false, WG_E_ARGUMENT,
                    "expected r with eigenvalues above 0, got 0");
    refused_problem((wg_rl_lqr_problem){square(1, 0, 0, (double)NAN), one, one, one, 1}, gain, false, WG_E_ARGUMENT,
                    "expected a to be finite, got nan at element 3");
    refused_problem(right, fx.wide, true, WG_E_SHAPE, "expected the gain of shape (2, 2), got [2, 3]");
    refused_problem(right, fx.x, true, WG_E_DTYPE, "expected the gain of dtype f64, got f32");
    refused_problem(right, square(1, 1, 1, (double)INFINITY), true, WG_E_ARGUMENT,
                    "expected the gain to be finite, got inf at element 3");
    refused_problem(right, square(9, 0, 0, 9), true, WG_E_NUMERIC, "the gain does not keep the cost finite");
    assert_fails(wg_rl_lqr_solve(right, NULL, NULL), WG_E_NULL, "rl_lqr_solve: gain is NULL");
}

static void misuse_sources(void)
{
    wg_tensor *one = eye(), *gain = square(.1, 0, 0, .1);
    wg_rl_lqr_problem p = {half(), one, one, one, 0.9};
    REFUSED_BUT_NONE("rl_lqr_cost", wg_rl_lqr_cost(p, gain, .start = bad));
    REFUSED_BUT_NONE("rl_lqr_moment", wg_rl_lqr_moment(p, gain, .noise = bad));
    REFUSED_BUT_NONE("rl_lqr_gradient", wg_rl_lqr_gradient(p, gain, .noise = bad, .start = one));
    assert_null_and_error(wg_rl_lqr_cost(p, gain), WG_E_ARGUMENT,
                          "rl_lqr_cost: expected .start, E[x xᵀ] of the first states, or .noise");
    assert_null_and_error(wg_rl_lqr_moment(p, gain), WG_E_ARGUMENT, "rl_lqr_moment: expected .start");
    assert_null_and_error(wg_rl_lqr_gradient(p, gain), WG_E_ARGUMENT, "rl_lqr_gradient: expected .start");
    assert_null_and_error(wg_rl_lqr_cost(p, gain, .start = fx.wide), WG_E_SHAPE, "rl_lqr_cost: expected start of shape (2, 2)");
    assert_null_and_error(wg_rl_lqr_cost(p, gain, .noise = square(1, 1, 0, 1)), WG_E_ARGUMENT,
                          "rl_lqr_cost: expected noise to be symmetric");
    p.gamma = 1;
    assert_null_and_error(wg_rl_lqr_cost(p, gain, .start = one, .noise = one), WG_E_ARGUMENT,
                          "rl_lqr_cost: with gamma 1 and noise the sum of costs is infinite: expected .noise alone");
}

static const struct misuse table[] = {
    {"wg_rl_returns", misuse_returns},           {"wg_rl_chain_values", misuse_chains},
    {"wg_rl_chain_visits", misuse_chains},       {"wg_rl_mdp_chain", misuse_processes},
    {"wg_rl_mdp_values", misuse_processes},      {"wg_rl_mdp_action_values", misuse_processes},
    {"wg_rl_mdp_return", misuse_processes},      {"wg_rl_mdp_visits", misuse_processes},
    {"wg_rl_mdp_backup", misuse_processes},      {"wg_rl_mdp_optimum", misuse_processes},
    {"wg_rl_lqr_solve", misuse_problems},        {"wg_rl_lqr_radius", misuse_problems},
    {"wg_rl_lqr_value", misuse_problems},        {"wg_rl_lqr_action_value", misuse_problems},
    {"wg_rl_lqr_moment_with", misuse_sources},   {"wg_rl_lqr_cost_with", misuse_sources},
    {"wg_rl_lqr_gradient_with", misuse_sources},
};

MISUSE_MAIN(table)
