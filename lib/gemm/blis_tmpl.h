/* Template: the loops of a matrix product around BLIS's micro-kernel, for one element type. The includer defines REAL (the element
   type), T(name) (the name with the type's suffix) and KERNEL (the micro-kernel's function type).

   Blocks of a and b are packed, so that the micro-kernel reads contiguous memory. The length of a block along k follows from k
   alone, and each element of c is computed independently. So neither the number of threads nor m and n change a bit of the result.
   Source: Goto, van de Geijn: Anatomy of high-performance matrix multiplication, 2008; Van Zee, van de Geijn: BLIS, 2015. */

typedef struct {
    struct wg_product p;
    KERNEL kernel;
    cntx_t *context;
    int64_t mr, nr, mc, nc;    /* rows and columns of a micro-tile and of a block */
    int64_t column, columns;   /* the current block of b: first column, number of columns, */
    int64_t depth, depths;     /* first index along k, number of indices along k */
    REAL *packed_a, *packed_b; /* one block of a per thread; one block of b for all threads */
    int64_t a_capacity;        /* capacity of one packed block of a, in elements */
    int threads;
    bool by_rows; /* the threads share c's rows, else its columns */
} T(gemm);

typedef REAL T(quad) __attribute__((vector_size(4 * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));

/* Transposes a 4 by 4 block: to[p * width + i] = from[i * line + p] for i, p < 4. */
static inline void T(transpose4)(const REAL *from, int64_t line, REAL *to, int64_t width)
{
    const T(quad) a = *(const T(quad) *)from, b = *(const T(quad) *)(from + line);
    const T(quad) c = *(const T(quad) *)(from + 2 * line), d = *(const T(quad) *)(from + 3 * line);
    const T(quad) ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_end = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const T(quad) cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_end = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(T(quad) *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(T(quad) *)(to + width) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    *(T(quad) *)(to + 2 * width) = __builtin_shufflevector(ab_end, cd_end, 0, 1, 4, 5);
    *(T(quad) *)(to + 3 * width) = __builtin_shufflevector(ab_end, cd_end, 2, 3, 6, 7);
}

/* Packs n lines of k elements transposed: to[p * width + i] = x[i * line + p * step]. Blocks of k stay in the cache. */
static void T(pack_across)(const REAL *x, int64_t n, int64_t k, int64_t line, int64_t step, int64_t width, REAL *to)
{
    enum { BLOCK = 16 };
    const int64_t quads = step == 1 ? n / 4 * 4 : 0;
    for (int64_t start = 0; start < k; start += BLOCK) {
        const int64_t end = k - start < BLOCK ? k : start + BLOCK, whole = start + (end - start) / 4 * 4;
        for (int64_t i = 0; i < quads; i += 4)
            for (int64_t p = start; p < whole; p += 4)
                T(transpose4)(x + i * line + p, line, to + p * width + i, width);
        for (int64_t i = 0; i < n; i++)
            for (int64_t p = i < quads ? whole : start; p < end; p++)
                to[p * width + i] = x[i * line + p * step];
    }
}

/* Packs lines of x (rows of a, or columns of b) into panels of `width` lines, one panel after another. The last panel is padded
   with zeros. */
static void T(pack)(const REAL *x, int64_t lines, int64_t k, int64_t line, int64_t step, int64_t width, REAL *to)
{
    for (int64_t first = 0; first < lines; first += width, to += width * k) {
        const int64_t n = lines - first < width ? lines - first : width;
        const REAL *from = x + first * line;
        if (n < width)
            memset(to, 0, (size_t)(width * k) * sizeof *to);
        if (line != 1)
            T(pack_across)(from, n, k, line, step, width, to);
        else
            for (int64_t p = 0; p < k; p++)
                memcpy(to + p * width, from + p * step, (size_t)n * sizeof *to);
    }
}

/* Packs panels first to last - 1 of the current block of b. */
static void T(pack_b)(int64_t first, int64_t last, void *context)
{
    const T(gemm) *g = context;
    const struct wg_product *p = &g->p;
    const int64_t column = first * g->nr, end = last * g->nr < g->columns ? last * g->nr : g->columns;
    const REAL *b = (const REAL *)p->b + (g->column + column) * p->b_column + g->depth * p->b_row;
    T(pack)(b, end - column, g->depths, p->b_column, p->b_row, g->nr, g->packed_b + column * g->depths);
}

/* Multiplies a packed block of a, rows row to row + rows - 1, by columns column to end - 1 of the packed block of b. */
static void T(multiply)(const T(gemm) * g, REAL *packed_a, int64_t row, int64_t rows, int64_t column, int64_t end)
{
    const struct wg_product *p = &g->p;
    REAL one = 1, beta = g->depth == 0 ? (REAL)p->beta : 1;
    auxinfo_t hints;
    memset(&hints, 0, sizeof hints);
    for (int64_t j = column; j < end; j += g->nr) {
        const int64_t n = end - j < g->nr ? end - j : g->nr;
        REAL *b = g->packed_b + j * g->depths;
        for (int64_t i = 0; i < rows; i += g->mr) {
            const int64_t m = rows - i < g->mr ? rows - i : g->mr;
            REAL *a = packed_a + i * g->depths;
            REAL *c = (REAL *)p->c + (row + i) * p->c_row + (g->column + j) * p->c_column;
            bli_auxinfo_set_next_ab(i + g->mr < rows ? a + g->mr * g->depths : packed_a, b, &hints);
            g->kernel(m, n, g->depths, &one, a, b, &beta, c, p->c_row, p->c_column, &hints, g->context);
        }
    }
}

/* One thread's share of c: a range of row panels, or of column panels of the current block of b. */
static void T(multiply_part)(const T(gemm) * g, int64_t part)
{
    const struct wg_product *p = &g->p;
    const int64_t width = g->by_rows ? g->mr : g->nr, all = g->by_rows ? p->m : g->columns, panels = (all + width - 1) / width;
    const int64_t from = panels * part / g->threads * width, end = panels * (part + 1) / g->threads * width,
                  to = end < all ? end : all;
    const int64_t row = g->by_rows ? from : 0, row_end = g->by_rows ? to : p->m;
    const int64_t column = g->by_rows ? 0 : from, column_end = g->by_rows ? g->columns : to;
    REAL *packed_a = g->packed_a + part * g->a_capacity;
    for (int64_t i = row; i < row_end && column < column_end; i += g->mc) {
        const int64_t rows = row_end - i < g->mc ? row_end - i : g->mc;
        const REAL *a = (const REAL *)p->a + i * p->a_row + g->depth * p->a_column;
        T(pack)(a, rows, g->depths, p->a_row, p->a_column, g->mr, packed_a);
        T(multiply)(g, packed_a, i, rows, column, column_end);
    }
}

static void T(multiply_parts)(int64_t first, int64_t last, void *context)
{
    for (int64_t part = first; part < last; part++)
        T(multiply_part)(context, part);
}

static wg_status T(product)(const struct wg_product *product, num_t type, int threads)
{
    T(gemm) g = {.p = *product, .context = bli_gks_query_cntx(), .threads = threads};
    const struct wg_product *p = &g.p;
    const int64_t kc = bli_cntx_get_blksz_def_dt(type, BLIS_KC, g.context);
    const int64_t blocks = (p->k + kc - 1) / kc, longest = ((p->k + blocks - 1) / blocks + 7) / 8 * 8; /* equal blocks */
    g.kernel = (KERNEL)bli_cntx_get_l3_nat_ukr_dt(type, BLIS_GEMM_UKR, g.context);
    g.mr = bli_cntx_get_blksz_def_dt(type, BLIS_MR, g.context);
    g.nr = bli_cntx_get_blksz_def_dt(type, BLIS_NR, g.context);
    g.mc = bli_cntx_get_blksz_def_dt(type, BLIS_MC, g.context) / g.mr * g.mr;
    g.nc = bli_cntx_get_blksz_def_dt(type, BLIS_NC, g.context) / g.nr * g.nr;
    const int64_t row_panels = (p->m + g.mr - 1) / g.mr, columns = p->n < g.nc ? p->n : g.nc;
    g.by_rows = row_panels >= 2 * threads || row_panels >= (columns + g.nr - 1) / g.nr;
    g.a_capacity = (row_panels * g.mr < g.mc ? row_panels * g.mr : g.mc) * longest + 64;
    const int64_t b_capacity = (columns + g.nr - 1) / g.nr * g.nr * longest + 64;
    struct wg_storage *workspace = wg_storage_new((size_t)(threads * g.a_capacity + b_capacity) * sizeof(REAL));
    if (!workspace)
        return WG_E_MEMORY;
    g.packed_a = (REAL *)(void *)wg_storage_data(workspace);
    g.packed_b = g.packed_a + threads * g.a_capacity;
    for (g.column = 0; g.column < p->n; g.column += g.nc) {
        g.columns = p->n - g.column < g.nc ? p->n - g.column : g.nc;
        const int64_t panels = (g.columns + g.nr - 1) / g.nr;
        for (g.depth = 0; g.depth < p->k; g.depth += g.depths) {
            g.depths = p->k - g.depth < longest ? p->k - g.depth : longest;
            wg_parallel(threads, panels, T(pack_b), &g);
            wg_parallel(threads, threads, T(multiply_parts), &g);
        }
    }
    wg_storage_unref(workspace);
    return WG_OK;
}
