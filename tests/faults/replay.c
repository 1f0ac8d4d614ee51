/* Allocation failures in capturing a training step, in binding an input and in running a replay. */
#include "sweep.h"

struct world {
    wg_nn_module *net;
    wg_optim *optim;
    wg_tensor *x, *instead, *y, *loss;
    wg_replay *replay;
};

static wg_status step(void *context)
{
    struct world *world = context;
    WG_TAPE(tape);
    wg_tensor *loss = wg_cross_entropy(wg_nn_apply(world->net, wg_dropout(world->x, wg_generator_default(), 0.5)), world->y);
    wg_tensor *kept = loss ? wg_keep(loss) : NULL;
    if (!kept || wg_backward(loss) != WG_OK || wg_optim_step(world->optim) != WG_OK) {
        wg_free(kept);
        return wg_error_first()->code;
    }
    wg_free(world->loss);
    world->loss = kept;
    return WG_OK;
}

static bool capture(void *state)
{
    struct world *world = state;
    wg_replay *replay = wg_replay_capture(step, world);
    if (replay)
        world->replay = replay;
    return replay != NULL;
}

static bool run(void *state)
{
    const struct world *world = state;
    return wg_replay_run(world->replay) == WG_OK;
}

static bool bind(void *state)
{
    const struct world *world = state;
    return wg_replay_bind(world->replay, world->x, world->instead) == WG_OK;
}

static void *prepare(void)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return NULL;
    world->x = numbers(WG_F32, WG_SHAPE(10, 4), 1);
    world->instead = numbers(WG_F32, WG_SHAPE(10, 4), 2);
    world->y = made(wg_zeros(WG_I64, WG_SHAPE(10)));
    world->net = wg_nn_mlp(WG_SIZES(4, 6, 3), .batch_norm = true, .seed = 3);
    world->optim = wg_optim_adam(wg_nn_parameters(world->net), .lr = 0.01);
    wg_memory_trim();
    return world->net && world->optim ? world : NULL;
}

static void *prepare_replay(void)
{
    struct world *world = prepare();
    if (!world || !capture(world))
        return NULL;
    wg_memory_trim();
    return world;
}

static size_t save(void *state, char *bytes, size_t size)
{
    const struct world *world = state;
    wg_tensor *generator = wg_generator_default();
    size_t used = put_tensors(bytes, 0, size, wg_nn_parameters(world->net));
    used = put_tensors(bytes, used, size, wg_nn_buffers(world->net));
    used = put_tensors(bytes, used, size, wg_optim_state(world->optim));
    return put_tensors(bytes, used, size, (wg_tensor_list){1, &generator, NULL});
}

static void finish(void *state)
{
    struct world *world = state;
    wg_replay_destroy(world->replay);
    wg_optim_destroy(world->optim);
    wg_nn_destroy(world->net);
    wg_free(world->x), wg_free(world->instead), wg_free(world->y), wg_free(world->loss);
    free(world);
}

static void out_of_memory_in_capturing_a_step(void **state)
{
    (void)state;
    const struct scenario scenario = {"a capture", prepare, capture, save, finish};
    assert_true(sweep(&scenario) > 100);
}

static void out_of_memory_in_running_a_replay(void **state)
{
    (void)state;
    const struct scenario scenario = {"a run", prepare_replay, run, save, finish};
    sweep(&scenario);
}

static void out_of_memory_in_binding_an_input(void **state)
{
    (void)state;
    const struct scenario scenario = {"a binding", prepare_replay, bind, save, finish};
    assert_true(sweep(&scenario) > 0);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(out_of_memory_in_capturing_a_step),
        TEST(out_of_memory_in_running_a_replay),
        TEST(out_of_memory_in_binding_an_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
