/* DDPG and TD3: updates beside PyTorch's values (rl.txt, which rl.py wrote), target networks, and what is refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "formula.h"
#include "golden.h"
#include "nn_check.h"

enum { N = 6, OBSERVATION = 3, ACTION = 2, HIDDEN = 5, UPDATES = 7, MAX = 200 };

static int expected(const char *name, double *to)
{
    return golden_values(RL_VALUES, name, to, MAX);
}

/* ---- two networks, their optimizers, and a batch ---- */

struct world {
    wg_nn_module *actor, *critic[2];
    wg_optim *actor_optim, *critic_optim;
    wg_rl_batch batch;
};

static wg_nn_module *network(int64_t in, int64_t out, bool bounded, double k)
{
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(in, HIDDEN, .dtype = WG_F64), wg_nn_tanh(),
                                         wg_nn_linear(HIDDEN, out, .dtype = WG_F64), bounded ? wg_nn_tanh() : wg_nn_identity());
    const wg_tensor_list params = wg_nn_parameters(net);
    for (size_t i = 0; i < params.n; i++)
        assert_int_equal(fill_scaled(params.tensor[i], k + 10 * (double)i, 0.5, 0), WG_OK);
    return net;
}

static struct world make_world(int critics)
{
    struct world w = {.actor = network(OBSERVATION, ACTION, true, 0)};
    for (int i = 0; i < critics; i++)
        w.critic[i] = network(OBSERVATION + ACTION, 1, false, 100 * (i + 1));
    w.actor_optim = wg_optim_adam(wg_nn_parameters(w.actor), .lr = 0.01);
    w.critic_optim = wg_optim_adam(wg_nn_parameters(w.critic[0]), .lr = 0.02);
    if (critics > 1)
        assert_int_equal(wg_optim_add_group(w.critic_optim, wg_nn_parameters(w.critic[1])), WG_OK);
    w.batch = (wg_rl_batch){.n = N,
                            .observation = wg_zeros(WG_F64, WG_SHAPE(N, OBSERVATION)),
                            .action = wg_zeros(WG_F64, WG_SHAPE(N, ACTION)),
                            .reward = wg_zeros(WG_F64, WG_SHAPE(N, 1)),
                            .next = wg_zeros(WG_F64, WG_SHAPE(N, OBSERVATION)),
                            .discount = wg_zeros(WG_F64, WG_SHAPE(N, 1)),
                            .weight = wg_ones(WG_F64, WG_SHAPE(N, 1))};
    return w;
}

static void end_world(struct world *w)
{
    wg_optim_destroy(w->actor_optim), wg_optim_destroy(w->critic_optim);
    wg_nn_destroy(w->actor), wg_nn_destroy(w->critic[0]), wg_nn_destroy(w->critic[1]);
    wg_free(w->batch.observation), wg_free(w->batch.action), wg_free(w->batch.reward);
    wg_free(w->batch.next), wg_free(w->batch.discount), wg_free(w->batch.weight);
}

static void fill_batch(const struct world *w, int update)
{
    const double k = 1000 + 60 * update;
    double *discount = wg_data_mut(w->batch.discount), *weight = wg_data_mut(w->batch.weight);
    assert_int_equal(fill(w->batch.observation, k), WG_OK), assert_int_equal(fill(w->batch.action, k + 10), WG_OK);
    assert_int_equal(fill(w->batch.reward, k + 20), WG_OK), assert_int_equal(fill(w->batch.next, k + 30), WG_OK);
    for (int i = 0; i < N; i++) {
        discount[i] = sin(k + 41 + 0.7 * i) > 0 ? 0.9 : 0;
        weight[i] = fabs(sin(k + 51 + 0.7 * i));
    }
}

static wg_rl_agent *make_agent(const struct world *w, bool td3, bool captured)
{
    if (td3)
        return wg_rl_td3(w->actor, w->critic[0], w->critic[1], w->actor_optim, w->critic_optim, .tau = 0.1, .smoothing = 0,
                         .average = 0.05, .captured = captured, .seed = 0);
    return wg_rl_ddpg(w->actor, w->critic[0], w->actor_optim, w->critic_optim, .tau = 0.1, .average = 0.05, .captured = captured);
}

/* ---- updates ---- */

static void assert_net(const char *agent, const char *name, const wg_nn_module *net)
{
    double want[MAX];
    char line[60];
    snprintf(line, sizeof line, "%s %s", agent, name);
    const int n = expected(line, want);
    const wg_tensor_list params = wg_nn_parameters(net);
    int at = 0;
    for (size_t i = 0; i < params.n; i++)
        for (int64_t k = 0; k < wg_numel(params.tensor[i]); k++)
            assert_close(wg_data_as(params.tensor[i], double)[k], want[at++], 1e-10);
    assert_int_equal(at, n);
}

static void assert_agent(const char *name, const struct world *w, const wg_rl_agent *agent, int critics)
{
    double want[MAX];
    char label[60];
    assert_net(name, "actor", w->actor);
    assert_net(name, "target_actor", wg_rl_agent_target_actor(agent));
    assert_net(name, "average", wg_rl_agent_average(agent));
    for (int i = 0; i < critics; i++) {
        snprintf(label, sizeof label, "critic%d", i);
        assert_net(name, label, w->critic[i]);
        snprintf(label, sizeof label, "target_critic%d", i);
        assert_net(name, label, wg_rl_agent_target_critic(agent, i));
    }
    snprintf(label, sizeof label, "%s losses", name);
    assert_int_equal(expected(label, want), 2);
    assert_close(wg_rl_agent_critic_loss(agent), want[0], 1e-10), assert_close(wg_rl_agent_actor_loss(agent), want[1], 1e-10);
    snprintf(label, sizeof label, "%s errors", name);
    assert_int_equal(expected(label, want), N);
    for (int i = 0; i < N; i++)
        assert_close(wg_data_as(wg_rl_agent_errors(agent), double)[i], want[i], 1e-10);
}

/* Eagerly and captured, with other weights in each batch: PyTorch's values, and both the same bits. */
static void updates_have_pytorchs_values(void **state)
{
    (void)state;
    for (int td3 = 0; td3 < 2; td3++) {
        struct world w[2];
        wg_rl_agent *agent[2];
        for (int captured = 0; captured < 2; captured++) {
            w[captured] = make_world(td3 + 1);
            agent[captured] = make_agent(&w[captured], td3, captured);
            assert_non_null(agent[captured]);
            for (int update = 0; update < UPDATES; update++) {
                fill_batch(&w[captured], update);
                assert_int_equal(wg_rl_agent_learn(agent[captured], &w[captured].batch), WG_OK);
            }
            assert_int_equal(wg_rl_agent_updates(agent[captured]), UPDATES);
            assert_agent(td3 ? "td3" : "ddpg", &w[captured], agent[captured], td3 + 1);
        }
        const wg_tensor_list a = wg_rl_agent_state(agent[0]), b = wg_rl_agent_state(agent[1]);
        for (size_t i = 0; i < a.n; i++)
            assert_same_bits(a.tensor[i], b.tensor[i]);
        for (int i = 0; i < 2; i++)
            wg_rl_agent_destroy(agent[i]), end_world(&w[i]);
    }
    assert_no_error();
}

/* Another batch of the same shapes is captured anew, not read from the old one's memory. */
static void another_batch_is_another_capture(void **state)
{
    (void)state;
    struct world w = make_world(1), other = make_world(1), alone = make_world(1);
    wg_rl_agent *agent = make_agent(&w, false, true), *eager = make_agent(&alone, false, false);
    fill_batch(&w, 0), fill_batch(&other, 1), fill_batch(&alone, 0);
    assert_int_equal(wg_rl_agent_learn(agent, &w.batch), WG_OK), assert_int_equal(wg_rl_agent_learn(agent, &other.batch), WG_OK);
    assert_int_equal(wg_rl_agent_learn(eager, &alone.batch), WG_OK);
    fill_batch(&alone, 1);
    assert_int_equal(wg_rl_agent_learn(eager, &alone.batch), WG_OK);
    assert_same_bits(wg_rl_agent_errors(agent), wg_rl_agent_errors(eager));
    assert_same_bits(wg_nn_parameters(w.actor).tensor[0], wg_nn_parameters(alone.actor).tensor[0]);
    wg_rl_agent_destroy(agent), wg_rl_agent_destroy(eager);
    end_world(&w), end_world(&other), end_world(&alone);
    assert_no_error();
}

/* The actor's update leaves nothing on the critic, and the critics' nothing on the actor. */
static void gradients_stay_apart(void **state)
{
    (void)state;
    struct world w = make_world(1);
    wg_rl_agent *agent = make_agent(&w, false, false);
    fill_batch(&w, 0);
    assert_int_equal(wg_rl_agent_learn(agent, &w.batch), WG_OK);
    wg_nn_module *nets[] = {w.actor, w.critic[0], wg_rl_agent_target_actor(agent), wg_rl_agent_target_critic(agent, 0)};
    for (int i = 0; i < 4; i++)
        for (size_t k = 0; k < wg_nn_parameters(nets[i]).n; k++) {
            assert_null(wg_gradient(wg_nn_parameters(nets[i]).tensor[k]));
            assert_true(wg_requires_grad(wg_nn_parameters(nets[i]).tensor[k]));
        }
    wg_rl_agent_destroy(agent), end_world(&w);
    assert_no_error();
}

/* Errors +1 and -1 of critics that give constants: the losses add up to 2. */
static void twin_losses_are_added(void **state)
{
    (void)state;
    struct world w = make_world(2);
    for (int i = 0; i < 2; i++) {
        const wg_tensor_list params = wg_nn_parameters(w.critic[i]);
        for (size_t k = 0; k < params.n; k++)
            assert_int_equal(fill_scaled(params.tensor[k], 0, 0, k + 1 == params.n ? 1 - 2 * i : 0), WG_OK);
    }
    fill_batch(&w, 0);
    double *discount = wg_data_mut(w.batch.discount), *reward = wg_data_mut(w.batch.reward), *weight = wg_data_mut(w.batch.weight);
    for (int i = 0; i < N; i++)
        discount[i] = reward[i] = 0, weight[i] = 1;
    wg_rl_agent *agent = make_agent(&w, true, true);
    assert_int_equal(wg_rl_agent_learn(agent, &w.batch), WG_OK);
    assert_close(wg_rl_agent_critic_loss(agent), 2, 1e-15);
    assert_close(wg_data_as(wg_rl_agent_errors(agent), double)[0], 1, 1e-15);
    wg_rl_agent_destroy(agent), end_world(&w);
    assert_no_error();
}

/* ---- smoothing ---- */

/* In units of an action in ±1, σ .2, clip .5: draws 5 and -1 about .75 give .5 and -.2, actions 1 and .55. One draw for each row and
   component: the critic sums the actions, so that its target shows what was drawn. */
static void target_actions_are_smoothed(void **state)
{
    (void)state;
    const uint64_t seed = 4;
    struct world w = make_world(2);
    const wg_tensor_list actor = wg_nn_parameters(w.actor);
    for (size_t k = 0; k < actor.n; k++) /* μ' = .75 everywhere */
        assert_int_equal(fill_scaled(actor.tensor[k], 0, 0, k + 1 == actor.n ? atanh(0.75) : 0), WG_OK);
    wg_nn_destroy(w.critic[0]), wg_nn_destroy(w.critic[1]), wg_optim_destroy(w.critic_optim);
    for (int i = 0; i < 2; i++) {
        w.critic[i] = wg_nn_linear(OBSERVATION + ACTION, 1, .dtype = WG_F64);
        double weight[] = {0, 0, 0, 1, 3};
        assert_int_equal(wg_write(wg_nn_parameter(w.critic[i], "weight"), weight), WG_OK);
        assert_int_equal(wg_write(wg_nn_parameter(w.critic[i], "bias"), (double[]){i}), WG_OK);
    }
    w.critic_optim = wg_optim_sgd(wg_nn_parameters(w.critic[0]), .lr = 0);
    assert_int_equal(wg_optim_add_group(w.critic_optim, wg_nn_parameters(w.critic[1])), WG_OK);
    double *discount = wg_data_mut(w.batch.discount);
    for (int i = 0; i < N; i++)
        discount[i] = 1;
    wg_rl_agent *agent = wg_rl_td3(w.actor, w.critic[0], w.critic[1], w.actor_optim, w.critic_optim, .smoothing = 0.9, .clip = 0.5,
                                   .seed = seed, .tau = 0);
    wg_tensor *generator = wg_generator(seed, WG_STREAM_RL_AGENT);
    bool clipped = false, saturated = false, plain = false;
    for (int update = 0; update < 20; update++) {
        assert_int_equal(wg_rl_agent_learn(agent, &w.batch), WG_OK);
        wg_tensor *draw = wg_normal(generator, WG_F64, WG_SHAPE(N, ACTION), 0, 0.9);
        for (int i = 0; i < N; i++) {
            double y = 0;
            for (int k = 0; k < ACTION; k++) {
                const double z = wg_data_as(draw, double)[i * ACTION + k], noise = z > 0.5 ? 0.5 : z < -0.5 ? -0.5 : z;
                clipped = clipped || noise != z, saturated = saturated || 0.75 + noise > 1,
                plain = plain || (noise == z && noise < 0.2);
                y += (2 * k + 1) * (0.75 + noise > 1 ? 1 : 0.75 + noise);
            }
            assert_close(wg_data_as(wg_rl_agent_errors(agent), double)[i], -y, 1e-12); /* Q(s, a) = 0 */
        }
        wg_free(draw);
    }
    assert_true(clipped && saturated && plain);
    wg_free(generator), wg_rl_agent_destroy(agent), end_world(&w);
    assert_no_error();
}

/* ---- targets ---- */

/* τ 1 and 0 exactly; equal networks stay equal, bit by bit; buffers of batch norm are averaged, its count is copied. */
static void targets_follow(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(3, 4), wg_nn_batch_norm(4)), *target = wg_nn_copy(net),
                 *kept = wg_nn_copy(net);
    const wg_tensor_list a = wg_nn_state(net), b = wg_nn_state(target), c = wg_nn_state(kept);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(wg_rl_target_update(target, net, 0.005), WG_OK);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(a.tensor[i], b.tensor[i]);
    for (size_t i = 0; i < a.n; i++)
        assert_int_equal(wg_rank(a.tensor[i]) > 0 ? fill(a.tensor[i], (double)i) : wg_write(a.tensor[i], (double[]){7}), WG_OK);
    assert_int_equal(wg_rl_target_update(target, net, 0), WG_OK);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(b.tensor[i], c.tensor[i]);
    assert_int_equal(wg_rl_target_update(target, net, 0.25), WG_OK);
    for (size_t i = 0; i < a.n; i++)
        if (wg_rank(a.tensor[i]) > 0)
            assert_close(wg_data_as(b.tensor[i], float)[0],
                         0.75 * (double)wg_data_as(c.tensor[i], float)[0] + 0.25 * (double)wg_data_as(a.tensor[i], float)[0], 1e-6);
        else
            assert_same_bits(a.tensor[i], b.tensor[i]);
    assert_int_equal(wg_rl_target_update(target, net, 1), WG_OK);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(a.tensor[i], b.tensor[i]);
    wg_nn_destroy(net), wg_nn_destroy(target), wg_nn_destroy(kept);
    assert_no_error();
}

/* τ 0 and 1 are exact for whatever there is, as after an overflow. */
static void the_ends_of_tau_are_exact(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_linear(2, 1), *target = wg_nn_copy(net);
    float *a = wg_data_mut_as(wg_nn_parameter(net, "weight"), float), *b = wg_data_mut_as(wg_nn_parameter(target, "weight"), float);
    a[0] = INFINITY, b[0] = -0.0f, a[1] = 1, b[1] = NAN;
    assert_int_equal(wg_rl_target_update(target, net, 0), WG_OK);
    assert_true(b[0] == 0 && signbit(b[0]) && isnan(b[1]));
    assert_int_equal(wg_rl_target_update(target, net, 1), WG_OK);
    assert_same_bits(wg_nn_parameter(net, "weight"), wg_nn_parameter(target, "weight"));
    wg_nn_destroy(net), wg_nn_destroy(target);
    assert_no_error();
}

/* Critics differ, and each target begins as its own critic. */
static void targets_begin_as_copies(void **state)
{
    (void)state;
    struct world w = make_world(2);
    wg_rl_agent *agent = make_agent(&w, true, true);
    for (int i = 0; i < 2; i++) {
        const wg_tensor_list a = wg_nn_parameters(w.critic[i]), b = wg_nn_parameters(wg_rl_agent_target_critic(agent, i));
        for (size_t k = 0; k < a.n; k++) {
            assert_same_bits(a.tensor[k], b.tensor[k]);
            assert_false(wg_shares_memory(a.tensor[k], b.tensor[k]));
        }
    }
    wg_rl_agent_destroy(agent);
    wg_nn_module *same = wg_nn_copy(w.critic[0]);
    wg_optim *both = wg_optim_adam(wg_nn_parameters(w.critic[0]));
    assert_int_equal(wg_optim_add_group(both, wg_nn_parameters(same)), WG_OK);
    assert_null(wg_rl_td3(w.actor, w.critic[0], same, w.actor_optim, both));
    assert_error(WG_E_ARGUMENT, "rl_td3: the two critics begin with the same weights, and would stay equal");
    wg_optim_destroy(both), wg_nn_destroy(same), end_world(&w);
    assert_no_error();
}

/* A critic that has got another parameter since is refused, and nothing is shown of an update that failed. */
static void a_critic_that_has_grown_is_refused(void **state)
{
    (void)state;
    struct world w = make_world(1);
    wg_rl_agent *agent = make_agent(&w, false, false);
    fill_batch(&w, 0);
    for (int i = 0; i < 12; i++) {
        char name[20];
        snprintf(name, sizeof name, "more%d", i);
        assert_int_equal(wg_nn_add_parameter(w.critic[0], name, wg_zeros(WG_F64, WG_SHAPE(1))), WG_OK);
    }
    assert_int_equal(wg_rl_agent_learn(agent, &w.batch), WG_E_STATE);
    assert_error(WG_E_STATE, "rl_agent_learn: the critic has 16 parameters, and had 4 when the agent was made");
    assert_null(wg_rl_agent_errors(agent));
    assert_error(WG_E_STATE, "rl_agent_errors: there was no update yet");
    wg_rl_agent_destroy(agent), end_world(&w);
    assert_no_error();
}

/* ---- shapes ---- */

/* Q of (n) and targets of (n, 1) would be a square of differences: refused, as are spaces that do not fit. */
static void shapes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    struct world w = make_world(1);
    fill_batch(&w, 0);
    wg_rl_agent *agent = make_agent(&w, false, true);
    wg_tensor *flat = wg_reshape(w.batch.reward, WG_SHAPE(N)), *wide = wg_zeros(WG_F64, WG_SHAPE(N, 3));
    wg_rl_batch bad = w.batch;
    bad.reward = flat;
    assert_int_equal(wg_rl_agent_learn(agent, &bad), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "rl_agent_learn: expected the batch's rewards of [6, 1], got [6]");
    bad = w.batch, bad.action = wide;
    assert_int_equal(wg_rl_agent_learn(agent, &bad), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "rl_agent_learn: expected actions of the actor of [6, 3], got [6, 2]");
    bad = w.batch, bad.next = NULL;
    assert_int_equal(wg_rl_agent_learn(agent, &bad), WG_E_NULL);
    assert_error(WG_E_NULL, "rl_agent_learn: ");
    bad = w.batch, bad.n = 0;
    assert_int_equal(wg_rl_agent_learn(agent, &bad), WG_E_SHAPE);
    assert_error(WG_E_SHAPE, "rl_agent_learn: expected a batch of at least 1 row, got 0");
    assert_int_equal(wg_rl_agent_updates(agent), 0);
    assert_int_equal(wg_rl_agent_learn(agent, &w.batch), WG_OK);
    wg_free(flat), wg_free(wide), wg_rl_agent_destroy(agent), end_world(&w);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_have_pytorchs_values),
        cmocka_unit_test(another_batch_is_another_capture),
        cmocka_unit_test(gradients_stay_apart),
        cmocka_unit_test(twin_losses_are_added),
        cmocka_unit_test(target_actions_are_smoothed),
        cmocka_unit_test(targets_follow),
        cmocka_unit_test(targets_begin_as_copies),
        cmocka_unit_test(the_ends_of_tau_are_exact),
        cmocka_unit_test(a_critic_that_has_grown_is_refused),
        cmocka_unit_test(shapes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
