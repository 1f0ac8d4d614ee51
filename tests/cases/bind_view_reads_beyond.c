/* An input that is bound is read as a whole or not at all: a view of what the step reads together with its neighbours is refused, and
   the replay goes on with what it had. */
#include "case.h"

enum { N = 100000 };

struct context {
    wg_tensor *x, *y;
};

static wg_status step(void *context)
{
    struct context *c = context;
    WG_TAPE(tape);
    c->y = wg_keep(wg_mul_scalar(c->x, 1));
    return c->y ? WG_OK : WG_E_MEMORY;
}

int main(void)
{
    struct context c = {wg_ones(WG_F64, WG_SHAPE(N, 1)), NULL};
    wg_replay *replay = wg_replay_capture(step, &c);
    wg_tensor *row = wg_slice(c.x, 0, 0, 1, 1), *seven = wg_full(WG_F64, WG_SHAPE(1, 1), 7),
              *sevens = wg_full(WG_F64, WG_SHAPE(N, 1), 7);
    is_("a row of the input is refused", wg_replay_bind(replay, row, seven) == WG_E_ARGUMENT);
    error_("bind");
    is_("the replay runs", wg_replay_run(replay) == WG_OK);
    near_("on the first row", ((const double *)wg_data(c.y))[0], 1, 0);
    near_("on the last row", ((const double *)wg_data(c.y))[N - 1], 1, 0);
    is_("the input itself is bound", wg_replay_bind(replay, c.x, sevens) == WG_OK && wg_replay_run(replay) == WG_OK);
    near_("on its last row", ((const double *)wg_data(c.y))[N - 1], 7, 0);
    wg_replay_destroy(replay);
    wg_free(c.x), wg_free(c.y), wg_free(row), wg_free(seven), wg_free(sevens);
    return end_();
}
