/* What a step changes is undone if the tape that it is on fails, run by itself or replayed. */
#include "case.h"

static wg_status doubles(void *p)
{
    WG_TAPE(tape);
    return wg_assign(p, wg_mul_scalar(p, 2));
}

int main(void)
{
    wg_tensor *p = wg_ones(WG_F64, WG_SCALAR);
    wg_replay *replay = wg_replay_capture(doubles, p); /* p is 2 */
    for (int replayed = 0; replayed < 2; replayed++)
        for (int fails = 0; fails < 2; fails++) {
            const double before = wg_item(p);
            {
                WG_TAPE(tape);
                is_("the step runs", (replayed ? wg_replay_run(replay) : doubles(p)) == WG_OK);
                near_("it doubles", wg_item(p), 2 * before, 0);
                if (fails)
                    is_("shapes differ", !wg_add(wg_ones(WG_F64, WG_SHAPE(2)), wg_ones(WG_F64, WG_SHAPE(3))));
            }
            near_(fails ? "undone" : "kept", wg_item(p), fails ? before : 2 * before, 0);
            wg_error_take(NULL);
        }
    wg_replay_destroy(replay);
    wg_free(p);
    return end_();
}
