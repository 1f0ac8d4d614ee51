/* Replay: a step is captured once as a log of its kernel launches, and from then on the log runs in place of the step: forward,
   backward, update, running statistics, random draws. A run records no graph and allocates no memory. Launches whose results
   nobody reads are left out, and the remaining intermediate values lie in one block. The results have the bits of running the
   step itself again. A NaN remains a NaN, but where several NaNs meet, as in a sum, the sign and payload may be those of another
   one. */
#ifndef WENGERT_REPLAY_H
#define WENGERT_REPLAY_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_replay wg_replay;

/* A step: any computation that is done by ops. It opens its own tapes and closes them. */
typedef wg_status wg_step(void *context);

/* Captures a step. The step runs once, with its effects: its function is called, which logs the launches but runs no kernel, and
   then the log runs.

   External tensors, which exist before the step (parameters, inputs, the state of optimizers, running statistics, generators), are
   referenced: a run reads and changes them in their own memory. Tensors made by wg_full and similar functions are constants.
   Tensors that outlive the step (wg_keep, gradients left on leaves) are results: every run rewrites them in place, so their handles
   always show the last run.

   A gradient left on a leaf is overwritten, not added to: a step that leaves gradients must begin by clearing them. A value that is
   carried from step to step must be an operand that the step changes (wg_assign), not a handle that it replaces. The replay belongs
   to this thread, holds references to everything that it reads and writes, and is freed by wg_replay_destroy.

   Returns NULL and records the error on failure. External tensors are then as the last update committed by the step left them, or
   unchanged if there was none; after an E_STATE of the list below no effect of the step takes place.
   Errors: those of the step and of a run; E_MEMORY; E_STATE
   - for reading inside the step a value that the step computed (wg_item, wg_data, wg_read);
   - for making a tensor from host data (wg_from) or writing one (wg_write, wg_data_mut);
   - for a closure that is not .replayable;
   - for a tape or a capture around the capture, or one that the step left open.
   Anomaly mode does not check what a replay computes, and dumps made in the step show no values.
   Memory: that of the step and of its log. Cost: the step, and a plan, which is linear in the launches except for sorting. */
WG_API wg_replay *wg_replay_capture(wg_step *step, void *context);

/* Runs the step once more: the same kernels on the same operands, whose elements may have changed (wg_write). The results are
   bit-identical to running the step again.
   On failure (a label out of range, a matrix that is not positive definite, E_MEMORY) external tensors are as the last update
   committed by the step left them, results are those of an earlier run or of this one, and a retry gives the same bits.
   Inside an open tape the run is not recorded as a node, and wg_tape_rerun leaves it out. But everything that it changes, including
   results, is undone if that tape fails, as changes made by the step itself are. A run that fails also fails the tape. Additional
   cost there: a copy of everything that the run changes.
   Errors: those of the kernels; E_MEMORY; E_STATE inside a capture, a backward or an update; E_THREAD. */
WG_API WG_MUST_CHECK wg_status wg_replay_run(wg_replay *replay);

/* Binds an input: from now on the replay reads instead where the step read input, also through views of it. This supplies the next
   batch without a copy. input itself, or the tensor that it was bound to before, is not changed. wg_replay_bind(replay, input,
   input) restores the original. instead is the caller's own, not a tape's, and is referenced until it is replaced. Each launch must
   read either within input or outside it, and no launch may write to instead.
   Errors, which name the input and change nothing:
   - E_SHAPE, E_DTYPE: instead differs from input;
   - E_ARGUMENT about input: the strides of the two differ; input is not dense; the step does not read it, changes it, or keeps it
     or a view of it as a result (keep a copy); or one launch reads both input and bytes outside it (input is a view: bind the
     tensor that it is a view of);
   - E_ARGUMENT about instead: it is a tape's, or overlaps a result or a tensor that the step changes (bind a copy);
   - E_MEMORY;
   - E_STATE: inside a capture, a backward, an update or a function that the replay calls;
   - E_THREAD. */
WG_API WG_MUST_CHECK wg_status wg_replay_bind(wg_replay *replay, const wg_tensor *input, const wg_tensor *instead);

WG_API void wg_replay_destroy(wg_replay *replay); /* NULL is allowed */

/* Statistics of a replay.
   logged: kernel launches in the step. left: launches that a result or an effect requires. groups: the groups that these
   launches form; each is one call, or a loop over tiles that stay in the L1 and L2 caches. planned: bytes of the block that
   holds the intermediate values. */
typedef struct wg_replay_info {
    size_t logged, left, groups, planned;
} wg_replay_info;
WG_API wg_replay_info wg_replay_inspect(const wg_replay *replay); /* zeros and E_NULL for NULL */

/* ---- evaluation ---- */

/* Runs step once, without gradients, on a tape of its own, and reuses memory: an intermediate value gives its memory to another as
   soon as no later op of the step reads it. So the memory required is that of the values still to be read, not that of all values.
   There is nothing to free and nothing to mark.
   Values that must outlive the step are kept by the step in its context (wg_keep; the caller frees them) or assigned to a tensor
   (wg_assign). Nothing is computed before the step returns, so no value can be read inside it (wg_item, wg_data, wg_read: E_STATE,
   with the function's name). All rules and errors of wg_replay_capture apply. The results have the bits of the step run eagerly.
   Cost: the step, and a plan that is linear in its ops. To evaluate the same step often, use wg_replay_capture and
   wg_replay_run, which plan once. Memory: the planned block, the results, and address space for the other values, which is never
   touched. */
WG_API WG_MUST_CHECK wg_status wg_evaluate(wg_step *step, void *context);

/* ---- updates in one pass ---- */

/* An update that was captured, to run again. */
typedef struct wg_update wg_update;

/* Calls step between wg_update_begin and wg_update_commit, and runs its ops fused: a rule of many element-wise ops reads and writes
   each of its operands about once. The bits are those of the bracket. Unlike wg_evaluate it may be called while tapes are open; it
   makes their effects so far final, as wg_update_commit does.
   *update, NULL at first, becomes what later calls run in place of step, with inputs instead of those of the first call: gradients,
   which are others at each step. Step is called again where the layout of an input has changed, or the thread. Whatever else step
   reads, and what it does, must be as before, or else the caller destroys the update first. Gradients that step clears are cleared
   at each run.
   Inside a capture, and while a trace, lifetimes, anomaly mode or times are recorded, it is the bracket and nothing else. It is so, too, where
   two inputs are views of one tensor.
   Errors: those of step, of wg_update_begin and of wg_evaluate; on failure nothing has changed.
   Cost of the first call: a plan, linear in the ops of step; of a later one: no allocation, and an address per input and group of ops. */
WG_API WG_MUST_CHECK wg_status wg_update_run(wg_update **update, wg_step *step, void *context, wg_tensor *const *inputs, size_t n);

WG_API void wg_update_destroy(wg_update *update); /* NULL is allowed */

#ifdef __cplusplus
}
#endif

#endif
