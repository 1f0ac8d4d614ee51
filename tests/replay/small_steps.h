/* Small steps to capture: y from x, on their own tape. */
#ifndef TEST_SMALL_STEPS_H
#define TEST_SMALL_STEPS_H

#include "common.h"

struct small {
    wg_tensor *x, *y, *other;
    wg_status (*work)(struct small *s);
    const char *what;
};

static inline wg_status small_step(void *context)
{
    struct small *s = context;
    WG_TAPE(tape);
    return s->work(s);
}

static inline wg_status keep(struct small *s, wg_tensor *y)
{
    wg_tensor *kept = y ? wg_keep(y) : NULL;
    if (!kept)
        return wg_error_first()->code;
    wg_free(s->y);
    s->y = kept;
    return WG_OK;
}

static inline void small_end(struct small *s)
{
    wg_free(s->x), wg_free(s->y), wg_free(s->other);
}

static inline wg_replay *captured(wg_step *step, void *context)
{
    wg_replay *replay = wg_replay_capture(step, context);
    if (!replay)
        fail_msg("%s", wg_error_first() ? wg_error_first()->message : "no error recorded");
    return replay;
}

#endif
