/* The loops around the native kernels: packing, blocking, and how threads share a product. Kernels accept any strides of a and c.
   They need a b with contiguous rows or, for a few rows of c, contiguous columns. All other packing serves speed only. */
#include "gemm/native_gemm.h"
#include "core/parallel.h"
#include "cpu/isa.h"

#include <math.h>

enum {
    LONGEST = 384,              /* the longest block of k */
    BLOCK_ROWS = 336,           /* rows of a that stay in L2 while all panels of b are read */
    BLOCK_COLUMNS = 3072,       /* columns of b packed at once if several blocks of rows read them */
    SECOND_CACHE = 512 << 10,   /* bytes of a kept in L2; a larger a is split into blocks of rows */
    COLLISION = 4096,           /* rows this many bytes apart map to the same L1 set and to few L2 sets */
    WORTH_PACKING = 8,          /* smallest number of tiles or panels for which packing pays */
    LINE = 64,                  /* bytes of a cache line */
    ACROSS = 48,                /* the longest block of k for which going over c by rows pays */
    SMALL_WORKSPACE = 16 << 10, /* largest packing workspace taken from the stack, in bytes */
    SMALL_DEPTH = 64,           /* largest k of a product that needs no plan, */
    SMALL_PRODUCT = 1 << 17,    /* and its largest m n k */
    ALIGNMENT = 64
};

/* One thread's product, and the plan for it. */
struct job {
    const struct wg_kernels *kernels;
    struct wg_product p;
    int64_t size;          /* bytes of an element */
    int64_t longest;       /* length of all blocks of k but the last */
    int vectors, max_rows; /* of a tile, except at edges */
    int64_t block_rows;    /* rows of a block of a */
    int64_t a_line;        /* elements from one line of a packed block of a to the next */
    int64_t across;        /* panels of b multiplied by one tile of rows before the next tile */
    bool transposes_b;     /* b's columns are contiguous and c has few rows: transposed kernels, no packing */
    bool packs_a, packs_b;
    bool keeps_b;             /* packed panels of b are used more than once */
    int64_t a_bytes, b_bytes; /* workspace for packing */
};

/* The length of all blocks of k but the last: equal lengths, rounded up to a multiple of 16. It is part of the definition of the
   result, so it may depend on k alone. */
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
    return (int64_t)(((uint64_t)n + (uint64_t)part - 1) / (uint64_t)part);
}

/* ---- one block ---- */

/* A block: rows of a, columns of b and a range of k; a and b are the workspace for their packed copies. */
struct block {
    int64_t row, rows, column, columns, depth, depths;
    char *a, *b;
};

/* `count` tiles of rows, or panels of columns, of one size. */
struct stretch {
    int64_t first, count, size;
};

static int64_t vectors_of(const struct job *g, int64_t columns)
{
    return (columns + g->kernels->lanes - 1) >> g->kernels->lanes_shift;
}

/* Splits rows into tiles whose heights differ by at most one: the tiles of part[1] have one row more than those of part[0]. */
static void part_rows(int64_t rows, int most, struct stretch part[2])
{
    const int64_t tiles = parts_of(rows, most), low = rows / tiles, higher = rows - low * tiles;
    part[0] = (struct stretch){0, tiles - higher, low};
    part[1] = (struct stretch){(tiles - higher) * low, higher, low + 1};
}

/* Splits columns into panels of full width and the remainder; returns the number of entries. A panel of one vector takes as long as
   one of two. So a remainder of one vector is split anew together with the panel before it. */
static int part_columns(const struct job *g, int64_t columns, struct stretch part[3])
{
    const int64_t lanes = g->kernels->lanes, width = g->vectors * lanes;
    int64_t whole = columns / width, first;
    int n = 0;
    if (whole && vectors_of(g, columns - whole * width) == 1 && g->vectors != 3)
        whole--;
    first = whole * width;
    if (whole)
        part[n++] = (struct stretch){0, whole, width};
    if (columns - first > 4 * lanes) {
        part[n++] = (struct stretch){first, 1, 3 * lanes};
        first += 3 * lanes;
    }
    if (columns > first)
        part[n++] = (struct stretch){first, 1, columns - first};
    return n;
}

/* Packs a block of a in its own order: by rows if these are contiguous, else by columns. */
static void pack_rows(const struct job *g, const struct block *x)
{
    const struct wg_product *p = &g->p;
    const char *a = element(g, p->a, x->row, p->a_row, x->depth, p->a_column);
    if (p->a_column == 1)
        g->kernels->pack(x->rows, x->depths, a, p->a_row, 1, x->a, g->a_line);
    else
        g->kernels->pack(x->depths, x->rows, a, p->a_column, p->a_row, x->a, g->a_line);
}

/* The address of panel n of a part; *row is the distance between its rows, in elements. */
static const char *panel(const struct job *g, const struct block *x, const struct stretch *part, int64_t n, int64_t *row)
{
    const struct wg_product *p = &g->p;
    const int64_t j = part->first + n * part->size;
    if (!g->packs_b) {
        *row = p->b_row;
        return element(g, p->b, x->depth, p->b_row, x->column + j, p->b_column);
    }
    *row = vectors_of(g, part->size) * g->kernels->lanes;
    return x->b + (g->keeps_b ? j * x->depths * g->size : 0);
}

static void pack_panels(const struct job *g, const struct block *x, const struct stretch *part, int64_t n, int64_t count)
{
    const struct wg_product *p = &g->p;
    for (int64_t end = n + count; n < end; n++) {
        int64_t row;
        char *to = (char *)(uintptr_t)panel(g, x, part, n, &row);
        const char *b = element(g, p->b, x->depth, p->b_row, x->column + part->first + n * part->size, p->b_column);
        g->kernels->pack(x->depths, part->size, b, p->b_row, p->b_column, to, row);
    }
}

/* Multiplies all row tiles of one height by `count` panels of one width, from panel n on. A kernel call computes one row of tiles
   of c or, if count is 1, one column of tiles. */
static void multiply_tiles(const struct job *g, const struct block *x, const struct stretch *rows, const struct stretch *columns,
                           int64_t n, int64_t count, struct wg_tiles *t)
{
    const struct wg_product *p = &g->p;
    const bool down = count == 1;
    const int64_t j = x->column + columns->first + n * columns->size, vectors = vectors_of(g, columns->size);
    t->columns = columns->size;
    t->b = panel(g, x, columns, n, &t->b_row);
    const bool by_rows = p->a_column == 1;
    t->a_row = !g->packs_a ? p->a_row : by_rows ? g->a_line : 1;
    t->a_column = !g->packs_a ? p->a_column : by_rows ? 1 : g->a_line;
    const char *a = g->packs_a ? x->a : element(g, p->a, x->row, p->a_row, x->depth, p->a_column);
    t->count = down ? rows->count : count;
    t->next_a = down ? rows->size * t->a_row : 0;
    t->next_b = down ? 0 : g->packs_b ? columns->size * x->depths : columns->size * p->b_column;
    t->next_c = down ? rows->size * p->c_row : columns->size * p->c_column;
    t->next_bias = down ? rows->size * p->bias_row : columns->size * p->bias_column;
    for (int64_t tile = 0; tile < (down ? 1 : rows->count); tile++) {
        const int64_t i = rows->first + tile * rows->size;
        t->a = a + i * t->a_row * g->size;
        t->c = (void *)(uintptr_t)element(g, p->c, x->row + i, p->c_row, j, p->c_column);
        t->bias = t->last && p->bias ? element(g, p->bias, x->row + i, p->bias_row, j, p->bias_column) : NULL;
        g->kernels->tiles[vectors - 1][rows->size - 1](t);
    }
}

static void transpose_block(const struct job *g, const struct block *x, struct wg_tiles *t)
{
    const struct wg_product *p = &g->p;
    t->a = element(g, p->a, x->row, p->a_row, x->depth, p->a_column);
    t->b = element(g, p->b, x->depth, p->b_row, x->column, p->b_column);
    t->c = (void *)(uintptr_t)element(g, p->c, x->row, p->c_row, x->column, p->c_column);
    t->bias = t->last && p->bias ? element(g, p->bias, x->row, p->bias_row, x->column, p->bias_column) : NULL;
    t->a_row = p->a_row;
    t->a_column = p->a_column;
    t->b_column = p->b_column;
    t->columns = x->columns;
    g->kernels->transposed[x->rows - 1](t);
}

/* Multiplies a block. Each panel of b is multiplied by all tiles of rows before the next panel. If g->across > 1, each tile of rows
   is instead multiplied by that many panels before the next tile. */
static void multiply_block(const struct job *g, const struct block *x)
{
    const struct wg_product *p = &g->p;
    struct wg_tiles t = {.k = x->depths, .c_row = p->c_row, .c_column = p->c_column, .beta = x->depth == 0 ? p->beta : 1};
    t.last = x->depth + x->depths == p->k;
    t.bias_row = p->bias_row;
    t.bias_column = p->bias_column;
    t.relu = t.last && p->relu;
    if (g->transposes_b) {
        transpose_block(g, x, &t);
        return;
    }
    struct stretch rows[2], columns[3];
    const int parts = part_columns(g, x->columns, columns);
    if (g->packs_a)
        pack_rows(g, x);
    for (int part = 0; part < parts; part++) {
        part_rows(x->rows, g->kernels->rows[vectors_of(g, columns[part].size) - 1], rows);
        for (int64_t n = 0, step; n < columns[part].count; n += step) {
            step = least(columns[part].count - n, g->across);
            if (g->packs_b && (!g->keeps_b || x->row == 0))
                pack_panels(g, x, &columns[part], n, step);
            for (int h = 0; h < 2; h++)
                if (rows[h].count)
                    multiply_tiles(g, x, &rows[h], &columns[part], n, step, &t);
        }
    }
}

static void multiply(const struct job *g, char *workspace)
{
    const struct wg_product *p = &g->p;
    struct block x = {.a = workspace, .b = workspace + g->a_bytes};
    for (x.column = 0; x.column < p->n; x.column += x.columns) {
        x.columns = g->keeps_b ? least(p->n - x.column, BLOCK_COLUMNS) : p->n;
        for (x.depth = 0; x.depth < p->k; x.depth += x.depths) {
            x.depths = least(p->k - x.depth, g->longest);
            for (x.row = 0; x.row < p->m; x.row += x.rows) {
                x.rows = least(p->m - x.row, g->block_rows);
                multiply_block(g, &x);
            }
        }
    }
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
    const bool transposed = p->b_row == 1 && p->m <= WG_TRANSPOSED_ROWS;
    const double packing = p->b_column == 1 ? 0 : (transposed ? 2 : 5) * n * k / kernels->lanes;
    const double blocks = (double)parts_of(p->k, LONGEST), scattering = blocks * (p->c_column == 1 ? m * vectors : 3 * m * n);
    return work + packing + scattering;
}

/* True if rows this far apart map to the same sets of a cache. */
static bool collide(const struct job *g, int64_t stride)
{
    const int64_t bytes = stride * g->size;
    return (bytes < 0 ? -bytes : bytes) % COLLISION == 0;
}

/* The distance in elements between lines of n elements in a packed block: an odd number of cache lines, so that they do not
   collide. */
static int64_t line_of(const struct job *g, int64_t n)
{
    return (parts_of(n * g->size, LINE) | 1) * LINE / g->size;
}

/* b is packed if its rows are not contiguous, a if neither its rows nor its columns are contiguous and several panels read it.
   Either is also packed if its rows (or columns) collide in the cache and are read often enough. */
static void choose_packing(struct job *g)
{
    const struct wg_product *p = &g->p;
    const int64_t depths = least(p->k, g->longest), width = g->vectors * g->kernels->lanes;
    const int64_t tiles = parts_of(p->m, g->max_rows), panels = parts_of(p->n, width);
    g->block_rows = p->m * depths * g->size > SECOND_CACHE ? BLOCK_ROWS : p->m;
    g->transposes_b = p->b_row == 1 && p->b_column != 1 && p->m <= WG_TRANSPOSED_ROWS;
    if (g->transposes_b) {
        g->block_rows = p->m;
        return;
    }
    const bool a_strided = p->a_row != 1 && p->a_column != 1, by_rows = p->a_column == 1;
    const bool a_collides = tiles > 1 && panels >= WORTH_PACKING && collide(g, by_rows ? p->a_row : p->a_column);
    g->packs_b = p->b_column != 1 || (tiles >= WORTH_PACKING && collide(g, p->b_row));
    g->packs_a = (panels > 1 && a_strided) || a_collides;
    g->across = panels > 1 && depths <= ACROSS ? SECOND_CACHE / 2 / (width * depths * g->size) : 1;
    g->keeps_b = g->packs_b && (g->across > 1 || p->m > g->block_rows);
    const int64_t rows = least(p->m, g->block_rows);
    g->a_line = line_of(g, by_rows ? depths : rows);
    g->a_bytes = g->packs_a ? g->a_line * (by_rows ? rows : depths) * g->size : 0;
    const int64_t widest = least(vectors_of(g, p->n), 4) * g->kernels->lanes;
    const int64_t columns = g->keeps_b ? parts_of(least(p->n, BLOCK_COLUMNS), width) * width : widest;
    g->b_bytes = g->packs_b ? columns * depths * g->size : 0;
    g->b_bytes = parts_of(g->b_bytes, ALIGNMENT) * ALIGNMENT;
}

static void plan(struct job *g)
{
    forget_idle_strides(&g->p);
    if (!suits(g->kernels, &g->p)) {
        const struct wg_product transposed = wg_product_transposed(&g->p);
        if (suits(g->kernels, &transposed) || cycles(g->kernels, &transposed) < cycles(g->kernels, &g->p))
            g->p = transposed;
    }
    const int64_t all = vectors_of(g, g->p.n), most = g->p.m <= g->kernels->rows[3] ? 4 : g->kernels->wide;
    g->vectors = (int)least(all, most);
    g->max_rows = g->kernels->rows[g->vectors - 1];
    choose_packing(g);
}

/* ---- threads ---- */

/* A product that is split into row_bands by column_bands parts, one per thread. */
struct team {
    struct job whole; /* the parts have its strides and its workspace sizes */
    int row_bands, column_bands;
    char *workspace;
};

/* The first index of a part of n: a multiple of step, so that only the last part has an edge. */
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
        const int64_t width = g.vectors * g.kernels->lanes, height = g.max_rows;
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
        multiply(&g, team->workspace + part * (g.a_bytes + g.b_bytes));
    }
}

/* Chooses the split with the lowest estimated cost. Each band of columns packs all of a again, and each band of rows all of b. So
   the side that costs less packing is split, if it is long enough. */
static void part_work(struct team *team, int threads)
{
    const struct wg_product *p = &team->whole.p;
    const int64_t tiles = parts_of(p->m, team->whole.max_rows);
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
    char small[SMALL_WORKSPACE] __attribute__((aligned(ALIGNMENT)));
    struct wg_storage *large = NULL;
    if (bytes > SMALL_WORKSPACE && !(large = wg_storage_new((size_t)bytes)))
        return WG_E_MEMORY;
    team->workspace = large ? wg_storage_data(large) : small;
    if (parts == 1)
        multiply(g, team->workspace);
    else
        wg_parallel(parts, parts, multiply_parts, team);
    if (large)
        wg_storage_unref(large);
    return WG_OK;
}

/* ---- small products ---- */

/* True if a plan would take longer than it saves, and the layout needs none. */
static bool is_small(const struct wg_kernels *kernels, const struct wg_product *p)
{
    return p->k <= SMALL_DEPTH && p->n >= kernels->lanes / 2 && p->m > WG_TRANSPOSED_ROWS && p->c_column == 1 &&
           (double)p->m * (double)p->n * (double)p->k <= SMALL_PRODUCT;
}

static void multiply_small(const struct wg_kernels *kernels, const struct wg_product *p, int64_t size)
{
    char workspace[SMALL_WORKSPACE] __attribute__((aligned(ALIGNMENT)));
    const bool packs = p->b_column != 1;
    const int64_t lanes = kernels->lanes, wide = p->m <= kernels->rows[3] ? 4 : kernels->wide;
    struct wg_tiles t = {.k = p->k,
                         .c = p->c,
                         .a_row = p->a_row,
                         .a_column = p->a_column,
                         .b_row = p->b_row,
                         .c_row = p->c_row,
                         .c_column = 1,
                         .beta = p->beta,
                         .bias_row = p->bias_row,
                         .bias_column = p->bias_column,
                         .last = true,
                         .relu = p->relu};
    for (int64_t j = 0; j < p->n; j += t.columns) {
        const int64_t wanted = (p->n - j + lanes - 1) >> kernels->lanes_shift;
        const int64_t vectors = wanted == wide + 1 ? 3 : least(wanted, wide);
        struct stretch part[2];
        part_rows(p->m, kernels->rows[vectors - 1], part);
        t.columns = least(p->n - j, vectors * lanes);
        t.b = (const char *)p->b + j * p->b_column * size;
        if (packs) {
            t.b_row = vectors * lanes;
            kernels->pack(p->k, t.columns, t.b, p->b_row, p->b_column, workspace, t.b_row);
            t.b = workspace;
        }
        for (int h = 0; h < 2; h++) {
            t.count = part[h].count;
            t.next_a = part[h].size * p->a_row;
            t.next_c = part[h].size * p->c_row;
            t.next_bias = part[h].size * p->bias_row;
            t.a = (const char *)p->a + part[h].first * p->a_row * size;
            t.c = (char *)p->c + (part[h].first * p->c_row + j) * size;
            t.bias = p->bias ? (const char *)p->bias + (part[h].first * p->bias_row + j * p->bias_column) * size : NULL;
            if (t.count)
                kernels->tiles[vectors - 1][part[h].size - 1](&t);
        }
    }
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
    if (variant == WG_VARIANT_LOOP) {
        (dtype == WG_F32 ? loop_f32 : loop_f64)(product, block_length(product->k));
        wg_gemm_finish(dtype, product, 1);
        return WG_OK;
    }
    const struct wg_kernels *kernels = kernels_of(variant, dtype);
    const int64_t size = dtype == WG_F32 ? (int64_t)sizeof(float) : (int64_t)sizeof(double);
    if (is_small(kernels, product)) {
        multiply_small(kernels, product, size);
        return WG_OK;
    }
    struct team team = {.whole = {.kernels = kernels, .p = *product, .size = size, .longest = block_length(product->k)},
                        .row_bands = 1,
                        .column_bands = 1};
    return run(&team, threads);
}
