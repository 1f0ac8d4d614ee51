/* Agents: making them. */
#include "agent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/module.h"
#include "../rl.h"
#include "wengert/error.h"
#include "wengert/options.h"
#include "wengert/random.h"

/* ---- checks ---- */

static bool has(wg_tensor_list list, const wg_tensor *t)
{
    for (size_t i = 0; i < list.n; i++)
        if (list.tensor[i] == t)
            return true;
    return false;
}

/* That the optimizer moves all of a network's parameters that require a gradient. */
static wg_status check_optim(const wg_optim *optim, const wg_nn_module *net, const char *what, const char *op)
{
    const wg_tensor_list own = wg_optim_parameters(optim), params = wg_nn_parameters(net);
    for (size_t i = 0; i < params.n; i++)
        if (wg_requires_grad(params.tensor[i]) && !has(own, params.tensor[i]))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: the optimizer of the %s does not have its parameter %s", op, what,
                                params.name[i]);
    return WG_OK;
}

static wg_status check_apart(wg_tensor_list a, wg_tensor_list b, const char *what, const char *op)
{
    for (size_t i = 0; i < a.n; i++)
        if (has(b, a.tensor[i]))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: %s share the parameter %s", op, what, a.name[i]);
    return WG_OK;
}

static bool same_values(const wg_tensor *a, const wg_tensor *b)
{
    const wg_shape x = wg_shape_of(a), y = wg_shape_of(b);
    if (wg_dtype_of(a) != wg_dtype_of(b) || x.rank != y.rank || memcmp(x.extent, y.extent, (size_t)x.rank * sizeof *x.extent) != 0)
        return false;
    return memcmp(wg_data(a), wg_data(b), (size_t)wg_numel(a) * wg_dtype_size(wg_dtype_of(a))) == 0;
}

/* Critics that begin equal get equal gradients ever after. */
static wg_status check_twins(const wg_nn_module *a, const wg_nn_module *b, const char *op)
{
    const wg_tensor_list x = wg_nn_parameters(a), y = wg_nn_parameters(b);
    bool same = x.n == y.n;
    for (size_t i = 0; same && i < x.n; i++)
        same = same_values(x.tensor[i], y.tensor[i]);
    return same ? wg_error_set(WG_E_ARGUMENT, op, "%s: the two critics begin with the same weights, and would stay equal", op)
                : WG_OK;
}

static wg_status check_networks(const wg_rl_agent *a, const char *op)
{
    const char *missing = !a->actor                           ? "the actor"
                          : !a->critic[0]                     ? "the critic"
                          : a->n_critics > 1 && !a->critic[1] ? "the second critic"
                          : !a->actor_optim                   ? "the actor's optimizer"
                          : !a->critic_optim                  ? "the critics' optimizer"
                                                              : NULL;
    if (missing)
        return nn_null_argument(op, missing);
    WG_TRY(check_optim(a->actor_optim, a->actor, "actor", op));
    for (int i = 0; i < a->n_critics; i++) {
        WG_TRY(check_optim(a->critic_optim, a->critic[i], i == 0 ? "critic" : "second critic", op));
        WG_TRY(check_apart(wg_nn_parameters(a->actor), wg_nn_parameters(a->critic[i]), "actor and critic", op));
    }
    WG_TRY(check_apart(wg_optim_parameters(a->actor_optim), wg_optim_parameters(a->critic_optim), "the two optimizers", op));
    if (a->n_critics < 2)
        return WG_OK;
    WG_TRY(check_apart(wg_nn_parameters(a->critic[0]), wg_nn_parameters(a->critic[1]), "the two critics", op));
    return check_twins(a->critic[0], a->critic[1], op);
}

/* ---- state ---- */

/* Adds the state of a network, its names behind a prefix. */
static wg_status list_net(wg_rl_agent *a, wg_nn_module *net, const char *prefix)
{
    const wg_tensor_list part = net ? wg_nn_state(net) : (wg_tensor_list){0, NULL, NULL};
    for (size_t i = 0; i < part.n; i++) {
        a->state[a->n_state] = part.tensor[i];
        a->state_name[a->n_state] = nn_path(prefix, part.name[i]);
        if (!a->state_name[a->n_state++])
            return nn_no_memory("rl_agent");
    }
    return WG_OK;
}

static wg_status list_tensor(wg_rl_agent *a, wg_tensor *t, const char *name)
{
    a->state[a->n_state] = t;
    a->state_name[a->n_state] = strdup(name);
    return a->state_name[a->n_state++] ? WG_OK : nn_no_memory("rl_agent");
}

static wg_status make_state(wg_rl_agent *a)
{
    size_t n = 2 + wg_nn_state(a->target_actor).n + (a->average ? wg_nn_state(a->average).n : 0);
    for (int i = 0; i < a->n_critics; i++)
        n += wg_nn_state(a->target_critic[i]).n;
    a->state = calloc(n, sizeof(wg_tensor *));
    a->state_name = calloc(n, sizeof(char *));
    if (!a->state || !a->state_name)
        return nn_no_memory("rl_agent");
    WG_TRY(list_net(a, a->target_actor, "target_actor"));
    WG_TRY(list_net(a, a->target_critic[0], "target_critic"));
    WG_TRY(list_net(a, a->target_critic[1], "target_second_critic"));
    WG_TRY(list_net(a, a->average, "average"));
    WG_TRY(list_tensor(a, a->count, "updates"));
    return list_tensor(a, a->generator, "generator");
}

/* ---- making one ---- */

static wg_status copy(wg_nn_module **to, const wg_nn_module *net)
{
    *to = wg_nn_copy(net);
    return *to ? WG_OK : nn_first_error(WG_E_MEMORY);
}

static wg_status fill(wg_rl_agent *a, uint64_t seed, const char *op)
{
    WG_TRY(check_networks(a, op));
    WG_TRY(copy(&a->target_actor, a->actor));
    for (int i = 0; i < a->n_critics; i++)
        WG_TRY(copy(&a->target_critic[i], a->critic[i]));
    if (a->options.average > 0)
        WG_TRY(copy(&a->average, a->actor));
    a->n_required = wg_nn_parameters(a->critic[0]).n;
    a->required = calloc(a->n_required + 1, sizeof(bool));
    if (!a->required)
        return nn_no_memory(op);
    const wg_tensor_list params = wg_nn_parameters(a->actor);
    const wg_dtype dtype = params.n ? wg_dtype_of(params.tensor[0]) : WG_F32;
    WG_TRY(rl_own(&a->count, "updates", wg_zeros(WG_I64, WG_SHAPE(1))));
    WG_TRY(nn_seed(&seed));
    WG_TRY(rl_own(&a->generator, "generator", wg_generator(seed, WG_STREAM_RL_AGENT)));
    WG_TRY(rl_own(&a->critic_loss, "critic_loss", wg_full(dtype, WG_SHAPE(), NAN)));
    WG_TRY(rl_own(&a->actor_loss, "actor_loss", wg_full(dtype, WG_SHAPE(), NAN)));
    return make_state(a);
}

static wg_rl_agent *make(wg_rl_agent from, uint64_t seed, const char *op)
{
    wg_rl_agent *a = malloc(sizeof *a);
    if (!a) {
        (void)nn_no_memory(op);
        return NULL;
    }
    *a = from;
    if (fill(a, seed, op) == WG_OK)
        return a;
    wg_rl_agent_destroy(a);
    return NULL;
}

static const wg_option ddpg_entries[] = {
    WG_OPTION_REAL_OF(wg_rl_ddpg_options, tau, 0.005, "of the targets", WG_BETWEEN(0, 1)),
    WG_OPTION_REAL_OF(wg_rl_ddpg_options, average, 0, "of the actor's average", WG_BETWEEN(0, 1)),
};
static const wg_option_table ddpg_table = {ddpg_entries, sizeof ddpg_entries / sizeof *ddpg_entries, sizeof(wg_rl_ddpg_options)};

wg_rl_agent *wg_rl_ddpg_with(wg_nn_module *actor, wg_nn_module *critic, wg_optim *actor_optim, wg_optim *critic_optim,
                             wg_rl_ddpg_options o)
{
    const char *op = "rl_ddpg";
    if (wg_options_check(ddpg_table, &o, op) != WG_OK)
        return NULL;
    return make(
        (wg_rl_agent){.options = {.tau = o.tau, .average = o.average, .delay = 1, .joined = o.joined, .captured = o.captured},
                      .n_critics = 1,
                      .actor = actor,
                      .critic = {critic},
                      .actor_optim = actor_optim,
                      .critic_optim = critic_optim},
        0, op);
}

static const wg_option td3_entries[] = {
    WG_OPTION_REAL_OF(wg_rl_td3_options, tau, 0.005, "of the targets", WG_BETWEEN(0, 1)),
    WG_OPTION_INT_OF(wg_rl_td3_options, delay, 2, "critics' updates for one of the actor", WG_AT_LEAST(1)),
    WG_OPTION_REAL_OF(wg_rl_td3_options, smoothing, 0.2, "of the target's actions", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_rl_td3_options, clip, 0.5, "of that noise", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_rl_td3_options, bound, 1, "of actions", WG_BETWEEN(0, __builtin_inf())),
    WG_OPTION_REAL_OF(wg_rl_td3_options, average, 0, "of the actor's average", WG_BETWEEN(0, 1)),
};
static const wg_option_table td3_table = {td3_entries, sizeof td3_entries / sizeof *td3_entries, sizeof(wg_rl_td3_options)};

wg_rl_agent *wg_rl_td3_with(wg_nn_module *actor, wg_nn_module *critic, wg_nn_module *second_critic, wg_optim *actor_optim,
                            wg_optim *critic_optim, wg_rl_td3_options o)
{
    const char *op = "rl_td3";
    if (wg_options_check(td3_table, &o, op) != WG_OK)
        return NULL;
    const struct agent_options options = {.tau = o.tau,
                                          .smoothing = o.smoothing,
                                          .clip = o.clip,
                                          .bound = o.bound,
                                          .average = o.average,
                                          .delay = o.delay,
                                          .joined = o.joined,
                                          .captured = o.captured};
    return make((wg_rl_agent){.options = options,
                              .n_critics = 2,
                              .actor = actor,
                              .critic = {critic, second_critic},
                              .actor_optim = actor_optim,
                              .critic_optim = critic_optim},
                o.seed, op);
}

void wg_rl_agent_destroy(wg_rl_agent *a)
{
    if (!a)
        return;
    agent_forget_replays(a);
    for (size_t i = 0; i < a->n_state; i++)
        free(a->state_name[i]);
    free(a->state_name), free(a->state);
    wg_nn_destroy(a->target_actor), wg_nn_destroy(a->average);
    wg_nn_destroy(a->target_critic[0]), wg_nn_destroy(a->target_critic[1]);
    free(a->required);
    wg_disown(a->generator), wg_disown(a->count);
    wg_disown(a->critic_loss), wg_disown(a->actor_loss), wg_disown(a->errors);
    free(a);
}
