/* Finite Markov decision processes, and the chains that policies make of them. */
#include <math.h>
#include <stdlib.h>

#include "exact.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* What one call is asked: a chain, or a process with a policy. last: a third table, of first states or values. */
struct question {
    wg_rl_mdp mdp;
    wg_tensor *policy, *p, *r, *last;
    double gamma;
};

static wg_status check_gamma(double gamma, const char *op)
{
    if (gamma >= 0 && gamma < 1)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected gamma in [0, 1), got %g", op, gamma);
}

/* ---- chains ---- */

static wg_tensor *values_of(wg_tensor *p, wg_tensor *r, double gamma)
{
    const int64_t states = p ? wg_extent(p, 0) : 0;
    wg_tensor *v = wg_solve(wg_sub(exact_eye(states), wg_mul_scalar(p, gamma)), exact_column(r));
    return v ? wg_reshape(v, WG_SHAPE(states)) : NULL;
}

static wg_tensor *visits_of(wg_tensor *p, wg_tensor *start, double gamma)
{
    return p ? values_of(wg_transpose(p, 0, 1), start, gamma) : NULL;
}

static wg_status result(wg_tensor *made, wg_tensor **out)
{
    *out = made;
    return made ? WG_OK : nn_first_error(WG_E_MEMORY);
}

static wg_status check_chain(wg_tensor *p, double gamma, const char *op)
{
    WG_TRY(exact_check(p, WG_SHAPE(-1, -1), op, "p"));
    WG_TRY(exact_check(p, WG_SHAPE(wg_extent(p, 0), wg_extent(p, 0)), op, "p"));
    WG_TRY(exact_check_rows(p, wg_extent(p, 0), op, "probabilities p"));
    return check_gamma(gamma, op);
}

static wg_status check_start(wg_tensor *start, int64_t states, const char *op)
{
    WG_TRY(exact_check(start, WG_SHAPE(states), op, "start"));
    return exact_check_rows(start, states, op, "probabilities start");
}

static wg_status chain_values(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    return result(values_of(q->p, q->r, q->gamma), out);
}

static wg_status chain_visits(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    return result(visits_of(q->p, q->last, q->gamma), out);
}

wg_tensor *wg_rl_chain_values(wg_tensor *p, wg_tensor *r, double gamma)
{
    const char *op = "rl_chain_values";
    const struct question q = {.p = p, .r = r, .gamma = gamma};
    wg_tensor *out = NULL;
    if (check_chain(p, gamma, op) != WG_OK || exact_check(r, WG_SHAPE(wg_extent(p, 0)), op, "r") != WG_OK ||
        exact_check_finite(r, op, "r") != WG_OK)
        return NULL;
    return exact_run(chain_values, &q, &out, 1, op) == WG_OK ? out : NULL;
}

wg_tensor *wg_rl_chain_visits(wg_tensor *p, wg_tensor *start, double gamma)
{
    const char *op = "rl_chain_visits";
    const struct question q = {.p = p, .last = start, .gamma = gamma};
    wg_tensor *out = NULL;
    if (check_chain(p, gamma, op) != WG_OK || check_start(start, wg_extent(p, 0), op) != WG_OK)
        return NULL;
    return exact_run(chain_visits, &q, &out, 1, op) == WG_OK ? out : NULL;
}

/* ---- decision processes ---- */

static wg_status check_mdp(const wg_rl_mdp *mdp, const char *op)
{
    WG_TRY(exact_check(mdp->transitions, WG_SHAPE(-1, -1, -1), op, "transitions"));
    const int64_t states = wg_extent(mdp->transitions, 0), actions = wg_extent(mdp->transitions, 1);
    WG_TRY(exact_check(mdp->transitions, WG_SHAPE(states, actions, states), op, "transitions"));
    WG_TRY(exact_check(mdp->rewards, WG_SHAPE(states, actions), op, "rewards"));
    WG_TRY(exact_check_rows(mdp->transitions, states, op, "transitions"));
    WG_TRY(exact_check_finite(mdp->rewards, op, "rewards"));
    return check_gamma(mdp->gamma, op);
}

static wg_status check_actions(wg_tensor *policy, int64_t states, int64_t actions, const char *op)
{
    char text[200];
    if (wg_rank(policy) != 1 || wg_extent(policy, 0) != states)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected a policy of shape (%lld) or (%lld, %lld), got %s", op, (long long)states,
                            (long long)states, (long long)actions, wg_shape_text(wg_shape_of(policy), text, sizeof text));
    const int64_t *at = wg_data(policy), step = wg_stride(policy, 0);
    for (int64_t s = 0; at && s < states; s++)
        if (at[s * step] < 0 || at[s * step] >= actions)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: expected actions in 0 … %lld, got %lld in state %lld", op,
                                (long long)(actions - 1), (long long)at[s * step], (long long)s);
    return at ? WG_OK : nn_first_error(WG_E_RELEASED);
}

static wg_status check_policy(const wg_rl_mdp *mdp, wg_tensor *policy, const char *op)
{
    const int64_t states = wg_extent(mdp->rewards, 0), actions = wg_extent(mdp->rewards, 1);
    if (policy && wg_is_live(policy) && policy != WG_NONE && wg_dtype_of(policy) == WG_I64)
        return check_actions(policy, states, actions, op);
    WG_TRY(exact_check(policy, WG_SHAPE(states, actions), op, "the policy"));
    return exact_check_rows(policy, actions, op, "probabilities");
}

static wg_status chain_of(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    const int64_t states = wg_extent(q->mdp.rewards, 0), actions = wg_extent(q->mdp.rewards, 1);
    wg_tensor *pi = wg_dtype_of(q->policy) == WG_I64 ? wg_one_hot(q->policy, actions, WG_F64) : q->policy;
    wg_tensor *rows = wg_matmul(wg_reshape(pi, WG_SHAPE(states, 1, actions)), q->mdp.transitions);
    out[0] = wg_reshape(rows, WG_SHAPE(states, states));
    out[1] = wg_sum(wg_mul(pi, q->mdp.rewards), .axis = 1);
    return out[0] && out[1] ? WG_OK : nn_first_error(WG_E_MEMORY);
}

wg_status wg_rl_mdp_chain(wg_rl_mdp mdp, wg_tensor *policy, wg_tensor **p, wg_tensor **r)
{
    const char *op = "rl_mdp_chain";
    const struct question q = {.mdp = mdp, .policy = policy};
    wg_tensor *out[2] = {NULL, NULL};
    if (!p || !r)
        return nn_null_argument(op, p ? "r" : "p");
    *p = *r = NULL;
    WG_TRY(check_mdp(&mdp, op));
    WG_TRY(check_policy(&mdp, policy, op));
    WG_TRY(exact_run(chain_of, &q, out, 2, op));
    *p = out[0], *r = out[1];
    return WG_OK;
}

static wg_tensor *policy_values(const struct question *q)
{
    wg_tensor *chain[2];
    return chain_of(q, chain) == WG_OK ? values_of(chain[0], chain[1], q->mdp.gamma) : NULL;
}

static wg_tensor *backup_of(const struct question *q, wg_tensor *values)
{
    return values ? wg_add(q->mdp.rewards, wg_mul_scalar(wg_matmul(q->mdp.transitions, values), q->mdp.gamma)) : NULL;
}

static wg_status mdp_values(const void *arguments, wg_tensor **out)
{
    return result(policy_values(arguments), out);
}

static wg_status mdp_action_values(const void *arguments, wg_tensor **out)
{
    return result(backup_of(arguments, policy_values(arguments)), out);
}

static wg_status mdp_return(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    return result(wg_dot(q->last, policy_values(q)), out);
}

static wg_status mdp_visits(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    wg_tensor *chain[2];
    WG_TRY(chain_of(q, chain));
    return result(visits_of(chain[0], q->last, q->mdp.gamma), out);
}

static wg_status mdp_backup(const void *arguments, wg_tensor **out)
{
    const struct question *q = arguments;
    return result(backup_of(q, q->last), out);
}

/* with_start: `last` are first states. */
static wg_tensor *ask(const struct question *q, bool with_start, exact_maker *make, const char *op)
{
    wg_tensor *out = NULL;
    if (check_mdp(&q->mdp, op) != WG_OK || check_policy(&q->mdp, q->policy, op) != WG_OK ||
        (with_start && check_start(q->last, wg_extent(q->mdp.rewards, 0), op) != WG_OK))
        return NULL;
    return exact_run(make, q, &out, 1, op) == WG_OK ? out : NULL;
}

wg_tensor *wg_rl_mdp_values(wg_rl_mdp mdp, wg_tensor *policy)
{
    return ask(&(struct question){.mdp = mdp, .policy = policy}, false, mdp_values, "rl_mdp_values");
}

wg_tensor *wg_rl_mdp_action_values(wg_rl_mdp mdp, wg_tensor *policy)
{
    return ask(&(struct question){.mdp = mdp, .policy = policy}, false, mdp_action_values, "rl_mdp_action_values");
}

wg_tensor *wg_rl_mdp_return(wg_rl_mdp mdp, wg_tensor *policy, wg_tensor *start)
{
    return ask(&(struct question){.mdp = mdp, .policy = policy, .last = start}, true, mdp_return, "rl_mdp_return");
}

wg_tensor *wg_rl_mdp_visits(wg_rl_mdp mdp, wg_tensor *policy, wg_tensor *start)
{
    return ask(&(struct question){.mdp = mdp, .policy = policy, .last = start}, true, mdp_visits, "rl_mdp_visits");
}

wg_tensor *wg_rl_mdp_backup(wg_rl_mdp mdp, wg_tensor *values)
{
    const char *op = "rl_mdp_backup";
    const struct question q = {.mdp = mdp, .last = values};
    wg_tensor *out = NULL;
    if (check_mdp(&mdp, op) != WG_OK || exact_check(values, WG_SHAPE(wg_extent(mdp.rewards, 0)), op, "values") != WG_OK)
        return NULL;
    return exact_run(mdp_backup, &q, &out, 1, op) == WG_OK ? out : NULL;
}

/* ---- the optimum ---- */

/* What is rounding in the values of a state: of its own size, and of what the largest of all states leaves in the solution of a system. */
static double rounding_of(const double *value, int64_t actions, double largest)
{
    double size = 0;
    for (int64_t a = 0; a < actions; a++)
        size = fmax(size, fabs(value[a]));
    return 1e-12 * size + 1e-15 * largest;
}

static void improve_state(const double *value, int64_t actions, double largest, int64_t *action, bool *changed)
{
    const double rounding = rounding_of(value, actions, largest);
    for (int64_t a = 0; a < actions; a++)
        if (value[a] > value[*action] + rounding)
            *action = a, *changed = true;
}

/* Of equally good actions the first. */
static void settle_state(const double *value, int64_t actions, double largest, int64_t *action)
{
    const double rounding = rounding_of(value, actions, largest);
    for (int64_t a = *action - 1; a >= 0; a--)
        if (value[a] >= value[*action] - rounding)
            *action = a;
}

/* Improves the action of each state where another is better by more than rounding; *changed: whether one is. */
static wg_status improve(const wg_rl_mdp *mdp, int64_t *action, bool *changed, const char *op)
{
    WG_TAPE(tape, .keep_error = true);
    WG_NO_GRAD;
    const int64_t states = wg_extent(mdp->rewards, 0), actions = wg_extent(mdp->rewards, 1);
    const struct question q = {.mdp = *mdp, .policy = tape ? wg_from(action, WG_SHAPE(states)) : NULL};
    wg_tensor *table = q.policy ? backup_of(&q, policy_values(&q)) : NULL;
    double *value = table ? exact_read(table, op, "Q") : NULL;
    if (!value)
        return nn_first_error(WG_E_MEMORY);
    double largest = 0;
    for (int64_t i = 0; i < states * actions; i++)
        largest = fmax(largest, fabs(value[i]));
    *changed = false;
    for (int64_t s = 0; s < states; s++)
        improve_state(value + s * actions, actions, largest, &action[s], changed);
    for (int64_t s = 0; s < states && !*changed; s++)
        settle_state(value + s * actions, actions, largest, &action[s]);
    free(value);
    return WG_OK;
}

static wg_status iterate(const wg_rl_mdp *mdp, int64_t *action, const char *op)
{
    bool changed = true;
    for (int i = 0; i < 10000 && changed; i++)
        WG_TRY(improve(mdp, action, &changed, op));
    return changed ? wg_error_set(WG_E_NUMERIC, op, "%s: policy iteration did not end in 10000 steps", op) : WG_OK;
}

wg_tensor *wg_rl_mdp_optimum(wg_rl_mdp mdp, wg_tensor **policy)
{
    const char *op = "rl_mdp_optimum";
    if (policy)
        *policy = NULL;
    if (check_mdp(&mdp, op) != WG_OK)
        return NULL;
    const int64_t states = wg_extent(mdp.rewards, 0);
    int64_t *action = calloc((size_t)states, sizeof *action);
    if (!action)
        (void)nn_no_memory(op);
    const uint64_t before = nn_count_errors();
    wg_tensor *best = action && iterate(&mdp, action, op) == WG_OK ? wg_from(action, WG_SHAPE(states)) : NULL;
    const struct question q = {.mdp = mdp, .policy = best};
    wg_tensor *values = NULL;
    if (best && exact_run(mdp_values, &q, &values, 1, op) == WG_OK && policy)
        *policy = best;
    else if (best)
        (void)nn_then(best, NULL);
    nn_name_error(before, op);
    free(action);
    return values;
}
