/* The native kernels of matrix products. Every variant computes each element of c as

       for each block of k, in order:   s = 0;   s = fma(a(i,p), b(p,j), s) for each p of the block, in order;   c = fma(beta, c, s)

   and then c = c + bias and c = max(c, 0). In the first block beta is the product's, and c = s if it is 0; in the others beta is 1.
   The length of a block follows from k alone.

   One kind of product has another s, as vectors must run along k there (wg_along_k): N partial sums, N = WG_DOT_BYTES / element size,

       s[i] = 0;   s[p mod N] = fma(a(i,p), b(p,j), s[p mod N]) for each p of the block and on, with zeros, to a multiple of N
       s[i] = s[i] + s[i + N/2] for i < N/2, then s[i] + s[i + N/4] for i < N/4, and so on;   s = s[0]

   So all variants, all splits of the work and a plain loop over fma agree in every bit. */
#ifndef WG_NATIVE_GEMM_H
#define WG_NATIVE_GEMM_H

#include "gemm/gemm.h"

enum wg_variant { WG_VARIANT_LOOP, WG_VARIANT_PORTABLE, WG_VARIANT_AVX2, WG_VARIANT_AVX512, WG_VARIANTS };

bool wg_variant_runs(enum wg_variant variant); /* on this CPU, within the limit that WENGERT_ISA sets */

/* Requires m, n, k > 0. The bits do not depend on the number of threads. WG_E_MEMORY as in wg_gemm. */
wg_status wg_native_gemm(enum wg_variant variant, wg_dtype dtype, const struct wg_product *product, int threads);

/* True if p or its transposed product, which then replaces p, has at most WG_FEW columns, rows of a that are contiguous, and a k long
   enough that adding the partial sums pays. It follows from extents and strides alone. */
bool wg_along_k(struct wg_product *p);

/* ---- between the loops (native_block.c) and the kernels ---- */

/* A sequence of tiles of c, one below the other or side by side. The kernel determines their height; `columns` is the width of
   each. Strides are in elements. */
struct wg_tiles {
    int64_t count, k, columns;
    const void *a, *b;
    void *c;
    int64_t a_row, a_column, b_row, b_column, c_row, c_column; /* b_column is 1, except for `dots` */
    int64_t next_a, next_b, next_c, next_bias;                 /* from one tile to the next */
    double beta;
    const void *bias; /* as in struct wg_product; NULL before the last block of k */
    int64_t bias_row, bias_column;
    bool last, relu; /* last: this is the last block of k */
};

enum {
    WG_FEW = 4,          /* the most columns of a product whose vectors run along k, */
    WG_DOT_BYTES = 64,   /* and the bytes of an element's partial sums there */
    WG_MAX_DEPTHS = 384, /* the longest block of k */
};

#define WG_INLINE static inline __attribute__((always_inline))
#define WG_UNROLL(index, n) _Pragma("GCC unroll 16") for (int index = 0; index < (n); index++)

/* Makes the compiler compute x here and keep it. Otherwise it would replace x by expressions that it knows to be equal, and keep
   more addresses than there are registers. */
#define WG_KEEP_IN_REGISTER(x) __asm__("" : "+r"(x))

/* The distance between lines of an operand and three times it, in bytes. */
struct wg_lines {
    int64_t one, three;
};

static inline struct wg_lines wg_lines_of(int64_t line, size_t size)
{
    struct wg_lines lines = {line * (int64_t)size, 3 * line * (int64_t)size};
    WG_KEEP_IN_REGISTER(lines.one);
    WG_KEEP_IN_REGISTER(lines.three);
    return lines;
}

/* p + bytes, computed here. */
static inline const void *wg_beyond(const void *p, int64_t bytes)
{
    const char *beyond = (const char *)p + bytes;
    WG_KEEP_IN_REGISTER(beyond);
    return beyond;
}

/* Line 0 to 3 of the lines from p on. */
static inline const void *wg_line(const void *p, const struct wg_lines *lines, int line)
{
    const int64_t bytes[] = {0, lines->one, 2 * lines->one, lines->three};
    return (const char *)p + bytes[line];
}

/* The kernels of a variant for one element type. */
typedef void wg_tile_kernel(const struct wg_tiles *tiles);
struct wg_kernels {
    int lanes, lanes_shift; /* elements in a vector, a power of two, and its logarithm */
    int rows[4];            /* rows[v - 1]: the largest tile height for a width of v vectors */
    int wide;               /* tile width in vectors; 4 is used instead if m <= rows[3] */
    /* tiles[vectors - 1][rows - 1]: lanes * (vectors - 1) < columns ≤ lanes * vectors */
    wg_tile_kernel *const *tiles[4];
    /* dots[columns - 1]: a product as wg_along_k makes it, of `count` rows; next_… are ignored */
    wg_tile_kernel *const *dots;
    /* to[p * width + j] = from[p * row + j * column] for p < k, j < n. Writes nothing else. */
    void (*pack)(int64_t k, int64_t n, const void *from, int64_t row, int64_t column, void *to, int64_t width);
};

/* The kernels of each variant for WG_F32 or WG_F64. On another architecture than x86-64 all are the portable ones. */
const struct wg_kernels *wg_kernels_portable(wg_dtype dtype), *wg_kernels_avx2(wg_dtype dtype), *wg_kernels_avx512(wg_dtype dtype);

#endif
