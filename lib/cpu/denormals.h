/* The CPU's floating-point mode, a register of each thread: its rounding mode, whether denormal results are flushed to zero, and
   whether denormal operands are read as zero. */
#ifndef WG_DENORMALS_H
#define WG_DENORMALS_H

#if defined(__SSE2__)
#include <xmmintrin.h>
enum { WG_DENORMALS_CAN = 1, WG_DENORMALS_FLUSHED = 0x8040 }; /* FTZ and DAZ of MXCSR */

static inline unsigned wg_float_mode(void)
{
    return _mm_getcsr();
}

static inline void wg_float_mode_set(unsigned mode)
{
    _mm_setcsr(mode);
}
#elif defined(__aarch64__)
#include <stdint.h>
enum { WG_DENORMALS_CAN = 1, WG_DENORMALS_FLUSHED = 1 << 24 }; /* FZ of FPCR */

static inline unsigned wg_float_mode(void)
{
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return (unsigned)control;
}

static inline void wg_float_mode_set(unsigned mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)mode));
}
#else
enum { WG_DENORMALS_CAN = 0, WG_DENORMALS_FLUSHED = 1 };

static inline unsigned wg_float_mode(void)
{
    return 0;
}

static inline void wg_float_mode_set(unsigned mode)
{
    (void)mode;
}
#endif

static inline unsigned wg_denormals_mode(void)
{
    return wg_float_mode() & WG_DENORMALS_FLUSHED;
}

static inline void wg_denormals_set(unsigned mode)
{
    if (wg_denormals_mode() != mode)
        wg_float_mode_set((wg_float_mode() & ~(unsigned)WG_DENORMALS_FLUSHED) | mode);
}

#endif
