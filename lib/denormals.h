/* The CPU's mode for denormal numbers, a register of each thread: results are flushed to zero, and operands read as zero. */
#ifndef WG_DENORMALS_H
#define WG_DENORMALS_H

#if defined(__SSE2__)
#include <xmmintrin.h>
enum { WG_DENORMALS_CAN = 1, WG_DENORMALS_FLUSHED = 0x8040 }; /* FTZ and DAZ of MXCSR */

static inline unsigned wg_denormals_mode(void)
{
    return _mm_getcsr() & WG_DENORMALS_FLUSHED;
}

static inline void wg_denormals_set(unsigned mode)
{
    if (wg_denormals_mode() != mode)
        _mm_setcsr((_mm_getcsr() & ~(unsigned)WG_DENORMALS_FLUSHED) | mode);
}
#elif defined(__aarch64__)
#include <stdint.h>
enum { WG_DENORMALS_CAN = 1, WG_DENORMALS_FLUSHED = 1 << 24 }; /* FZ of FPCR */

static inline unsigned wg_denormals_mode(void)
{
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return (unsigned)control & WG_DENORMALS_FLUSHED;
}

static inline void wg_denormals_set(unsigned mode)
{
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    if (((unsigned)control & WG_DENORMALS_FLUSHED) != mode)
        __asm__ volatile("msr fpcr, %0" : : "r"((control & ~(uint64_t)WG_DENORMALS_FLUSHED) | mode));
}
#else
enum { WG_DENORMALS_CAN = 0, WG_DENORMALS_FLUSHED = 1 };

static inline unsigned wg_denormals_mode(void)
{
    return 0;
}

static inline void wg_denormals_set(unsigned mode)
{
    (void)mode;
}
#endif

#endif
