/* Threads that do pieces of one piece of work. */
#ifndef NN_RL_POOL_H
#define NN_RL_POOL_H

#include <stdbool.h>
#include <stdint.h>

/* Does the items first … first + n - 1. */
typedef void pool_work(void *context, int64_t first, int64_t n);

struct pool;
struct pool *pool_start(int helpers); /* as many as the system gives; NULL: none, or no memory */
void pool_stop(struct pool *pool);    /* NULL is allowed */

/* All n items, in pieces, by the helpers and the caller. In a process that has forked since the start, and for NULL, the caller does them
   all. False: a function of the work ended its thread, so that some item may not be done. */
bool pool_run(struct pool *pool, pool_work *work, void *context, int64_t n);

#endif
