/* COPDAC-Q for any actor. */
#include <stdlib.h>

#include "../rl.h"
#include "linear.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

struct wg_rl_copdac {
    wg_nn_module *actor;
    wg_rl_copdac_options options;
    wg_tensor *state[2]; /* w, v */
    const char *name[2];
};

static wg_status check_options(const wg_rl_copdac_options *o, const char *op)
{
    WG_TRY(linear_check_gamma(o->gamma, op));
    WG_TRY(linear_check_rate(o->actor_rate, op, "actor_rate"));
    WG_TRY(linear_check_rate(o->advantage_rate, op, "advantage_rate"));
    return linear_check_rate(o->value_rate, op, "value_rate");
}

static wg_status make(wg_rl_copdac *agent, int64_t k, const char *op)
{
    int64_t d;
    const wg_tensor_list params = wg_nn_parameters(agent->actor);
    WG_TRY(nn_check_params(params, &d, op));
    const wg_dtype dtype = wg_dtype_of(params.tensor[0]);
    WG_TRY(rl_own(&agent->state[0], "w", wg_zeros(dtype, WG_SHAPE(d))));
    return rl_own(&agent->state[1], "v", wg_zeros(dtype, WG_SHAPE(k)));
}

wg_rl_copdac *wg_rl_copdac_create_with(wg_nn_module *actor, int64_t k, wg_rl_copdac_options options)
{
    const char *op = "rl_copdac_create";
    if (!actor) {
        (void)nn_null_argument(op, "the actor");
        return NULL;
    }
    if (k < 1) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected at least one feature, got %lld", op, (long long)k);
        return NULL;
    }
    if (check_options(&options, op) != WG_OK)
        return NULL;
    wg_rl_copdac *agent = calloc(1, sizeof *agent);
    if (!agent) {
        (void)nn_no_memory(op);
        return NULL;
    }
    *agent = (wg_rl_copdac){.actor = actor, .options = options, .name = {"w", "v"}};
    const uint64_t before = nn_count_errors();
    if (make(agent, k, op) == WG_OK)
        return agent;
    nn_name_error(before, op);
    wg_rl_copdac_destroy(agent);
    return NULL;
}

void wg_rl_copdac_destroy(wg_rl_copdac *agent)
{
    if (!agent)
        return;
    wg_disown(agent->state[0]), wg_disown(agent->state[1]);
    free(agent);
}

wg_tensor_list wg_rl_copdac_state(const wg_rl_copdac *agent)
{
    if (agent)
        return (wg_tensor_list){2, agent->state, agent->name};
    (void)nn_null_argument("rl_copdac_state", "the agent");
    return (wg_tensor_list){0, NULL, NULL};
}

/* ---- a step ---- */

static wg_status check_batch(const wg_rl_copdac *agent, const wg_rl_copdac_batch *b, const char *op)
{
    WG_TRY(linear_check_actor(agent->actor, b->s, op));
    WG_TRY(linear_check(b->a, 2, op, "a"));
    WG_TRY(linear_check(b->reward, 1, op, "the rewards"));
    WG_TRY(linear_check(b->value_features, 2, op, "the features"));
    WG_TRY(linear_check(b->next_features, 2, op, "the next features"));
    if (b->terminated != WG_NONE)
        WG_TRY(linear_check(b->terminated, 1, op, "terminated"));
    const int64_t n = wg_extent(b->s, 0), k = wg_numel(agent->state[1]);
    if (wg_extent(b->a, 0) != n || wg_numel(b->reward) != n || wg_extent(b->value_features, 0) != n ||
        wg_extent(b->next_features, 0) != n || (b->terminated != WG_NONE && wg_numel(b->terminated) != n))
        return wg_error_set(WG_E_SHAPE, op, "%s: expected %lld rows in all, as s has", op, (long long)n);
    if (wg_extent(b->value_features, 1) != k || wg_extent(b->next_features, 1) != k)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected %lld features of s and of what followed, got %lld and %lld", op,
                            (long long)k, (long long)wg_extent(b->value_features, 1), (long long)wg_extent(b->next_features, 1));
    return WG_OK;
}

/* δ (N) */
static wg_tensor *errors_of(const wg_rl_copdac *agent, const wg_rl_copdac_batch *b)
{
    wg_tensor *w = agent->state[0], *v = agent->state[1];
    wg_tensor *follows = wg_mul_scalar(wg_matmul(b->next_features, v), agent->options.gamma);
    if (b->terminated != WG_NONE)
        follows = wg_mul(follows, wg_add_scalar(wg_neg(b->terminated), 1));
    wg_tensor *q = wg_add(wg_rl_compatible_advantage(agent->actor, b->s, b->a, w), wg_matmul(b->value_features, v));
    return wg_sub(wg_add(b->reward, follows), q);
}

struct step {
    wg_tensor *theta, *w, *v;
    double error;
};

/* What all three are to become. */
static wg_status compute(const wg_rl_copdac *agent, const wg_rl_copdac_batch *b, struct step *step)
{
    const wg_rl_copdac_options *o = &agent->options;
    const double share = 1 / (double)wg_extent(b->s, 0);
    wg_tensor *w = agent->state[0], *v = agent->state[1], *delta = errors_of(agent, b);
    if (!delta)
        return nn_first_error(WG_E_MEMORY);
    wg_tensor *theta = wg_nn_to_vector(wg_nn_parameters(agent->actor));
    wg_tensor *direction = o->natural ? w : wg_rl_compatible_gradient(agent->actor, b->s, w);
    step->theta = wg_add(theta, wg_mul_scalar(direction, o->actor_rate));
    step->w = wg_add(w, wg_mul_scalar(wg_rl_compatible_mean(agent->actor, b->s, b->a, delta), o->advantage_rate));
    step->v = wg_add(v, wg_mul_scalar(wg_matmul(wg_transpose(b->value_features, 0, 1), delta), o->value_rate * share));
    wg_tensor *squares = wg_mean(wg_square(delta));
    step->error = squares ? wg_item(squares) : 0;
    return step->theta && step->w && step->v && squares ? WG_OK : nn_first_error(WG_E_MEMORY);
}

static wg_status take(wg_rl_copdac *agent, const struct step *step)
{
    WG_TRY(wg_update_begin());
    if (wg_nn_assign(wg_nn_parameters(agent->actor), step->theta) != WG_OK || wg_assign(agent->state[0], step->w) != WG_OK ||
        wg_assign(agent->state[1], step->v) != WG_OK) {
        wg_update_cancel();
        return nn_first_error(WG_E_MEMORY);
    }
    return wg_update_commit();
}

wg_status wg_rl_copdac_step(wg_rl_copdac *agent, wg_rl_copdac_batch batch, double *error)
{
    const char *op = "rl_copdac_step";
    struct step step = {NULL, NULL, NULL, 0};
    if (!agent)
        return nn_null_argument(op, "the agent");
    WG_TRY(check_batch(agent, &batch, op));
    const uint64_t before = nn_count_errors();
    WG_TAPE(tape);
    WG_NO_GRAD;
    wg_status status = tape ? compute(agent, &batch, &step) : WG_E_MEMORY;
    if (status == WG_OK)
        status = take(agent, &step);
    if (status == WG_OK && error)
        *error = step.error;
    nn_name_error(before, op);
    return status;
}
