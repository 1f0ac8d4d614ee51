/* The tape (Wengert list): the record of a computation in the order in which it ran. The tape owns what is recorded on it, and
   the backward pass visits its nodes. The tapes of a thread form a stack; the top one records. */
#ifndef WENGERT_TAPE_H
#define WENGERT_TAPE_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Options of wg_tape_open.
   trace: the tape keeps every launch made while it is on top (of backward passes, of the engine's own sums, of parameter
   updates) as an entry with its values, so that it can be dumped and run again. Nothing is released before the tape closes.
   undo: when the tape closes its effects (below) are undone, as if the step had failed: for looking at a step without taking it.
   No update may begin on the tape or above it, and it may not be opened inside one: E_STATE.
   time: the time of each kernel that runs while the tape is open is measured, for wg_graph_of and wg_cost_of. Cost: two readings of
   the clock for each op.
   keep_error: an error that is still unread stays the first, also if no tape is open: for a function that is made of ops and opens a tape
   of its own where its caller has none. */
typedef struct WG_NAMED wg_tape_options {
    bool trace, undo, time, keep_error;
} wg_tape_options;

/* Opens a tape on top of the thread's stack. On failure it returns NULL and records the error, E_MEMORY if not E_STATE. Until that failed tape is closed
   every op fails too, so that no tensor is made without an owner. Opening an outermost tape clears the thread's error record, unless
   .keep_error. */
#define wg_tape_open(...) \
    wg_tape_open_with(WG_OPTIONS(wg_tape_options, .trace = false, .undo = false, .time = false, .keep_error = false, __VA_ARGS__))
WG_API wg_tape *wg_tape_open_with(wg_tape_options options);

/* Closes the top tape. From here on the handles of its tensors dangle, its memory is free for reuse, and the contexts of its
   closures are destroyed. If an op failed on the tape since the last committed update, the changes that the step made outside the
   tape are undone (see Effects, below).
   Errors: E_STATE if the tape is not on top, and between wg_update_begin and wg_update_commit if the update began on this tape
   or has changes queued on it. */
WG_API wg_status wg_tape_close(wg_tape *tape);

/* WG_TAPE(tape); or WG_TAPE(tape, .trace = true); declares a tape that is closed when the enclosing block is left, also by
   break, continue, return or goto. longjmp out of the block is forbidden. Leaving the block cannot be refused: an update that
   began in it and is still open is cancelled, and this fails the step and a later wg_update_commit. */
#define WG_TAPE(tape, ...) wg_tape *tape __attribute__((unused, cleanup(wg_tape_leave))) = wg_tape_open(__VA_ARGS__)
WG_API void wg_tape_leave(wg_tape **tape);

WG_API wg_tape *wg_tape_top(void);                /* NULL if no tape is open */
WG_API size_t wg_tape_nodes(const wg_tape *tape); /* 0 and E_NULL for NULL */

/* Runs every entry of a traced tape once more, in order, on the present values of its leaves (change them with wg_write). Effects
   run too. The result has the bits of a new recording. While a tape is traced, wg_drop and wg_donate do not release values that its
   entries read or write. This also holds for values of the tapes below it and for calls made on a tape above it.
   Errors: E_STATE if the tape is not traced or not on top; E_RELEASED, before anything runs, if a value was released
   nevertheless. */
WG_API WG_MUST_CHECK wg_status wg_tape_rerun(wg_tape *tape);

/* ---- modes of a thread; each macro is a declaration that takes effect until the end of its block ----

   A declaration cannot be the statement of an if: if (!training) WG_EVAL_MODE; does not compile. Its type stands before its
   attribute for that reason: gcc takes an attribute alone for an empty statement. */

/* Ops in the block are recorded, but none of their results requires a gradient. */
#define WG_NO_GRAD_MODE(name) bool name __attribute__((unused, cleanup(wg_grad_mode_leave))) = wg_grad_mode_set(false)
#define WG_GRAD_MODE(name) bool name __attribute__((unused, cleanup(wg_grad_mode_leave))) = wg_grad_mode_set(true)
#define WG_NO_GRAD WG_NO_GRAD_MODE(wg_no_grad_)
WG_API bool wg_grad_mode_set(bool on); /* returns the previous mode */
WG_API bool wg_grad_mode(void);
WG_API void wg_grad_mode_leave(bool *before);

/* Training mode, which layers such as batch norm consult: they behave differently in training and in evaluation. WG_EVAL_MODE;
   is a declaration: evaluation mode until the end of the block. */
#define WG_EVAL_MODE bool wg_eval_ __attribute__((unused, cleanup(wg_train_mode_leave))) = wg_train_mode_set(false)
WG_API bool wg_train_mode_set(bool on); /* returns the previous mode; a thread starts in training mode */
WG_API bool wg_train_mode(void);
WG_API void wg_train_mode_leave(bool *before);

/* Options of wg_section_push. kind: what the section is an instance of, such as "batch_norm", which graphs and their pictures show beside
   the name; modules give theirs. */
typedef struct WG_NAMED wg_section_options {
    const char *kind;
} wg_section_options;

/* Named sections put the user's names into messages, dumps and traces: wg_section_push("layer1"); ... wg_section_pop();
   Each path of names is stored until the thread ends, so names that differ from step to step use more and more memory. Sections with
   one name and different kinds are different sections. */
#define wg_section_push(name, ...) wg_section_push_with((name), WG_OPTIONS(wg_section_options, .kind = "", __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_section_push_with(const char *name, wg_section_options options);
WG_API void wg_section_pop(void);

/* ---- gradients ---- */

/* Options of wg_backward.
   retain: values are kept, and backward may run again.
   grad: the gradient of the root, of the root's shape. WG_NONE means 1 and requires a root of one element. */
typedef struct WG_NAMED wg_backward_options {
    bool retain;
    wg_tensor *grad;
} wg_backward_options;

/* Adds d root / d leaf to the gradient of every leaf that requires a gradient and on which root depends. Unless .retain is set, it
   then releases every computed value of the top tape except the roots and held values. A root of more than one element requires
   .grad. On failure no gradient has changed.
   Errors: E_NO_TAPE (root was made with no tape open); E_NO_GRAD (root depends on no leaf that requires a gradient, or an op on the
   path has no derivative); E_RELEASED; E_STALE; E_SHAPE; E_DTYPE; E_MEMORY; E_STATE (inside a hook).
   Cost: the vjps of the nodes between root and leaves, and one addition for each further use of a value. Additions run in place
   where nobody else holds the sum. */
#define wg_backward(root, ...) \
    wg_backward_with((root), WG_OPTIONS(wg_backward_options, .retain = false, .grad = WG_NONE, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_backward_with(wg_tensor *root, wg_backward_options options);

/* wg_backward from several roots at once. grads is NULL or has one gradient per root; an entry WG_NONE means 1. */
WG_API WG_MUST_CHECK wg_status wg_backward_many(wg_tensor *const *roots, wg_tensor *const *grads, size_t n, bool retain);

typedef enum wg_unused { WG_UNUSED_ERROR, WG_UNUSED_ZEROS } wg_unused;

/* Options of wg_grad.
   create_graph: the gradients are recorded and can be differentiated. Without it they are constants, as wg_detach makes them, and a
   loss computed from them passes no gradient through them.
   unused: the result for a tensor on which y does not depend, an error or zeros. With zeros y may depend on no tensor at all, as
   the gradient of a linear function does.
   grad: as in wg_backward. */
typedef struct WG_NAMED wg_grad_options {
    bool create_graph;
    wg_unused unused;
    wg_tensor *grad;
} wg_grad_options;

/* d y / d x, a tensor of x's shape on the top tape; the graph is retained. It may share memory with other results of the same call, with
   .grad or with an operand: copy it before you change it in place. x is a leaf that requires a gradient or a value
   computed from one. Returns NULL and records the error on failure: those of wg_backward, and E_UNUSED. */
#define wg_grad(y, x, ...) \
    wg_grad_with((y), (x), \
                 WG_OPTIONS(wg_grad_options, .create_graph = false, .unused = WG_UNUSED_ERROR, .grad = WG_NONE, __VA_ARGS__))
WG_API wg_tensor *wg_grad_with(wg_tensor *y, wg_tensor *x, wg_grad_options options);

/* wg_grad for n_x tensors in one backward pass. gx[i] is set for all i or, on failure, for none. */
#define wg_grad_many(y, x, n_x, gx, ...)     \
    wg_grad_many_with((y), (x), (n_x), (gx), \
                      WG_OPTIONS(wg_grad_options, .create_graph = false, .unused = WG_UNUSED_ERROR, .grad = WG_NONE, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_grad_many_with(wg_tensor *y, wg_tensor *const *x, size_t n_x, wg_tensor **gx,
                                                 wg_grad_options options);

/* Adds a hook to t, which is a tensor of a tape that requires a gradient, or a leaf. Each backward pass calls fn once with the
   complete gradient of t. The result of fn replaces the gradient: the same handle, another tensor of the same shape and dtype,
   or NULL for failure. fn may not call backward, write to the gradient that it is given, or return a tensor that it dropped. The
   hooks of a tensor run in the order in which they were added; a hook added during a backward pass runs from the next pass on. A
   hook belongs to the top tape and ends with it. Cost: constant for adding a hook and for calling it. */
typedef wg_tensor *wg_hook(wg_tensor *gradient, void *context);
WG_API WG_MUST_CHECK wg_status wg_add_hook(wg_tensor *t, wg_hook *fn, void *context);

/* ---- calling user functions ---- */

/* Calls function(context), a user's function in the middle of a step, in the way in which a module calls its forward function. The
   library calls every user function like this, and such calls nest.
   The function may close only tapes that it opened itself; otherwise the call is E_STATE. Tapes and an update that it leaves open
   are closed and cancelled, which is E_STATE as well. The message is composed of op, who and whose: "apply: the forward function of
   mlp left a tape open" (whose may be NULL).
   Otherwise the result is the function's status. A status other than OK fails the step, also where the error belonged to a tape
   that function closed. If function recorded no error, an error is recorded that says which function failed with which status.
   The section is again the one before, whatever the function pushed or popped. Modes that the function sets remain set. E_STATE, and
   function is not called, if WG_MAX_DEPTH functions that were called with the same op run already, one inside the other: one that
   calls itself without end is an error before the stack overflows. */
WG_API wg_status wg_callback_run(const char *op, const char *who, const char *whose, wg_status (*function)(void *context),
                                 void *context);

/* ---- effects: changes that a step makes outside its tape ----

   If an op failed on a tape, closing the tape undoes its effects: everything is as it was when the tape opened, or as the last
   update committed since then left it. Effects are
   - changes made by ops: parameters, the state of optimizers, running statistics, targets of wg_assign, wg_accumulate and
     wg_init_…;
   - generators: draws, wg_seed, wg_generator_split;
   - gradients of leaves: wg_backward, wg_add_gradient, wg_clear_gradient, wg_optim_clear_gradients, wg_optim_clip_…;
   - everything that wg_replay_run changes, including its results.

   Other changes that the program makes during the step are not undone: elements that it writes itself (wg_write, wg_data_mut,
   and so wg_optim_set_lr and wg_batches_restore); properties and modes that it sets (wg_set_requires_grad, wg_set_name, modes);
   tensors that it keeps or frees; groups that it adds to an optimizer; the position of wg_batches_next. To retry the same batch,
   restore that position first. */

/* The update bracket. An update happens completely or not at all.
   Between begin and commit, ops that change an operand (parameter updates) are checked and their memory is allocated, but they do
   not run. commit runs them all in the order of the calls, each on the values that the earlier ones have written, and then clears
   the gradients for which wg_clear_gradient was called. Ops that return a result run at once, on the values from before the update.
   If any op in between failed, commit returns that error and nothing has changed. wg_update_cancel ends the bracket without running
   anything. A successful commit also makes all earlier effects of all open tapes final. Brackets do not nest.
   Tensors made inside the bracket belong to the open tape. With no tape open, the update has a tape of its own (wg_tape_top),
   which is closed when the update ends; use wg_keep for tensors that must outlive it. A tape on which the update began or has
   changes queued cannot be closed before commit or cancel: E_STATE, and the update fails. */
WG_API WG_MUST_CHECK wg_status wg_update_begin(void);
WG_API WG_MUST_CHECK wg_status wg_update_commit(void);
WG_API void wg_update_cancel(void);

#ifdef __cplusplus
}
#endif

#endif
