/* Workload W6: one update of DDPG (Lillicrap and others, 2016) on a batch of 256, with a state of 3 components and an action of
   1: the critic's step on the target networks' estimate, the actor's step through the critic, and the targets' averages. */
#include "bench.h"

enum { BATCH = 256, NETS = 4 };
static const double discount = 0.99, rate = 0.005;

struct ddpg {
    struct subject base;
    wg_nn_module *actor, *critic, *target_actor, *target_critic;
    wg_optim *actor_opt, *critic_opt;
    wg_tensor *state, *action, *reward, *next_state, *done;
};

static wg_nn_module *make_actor(void)
{
    return wg_nn_sequential(wg_nn_mlp(WG_SIZES(3, 256, 256, 1)), wg_nn_tanh());
}

static wg_nn_module *make_critic(void)
{
    return wg_nn_mlp(WG_SIZES(4, 256, 256, 1));
}

/* The critic's value: (B,3) and (B,1) to (B,1). */
static wg_tensor *value(const wg_nn_module *critic, wg_tensor *state, wg_tensor *action)
{
    wg_tensor *both = wg_concat((wg_tensor *[]){state, action}, 2, 1);
    return both ? wg_nn_apply(critic, both) : NULL;
}

static wg_status copy_parameters(const wg_nn_module *to, const wg_nn_module *from)
{
    const wg_tensor_list target = wg_nn_parameters(to), source = wg_nn_parameters(from);
    for (size_t i = 0; i < target.n; i++)
        WG_TRY(wg_assign(target.tensor[i], source.tensor[i]));
    return WG_OK;
}

static wg_status make(void *subject, const void *settings)
{
    struct ddpg *d = subject;
    struct subject *s = &d->base;
    (void)settings;
    WG_TRY(subject_begin(s, WG_F32));
    d->actor = make_actor(), d->critic = make_critic();
    d->target_actor = make_actor(), d->target_critic = make_critic();
    if (!d->actor || !d->critic || !d->target_actor || !d->target_critic)
        return failure();
    WG_TRY(draw_parameters(s, d->actor));
    WG_TRY(draw_parameters(s, d->critic));
    WG_TRY(copy_parameters(d->target_actor, d->actor));
    WG_TRY(copy_parameters(d->target_critic, d->critic));
    d->state = DRAWN(s, BATCH, 3), d->action = drawn(s, WG_F32, WG_SHAPE(BATCH, 1), -1, 1), d->reward = DRAWN(s, BATCH, 1);
    d->next_state = DRAWN(s, BATCH, 3), d->done = wg_zeros(WG_F32, WG_SHAPE(BATCH, 1));
    if (!d->state || !d->action || !d->reward || !d->next_state || !d->done)
        return failure();
    d->actor_opt = adam(wg_nn_parameters(d->actor)), d->critic_opt = adam(wg_nn_parameters(d->critic));
    if (!d->actor_opt || !d->critic_opt)
        return failure();
    const wg_nn_module *net[NETS] = {d->actor, d->critic, d->target_actor, d->target_critic};
    for (int i = 0; i < NETS; i++)
        WG_TRY(subject_remember_list(s, wg_nn_parameters(net[i])));
    WG_TRY(subject_remember_list(s, wg_optim_state(d->actor_opt)));
    return subject_remember_list(s, wg_optim_state(d->critic_opt));
}

/* The target of the critic: r + γ (1 - done) Q'(s', π'(s')). */
static wg_tensor *estimate(const struct ddpg *d)
{
    WG_NO_GRAD;
    wg_tensor *next = value(d->target_critic, d->next_state, wg_nn_apply(d->target_actor, d->next_state));
    wg_tensor *goes_on = wg_add_scalar(wg_mul_scalar(d->done, -discount), discount);
    return wg_add(d->reward, wg_mul(goes_on, next));
}

static wg_status critic_step(struct ddpg *d)
{
    WG_TAPE(tape);
    wg_tensor *loss = wg_mse(value(d->critic, d->state, d->action), estimate(d));
    WG_TRY(subject_report(&d->base, loss));
    WG_TRY(wg_backward(loss));
    return wg_optim_step(d->critic_opt);
}

static void want_gradients(const wg_nn_module *net, bool wanted)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    for (size_t i = 0; i < params.n; i++)
        wg_set_requires_grad(params.tensor[i], wanted);
}

/* The critic passes the gradient on to the action; its own parameters get none. */
static wg_status actor_step(struct ddpg *d)
{
    WG_TAPE(tape);
    want_gradients(d->critic, false);
    wg_tensor *loss = wg_neg(wg_mean(value(d->critic, d->state, wg_nn_apply(d->actor, d->state))));
    const wg_status status = wg_backward(loss);
    want_gradients(d->critic, true);
    WG_TRY(status);
    return wg_optim_step(d->actor_opt);
}

static wg_status average(const wg_nn_module *target_net, const wg_nn_module *net)
{
    const wg_tensor_list target = wg_nn_parameters(target_net), source = wg_nn_parameters(net);
    for (size_t i = 0; i < target.n; i++)
        WG_TRY(wg_ema_update(target.tensor[i], source.tensor[i], rate));
    return WG_OK;
}

static wg_status step(void *subject)
{
    struct ddpg *d = subject;
    WG_TRY(critic_step(d));
    WG_TRY(actor_step(d));
    WG_TRY(wg_update_begin());
    wg_status status = average(d->target_actor, d->actor);
    if (status == WG_OK)
        status = average(d->target_critic, d->critic);
    if (status == WG_OK)
        return wg_update_commit();
    wg_update_cancel();
    return status;
}

static void finish(void *subject)
{
    struct ddpg *d = subject;
    wg_optim_destroy(d->actor_opt), wg_optim_destroy(d->critic_opt);
    wg_nn_destroy(d->actor), wg_nn_destroy(d->critic);
    wg_nn_destroy(d->target_actor), wg_nn_destroy(d->target_critic);
    wg_free(d->state), wg_free(d->action), wg_free(d->reward), wg_free(d->next_state), wg_free(d->done);
    subject_finish(&d->base);
}

const struct workload w6 = {.name = "W6", .size = sizeof(struct ddpg), .make = make, .step = step, .finish = finish};
