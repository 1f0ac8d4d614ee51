/* A product as the native kernels compute it: native_gemm.c makes the plan and splits the product among threads, native_block.c
   multiplies block by block. */
#ifndef WG_NATIVE_BLOCK_H
#define WG_NATIVE_BLOCK_H

#include "gemm/native_gemm.h"

enum {
    WG_GEMM_BLOCK_COLUMNS = 3072,   /* columns of b packed at once if several blocks of rows read them */
    WG_GEMM_STACK_BYTES = 16 << 10, /* largest packing workspace taken from the stack, in bytes */
    WG_GEMM_ALIGNMENT = 64          /* of a workspace, in bytes */
};

/* One thread's product, and the plan for it. */
struct wg_gemm_job {
    const struct wg_kernels *kernels;
    struct wg_product p;
    int64_t size;            /* bytes of an element */
    int64_t max_depths;      /* length of all blocks of k but the last */
    int vectors, max_rows;   /* of a tile, except at edges */
    int64_t block_rows;      /* rows of a block of a */
    int64_t a_line;          /* elements from one line of a packed block of a to the next */
    int64_t panels_per_tile; /* panels of b multiplied by one tile of rows before the next tile */
    bool along_k;            /* wg_along_k: vectors run along k */
    bool packs_a, packs_b;
    bool keeps_b;             /* packed panels of b are used more than once */
    int64_t a_bytes, b_bytes; /* workspace for packing */
};

static inline const char *wg_gemm_element(const struct wg_gemm_job *g, const void *base, int64_t row, int64_t row_stride,
                                          int64_t column, int64_t column_stride)
{
    return (const char *)base + (row * row_stride + column * column_stride) * g->size;
}

static inline int64_t wg_gemm_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t wg_gemm_parts(int64_t n, int64_t part)
{
    return (int64_t)(((uint64_t)n + (uint64_t)part - 1) / (uint64_t)part);
}

static inline int64_t wg_gemm_vectors(const struct wg_gemm_job *g, int64_t columns)
{
    return (columns + g->kernels->lanes - 1) >> g->kernels->lanes_shift;
}

/* Multiplies the product of g. workspace: a_bytes + b_bytes. */
void wg_gemm_multiply(const struct wg_gemm_job *g, char *workspace);
/* True if a plan would take longer than it saves, and the layout needs none. */
bool wg_gemm_is_small(const struct wg_kernels *kernels, const struct wg_product *p);
/* Multiplies such a product without a plan. size: bytes of an element. */
void wg_gemm_multiply_small(const struct wg_kernels *kernels, const struct wg_product *p, int64_t size);

#endif
