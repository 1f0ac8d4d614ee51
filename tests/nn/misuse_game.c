/* Misuse of games. */
#include "misuse.h"

static wg_tensor *squared(wg_game *game, void *context)
{
    (void)context;
    return wg_sum_squares(wg_game_params(game, 0).tensor[0]);
}

static void misuse_making_games(void)
{
    assert_null_and_error(wg_game_create(.rule = (wg_game_rule)9), WG_E_ARGUMENT, "game_create: there is no rule 9");
    assert_null_and_error(wg_game_create(.consensus = -1), WG_E_ARGUMENT, "game_create: expected consensus in [0, inf), got -1");
    assert_null_and_error(wg_game_create(.consensus = NAN), WG_E_ARGUMENT, "game_create: expected consensus in");
    assert_null_and_error(wg_game_create(.iterations = 0), WG_E_ARGUMENT, "game_create: expected at least 1 iteration, got 0");
    assert_null_and_error(wg_game_create(.tolerance = 0), WG_E_ARGUMENT, "game_create: expected tolerance in (0, inf), got 0");
    wg_game_destroy(NULL);
}

/* Not the open tape's. */
static wg_tensor *own_leaf(void)
{
    return wg_set_requires_grad(wg_own(numbers(WG_F32, WG_SHAPE(3), 1)), true);
}

/* An optimizer of one parameter, in a game where it is the only player. */
struct alone {
    wg_tensor *w;
    wg_optim *optim;
    wg_game *game;
};

static struct alone alone(void)
{
    struct alone a = {.w = own_leaf(), .game = wg_game_create()};
    a.optim = wg_optim_sgd(((wg_tensor_list){1, &a.w, NULL}));
    assert_ok(wg_game_add(a.game, .name = "one", .optim = a.optim, .loss = squared));
    return a;
}

static void alone_end(struct alone *a)
{
    wg_game_destroy(a->game), wg_optim_destroy(a->optim), wg_free(a->w);
}

static void misuse_adding_players(void)
{
    struct alone a = alone();
    wg_tensor *v = own_leaf();
    wg_optim *other = wg_optim_sgd(((wg_tensor_list){1, &v, NULL}));
    wg_game *together = wg_game_create(.rule = WG_GAME_SIMULTANEOUS), *consensus = wg_game_create(.rule = WG_GAME_CONSENSUS);
    assert_fails(wg_game_add(NULL, .optim = other, .loss = squared), WG_E_NULL, "game_add: the game is NULL");
    assert_fails(wg_game_add(a.game, .optim = other, .loss = squared, .name = NULL), WG_E_NULL, "game_add: .name is NULL");
    assert_fails(wg_game_add(a.game, .loss = squared), WG_E_NULL, "game_add: .optim is NULL");
    assert_fails(wg_game_add(a.game, .optim = other), WG_E_NULL, "game_add: .loss is NULL");
    assert_fails(wg_game_add(a.game, .name = "one", .optim = other, .loss = squared), WG_E_ARGUMENT,
                 "game_add: there is a player \"one\" already");
    assert_fails(wg_game_add(a.game, .name = "two", .optim = a.optim, .loss = squared), WG_E_ARGUMENT,
                 "game_add: parameter \"0\" of \"two\" is one of \"one\", too");
    assert_fails(wg_game_add(a.game, .name = "two", .optim = other, .loss = squared, .steps = 0), WG_E_ARGUMENT,
                 "game_add: expected at least 1 step of \"two\", got 0");
    assert_fails(wg_game_add(a.game, .name = "two", .optim = other, .loss = squared, .unroll = -1), WG_E_ARGUMENT,
                 "game_add: expected an unroll of \"two\" of 0 or more steps, got -1");
    assert_fails(wg_game_add(together, .name = "two", .optim = other, .loss = squared, .steps = 2), WG_E_ARGUMENT,
                 "game_add: \"two\" has steps of its own, which only WG_GAME_ALTERNATING takes");
    assert_fails(wg_game_add(consensus, .name = "two", .optim = other, .loss = squared, .unroll = 2), WG_E_ARGUMENT,
                 "game_add: \"two\" unrolls others' steps");
    wg_free(v);
    assert_fails(wg_game_add(together, .name = "two", .optim = other, .loss = squared), WG_E_DANGLING,
                 "game_add: parameter \"0\" of \"two\" was freed");
    assert_int_equal(wg_game_params(a.game, 0).n, 1);
    wg_optim_destroy(other);
    wg_game_destroy(together), wg_game_destroy(consensus);
    alone_end(&a);
}

static void misuse_asking_games(void)
{
    struct alone a = alone();
    wg_game *empty = wg_game_create();
    assert_int_equal(wg_game_params(NULL, 0).n, 0);
    expect_error(WG_E_NULL, "game_params: the game is NULL");
    assert_int_equal(wg_game_params(a.game, 1).n, 0);
    expect_error(WG_E_ARGUMENT, "game_params: there is no player 1: the game has 1");
    assert_null_and_error(wg_game_apply(NULL, 0, fx.x), WG_E_NULL, "game_apply: the game is NULL");
    assert_null_and_error(wg_game_apply(a.game, 1, fx.x), WG_E_ARGUMENT, "game_apply: there is no player 1: the game has 1");
    assert_null_and_error(wg_game_apply(a.game, 0, fx.x), WG_E_STATE, "game_apply: the player \"one\" was added without .net");
    assert_int_equal(wg_game_count(NULL), -1);
    expect_error(WG_E_NULL, "game_count: the game is NULL");
    assert_true(isnan(wg_game_last_loss(NULL, 0)));
    expect_error(WG_E_NULL, "game_last_loss: the game is NULL");
    assert_true(isnan(wg_game_last_loss(a.game, 1)));
    expect_error(WG_E_ARGUMENT, "game_last_loss: there is no player 1");
    assert_int_equal(wg_game_state(NULL).n, 0);
    expect_error(WG_E_NULL, "game_state: the game is NULL");
    assert_null_and_error(wg_game_point(NULL), WG_E_NULL, "game_point: the game is NULL");
    assert_null_and_error(wg_game_point(empty), WG_E_STATE, "game_point: the game has no players");
    assert_int_equal(wg_game_wgan_steps(INT64_MAX), 5);
    wg_game_destroy(empty);
    alone_end(&a);
}

/* The open tape is the fixture's. */
static void misuse_steps(void)
{
    struct alone a = alone();
    wg_game *empty = wg_game_create();
    assert_fails(wg_game_step(NULL), WG_E_NULL, "game_step: the game is NULL");
    assert_fails(wg_game_step(empty), WG_E_STATE, "game_step: the game has no players");
    assert_fails(wg_game_step(a.game), WG_E_STATE, "game_step: expected no open tape");
    wg_game_destroy(empty);
    alone_end(&a);
}

static void misuse_field(void)
{
    struct alone a = alone();
    wg_tensor *z = wg_game_point(a.game), *pair[] = {z, z}, *longer = wg_zeros(WG_F32, WG_SHAPE(4));
    wg_tensor *wide = wg_zeros(WG_F64, WG_SHAPE(3)), *large = wg_zeros(WG_F32, WG_SHAPE(5000)),
              *ones = wg_ones(WG_F32, WG_SHAPE(3));
    assert_null_and_error(wg_game_field(&z, 1, NULL), WG_E_NULL, "game_field: the game is NULL");
    assert_null_and_error(wg_game_field(NULL, 1, a.game), WG_E_ARGUMENT, "game_field: expected one operand");
    assert_null_and_error(wg_game_field(pair, 2, a.game), WG_E_ARGUMENT,
                          "game_field: expected one operand, the vector of all parameters, got 2");
    REFUSED("", wg_game_field(&bad, 1, a.game));
    assert_null_and_error(wg_game_field(&longer, 1, a.game), WG_E_SHAPE,
                          "game_field: expected a vector of shape [3], the elements of all parameters, got [4]");
    assert_null_and_error(wg_game_field(&wide, 1, a.game), WG_E_DTYPE,
                          "game_field: expected a vector of f32, as parameter \"0\" of \"one\" is, got f64");
    assert_null_and_error(wg_game_eigenvalues(NULL, z), WG_E_NULL, "game_eigenvalues: the game is NULL");
    REFUSED("game_eigenvalues", wg_game_eigenvalues(a.game, bad));
    assert_null_and_error(wg_game_eigenvalues(a.game, large), WG_E_SHAPE,
                          "game_eigenvalues: expected at most 4096 parameters, got 5000");
    assert_null_and_error(wg_game_eigenvalues(a.game, longer), WG_E_SHAPE, "game_eigenvalues: expected a point of shape [3]");
    assert_null_and_error(wg_game_eigenvalues(a.game, wide), WG_E_DTYPE,
                          "game_eigenvalues: expected a point of f32, as parameter \"0\" of \"one\" is, got f64");
    assert_null_and_error(wg_game_path(a.game, wide, wide, 0, 1, 3), WG_E_DTYPE, "game_path: expected a vector of f32");
    assert_null_and_error(wg_game_path(NULL, z, ones, 0, 1, 3), WG_E_NULL, "game_path: the game is NULL");
    REFUSED("game_path", wg_game_path(a.game, bad, ones, 0, 1, 3));
    REFUSED("game_path", wg_game_path(a.game, z, bad, 0, 1, 3));
    assert_null_and_error(wg_game_path(a.game, z, wide, 0, 1, 3), WG_E_DTYPE, "game_path: from is f32, and to is f64");
    assert_null_and_error(wg_game_path(a.game, z, longer, 0, 1, 3), WG_E_SHAPE, "game_path: expected two vectors of one length");
    assert_null_and_error(wg_game_path(a.game, z, ones, 0, 1, 1), WG_E_ARGUMENT, "game_path: expected at least 2 points");
    assert_null_and_error(wg_game_path(a.game, z, ones, 1, 1, 3), WG_E_ARGUMENT,
                          "game_path: expected at least 2 points from low to a larger high");
    assert_null_and_error(wg_game_path(a.game, z, ones, 0, INFINITY, 3), WG_E_ARGUMENT, "game_path: expected at least 2 points");
    assert_null_and_error(wg_game_path(a.game, z, z, 0, 1, 3), WG_E_ARGUMENT, "game_path: expected two different points");
    wg_free(z);
    alone_end(&a);
}

static const struct misuse table[] = {
    {"wg_game_create_with", misuse_making_games},
    {"wg_game_destroy", misuse_making_games},
    {"wg_game_add_with", misuse_adding_players},
    {"wg_game_apply_to", misuse_asking_games},
    {"wg_game_params", misuse_asking_games},
    {"wg_game_count", misuse_asking_games},
    {"wg_game_last_loss", misuse_asking_games},
    {"wg_game_state", misuse_asking_games},
    {"wg_game_point", misuse_asking_games},
    {"wg_game_wgan_steps", misuse_asking_games},
    {"wg_game_step", misuse_steps},
    {"wg_game_field", misuse_field},
    {"wg_game_eigenvalues", misuse_field},
    {"wg_game_path", misuse_field},
};

MISUSE_MAIN(table)
