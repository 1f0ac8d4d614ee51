/* Non-temporal stores: they bypass the caches, for results too large to stay there until they are read. A cache line that is
   written whole need not be read first. */
#ifndef WG_NONTEMPORAL_H
#define WG_NONTEMPORAL_H

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

/* Bytes of a cache line, and the size of a result, in bytes, from which it is streamed. */
enum { WG_LINE = 64, WG_STREAMED_FROM = 1 << 25 };

/* Copies bytes with non-temporal stores. to is aligned to a cache line, from to 16 bytes. */
static inline void wg_stream(char *to, const char *from, int64_t bytes)
{
#if defined(__x86_64__)
    const int64_t whole = bytes / WG_LINE * WG_LINE;
    for (int64_t at = 0; at < whole; at += (int64_t)sizeof(__m128i))
        _mm_stream_si128((__m128i *)(void *)(to + at), _mm_load_si128((const __m128i *)(const void *)(from + at)));
    memcpy(to + whole, from + whole, (size_t)(bytes - whole));
#else
    memcpy(to, from, (size_t)bytes);
#endif
}

/* Makes the streamed bytes visible to other threads. */
static inline void wg_stream_end(void)
{
#if defined(__x86_64__)
    _mm_sfence();
#endif
}

#endif
