/* Games: making them, their players, and what losses ask of them. */
#include "game.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../module/module.h"
#include "wengert/error.h"
#include "wengert/tensor.h"

/* ---- making ---- */

wg_tensor *game_tensor(wg_dtype dtype, wg_shape shape, double value, const char *name)
{
    wg_tensor *t = wg_full(dtype, shape, value);
    wg_tensor *own = t && wg_set_name(t, name) == WG_OK ? wg_adopt(t) : NULL;
    return own || !t ? own : nn_then(t, NULL);
}

static wg_status check_options(const wg_game_options *o, const char *op)
{
    if (!(o->consensus >= 0 && o->consensus < (double)INFINITY))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected consensus in [0, inf), got %g", op, o->consensus);
    if (o->iterations < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at least 1 iteration, got %lld", op, (long long)o->iterations);
    if (!(o->tolerance > 0 && o->tolerance < (double)INFINITY))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected tolerance in (0, inf), got %g", op, o->tolerance);
    if ((int)o->rule < WG_GAME_ALTERNATING || o->rule > WG_GAME_CONSENSUS)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: there is no rule %d", op, (int)o->rule);
    return WG_OK;
}

wg_game *wg_game_create_with(wg_game_options options)
{
    const char *op = "game_create";
    if (check_options(&options, op) != WG_OK)
        return NULL;
    wg_game *game = malloc(sizeof *game);
    wg_tensor *count = game ? game_tensor(WG_F64, WG_SCALAR, 0, "steps") : NULL;
    if (count) {
        *game = (wg_game){.options = options, .count = count};
        return game;
    }
    free(game);
    (void)nn_no_memory(op);
    return NULL;
}

static void player_finish(struct player *p)
{
    free(p->name), free(p->of_net), free(p->apply), free(p->required);
    wg_disown(p->value);
}

void wg_game_destroy(wg_game *game)
{
    if (!game)
        return;
    for (size_t i = 0; i < game->n; i++)
        player_finish(&game->player[i]);
    for (size_t i = 0; i < game->n_kept; i++)
        wg_disown(game->kept[i]);
    wg_disown(game->count);
    free(game->kept), free(game->player);
    free(game);
}

/* ---- players ---- */

wg_tensor_list game_own(const struct player *player)
{
    return wg_optim_parameters(player->optim);
}

wg_status game_check_player(const struct player *player, const char *op)
{
    if (game_own(player).n != player->n)
        return wg_error_set(WG_E_STATE, op, "%s: the optimizer of \"%s\" was given a group after wg_game_add", op, player->name);
    if (player->net && wg_nn_parameters(player->net).n != player->n_net)
        return wg_error_set(WG_E_STATE, op, "%s: the network of \"%s\" was given parameters after wg_game_add", op, player->name);
    return WG_OK;
}

static wg_status check_player(const wg_game *game, const wg_game_player *p, const char *op)
{
    const char *missing = !game ? "the game" : !p->name ? ".name" : !p->optim ? ".optim" : !p->loss ? ".loss" : NULL;
    if (missing)
        return nn_null_argument(op, missing);
    for (size_t i = 0; i < game->n; i++)
        if (strcmp(game->player[i].name, p->name) == 0)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: there is a player \"%s\" already: give each another .name", op, p->name);
    if (p->steps < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at least 1 step of \"%s\", got %lld", op, p->name,
                            (long long)p->steps);
    if (p->unroll < 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected an unroll of \"%s\" of 0 or more steps, got %lld", op, p->name,
                            (long long)p->unroll);
    if ((p->steps != 1 || p->steps_at) && game->options.rule != WG_GAME_ALTERNATING)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: \"%s\" has steps of its own, which only WG_GAME_ALTERNATING takes", op,
                            p->name);
    if (p->unroll > 0 && game->options.rule == WG_GAME_CONSENSUS)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: \"%s\" unrolls others' steps, which WG_GAME_CONSENSUS does not", op, p->name);
    return WG_OK;
}

static struct place place_of(const wg_game *game, const wg_tensor *parameter)
{
    for (size_t i = 0; i < game->n; i++) {
        const wg_tensor_list own = game_own(&game->player[i]);
        for (size_t k = 0; k < own.n; k++)
            if (own.tensor[k] == parameter)
                return (struct place){i, k};
    }
    return (struct place){NOBODY, 0};
}

/* Whose the parameters of all networks are: a network's may be several players', one of whom is the latest. */
static void find_places(const wg_game *game)
{
    for (size_t i = 0; i < game->n; i++) {
        const struct player *p = &game->player[i];
        const wg_tensor_list net = p->net ? wg_nn_parameters(p->net) : (wg_tensor_list){0, NULL, NULL};
        for (size_t k = 0; k < net.n && k < p->n_net; k++)
            p->of_net[k] = place_of(game, net.tensor[k]);
    }
}

wg_status game_check_alive(wg_tensor_list params, const char *player, const char *op)
{
    for (size_t k = 0; k < params.n; k++)
        if (!wg_is_live(params.tensor[k]))
            return wg_error_set(WG_E_DANGLING, op, "%s: parameter \"%s\" of \"%s\" was freed", op, params.name[k], player);
    return WG_OK;
}

/* No parameter is another player's. */
static wg_status check_parameters(const wg_game *game, wg_tensor_list moved, const char *name, const char *op)
{
    WG_TRY(game_check_alive(moved, name, op));
    for (size_t k = 0; k < moved.n; k++) {
        for (size_t i = 0; i < game->n; i++) {
            const wg_tensor_list others = game_own(&game->player[i]);
            for (size_t j = 0; j < others.n; j++)
                if (others.tensor[j] == moved.tensor[k])
                    return wg_error_set(WG_E_ARGUMENT, op, "%s: parameter \"%s\" of \"%s\" is one of \"%s\", too", op,
                                        moved.name[k], name, game->player[i].name);
        }
    }
    return WG_OK;
}

static wg_status player_init(struct player *p, const wg_game_player *given, const char *op)
{
    const wg_tensor_list moved = wg_optim_parameters(given->optim);
    const size_t in_net = given->net ? wg_nn_parameters(given->net).n : 0;
    *p = (struct player){.name = strdup(given->name),
                         .net = given->net,
                         .optim = given->optim,
                         .loss = given->loss,
                         .context = given->context,
                         .steps = given->steps,
                         .steps_at = given->steps_at,
                         .unroll = given->unroll,
                         .n = moved.n,
                         .n_net = in_net,
                         .of_net = malloc((in_net + 1) * sizeof *p->of_net),
                         .apply = malloc((in_net + 1) * sizeof(wg_tensor *)),
                         .required = malloc((moved.n + 1) * sizeof *p->required)};
    if (!p->name || !p->of_net || !p->apply || !p->required)
        return nn_no_memory(op);
    p->value = game_tensor(wg_dtype_of(moved.tensor[0]), WG_SCALAR, NAN, given->name);
    return p->value ? WG_OK : nn_no_memory(op);
}

wg_status wg_game_add_with(wg_game *game, wg_game_player given)
{
    const char *op = "game_add";
    WG_TRY(check_player(game, &given, op));
    if (game->running > 0)
        return wg_error_set(WG_E_STATE, op, "%s: called by a loss of this game", op);
    WG_TRY(check_parameters(game, wg_optim_parameters(given.optim), given.name, op));
    struct player *all = realloc(game->player, (game->n + 1) * sizeof *all);
    if (!all)
        return nn_no_memory(op);
    game->player = all;
    const wg_status status = player_init(&all[game->n], &given, op);
    if (status != WG_OK) {
        player_finish(&all[game->n]);
        return status;
    }
    game->n++;
    find_places(game);
    return WG_OK;
}

int64_t wg_game_wgan_steps(int64_t step)
{
    return step < 25 || step % 500 == 0 ? 100 : 5;
}

/* ---- what losses ask ---- */

size_t game_elements(const wg_game *game)
{
    size_t n = 0;
    for (size_t i = 0; i < game->n; i++)
        n += game->player[i].n;
    return n;
}

void game_list_all(const wg_game *game, wg_tensor **all)
{
    for (size_t i = 0; i < game->n; i++) {
        const wg_tensor_list own = game_own(&game->player[i]);
        for (size_t k = 0; k < own.n; k++)
            *all++ = own.tensor[k];
    }
}

wg_status game_check_players(const wg_game *game, const char *op)
{
    if (!game)
        return nn_null_argument(op, "the game");
    return game->n > 0 ? WG_OK : wg_error_set(WG_E_STATE, op, "%s: the game has no players: wg_game_add adds one", op);
}

/* NULL and the error. */
static struct player *find(const wg_game *game, size_t player, const char *op)
{
    if (game && player < game->n)
        return &game->player[player];
    if (!game)
        (void)nn_null_argument(op, "the game");
    else
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: there is no player %zu: the game has %zu", op, player, game->n);
    return NULL;
}

/* The parameters for the network: those that players move at the game's point, the others as they are. */
static wg_tensor_list for_net(const wg_game *game, const struct player *p)
{
    const wg_tensor_list own = wg_nn_parameters(p->net);
    for (size_t k = 0; k < own.n; k++) {
        const struct place *of = &p->of_net[k];
        p->apply[k] = of->player != NOBODY ? game->at[of->player][of->k] : own.tensor[k];
    }
    return (wg_tensor_list){own.n, p->apply, own.name};
}

wg_tensor *wg_game_apply_to(wg_game *game, size_t player, wg_tensor *const *in, size_t n_in)
{
    const char *op = "game_apply";
    const struct player *p = find(game, player, op);
    if (!p)
        return NULL;
    if (!p->net) {
        (void)wg_error_set(WG_E_STATE, op, "%s: the player \"%s\" was added without .net", op, p->name);
        return NULL;
    }
    if (!game->at)
        return wg_nn_apply_to(p->net, in, n_in);
    if (game_check_player(p, op) != WG_OK)
        return NULL;
    wg_tensor *y = NULL;
    const wg_tensor_list params = for_net(game, p);
    return wg_nn_apply_many(p->net, &params, in, n_in, &y, 1) == WG_OK ? y : NULL;
}

wg_tensor_list wg_game_params(const wg_game *game, size_t player)
{
    const struct player *p = find(game, player, "game_params");
    if (!p)
        return (wg_tensor_list){0, NULL, NULL};
    const wg_tensor_list own = game_own(p);
    return game->at ? (wg_tensor_list){p->n, game->at[player], own.name} : own;
}

int64_t wg_game_count(const wg_game *game)
{
    if (game)
        return (int64_t)wg_item(game->count);
    (void)nn_null_argument("game_count", "the game");
    return -1;
}

double wg_game_last_loss(const wg_game *game, size_t player)
{
    const struct player *p = find(game, player, "game_last_loss");
    return p ? wg_item(p->value) : NAN;
}

wg_tensor_list wg_game_state(const wg_game *game)
{
    static const char *const name[] = {"steps"};
    if (game)
        return (wg_tensor_list){1, &game->count, name};
    (void)nn_null_argument("game_state", "the game");
    return (wg_tensor_list){0, NULL, NULL};
}
