/* Moving a player by the gradients on its parameters. */
#include <string.h>

#include "game.h"
#include "wengert/error.h"
#include "wengert/tensor.h"

/* An exponent of ones is that of infinities and NaN. Comparing bits, unlike isfinite, is one pass without branches. */
static bool has_nonfinite_f32(const float *x, int64_t n)
{
    uint32_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        found |= (bits & 0x7f800000) == 0x7f800000;
    }
    return found;
}

static bool has_nonfinite_f64(const double *x, int64_t n)
{
    uint64_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        found |= (bits & 0x7ff0000000000000) == 0x7ff0000000000000;
    }
    return found;
}

/* Gradients are dense, in whatever order of their axes. */
static bool is_finite(const wg_tensor *gradient)
{
    const void *x = wg_data(gradient);
    const int64_t n = wg_numel(gradient);
    return x && !(wg_dtype_of(gradient) == WG_F64 ? has_nonfinite_f64(x, n) : has_nonfinite_f32(x, n));
}

static wg_status check_gradients(const wg_game *game, const struct player *p, const char *op)
{
    const wg_tensor_list own = game_own(p);
    for (size_t k = 0; k < own.n; k++) {
        const wg_tensor *gradient = wg_gradient(own.tensor[k]);
        if (gradient && !is_finite(gradient))
            return wg_error_set(WG_E_NUMERIC, op,
                                "%s: the gradient of parameter \"%s\" of \"%s\" has an element that is not finite in step %lld", op,
                                own.name[k], p->name, (long long)wg_game_count(game));
    }
    return WG_OK;
}

wg_status game_move(const wg_game *game, size_t player, const char *op)
{
    const struct player *p = &game->player[player];
    if (game->options.check)
        WG_TRY(check_gradients(game, p, op));
    return wg_optim_step_with_loss(p->optim, p->value);
}
