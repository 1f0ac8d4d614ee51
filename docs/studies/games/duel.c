#include "duel.h"

#include <math.h>

bool duel_make(struct duel *duel, wg_game_rule rule, bool optimistic, double rate, const double *start, wg_game_loss *const *loss,
               void *context)
{
    *duel = (struct duel){.game = wg_game_create(.rule = rule)};
    bool made = duel->game != NULL;
    for (int i = 0; i < 2 && made; i++) {
        duel->z[i] = wg_scalar(WG_F64, start[i]);
        made = duel->z[i] && wg_set_requires_grad(duel->z[i], true);
        const wg_tensor_list params = {1, &duel->z[i], NULL};
        if (made)
            duel->optim[i] = optimistic ? wg_optim_optimistic_sgd(params, .lr = rate) : wg_optim_sgd(params, .lr = rate);
        made = duel->optim[i] && wg_game_add(duel->game, .name = i ? "second" : "first", .optim = duel->optim[i], .loss = loss[i],
                                             .context = context) == WG_OK;
    }
    return made;
}

void duel_free(struct duel *duel)
{
    wg_game_destroy(duel->game);
    for (int i = 0; i < 2; i++) {
        wg_optim_destroy(duel->optim[i]);
        wg_free(duel->z[i]);
    }
}

wg_tensor *duel_number(wg_game *game, size_t player)
{
    return wg_game_params(game, player).tensor[0];
}

double duel_distance(const struct duel *duel)
{
    return hypot(wg_item(duel->z[FIRST]), wg_item(duel->z[SECOND]));
}
