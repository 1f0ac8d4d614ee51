/* The instruction set that kernels use, determined once from the CPU, the operating system and the environment. */
#include "cpu/isa.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/runtime.h"

static const char *const names[] = {[WG_PORTABLE] = "portable", [WG_AVX2] = "avx2", [WG_AVX512] = "avx512"};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static enum wg_isa chosen;

static enum wg_isa best(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return WG_AVX512;
    if (avx2)
        return WG_AVX2;
#endif
    return WG_PORTABLE;
}

/* An unknown name, or the name of a set that the CPU lacks, has no effect. */
static void choose(void)
{
    const char *wanted = getenv("WENGERT_ISA");
    chosen = best();
    for (int isa = WG_PORTABLE; wanted && isa < (int)chosen; isa++)
        if (strcmp(wanted, names[isa]) == 0)
            chosen = (enum wg_isa)isa;
}

enum wg_isa wg_isa(void)
{
    pthread_once(&once, choose);
    return chosen;
}

const char *wg_instruction_set(void)
{
    return names[wg_isa_of_ops()];
}
