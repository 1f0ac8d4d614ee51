/* Benchmarks matrix products: Wengert's choice and its two engines, BLIS by its own interface, and OpenBLAS and LIBXSMM if
   installed, alternating in one run. The shapes are those of workloads W1 to W6, forward (x wᵀ) and backward (g w, gᵀ x), and
   squares. Prints medians in GFLOP/s; the last column is Wengert's divided by the best of the others.
   usage: bench-gemm [-b] [-t THREADS] [-d f32|f64] [-r ROUNDS] [-e ENGINES] [-c CORE] [SHAPE...]   SHAPE: part of a name, all without;
   -b: the best round instead of the median, for a machine that others use; -c: OpenBLAS's kernels, for a CPU that it does not know */
#include <blis.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wengert.h>

#include "cpu/isa.h"
#include "gemm/native_gemm.h"
#include "timing.h"

#ifdef WG_HAVE_XSMM
#include <libxsmm.h>
#endif

enum { MOST_ROUNDS = 1001 };

/* ---- shapes ---- */

/* c (m,n) = a b. layout: the first letter says whether a is stored (k,m), the second whether b is stored (n,k). */
struct shape {
    const char *layout;
    int m, n, k;
    const char *where;
};

#define LAYER(batch, in, out, where)                                                 \
    {"NT", batch, out, in, where " forward"}, {"NN", batch, in, out, where " to x"}, \
    {                                                                                \
        "TN", out, in, batch, where " to w"                                          \
    }

#define LAYOUTS(m, n, k)                                                       \
    {"NN", m, n, k, "thin"}, {"NT", m, n, k, "thin"}, {"TN", m, n, k, "thin"}, \
    {                                                                          \
        "TT", m, n, k, "thin"                                                  \
    }
#define THIN(n) LAYOUTS(256, n, 256), LAYOUTS(n, 256, 256), LAYOUTS(256, 256, n)

static const struct shape shapes[] = {
    LAYER(32, 64, 32, "W1"),
    LAYER(32, 32, 10, "W1"),
    LAYER(128, 784, 256, "W2"),
    LAYER(128, 256, 128, "W2"),
    LAYER(128, 128, 10, "W2"),
    LAYER(256, 1024, 1024, "W3"),
    LAYER(256, 1024, 10, "W3"),
    LAYER(64, 400, 120, "W5"),
    LAYER(64, 120, 84, "W5"),
    LAYER(64, 84, 10, "W5"),
    LAYER(32, 4096, 10, "W5b"),
    LAYER(256, 3, 256, "W6"),
    LAYER(256, 4, 256, "W6"),
    LAYER(256, 256, 256, "W6"),
    LAYER(256, 256, 1, "W6"),
    THIN(1),
    THIN(3),
    THIN(4),
    {"NN", 16, 16, 16, "square"},
    {"NN", 32, 32, 32, "square"},
    {"NN", 48, 48, 48, "square"},
    {"NN", 64, 64, 64, "square"},
    {"NN", 96, 96, 96, "square"},
    {"NN", 128, 128, 128, "square"},
    {"NT", 128, 128, 128, "square"},
    {"TN", 128, 128, 128, "square"},
    {"NN", 256, 256, 256, "square"},
    {"NN", 384, 384, 384, "square"},
    {"NN", 512, 512, 512, "square"},
    {"NT", 512, 512, 512, "square"},
    {"TN", 512, 512, 512, "square"},
    {"NN", 1024, 1024, 1024, "square"},
    {"NT", 1024, 1024, 1024, "square"},
    {"NN", 2048, 2048, 2048, "square"},
    {"NT", 2048, 2048, 2048, "square"},
};

/* ---- engines ---- */

struct work {
    const struct shape *shape;
    wg_dtype dtype;
    int threads;
    struct wg_product p;
    int lda, ldb, ldc;
    bool a_turned, b_turned;
    void *kernel; /* what an engine has prepared */
};

static void fail_if(bool failed)
{
    if (failed)
        exit(wg_error_report(stderr));
}

static void run_wengert(struct work *w)
{
    fail_if(wg_gemm(w->dtype, &w->p) != WG_OK);
}

static enum wg_variant variant;

static void run_own(struct work *w)
{
    fail_if(wg_native_gemm(variant, w->dtype, &w->p, wg_gemm_threads(&w->p)) != WG_OK);
}

static void run_blis_kernels(struct work *w)
{
    fail_if(wg_blis_gemm(w->dtype, &w->p) != WG_OK);
}

static void run_blis(struct work *w)
{
    float one_f = 1, zero_f = 0;
    double one = 1, zero = 0;
    rntm_t runtime;
    bli_rntm_init(&runtime);
    bli_rntm_set_num_threads(w->threads, &runtime);
    const struct wg_product *p = &w->p;
    if (w->dtype == WG_F32)
        bli_sgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, p->m, p->n, p->k, &one_f, (float *)(uintptr_t)p->a, p->a_row,
                     p->a_column, (float *)(uintptr_t)p->b, p->b_row, p->b_column, &zero_f, p->c, p->c_row, p->c_column, NULL,
                     &runtime);
    else
        bli_dgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, p->m, p->n, p->k, &one, (double *)(uintptr_t)p->a, p->a_row, p->a_column,
                     (double *)(uintptr_t)p->b, p->b_row, p->b_column, &zero, p->c, p->c_row, p->c_column, NULL, &runtime);
}

typedef void cblas_sgemm_type(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
typedef void cblas_dgemm_type(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *,
                              int);
static cblas_sgemm_type *openblas_sgemm;
static cblas_dgemm_type *openblas_dgemm;
static void (*openblas_threads)(int);

/* OpenBLAS may have been loaded before main, as another library's BLAS, and have read these variables: the program restarts
   itself with the given core, or none. */
static void start_with_core(const char *core, char **argv)
{
    const char *before = getenv("OPENBLAS_CORETYPE");
    if (!getenv("OPENBLAS_L2_SIZE") && (core ? before && strcmp(before, core) == 0 : !before))
        return;
    unsetenv("OPENBLAS_CORETYPE");
    unsetenv("OPENBLAS_L2_SIZE");
    if (!core || setenv("OPENBLAS_CORETYPE", core, 1) == 0)
        execv("/proc/self/exe", argv);
}

static bool find_openblas(void)
{
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return false;
    *(void **)(void *)&openblas_sgemm = dlsym(library, "cblas_sgemm");
    *(void **)(void *)&openblas_dgemm = dlsym(library, "cblas_dgemm");
    *(void **)(void *)&openblas_threads = dlsym(library, "openblas_set_num_threads");
    return openblas_sgemm && openblas_dgemm && openblas_threads;
}

static void run_openblas(struct work *w)
{
    enum { ROW_MAJOR = 101, AS_IT_IS = 111, TRANSPOSED = 112 };
    const int a = w->a_turned ? TRANSPOSED : AS_IT_IS, b = w->b_turned ? TRANSPOSED : AS_IT_IS;
    const struct shape *s = w->shape;
    if (w->dtype == WG_F32)
        openblas_sgemm(ROW_MAJOR, a, b, s->m, s->n, s->k, 1, w->p.a, w->lda, w->p.b, w->ldb, 0, w->p.c, w->ldc);
    else
        openblas_dgemm(ROW_MAJOR, a, b, s->m, s->n, s->k, 1, w->p.a, w->lda, w->p.b, w->ldb, 0, w->p.c, w->ldc);
}

#ifdef WG_HAVE_XSMM
/* LIBXSMM has kernels for small products only, and not for all layouts. It is column-major, so the operands are exchanged. */
static bool prepare_xsmm(struct work *w)
{
    const struct shape *s = w->shape;
    const int flags = (w->b_turned ? LIBXSMM_GEMM_FLAG_TRANS_A : 0) | (w->a_turned ? LIBXSMM_GEMM_FLAG_TRANS_B : 0), prefetch = 0;
    const float one_f = 1, zero_f = 0;
    const double one = 1, zero = 0;
    if (w->threads > 1 || (double)s->m * s->n * s->k > 3e7)
        return false;
    if (w->dtype == WG_F32) {
        libxsmm_smmfunction f = libxsmm_smmdispatch(s->n, s->m, s->k, &w->ldb, &w->lda, &w->ldc, &one_f, &zero_f, &flags,
                                                    &prefetch);
        memcpy(&w->kernel, &f, sizeof f);
    } else {
        libxsmm_dmmfunction f = libxsmm_dmmdispatch(s->n, s->m, s->k, &w->ldb, &w->lda, &w->ldc, &one, &zero, &flags, &prefetch);
        memcpy(&w->kernel, &f, sizeof f);
    }
    return w->kernel != NULL;
}

static void run_xsmm(struct work *w)
{
    libxsmm_smmfunction f;
    libxsmm_dmmfunction d;
    memcpy(&f, &w->kernel, sizeof f);
    memcpy(&d, &w->kernel, sizeof d);
    if (w->dtype == WG_F32)
        f(w->p.b, w->p.a, w->p.c);
    else
        d(w->p.b, w->p.a, w->p.c);
}
#endif

struct engine {
    char letter;
    const char *name;
    void (*run)(struct work *w);
    bool (*prepare)(struct work *w);
    bool peer, there;
};

static struct engine engines[] = {
    {'w', "wengert", run_wengert, NULL, false, true},      {'o', "own", run_own, NULL, false, true},
    {'k', "on-blis", run_blis_kernels, NULL, false, true}, {'b', "BLIS", run_blis, NULL, true, true},
    {'a', "OpenBLAS", run_openblas, NULL, true, true},
#ifdef WG_HAVE_XSMM
    {'x', "LIBXSMM", run_xsmm, prepare_xsmm, true, true},
#endif
};
enum { ENGINES = sizeof engines / sizeof *engines };

/* ---- timing ---- */

static double seconds(const struct engine *engine, struct work *w, int repeats)
{
    const double start = now();
    for (int i = 0; i < repeats; i++)
        engine->run(w);
    return (now() - start) / repeats;
}

static void fill(void *x, int64_t n, wg_dtype dtype)
{
    for (int64_t i = 0; i < n; i++)
        if (dtype == WG_F32)
            ((float *)x)[i] = (float)(i * 7919 % 1021) / 1021 - 0.5f;
        else
            ((double *)x)[i] = (double)(i * 7919 % 1021) / 1021 - 0.5;
}

static void prepare(struct work *w)
{
    const struct shape *s = w->shape;
    const size_t size = w->dtype == WG_F32 ? sizeof(float) : sizeof(double);
    void *block[3];
    const int64_t count[3] = {(int64_t)s->m * s->k, (int64_t)s->k * s->n, (int64_t)s->m * s->n};
    for (int i = 0; i < 3; i++) {
        block[i] = aligned_alloc(64, ((size_t)count[i] * size + 63) / 64 * 64);
        fail_if(!block[i]);
        fill(block[i], count[i], w->dtype);
    }
    w->a_turned = s->layout[0] == 'T';
    w->b_turned = s->layout[1] == 'T';
    w->lda = w->a_turned ? s->m : s->k;
    w->ldb = w->b_turned ? s->k : s->n;
    w->ldc = s->n;
    w->p = (struct wg_product){.m = s->m,
                               .n = s->n,
                               .k = s->k,
                               .a = block[0],
                               .b = block[1],
                               .c = block[2],
                               .a_row = w->a_turned ? 1 : s->k,
                               .a_column = w->a_turned ? s->m : 1,
                               .b_row = w->b_turned ? 1 : s->n,
                               .b_column = w->b_turned ? s->k : 1,
                               .c_row = s->n,
                               .c_column = 1};
}

static void measure(const struct shape *shape, wg_dtype dtype, int threads, int rounds, bool best)
{
    static double donated[ENGINES][MOST_ROUNDS];
    bool runs[ENGINES];
    struct work w = {.shape = shape, .dtype = dtype, .threads = threads};
    const double flops = 2.0 * shape->m * shape->n * shape->k;
    const int repeats = flops > 4e7 ? 1 : (int)(4e7 / (flops + 4e4)) + 1;
    prepare(&w);
    for (int e = 0; e < ENGINES; e++)
        runs[e] = engines[e].there && (!engines[e].prepare || engines[e].prepare(&w));
    for (int round = -1; round < rounds; round++)
        for (int e = 0; e < ENGINES; e++)
            if (runs[e]) {
                const double t = seconds(&engines[e], &w, repeats);
                donated[e][round < 0 ? 0 : round] = t;
            }
    double peer = 0, ours = 0;
    printf("%d %s %s %4d x %4d x %4d  %-12s", threads, dtype == WG_F32 ? "f32" : "f64", shape->layout, shape->m, shape->n, shape->k,
           shape->where);
    for (int e = 0; e < ENGINES; e++) {
        if (!runs[e]) {
            printf("        -");
            continue;
        }
        const double middle = median(donated[e], (size_t)rounds); /* which sorts */
        const double speed = flops / (best ? donated[e][0] : middle) / 1e9;
        printf(" %8.1f", speed);
        if (engines[e].peer && speed > peer)
            peer = speed;
        if (e == 0 || (!engines[e].peer && ours == 0))
            ours = speed;
    }
    printf("  %5.2f\n", peer > 0 ? ours / peer : 0.0);
    fflush(stdout);
    free((void *)(uintptr_t)w.p.a);
    free((void *)(uintptr_t)w.p.b);
    free(w.p.c);
}

static bool wanted(const struct shape *shape, char **names, int n)
{
    char name[64];
    snprintf(name, sizeof name, "%s %dx%dx%d %s", shape->layout, shape->m, shape->n, shape->k, shape->where);
    for (int i = 0; i < n; i++)
        if (strstr(name, names[i]))
            return true;
    return n == 0;
}

int main(int argc, char **argv)
{
    int threads = 1, rounds = 9, option;
    wg_dtype dtype = WG_F32;
    bool best = false;
    const char *core = NULL, *wanted_engines = NULL;
    variant = wg_isa() == WG_AVX512 ? WG_VARIANT_AVX512 : wg_isa() == WG_AVX2 ? WG_VARIANT_AVX2 : WG_VARIANT_PORTABLE;
    while ((option = getopt(argc, argv, "bt:d:r:e:c:")) != -1) {
        if (option == 'b')
            best = true;
        else if (option == 't')
            threads = atoi(optarg);
        else if (option == 'd')
            dtype = strcmp(optarg, "f64") == 0 ? WG_F64 : WG_F32;
        else if (option == 'r')
            rounds = atoi(optarg) < MOST_ROUNDS ? atoi(optarg) : MOST_ROUNDS;
        else if (option == 'e')
            wanted_engines = optarg;
        else if (option == 'c')
            core = optarg;
        else
            return 2;
    }
    start_with_core(core, argv);
    engines[4].there = find_openblas();
    for (int e = 0; e < ENGINES && wanted_engines; e++)
        engines[e].there = engines[e].there && strchr(wanted_engines, engines[e].letter);
    fail_if(wg_set_threads(threads) != WG_OK || wg_warmup(threads) != WG_OK);
    if (openblas_threads)
        openblas_threads(threads);
    printf("BLIS family %s; GFLOP/s, %s of %d\n%-42s", wg_kernel_family(), best ? "best" : "medians", rounds, "");
    for (int e = 0; e < ENGINES; e++)
        printf(" %8s", engines[e].name);
    printf("  ratio\n");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (wanted(&shapes[i], argv + optind, argc - optind))
            measure(&shapes[i], dtype, threads, rounds, best);
    return 0;
}
