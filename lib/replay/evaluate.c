/* Evaluation: captures a step, plans it and runs it once, so that each intermediate value gives its memory to a later one after
   its last use. */
#include "replay/replay.h"
#include "wengert/tape.h"

struct evaluation {
    wg_step *step;
    void *context;
};

/* Runs the step on a tape of its own, which owns all tensors that the step makes. If an op failed, the step fails, whatever
   status it returns. */
static wg_status on_a_tape(void *context)
{
    const struct evaluation *e = context;
    WG_TAPE(tape);
    WG_NO_GRAD;
    if (!tape)
        return WG_E_MEMORY;
    wg_callback callback = {.op = "evaluate", .who = "the step"};
    wg_callback_begin(&callback);
    const wg_status status = wg_callback_end(&callback, e->step(e->context));
    return status == WG_OK && tape->failed && tape->thread->has_error ? wg_error_cause() : status;
}

wg_status wg_evaluate(wg_step *step, void *context)
{
    struct evaluation e = {step, context};
    if (!step)
        return wg_fail(WG_E_NULL, "evaluate", "evaluate: the step is NULL");
    wg_replay *replay = wg_capture_for("evaluate", on_a_tape, &e, false); /* also runs it once */
    if (!replay)
        return wg_error_cause();
    wg_replay_destroy(replay);
    return WG_OK;
}
