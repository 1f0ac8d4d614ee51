/* What a test leaves behind: bytes in use before a test and after it must be the same, so that a release left out fails without a
   sanitizer. What the thread keeps for later steps (spare tapes, its generator, sections and their table, table of leaves, checked
   closures) does not count. */
#ifndef LIVE_H
#define LIVE_H

#include <stdint.h>

/* cmocka's fixtures: to be called before a test, and after it, when it has given back all that it made. */
int live_begin(void **state);
int live_end(void **state);

/* Bytes in use by the calling thread, less what it keeps for itself. */
int64_t live_bytes(void);

/* For a test that must leave something behind, or whose memory another thread gives back: live_end expects nothing of it. */
void live_excuse(void);

#endif
