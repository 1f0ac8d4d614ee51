/* What a game is inside. A point of the game is a list of tensors for each player, in the order of its optimizer's parameters. */
#ifndef NN_GAME_H
#define NN_GAME_H

#include "wengert/game.h"

/* A parameter of the game: which player's, and which of its optimizer's. player NOBODY: no player moves it. */
#define NOBODY SIZE_MAX
struct place {
    size_t player, k;
};

struct player {
    char *name;
    wg_nn_module *net;
    wg_optim *optim;
    wg_game_loss *loss;
    void *context;
    int64_t steps, unroll;
    wg_game_steps *steps_at;
    size_t n;             /* parameters */
    struct place *of_net; /* of each parameter of net, whose it is */
    size_t n_net;         /* how many net had when the player was added */
    wg_tensor **apply;    /* workspace: parameters for net */
    bool *required;       /* workspace: which of the parameters require a gradient while others' steps are computed */
    wg_tensor *value;     /* the latest loss, a scalar */
    uint64_t calls;       /* of the optimizer, when a loss began to run */
};

struct wg_game {
    wg_game_options options;
    struct player *player;
    size_t n;
    wg_tensor *const **at; /* the point, a list of tensors for each player; NULL: the parameters themselves */
    wg_tensor *count;      /* steps so far, an f64 scalar */
    int running;           /* losses that run now, one inside the other */
    wg_tensor **kept;      /* copies of what the step began with; NULL: none were made yet */
    size_t n_kept;
};

/* ---- game.c ---- */

/* A tensor that the game owns and ends with wg_disown. */
wg_tensor *game_tensor(wg_dtype dtype, wg_shape shape, double value, const char *name);
/* E_STATE if the optimizer or the network has parameters that it had not when the player was added. */
wg_status game_check_player(const struct player *player, const char *op);
wg_tensor_list game_own(const struct player *player);              /* its parameters themselves */
size_t game_elements(const wg_game *game);                         /* parameters, as tensors, of all players */
void game_list_all(const wg_game *game, wg_tensor **all);          /* these, in one list */
wg_status game_check_players(const wg_game *game, const char *op); /* that the game is one, and has players */
/* That a tensor is a vector of all parameters, of their dtype; what: what to call it. E_SHAPE, E_DTYPE, E_DANGLING, E_RELEASED. */
wg_status game_check_point(const wg_game *game, const wg_tensor *z, const char *what, const char *op);
/* E_DANGLING if a parameter was freed. */
wg_status game_check_alive(wg_tensor_list params, const char *player, const char *op);

/* ---- turn.c: gradients ---- */

/* The loss of a player at the game's present point, on the open tape: a scalar of its parameters' dtype. */
wg_tensor *game_loss_of(wg_game *game, size_t player, const char *op);
/* Notes the loss of a step, and refuses one that is not finite if losses are checked. */
wg_status game_note(const wg_game *game, const struct player *p, wg_tensor *loss, const char *op);
/* Moves a player by the gradients on its parameters; if losses are checked, they must be finite. */
wg_status game_move(const wg_game *game, size_t player, const char *op);
/* Leaves the gradient of a player's loss on its parameters, and nothing on those of others. */
wg_status game_turn(wg_game *game, size_t player);
wg_status game_unrolled_turn(wg_game *game, size_t player); /* unrolled.c */
/* The gradients of a loss, that of player p or, if p is NULL, nobody's, for n tensors, zeros where it does not depend on one. own: the parameters of which they are the values; where
   one is its parameter itself, and that requires no gradient, it is given WG_NONE. recorded: with a graph. */
wg_status game_grad(const struct player *p, wg_tensor *loss, wg_tensor *const *x, wg_tensor *const *own, size_t n,
                    wg_tensor **gradient, bool recorded);
/* v(z) for all players on the open tape, with a graph: game_elements tensors, as game_grad gives them. The point is game->at, or the parameters themselves. of_step: the losses are noted. */
wg_status game_gradients(wg_game *game, wg_tensor **gradient, bool of_step, const char *op);
/* Leaves these gradients, and no others, on a player's parameters, in a captured step, too, where wg_add_gradient may not. */
wg_status game_leave_gradients(const struct player *p, wg_tensor *const *gradient);
wg_status game_consensus(wg_game *game); /* consensus.c: leaves the gradients of all players on their parameters */

/* ---- keep.c: what a step began with ---- */

wg_status game_keep(wg_game *game, const char *op);
wg_status game_restore(wg_game *game); /* parameters and optimizers, by ops, as part of a step */
void game_undo(wg_game *game);         /* all of it, after a failure: a write that needs no memory */

#endif
