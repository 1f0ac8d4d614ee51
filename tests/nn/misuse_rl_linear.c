/* Misuse of policy gradients with linear critics. */
#include <math.h>

#include "misuse.h"

static wg_tensor *ones(wg_shape shape)
{
    return made(wg_ones(WG_F64, shape));
}

static wg_nn_module *actor(void)
{
    wg_nn_module *net = wg_nn_linear(3, 2, .dtype = WG_F64);
    assert_non_null(net);
    return net;
}

static wg_tensor *sum_q(wg_tensor *s, wg_tensor *a, void *context)
{
    (void)context;
    return wg_add(wg_sum(s, .axis = 1), wg_sum(a, .axis = 1));
}

static wg_tensor *one_number(wg_tensor *s, wg_tensor *a, void *context)
{
    (void)s, (void)context;
    return wg_sum(a);
}

static wg_tensor *failing_q(wg_tensor *s, wg_tensor *a, void *context)
{
    (void)context;
    return wg_matmul(s, a);
}

static void misuse_gradients(void)
{
    wg_nn_module *net = actor(), *none = wg_nn_tanh();
    wg_tensor *s = ones(WG_SHAPE(4, 3));
    REFUSED("rl_policy_gradient", wg_rl_policy_gradient(net, bad, sum_q, NULL));
    assert_null_and_error(wg_rl_policy_gradient(NULL, s, sum_q, NULL), WG_E_NULL, "rl_policy_gradient: the actor is NULL");
    assert_null_and_error(wg_rl_policy_gradient(net, s, NULL, NULL), WG_E_NULL, "rl_policy_gradient: Q is NULL");
    assert_null_and_error(wg_rl_policy_gradient(none, s, sum_q, NULL), WG_E_ARGUMENT, "rl_policy_gradient: ");
    assert_null_and_error(wg_rl_policy_gradient(net, fx.labels, sum_q, NULL), WG_E_DTYPE,
                          "rl_policy_gradient: expected s of dtype f32 or f64, got i64");
    assert_null_and_error(wg_rl_policy_gradient(net, ones(WG_SHAPE(3)), sum_q, NULL), WG_E_SHAPE,
                          "rl_policy_gradient: expected s of rank 2 with at least one row, got [3]");
    assert_null_and_error(wg_rl_policy_gradient(net, ones(WG_SHAPE(0, 3)), sum_q, NULL), WG_E_SHAPE,
                          "rl_policy_gradient: expected s");
    assert_null_and_error(wg_rl_policy_gradient(net, s, one_number, NULL), WG_E_SHAPE,
                          "rl_policy_gradient: expected a Q for each of 4 states, got 1");
    assert_null_and_error(wg_rl_policy_gradient(net, s, failing_q, NULL), WG_E_SHAPE, "rl_policy_gradient: matmul: ");
    wg_nn_destroy(net), wg_nn_destroy(none);
}

static void misuse_compatible(void)
{
    wg_nn_module *net = actor();
    wg_tensor *s = ones(WG_SHAPE(4, 3)), *a = ones(WG_SHAPE(4, 2)), *w = ones(WG_SHAPE(8)), *c = ones(WG_SHAPE(4));
    REFUSED("rl_compatible_features", wg_rl_compatible_features(net, bad, a));
    REFUSED("rl_compatible_features", wg_rl_compatible_features(net, s, bad));
    REFUSED("rl_compatible_advantage", wg_rl_compatible_advantage(net, bad, a, w));
    REFUSED("rl_compatible_advantage", wg_rl_compatible_advantage(net, s, bad, w));
    REFUSED("rl_compatible_advantage", wg_rl_compatible_advantage(net, s, a, bad));
    REFUSED("rl_compatible_mean", wg_rl_compatible_mean(net, bad, a, c));
    REFUSED("rl_compatible_mean", wg_rl_compatible_mean(net, s, bad, c));
    REFUSED("rl_compatible_mean", wg_rl_compatible_mean(net, s, a, bad));
    REFUSED("rl_compatible_gradient", wg_rl_compatible_gradient(net, bad, w));
    REFUSED("rl_compatible_gradient", wg_rl_compatible_gradient(net, s, bad));
    assert_null_and_error(wg_rl_compatible_features(NULL, s, a), WG_E_NULL, "rl_compatible_features: the actor is NULL");
    assert_null_and_error(wg_rl_compatible_advantage(NULL, s, a, w), WG_E_NULL, "rl_compatible_advantage: the actor is NULL");
    assert_null_and_error(wg_rl_compatible_mean(NULL, s, a, c), WG_E_NULL, "rl_compatible_mean: the actor is NULL");
    assert_null_and_error(wg_rl_compatible_gradient(NULL, s, w), WG_E_NULL, "rl_compatible_gradient: the actor is NULL");
    assert_null_and_error(wg_rl_compatible_features(net, s, s), WG_E_SHAPE,
                          "rl_compatible_features: expected a of the shape of the actor's actions, [4, 2], got [4, 3]");
    assert_null_and_error(wg_rl_compatible_advantage(net, s, a, c), WG_E_SHAPE,
                          "rl_compatible_advantage: expected w of 8 elements, got 4");
    assert_null_and_error(wg_rl_compatible_mean(net, s, a, w), WG_E_SHAPE, "rl_compatible_mean: expected c of 4 elements, got 8");
    assert_null_and_error(wg_rl_compatible_gradient(net, s, s), WG_E_SHAPE, "rl_compatible_gradient: expected w of rank 1");
    assert_null_and_error(wg_rl_compatible_gradient(net, s, made(wg_cast(w, WG_F32))), WG_E_DTYPE, "rl_compatible_gradient: ");
    wg_nn_destroy(net);
}

static void misuse_least_squares(void)
{
    wg_tensor *x = ones(WG_SHAPE(4, 1)), *r = ones(WG_SHAPE(4));
    REFUSED("rl_lstd", wg_rl_lstd(bad, x, r));
    REFUSED_BUT_NONE("rl_lstd", wg_rl_lstd(x, bad, r));
    REFUSED("rl_lstd", wg_rl_lstd(x, x, bad));
    REFUSED_BUT_NONE("rl_lstd", wg_rl_lstd(x, x, r, .terminated = bad));
    REFUSED("rl_quadratic_features", wg_rl_quadratic_features(bad, x));
    REFUSED_BUT_NONE("rl_quadratic_features", wg_rl_quadratic_features(x, bad));
    assert_null_and_error(wg_rl_lstd(x, x, r, .gamma = 1.5), WG_E_ARGUMENT, "rl_lstd: expected .gamma in [0, 1], got 1.5");
    assert_null_and_error(wg_rl_lstd(x, x, r, .gamma = (double)NAN), WG_E_ARGUMENT, "rl_lstd: expected .gamma in [0, 1], got nan");
    assert_null_and_error(wg_rl_lstd(x, x, r, .ridge = -1), WG_E_ARGUMENT, "rl_lstd: expected .ridge in [0, inf), got -1");
    assert_null_and_error(wg_rl_lstd(fx.x, x, r), WG_E_DTYPE, "rl_lstd: expected features of dtype f64, got f32");
    assert_null_and_error(wg_rl_lstd(x, ones(WG_SHAPE(4, 2)), r), WG_E_SHAPE,
                          "rl_lstd: expected next features of shape (4, 1), got [4, 2]");
    assert_null_and_error(wg_rl_lstd(x, x, ones(WG_SHAPE(3))), WG_E_SHAPE, "rl_lstd: expected rewards of shape (4), got [3]");
    assert_null_and_error(wg_rl_lstd(x, x, r, .terminated = x), WG_E_SHAPE,
                          "rl_lstd: expected terminated of shape (4), got [4, 1]");
    assert_null_and_error(wg_rl_lstd(x, x, r, .gamma = 1), WG_E_NUMERIC, "rl_lstd: solve: ");
    assert_null_and_error(wg_rl_quadratic_features(x, fx.wide), WG_E_SHAPE, "rl_quadratic_features: ");
}

static void misuse_making_copdac(void)
{
    wg_nn_module *net = actor(), *none = wg_nn_tanh();
    assert_null_and_error(wg_rl_copdac_create(NULL, 2), WG_E_NULL, "rl_copdac_create: the actor is NULL");
    assert_null_and_error(wg_rl_copdac_create(none, 2), WG_E_ARGUMENT, "rl_copdac_create: ");
    assert_null_and_error(wg_rl_copdac_create(net, 0), WG_E_ARGUMENT, "rl_copdac_create: expected at least one feature, got 0");
    assert_null_and_error(wg_rl_copdac_create(net, 2, .gamma = -1), WG_E_ARGUMENT,
                          "rl_copdac_create: expected .gamma in [0, 1], got -1");
    assert_null_and_error(wg_rl_copdac_create(net, 2, .actor_rate = -1), WG_E_ARGUMENT,
                          "rl_copdac_create: expected .actor_rate in");
    assert_null_and_error(wg_rl_copdac_create(net, 2, .advantage_rate = (double)NAN), WG_E_ARGUMENT,
                          "rl_copdac_create: expected .advantage_rate in [0, inf), got nan");
    assert_null_and_error(wg_rl_copdac_create(net, 2, .value_rate = (double)INFINITY), WG_E_ARGUMENT,
                          "rl_copdac_create: expected .value_rate in [0, inf), got inf");
    wg_rl_copdac_destroy(NULL);
    wg_nn_destroy(net), wg_nn_destroy(none);
}

static void misuse_copdac(void)
{
    wg_nn_module *net = actor();
    wg_rl_copdac *agent = wg_rl_copdac_create(net, 2);
    const wg_rl_copdac_batch right = {ones(WG_SHAPE(4, 3)), ones(WG_SHAPE(4, 2)), ones(WG_SHAPE(4)),
                                      ones(WG_SHAPE(4, 2)), ones(WG_SHAPE(4, 2)), WG_NONE};
    wg_rl_copdac_batch b;
    double error = 5, before[8];
    assert_ok(wg_read(wg_nn_parameter(net, "weight"), (double[6]){0}));
    assert_ok(wg_read(wg_rl_copdac_state(agent).tensor[0], before));
    assert_fails(wg_rl_copdac_step(NULL, right, NULL), WG_E_NULL, "rl_copdac_step: the agent is NULL");
    assert_int_equal(wg_rl_copdac_state(NULL).n, 0);
    expect_error(WG_E_NULL, "rl_copdac_state: the agent is NULL");
#define WITH(member, value) (b = right, b.member = (value), wg_rl_copdac_step(agent, b, &error))
    REFUSED_STATUS("rl_copdac_step", WITH(s, bad));
    REFUSED_STATUS("rl_copdac_step", WITH(a, bad));
    REFUSED_STATUS("rl_copdac_step", WITH(reward, bad));
    REFUSED_STATUS("rl_copdac_step", WITH(value_features, bad));
    REFUSED_STATUS("rl_copdac_step", WITH(next_features, bad));
    REFUSED_STATUS_BUT_NONE("rl_copdac_step", WITH(terminated, bad));
    assert_fails(WITH(reward, ones(WG_SHAPE(3))), WG_E_SHAPE, "rl_copdac_step: expected 4 rows in all, as s has");
    assert_fails(WITH(terminated, ones(WG_SHAPE(5))), WG_E_SHAPE, "rl_copdac_step: expected 4 rows in all, as s has");
    assert_fails(WITH(next_features, ones(WG_SHAPE(4, 3))), WG_E_SHAPE,
                 "rl_copdac_step: expected 2 features of s and of what followed, got 2 and 3");
    assert_fails(WITH(a, ones(WG_SHAPE(4, 1))), WG_E_SHAPE, "rl_compatible_advantage: expected a of the shape");
#undef WITH
    assert_true(error == 5);
    const double *w = wg_data(wg_rl_copdac_state(agent).tensor[0]);
    assert_memory_equal(w, before, sizeof before);
    wg_rl_copdac_destroy(agent), wg_nn_destroy(net);
}

static void misuse_tiles(void)
{
    const double low[] = {0, 0}, high[] = {1, 1}, endless[] = {1, (double)INFINITY}, nan[] = {0, (double)NAN};
    const wg_rl_box box = {2, low, high}, open = {2, NULL, NULL}, wide = {2, low, endless}, flat = {2, low, low},
                    empty = {0, low, high};
    int64_t at[8];
    assert_null_and_error(wg_rl_tiles_create(NULL), WG_E_NULL, "rl_tiles_create: the box is NULL");
    assert_null_and_error(wg_rl_tiles_create(&open), WG_E_ARGUMENT, "rl_tiles_create: expected a box with bounds");
    assert_null_and_error(wg_rl_tiles_create(&empty), WG_E_ARGUMENT, "rl_tiles_create: expected a box with bounds");
    assert_null_and_error(wg_rl_tiles_create(&wide), WG_E_ARGUMENT, "rl_tiles_create: expected finite bounds");
    assert_null_and_error(wg_rl_tiles_create(&flat), WG_E_ARGUMENT, "rl_tiles_create: expected finite bounds");
    assert_null_and_error(wg_rl_tiles_create(&box, .tilings = 0), WG_E_ARGUMENT,
                          "rl_tiles_create: expected at least 1 of .tilings");
    assert_null_and_error(wg_rl_tiles_create(&box, .divisions = -1), WG_E_ARGUMENT, "rl_tiles_create: expected at least 1 of");
    assert_null_and_error(wg_rl_tiles_create(&box, .divisions = 10000), WG_E_ARGUMENT,
                          "rl_tiles_create: expected at most 2^26 features");
    wg_rl_tiles *tiles = wg_rl_tiles_create(&box);
    assert_fails(wg_rl_tiles_encode(NULL, low, at), WG_E_NULL, "rl_tiles_encode: the tiles is NULL");
    assert_fails(wg_rl_tiles_encode(tiles, NULL, at), WG_E_NULL, "rl_tiles_encode: the observation is NULL");
    assert_fails(wg_rl_tiles_encode(tiles, low, NULL), WG_E_NULL, "rl_tiles_encode: active is NULL");
    assert_fails(wg_rl_tiles_encode(tiles, nan, at), WG_E_NUMERIC, "rl_tiles_encode: component 1 of the observation is nan");
    assert_null_and_error(wg_rl_tiles_features(NULL, low, 1), WG_E_NULL, "rl_tiles_features: the tiles is NULL");
    assert_null_and_error(wg_rl_tiles_features(tiles, NULL, 1), WG_E_NULL, "rl_tiles_features: the observations is NULL");
    assert_null_and_error(wg_rl_tiles_features(tiles, low, 0), WG_E_ARGUMENT,
                          "rl_tiles_features: expected at least one observation");
    assert_null_and_error(wg_rl_tiles_features(tiles, nan, 1), WG_E_NUMERIC,
                          "rl_tiles_features: component 1 of the observation is nan");
    assert_int_equal(wg_rl_tiles_size(NULL), 0);
    expect_error(WG_E_NULL, "rl_tiles_size: the tiles is NULL");
    assert_int_equal(wg_rl_tiles_active(NULL), 0);
    expect_error(WG_E_NULL, "rl_tiles_active: the tiles is NULL");
    assert_int_equal(wg_rl_tiles_axes(NULL), 0);
    expect_error(WG_E_NULL, "rl_tiles_axes: the tiles is NULL");
    wg_rl_tiles_destroy(tiles), wg_rl_tiles_destroy(NULL);
}

static void misuse_tiled(void)
{
    const double low[] = {0, 0}, high[] = {1, 1}, nan[] = {0, (double)NAN};
    const wg_rl_box box = {2, low, high};
    double action[2] = {5, 6};
    wg_rl_tiles *tiles = wg_rl_tiles_create(&box);
    assert_null_and_error(wg_rl_tiled_create(NULL, 2), WG_E_NULL, "rl_tiled_create: the tiles is NULL");
    assert_null_and_error(wg_rl_tiled_create(tiles, 0), WG_E_ARGUMENT, "rl_tiled_create: expected 1 to 65536 actions, got 0");
    assert_null_and_error(wg_rl_tiled_create(tiles, 2, .method = (wg_rl_tiled_method)7), WG_E_ARGUMENT,
                          "rl_tiled_create: expected .method to be a wg_rl_tiled_method, got 7");
    assert_null_and_error(wg_rl_tiled_create(tiles, 2, .sigma = 0), WG_E_ARGUMENT,
                          "rl_tiled_create: expected .sigma above 0, got 0");
    assert_null_and_error(wg_rl_tiled_create(tiles, 2, .gamma = 2), WG_E_ARGUMENT,
                          "rl_tiled_create: expected .gamma in [0, 1], got 2");
    assert_null_and_error(wg_rl_tiled_create(tiles, 2, .actor_rate = -1), WG_E_ARGUMENT,
                          "rl_tiled_create: expected .actor_rate in");
    assert_null_and_error(wg_rl_tiled_create(tiles, 2, .advantage_rate = -1), WG_E_ARGUMENT,
                          "rl_tiled_create: expected .advantage_rate");
    assert_null_and_error(wg_rl_tiled_create(tiles, 2, .value_rate = (double)NAN), WG_E_ARGUMENT,
                          "rl_tiled_create: expected .value_rate");
    wg_rl_tiled *agent = wg_rl_tiled_create(tiles, 2, .seed = 1);
    assert_fails(wg_rl_tiled_act(NULL, low, true, action), WG_E_NULL, "rl_tiled_act: the agent is NULL");
    assert_fails(wg_rl_tiled_act(agent, NULL, true, action), WG_E_NULL, "rl_tiled_act: the observation is NULL");
    assert_fails(wg_rl_tiled_act(agent, low, true, NULL), WG_E_NULL, "rl_tiled_act: the action is NULL");
    assert_fails(wg_rl_tiled_act(agent, nan, true, action), WG_E_NUMERIC, "rl_tiles_encode: component 1");
    assert_fails(wg_rl_tiled_policy(NULL, 1, low, action), WG_E_NULL, "rl_tiled_policy: the agent is NULL");
    assert_fails(wg_rl_tiled_policy(agent, 1, NULL, action), WG_E_NULL, "rl_tiled_policy: the observations is NULL");
    assert_fails(wg_rl_tiled_policy(agent, 1, low, NULL), WG_E_NULL, "rl_tiled_policy: the actions is NULL");
    assert_true(action[0] == 5 && action[1] == 6);
    action[0] = action[1] = 0.5;
    assert_fails(wg_rl_tiled_step(NULL, low, action, 1, low, false), WG_E_NULL, "rl_tiled_step: the agent is NULL");
    assert_fails(wg_rl_tiled_step(agent, NULL, action, 1, low, false), WG_E_NULL, "rl_tiled_step: the observation is NULL");
    assert_fails(wg_rl_tiled_step(agent, low, NULL, 1, low, false), WG_E_NULL, "rl_tiled_step: the action is NULL");
    assert_fails(wg_rl_tiled_step(agent, low, action, 1, NULL, false), WG_E_NULL, "rl_tiled_step: the next observation is NULL");
    assert_fails(wg_rl_tiled_step(agent, low, action, (double)NAN, low, false), WG_E_NUMERIC,
                 "rl_tiled_step: expected a finite reward");
    assert_fails(wg_rl_tiled_step(agent, low, nan, 1, low, false), WG_E_NUMERIC, "rl_tiled_step: expected a finite reward");
    assert_fails(wg_rl_tiled_step(agent, nan, action, 1, low, false), WG_E_NUMERIC, "rl_tiles_encode: component 1");
    assert_fails(wg_rl_tiled_step(agent, low, action, 1, nan, false), WG_E_NUMERIC, "rl_tiles_encode: component 1");
    const wg_tensor_list state = wg_rl_tiled_state(agent);
    for (size_t i = 0; i < 4; i++)
        assert_true(wg_item(made(wg_sum_abs(state.tensor[i]))) == 0);
    assert_int_equal(wg_rl_tiled_state(NULL).n, 0);
    expect_error(WG_E_NULL, "rl_tiled_state: the agent is NULL");
    wg_rl_tiled_destroy(agent);
    agent = wg_rl_tiled_create(tiles, 2, .seed = 1, .method = WG_RL_TILED_SAC);
    double *y = wg_data_mut(wg_rl_tiled_state(agent).tensor[3]);
    for (int64_t i = 0; i < wg_rl_tiles_size(tiles); i++)
        y[wg_rl_tiles_size(tiles) + i] = -100; /* of action 1 alone */
    assert_fails(wg_rl_tiled_step(agent, low, action, 1, low, false), WG_E_NUMERIC,
                 "rl_tiled_step: the deviation of action 1 has become 0");
    assert_true(wg_item(made(wg_sum_abs(wg_rl_tiled_state(agent).tensor[0]))) == 0);
    wg_rl_tiled_destroy(agent), wg_rl_tiled_destroy(NULL), wg_rl_tiles_destroy(tiles);
}

static const struct misuse table[] = {
    {"wg_rl_policy_gradient", misuse_gradients},
    {"wg_rl_compatible_features", misuse_compatible},
    {"wg_rl_compatible_advantage", misuse_compatible},
    {"wg_rl_compatible_mean", misuse_compatible},
    {"wg_rl_compatible_gradient", misuse_compatible},
    {"wg_rl_lstd_with", misuse_least_squares},
    {"wg_rl_quadratic_features", misuse_least_squares},
    {"wg_rl_copdac_create_with", misuse_making_copdac},
    {"wg_rl_copdac_destroy", misuse_making_copdac},
    {"wg_rl_copdac_step", misuse_copdac},
    {"wg_rl_copdac_state", misuse_copdac},
    {"wg_rl_tiles_create_with", misuse_tiles},
    {"wg_rl_tiles_destroy", misuse_tiles},
    {"wg_rl_tiles_size", misuse_tiles},
    {"wg_rl_tiles_active", misuse_tiles},
    {"wg_rl_tiles_axes", misuse_tiles},
    {"wg_rl_tiles_encode", misuse_tiles},
    {"wg_rl_tiles_features", misuse_tiles},
    {"wg_rl_tiled_create_with", misuse_tiled},
    {"wg_rl_tiled_destroy", misuse_tiled},
    {"wg_rl_tiled_act", misuse_tiled},
    {"wg_rl_tiled_step", misuse_tiled},
    {"wg_rl_tiled_policy", misuse_tiled},
    {"wg_rl_tiled_state", misuse_tiled},
};

MISUSE_MAIN(table)
