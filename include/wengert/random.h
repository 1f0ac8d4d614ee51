/* Random numbers by a counter-based generator, Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1,
   2, 3, 2011). Its state is a tensor, so a draw is an op that changes an operand: it is undone when a step fails and runs again
   on a rerun. The same seed gives the same numbers for any number of threads and on every machine, except for the last bit of
   wg_normal and wg_truncated_normal, which depends on the C library's logarithm and cosine. */
#ifndef WENGERT_RANDOM_H
#define WENGERT_RANDOM_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A new generator, owned by the caller (wg_free): an i64 tensor of 4 elements, {seed, stream, blocks drawn, 0}. wg_read saves
   the state, wg_write restores it. The streams of one seed are independent: no two have a random word in common. */
WG_API wg_tensor *wg_generator(uint64_t seed, uint64_t stream);

/* Streams below 2^56 belong to the program, which numbers them freely (the stream of a worker is its index). Each range above
   belongs to one purpose, so two uses of one seed never draw the same words. Add a number below 2^56 for several streams of one
   purpose. */
#define WG_STREAM_INIT ((uint64_t)1 << 56)    /* initial weights */
#define WG_STREAM_ORDER ((uint64_t)2 << 56)   /* the order of data: + epoch */
#define WG_STREAM_DROPOUT ((uint64_t)3 << 56) /* for a program with a separate generator for its masks */
#define WG_STREAM_CHECK ((uint64_t)4 << 56)   /* directions of gradient checks */
#define WG_STREAM_STUDY ((uint64_t)5 << 56)   /* directions and probes of studies; 6 to 8: data/dataset.h */
#define WG_STREAM_RL ((uint64_t)9 << 56)      /* environments of reinforcement learning: + copy */

/* A new generator, owned by the caller. Its seed of 64 bits is drawn from the given generator, which advances by one block. The
   draw is an effect: undone if the step on the open tape fails.
   Errors, on which nothing changes: E_NULL; E_DTYPE and E_SHAPE (not a generator); E_STATE (inside wg_replay_capture); E_MEMORY. */
WG_API wg_tensor *wg_generator_split(wg_tensor *generator, uint64_t stream);

/* As the seed of a constructor: no seed is given, so it is drawn from this thread's generator. */
#define WG_NO_SEED UINT64_MAX

/* This thread's default generator, made at first use from (0, 0). The handle is borrowed: do not free it. */
WG_API wg_tensor *wg_generator_default(void);

/* Writes the state {seed, index, 0, 0} into this thread's default generator in place, so everything that draws from it starts anew:
   steps, replays captured before, handles held. A worker calls it with its index at its start. Inside a tape it is an effect of the
   step: undone if the step fails.
   Errors: E_MEMORY; E_STATE inside a step that is being captured (as for wg_generator). */
WG_API wg_status wg_seed(uint64_t seed, uint64_t index);

/* The draws are ops, in ops.h: wg_uniform, wg_normal, wg_truncated_normal, wg_bernoulli, wg_permutation. */

#ifdef __cplusplus
}
#endif

#endif
