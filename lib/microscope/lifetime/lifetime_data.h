/* Lifetimes: what makes a recording a result. */
#ifndef WG_LIFETIME_DATA_H
#define WG_LIFETIME_DATA_H

#include "core/thread.h"
#include "wengert/lifetime.h"

/* Replaces the addresses of sections in l's steps and buffers by numbers, and makes l's table of sections. E_MEMORY: some still hold
   addresses. */
wg_status wg_lifetime_number_sections(struct wg_thread *th, wg_lifetime *l);

/* Bytes in use after what happened at a time: as wg_lifetime_peak says, and of the blocks those of values and workspace, of workspace
   alone, and of what lived before the recording. The rest of the blocks are records. */
struct wg_lifetime_level {
    int64_t blocks, requested, least_blocks, least_requested, values, workspace, before;
};
/* For each time and the end; to be freed by wg_object_free. NULL and the error: no memory. */
struct wg_lifetime_level *wg_lifetime_levels(const wg_lifetime *l);

#endif
