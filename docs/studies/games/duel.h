/* What the studies of games share: two players, each with one number and with gradient steps of one rate. */
#ifndef WG_STUDIES_DUEL_H
#define WG_STUDIES_DUEL_H

#include <stdbool.h>

#include <wengert.h>

enum { FIRST, SECOND };

struct duel {
    wg_tensor *z[2];
    wg_optim *optim[2];
    wg_game *game;
};

/* From start[0], start[1]; each player minimises its own loss. optimistic: steps by wg_optim_optimistic_sgd. Free it also on failure. */
bool duel_make(struct duel *duel, wg_game_rule rule, bool optimistic, double rate, const double *start, wg_game_loss *const *loss,
               void *context);
void duel_free(struct duel *duel);

wg_tensor *duel_number(wg_game *game, size_t player); /* for losses */
double duel_distance(const struct duel *duel);        /* from (0, 0) */

#endif
