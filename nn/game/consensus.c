/* Consensus optimization: gradients of the losses plus γ ½ |v(z)|², v the gradients of all players. */
#include <stdlib.h>

#include "../module/module.h"
#include "game.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* all: the parameters of all players, in one list. Those that require no gradient are left out of v. */
static wg_status run(wg_game *game, wg_tensor **v, wg_tensor **of_norm, wg_tensor **all, const char *op)
{
    WG_TAPE(tape);
    if (!tape)
        return nn_first_error(WG_E_MEMORY);
    WG_TRY(game_gradients(game, v, true, op));
    wg_tensor *sum = NULL;
    const size_t n = game_elements(game);
    game_list_all(game, all);
    for (size_t i = 0; i < n; i++) {
        wg_tensor *square = v[i] != WG_NONE ? wg_sum_squares(v[i]) : NULL;
        sum = sum && square ? wg_add(sum, square) : square ? square : sum;
    }
    WG_TRY(wg_error_first() ? wg_error_first()->code : WG_OK);
    if (sum)
        WG_TRY(game_grad(NULL, wg_mul_scalar(sum, 0.5 * game->options.consensus), all, all, n, of_norm, false));
    for (size_t i = 0; i < n; i++)
        v[i] = v[i] != WG_NONE ? wg_add(v[i], of_norm[i]) : v[i];
    for (size_t i = 0; i < game->n; v += game->player[i++].n)
        WG_TRY(game_leave_gradients(&game->player[i], v));
    return WG_OK;
}

wg_status game_consensus(wg_game *game)
{
    const char *op = "game_step";
    const size_t n = game_elements(game);
    wg_tensor **v = malloc(3 * n * sizeof(wg_tensor *));
    const wg_status status = v ? run(game, v, v + n, v + 2 * n, op) : nn_no_memory(op);
    free(v);
    return status;
}
