/* Matrix products. Two engines compute them: BLIS's micro-kernels (blis.c) and the own ones (native_gemm.c); gemm.c chooses. */
#ifndef WG_GEMM_H
#define WG_GEMM_H

#include "core/internal.h"

/* c (m,n) ← a (m,k) b (k,n) + beta c, then + bias, then max(·, 0): what is not wanted is left out. Any row and column strides, in
   elements: 0 and negative ones too in a, b and bias. A sum over nothing is 0. */
struct wg_product {
    int64_t m, n, k;
    const void *a, *b;
    void *c;
    int64_t a_row, a_column, b_row, b_column, c_row, c_column;
    double beta;      /* 0 overwrites whatever is in c, NaN too */
    const void *bias; /* or NULL; usually one of its strides is 0. It must not overlap c. */
    int64_t bias_row, bias_column;
    bool relu; /* NaN stays NaN, as in the op of that name */
};

/* E_MEMORY, and c as before, if there is no room for packed blocks. The bits do not depend on the number of threads, which is the
   calling thread's setting. Bias and relu give the bits that separate ops would give. Cost: 2mnk. */
wg_status wg_gemm(wg_dtype dtype, const struct wg_product *product);

/* ---- for the engines ---- */

/* The same elements of c, as the columns of the transposed matrix. */
static inline struct wg_product wg_product_transposed(const struct wg_product *p)
{
    struct wg_product t = *p;
    t.m = p->n, t.n = p->m;
    t.a = p->b, t.a_row = p->b_column, t.a_column = p->b_row;
    t.b = p->a, t.b_row = p->a_column, t.b_column = p->a_row;
    t.c_row = p->c_column, t.c_column = p->c_row;
    t.bias_row = p->bias_column, t.bias_column = p->bias_row;
    return t;
}

/* On how many threads a product is to run: one below the work at which a fork pays. */
int wg_gemm_threads(const struct wg_product *p);
/* c ← beta c, what a product with k = 0 is. c ← c + bias, then max(c, 0), as p says. */
void wg_gemm_scale(wg_dtype dtype, const struct wg_product *p);
void wg_gemm_finish(wg_dtype dtype, const struct wg_product *p, int threads);

/* BLIS, for m, n, k > 0. */
wg_status wg_blis_gemm(wg_dtype dtype, const struct wg_product *product);

#endif
