/* Allocation failures in making networks, optimizers and batches, in reading data, and in a step with all of them. */
#include "sweep.h"

struct world {
    wg_nn_module *net;
    wg_optim *optim;
    wg_batches *batches;
    wg_tensor *x, *y, *features, *labels;
    double loss;
};

static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return NULL;
    world->x = numbers(WG_F32, WG_SHAPE(10, 4), 1);
    world->y = made(wg_zeros(WG_I64, WG_SHAPE(10)));
    for (int i = 0; i < 10; i++)
        ((int64_t *)wg_data_mut(world->y))[i] = i % 3;
    return world;
}

static bool make_net(void *state)
{
    struct world *world = state;
    world->net = wg_nn_mlp(WG_SIZES(4, 6, 3), .batch_norm = true, .seed = 3);
    return world->net != NULL;
}

static bool make_optim(void *state)
{
    struct world *world = state;
    world->optim = wg_optim_adam(wg_nn_parameters(world->net), .lr = 0.01);
    return world->optim != NULL;
}

static bool make_batches(void *state)
{
    struct world *world = state;
    world->batches = wg_batches_create(world->x, world->y, .size = 4, .seed = 9);
    return world->batches != NULL;
}

static bool read_text(void *state)
{
    static const char text[] = "1,2,3,0\n4,5,6,1\n7,8,9,2\n";
    struct world *world = state;
    return wg_dataset_parse_csv(text, sizeof text - 1, "text", &world->features, &world->labels) == WG_OK;
}

static bool step(struct world *world)
{
    WG_TAPE(tape);
    wg_tensor *x, *y;
    if (wg_batches_next(world->batches, &x, &y) != WG_OK || !x)
        return false;
    wg_tensor *loss = wg_cross_entropy(wg_nn_apply(world->net, x), y);
    const double value = loss ? wg_item(loss) : 0;
    if (wg_backward(loss) != WG_OK || wg_optim_step(world->optim) != WG_OK)
        return false;
    world->loss = value;
    return true;
}

/* A failed step is tried again on the same batch: restoring the position in the data is up to the caller. */
static bool train(void *state)
{
    struct world *world = state;
    const wg_batches_state before = wg_batches_state_of(world->batches);
    if (step(world))
        return true;
    if (wg_batches_restore(world->batches, before) != WG_OK)
        world->loss = -1; /* counts as a change */
    return false;
}

static bool use(void *state)
{
    struct world *world = state;
    WG_EVAL_MODE;
    WG_NO_GRAD;
    wg_tensor *y = wg_nn_apply(world->net, world->x); /* without a tape, so it belongs to the caller */
    if (!y)
        return false;
    world->loss = element(y, 0);
    wg_free(y);
    return true;
}

/* ---- preparing: everything but the object that `act` makes ---- */

static void *prepare_nothing(void)
{
    return world_new();
}

static void *prepare_net(void)
{
    struct world *world = world_new();
    return world && make_net(world) ? world : NULL;
}

static void *prepare_training(void)
{
    struct world *world = prepare_net();
    if (!world || !make_optim(world) || !make_batches(world) || !train(world))
        return NULL;
    wg_memory_trim();
    return world;
}

/* ---- comparing ---- */

static size_t put(char *bytes, size_t used, size_t size, const void *from, size_t n)
{
    if (used + n <= size)
        memcpy(bytes + used, from, n);
    return used + n;
}

static size_t save(void *state, char *bytes, size_t size)
{
    const struct world *world = state;
    size_t used = put(bytes, 0, size, &world->loss, sizeof world->loss);
    if (world->net) {
        used = put_tensors(bytes, used, size, wg_nn_parameters(world->net));
        used = put_tensors(bytes, used, size, wg_nn_buffers(world->net));
    }
    if (world->optim)
        used = put_tensors(bytes, used, size, wg_optim_state(world->optim));
    if (world->batches) {
        const wg_batches_state at = wg_batches_state_of(world->batches);
        used = put(bytes, used, size, &at.seed, sizeof at.seed);
        used = put(bytes, used, size, &at.epoch, sizeof at.epoch);
        used = put(bytes, used, size, &at.position, sizeof at.position);
    }
    if (world->features)
        used = put_tensors(bytes, used, size, (wg_tensor_list){1, &world->features, NULL});
    int64_t generator[4];
    if (wg_read(wg_generator_default(), generator) == WG_OK)
        used = put(bytes, used, size, generator, sizeof generator);
    return used <= size ? used : 0;
}

static void finish(void *state)
{
    struct world *world = state;
    wg_optim_destroy(world->optim);
    wg_nn_destroy(world->net);
    wg_batches_destroy(world->batches);
    wg_free(world->x);
    wg_free(world->y);
    wg_free(world->features);
    wg_free(world->labels);
    free(world);
}

/* ---- */

static void out_of_memory_in_making_a_network(void **state)
{
    (void)state;
    const struct scenario scenario = {"a network", prepare_nothing, make_net, save, finish};
    assert_true(sweep(&scenario) > 40);
}

static void out_of_memory_in_making_an_optimizer(void **state)
{
    (void)state;
    const struct scenario scenario = {"an optimizer", prepare_net, make_optim, save, finish};
    assert_true(sweep(&scenario) > 10);
}

static void out_of_memory_in_making_batches(void **state)
{
    (void)state;
    const struct scenario scenario = {"batches", prepare_nothing, make_batches, save, finish};
    assert_true(sweep(&scenario) > 2);
}

static void out_of_memory_in_reading_data(void **state)
{
    (void)state;
    const struct scenario scenario = {"a table", prepare_nothing, read_text, save, finish};
    assert_true(sweep(&scenario) > 2);
}

static void out_of_memory_in_a_training_step(void **state)
{
    (void)state;
    const struct scenario scenario = {"a training step", prepare_training, train, save, finish};
    assert_true(sweep(&scenario) > 60);
}

static void out_of_memory_in_using_a_network(void **state)
{
    (void)state;
    const struct scenario scenario = {"a network in use", prepare_net, use, save, finish};
    assert_true(sweep(&scenario) > 10);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(out_of_memory_in_making_a_network), TEST(out_of_memory_in_making_an_optimizer), TEST(out_of_memory_in_making_batches),
        TEST(out_of_memory_in_reading_data),     TEST(out_of_memory_in_a_training_step),     TEST(out_of_memory_in_using_a_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
