/* Matrix products, and nothing else of BLIS. */
#ifndef WG_BLIS_H
#define WG_BLIS_H

#include "internal.h"

/* c (m,n) ← a (m,k) b (k,n) + beta c, each with any row and column stride, in elements; beta 0 overwrites NaN. Threads are the
   calling thread's setting. Cost: 2mnk. */
void wg_gemm(wg_dtype dtype, int64_t m, int64_t n, int64_t k, const void *a, int64_t a_row, int64_t a_column, const void *b,
             int64_t b_row, int64_t b_column, double beta, void *c, int64_t c_row, int64_t c_column);

#endif
