/* What a step of the game began with: copies of all that its players' steps change, made by ops, so that a captured step has them too. */
#include <stdlib.h>

#include "../module/module.h"
#include "game.h"
#include "wengert/error.h"
#include "wengert/ops.h"

typedef wg_status visitor(wg_tensor *t, wg_tensor **copy);

/* Calls visit with each tensor and the place of its copy. moving: parameters and optimizers' states, which stand first; rest: buffers. */
static wg_status each(wg_game *game, visitor *visit, bool moving, bool rest)
{
    wg_tensor **copy = game->kept;
    for (int part = 0; part < 3; part++)
        for (size_t i = 0; i < game->n; i++) {
            const struct player *p = &game->player[i];
            const wg_tensor_list list = part == 0   ? wg_optim_parameters(p->optim)
                                        : part == 1 ? wg_optim_state(p->optim)
                                        : p->net    ? wg_nn_buffers(p->net)
                                                    : (wg_tensor_list){0, NULL, NULL};
            for (size_t k = 0; k < list.n; k++, copy++)
                if (part < 2 ? moving : rest)
                    WG_TRY(visit(list.tensor[k], copy));
        }
    return WG_OK;
}

static size_t count(const wg_game *game)
{
    size_t n = 0;
    for (size_t i = 0; i < game->n; i++) {
        const struct player *p = &game->player[i];
        n += wg_optim_parameters(p->optim).n + wg_optim_state(p->optim).n + (p->net ? wg_nn_buffers(p->net).n : 0);
    }
    return n;
}

static wg_status make(wg_tensor *t, wg_tensor **copy)
{
    *copy = game_tensor(wg_dtype_of(t), wg_shape_of(t), 0, "");
    return *copy ? WG_OK : WG_E_MEMORY;
}

static void forget(wg_game *game)
{
    for (size_t i = 0; i < game->n_kept; i++)
        wg_disown(game->kept[i]);
    free(game->kept);
    game->kept = NULL;
    game->n_kept = 0;
}

/* Memory for the copies, anew where a player, or a stage of an optimizer, has come. */
static wg_status reserve(wg_game *game, const char *op)
{
    const size_t n = count(game);
    if (n == game->n_kept)
        return WG_OK;
    forget(game);
    game->kept = calloc(n + 1, sizeof(wg_tensor *));
    if (!game->kept)
        return nn_no_memory(op);
    game->n_kept = n;
    const wg_status status = each(game, make, true, true);
    if (status != WG_OK)
        forget(game);
    return status;
}

static wg_status save(wg_tensor *t, wg_tensor **copy)
{
    return wg_assign(*copy, t);
}

static wg_status restore(wg_tensor *t, wg_tensor **copy)
{
    return wg_assign(t, *copy);
}

static wg_status write_back(wg_tensor *t, wg_tensor **copy)
{
    return wg_write_raw(t, wg_data(*copy));
}

wg_status game_keep(wg_game *game, const char *op)
{
    WG_TRY(reserve(game, op));
    return each(game, save, true, true);
}

wg_status game_restore(wg_game *game)
{
    return each(game, restore, true, false);
}

void game_undo(wg_game *game)
{
    (void)each(game, write_back, true, true);
}
