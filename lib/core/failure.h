/* Recording errors, and the ranges of numeric parameters. */
#ifndef WG_FAILURE_H
#define WG_FAILURE_H

#include <math.h>

#include "core/thread.h"
#include "wengert/options.h"

/* Declares the public function that is running, for functions that are not ops: an E_MEMORY error names the function that the
   user called. When public functions call each other the outermost one counts. A user's function that the library calls starts
   with none (wg_callback_begin). */
#define WG_OPERATION(name) \
    __attribute__((unused, cleanup(wg_operation_leave))) const char *wg_operation_ = wg_operation_enter((name))
static inline const char *wg_operation_enter(const char *name)
{
    struct wg_thread *th = wg_self();
    const char *before = th ? th->operation : NULL;
    if (th && !before)
        th->operation = name;
    return before;
}
static inline void wg_operation_leave(const char **before)
{
    struct wg_thread *th = wg_tls.state;
    if (th)
        th->operation = *before;
}

wg_status wg_fail(wg_status code, const char *op, const char *format, ...) WG_PRINTF(3, 4);
wg_status wg_flush(FILE *stream, const char *op); /* E_IO if anything of what was written to the stream got lost */
void wg_error_clear(struct wg_thread *th);
wg_status wg_error_cause(void);            /* for a NULL result: the code of the first error, or WG_E_NULL */
void wg_mark_failed(struct wg_thread *th); /* marks the top tape and the open update as failed */
/* A text that is written piece by piece and is cut at the end of its memory. */
struct wg_text {
    char *at;
    size_t size, used; /* used: length of the pieces so far; from size on the text was cut */
};
void wg_say(struct wg_text *text, const char *format, ...) WG_PRINTF(2, 3);
/* Writes the path of section into text, such as "encoder/layer1". */
void wg_section_path(const wg_section *section, char *text, size_t size);
/* Handles the failure of one of op's functions, named by part: records an error if the function itself recorded none. Returns
   status. */
wg_status wg_op_failed(struct wg_thread *th, const struct wg_op *op, wg_status status, const char *part);

/* Ranges of numeric parameters of ops. */
#define WG_CLOSED(low, high) ((wg_range)WG_BETWEEN(low, high))
#define WG_BELOW(low, high) ((wg_range)WG_FROM_BELOW(low, high))
#define WG_FINITE ((wg_range)WG_ANY_VALUE)
#define WG_ANY_NUMBER WG_CLOSED(-HUGE_VAL, HUGE_VAL) /* any but NaN */
#define WG_NOT_NEGATIVE WG_BELOW(0, HUGE_VAL)
#define WG_POSITIVE ((wg_range)WG_ABOVE(0))
static inline bool wg_in_range(double value, wg_range range)
{
    return (range.above ? value > range.low : value >= range.low) && (range.below ? value < range.high : value <= range.high);
}
/* Records E_ARGUMENT, with the op, the parameter, the range and the value. */
wg_status wg_refuse_number(const char *op, const char *parameter, double value, wg_range range);
static inline wg_status wg_check_number(const char *op, const char *parameter, double value, wg_range range)
{
    return wg_in_range(value, range) ? WG_OK : wg_refuse_number(op, parameter, value, range);
}

#endif
