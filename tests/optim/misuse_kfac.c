/* Misuse of K-FAC. */
#include "misuse.h"

static wg_nn_module *small_net(void)
{
    return wg_nn_sequential(wg_nn_linear(3, 4), wg_nn_tanh(), wg_nn_linear(4, 2));
}

static void misuse_options(void)
{
    wg_nn_module *net = small_net();
    wg_kfac_options bad;
    memset(&bad, 0xff, sizeof bad);
    bad.optim = NULL;
    assert_null_and_error(wg_kfac_create_with(net, bad), WG_E_ARGUMENT, "kfac_create: expected damping");
    assert_null_and_error(wg_kfac_create(net, .damping = 0), WG_E_ARGUMENT, "kfac_create: expected damping in (0, inf), got 0");
    assert_null_and_error(wg_kfac_create(net, .decay = 1), WG_E_ARGUMENT, "kfac_create: expected decay in [0, 1), got 1");
    assert_null_and_error(wg_kfac_create(net, .frequency = 0), WG_E_ARGUMENT, "kfac_create: expected frequency");
    assert_null_and_error(wg_kfac_create(net, .samples = -1), WG_E_ARGUMENT, "kfac_create: expected samples");
    assert_null_and_error(wg_kfac_create(net, .kl_limit = (double)NAN), WG_E_ARGUMENT, "kfac_create: expected kl_limit");
    wg_nn_destroy(net);
}

/* A weight that two layers share, and not the bias. */
static void misuse_networks(void)
{
    wg_nn_module *none = wg_nn_sequential(wg_nn_tanh()), *frozen = small_net(),
                 *tied = wg_nn_sequential(wg_nn_linear(3, 3), wg_nn_linear(3, 3));
    assert_null_and_error(wg_kfac_create(NULL), WG_E_NULL, "kfac_create: the network is NULL");
    assert_null_and_error(wg_kfac_create(none), WG_E_ARGUMENT, "kfac_create: expected a network with a linear or conv2d layer");
    assert_ok(wg_nn_freeze(frozen, "*"));
    assert_null_and_error(wg_kfac_create(frozen), WG_E_ARGUMENT, "kfac_create: expected a network with a linear or conv2d layer");
    assert_ok(wg_nn_tie(tied, "1.weight", "0.weight"));
    assert_null_and_error(wg_kfac_create(tied), WG_E_ARGUMENT,
                          "kfac_create: two layers share the weight 0.weight and not the bias");
    wg_nn_destroy(none), wg_nn_destroy(frozen), wg_nn_destroy(tied);
}

static void misuse_null(void)
{
    wg_tensor *y = NULL;
    assert_null_and_error(wg_kfac_apply(NULL, fx.y), WG_E_NULL, "kfac_apply: the kfac is NULL");
    assert_fails(wg_kfac_apply_many(NULL, &fx.y, 1, &y, 1), WG_E_NULL, "kfac_apply: the kfac is NULL");
    assert_fails(wg_kfac_observe(NULL, fx.scalar), WG_E_NULL, "kfac_observe: the kfac is NULL");
    assert_fails(wg_kfac_precondition(NULL), WG_E_NULL, "kfac_precondition: the kfac is NULL");
    assert_fails(wg_kfac_set_damping(NULL, 1), WG_E_NULL, "kfac_set_damping: the kfac is NULL");
    assert_true(isnan(wg_kfac_damping(NULL)));
    expect_error(WG_E_NULL, "kfac_damping: the kfac is NULL");
    assert_fails(wg_kfac_print(NULL, stdout), WG_E_NULL, "kfac_print: the kfac is NULL");
    assert_int_equal(wg_kfac_layers(NULL), 0);
    expect_error(WG_E_NULL, "kfac_layers: the kfac is NULL");
    assert_int_equal(wg_kfac_state(NULL).n, 0);
    expect_error(WG_E_NULL, "kfac_state: the kfac is NULL");
    wg_kfac_destroy(NULL);
}

static void misuse_applying(void)
{
    wg_nn_module *net = small_net();
    wg_kfac *kfac = wg_kfac_create(net);
    wg_tensor *y = NULL;
    assert_fails(wg_kfac_apply_many(kfac, NULL, 1, &y, 1), WG_E_NULL, "kfac_apply: the list of inputs is NULL");
    assert_fails(wg_kfac_apply_many(kfac, &fx.y, 1, NULL, 1), WG_E_NULL, "nn_apply_watched: the place for results is NULL");
    assert_fails(wg_kfac_apply_many(kfac, &fx.y, 0, &y, 1), WG_E_ARGUMENT, "nn_apply_watched: sequential");
    FOR_EACH_BAD(IS_NULL, assert_null_and_error(wg_kfac_apply(kfac, bad), code, ""))
    assert_null_and_error(wg_kfac_apply(kfac, fx.odd), WG_E_SHAPE, "nn_linear: ");
    assert_fails(wg_kfac_observe(kfac, fx.scalar), WG_E_STATE, "kfac_observe: no layer was seen on an open tape");
    assert_fails(wg_kfac_precondition(kfac), WG_E_NO_GRAD, "kfac_precondition: no layer's weight has a gradient");
    assert_fails(wg_kfac_set_damping(kfac, 0), WG_E_ARGUMENT, "kfac_set_damping: expected a damping above 0, got 0");
    assert_fails(wg_kfac_set_damping(kfac, (double)NAN), WG_E_ARGUMENT, "kfac_set_damping: expected a damping above 0");
    assert_true(wg_kfac_damping(kfac) == 1e-3);
    assert_fails(wg_kfac_print(kfac, NULL), WG_E_NULL, "kfac_print: the stream is NULL");
    wg_kfac_destroy(kfac), wg_nn_destroy(net);
}

static wg_tensor *loss_of(wg_tensor *y)
{
    return wg_mean(wg_square(y));
}

static void misuse_steps(void)
{
    wg_nn_module *net = small_net();
    wg_optim *optim = wg_optim_sgd(wg_nn_parameters(net));
    wg_kfac *kfac = wg_kfac_create(net), *limited = wg_kfac_create(net, .kl_limit = 1, .optim = optim);
    {
        WG_TAPE(tape);
        assert_ok(wg_backward(loss_of(wg_nn_apply(net, fx.y))));
        assert_fails(wg_kfac_precondition(kfac), WG_E_STATE, "kfac_precondition: the layer of 0.weight was never seen");
        wg_optim_clear_gradients(optim);
    }
    {
        WG_TAPE(tape);
        wg_tensor *y = wg_kfac_apply(kfac, fx.y), *bias = wg_nn_parameter(net, "0.bias");
        FOR_EACH_BAD(IS_NULL, assert_fails(wg_kfac_observe(kfac, bad), code, ""))
        assert_fails(wg_kfac_observe(kfac, y), WG_E_SHAPE, "grad: ");
        assert_ok(wg_backward(loss_of(y)));
        wg_tensor *g = made(wg_copy(wg_gradient(bias)));
        wg_clear_gradient(bias);
        assert_fails(wg_kfac_precondition(kfac), WG_E_NO_GRAD,
                     "kfac_precondition: 0.weight has a gradient and the layer's bias has none");
        assert_ok(wg_add_gradient(bias, g));
        assert_ok(wg_kfac_precondition(kfac));
        assert_fails(wg_kfac_precondition(kfac), WG_E_STATE, "kfac_precondition: the gradients of this step are preconditioned");
        assert_fails(wg_kfac_observe(kfac, fx.scalar), WG_E_STATE, "kfac_observe: no layer was seen");
    }
    wg_optim_destroy(optim);
    {
        WG_TAPE(tape);
        assert_ok(wg_backward(loss_of(wg_kfac_apply(limited, fx.y))));
        assert_fails(wg_kfac_precondition(limited), WG_E_DANGLING, "kfac_precondition: the optimizer of .optim was destroyed");
    }
    wg_nn_destroy(net);
    assert_fails(wg_kfac_precondition(kfac), WG_E_DANGLING, "kfac_precondition: 0.weight or its bias was freed");
    wg_kfac_destroy(kfac), wg_kfac_destroy(limited);
}

static const struct misuse misuse_table[] = {
    {"wg_kfac_create_with", misuse_options}, {"wg_kfac_destroy", misuse_networks},   {"wg_kfac_set_damping", misuse_null},
    {"wg_kfac_damping", misuse_null},        {"wg_kfac_layers", misuse_null},        {"wg_kfac_state", misuse_null},
    {"wg_kfac_print", misuse_null},          {"wg_kfac_apply_to", misuse_applying},  {"wg_kfac_apply_many", misuse_applying},
    {"wg_kfac_observe", misuse_steps},       {"wg_kfac_precondition", misuse_steps},
};

MISUSE_MAIN(misuse_table)
