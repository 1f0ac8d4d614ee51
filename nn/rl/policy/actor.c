/* A network as a policy: its forward pass, captured for so many rows. */
#include "policy.h"

#include <math.h>
#include <stdlib.h>

#include "../../module/module.h"
#include "../rl.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/replay.h"
#include "wengert/tape.h"

struct wg_rl_actor {
    const wg_nn_module *net;
    int64_t observation, action;
    wg_dtype dtype;
    int64_t n;           /* rows of in and out */
    wg_tensor *in, *out; /* NULL before the first call */
    wg_replay *replay;
};

wg_rl_actor *wg_rl_actor_create(const wg_nn_module *net, int64_t observation, int64_t action)
{
    const char *op = "rl_actor_create";
    if (!net) {
        (void)nn_null_argument(op, "the network");
        return NULL;
    }
    const wg_tensor_list params = wg_nn_parameters(net);
    if (observation < 1 || action < 1 || params.n == 0) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s, got %lld", op,
                           params.n == 0 ? "a network with parameters" : "at least 1 number in an observation and in an action",
                           (long long)(params.n == 0     ? 0
                                       : observation < 1 ? observation
                                                         : action));
        return NULL;
    }
    wg_rl_actor *a = calloc(1, sizeof *a);
    if (a)
        *a = (wg_rl_actor){.net = net, .observation = observation, .action = action, .dtype = wg_dtype_of(params.tensor[0])};
    else
        (void)nn_no_memory(op);
    return a;
}

wg_status actor_check_sizes(const wg_rl_actor *a, int64_t observation, int64_t action, const char *op)
{
    if (a->observation == observation && a->action == action)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op,
                        "%s: the environment has %lld observations and %lld actions, the actor is made for %lld and %lld", op,
                        (long long)observation, (long long)action, (long long)a->observation, (long long)a->action);
}

static void forget(wg_rl_actor *a)
{
    wg_replay_destroy(a->replay);
    wg_disown(a->in), wg_disown(a->out);
    a->replay = NULL;
    a->in = a->out = NULL;
    a->n = 0;
}

void wg_rl_actor_destroy(wg_rl_actor *a)
{
    if (!a)
        return;
    forget(a);
    free(a);
}

static wg_status check_result(const wg_rl_actor *a, const wg_tensor *result)
{
    const char *op = "rl_act";
    char text[200];
    if (!result)
        return nn_first_error(WG_E_MEMORY);
    if (wg_rank(result) == 2 && wg_extent(result, 0) == a->n && wg_extent(result, 1) == a->action)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op, "%s: expected actions of [%lld, %lld] of the network, got %s", op, (long long)a->n,
                        (long long)a->action, wg_shape_text(wg_shape_of(result), text, sizeof text));
}

static wg_status apply(void *context)
{
    wg_rl_actor *a = context;
    WG_TAPE(tape);
    WG_NO_GRAD;
    WG_EVAL_MODE;
    wg_tensor *result = tape ? wg_nn_apply(a->net, a->in) : NULL;
    WG_TRY(check_result(a, result));
    return wg_assign(a->out, result);
}

static wg_status prepare(wg_rl_actor *a, int64_t n)
{
    if (a->n == n)
        return WG_OK;
    forget(a);
    a->n = n;
    wg_status status = rl_own(&a->in, "observation", wg_zeros(a->dtype, WG_SHAPE(n, a->observation)));
    status = status == WG_OK ? rl_own(&a->out, "action", wg_zeros(a->dtype, WG_SHAPE(n, a->action))) : status;
    if (status != WG_OK)
        forget(a);
    return status;
}

static wg_status write(wg_rl_actor *a, const double *observations)
{
    const char *op = "rl_act";
    void *to = wg_data_mut(a->in);
    if (!to)
        return nn_first_error(WG_E_STATE);
    for (int64_t i = 0; i < a->n * a->observation; i++) {
        rl_put(to, a->dtype, i, observations[i]);
        if (!isfinite(rl_number_at(to, a->dtype, i)))
            return wg_error_set(WG_E_NUMERIC, op, "%s: the observation is %g in row %lld, component %lld", op, observations[i],
                                (long long)(i / a->observation), (long long)(i % a->observation));
    }
    return WG_OK;
}

static wg_status read(const wg_rl_actor *a, double *actions)
{
    const char *op = "rl_act";
    const void *from = wg_data(a->out);
    const int64_t n = a->n * a->action;
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(rl_number_at(from, a->dtype, i)))
            return wg_error_set(WG_E_NUMERIC, op, "%s: the network's action is %g in row %lld, component %lld", op,
                                rl_number_at(from, a->dtype, i), (long long)(i / a->action), (long long)(i % a->action));
    for (int64_t i = 0; i < n; i++)
        actions[i] = rl_number_at(from, a->dtype, i);
    return WG_OK;
}

wg_status wg_rl_act(void *actor, int64_t n, const double *observations, double *actions)
{
    const char *op = "rl_act";
    wg_rl_actor *a = actor;
    if (!a || !observations || !actions)
        return nn_null_argument(op, !a ? "the actor" : !observations ? "the array of observations" : "the array of actions");
    if (n < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at least 1 row, got %lld", op, (long long)n);
    if (wg_tape_top())
        return wg_error_set(WG_E_STATE, op, "%s: a tape is open", op);
    WG_TRY(prepare(a, n));
    WG_TRY(write(a, observations));
    if (!a->replay) {
        a->replay = wg_replay_capture(apply, a);
        if (!a->replay) {
            forget(a);
            return nn_first_error(WG_E_STATE);
        }
    } else {
        WG_TRY(wg_replay_run(a->replay));
    }
    return read(a, actions);
}
