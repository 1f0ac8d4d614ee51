/* The tape, or Wengert list: the record of a computation in the order in which it was made, the owner of what is recorded on it,
   and what backward walks. Tapes of a thread form a stack; the top one records. */
#ifndef WENGERT_TAPE_H
#define WENGERT_TAPE_H

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* trace: every launch while the tape is on top (backward's, the engine's own sums, parameter updates) is kept as an entry with
   its values, so that it can be dumped and run again; nothing is released before the tape closes. */
typedef struct wg_tape_options {
    bool trace;
} wg_tape_options;

/* Opens a tape on top of the thread's stack. NULL and E_MEMORY on failure; until that failed tape is closed every op fails too, so
   that nothing is made that nobody would own. Opening an outermost tape forgets the thread's error record. */
#define wg_tape_open(...) wg_tape_open_with(WG_OPTIONS(wg_tape_options, .trace = false, __VA_ARGS__))
WG_API wg_tape *wg_tape_open_with(wg_tape_options options);

/* Closes the top tape: its tensors' handles dangle from here on, its memory is given back, contexts of closures are destroyed. If an
   op failed on it since the last update was committed, what the step changed outside the tape is put back (see Effects, below). E_STATE
   if it is not on top, and between wg_update_begin and wg_update_commit if the update began on it or has changes queued on it. */
WG_API wg_status wg_tape_close(wg_tape *tape);

/* WG_TAPE(tape); or WG_TAPE(tape, .trace = true); is a declaration: the tape is closed when its block is left, by break, continue,
   return or goto. longjmp out of it is forbidden. Leaving the block cannot be refused: an update that began in it and is still open is
   cancelled, which is an error of the step and of a wg_update_commit that comes later. */
#define WG_TAPE(tape, ...) __attribute__((unused, cleanup(wg_tape_leave))) wg_tape *tape = wg_tape_open(__VA_ARGS__)
WG_API void wg_tape_leave(wg_tape **tape);

WG_API wg_tape *wg_tape_top(void); /* NULL if none is open */
WG_API size_t wg_tape_nodes(const wg_tape *tape);

/* Runs every entry of a traced tape once more, in order, on what its leaves hold now (change them with wg_write). Effects run too.
   The bits are those of a new recording. While a tape is traced, wg_drop and wg_donate leave the values there that its entries read or
   write, also those of the tapes below it and also from a tape above it. E_STATE if the tape is not traced or not on top; E_RELEASED,
   before anything runs, if a value is gone all the same. */
WG_API WG_MUST_CHECK wg_status wg_tape_rerun(wg_tape *tape);

/* ---- modes, per thread; each is a declaration that ends with its block ---- */

/* Ops in the block are recorded, but nothing that they make needs a gradient. */
#define WG_NO_GRAD_MODE(name) __attribute__((unused, cleanup(wg_grad_mode_leave))) bool name = wg_grad_mode_set(false)
#define WG_GRAD_MODE(name) __attribute__((unused, cleanup(wg_grad_mode_leave))) bool name = wg_grad_mode_set(true)
#define WG_NO_GRAD WG_NO_GRAD_MODE(wg_no_grad_)
WG_API bool wg_grad_mode_set(bool on); /* returns what it was */
WG_API bool wg_grad_mode(void);
WG_API void wg_grad_mode_leave(bool *before);

/* Layers that behave differently in training and in use (batch norm) ask this. WG_EVAL_MODE; is a declaration: until its block ends, use. */
#define WG_EVAL_MODE __attribute__((unused, cleanup(wg_train_mode_leave))) bool wg_eval_ = wg_train_mode_set(false)
WG_API bool wg_train_mode_set(bool on); /* returns what it was; at first on */
WG_API bool wg_train_mode(void);
WG_API void wg_train_mode_leave(bool *before);

/* Named sections make messages, dumps and traces speak the user's words: wg_section_push("layer1"); ... wg_section_pop();
   Each path of names is kept until the thread ends, so names that differ from step to step take memory. */
WG_API WG_MUST_CHECK wg_status wg_section_push(const char *name);
WG_API void wg_section_pop(void);

/* ---- gradients ---- */

/* retain: values stay, and backward may run again. grad: the gradient of the root, of its shape; WG_NONE means 1 for a root of
   one element. */
typedef struct wg_backward_options {
    bool retain;
    wg_tensor *grad;
} wg_backward_options;

/* Adds d root / d leaf to the gradient of every leaf that requires one and that root depends on, and releases every computed value
   of the top tape but roots and held ones, unless .retain. A root of more than one element needs .grad.
   On failure no gradient has changed. Errors: E_NO_TAPE (root was made with no tape open), E_NO_GRAD (root depends on no leaf that
   requires one, or an op on the way has no derivative), E_RELEASED, E_STALE, E_SHAPE, E_DTYPE, E_MEMORY, E_STATE (in a hook).
   Cost: the vjps of the nodes between root and leaves; fan-out adds, in place where nobody else holds the sum. */
#define wg_backward(root, ...) \
    wg_backward_with((root), WG_OPTIONS(wg_backward_options, .retain = false, .grad = WG_NONE, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_backward_with(wg_tensor *root, wg_backward_options options);

/* The same from several roots at once; grads is NULL or one per root, WG_NONE where 1 is meant. */
WG_API WG_MUST_CHECK wg_status wg_backward_many(wg_tensor *const *roots, wg_tensor *const *grads, size_t n, bool retain);

typedef enum wg_unused { WG_UNUSED_ERROR, WG_UNUSED_ZEROS } wg_unused;

/* create_graph: the gradients are themselves recorded and can be differentiated; without it they are constants, as wg_detach makes them,
   and a loss made from them passes nothing on through them. unused: what a tensor that y does not depend on
   gives, an error or zeros; y may then depend on no tensor at all, as the gradient of what is linear. grad: as in wg_backward. */
typedef struct wg_grad_options {
    bool create_graph;
    wg_unused unused;
    wg_tensor *grad;
} wg_grad_options;

/* d y / d x, a tensor on the top tape of x's shape; the graph is retained. x is a leaf that requires a gradient or anything computed
   from one. NULL and the error on failure (wg_backward's, and E_UNUSED). */
#define wg_grad(y, x, ...) \
    wg_grad_with((y), (x), \
                 WG_OPTIONS(wg_grad_options, .create_graph = false, .unused = WG_UNUSED_ERROR, .grad = WG_NONE, __VA_ARGS__))
WG_API wg_tensor *wg_grad_with(wg_tensor *y, wg_tensor *x, wg_grad_options options);

/* The same for n_x tensors in one walk; gx[i] is set for all or, on failure, for none. */
#define wg_grad_many(y, x, n_x, gx, ...)     \
    wg_grad_many_with((y), (x), (n_x), (gx), \
                      WG_OPTIONS(wg_grad_options, .create_graph = false, .unused = WG_UNUSED_ERROR, .grad = WG_NONE, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_grad_many_with(wg_tensor *y, wg_tensor *const *x, size_t n_x, wg_tensor **gx,
                                                 wg_grad_options options);

/* Calls fn once per backward walk with the fully summed gradient of t (a tape's tensor that needs a gradient, or a leaf); what it
   returns replaces the gradient: the same handle, another of its shape and dtype, or NULL for failure. It may not call backward, write
   the gradient that it is given, or return one that it dropped. The hooks of a tensor run in the order in which they were added; one
   that is added while a walk runs runs from the next walk on. Belongs to the top tape and ends with it. Cost: constant for each hook
   that is added, and for each that runs. */
typedef wg_tensor *wg_hook(wg_tensor *gradient, void *context);
WG_API WG_MUST_CHECK wg_status wg_add_hook(wg_tensor *t, wg_hook *fn, void *context);

/* ---- functions of others ---- */

/* Calls function(context), a function of somebody else's in the middle of a step, as a module calls its forward. It may close only tapes
   that it opened itself; tapes and an update that it leaves open are closed and cancelled. Either is E_STATE, with a message made of op,
   who and whose ("apply: the forward function of mlp left a tape open"; whose may be NULL); else the status is what function returned.
   Unless that is OK the step has failed, also where the error belonged to a tape that function closed; and if function recorded no
   error there is one that says which function failed with which status. Modes that it sets stay set. The library calls every function of
   a user's so; such calls nest. */
WG_API wg_status wg_callback_run(const char *op, const char *who, const char *whose, wg_status (*function)(void *context),
                                 void *context);

/* ---- effects: what a step changes outside its tape ----

   When a tape closes on which an op failed, its effects are undone: they are as they were when the tape opened, or as the last update that
   was committed meanwhile left them. Effects are
   - what ops change: parameters, the state of optimizers, running statistics, targets of wg_assign, wg_accumulate and wg_init_…;
   - generators: draws, wg_seed, wg_generator_split;
   - gradients of leaves: wg_backward, wg_add_gradient, wg_clear_gradient, wg_optim_clear_gradients, wg_clip_gradients_…;
   - what wg_replay_run changes, results included.
   All else that the program does in the step stays as it did it: numbers that it writes itself (wg_write, wg_data_mut, and so
   wg_optim_set_lr and wg_batches_restore), marks (wg_set_requires_grad, wg_set_name, modes), tensors that it keeps or frees, groups that it adds
   to an optimizer, the position of wg_batches_next: a retry of the same batch restores that first. */

/* Between begin and commit, ops that change an operand (parameter updates) are checked and their memory is found, but they do not run;
   commit runs them all, in the order of the calls, each on what those before it have written, and then clears the gradients for which
   wg_clear_gradient was called. Ops that give a result run at once, on what was there at the beginning. So an update happens whole or not
   at all. On failure of any op in between, commit returns that error and nothing has changed. wg_update_cancel ends the bracket without
   running anything. A successful commit also makes the effects of all open tapes so far final. Brackets do not nest.
   What is made inside belongs to the open tape. With none open the update has a tape of its own (wg_tape_top), which is closed when the
   update ends: wg_keep takes out of it what is to last. A tape on which the update began or has changes queued cannot be closed before
   commit or cancel: E_STATE, and the update fails. */
WG_API WG_MUST_CHECK wg_status wg_update_begin(void);
WG_API WG_MUST_CHECK wg_status wg_update_commit(void);
WG_API void wg_update_cancel(void);

#ifdef __cplusplus
}
#endif

#endif
