/* One update of actor and critics, as ops: it runs eagerly or is captured. */
#include "../../module/module.h"
#include "agent.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* ---- values ---- */

static wg_tensor *value(const wg_rl_agent *agent, const wg_nn_module *critic, wg_tensor *observation, wg_tensor *action)
{
    if (!agent->options.joined)
        return wg_nn_apply(critic, observation, action);
    wg_tensor *both = wg_concat((wg_tensor *[]){observation, action}, 2, 1);
    return both ? wg_nn_apply(critic, both) : NULL;
}

/* What the target policy does next, smoothed: near actions shall have near values. */
static wg_tensor *next_action(const wg_rl_agent *agent)
{
    const struct agent_options *o = &agent->options;
    wg_tensor *action = wg_nn_apply(agent->target_actor, agent->batch->next);
    if (o->smoothing == 0 || !action)
        return action;
    wg_tensor *noise = wg_normal(agent->generator, wg_dtype_of(action), wg_shape_of(action), 0, o->smoothing);
    return wg_clamp(wg_add(action, wg_clamp(noise, -o->clip, o->clip)), -o->bound, o->bound);
}

/* y = R + discount · min Q'(next, μ'(next)). */
static wg_tensor *targets(const wg_rl_agent *agent)
{
    WG_NO_GRAD;
    WG_EVAL_MODE;
    const wg_rl_batch *batch = agent->batch;
    wg_tensor *action = next_action(agent), *least = value(agent, agent->target_critic[0], batch->next, action);
    for (int i = 1; i < agent->n_critics; i++)
        least = wg_minimum(least, value(agent, agent->target_critic[i], batch->next, action));
    return wg_add(batch->reward, wg_mul(batch->discount, least));
}

/* ---- steps ---- */

static wg_status note(wg_tensor *to, wg_tensor *result)
{
    WG_NO_GRAD;
    return wg_assign(to, result);
}

static wg_status step_critics(wg_rl_agent *agent)
{
    WG_TAPE(tape);
    const wg_rl_batch *batch = agent->batch;
    wg_tensor *y = tape ? targets(agent) : NULL, *loss = NULL;
    for (int i = 0; y && i < agent->n_critics; i++) {
        wg_tensor *error = wg_sub(value(agent, agent->critic[i], batch->observation, batch->action), y);
        wg_tensor *squares = wg_mean(wg_mul(batch->weight, wg_square(error)));
        if (i == 0)
            WG_TRY(note(agent->errors, error));
        loss = i == 0 ? squares : wg_add(loss, squares);
    }
    if (!loss)
        return nn_first_error(WG_E_MEMORY);
    WG_TRY(note(agent->critic_loss, loss));
    wg_optim_clear_gradients(agent->critic_optim);
    WG_TRY(wg_backward(loss));
    return wg_optim_step(agent->critic_optim);
}

/* The critic passes the gradient on to the action; its own parameters get none. */
static wg_status set_required(wg_rl_agent *agent, bool at_rest)
{
    const wg_tensor_list params = wg_nn_parameters(agent->critic[0]);
    bool *required = agent->required;
    wg_status status = WG_OK;
    if (params.n != agent->n_required)
        return wg_error_set(WG_E_STATE, "rl_agent_learn",
                            "rl_agent_learn: the critic has %zu parameters, and had %zu when the agent was made", params.n,
                            agent->n_required);
    for (size_t i = 0; i < params.n; i++) {
        if (at_rest)
            required[i] = wg_requires_grad(params.tensor[i]);
        if (required[i] && !wg_set_requires_grad(params.tensor[i], !at_rest))
            status = nn_first_error(WG_E_STATE);
    }
    return status;
}

static wg_status climb(wg_rl_agent *agent)
{
    WG_TAPE(tape);
    wg_tensor *observation = agent->batch->observation, *action = tape ? wg_nn_apply(agent->actor, observation) : NULL;
    wg_tensor *loss = wg_neg(wg_mean(value(agent, agent->critic[0], observation, action)));
    if (!loss)
        return nn_first_error(WG_E_MEMORY);
    WG_TRY(note(agent->actor_loss, loss));
    wg_optim_clear_gradients(agent->actor_optim);
    WG_TRY(wg_backward(loss));
    return wg_optim_step(agent->actor_optim);
}

static wg_status step_actor(wg_rl_agent *agent)
{
    wg_status status = set_required(agent, true);
    status = status == WG_OK ? climb(agent) : status;
    const wg_status back = set_required(agent, false);
    return status == WG_OK ? back : status;
}

static wg_status step_targets(wg_rl_agent *agent)
{
    const double tau = agent->options.tau;
    WG_TRY(wg_rl_target_update(agent->target_actor, agent->actor, tau));
    for (int i = 0; i < agent->n_critics; i++)
        WG_TRY(wg_rl_target_update(agent->target_critic[i], agent->critic[i], tau));
    return agent->average ? wg_rl_target_update(agent->average, agent->actor, agent->options.average) : WG_OK;
}

wg_status agent_update(void *context)
{
    wg_rl_agent *agent = context;
    WG_TRY(step_critics(agent));
    if (!agent->whole)
        return WG_OK;
    WG_TRY(step_actor(agent));
    return step_targets(agent);
}

/* ---- that the networks fit ---- */

static wg_status check_result(const wg_tensor *result, int64_t rows, int64_t columns, const char *what, const char *op)
{
    char text[200];
    if (!result)
        return nn_first_error(WG_E_MEMORY);
    if (wg_rank(result) == 2 && wg_extent(result, 0) == rows && wg_extent(result, 1) == columns)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op, "%s: expected %s of [%lld, %lld], got %s", op, what, (long long)rows, (long long)columns,
                        wg_shape_text(wg_shape_of(result), text, sizeof text));
}

static wg_status check_tensors(const wg_rl_batch *batch, const char *op)
{
    const wg_tensor *column[] = {batch->reward, batch->discount, batch->weight};
    const char *name[] = {"the batch's rewards", "the batch's discounts", "the batch's weights"};
    WG_TRY(nn_check_handle(batch->observation, op, "the batch's observations"));
    WG_TRY(nn_check_handle(batch->action, op, "the batch's actions"));
    WG_TRY(nn_check_handle(batch->next, op, "the batch's next observations"));
    if (batch->n < 1)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected a batch of at least 1 row, got %lld", op, (long long)batch->n);
    const wg_tensor *rows[] = {batch->observation, batch->next};
    for (int i = 0; i < 2; i++)
        if (wg_rank(rows[i]) < 2 || wg_extent(rows[i], 0) != batch->n)
            return wg_error_set(WG_E_SHAPE, op, "%s: expected %lld rows of %sobservations", op, (long long)batch->n,
                                i ? "next " : "");
    for (int i = 0; i < 3; i++) {
        WG_TRY(nn_check_handle(column[i], op, "%s", name[i]));
        WG_TRY(check_result(column[i], batch->n, 1, name[i], op));
    }
    return check_result(batch->action, batch->n, wg_rank(batch->action) == 2 ? wg_extent(batch->action, 1) : 1,
                        "the batch's actions", op);
}

wg_status agent_check_batch(const wg_rl_agent *agent, const wg_rl_batch *batch, const char *op)
{
    WG_TRY(check_tensors(batch, op));
    WG_TAPE(tape);
    WG_NO_GRAD;
    WG_EVAL_MODE;
    wg_tensor *action = tape ? wg_nn_apply(agent->target_actor, batch->next) : NULL;
    WG_TRY(check_result(action, batch->n, wg_extent(batch->action, 1), "actions of the actor", op));
    for (int i = 0; i < agent->n_critics; i++)
        WG_TRY(check_result(value(agent, agent->target_critic[i], batch->next, action), batch->n, 1, "values of the critic", op));
    return WG_OK;
}
