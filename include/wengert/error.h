/* Errors. Ops return a tensor or NULL; functions that end a computation return a wg_status. The thread keeps its first error, as
   text, until the error is taken or a step begins: an outermost tape opens, or a function that is a step of its own is called with
   none open, such as wg_optim_step, wg_replay_run and wg_game_step. Nothing in the library prints without being called to do so. */
#ifndef WENGERT_ERROR_H
#define WENGERT_ERROR_H

#include <stdio.h>

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_error {
    wg_status code;
    char op[48];       /* the operation that failed, by its public name */
    char section[96];  /* the named sections around it, "encoder/layer1", or "" */
    char message[400]; /* "matmul: inner extents differ: f32 [32, 10] x f32 [20, 5]" */
    uint64_t later;    /* number of further errors, which are counted and not kept */
} wg_error;

/* The thread's first error since errors were last taken, or NULL. The pointer is borrowed: valid until the error is taken or
   replaced. */
WG_API const wg_error *wg_error_first(void);

/* Moves the first error into *out (which may be NULL) and clears the record. Returns its code, or WG_OK if there was none. */
WG_API wg_status wg_error_take(wg_error *out);

/* The status of what a call returned as a pointer: WG_OK unless it is NULL, then the code of the first error, or, where none is
   recorded, WG_E_NULL, which is recorded: WG_TRY(wg_error_if_null(net)). */
WG_API WG_MUST_CHECK wg_status wg_error_if_null(const void *made);

/* Records an error for op and returns code; for user-written ops and layers. Only the first error is kept; later ones are
   counted. */
WG_API wg_status wg_error_set(wg_status code, const char *op, const char *format, ...) WG_PRINTF(3, 4);

/* Writes the first error to stream as one line, takes it, and returns 1, which is an exit status: `return
   wg_error_report(stderr);`. Returns 0 and writes nothing if there is no error. */
WG_API int wg_error_report(FILE *stream);

/* wg_status_text: the meaning of a status as a phrase. wg_status_name: its name, such as "WG_E_SHAPE". */
WG_API const char *wg_status_text(wg_status status);
WG_API const char *wg_status_name(wg_status status);

/* A hook for debugging: it is called at every recorded error of this thread, including later ones. NULL removes it. */
typedef void wg_error_hook(const wg_error *error, void *context);
WG_API void wg_error_set_hook(wg_error_hook *hook, void *context);

/* Does nothing. Every error passes through it, so it is a good function for a breakpoint. */
WG_API void wg_error_breakpoint(void);

#ifdef __cplusplus
}
#endif

#endif
