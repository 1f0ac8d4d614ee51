/* How engine and kernels use threads. Plain enough for C++. */
#ifndef WG_PARALLEL_H
#define WG_PARALLEL_H

#include <stdint.h>

int wg_free_threads(void);          /* the thread's setting, but 1 inside a part and inside an OpenMP region of the caller's */
enum { WG_MIN_TO_SPLIT = 1 << 14 }; /* elements below which no element-wise op is parted, whatever it computes */
int wg_kernel_threads(double work); /* that, but 1 below the work (in element-operations) at which a fork pays */

/* Calls body(first, last, context) for parts of 0 .. n, on at most so many threads: fewer, or the caller alone, where they are slower.
   So parts may not wait for each other. */
typedef void wg_part(int64_t first, int64_t last, void *context);
void wg_parallel(int threads, int64_t n, wg_part *body, void *context);

/* On how many threads other libraries that run on OpenMP are to work when this thread calls them; returns what it was. */
int wg_library_threads(int threads);

#endif
