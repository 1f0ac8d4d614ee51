/* Allocation failures in making K-FAC, in its steps, and in steps that draw labels. */
#include "sweep.h"

struct world {
    wg_nn_module *net;
    wg_optim *optim;
    wg_kfac *kfac;
    wg_tensor *x, *y;
};

static bool make_kfac(void *state)
{
    struct world *world = state;
    world->kfac = wg_kfac_create(world->net, .frequency = 2, .kl_limit = 0.01, .optim = world->optim);
    return world->kfac != NULL;
}

static bool step_with(struct world *world, bool observed)
{
    WG_TAPE(tape);
    wg_tensor *y = wg_kfac_apply(world->kfac, world->x);
    if (observed && wg_kfac_observe(world->kfac, wg_mse(y, wg_add_scalar(wg_detach(y), 1))) != WG_OK)
        return false;
    return wg_backward(wg_mse(y, world->y)) == WG_OK && wg_kfac_precondition(world->kfac) == WG_OK &&
           wg_optim_step(world->optim) == WG_OK;
}

static bool step(void *state)
{
    return step_with(state, false);
}

static bool step_observed(void *state)
{
    return step_with(state, true);
}

static void *prepare_net(void)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return NULL;
    world->x = numbers(WG_F32, WG_SHAPE(3, 2, 4, 4), 1);
    world->y = numbers(WG_F32, WG_SHAPE(3, 2), 2);
    world->net = wg_nn_sequential(wg_nn_conv2d(2, 2, 3, .padding = WG_PAIR(1, 1)), wg_nn_relu(), wg_nn_flatten(),
                                  wg_nn_linear(32, 2));
    wg_tensor_list params = wg_nn_parameters(world->net);
    for (size_t i = 0; i < params.n; i++)
        for (int64_t k = 0; k < wg_numel(params.tensor[i]); k++)
            wg_data_mut_as(params.tensor[i], float)[k] = (float)(k % 5 - 2) / 8;
    world->optim = wg_optim_sgd(params, .lr = 0.1, .momentum = 0.5);
    return world->net && world->optim ? world : NULL;
}

static void *prepare_kfac(void)
{
    struct world *world = prepare_net();
    if (!world || !make_kfac(world) || !step(world))
        return NULL;
    wg_memory_trim();
    return world;
}

static size_t save(void *state, char *bytes, size_t size)
{
    const struct world *world = state;
    size_t used = put_tensors(bytes, 0, size, wg_nn_parameters(world->net));
    used = put_tensors(bytes, used, size, wg_optim_state(world->optim));
    return world->kfac ? put_tensors(bytes, used, size, wg_kfac_state(world->kfac)) : used;
}

static void finish(void *state)
{
    struct world *world = state;
    wg_kfac_destroy(world->kfac), wg_optim_destroy(world->optim), wg_nn_destroy(world->net);
    wg_free(world->x), wg_free(world->y);
    free(world);
}

static const struct scenario scenarios[] = {
    {"making", prepare_net, make_kfac, save, finish},
    {"a step", prepare_kfac, step, save, finish},
    {"a step with drawn labels", prepare_kfac, step_observed, save, finish},
};

static void whatever_allocation_fails_nothing_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        assert_true(sweep(&scenarios[i]) > (i == 0 ? 10 : 60));
}

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(whatever_allocation_fails_nothing_changes, NULL, clean_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
