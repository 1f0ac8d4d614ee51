/* Matrix products. gemm.c chooses between two engines: BLIS's micro-kernels (blis.c) and the native kernels (native_gemm.c). */
#ifndef WG_GEMM_H
#define WG_GEMM_H

#include "core/internal.h"

/* c (m,n) ← a (m,k) b (k,n) + beta c, then + bias, then max(·, 0). Bias and max are optional. Row and column strides are in
   elements and arbitrary; those of a, b and bias may also be 0 or negative. If k is 0, a b is 0. */
struct wg_product {
    int64_t m, n, k;
    const void *a, *b;
    void *c;
    int64_t a_row, a_column, b_row, b_column, c_row, c_column;
    double beta;      /* 0: c is overwritten without being read, so a NaN in it is lost */
    const void *bias; /* or NULL; usually one of its strides is 0; must not overlap c */
    int64_t bias_row, bias_column;
    bool relu; /* NaN stays NaN, as in the op of that name */
};

/* Computes the product on the calling thread's number of threads (wg_set_threads). The bits do not depend on that number. Bias and
   relu give the same bits as separate ops would. WG_E_MEMORY: no memory for packed blocks, and c is unchanged. Cost: 2mnk flops. */
wg_status wg_gemm(wg_dtype dtype, const struct wg_product *product);

/* ---- for the engines ---- */

/* The transposed product, cᵀ = bᵀ aᵀ, in the same memory. */
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

/* The number of threads for a product: 1 below the work at which forking pays. */
int wg_gemm_threads(const struct wg_product *p);
/* c ← beta c: the product for k = 0, without bias and relu. */
void wg_gemm_scale(wg_dtype dtype, const struct wg_product *p);
/* c ← c + bias, then c ← max(c, 0), each only if p has it. */
void wg_gemm_finish(wg_dtype dtype, const struct wg_product *p, int threads);

/* The product by BLIS. Requires m, n, k > 0. */
wg_status wg_blis_gemm(wg_dtype dtype, const struct wg_product *product);

#endif
