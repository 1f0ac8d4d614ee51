/* A run, and its checkpoints: everything that training needs to go on where it was, in one file. A run that was stopped and
   resumed gives the bits of one that was not.

       int64_t step = 0;
       wg_run *run = wg_run_create();
       WG_TRY(wg_run_add(run, "model", wg_nn_state(net)));
       WG_TRY(wg_run_add(run, "optim", wg_optim_state(opt)));
       WG_TRY(wg_run_add_batches(run, "data", batches));
       WG_TRY(wg_run_add_count(run, "step", &step));
       WG_TRY(wg_interrupt_catch());
       WG_TRY(wg_run_load(run, "run.checkpoint", .optional = true));
       while (step < steps && !wg_interrupt_pending()) {
           …                                                          a step
           if (++step % 1000 == 0)
               WG_TRY(wg_run_save(run, "run.checkpoint"));
       }
       WG_TRY(wg_run_save(run, "run.checkpoint"));

   The file is a model file (file.h): other tools read it, and wg_file_read does. This is no gradient checkpointing, which is
   wg_checkpoint of derivative.h. */
#ifndef WENGERT_RUN_H
#define WENGERT_RUN_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "data/batches.h"
#include "file.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a run consists of: a list of parts, each with a name. It refers to what it is given, which is read by a save and written by a
   load; a tensor that was freed since is E_DANGLING then. Iterators and counts must live as long as the run is saved and loaded. */
typedef struct wg_run wg_run;

/* generator: this thread's default generator (wg_generator_default), from which dropout and whatever is given no seed of its own
   draw, is the first part, "generator". NULL and E_MEMORY. */
typedef struct WG_NAMED wg_run_options {
    bool generator;
} wg_run_options;
#define wg_run_create(...) wg_run_create_with(WG_OPTIONS(wg_run_options, .generator = true, __VA_ARGS__))
WG_API wg_run *wg_run_create_with(wg_run_options options);
WG_API void wg_run_destroy(wg_run *run); /* NULL is allowed */

/* Adds a part: the tensors of a list, as "PART.NAME": wg_nn_state, wg_optim_state, wg_lr_plateau_state, wg_stopping_state and the like.
   A list without names has their numbers. An optimizer's state grows by wg_optim_add_group: add the part afterwards. A schedule is a
   function of the step, so its state is the step. One tensor may be in several parts. On failure nothing is added: E_NULL; E_ARGUMENT
   (a part of that name is there, the list is empty, a name is empty or twice in the list, a tensor of a tape); E_DANGLING, E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_run_add(wg_run *run, const char *part, wg_tensor_list tensors);

/* Adds one tensor as "PART": a generator of the program's. */
WG_API WG_MUST_CHECK wg_status wg_run_add_tensor(wg_run *run, const char *part, wg_tensor *tensor);

/* Adds a position in data: seed, epoch and position (wg_batches_state), so that a run resumes in mid-epoch. Data of another number of
   batches an epoch are refused when it is loaded. */
WG_API WG_MUST_CHECK wg_status wg_run_add_batches(wg_run *run, const char *part, wg_batches *batches);

/* Adds a number of the program's, such as that of steps done. *count is read by a save and set by a load. */
WG_API WG_MUST_CHECK wg_status wg_run_add_count(wg_run *run, const char *part, int64_t *count);

/* keep_previous: the file that was there is kept as PATH.prev. texts: as in wg_save, at most 12; the keys "format", "version", "kernels" and
   "hash" are the checkpoint's. */
typedef struct WG_NAMED wg_run_save_options {
    bool keep_previous;
    wg_file_texts texts;
} wg_run_save_options;

/* Writes all parts to a file in place of what is there, as wg_save does: whatever happens to the process or the power, the path
   names the whole old file or the whole new one, and so does PATH.prev. Between two steps: values of a step that is not yet
   finished are saved as they are. Errors, on which the file is as it was: E_NULL, E_ARGUMENT (a key), E_DANGLING, E_IO, E_MEMORY,
   E_STATE (a part is recorded now; the library was built without jansson or xxhash). E_DURABILITY: the new file is in place, but its
   directory could not be brought to the disk, so a loss of power may bring the old one back. Cost: a pass over the data for their
   hash (XXH3, 64 bits), and writing them. */
#define wg_run_save(run, path, ...) \
    wg_run_save_with((run), (path), WG_OPTIONS(wg_run_save_options, .keep_previous = true, .texts = WG_NO_TEXTS, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_run_save_with(const wg_run *run, const char *path, wg_run_save_options options);

/* Whether a save of the run to that path could begin: the directory is there, a file can be made in it, what is there may be replaced, and
   the library can write checkpoints. To be asked before hours of training, not after them. Nothing is left behind. Errors, as those
   that wg_run_save would give: E_NULL, E_ARGUMENT, E_IO, E_MEMORY, E_STATE. */
WG_API WG_MUST_CHECK wg_status wg_run_check_path(const wg_run *run, const char *path);

/* optional: a file that does not exist is no error, and nothing changes. previous: PATH.prev is read; never without being asked
   for. any_kernels: also a file of a run with other kernels (wg_kernel_family), whose products differ in the last bits: the run goes
   on, but not with the bits that it would have had. */
typedef struct WG_NAMED wg_run_load_options {
    bool optional, previous, any_kernels;
} wg_run_load_options;

/* Reads all parts from a file: all of them, or on failure none. It has the parts of this checkpoint and no others, and its hash is
   checked before anything changes. E_NULL; E_IO: the file cannot be read, is no checkpoint, or was damaged; E_ARGUMENT: parts or
   tensors that are missing or not expected, a position that the data do not have, or several values for what is one tensor, one
   memory, one number or one iterator here; E_SHAPE, E_DTYPE; E_STATE: other kernels; E_MEMORY: the tensors once more. */
#define wg_run_load(run, path, ...) \
    wg_run_load_with((run), (path), \
                     WG_OPTIONS(wg_run_load_options, .optional = false, .previous = false, .any_kernels = false, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_run_load_with(const wg_run *run, const char *path, wg_run_load_options options);

/* ---- being stopped ----

   The library handles no signals unless it is asked to. After wg_interrupt_catch, the first SIGINT or SIGTERM is noted and nothing
   else, so that the loop can finish its step and save; a second one of the same kind ends the process as usual. SIGXFSZ is ignored,
   so that a file that grows too large is E_IO of the save and does not end the process.

   Signals belong to the whole process: this is the one state that the library shares between threads. Any thread may ask. */

/* Errors: E_STATE if they are caught already, or the system refuses. */
WG_API WG_MUST_CHECK wg_status wg_interrupt_catch(void);
WG_API int wg_interrupt_pending(void); /* the signal that came first, SIGINT or SIGTERM; 0: none did */

/* Puts back what handled the signals before, and forgets the one that came. Without wg_interrupt_catch it does nothing. */
WG_API void wg_interrupt_release(void);

#ifdef __cplusplus
}
#endif

#endif
