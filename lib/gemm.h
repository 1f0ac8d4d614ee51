/* Matrix products: what lib/blis.c offers, and nothing else of BLIS. */
#ifndef WG_GEMM_H
#define WG_GEMM_H

#include "internal.h"

/* c (m,n) ← a (m,k) b (k,n) + beta c. Any row and column strides, in elements: 0 and negative ones too in a and b. */
struct wg_product {
    int64_t m, n, k;
    const void *a, *b;
    void *c;
    int64_t a_row, a_column, b_row, b_column, c_row, c_column;
    double beta; /* 0 overwrites whatever is in c, NaN too */
};

/* E_MEMORY, and c as before, if there is no room for packed blocks. The bits do not depend on the number of threads, which is the
   calling thread's setting. Cost: 2mnk. */
wg_status wg_gemm(wg_dtype dtype, const struct wg_product *product);

#endif
