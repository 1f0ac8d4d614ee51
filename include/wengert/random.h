/* Random numbers: a counter-based generator, Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as
   1, 2, 3, 2011). Its state is a tensor, so a draw is an op that changes an operand: undone when a step fails, run again on a rerun.
   The same seed gives the same numbers for any number of threads and on every machine (of wg_normal's the last bit is the C
   library's, whose logarithm and cosine they go through). */
#ifndef WENGERT_RANDOM_H
#define WENGERT_RANDOM_H

#include "base.h"

/* A new generator, owned by the caller (wg_free): an i64 tensor of 4, {seed, stream, blocks drawn, 0}. wg_read saves the state,
   wg_write restores it. Streams of one seed are independent. */
WG_API wg_tensor *wg_generator(uint64_t seed, uint64_t stream);

/* This thread's own generator, made at first use from (0, 0); and made anew from (seed, index): a worker starts with its index.
   Borrowed: not to be freed. */
WG_API wg_tensor *wg_default_generator(void);
WG_API wg_status wg_seed(uint64_t seed, uint64_t index);

/* The draws themselves are ops: wg_uniform, wg_normal, wg_bernoulli, wg_permutation in ops.h. */

#endif
