/* A seed reaches the steps that were captured before it: a replay draws what the step itself draws after wg_seed. */
#include "case.h"

static wg_status step(void *out)
{
    WG_TAPE(tape);
    return wg_assign(out, wg_uniform(wg_generator_default(), WG_F32, WG_SHAPE(4), 0, 1));
}

int main(void)
{
    wg_tensor *out = wg_zeros(WG_F32, WG_SHAPE(4));
    float plain[4], replayed[4];
    is_("seeded", wg_seed(1, 0) == WG_OK);
    wg_replay *replay = wg_replay_capture(step, out);
    is_("the step after a seed", wg_seed(42, 0) == WG_OK && step(out) == WG_OK && wg_read(out, plain) == WG_OK);
    for (int again = 0; again < 2; again++) {
        is_("the replay after it", wg_seed(42, 0) == WG_OK && wg_replay_run(replay) == WG_OK && wg_read(out, replayed) == WG_OK);
        for (int i = 0; i < 4; i++)
            near_("draw", (double)replayed[i], (double)plain[i], 0);
    }
    wg_replay_destroy(replay);
    wg_free(out);
    return end_();
}
