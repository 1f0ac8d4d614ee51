/* The engines of matrix products against each other. Every variant of the native kernels, with any number of threads, gives the
   bits of a plain loop over fma; BLIS agrees to rounding. These tests use the engine's internal interface. */
#include "common.h"

#include "gemm/native_gemm.h"

/* ---- random products ---- */

static uint64_t state;

static int64_t draw(int64_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state >> 33) % (uint64_t)n);
}

static double draw_number(void)
{
    return (double)(draw(1 << 24) - (1 << 23)) / (1 << 23);
}

/* A matrix inside a block of exactly the size that its strides require. */
struct matrix {
    char *block;
    size_t bytes;
    char *first;
    int64_t row, column;
};

enum { ROWS_TOGETHER, COLUMNS_TOGETHER, APART, BACKWARDS, ONE_ROW, ONE_COLUMN, LAYOUTS, LAYOUTS_OF_C = BACKWARDS };

static struct matrix new_matrix(int64_t rows, int64_t columns, int layout, size_t size)
{
    struct matrix x = {0};
    const int64_t gap = draw(3) ? draw(4) : 1024 - columns % 1024;
    x.column = layout == COLUMNS_TOGETHER ? rows + draw(4) : layout == APART ? 1 + draw(3) : layout == ONE_COLUMN ? 0 : 1;
    x.row = layout == COLUMNS_TOGETHER ? 1 : layout == ONE_ROW ? 0 : layout == ONE_COLUMN ? 1 + draw(3) : columns * x.column + gap;
    if (layout == BACKWARDS && draw(2))
        x.column = -1;
    if (layout == BACKWARDS && (x.column == 1 || draw(2)))
        x.row = -x.row;
    const int64_t down = rows ? (rows - 1) * x.row : 0, across = columns ? (columns - 1) * x.column : 0;
    const int64_t before = (down < 0 ? -down : 0) + (across < 0 ? -across : 0);
    const int64_t behind = (down > 0 ? down : 0) + (across > 0 ? across : 0);
    x.bytes = (size_t)(before + behind + 1) * size;
    x.block = malloc(x.bytes);
    assert_non_null(x.block);
    x.first = x.block + before * (int64_t)size;
    return x;
}

static void fill(struct matrix x, wg_dtype dtype)
{
    const size_t size = dtype == WG_F32 ? sizeof(float) : sizeof(double);
    for (size_t i = 0; i < x.bytes / size; i++)
        if (dtype == WG_F32)
            ((float *)(void *)x.block)[i] = (float)draw_number();
        else
            ((double *)(void *)x.block)[i] = draw_number();
}

struct sample {
    wg_dtype dtype;
    struct wg_product p;
    struct matrix a, b, c, bias;
    char *before, *want; /* the block of c before the call, and as the plain loop leaves it */
};

static int64_t draw_extent(int64_t most)
{
    return draw(4) == 0 ? 1 + draw(most < 20 ? most : 20) : 1 + draw(most);
}

static struct sample new_sample(int64_t m, int64_t n, int64_t k, wg_dtype dtype)
{
    const size_t size = dtype == WG_F32 ? sizeof(float) : sizeof(double);
    static const double betas[] = {0, 0, 1, 1, 0.5, -1.25};
    struct sample s = {.dtype = dtype};
    s.a = new_matrix(m, k, (int)draw(LAYOUTS), size);
    s.b = new_matrix(k, n, (int)draw(LAYOUTS), size);
    s.c = new_matrix(m, n, (int)draw(LAYOUTS_OF_C), size);
    s.bias = new_matrix(m, n, draw(4) ? draw(2) ? ONE_ROW : ONE_COLUMN : (int)draw(LAYOUTS), size);
    fill(s.a, dtype);
    fill(s.b, dtype);
    fill(s.c, dtype);
    fill(s.bias, dtype);
    s.p = (struct wg_product){.m = m,
                              .n = n,
                              .k = k,
                              .a = s.a.first,
                              .b = s.b.first,
                              .c = s.c.first,
                              .a_row = s.a.row,
                              .a_column = s.a.column,
                              .b_row = s.b.row,
                              .b_column = s.b.column,
                              .c_row = s.c.row,
                              .c_column = s.c.column,
                              .beta = betas[draw(6)],
                              .bias = draw(2) ? s.bias.first : NULL,
                              .bias_row = s.bias.row,
                              .bias_column = s.bias.column,
                              .relu = draw(3) == 0};
    s.before = malloc(s.c.bytes);
    s.want = malloc(s.c.bytes);
    assert_non_null(s.before);
    assert_non_null(s.want);
    memcpy(s.before, s.c.block, s.c.bytes);
    assert_ok(wg_native_gemm(WG_VARIANT_LOOP, dtype, &s.p, 1));
    memcpy(s.want, s.c.block, s.c.bytes);
    memcpy(s.c.block, s.before, s.c.bytes);
    return s;
}

static void free_sample(struct sample *s)
{
    free(s->a.block);
    free(s->b.block);
    free(s->c.block);
    free(s->bias.block);
    free(s->before);
    free(s->want);
}

static void fail_sample(const struct sample *s, const char *engine, int variant, int threads)
{
    const struct wg_product *p = &s->p;
    fail_msg("%s, variant %d, %d threads, %s: %d x %d x %d, a (%d,%d), b (%d,%d), c (%d,%d), beta %g, bias %d (%d,%d), relu %d",
             engine, variant, threads, s->dtype == WG_F32 ? "f32" : "f64", (int)p->m, (int)p->n, (int)p->k, (int)p->a_row,
             (int)p->a_column, (int)p->b_row, (int)p->b_column, (int)p->c_row, (int)p->c_column, p->beta, p->bias != NULL,
             (int)p->bias_row, (int)p->bias_column, p->relu);
}

/* ---- the tests ---- */

static void assert_variants_agree(struct sample *s)
{
    for (int variant = WG_VARIANT_PORTABLE; variant < WG_VARIANTS; variant++)
        for (int threads = 1; threads <= 5 && wg_variant_runs((enum wg_variant)variant); threads += 1 + threads / 3) {
            memcpy(s->c.block, s->before, s->c.bytes);
            assert_ok(wg_native_gemm((enum wg_variant)variant, s->dtype, &s->p, threads));
            if (memcmp(s->c.block, s->want, s->c.bytes) != 0)
                fail_sample(s, "own", variant, threads);
        }
}

/* Under AddressSanitizer a product takes twenty times as long: one sample in so many is tried there. */
#ifdef TEST_ASAN
enum { ONE_IN = 5 };
#else
enum { ONE_IN = 1 };
#endif

static void own_variants_give_the_bits_of_a_loop(void **unused)
{
    (void)unused;
    state = 1;
    const long samples = how_often(600, 6000) / ONE_IN;
    for (long i = 0; i < samples; i++) {
        const int64_t most = i % 5 == 0 ? 150 : 50, m = draw_extent(most), n = draw_extent(i % 3 ? most : WG_FEW);
        const bool swaps = draw(2) == 0;
        struct sample s = new_sample(swaps ? n : m, swaps ? m : n, draw_extent(3 * most), i % 2 ? WG_F64 : WG_F32);
        assert_variants_agree(&s);
        free_sample(&s);
    }
}

/* Large enough that everything is packed, in several blocks of rows, columns and k, and one long sum. */
static void own_variants_agree_on_large_products(void **unused)
{
    (void)unused;
    state = 2;
    static const int shapes[][3] = {{700, 70, 800}, {70, 3300, 60}, {400, 400, 400}, {3, 5, 20000}, {1, 3000, 500}, {2000, 2, 500}};
    for (int i = 0; i < 2 * 6; i += ONE_IN) {
        const int *extent = shapes[i % 6];
        struct sample s = new_sample(extent[0], extent[1], extent[2], i < 6 ? WG_F32 : WG_F64);
        assert_variants_agree(&s);
        free_sample(&s);
    }
}

static void assert_close(const struct sample *s)
{
    const double unit = s->dtype == WG_F32 ? 0x1p-24 : 0x1p-53, bound = (2 * (double)s->p.k + 8) * unit * ((double)s->p.k + 4);
    for (int64_t i = 0; i < s->p.m; i++)
        for (int64_t j = 0; j < s->p.n; j++) {
            const int64_t at = i * s->p.c_row + j * s->p.c_column, first = s->c.first - s->c.block;
            const char *got = s->c.block + first, *want = s->want + first;
            const double x = s->dtype == WG_F32 ? ((const float *)(const void *)got)[at] : ((const double *)(const void *)got)[at];
            const double y = s->dtype == WG_F32 ? ((const float *)(const void *)want)[at]
                                                : ((const double *)(const void *)want)[at];
            if (!(fabs(x - y) <= bound))
                fail_sample(s, "BLIS", 0, 0);
        }
}

static void blis_agrees_to_rounding(void **unused)
{
    (void)unused;
    state = 3;
    for (int i = 0; i < 200; i++) {
        struct sample s = new_sample(draw_extent(100), draw_extent(100), draw_extent(300), i % 2 ? WG_F64 : WG_F32);
        assert_ok(wg_blis_gemm(s.dtype, &s.p));
        assert_close(&s);
        free_sample(&s);
    }
}

/* beta = 0 overwrites NaN; a NaN in a reaches its row, through relu too; infinity times zero is NaN. */
static void special_numbers_go_where_they_belong(void **unused)
{
    (void)unused;
    enum { M = 17, N = 35, K = 21 };
    static float a[M][K], b[K][N], c[M][N];
    for (int variant = WG_VARIANT_LOOP; variant < WG_VARIANTS; variant++) {
        if (!wg_variant_runs((enum wg_variant)variant))
            continue;
        for (int i = 0; i < M; i++)
            for (int l = 0; l < K; l++)
                a[i][l] = -1;
        for (int l = 0; l < K; l++)
            for (int j = 0; j < N; j++)
                b[l][j] = j == 34 ? 0 : 1;
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++)
                c[i][j] = NAN;
        a[3][20] = NAN;
        a[16][0] = INFINITY;
        const struct wg_product p = {.m = M,
                                     .n = N,
                                     .k = K,
                                     .a = a,
                                     .b = b,
                                     .c = c,
                                     .a_row = K,
                                     .a_column = 1,
                                     .b_row = N,
                                     .b_column = 1,
                                     .c_row = N,
                                     .c_column = 1,
                                     .relu = true};
        assert_ok(wg_native_gemm((enum wg_variant)variant, WG_F32, &p, 1));
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++)
                if (i == 3 || (i == 16 && j == 34))
                    assert_true(isnan(c[i][j]));
                else
                    assert_true(c[i][j] == (i == 16 ? INFINITY : 0) && !signbit(c[i][j]));
    }
}

static void nothing_to_sum_is_zero(void **unused)
{
    (void)unused;
    double c[2][2] = {{NAN, 2}, {-3, 4}}, bias[2] = {1, -9};
    struct wg_product p = {.m = 2, .n = 2, .c = c, .c_row = 2, .c_column = 1, .bias = bias, .bias_column = 1, .relu = true};
    assert_ok(wg_gemm(WG_F64, &p));
    assert_true(c[0][0] == 1 && c[0][1] == 0 && c[1][0] == 1 && c[1][1] == 0);
    p.beta = 2;
    p.relu = false;
    assert_ok(wg_gemm(WG_F64, &p));
    assert_true(c[0][0] == 3 && c[0][1] == -9 && c[1][0] == 3 && c[1][1] == -9);
    p.m = 0;
    p.k = 5;
    assert_ok(wg_gemm(WG_F64, &p));
    assert_true(c[0][0] == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(own_variants_give_the_bits_of_a_loop),
        TEST(own_variants_agree_on_large_products),
        TEST(blis_agrees_to_rounding),
        TEST(special_numbers_go_where_they_belong),
        TEST(nothing_to_sum_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
