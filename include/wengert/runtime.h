/* The runtime environment: threads, kernels, optional parts, memory. */
#ifndef WENGERT_RUNTIME_H
#define WENGERT_RUNTIME_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WG_VERSION "0.1.0"
WG_API const char *wg_version(void);

/* The number of threads that an op of this thread may use, including this one; initially OMP_NUM_THREADS or the number of cores.
   The others are helper threads that belong to this thread. They are started when an op is large enough (from about 64 Ki
   element-operations) and sleep when there is nothing to do; on a busy machine the caller does their work itself, and a child
   after fork starts its own. Results do not depend on the number. E_ARGUMENT below 1 or above 1024. */
WG_API wg_status wg_set_threads(int threads);
WG_API int wg_threads(void);

/* Sets whether denormal numbers (magnitudes below 1.2e-38 in f32 and 2.2e-308 in f64) count as zero, as operands and as results, in
   everything that this thread computes: its ops, on whichever workers they run, and the program's own arithmetic, because it is a
   mode of the CPU (FTZ and DAZ of MXCSR, or FZ of FPCR). The default is off; a thread starts in the mode of the thread that started
   it.
   When on, ops on denormals are as fast as others; when off, they are slower on many CPUs by a factor of 10 to 100. Results differ
   between the modes where a number was denormal, and do not depend on the number of threads in either. A replay computes in the
   mode of the thread that runs it. Libraries with threads of their own (LAPACK) may leave the mode of those threads unchanged.
   Errors: E_STATE if the CPU has no such mode and on is true. Cost: none in a kernel. */
WG_API wg_status wg_flush_denormals(bool on);
WG_API bool wg_flushes_denormals(void);

/* The instruction set of the ops' kernels: "avx512", "avx2" (with FMA) or "portable". The default is the best that the CPU
   supports. The environment variable WENGERT_ISA=avx2 or portable, read once, limits it (valgrind does not support AVX-512), and
   so does a build with -Dsimd=false. avx2 and avx512 give the same bits. "portable" gives them on a CPU with FMA that is no x86
   (aarch64); on x86-64, where it uses no FMA, it gives other last digits in
   convolution and in the functions that are made of a series, such as exp and tanh. */
WG_API const char *wg_instruction_set(void);

/* The kernel family that BLIS uses, by BLIS's own name: "skx", "zen3", "haswell", … At the first matrix product it is chosen by
   the CPU's features, unless the user has chosen it with BLIS_ARCH_TYPE. "generic" means slow portable kernels. */
WG_API const char *wg_kernel_family(void);

/* The engine of matrix products: "native" (Wengert's kernels), "blis", or "native and blis" if the size of a product decides.
   WENGERT_GEMM=native or blis, read once, chooses it; docs/guide/products.md compares them. */
WG_API const char *wg_product_engine(void);

/* An optional part of this library. present: it was built in. cost: what is missing or slower without it, and how to get it. */
typedef struct wg_feature {
    const char *name, *use;
    bool present;
    const char *cost;
} wg_feature;
WG_API const wg_feature *wg_feature_at(size_t index); /* NULL past the end */

/* Runs BLIS once with this many threads, and starts the helper threads. If memory runs out in BLIS's first call, BLIS ends the
   process; Wengert reports E_MEMORY only for later calls. The first matrix product or LAPACK op that uses BLIS does the same as
   this function. */
WG_API wg_status wg_warmup(int threads);

/* Memory of this thread. live, peak: bytes in use by tensors and tapes, now and at most. pooled: bytes kept for reuse. mallocs:
   calls of malloc. The bytes are address space: parts that a captured or evaluated step never touches are not resident. After a
   thread's first tape about 256 KiB remain in use until wg_memory_trim. Memory that another thread frees returns to the system
   but still counts as live here. */
typedef struct wg_memory {
    int64_t live, peak, pooled, mallocs;
} wg_memory;
WG_API wg_memory wg_memory_now(void);
/* Returns the pool and the memory of closed tapes to the system. Afterwards a handle from a tape that was closed before may no
   longer be passed to any function: it is not recognised as dangling. */
WG_API void wg_memory_trim(void);

/* For tests: makes the at-th allocation of this thread from now fail (0 is the next one), and all later ones too if persistent.
   A negative at ends this. Counted are Wengert's own requests, to its pool or to malloc. */
WG_API void wg_memory_fail(int64_t at, bool persistent);
WG_API int64_t wg_memory_requests(void); /* allocations requested since the last wg_memory_fail */

#ifdef __cplusplus
}
#endif

#endif
