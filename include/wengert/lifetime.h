/* Memory over a step: each block that the allocator handed out, from its birth through its last use to its death, with the reason of
   its death; the peak, and how low it could be.

   wg_lifetime_begin(); a step: tape, forward, backward, update; wg_lifetime *l = wg_lifetime_end(); */
#ifndef WENGERT_LIFETIME_H
#define WENGERT_LIFETIME_H

#include <stdio.h>

#include "base.h"
#include "cost.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC \
    system_header /* else -pedantic warns at wg_lifetime_write_svg(l, stream): before C23 a macro's "..." takes an argument */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* No step, or no time: a buffer that no op made or read, or that still lived when the recording ended. */
#define WG_LIFETIME_NONE SIZE_MAX

typedef enum wg_lifetime_kind {
    WG_LIFETIME_VALUE,     /* elements that an op read or wrote */
    WG_LIFETIME_WORKSPACE, /* asked for by a kernel while it ran, and given back by it */
    WG_LIFETIME_RECORD,    /* all else: nodes and handles of tapes, undo lists, and elements that no op touched */
    WG_LIFETIME_EARLIER, /* asked for before the recording began, and given back during it; only its size and its death are known */
} wg_lifetime_kind;

/* Why a buffer died. */
typedef enum wg_lifetime_end_reason {
    WG_LIFETIME_LIVES,     /* it did not: it lived when the recording ended */
    WG_LIFETIME_RELEASED,  /* by the program or a layer: wg_drop, wg_free, wg_clear_gradient with no tape open */
    WG_LIFETIME_DONATED,   /* wg_donate, and no result took its memory over. If one did, the buffer lives on as the result */
    WG_LIFETIME_BACKWARD,  /* a backward pass had no more use for it */
    WG_LIFETIME_TAPE,      /* its tape was closed */
    WG_LIFETIME_COMMIT,    /* an update was committed: gradients that it cleared, copies for undoing it */
    WG_LIFETIME_KERNEL,    /* a kernel's workspace */
    WG_LIFETIME_ELSEWHERE, /* freed by another thread. The allocator counts it as in use here, and so do the peaks */
} wg_lifetime_end_reason;
enum { WG_LIFETIME_END_REASONS = 8 };
WG_API const char *wg_lifetime_reason_name(wg_lifetime_end_reason reason); /* "closed with its tape"; any other number: "?" */

/* One op call that ran, in order. */
typedef struct wg_lifetime_step {
    const char *op;
    wg_cost_part part; /* of ops that a checkpoint runs again: backward */
    size_t cause;      /* backward: the step of the forward node whose vjp ran this one; else, and if that is not known, NONE */
    size_t section;    /* backward: that of the forward node */
    wg_cost cost;
    bool known;       /* false: the op does not state its cost, and cost is zero */
    bool is_view;     /* it made a handle and ran no kernel: no use of its operand's elements */
    size_t time, end; /* of its beginning; the first behind what its kernel asked for and gave back */
    int64_t live;     /* the allocator's bytes in use when the kernel had run */
} wg_lifetime_step;

/* A block of memory. Births, deaths and steps have times 0, 1, 2 … in the order in which they happened. */
typedef struct wg_lifetime_buffer {
    size_t requested, block;  /* bytes: asked for, and of the block that the allocator gave, which is at least the size class */
    size_t born, died;        /* times; died is NONE if it lives or was freed elsewhere. EARLIER: born is 0 */
    size_t made_by, last_use; /* steps: the first whose result lies in it, and the last that read or wrote it; NONE */
    size_t made_last;         /* the last whose result lies in it: another one if the buffer was donated */
    size_t last_forward_use;  /* the last forward step that read or wrote it */
    wg_lifetime_kind kind;
    wg_lifetime_end_reason reason;
    wg_cost_part part; /* when it was born, and in which section */
    size_t section;
    wg_dtype dtype; /* of the first result or operand that lay in it; a VALUE only */
    wg_shape shape;
} wg_lifetime_buffer;

/* Section 0 is what is outside all others, with the path "". A section comes after the one around it. */
typedef struct wg_lifetime_section {
    const char *path; /* "encoder/layer1" */
    size_t parent;
} wg_lifetime_section;

typedef struct wg_lifetime {
    const wg_lifetime_step *step;
    size_t n_steps;
    const wg_lifetime_buffer *buffer;
    size_t n_buffers;
    const wg_lifetime_section *section;
    size_t n_sections;
    size_t n_times;
    int64_t live_before;    /* the allocator's bytes in use when the recording began */
    int64_t allocator_peak; /* the most bytes in use during the recording, as the allocator counted them itself */
} wg_lifetime;

/* Begins to record this thread's memory, and ends that. The recording uses no memory of the allocator and changes nothing that is
   recorded: blocks, their order and results are those of a step that is not recorded. Ops leave their fast path and take longer.
   Not recorded: results of up to 16 bytes, which lie in their tape's memory; reading by the program (wg_item, wg_data), which is no use;
   ops inside wg_replay_run, which asks for no memory.
   begin: E_STATE if a recording runs, or inside wg_replay_capture and wg_evaluate, which in turn are E_STATE during a recording; E_MEMORY.
   end: the result, which wg_lifetime_destroy frees; NULL and E_STATE if none was begun, E_MEMORY if memory for the recording ran out
   (the recording has ended in either case). It borrows only the ops' names. Other threads may free this thread's tensors meanwhile, but
   not while wg_lifetime_end runs. */
WG_API WG_MUST_CHECK wg_status wg_lifetime_begin(void);
WG_API wg_lifetime *wg_lifetime_end(void);
WG_API void wg_lifetime_destroy(wg_lifetime *lifetime); /* NULL is allowed */

/* The most bytes in use, predicted from the lifetimes: live_before and all buffers that live at the same time.
   blocks: in the allocator's blocks. It equals allocator_peak.
   requested: what of it was asked for; live_before counts whole. The difference is what rounding to size classes costs.
   least_blocks, least_requested: a lower bound for any order of frees: if each VALUE buffer died at its last use, unless it lives at
   the end; live_before and other buffers as they were. What the program reads itself would have to stay longer.
   values: the most blocks of values and workspace alone, which may be at another time. */
typedef struct wg_lifetime_peak {
    int64_t blocks, requested, least_blocks, least_requested, values;
    size_t time; /* the first at which blocks was reached */
} wg_lifetime_peak;
/* E_NULL; E_MEMORY. Cost: one pass over the times. */
WG_API WG_MUST_CHECK wg_status wg_lifetime_peak_of(const wg_lifetime *lifetime, wg_lifetime_peak *peak);

typedef enum wg_lifetime_colour { WG_LIFETIME_BY_REASON, WG_LIFETIME_BY_SECTION } wg_lifetime_colour;

/* Options of wg_lifetime_write_svg. colour: what the colour of a bar says, the reason of the death or the section. rows: how many of the
   largest buffers have a bar of their own, 1 to 500. */
typedef struct WG_NAMED wg_lifetime_svg_options {
    wg_lifetime_colour colour;
    int rows;
    const char *title;
} wg_lifetime_svg_options;

/* Writes a picture, 1280 pixels wide, over the steps: above, the bytes in use by kind of buffer, the peak and the lower bound; below, a bar
   for each of the largest values from birth to death, pale from its last use on. Pointing at a bar shows its numbers.
   Errors: E_NULL; E_ARGUMENT (.rows, .colour); E_MEMORY; E_IO if writing to the stream fails. */
#define wg_lifetime_write_svg(lifetime, stream, ...) \
    wg_lifetime_write_svg_with(                      \
        (lifetime), (stream),                        \
        WG_OPTIONS(wg_lifetime_svg_options, .colour = WG_LIFETIME_BY_REASON, .rows = 40, .title = "", __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_lifetime_write_svg_with(const wg_lifetime *lifetime, FILE *stream,
                                                          wg_lifetime_svg_options options);

#ifdef __cplusplus
}
#endif

#endif
