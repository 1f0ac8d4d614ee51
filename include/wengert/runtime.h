/* The machine beneath: threads, BLIS and the kernel family it runs on, memory. */
#ifndef WENGERT_RUNTIME_H
#define WENGERT_RUNTIME_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WG_VERSION "0.1.0"
WG_API const char *wg_version(void);

/* How many threads an op of this thread may use, this one among them; at first OMP_NUM_THREADS or the number of cores. The others are helpers
   of this thread's own, made when an op is large enough; docs/guide/threads.md says when, and how they behave on a busy machine and
   after fork. Results do not depend on it. E_ARGUMENT below 1 or above 1024. */
WG_API wg_status wg_set_threads(int threads);
WG_API int wg_threads(void);

/* Whether denormal numbers, those below 1.2e-38 in f32 and 2.2e-308 in f64, count as zero, as operands and as results, in what this thread
   computes: its ops, on whatever workers they run, and the program's own arithmetic, for it is a mode of the CPU (FTZ and DAZ of
   MXCSR, or FZ of FPCR). Off unless it is asked for; a thread begins with the mode of the one that started it. On, what reads
   denormals is not slower than what does not, which on many CPUs is a factor of 10 to 100; results differ from those of the other
   mode where a number was denormal, and still do not depend on the number of threads. A replay computes in the mode of the thread that
   runs it. Libraries that bring threads of their own (LAPACK) may leave theirs as they were. E_STATE where the CPU has no such mode,
   and only if on. Cost: none in a kernel. */
WG_API wg_status wg_flush_denormals(bool on);
WG_API bool wg_flushes_denormals(void);

/* The instruction set that the kernels of ops run on: "avx512", "avx2" (with FMA) or "portable". It is the best that the CPU has; the
   environment variable WENGERT_ISA=avx2 or portable, read once, asks for less (valgrind knows no AVX-512), as does a build with
   -Dsimd=false. */
WG_API const char *wg_instruction_set(void);

/* The kernel family that BLIS runs on, by BLIS's own name: "skx", "zen3", "haswell", … It is chosen from the CPU's features at the
   first product, unless BLIS_ARCH_TYPE is set: then the user has chosen. "generic" means slow portable kernels. */
WG_API const char *wg_kernel_family(void);

/* Runs BLIS once with this many threads, and makes the helpers. BLIS ends the process when memory runs out in its first call; Wengert's
   promise about memory covers what comes after. Also done by the first product or
   LAPACK op that runs on BLIS. */
WG_API wg_status wg_warmup(int threads);

/* This thread's memory: bytes in use by tensors and tapes, bytes kept for reuse, and how many times malloc was called. They are address
   space: what a captured or evaluated step never touches of it is not resident. From a thread's first tape on some 256 KiB stay in use
   until wg_memory_trim. What another thread frees goes back to the system, and stays among this one's bytes in use. */
typedef struct wg_memory {
    int64_t live, peak, pooled, mallocs;
} wg_memory;
WG_API wg_memory wg_memory_now(void);
WG_API void wg_memory_trim(void); /* gives the pool back to the system */

/* For tests: the at-th allocation of this thread from now fails (0 is the next), and with persistent all later ones too. Negative
   ends it. Counts what Wengert asks for, from its pool or from malloc. */
WG_API void wg_memory_fail(int64_t at, bool persistent);
WG_API int64_t wg_memory_requests(void); /* how many allocations were asked for since wg_memory_fail was last called */

#ifdef __cplusplus
}
#endif

#endif
