/* wg_seed and wg_generator inside a step that is captured: E_STATE, from the call and in the record, and no memory is lost. */
#include "case.h"

static wg_status seeds(void *returned)
{
    return *(wg_status *)returned = wg_seed(1, 2);
}

static wg_status makes_generator(void *returned)
{
    wg_tensor *t = wg_generator(1, 2);
    wg_free(t);
    return *(wg_status *)returned = t ? WG_OK : wg_error_first()->code;
}

int main(void)
{
    is_("there is a generator", wg_generator_default() != NULL);
    for (int which = 0; which < 2; which++) {
        int64_t live[4];
        for (int round = 0; round < 4; round++) {
            wg_status returned = WG_OK;
            is_("the capture fails", !wg_replay_capture(which ? makes_generator : seeds, &returned));
            is_("E_STATE is returned", returned == WG_E_STATE);
            is_("E_STATE is recorded", wg_error_first() && wg_error_first()->code == WG_E_STATE);
            wg_error_take(NULL);
            live[round] = wg_memory_now().live;
        }
        near_("bytes after the fourth", (double)live[3], (double)live[1], 0); /* after the first there is what the thread keeps */
    }
    return end_();
}
