/* The field of a game: F(z) = -v(z), as a function of all parameters in one vector. */
#include <stdlib.h>

#include "../module/module.h"
#include "game.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* All players' parameters in one list; the caller frees it. NULL: no memory. */
static wg_tensor **list_all(const wg_game *game)
{
    wg_tensor **all = malloc((game_elements(game) + 1) * sizeof(wg_tensor *));
    if (all)
        game_list_all(game, all);
    return all;
}

wg_tensor *wg_game_point(const wg_game *game)
{
    const char *op = "game_point";
    if (game_check_players(game, op) != WG_OK)
        return NULL;
    wg_tensor **all = list_all(game);
    if (!all) {
        (void)nn_no_memory(op);
        return NULL;
    }
    wg_tensor *point;
    {
        WG_NO_GRAD;
        point = wg_nn_to_vector((wg_tensor_list){game_elements(game), all, NULL});
    }
    free(all);
    return point && wg_tape_top() ? wg_keep(point) : point;
}

/* The losses' gradients at a point that is given as a list of tensors; at has room for a list for each player. */
static wg_tensor *field_at(wg_game *game, wg_tensor **z, wg_tensor *const **at, const char *op)
{
    const size_t n = game_elements(game);
    wg_tensor **v = malloc(n * sizeof(wg_tensor *));
    for (size_t i = 0, k = 0; i < game->n; k += game->player[i++].n)
        at[i] = z + k;
    game->at = at;
    const wg_status status = v ? game_gradients(game, v, false, op) : nn_no_memory(op);
    game->at = NULL;
    wg_tensor *all = status == WG_OK ? wg_nn_to_vector((wg_tensor_list){n, v, NULL}) : NULL;
    free(v);
    return all ? wg_neg(all) : NULL;
}

/* z, so that it requires a gradient whatever it was computed from: wg_grad asks for one that does. */
static wg_tensor *differentiable(wg_tensor *z)
{
    return wg_add(z, wg_set_requires_grad(wg_zeros(wg_dtype_of(z), wg_shape_of(z)), true));
}

static wg_tensor *field(wg_game *game, wg_tensor *z, const char *op)
{
    const size_t n = game_elements(game);
    wg_tensor **all = list_all(game), *const **at = malloc((game->n + 1) * sizeof *at), *f = NULL;
    if (!all || !at)
        (void)nn_no_memory(op);
    else if (wg_nn_from_vector(differentiable(z), (wg_tensor_list){n, all, NULL}, all) == WG_OK)
        f = field_at(game, all, at, op);
    free(all), free(at);
    return f;
}

wg_status game_check_point(const wg_game *game, const wg_tensor *z, const char *what, const char *op)
{
    char text[200];
    int64_t elements = 0;
    WG_TRY(nn_check_value(z, op, "%s", what));
    for (size_t i = 0; i < game->n; i++) {
        const wg_tensor_list own = game_own(&game->player[i]);
        WG_TRY(game_check_alive(own, game->player[i].name, op));
        for (size_t k = 0; k < own.n; k++) {
            if (wg_dtype_of(own.tensor[k]) != wg_dtype_of(z))
                return wg_error_set(WG_E_DTYPE, op, "%s: expected %s of %s, as parameter \"%s\" of \"%s\" is, got %s", op, what,
                                    wg_dtype_name(wg_dtype_of(own.tensor[k])), own.name[k], game->player[i].name,
                                    wg_dtype_name(wg_dtype_of(z)));
            elements += wg_numel(own.tensor[k]);
        }
    }
    if (wg_rank(z) == 1 && wg_numel(z) == elements)
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op, "%s: expected %s of shape [%lld], the elements of all parameters, got %s", op, what,
                        (long long)elements, wg_shape_text(wg_shape_of(z), text, sizeof text));
}

static wg_status check_call(const wg_game *game, wg_tensor *const *z, size_t n, const char *op)
{
    WG_TRY(game_check_players(game, op));
    if (n != 1 || !z)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected one operand, the vector of all parameters, got %zu", op, z ? n : 0);
    if (game->at)
        return wg_error_set(WG_E_STATE, op, "%s: called by a loss of this game", op);
    if (z[0])
        return game_check_point(game, z[0], "a vector", op);
    return wg_error_first() ? wg_error_first()->code : nn_null_argument(op, "the vector");
}

wg_tensor *wg_game_field(wg_tensor *const *z, size_t n, void *context)
{
    const char *op = "game_field";
    if (check_call(context, z, n, op) != WG_OK)
        return NULL;
    if (wg_tape_top())
        return field(context, z[0], op);
    WG_TAPE(tape, .keep_error = true);
    wg_tensor *f = tape ? field(context, z[0], op) : NULL;
    return f ? wg_keep(f) : NULL;
}
