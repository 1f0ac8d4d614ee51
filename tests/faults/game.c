/* Allocation failures in games: adding players, a step by each rule, the field and its eigenvalues. */
#include "sweep.h"

enum { CRITIC, GENERATOR };

struct world {
    wg_nn_module *net[2];
    wg_optim *optim[2];
    wg_game *game;
    wg_tensor *real, *noise;
};

static wg_tensor *critic_loss(wg_game *game, void *context)
{
    const struct world *world = context;
    wg_tensor *fake = wg_game_apply(game, CRITIC, wg_game_apply(game, GENERATOR, world->noise));
    return wg_sub(wg_mean(wg_softplus(fake)), wg_mean(wg_log_sigmoid(wg_game_apply(game, CRITIC, world->real))));
}

static wg_tensor *generator_loss(wg_game *game, void *context)
{
    const struct world *world = context;
    return wg_neg(wg_mean(wg_log_sigmoid(wg_game_apply(game, CRITIC, wg_game_apply(game, GENERATOR, world->noise)))));
}

static void *prepare(wg_game_rule rule)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world || wg_seed(1, 0) != WG_OK)
        return NULL;
    world->real = numbers(WG_F32, WG_SHAPE(4, 2), 1);
    world->noise = numbers(WG_F32, WG_SHAPE(4, 2), 2);
    world->net[CRITIC] = wg_nn_sequential(wg_nn_batch_norm(2), wg_nn_linear(2, 1));
    world->net[GENERATOR] = wg_nn_linear(2, 2);
    world->game = wg_game_create(.rule = rule);
    for (int i = 0; i < 2 && world->game; i++) {
        world->optim[i] = wg_optim_sgd(wg_nn_parameters(world->net[i]), .momentum = 0.9);
        if (!world->optim[i])
            return NULL;
    }
    return world->game ? world : NULL;
}

static bool add(struct world *world, int64_t unroll)
{
    return wg_game_add(world->game, .name = "critic", .net = world->net[CRITIC], .optim = world->optim[CRITIC], .loss = critic_loss,
                       .context = world) == WG_OK &&
           wg_game_add(world->game, .name = "generator", .net = world->net[GENERATOR], .optim = world->optim[GENERATOR],
                       .loss = generator_loss, .context = world, .unroll = unroll) == WG_OK;
}

static void *prepare_ready(wg_game_rule rule, int64_t unroll)
{
    struct world *world = prepare(rule);
    if (!world || !add(world, unroll))
        return NULL;
    if (rule != WG_GAME_PROXIMAL && wg_game_step(world->game) != WG_OK)
        return NULL;
    wg_memory_trim();
    return world;
}

static void *prepare_alternating(void)
{
    return prepare_ready(WG_GAME_ALTERNATING, 0);
}

static void *prepare_extragradient(void)
{
    return prepare_ready(WG_GAME_EXTRAGRADIENT, 0);
}

static void *prepare_consensus(void)
{
    return prepare_ready(WG_GAME_CONSENSUS, 0);
}

static void *prepare_unrolled(void)
{
    return prepare_ready(WG_GAME_SIMULTANEOUS, 1);
}

static void *prepare_first(void)
{
    struct world *world = prepare(WG_GAME_ALTERNATING);
    return world && add(world, 0) ? world : NULL;
}

static bool step(void *state)
{
    return wg_game_step(((struct world *)state)->game) == WG_OK;
}

static bool eigenvalues(void *state)
{
    struct world *world = state;
    wg_tensor *z = wg_game_point(world->game), *found = z ? wg_game_eigenvalues(world->game, z) : NULL;
    const bool done = found != NULL;
    wg_free(z), wg_free(found);
    return done;
}

static bool path(void *state)
{
    struct world *world = state;
    wg_tensor *from = wg_game_point(world->game), *to = from ? wg_add_scalar(from, 1) : NULL;
    wg_tensor *found = to ? wg_game_path(world->game, from, to, 0, 1, 2) : NULL;
    const bool done = found != NULL;
    wg_free(from), wg_free(to), wg_free(found);
    return done;
}

static void *prepare_empty(void)
{
    return prepare(WG_GAME_ALTERNATING);
}

/* A first player that was added stays: so each is tried in a game of its own. */
static bool make(void *state)
{
    struct world *world = state;
    wg_game *before = world->game;
    world->game = wg_game_create();
    const bool done = world->game && add(world, 0);
    wg_game_destroy(world->game);
    world->game = before;
    return done;
}

static size_t save(void *state, char *bytes, size_t size)
{
    const struct world *world = state;
    size_t used = 0;
    for (int i = 0; i < 2; i++) {
        used = put_tensors(bytes, used, size, wg_nn_state(world->net[i]));
        used = put_tensors(bytes, used, size, wg_optim_state(world->optim[i]));
    }
    return put_tensors(bytes, used, size, wg_game_state(world->game));
}

static void finish(void *state)
{
    struct world *world = state;
    wg_game_destroy(world->game);
    for (int i = 0; i < 2; i++)
        wg_optim_destroy(world->optim[i]), wg_nn_destroy(world->net[i]);
    wg_free(world->real), wg_free(world->noise);
    free(world);
}

static const struct scenario scenarios[] = {
    {"making", prepare_empty, make, save, finish},
    {"a first step", prepare_first, step, save, finish},
    {"an extragradient step", prepare_extragradient, step, save, finish},
    {"a step of consensus", prepare_consensus, step, save, finish},
    {"an unrolled step", prepare_unrolled, step, save, finish},
    {"eigenvalues", prepare_alternating, eigenvalues, save, finish},
    {"a path", prepare_alternating, path, save, finish},
};

static void whatever_allocation_fails_nothing_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        assert_true(sweep(&scenarios[i]) > 3);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(whatever_allocation_fails_nothing_changes, NULL, clean_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
