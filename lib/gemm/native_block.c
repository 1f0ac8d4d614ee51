/* The loops of one thread around the native kernels: packing and blocking. Kernels accept any strides of a and c. They need a b with
   contiguous rows or, for a few rows of c, contiguous columns. All other packing serves speed only. */
#include "gemm/native_block.h"

enum {
    SMALL_DEPTH = 64,       /* largest k of a product that needs no plan, */
    SMALL_PRODUCT = 1 << 17 /* and its largest m n k */
};

/* A block: rows of a, columns of b and a range of k; a and b are the workspace for their packed copies. */
struct block {
    int64_t row, rows, column, columns, depth, depths;
    char *a, *b;
};

/* `count` tiles of rows, or panels of columns, of one size. */
struct stretch {
    int64_t first, count, size;
};

/* Splits rows into tiles whose heights differ by at most one: the tiles of part[1] have one row more than those of part[0]. */
static void part_rows(int64_t rows, int max_rows, struct stretch part[2])
{
    const int64_t tiles = wg_gemm_parts(rows, max_rows), low = rows / tiles, higher = rows - low * tiles;
    part[0] = (struct stretch){0, tiles - higher, low};
    part[1] = (struct stretch){(tiles - higher) * low, higher, low + 1};
}

/* Splits columns into panels of full width and the remainder; returns the number of entries. A panel of one vector takes as long as
   one of two. So a remainder of one vector is split anew together with the panel before it. */
static int part_columns(const struct wg_gemm_job *g, int64_t columns, struct stretch part[3])
{
    const int64_t lanes = g->kernels->lanes, width = g->vectors * lanes;
    int64_t whole = columns / width, first;
    int n = 0;
    if (whole && wg_gemm_vectors(g, columns - whole * width) == 1 && g->vectors != 3)
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
static void pack_rows(const struct wg_gemm_job *g, const struct block *x)
{
    const struct wg_product *p = &g->p;
    const char *a = wg_gemm_element(g, p->a, x->row, p->a_row, x->depth, p->a_column);
    if (p->a_column == 1)
        g->kernels->pack(x->rows, x->depths, a, p->a_row, 1, x->a, g->a_line);
    else
        g->kernels->pack(x->depths, x->rows, a, p->a_column, p->a_row, x->a, g->a_line);
}

/* The address of panel n of a part; *row is the distance between its rows, in elements. */
static const char *panel(const struct wg_gemm_job *g, const struct block *x, const struct stretch *part, int64_t n, int64_t *row)
{
    const struct wg_product *p = &g->p;
    const int64_t j = part->first + n * part->size;
    if (!g->packs_b) {
        *row = p->b_row;
        return wg_gemm_element(g, p->b, x->depth, p->b_row, x->column + j, p->b_column);
    }
    *row = wg_gemm_vectors(g, part->size) * g->kernels->lanes;
    return x->b + (g->keeps_b ? j * x->depths * g->size : 0);
}

static void pack_panels(const struct wg_gemm_job *g, const struct block *x, const struct stretch *part, int64_t n, int64_t count)
{
    const struct wg_product *p = &g->p;
    for (int64_t end = n + count; n < end; n++) {
        int64_t row;
        char *to = (char *)(uintptr_t)panel(g, x, part, n, &row);
        const char *b = wg_gemm_element(g, p->b, x->depth, p->b_row, x->column + part->first + n * part->size, p->b_column);
        g->kernels->pack(x->depths, part->size, b, p->b_row, p->b_column, to, row);
    }
}

/* Multiplies all row tiles of one height by `count` panels of one width, from panel n on. A kernel call computes one row of tiles
   of c or, if count is 1, one column of tiles. */
static void multiply_tiles(const struct wg_gemm_job *g, const struct block *x, const struct stretch *rows,
                           const struct stretch *columns, int64_t n, int64_t count, struct wg_tiles *t)
{
    const struct wg_product *p = &g->p;
    const bool down = count == 1;
    const int64_t j = x->column + columns->first + n * columns->size, vectors = wg_gemm_vectors(g, columns->size);
    t->columns = columns->size;
    t->b = panel(g, x, columns, n, &t->b_row);
    const bool by_rows = p->a_column == 1;
    t->a_row = !g->packs_a ? p->a_row : by_rows ? g->a_line : 1;
    t->a_column = !g->packs_a ? p->a_column : by_rows ? 1 : g->a_line;
    const char *a = g->packs_a ? x->a : wg_gemm_element(g, p->a, x->row, p->a_row, x->depth, p->a_column);
    t->count = down ? rows->count : count;
    t->next_a = down ? rows->size * t->a_row : 0;
    t->next_b = down ? 0 : g->packs_b ? columns->size * x->depths : columns->size * p->b_column;
    t->next_c = down ? rows->size * p->c_row : columns->size * p->c_column;
    t->next_bias = down ? rows->size * p->bias_row : columns->size * p->bias_column;
    for (int64_t tile = 0; tile < (down ? 1 : rows->count); tile++) {
        const int64_t i = rows->first + tile * rows->size;
        t->a = a + i * t->a_row * g->size;
        t->c = (void *)(uintptr_t)wg_gemm_element(g, p->c, x->row + i, p->c_row, j, p->c_column);
        t->bias = t->last && p->bias ? wg_gemm_element(g, p->bias, x->row + i, p->bias_row, j, p->bias_column) : NULL;
        g->kernels->tiles[vectors - 1][rows->size - 1](t);
    }
}

static void multiply_along_k(const struct wg_gemm_job *g, const struct block *x, struct wg_tiles *t)
{
    const struct wg_product *p = &g->p;
    t->count = x->rows;
    t->a = wg_gemm_element(g, p->a, x->row, p->a_row, x->depth, p->a_column);
    t->b = wg_gemm_element(g, p->b, x->depth, p->b_row, x->column, p->b_column);
    t->c = (void *)(uintptr_t)wg_gemm_element(g, p->c, x->row, p->c_row, x->column, p->c_column);
    t->bias = t->last && p->bias ? wg_gemm_element(g, p->bias, x->row, p->bias_row, x->column, p->bias_column) : NULL;
    t->a_row = p->a_row;
    t->b_row = p->b_row;
    t->b_column = p->b_column;
    t->columns = x->columns;
    g->kernels->dots[x->columns - 1](t);
}

/* Multiplies a block. Each panel of b is multiplied by all tiles of rows before the next panel. If g->panels_per_tile > 1, each tile of rows
   is instead multiplied by that many panels before the next tile. */
static void multiply_block(const struct wg_gemm_job *g, const struct block *x)
{
    const struct wg_product *p = &g->p;
    struct wg_tiles t = {.k = x->depths, .c_row = p->c_row, .c_column = p->c_column, .beta = x->depth == 0 ? p->beta : 1};
    t.last = x->depth + x->depths == p->k;
    t.bias_row = p->bias_row;
    t.bias_column = p->bias_column;
    t.relu = t.last && p->relu;
    if (g->along_k) {
        multiply_along_k(g, x, &t);
        return;
    }
    struct stretch rows[2], columns[3];
    const int parts = part_columns(g, x->columns, columns);
    if (g->packs_a)
        pack_rows(g, x);
    for (int part = 0; part < parts; part++) {
        part_rows(x->rows, g->kernels->rows[wg_gemm_vectors(g, columns[part].size) - 1], rows);
        for (int64_t n = 0, step; n < columns[part].count; n += step) {
            step = wg_gemm_min(columns[part].count - n, g->panels_per_tile);
            if (g->packs_b && (!g->keeps_b || x->row == 0))
                pack_panels(g, x, &columns[part], n, step);
            for (int h = 0; h < 2; h++)
                if (rows[h].count)
                    multiply_tiles(g, x, &rows[h], &columns[part], n, step, &t);
        }
    }
}

void wg_gemm_multiply(const struct wg_gemm_job *g, char *workspace)
{
    const struct wg_product *p = &g->p;
    struct block x = {.a = workspace, .b = workspace + g->a_bytes};
    for (x.column = 0; x.column < p->n; x.column += x.columns) {
        x.columns = g->keeps_b ? wg_gemm_min(p->n - x.column, WG_GEMM_BLOCK_COLUMNS) : p->n;
        for (x.depth = 0; x.depth < p->k; x.depth += x.depths) {
            x.depths = wg_gemm_min(p->k - x.depth, g->max_depths);
            for (x.row = 0; x.row < p->m; x.row += x.rows) {
                x.rows = wg_gemm_min(p->m - x.row, g->block_rows);
                multiply_block(g, &x);
            }
        }
    }
}

/* ---- small products ---- */

bool wg_gemm_is_small(const struct wg_kernels *kernels, const struct wg_product *p)
{
    return p->k <= SMALL_DEPTH && p->n >= kernels->lanes / 2 && p->m > WG_FEW && p->c_column == 1 &&
           (double)p->m * (double)p->n * (double)p->k <= SMALL_PRODUCT;
}

void wg_gemm_multiply_small(const struct wg_kernels *kernels, const struct wg_product *p, int64_t size)
{
    char workspace[WG_GEMM_STACK_BYTES] __attribute__((aligned(WG_GEMM_ALIGNMENT)));
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
        const int64_t needed = (p->n - j + lanes - 1) >> kernels->lanes_shift;
        const int64_t vectors = needed == wide + 1 ? 3 : wg_gemm_min(needed, wide);
        struct stretch part[2];
        part_rows(p->m, kernels->rows[vectors - 1], part);
        t.columns = wg_gemm_min(p->n - j, vectors * lanes);
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
