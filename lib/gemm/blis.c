/* The BLIS engine: this library's loops (blis_tmpl.h) around BLIS's micro-kernels.

   Debian's BLIS 0.9.0 does not know CPUs newer than itself and falls back to portable kernels, which are five times slower. So this
   file chooses the kernel family from the instruction set and sets BLIS_ARCH_TYPE before BLIS reads it. */
#include "core/parallel.h"
#include "cpu/isa.h"
#include "gemm/gemm.h"

#include <blis.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The BLIS kernel family for the instruction set in use, or -1 to leave the choice to BLIS. A family is never tried out: one that
   the CPU lacks kills the process. *name is the expected name of the family. Family numbers change between versions of BLIS, so the
   caller checks that the running library has this name for the number. */
static int family_for_cpu(const char **name)
{
    if (wg_isa() == WG_AVX512) {
        *name = "skx";
        return BLIS_ARCH_SKX;
    }
    if (wg_isa() == WG_AVX2) {
        *name = "haswell";
        return BLIS_ARCH_HASWELL;
    }
    return -1;
}

static void start(void)
{
    const char *name = "";
    const int family = family_for_cpu(&name);
    const bool chosen_by_user = getenv("BLIS_ARCH_TYPE") != NULL;
    char number[16];
    if (!chosen_by_user && family >= 0 && strcmp(bli_arch_string((arch_t)family), name) == 0) {
        snprintf(number, sizeof number, "%d", family);
        setenv("BLIS_ARCH_TYPE", number, 1);
        bli_init();
        bli_arch_query_id(); /* BLIS reads the variable here, once */
        unsetenv("BLIS_ARCH_TYPE");
    } else {
        bli_init();
    }
    /* LAPACK may call BLIS, which would otherwise take its number of threads from OMP_NUM_THREADS. */
    if (!getenv("BLIS_NUM_THREADS"))
        bli_thread_set_num_threads(1);
}

const char *wg_kernel_family(void)
{
    pthread_once(&once, start);
    return bli_arch_string(bli_arch_query_id());
}

#define REAL float
#define T(name) name##_f32
#define KERNEL sgemm_ukr_ft
#include "gemm/blis_tmpl.h"
#undef REAL
#undef T
#undef KERNEL
#define REAL double
#define T(name) name##_f64
#define KERNEL dgemm_ukr_ft
#include "gemm/blis_tmpl.h"
#undef REAL
#undef T
#undef KERNEL

/* A micro-kernel prefers a c with contiguous rows or one with contiguous columns. If c has the other layout, the transposed product
   is computed. */
static void suit_kernel(struct wg_product *p, num_t type)
{
    const bool by_columns = bli_cntx_l3_nat_ukr_prefers_cols_dt(type, BLIS_GEMM_UKR, bli_gks_query_cntx());
    if ((by_columns ? p->c_column : p->c_row) != 1 || (by_columns ? p->c_row : p->c_column) == 1)
        return;
    *p = wg_product_transposed(p);
}

wg_status wg_blis_gemm(wg_dtype dtype, const struct wg_product *product)
{
    pthread_once(&once, start);
    const num_t type = dtype == WG_F32 ? BLIS_FLOAT : BLIS_DOUBLE;
    struct wg_product p = *product;
    suit_kernel(&p, type);
    const int threads = wg_gemm_threads(&p);
    WG_TRY(dtype == WG_F32 ? product_f32(&p, type, threads) : product_f64(&p, type, threads));
    wg_gemm_finish(dtype, &p, threads);
    return WG_OK;
}
