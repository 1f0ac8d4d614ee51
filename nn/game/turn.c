/* Gradients of the players' losses: of one player's, with the others at rest, and of all at one point. */
#include <math.h>
#include <stdlib.h>

#include "../module/module.h"
#include "game.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* ---- a loss ---- */

struct call {
    wg_game *game;
    struct player *player;
    wg_tensor *loss;
};

static wg_status call_loss(void *context)
{
    struct call *call = context;
    call->loss = call->player->loss(call->game, call->player->context);
    if (call->loss || wg_error_first())
        return call->loss ? WG_OK : wg_error_first()->code;
    return wg_error_set(WG_E_NULL, "game_step", "game_step: the loss of \"%s\" is NULL, and no error says why", call->player->name);
}

/* Losses may run inside others: those that were called then count for the outermost. */
static void note_calls(const wg_game *game)
{
    for (size_t i = 0; i < game->n && game->running == 0; i++)
        game->player[i].calls = wg_optim_calls(game->player[i].optim);
}

/* A loss that moves a player, as one that was written for a loop of one's own does, would make two steps of one. */
static wg_status check_calls(const wg_game *game, const struct player *of, const char *op)
{
    for (size_t i = 0; i < game->n && game->running == 0; i++)
        if (game->player[i].calls != wg_optim_calls(game->player[i].optim))
            return wg_error_set(WG_E_STATE, op,
                                "%s: the loss of \"%s\" took a step with the optimizer of \"%s\", which is the game's to take", op,
                                of->name, game->player[i].name);
    return WG_OK;
}

static wg_status check_loss(const struct player *p, const wg_tensor *loss, const char *op)
{
    char text[200];
    WG_TRY(nn_check_handle(loss, op, "the loss of \"%s\"", p->name));
    if (wg_rank(loss) != 0)
        return wg_error_set(WG_E_SHAPE, op, "%s: expected a scalar as the loss of \"%s\", got %s", op, p->name,
                            wg_shape_text(wg_shape_of(loss), text, sizeof text));
    if (wg_dtype_of(loss) != wg_dtype_of(p->value))
        return wg_error_set(WG_E_DTYPE, op, "%s: expected a loss of \"%s\" of dtype %s, that of its parameters, got %s", op,
                            p->name, wg_dtype_name(wg_dtype_of(p->value)), wg_dtype_name(wg_dtype_of(loss)));
    return WG_OK;
}

wg_tensor *game_loss_of(wg_game *game, size_t player, const char *op)
{
    struct player *p = &game->player[player];
    struct call call = {.game = game, .player = p};
    if (wg_section_push(p->name[0] ? p->name : "player") != WG_OK)
        return NULL;
    note_calls(game);
    game->running++;
    wg_status status = wg_callback_run(op, "the loss of ", p->name, call_loss, &call);
    game->running--;
    wg_section_pop();
    status = status == WG_OK ? check_calls(game, p, op) : status;
    status = status == WG_OK ? check_loss(p, call.loss, op) : status;
    return status == WG_OK ? call.loss : NULL;
}

wg_status game_note(const wg_game *game, const struct player *p, wg_tensor *loss, const char *op)
{
    {
        WG_NO_GRAD;
        WG_TRY(wg_assign(p->value, loss));
    }
    if (!game->options.check)
        return WG_OK;
    const double value = wg_item(loss);
    if (isfinite(value))
        return WG_OK;
    return wg_error_first() ? wg_error_first()->code
                            : wg_error_set(WG_E_NUMERIC, op, "%s: the loss of \"%s\" is %g in step %lld", op, p->name, value,
                                           (long long)wg_game_count(game));
}

/* An error of a gradient, recorded since nn_count_errors was `before`, is that of the loss of player p; NULL: of nobody's. */
static wg_status name_player(wg_status status, uint64_t before, const struct player *p, const char *op)
{
    wg_error error;
    if (status == WG_OK || !p || before > 0 || wg_error_take(&error) == WG_OK)
        return status;
    return wg_error_set(error.code, op, "%s: the loss of \"%s\": %s", op, p->name, error.message);
}

/* ---- one player's turn ---- */

/* The parameters of all other players require no gradient, or what they required before. */
static wg_status set_others(wg_game *game, size_t player, bool at_rest)
{
    wg_status status = WG_OK;
    for (size_t i = 0; i < game->n; i++) {
        const wg_tensor_list others = game_own(&game->player[i]);
        bool *required = game->player[i].required;
        for (size_t k = 0; k < others.n && i != player; k++) {
            if (at_rest)
                required[k] = wg_requires_grad(others.tensor[k]);
            if (required[k] && !wg_set_requires_grad(others.tensor[k], !at_rest))
                status = nn_first_error(WG_E_DANGLING);
        }
    }
    return status;
}

static wg_status turn(wg_game *game, size_t player, const char *op)
{
    WG_TAPE(tape);
    wg_tensor *loss = tape ? game_loss_of(game, player, op) : NULL;
    if (!loss)
        return nn_first_error(WG_E_MEMORY);
    const struct player *p = &game->player[player];
    WG_TRY(game_note(game, p, loss, op));
    wg_optim_clear_gradients(p->optim); /* of the step before, if the optimizer keeps them, or left by the loss */
    const uint64_t before = nn_count_errors();
    WG_TRY(name_player(wg_backward(loss), before, p, op));
    const wg_tensor_list own = game_own(p);
    for (size_t k = 0; k < own.n; k++)
        if (wg_gradient(own.tensor[k]))
            return WG_OK;
    return wg_error_set(WG_E_NO_GRAD, op, "%s: the loss of \"%s\" depends on none of its parameters that require a gradient", op,
                        p->name);
}

wg_status game_turn(wg_game *game, size_t player)
{
    if (game->player[player].unroll > 0)
        return game_unrolled_turn(game, player);
    wg_status status = set_others(game, player, true);
    status = status == WG_OK ? turn(game, player, "game_step") : status;
    const wg_status back = set_others(game, player, false);
    return status == WG_OK ? back : status;
}

/* ---- all gradients at one point ---- */

/* Values of a step, or of a point, are not the parameters themselves, and require what they were computed from. */
static bool is_frozen(const wg_tensor *x, const wg_tensor *own)
{
    return x == own && !wg_requires_grad(own);
}

/* some: room for twice n tensors. */
static wg_status grad_of_some(const struct player *p, wg_tensor *loss, wg_tensor *const *x, wg_tensor *const *own, size_t n,
                              wg_tensor **gradient, bool recorded, wg_tensor **some)
{
    wg_tensor **of_some = some + n;
    size_t m = 0;
    for (size_t k = 0; k < n; k++)
        if (!is_frozen(x[k], own[k]))
            some[m++] = x[k];
    const uint64_t before = nn_count_errors();
    if (m > 0)
        WG_TRY(name_player(wg_grad_many(loss, some, m, of_some, .create_graph = recorded, .unused = WG_UNUSED_ZEROS), before, p,
                           "game_step"));
    for (size_t k = 0; k < n; k++)
        gradient[k] = is_frozen(x[k], own[k]) ? WG_NONE : *of_some++;
    return WG_OK;
}

wg_status game_grad(const struct player *p, wg_tensor *loss, wg_tensor *const *x, wg_tensor *const *own, size_t n,
                    wg_tensor **gradient, bool recorded)
{
    wg_tensor **some = malloc((2 * n + 1) * sizeof(wg_tensor *));
    const wg_status status = some ? grad_of_some(p, loss, x, own, n, gradient, recorded, some) : nn_no_memory("game_step");
    free(some);
    return status;
}

wg_status game_gradients(wg_game *game, wg_tensor **gradient, bool of_step, const char *op)
{
    for (size_t i = 0; i < game->n; i++) {
        wg_tensor *loss = game_loss_of(game, i, op);
        if (!loss)
            return nn_first_error(WG_E_MEMORY);
        if (of_step)
            WG_TRY(game_note(game, &game->player[i], loss, op));
        const wg_tensor_list at = wg_game_params(game, i);
        WG_TRY(game_grad(&game->player[i], loss, at.tensor, game_own(&game->player[i]).tensor, at.n, gradient, true));
        gradient += at.n;
    }
    return WG_OK;
}

/* One pass from the parameters themselves as roots ends where it begins. */
wg_status game_leave_gradients(const struct player *p, wg_tensor *const *gradient)
{
    const wg_tensor_list own = game_own(p);
    wg_tensor **root = malloc((2 * own.n + 1) * sizeof(wg_tensor *));
    if (!root)
        return nn_no_memory("game_step");
    wg_tensor **of_root = root + own.n;
    size_t n = 0;
    for (size_t k = 0; k < own.n; k++)
        if (gradient[k] != WG_NONE) {
            root[n] = own.tensor[k];
            of_root[n++] = gradient[k];
        }
    wg_optim_clear_gradients(p->optim); /* as in turn */
    const wg_status status = n > 0 ? wg_backward_many(root, of_root, n, true) : WG_OK;
    free(root);
    return status;
}
