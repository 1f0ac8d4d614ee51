/* Matrix products: the choice of the engine, and the parts that both engines share. */
#include "core/parallel.h"
#include "cpu/isa.h"
#include "gemm/native_gemm.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define REAL float
#define T(name) name##_f32
#include "gemm/gemm_tail_tmpl.h"
#undef REAL
#undef T
#define REAL double
#define T(name) name##_f64
#include "gemm/gemm_tail_tmpl.h"
#undef REAL
#undef T

/* Forking pays from 1e6 flops on (measured: docs/guide/products.md). With fewer than eight rows or columns most of the time goes
   into reading the other operand, so m and n count as at least 8. */
int wg_gemm_threads(const struct wg_product *p)
{
    const double m = p->m < 8 ? 8 : (double)p->m, n = p->n < 8 ? 8 : (double)p->n;
    return 2 * m * n * (double)p->k < 1e6 ? 1 : wg_free_threads();
}

void wg_gemm_scale(wg_dtype dtype, const struct wg_product *p)
{
    (dtype == WG_F32 ? scale_f32 : scale_f64)(p);
}

void wg_gemm_finish(wg_dtype dtype, const struct wg_product *p, int threads)
{
    struct wg_product tail = p->c_column == 1 || p->c_row != 1 ? *p : wg_product_transposed(p);
    if (p->bias || p->relu)
        wg_parallel(threads, tail.m, dtype == WG_F32 ? finish_rows_f32 : finish_rows_f64, &tail);
}

/* ---- the choice ---- */

/* The largest m n k for which the native kernels are used, by instruction set and dtype. Larger products go to BLIS. Measured:
   docs/guide/products.md. On AVX2 BLIS would compute the large ones up to a tenth faster, but with other bits than on AVX-512. */
static const double native_up_to[][2] = {
    [WG_PORTABLE] = {0, 0},
    [WG_AVX2] = {INFINITY, INFINITY},
    [WG_AVX512] = {INFINITY, INFINITY},
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct {
    enum wg_variant variant;
    double native_up_to[2];
} chosen;

static void choose(void)
{
    static const enum wg_variant variants[] = {
        [WG_PORTABLE] = WG_VARIANT_PORTABLE, [WG_AVX2] = WG_VARIANT_AVX2, [WG_AVX512] = WG_VARIANT_AVX512};
    const char *wanted = getenv("WENGERT_GEMM");
    const bool native = wanted && strcmp(wanted, "native") == 0, blis = wanted && strcmp(wanted, "blis") == 0;
    chosen.variant = variants[wg_isa()];
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
        chosen.native_up_to[dtype] = native ? INFINITY : blis ? 0 : native_up_to[wg_isa()][dtype];
}

const char *wg_product_engine(void)
{
    pthread_once(&once, choose);
    const double up_to = fmin(chosen.native_up_to[WG_F32], chosen.native_up_to[WG_F64]);
    const double at_most = fmax(chosen.native_up_to[WG_F32], chosen.native_up_to[WG_F64]);
    return isinf(up_to) ? "native" : at_most == 0 ? "blis" : "native and blis";
}

wg_status wg_gemm(wg_dtype dtype, const struct wg_product *p)
{
    pthread_once(&once, choose);
    if (p->m == 0 || p->n == 0)
        return WG_OK;
    if (p->k == 0) {
        wg_gemm_scale(dtype, p);
        wg_gemm_finish(dtype, p, 1);
        return WG_OK;
    }
    if ((double)p->m * (double)p->n * (double)p->k > chosen.native_up_to[dtype])
        return wg_blis_gemm(dtype, p);
    return wg_native_gemm(chosen.variant, dtype, p, wg_gemm_threads(p));
}

wg_status wg_warmup(int threads)
{
    const int before = wg_threads();
    WG_TRY(wg_set_threads(threads));
    enum { N = 192 };
    struct wg_storage *block = wg_storage_new(3 * N * N * sizeof(double));
    wg_status status = block ? WG_OK : WG_E_MEMORY;
    for (int dtype = WG_F32; dtype <= WG_F64 && status == WG_OK; dtype++) {
        double *x = (double *)(void *)wg_storage_data(block);
        memset(x, 0, 2 * N * N * sizeof *x);
        const struct wg_product product = {.m = N,
                                           .n = N,
                                           .k = N,
                                           .a = x,
                                           .b = x + N * N,
                                           .c = x + 2 * N * N,
                                           .a_row = N,
                                           .a_column = 1,
                                           .b_row = N,
                                           .b_column = 1,
                                           .c_row = N,
                                           .c_column = 1};
        status = wg_blis_gemm((wg_dtype)dtype, &product);
    }
    if (block)
        wg_storage_unref(block);
    WG_TRY(wg_set_threads(before));
    return status;
}

const char *wg_version(void)
{
    return WG_VERSION;
}
