/* The loops around the own kernels: what is packed, in which blocks, and how threads share a product. Kernels take operands of any
   strides, so packing is a matter of speed only. */
#include "own_gemm.h"
#include "isa.h"
#include "parallel.h"

#include <math.h>

enum {
    LONGEST = 384,            /* block of k */
    BLOCK_ROWS = 336,         /* rows of a that stay in the second cache while panels of b pass */
    BLOCK_COLUMNS = 3072,     /* columns of b that are packed at once where several blocks of rows need them */
    FIRST_CACHE = 32 << 10,   /* bytes that a panel of b may take of it */
    SECOND_CACHE = 512 << 10, /* bytes of a */
    SMALL_ROOM = 16 << 10,    /* bytes for packing that are taken from the stack */
    ALIGNMENT = 64
};

/* One thread's product, and how it is to be computed. */
struct job {
    const struct wg_kernels *kernels;
    struct wg_product p;
    int64_t size;           /* bytes of a number */
    int64_t longest;        /* block of k */
    int vectors, most_rows; /* of a tile */
    bool packs_a, packs_b;
    bool keeps_b;             /* packed panels are used by more than one block of rows */
    int64_t line;             /* packed a: numbers from row to row */
    int64_t a_bytes, b_bytes; /* room for packing */
};

/* The length of all blocks of k but the last: as even as steps of 16 allow. Part of the definition of the result: nothing else but k
   may count here. */
static int64_t block_length(int64_t k)
{
    const int64_t blocks = (k + LONGEST - 1) / LONGEST;
    return ((k + blocks - 1) / blocks + 15) / 16 * 16;
}

static const char *element(const struct job *g, const void *base, int64_t row, int64_t row_stride, int64_t column,
                           int64_t column_stride)
{
    return (const char *)base + (row * row_stride + column * column_stride) * g->size;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t parts_of(int64_t n, int64_t part)
{
    return (n + part - 1) / part;
}

/* ---- one block ---- */

/* Rows of a, columns of b and a stretch of k; where they are packed. */
struct block {
    int64_t row, rows, column, columns, depth, depths;
    char *a, *b;
};

/* Columns from first on as a panel: how many, in how many vectors; there is no kernel of three. */
static int64_t panel_columns(const struct job *g, int64_t left, int *vectors)
{
    const int64_t lanes = g->kernels->lanes, wanted = parts_of(left, lanes);
    *vectors = g->vectors == 4 && wanted >= 4 ? 4 : wanted >= 2 ? 2 : 1;
    return least(left, *vectors * lanes);
}

/* Fills in where the panel is, packing it if that is due. */
static void take_panel(const struct job *g, const struct block *x, int64_t j, int vectors, struct wg_tile *tile)
{
    const struct wg_product *p = &g->p;
    const char *b = element(g, p->b, x->depth, p->b_row, x->column + j, p->b_column);
    tile->b = b;
    tile->b_row = p->b_row;
    if (!g->packs_b)
        return;
    const int64_t width = vectors * g->kernels->lanes;
    char *packed = x->b + (g->keeps_b ? j * x->depths * g->size : 0);
    if (!g->keeps_b || x->row == 0)
        g->kernels->pack(x->depths, tile->columns, b, p->b_row, p->b_column, packed, width);
    tile->b = packed;
    tile->b_row = width;
}

/* Fills in where rows i to i + rows are, packing them with the first panel. Packed rows stay rows, only closer together, if a's are
   contiguous; else what a tile reads at once is side by side. */
static void take_rows(const struct job *g, const struct block *x, int64_t i, int64_t rows, bool first, struct wg_tile *tile)
{
    const struct wg_product *p = &g->p;
    const char *a = element(g, p->a, x->row + i, p->a_row, x->depth, p->a_column);
    tile->a = a;
    tile->a_row = p->a_row;
    tile->a_column = p->a_column;
    if (!g->packs_a)
        return;
    char *packed = x->a + i * g->line * g->size;
    const bool by_rows = p->a_column == 1;
    if (first && by_rows)
        g->kernels->pack(rows, x->depths, a, p->a_row, 1, packed, g->line);
    else if (first)
        g->kernels->pack(x->depths, rows, a, p->a_column, p->a_row, packed, rows);
    tile->a = packed;
    tile->a_row = by_rows ? g->line : 1;
    tile->a_column = by_rows ? 1 : rows;
}

static void multiply_block(const struct job *g, const struct block *x)
{
    const struct wg_product *p = &g->p;
    const bool last = x->depth + x->depths == p->k;
    struct wg_tile tile = {.k = x->depths,
                           .c_row = p->c_row,
                           .c_column = p->c_column,
                           .beta = x->depth == 0 ? p->beta : 1,
                           .bias_row = p->bias_row,
                           .bias_column = p->bias_column,
                           .relu = last && p->relu};
    const int64_t tiles = parts_of(x->rows, g->most_rows);
    for (int64_t j = 0; j < x->columns; j += tile.columns) {
        int vectors;
        tile.columns = panel_columns(g, x->columns - j, &vectors);
        take_panel(g, x, j, vectors, &tile);
        for (int64_t t = 0, i = 0, rows; t < tiles; t++, i += rows) {
            rows = (x->rows - i) / (tiles - t); /* even ones, the higher last */
            take_rows(g, x, i, rows, j == 0, &tile);
            tile.c = (void *)(uintptr_t)element(g, p->c, x->row + i, p->c_row, x->column + j, p->c_column);
            tile.bias = last && p->bias ? element(g, p->bias, x->row + i, p->bias_row, x->column + j, p->bias_column) : NULL;
            g->kernels->tiles[vectors - 1][rows - 1](&tile);
        }
    }
}

static void multiply(const struct job *g, char *room)
{
    const struct wg_product *p = &g->p;
    struct block x = {.a = room, .b = room + g->a_bytes};
    for (x.column = 0; x.column < p->n; x.column += x.columns) {
        x.columns = g->keeps_b ? least(p->n - x.column, BLOCK_COLUMNS) : p->n;
        for (x.depth = 0; x.depth < p->k; x.depth += x.depths) {
            x.depths = least(p->k - x.depth, g->longest);
            for (x.row = 0; x.row < p->m; x.row += x.rows) {
                x.rows = g->keeps_b || g->packs_a ? least(p->m - x.row, BLOCK_ROWS) : p->m;
                multiply_block(g, &x);
            }
        }
    }
}

/* ---- the plan ---- */

/* Where there is one row, or one column, or one step of k, its stride says nothing. */
static void forget_idle_strides(struct wg_product *p)
{
    if (p->m == 1)
        p->a_row = p->c_row = 1;
    if (p->n == 1)
        p->b_column = p->c_column = 1;
    if (p->k == 1)
        p->a_column = p->b_row = 1;
}

/* About how many cycles a product takes if vectors run along its columns. */
static double cycles(const struct wg_kernels *kernels, const struct wg_product *p)
{
    const double m = (double)p->m, n = (double)p->n, k = (double)p->k, vectors = (double)parts_of(p->n, kernels->lanes);
    const double side_by_side = m * vectors < 8 ? m * vectors : 8; /* sums, of which the latency of one hides the others */
    const double work = m * vectors * k * 4 / side_by_side;
    const double packing = p->b_column == 1 ? 0 : 6 * n * k / kernels->lanes;
    const double scattering = p->c_column == 1 ? m * vectors : 2 * m * n;
    return work + packing + scattering;
}

/* Do rows of a that a tile reads at once fall onto the same places of the first cache? */
static bool rows_collide(const struct job *g)
{
    const int64_t bytes = g->p.a_row * g->size;
    return g->p.a_column == 1 && (bytes < 0 ? -bytes : bytes) % 1024 == 0 && g->p.m > 4;
}

static void choose_packing(struct job *g)
{
    const struct wg_product *p = &g->p;
    const int64_t depths = least(p->k, g->longest), width = g->vectors * g->kernels->lanes;
    const int64_t tiles = parts_of(p->m, g->most_rows), panels = parts_of(p->n, width);
    g->packs_b = p->b_column != 1 || (tiles > 4 && p->n * depths * g->size > FIRST_CACHE);
    const bool far_apart = p->a_row != 1 && p->a_column != 1, large = p->m * depths * g->size > SECOND_CACHE;
    g->packs_a = panels > 1 && (far_apart || rows_collide(g) || (large && panels > 4));
    g->keeps_b = g->packs_b && g->packs_a && p->m > BLOCK_ROWS;
    g->line = p->a_column == 1 ? parts_of(depths, 16) * 16 + 16 : depths;
    g->a_bytes = g->packs_a ? least(p->m, BLOCK_ROWS) * g->line * g->size : 0;
    g->a_bytes = parts_of(g->a_bytes, ALIGNMENT) * ALIGNMENT;
    const int64_t columns = g->keeps_b ? parts_of(least(p->n, BLOCK_COLUMNS), width) * width : width;
    g->b_bytes = g->packs_b ? columns * depths * g->size : 0;
    g->b_bytes = parts_of(g->b_bytes, ALIGNMENT) * ALIGNMENT;
}

static void plan(struct job *g)
{
    forget_idle_strides(&g->p);
    const struct wg_product turned = wg_product_transposed(&g->p);
    if (cycles(g->kernels, &turned) < cycles(g->kernels, &g->p))
        g->p = turned;
    const bool low = g->p.m <= g->kernels->low_rows;
    g->vectors = low ? 4 : 2;
    g->most_rows = low ? g->kernels->low_rows : g->kernels->rows;
    choose_packing(g);
}

/* ---- threads ---- */

/* Parts of a product: so many bands of rows by so many of columns. */
struct team {
    struct job whole; /* its strides and room are the parts' */
    int row_bands, column_bands;
    char *room;
};

/* Part number part of n, in steps so that only the last part has an edge. */
static int64_t start_of_part(int64_t n, int64_t step, int64_t parts, int64_t part)
{
    return least(n, parts_of(n, step) * part / parts * step);
}

static void multiply_parts(int64_t first, int64_t last, void *context)
{
    const struct team *team = context;
    for (int64_t part = first; part < last; part++) {
        struct job g = team->whole;
        struct wg_product *p = &g.p;
        const int64_t band = part / team->column_bands, side = part % team->column_bands;
        const int64_t width = g.vectors * g.kernels->lanes, height = g.most_rows;
        const int64_t row = start_of_part(p->m, height, team->row_bands, band);
        const int64_t column = start_of_part(p->n, width, team->column_bands, side);
        const int64_t rows = start_of_part(p->m, height, team->row_bands, band + 1) - row;
        const int64_t columns = start_of_part(p->n, width, team->column_bands, side + 1) - column;
        if (rows == 0 || columns == 0)
            continue;
        p->a = element(&g, p->a, row, p->a_row, 0, 0);
        p->b = element(&g, p->b, 0, 0, column, p->b_column);
        p->c = (void *)(uintptr_t)element(&g, p->c, row, p->c_row, column, p->c_column);
        p->bias = p->bias ? element(&g, p->bias, row, p->bias_row, column, p->bias_column) : NULL;
        p->m = rows;
        p->n = columns;
        multiply(&g, team->room + part * (g.a_bytes + g.b_bytes));
    }
}

/* Bands of columns pack a once for each of them, bands of rows b: the side that costs less packing is parted, if it is long enough. */
static void part_work(struct team *team, int threads)
{
    const struct wg_product *p = &team->whole.p;
    const int64_t tiles = parts_of(p->m, team->whole.most_rows);
    const int64_t panels = parts_of(p->n, team->whole.vectors * team->whole.kernels->lanes);
    const double twice_b = team->whole.packs_b ? (double)p->n : 0, twice_a = team->whole.packs_a ? (double)p->m : 0;
    double best = INFINITY;
    for (int rows = 1; rows <= threads; rows++) {
        const int columns = threads / rows;
        const double tallest = (double)parts_of(tiles, rows), widest = (double)parts_of(panels, columns);
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
    struct job *g = &team->whole;
    plan(g);
    if (threads > 1)
        part_work(team, threads);
    const int parts = team->row_bands * team->column_bands;
    const int64_t bytes = parts * (g->a_bytes + g->b_bytes);
    char small[SMALL_ROOM] __attribute__((aligned(ALIGNMENT)));
    struct wg_storage *large = NULL;
    if (bytes > SMALL_ROOM && !(large = wg_storage_new((size_t)bytes)))
        return WG_E_MEMORY;
    team->room = large ? wg_storage_data(large) : small;
    wg_parallel(parts, parts, multiply_parts, team);
    if (large)
        wg_storage_unref(large);
    return WG_OK;
}

/* ---- what it all computes ---- */

#define REAL float
#define T(name) name##_f32
#define FMA fmaf
#include "own_loop_tmpl.h"
#undef REAL
#undef T
#undef FMA
#define REAL double
#define T(name) name##_f64
#define FMA fma
#include "own_loop_tmpl.h"
#undef REAL
#undef T
#undef FMA

bool wg_variant_runs(enum wg_variant variant)
{
    return variant == WG_VARIANT_AVX512 ? wg_isa() == WG_AVX512 : variant == WG_VARIANT_AVX2 ? wg_isa() >= WG_AVX2 : true;
}

wg_status wg_own_gemm(enum wg_variant variant, wg_dtype dtype, const struct wg_product *product, int threads)
{
    if (variant == WG_VARIANT_LOOP) {
        (dtype == WG_F32 ? loop_f32 : loop_f64)(product, block_length(product->k));
        wg_gemm_finish(dtype, product, 1);
        return WG_OK;
    }
    struct team team = {.whole = {.kernels = kernels_of(variant, dtype),
                                  .p = *product,
                                  .size = dtype == WG_F32 ? (int64_t)sizeof(float) : (int64_t)sizeof(double),
                                  .longest = block_length(product->k)},
                        .row_bands = 1,
                        .column_bands = 1};
    return run(&team, threads);
}
