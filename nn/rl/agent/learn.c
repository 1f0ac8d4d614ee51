/* An agent's updates, as replays, and what can be seen of them. */
#include <math.h>
#include <string.h>

#include "../../module/module.h"
#include "../rl.h"
#include "agent.h"
#include "wengert/error.h"
#include "wengert/tape.h"

/* ---- learning ---- */

void agent_forget_replays(wg_rl_agent *a)
{
    for (int i = 0; i < 2; i++) {
        wg_replay_destroy(a->replay[i]);
        a->replay[i] = NULL;
    }
    for (int i = 0; i < BATCH_TENSORS; i++) {
        if (a->seen[i])
            wg_borrow_end(a->seen[i]);
        a->seen[i] = NULL;
    }
}

static void batch_tensors(const wg_rl_batch *batch, wg_tensor *tensor[BATCH_TENSORS])
{
    wg_tensor *all[BATCH_TENSORS] = {batch->observation, batch->action, batch->reward, batch->next, batch->discount, batch->weight};
    memcpy(tensor, all, sizeof all);
}

static wg_status borrow(wg_rl_agent *a, wg_tensor *const tensor[BATCH_TENSORS])
{
    for (int i = 0; i < BATCH_TENSORS; i++) {
        a->seen[i] = wg_borrow(tensor[i]);
        if (!a->seen[i])
            return nn_first_error(WG_E_DANGLING);
    }
    return WG_OK;
}

/* Prepares for a batch of other tensors: the replays of the last one are of no use. */
static wg_status prepare(wg_rl_agent *a, const wg_rl_batch *batch, const char *op)
{
    wg_tensor *tensor[BATCH_TENSORS];
    batch_tensors(batch, tensor);
    if (a->errors && memcmp(tensor, a->seen, sizeof tensor) == 0)
        return WG_OK;
    WG_TRY(agent_check_batch(a, batch, op));
    agent_forget_replays(a);
    if (a->errors && wg_extent(a->errors, 0) == batch->n && wg_dtype_of(a->errors) == wg_dtype_of(batch->reward))
        return borrow(a, tensor);
    wg_disown(a->errors);
    a->learned = false;
    WG_TRY(rl_own(&a->errors, "errors", wg_zeros(wg_dtype_of(batch->reward), WG_SHAPE(batch->n, 1))));
    return borrow(a, tensor);
}

static wg_status run(wg_rl_agent *a)
{
    if (!a->options.captured)
        return agent_update(a);
    wg_replay **replay = &a->replay[a->whole];
    if (*replay)
        return wg_replay_run(*replay);
    *replay = wg_replay_capture(agent_update, a);
    return *replay ? WG_OK : nn_first_error(WG_E_STATE);
}

wg_status wg_rl_agent_learn(wg_rl_agent *a, const wg_rl_batch *batch)
{
    const char *op = "rl_agent_learn";
    if (!a || !batch)
        return nn_null_argument(op, a ? "the batch" : "the agent");
    if (wg_tape_top())
        return wg_error_set(WG_E_STATE, op, "%s: a tape is open", op);
    WG_TRY(prepare(a, batch, op));
    int64_t *count = wg_data_mut(a->count);
    if (!count)
        return nn_first_error(WG_E_STATE);
    a->batch = batch;
    a->whole = (*count % a->options.delay + 1) % a->options.delay == 0;
    const wg_status status = run(a);
    a->batch = NULL;
    if (status == WG_OK) {
        *count += *count < INT64_MAX;
        a->learned = true;
    }
    return status;
}

/* ---- what there is to see ---- */

int64_t wg_rl_agent_updates(const wg_rl_agent *a)
{
    if (a)
        return ((const int64_t *)wg_data(a->count))[0];
    (void)nn_null_argument("rl_agent_updates", "the agent");
    return 0;
}

const wg_tensor *wg_rl_agent_errors(const wg_rl_agent *a)
{
    const char *op = "rl_agent_errors";
    if (!a)
        (void)nn_null_argument(op, "the agent");
    else if (!a->learned)
        (void)wg_error_set(WG_E_STATE, op, "%s: there was no update yet", op);
    return a && a->learned ? a->errors : NULL;
}

static double loss_of(const wg_rl_agent *a, const wg_tensor *loss, const char *op)
{
    if (!a)
        (void)nn_null_argument(op, "the agent");
    else if (!a->learned)
        (void)wg_error_set(WG_E_STATE, op, "%s: there was no update yet", op);
    return a && a->learned ? wg_item(loss) : NAN;
}

double wg_rl_agent_critic_loss(const wg_rl_agent *a)
{
    return loss_of(a, a ? a->critic_loss : NULL, "rl_agent_critic_loss");
}

double wg_rl_agent_actor_loss(const wg_rl_agent *a)
{
    return loss_of(a, a ? a->actor_loss : NULL, "rl_agent_actor_loss");
}

static wg_nn_module *network(const wg_rl_agent *a, wg_nn_module *net, const char *what, const char *op)
{
    if (!a)
        (void)nn_null_argument(op, "the agent");
    else if (!net)
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: the agent has no %s", op, what);
    return net;
}

wg_nn_module *wg_rl_agent_target_actor(const wg_rl_agent *a)
{
    return network(a, a ? a->target_actor : NULL, "target", "rl_agent_target_actor");
}

wg_nn_module *wg_rl_agent_target_critic(const wg_rl_agent *a, int critic)
{
    return network(a, a && critic >= 0 && critic < a->n_critics ? a->target_critic[critic] : NULL, "critic of that number",
                   "rl_agent_target_critic");
}

wg_nn_module *wg_rl_agent_average(const wg_rl_agent *a)
{
    return network(a, a ? a->average : NULL, "average: .average is 0", "rl_agent_average");
}

wg_tensor_list wg_rl_agent_state(const wg_rl_agent *a)
{
    if (a)
        return (wg_tensor_list){a->n_state, a->state, (const char *const *)a->state_name};
    (void)nn_null_argument("rl_agent_state", "the agent");
    return (wg_tensor_list){0, NULL, NULL};
}
