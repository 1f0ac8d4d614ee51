/* Products by the native kernels: the plan of a product, and how threads share it. native_block.c multiplies. */
#include "core/parallel.h"
#include "cpu/isa.h"
#include "gemm/native_block.h"

#include <math.h>

enum {
    BLOCK_ROWS = 336,         /* rows of a that stay in L2 while all panels of b are read */
    SECOND_CACHE = 512 << 10, /* bytes of a kept in L2; a larger a is split into blocks of rows */
    COLLISION = 4096,         /* rows this many bytes apart map to the same L1 set and to few L2 sets */
    NEAR = 128 * 4096,        /* bytes in somewhat more pages than the first TLB holds */
    MIN_TO_PACK = 8,          /* smallest number of tiles or panels for which packing pays */
    LINE = 64,                /* bytes of a cache line */
    ACROSS_DEPTHS = 48,       /* the longest block of k for which going over c by rows pays */
    ALONG_DEPTHS = 32         /* the shortest k for which vectors along k pay: part of the definition of the result */
};

/* The length of all blocks of k but the last: equal lengths, rounded up to a multiple of 16. It is part of the definition of the
   result, so it may depend on k alone. */
static int64_t block_length(int64_t k)
{
    const int64_t blocks = (k + WG_MAX_DEPTHS - 1) / WG_MAX_DEPTHS;
    return ((k + blocks - 1) / blocks + 15) / 16 * 16;
}

static bool rows_lie_along_k(const struct wg_product *p)
{
    return p->n <= WG_FEW && p->k >= ALONG_DEPTHS && p->a_column == 1 && (p->m == 1 || p->a_row != 1);
}

bool wg_along_k(struct wg_product *p)
{
    const struct wg_product transposed = wg_product_transposed(p);
    if (rows_lie_along_k(p))
        return true;
    if (!rows_lie_along_k(&transposed))
        return false;
    *p = transposed;
    return true;
}

/* ---- the plan ---- */

/* Sets the strides of axes of extent 1 to 1: they are never used. */
static void forget_idle_strides(struct wg_product *p)
{
    if (p->m == 1)
        p->a_row = p->c_row = 1;
    if (p->n == 1)
        p->b_column = p->c_column = 1;
    if (p->k == 1)
        p->a_column = p->b_row = 1;
}

/* True if the product is computed as it is, without comparing it with the transposed one. */
static bool suits(const struct wg_kernels *kernels, const struct wg_product *p)
{
    return p->c_column == 1 && p->b_column == 1 && p->n >= 2 * kernels->lanes;
}

/* An estimate of the cycles that a product takes if a vector holds elements of one row of c. */
static double cycles(const struct wg_kernels *kernels, const struct wg_product *p)
{
    const double m = (double)p->m, n = (double)p->n, k = (double)p->k;
    const double vectors = (double)((p->n + kernels->lanes - 1) >> kernels->lanes_shift);
    const double side_by_side = m * vectors < 8 ? m * vectors : 8; /* independent sums, which hide the latency of fma */
    const double work = m * vectors * k * (vectors > 1 ? 4 : 5) / side_by_side; /* a single vector is slower: one load per fma */
    const double packing = p->b_column == 1 ? 0 : 5 * n * k / kernels->lanes;
    const double blocks = (double)wg_gemm_parts(p->k, WG_MAX_DEPTHS),
                 scattering = blocks * (p->c_column == 1 ? m * vectors : 3 * m * n);
    return work + packing + scattering;
}

/* True if reading a little of each of so many lines of this stride misses the first TLB time and again. */
static bool far_apart(const struct wg_gemm_job *g, int64_t lines, int64_t stride)
{
    const int64_t bytes = lines * stride * g->size;
    return bytes > NEAR || bytes < -NEAR;
}

/* True if rows this far apart map to the same sets of a cache. */
static bool collide(const struct wg_gemm_job *g, int64_t stride)
{
    const int64_t bytes = stride * g->size;
    return (bytes < 0 ? -bytes : bytes) % COLLISION == 0;
}

/* The distance in elements between lines of n elements in a packed block: an odd number of cache lines, so that they do not
   collide. */
static int64_t line_of(const struct wg_gemm_job *g, int64_t n)
{
    return (wg_gemm_parts(n * g->size, LINE) | 1) * LINE / g->size;
}

/* b is packed if its rows are not contiguous, a if neither its rows nor its columns are contiguous and several panels read it.
   Either is also packed if its rows (or columns) collide in the cache and are read often enough. An a with contiguous columns is also
   packed if they lie far apart: a tile reads only a few elements of each column. */
static void choose_packing(struct wg_gemm_job *g)
{
    const struct wg_product *p = &g->p;
    const int64_t depths = wg_gemm_min(p->k, g->max_depths), width = g->vectors * g->kernels->lanes;
    const int64_t tiles = wg_gemm_parts(p->m, g->max_rows), panels = wg_gemm_parts(p->n, width);
    g->block_rows = p->m * depths * g->size > SECOND_CACHE ? BLOCK_ROWS : p->m;
    const bool a_strided = p->a_row != 1 && p->a_column != 1, by_rows = p->a_column == 1;
    const bool a_collides = tiles > 1 && panels >= MIN_TO_PACK && collide(g, by_rows ? p->a_row : p->a_column);
    g->packs_b = p->b_column != 1 || (tiles >= MIN_TO_PACK && collide(g, p->b_row));
    const bool a_scattered = tiles > 1 && !by_rows && far_apart(g, depths, p->a_column);
    g->packs_a = (panels > 1 && (a_strided || a_scattered)) || a_collides;
    g->panels_per_tile = panels > 1 && depths <= ACROSS_DEPTHS ? SECOND_CACHE / 2 / (width * depths * g->size) : 1;
    g->keeps_b = g->packs_b && (g->panels_per_tile > 1 || p->m > g->block_rows);
    const int64_t rows = wg_gemm_min(p->m, g->block_rows);
    g->a_line = line_of(g, by_rows ? depths : rows);
    g->a_bytes = g->packs_a ? g->a_line * (by_rows ? rows : depths) * g->size : 0;
    const int64_t widest = wg_gemm_min(wg_gemm_vectors(g, p->n), 4) * g->kernels->lanes;
    const int64_t columns = g->keeps_b ? wg_gemm_parts(wg_gemm_min(p->n, WG_GEMM_BLOCK_COLUMNS), width) * width : widest;
    g->b_bytes = g->packs_b ? columns * depths * g->size : 0;
    g->b_bytes = wg_gemm_parts(g->b_bytes, WG_GEMM_ALIGNMENT) * WG_GEMM_ALIGNMENT;
}

/* Rows of a are read once, so nothing is packed before the kernel. */
static void plan_along_k(struct wg_gemm_job *g)
{
    g->vectors = 1;
    g->max_rows = g->kernels->lanes;
    g->block_rows = g->p.m;
}

static void plan(struct wg_gemm_job *g)
{
    forget_idle_strides(&g->p);
    if (!suits(g->kernels, &g->p)) {
        const struct wg_product transposed = wg_product_transposed(&g->p);
        if (suits(g->kernels, &transposed) || cycles(g->kernels, &transposed) < cycles(g->kernels, &g->p))
            g->p = transposed;
    }
    const int64_t needed = wg_gemm_vectors(g, g->p.n), max_vectors = g->p.m <= g->kernels->rows[3] ? 4 : g->kernels->wide;
    g->vectors = (int)wg_gemm_min(needed, max_vectors);
    g->max_rows = g->kernels->rows[g->vectors - 1];
    choose_packing(g);
}

/* ---- threads ---- */

/* A product that is split into row_bands by column_bands parts, one per thread. */
struct team {
    struct wg_gemm_job whole; /* the parts have its strides and its workspace sizes */
    int row_bands, column_bands;
    char *workspace;
};

/* The first index of a part of n: a multiple of step, so that only the last part has an edge. */
static int64_t start_of_part(int64_t n, int64_t step, int64_t parts, int64_t part)
{
    return wg_gemm_min(n, wg_gemm_parts(n, step) * part / parts * step);
}

static void multiply_parts(int64_t first, int64_t last, void *context)
{
    const struct team *team = context;
    for (int64_t part = first; part < last; part++) {
        struct wg_gemm_job g = team->whole;
        struct wg_product *p = &g.p;
        const int64_t band = part / team->column_bands, side = part % team->column_bands;
        const int64_t width = g.vectors * g.kernels->lanes, height = g.max_rows;
        const int64_t row = start_of_part(p->m, height, team->row_bands, band);
        const int64_t column = start_of_part(p->n, width, team->column_bands, side);
        const int64_t rows = start_of_part(p->m, height, team->row_bands, band + 1) - row;
        const int64_t columns = start_of_part(p->n, width, team->column_bands, side + 1) - column;
        if (rows == 0 || columns == 0)
            continue;
        p->a = wg_gemm_element(&g, p->a, row, p->a_row, 0, 0);
        p->b = wg_gemm_element(&g, p->b, 0, 0, column, p->b_column);
        p->c = (void *)(uintptr_t)wg_gemm_element(&g, p->c, row, p->c_row, column, p->c_column);
        p->bias = p->bias ? wg_gemm_element(&g, p->bias, row, p->bias_row, column, p->bias_column) : NULL;
        p->m = rows;
        p->n = columns;
        wg_gemm_multiply(&g, team->workspace + part * (g.a_bytes + g.b_bytes));
    }
}

/* Chooses the split with the lowest estimated cost. Each band of columns packs all of a again, and each band of rows all of b. So
   the side that costs less packing is split, if it is long enough. */
static void part_work(struct team *team, int threads)
{
    const struct wg_product *p = &team->whole.p;
    const int64_t tiles = wg_gemm_parts(p->m, team->whole.max_rows);
    const int64_t panels = wg_gemm_parts(p->n, team->whole.vectors * team->whole.kernels->lanes);
    const double twice_b = team->whole.packs_b ? (double)p->n : 0, twice_a = team->whole.packs_a ? (double)p->m : 0;
    double best = INFINITY;
    for (int rows = 1; rows <= threads; rows++) {
        const int columns = threads / rows;
        const double tallest = (double)wg_gemm_parts(tiles, rows), widest = (double)wg_gemm_parts(panels, columns);
        const double cost = tallest * widest * 32 + (twice_b * rows + twice_a * columns) / threads;
        if (cost < best) {
            best = cost;
            team->row_bands = rows;
            team->column_bands = columns;
        }
    }
}

static const struct wg_kernels *kernels_of(enum wg_variant variant, wg_dtype dtype)
{
    return variant == WG_VARIANT_AVX512 ? wg_kernels_avx512(dtype)
           : variant == WG_VARIANT_AVX2 ? wg_kernels_avx2(dtype)
                                        : wg_kernels_portable(dtype);
}

static wg_status run(struct team *team, int threads)
{
    struct wg_gemm_job *g = &team->whole;
    if (g->along_k)
        plan_along_k(g);
    else
        plan(g);
    if (threads > 1)
        part_work(team, threads);
    const int parts = team->row_bands * team->column_bands;
    const int64_t bytes = parts * (g->a_bytes + g->b_bytes);
    char small[WG_GEMM_STACK_BYTES] __attribute__((aligned(WG_GEMM_ALIGNMENT)));
    struct wg_storage *large = NULL;
    if (bytes > WG_GEMM_STACK_BYTES && !(large = wg_storage_new((size_t)bytes)))
        return WG_E_MEMORY;
    team->workspace = large ? wg_storage_data(large) : small;
    if (parts == 1)
        wg_gemm_multiply(g, team->workspace);
    else
        wg_parallel(parts, parts, multiply_parts, team);
    if (large)
        wg_storage_unref(large);
    return WG_OK;
}

/* ---- the reference: plain loops ---- */

#define REAL float
#define T(name) name##_f32
#define FMA fmaf
#include "gemm/native_loop_tmpl.h"
#undef REAL
#undef T
#undef FMA
#define REAL double
#define T(name) name##_f64
#define FMA fma
#include "gemm/native_loop_tmpl.h"
#undef REAL
#undef T
#undef FMA

bool wg_variant_runs(enum wg_variant variant)
{
    return variant == WG_VARIANT_AVX512 ? wg_isa() == WG_AVX512 : variant == WG_VARIANT_AVX2 ? wg_isa() >= WG_AVX2 : true;
}

wg_status wg_native_gemm(enum wg_variant variant, wg_dtype dtype, const struct wg_product *product, int threads)
{
    struct wg_product p = *product;
    const bool along_k = wg_along_k(&p);
    if (variant == WG_VARIANT_LOOP) {
        (dtype == WG_F32 ? loop_f32 : loop_f64)(product, block_length(product->k), along_k);
        wg_gemm_finish(dtype, product, 1);
        return WG_OK;
    }
    const struct wg_kernels *kernels = kernels_of(variant, dtype);
    const int64_t size = dtype == WG_F32 ? (int64_t)sizeof(float) : (int64_t)sizeof(double);
    if (!along_k && wg_gemm_is_small(kernels, product)) {
        wg_gemm_multiply_small(kernels, product, size);
        return WG_OK;
    }
    struct team team = {
        .whole = {.kernels = kernels, .p = p, .size = size, .max_depths = block_length(product->k), .along_k = along_k},
        .row_bands = 1,
        .column_bands = 1};
    return run(&team, threads);
}
