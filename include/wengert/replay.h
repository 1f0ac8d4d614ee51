/* Replay: a step is recorded once, which logs the launches of its kernels, and from then on the log runs instead of the step:
   forward, backward, update, running statistics, draws. No graph is recorded, no memory is asked for, what nobody reads is left
   out, and what is left is laid out in one block. The bits are those of running the step itself again; a NaN is a NaN, but where several met,
   as in a sum, its sign and payload may be those of another one. */
#ifndef WENGERT_REPLAY_H
#define WENGERT_REPLAY_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_replay wg_replay;

/* A step: whatever it does by ops. It opens its own tapes and closes them. */
typedef wg_status wg_step(void *context);

/* Takes the step once, with its effects, and keeps the log of its launches: calls it, which runs no kernel, then runs the log.
   What was there before (parameters, inputs, the state of optimizers, running statistics, generators) is referenced: a run reads
   and changes it where it lies. wg_full and its like are constants. What outlives the step (wg_keep, gradients left on leaves) is
   a result: every run rewrites it where it lies, so the handle always shows the last run's.

   A gradient left on a leaf is rewritten, not added to: a step that leaves gradients begins by clearing them. A value that goes
   on from step to step is an operand that the step changes (wg_assign), not a handle that it replaces. The replay belongs to this
   thread, holds references to all that it reads and writes, and is given back by wg_replay_destroy.

   NULL and the error on failure; numbers from before the step are then as the last update that it committed left them, as a rule
   as they were. It is the step's own, a run's, E_MEMORY, or E_STATE: for reading inside the step what the step computed (wg_item,
   wg_data, wg_read), for making a tensor from host data (wg_from) or writing one (wg_write, wg_data_mut), for a closure that is
   not .replayable; for a tape or a capture around the capture, or one left open. After such an error no effect of the step takes
   place. Anomaly mode does not look at what a replay computes, and dumps made in the step show no values. Memory: that of the
   step and of its log. Cost: the step, and a plan that is linear in its launches but for sorting. */
WG_API wg_replay *wg_replay_capture(wg_step *step, void *context);

/* The step once more: the same kernels on the same operands, whose numbers may be others (wg_write); bit-identical to running the step
   again. On failure (a label out of range, a matrix that is not definite, E_MEMORY) what the run changed outside itself since the
   last update that the step committed is as before, results are any run's, and a retry gives the same bits. Inside an open tape the run
   is recorded as no node (wg_tape_rerun leaves it out), but all that it changes, results too, is undone if that tape fails, as what the
   step itself changes is; a run that fails fails the tape. Cost there: a copy of what it changes. Errors: the kernels'; E_MEMORY;
   E_STATE inside a capture, a backward or an update; E_THREAD. */
WG_API WG_MUST_CHECK wg_status wg_replay_run(wg_replay *replay);

/* From now on reads instead where the step read input (also through views of it): the next batch without a copy. input itself, or what
   it was bound to before, is left alone; wg_replay_bind(replay, input, input) goes back. instead is the caller's own, not a
   tape's, and is referenced until it is replaced. Each launch must read within input or nothing of it, and the run may write nothing of
   instead. Errors name the input and change nothing. E_SHAPE, E_DTYPE: instead differs. E_ARGUMENT: the strides differ; input is not
   dense; the step does not read input, changes it, keeps it or a view of it as a result (keep a copy), or reads in one launch both input and bytes outside it (input is a view: bind the
   tensor that it is a view of); instead is a tape's, or overlaps a result or a tensor that the step changes (bind a copy). E_MEMORY.
   E_STATE inside a capture, a backward, an update or a function that the replay calls. E_THREAD. */
WG_API WG_MUST_CHECK wg_status wg_replay_bind(wg_replay *replay, const wg_tensor *input, const wg_tensor *instead);

WG_API void wg_replay_destroy(wg_replay *replay); /* NULL is allowed */

/* logged: launches of kernels in the step. left: those that a result or an effect needs. groups: what these were put together to;
   each is one call or a loop over tiles that stay in the near caches. planned: bytes in which intermediate values lie. */
typedef struct wg_replay_info {
    size_t logged, left, groups, planned;
} wg_replay_info;
WG_API wg_replay_info wg_replay_inspect(const wg_replay *replay); /* zeros for NULL */

/* ---- evaluation ---- */

/* Runs step once, without gradients, on a tape of its own, in the memory that the values need which are still to be read, instead of that
   of all: an intermediate value gives its memory to the next as soon as no later op of the step reads it. There is nothing to free and
   nothing to mark. What is to last is kept by the step in its context (wg_keep; the caller frees it) or assigned to a tensor
   (wg_assign). Nothing is computed before the step returns, so inside it no value can be read (wg_item, wg_data, wg_read: E_STATE, with the
   function's name), and every rule of wg_replay_capture holds, as do its errors. The results have the bits of the step run eagerly. Cost: the
   step, and a plan that is linear in its ops; who evaluates the same step often uses wg_replay_capture and wg_replay_run, which plan once. Memory: the
   planned block, results, and address space for the other values, which is never touched. */
WG_API WG_MUST_CHECK wg_status wg_evaluate(wg_step *step, void *context);

#ifdef __cplusplus
}
#endif

#endif
