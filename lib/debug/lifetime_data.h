/* Lifetimes: what makes a recording a result. */
#ifndef WG_LIFETIME_DATA_H
#define WG_LIFETIME_DATA_H

#include "core/thread.h"
#include "wengert/lifetime.h"

/* Replaces the addresses of sections in l's steps and buffers by numbers, and makes l's table of sections. E_MEMORY: some still hold
   addresses. */
wg_status wg_lifetime_number_sections(struct wg_thread *th, wg_lifetime *l);

#endif
