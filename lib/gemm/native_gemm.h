/* The own kernels of matrix products. Each element of c is, in every variant,

       s = 0, then s = fma(a(i,p), b(p,j), s) for p in a block of k, one after another;   c = fma(beta, c, s), or s if beta is 0;

   for one block of k after another, beta being 1 from the second on; then c = c + bias and c = max(c, 0). How long the blocks are
   follows from k alone. So all variants, all splits of the work and a plain loop over fma agree in every bit. */
#ifndef WG_NATIVE_GEMM_H
#define WG_NATIVE_GEMM_H

#include "gemm/gemm.h"

enum wg_variant { WG_VARIANT_LOOP, WG_VARIANT_PORTABLE, WG_VARIANT_AVX2, WG_VARIANT_AVX512, WG_VARIANTS };

bool wg_variant_runs(enum wg_variant variant); /* here and now: WENGERT_ISA counts too */

/* For m, n, k > 0; so many threads, of which the bits do not depend. E_MEMORY as wg_gemm. */
wg_status wg_native_gemm(enum wg_variant variant, wg_dtype dtype, const struct wg_product *product, int threads);

/* ---- between the loops (native_gemm.c) and the kernels ---- */

/* Tiles of c that follow each other down or across: each at most so many rows, and columns side by side. Strides in elements. */
struct wg_tiles {
    int64_t count, k, columns;
    const void *a, *b;
    void *c;
    int64_t a_row, a_column, b_row, b_column, c_row, c_column; /* b_column is 1 except for turned */
    int64_t next_a, next_b, next_c, next_bias;                 /* from tile to tile */
    double beta;
    const void *bias; /* as in struct wg_product; NULL before the last block of k */
    int64_t bias_row, bias_column;
    bool last, relu; /* the last block of k */
};

enum { WG_TURNED_ROWS = 4 };

/* The compiler is to compute x now, not to replace it by what it knows about it: it would keep more addresses than there are registers. */
#define WG_KEEP_IN_REGISTER(x) __asm__("" : "+r"(x))

/* The kernels of a variant for one number type. */
typedef void wg_tile_kernel(const struct wg_tiles *tiles);
struct wg_kernels {
    int lanes, lanes_shift; /* numbers in a vector, a power of two */
    int rows[4];            /* the most rows of a tile of so many vectors and one */
    int wide;               /* vectors of a tile where there are rows enough; where there are few, four */
    /* tiles[vectors - 1][rows - 1]: columns ≤ lanes * vectors, and more than those of a vector less */
    wg_tile_kernel *const *tiles[4];
    /* turned[rows - 1]: the same for a few rows and any columns, b_row being 1: count and next_… do not matter */
    wg_tile_kernel *const *transposed;
    /* to[p * width + j] = from[p * row + j * column] for p < k, j < n; nothing else is written */
    void (*pack)(int64_t k, int64_t n, const void *from, int64_t row, int64_t column, void *to, int64_t width);
};

/* For a number type. */
const struct wg_kernels *wg_kernels_portable(wg_dtype dtype), *wg_kernels_avx2(wg_dtype dtype), *wg_kernels_avx512(wg_dtype dtype);

#endif
