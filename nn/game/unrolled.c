/* Unrolled games: a player's loss after recorded steps of the others, through which its gradient flows. */
#include <stdlib.h>

#include "../module/module.h"
#include "game.h"
#include "wengert/error.h"
#include "wengert/tape.h"
#include "wengert/unroll.h"

/* The others' steps. at: the game's point; player's own stay the parameters themselves. */
struct unrolled {
    wg_game *game;
    size_t player;
    wg_unrolled **steps;
    wg_tensor *const **at;
    wg_tensor **gradient; /* of all players */
};

static void refresh(const struct unrolled *u)
{
    for (size_t i = 0; i < u->game->n; i++)
        u->at[i] = i == u->player ? game_own(&u->game->player[i]).tensor : wg_unrolled_params(u->steps[i]).tensor;
}

static wg_status begin(struct unrolled *u)
{
    for (size_t i = 0; i < u->game->n; i++)
        if (i != u->player) {
            u->steps[i] = wg_optim_unroll(u->game->player[i].optim);
            WG_TRY(wg_error_if_null(u->steps[i]));
        }
    refresh(u);
    u->game->at = u->at;
    return WG_OK;
}

/* One step of each of the others, all from the same point: no list of parameters is replaced before all losses are taken. */
static wg_status step(const struct unrolled *u, const char *op)
{
    wg_tensor **gradient = u->gradient;
    for (size_t i = 0; i < u->game->n; gradient += u->game->player[i++].n) {
        if (i == u->player)
            continue;
        const wg_tensor_list params = wg_unrolled_params(u->steps[i]);
        wg_tensor *loss = game_loss_of(u->game, i, op);
        if (!loss)
            return nn_first_error(WG_E_MEMORY);
        WG_TRY(game_grad(&u->game->player[i], loss, params.tensor, game_own(&u->game->player[i]).tensor, params.n, gradient, true));
    }
    gradient = u->gradient;
    for (size_t i = 0; i < u->game->n; gradient += u->game->player[i++].n)
        if (i != u->player)
            WG_TRY(wg_unrolled_step(u->steps[i], gradient));
    refresh(u);
    return WG_OK;
}

/* The gradient for the player's own parameters alone: those of the others, from which their steps begin, are given none. */
static wg_status gradient_of(const struct unrolled *u, const char *op)
{
    const struct player *p = &u->game->player[u->player];
    const wg_tensor_list own = game_own(p);
    wg_tensor *loss = game_loss_of(u->game, u->player, op);
    if (!loss)
        return nn_first_error(WG_E_MEMORY);
    WG_TRY(game_note(u->game, p, loss, op));
    WG_TRY(game_grad(p, loss, own.tensor, own.tensor, own.n, u->gradient, false));
    return game_leave_gradients(p, u->gradient);
}

static wg_status run(struct unrolled *u, const char *op)
{
    WG_TAPE(tape);
    WG_TRY(tape ? begin(u) : nn_first_error(WG_E_MEMORY));
    for (int64_t k = 0; k < u->game->player[u->player].unroll; k++)
        WG_TRY(step(u, op));
    return gradient_of(u, op);
}

wg_status game_unrolled_turn(wg_game *game, size_t player)
{
    const char *op = "game_step";
    struct unrolled u = {.game = game,
                         .player = player,
                         .steps = calloc(game->n, sizeof *u.steps),
                         .at = malloc(game->n * sizeof *u.at),
                         .gradient = malloc(game_elements(game) * sizeof(wg_tensor *))};
    const wg_status status = u.steps && u.at && u.gradient ? run(&u, op) : nn_no_memory(op);
    game->at = NULL;
    for (size_t i = 0; u.steps && i < game->n; i++)
        wg_unrolled_destroy(u.steps[i]);
    free(u.steps), free(u.at), free(u.gradient);
    return status;
}
