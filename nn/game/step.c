/* Steps of a game: the rules. */
#include <math.h>
#include <stdlib.h>

#include "../module/module.h"
#include "game.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* ---- all players at once ---- */

static wg_status turns(wg_game *game)
{
    for (size_t i = 0; i < game->n; i++)
        WG_TRY(game_turn(game, i));
    return WG_OK;
}

static wg_status step_all(wg_game *game)
{
    for (size_t i = 0; i < game->n; i++)
        WG_TRY(game_move(game, i, "game_step"));
    return WG_OK;
}

static wg_status simultaneous(wg_game *game)
{
    WG_TRY(turns(game));
    return step_all(game);
}

static wg_status consensus(wg_game *game)
{
    WG_TRY(game_consensus(game));
    return step_all(game);
}

/* ---- points ahead ---- */

/* From where the game is to where the gradients there lead from the point that was kept. */
static wg_status step_from_kept(wg_game *game)
{
    WG_TRY(turns(game));
    WG_TRY(game_restore(game));
    return step_all(game);
}

static wg_status extragradient(wg_game *game)
{
    WG_TRY(simultaneous(game));
    return step_from_kept(game);
}

/* |a - b| and |a| over all parameters. */
static wg_status distance(wg_tensor *a, wg_tensor *b, double *apart, double *size)
{
    WG_TAPE(tape);
    WG_NO_GRAD;
    wg_tensor *d = tape ? wg_norm2(wg_sub(a, b)) : NULL, *s = d ? wg_norm2(a) : NULL;
    if (!s)
        return nn_first_error(WG_E_MEMORY);
    *apart = wg_item(d);
    *size = wg_item(s);
    return WG_OK;
}

/* Whether another iteration is needed. *before: the point of the iteration before, or NULL; it becomes this one's. */
static wg_status moved_on(wg_game *game, wg_tensor **before, bool *more)
{
    wg_tensor *now = wg_game_point(game);
    double apart = INFINITY, size = 0;
    const wg_status status = !now ? nn_first_error(WG_E_MEMORY) : *before ? distance(now, *before, &apart, &size) : WG_OK;
    *more = !(apart <= game->options.tolerance * size);
    wg_free(*before);
    *before = now;
    return status;
}

static wg_status proximal(wg_game *game)
{
    const char *op = "game_step";
    wg_tensor *before = NULL;
    wg_status status = simultaneous(game);
    bool more = true;
    for (int64_t k = 0; k < game->options.iterations && more && status == WG_OK; k++) {
        status = step_from_kept(game);
        status = status == WG_OK ? moved_on(game, &before, &more) : status;
    }
    wg_free(before);
    if (status == WG_OK && more)
        return wg_error_set(
            WG_E_NUMERIC, op,
            "%s: the proximal point was not reached in %lld iterations: expected smaller rates, more .iterations or a larger .tolerance",
            op, (long long)game->options.iterations);
    return status;
}

/* ---- one after another ---- */

static wg_status alternating(wg_game *game)
{
    const char *op = "game_step";
    const int64_t step = wg_game_count(game);
    for (size_t i = 0; i < game->n; i++) {
        const struct player *p = &game->player[i];
        const int64_t n = p->steps_at ? p->steps_at(step) : p->steps;
        if (n < 0)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: expected 0 or more steps of \"%s\" in step %lld, got %lld", op, p->name,
                                (long long)step, (long long)n);
        for (int64_t k = 0; k < n; k++) {
            WG_TRY(game_turn(game, i));
            WG_TRY(game_move(game, i, op));
        }
    }
    return WG_OK;
}

/* ---- a step ---- */

static wg_status step(wg_game *game)
{
    switch (game->options.rule) {
    case WG_GAME_ALTERNATING:
        return alternating(game);
    case WG_GAME_SIMULTANEOUS:
        return simultaneous(game);
    case WG_GAME_EXTRAGRADIENT:
        return extragradient(game);
    case WG_GAME_PROXIMAL:
        return proximal(game);
    case WG_GAME_CONSENSUS:
        return consensus(game);
    }
    return WG_E_STATE;
}

static wg_status check(const wg_game *game, const char *op)
{
    WG_TRY(game_check_players(game, op));
    if (game->running > 0)
        return wg_error_set(WG_E_STATE, op, "%s: called by a loss of this game", op);
    if (!wg_grad_mode())
        return wg_error_set(WG_E_NO_GRAD, op, "%s: gradients are off: called under WG_NO_GRAD", op);
    if (wg_tape_top())
        return wg_error_set(WG_E_STATE, op, "%s: expected no open tape: a step opens its own", op);
    for (size_t i = 0; i < game->n; i++) {
        WG_TRY(game_check_player(&game->player[i], op));
        WG_TRY(game_check_alive(game_own(&game->player[i]), game->player[i].name, op));
    }
    return WG_OK;
}

static void clear_gradients(wg_game *game)
{
    for (size_t i = 0; i < game->n; i++)
        wg_optim_clear_gradients(game->player[i].optim);
}

static wg_status count(wg_game *game)
{
    WG_TAPE(tape);
    wg_tensor *next = tape ? wg_add_scalar(game->count, 1) : NULL;
    return next ? wg_assign(game->count, next) : nn_first_error(WG_E_MEMORY);
}

/* Rules that go ahead begin again at what was kept, whether losses are checked or not. */
static bool keeps(const wg_game *game)
{
    const wg_game_rule rule = game->options.rule;
    return game->options.check || rule == WG_GAME_EXTRAGRADIENT || rule == WG_GAME_PROXIMAL;
}

wg_status wg_game_step(wg_game *game)
{
    const char *op = "game_step";
    WG_TRY(check(game, op));
    if (keeps(game))
        WG_TRY(game_keep(game, op));
    clear_gradients(game);
    wg_status status = step(game);
    status = status == WG_OK ? count(game) : status;
    if (status != WG_OK) {
        clear_gradients(game);
        if (game->options.check)
            game_undo(game);
    }
    return status;
}
