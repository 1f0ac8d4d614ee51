/* Threads, as the engine and the kernels use them. Also valid C++. */
#ifndef WG_PARALLEL_H
#define WG_PARALLEL_H

#include <stdint.h>

int wg_free_threads(void);          /* wg_threads(), but 1 inside a part and inside an OpenMP region of the caller's */
enum { WG_MIN_TO_SPLIT = 1 << 14 }; /* element-wise ops on fewer elements are not split, whatever they compute */
int wg_kernel_threads(double work); /* the same, but 1 if the work (in element-operations) is too small for a fork to pay */

/* Calls body(first, last, context) for parts that cover 0 .. n, on at most so many threads. It uses fewer, or the caller alone,
   where more would be slower. So parts may not wait for each other. */
typedef void wg_part(int64_t first, int64_t last, void *context);
void wg_parallel(int threads, int64_t n, wg_part *body, void *context);

/* Sets the number of threads that other OpenMP-based libraries use when this thread calls them. Returns the previous number. */
int wg_library_threads(int threads);

#endif
