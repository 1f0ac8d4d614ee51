/* Random numbers: a counter-based generator, Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as
   1, 2, 3, 2011). Its state is a tensor, so a draw is an op that changes an operand: undone when a step fails, run again on a rerun.
   The same seed gives the same numbers for any number of threads and on every machine (of wg_normal's the last bit is the C
   library's, whose logarithm and cosine they go through). */
#ifndef WENGERT_RANDOM_H
#define WENGERT_RANDOM_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A new generator, owned by the caller (wg_free): an i64 tensor of 4, {seed, stream, blocks drawn, 0}. wg_read saves the state,
   wg_write restores it. Streams of one seed are independent: no two have a random word in common. */
WG_API wg_tensor *wg_generator(uint64_t seed, uint64_t stream);

/* Streams below 2^56 are the program's, numbered as it likes (a worker's is its index). Those above belong to one purpose each, so that
   two consumers of one seed never draw the same words. Add a number below 2^56 to have several of a kind. */
#define WG_STREAM_INIT ((uint64_t)1 << 56)    /* initial weights */
#define WG_STREAM_ORDER ((uint64_t)2 << 56)   /* the order of data: + epoch */
#define WG_STREAM_DROPOUT ((uint64_t)3 << 56) /* for a program that draws its masks from a generator of their own */
#define WG_STREAM_CHECK ((uint64_t)4 << 56)   /* directions in which gradients are checked */

/* A new generator, owned by the caller, whose seed of 64 bits is a draw from the given one, which moves on by one block. The draw is an effect: undone if the step on the open tape fails. Nothing changes on failure: E_NULL, E_DTYPE, E_SHAPE
   (no generator), E_STATE (inside wg_replay_capture), E_MEMORY. */
WG_API wg_tensor *wg_generator_split(wg_tensor *generator, uint64_t stream);

/* For the seeds of constructors: none is given, so it is drawn from this thread's generator. */
#define WG_NO_SEED UINT64_MAX

/* This thread's own generator, made at first use from (0, 0). Borrowed: not to be freed. */
WG_API wg_tensor *wg_generator_default(void);

/* Writes the state {seed, index, 0, 0} into this thread's own generator, where it lies, so that everything that draws from it draws anew:
   steps, replays captured before, handles held. A worker begins with its index. Inside a tape it is an effect of the step: undone
   if the step fails. Errors: E_MEMORY; E_STATE inside a step that is being captured (so too wg_generator). */
WG_API wg_status wg_seed(uint64_t seed, uint64_t index);

/* The draws themselves are ops: wg_uniform, wg_normal, wg_bernoulli, wg_permutation in ops.h. */

#ifdef __cplusplus
}
#endif

#endif
