/* Errors. Ops return a tensor or NULL, everything that ends a computation returns a wg_status; the thread keeps the first
   error, in words, until it is taken or an outermost tape opens. Nothing here or anywhere in the library prints on its own. */
#ifndef WENGERT_ERROR_H
#define WENGERT_ERROR_H

#include <stdio.h>

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_error {
    wg_status code;
    char op[48];       /* the operation that failed, as the user called it */
    char section[96];  /* the named sections around it, "encoder/layer1", or empty */
    char message[400]; /* "matmul: inner extents differ: [32, 10] x [20, 5]" */
    uint64_t later;    /* how many further errors were counted, not kept */
} wg_error;

/* The thread's first error since it was last taken, or NULL. Borrowed: valid until the record is taken or replaced. */
WG_API const wg_error *wg_error_first(void);

/* Moves the record into *out (which may be NULL) and forgets it. Returns its code; WG_OK if there was none. */
WG_API wg_status wg_error_take(wg_error *out);

/* Records an error for op and returns code: what user-written ops and layers use. Later errors only count. */
WG_API wg_status wg_error_set(wg_status code, const char *op, const char *format, ...) WG_PRINTF(3, 4);

/* Writes the first error to stream as one line, takes it, and returns 1, an exit status: `return wg_error_report(stderr);`. 0 and
   nothing written where there is no error. */
WG_API int wg_error_report(FILE *stream);

/* The meaning of a status as a phrase; its name as "WG_E_SHAPE". */
WG_API const char *wg_status_text(wg_status status);
WG_API const char *wg_status_name(wg_status status);

/* Called at every recorded error of this thread, the later ones too; for people who debug. NULL takes it away. */
typedef void wg_error_hook(const wg_error *error, void *context);
WG_API void wg_error_set_hook(wg_error_hook *hook, void *context);

/* Does nothing. Every error passes through it: a place for a breakpoint. */
WG_API void wg_error_breakpoint(void);

#ifdef __cplusplus
}
#endif

#endif
