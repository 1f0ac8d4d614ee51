/* Writing past the caches, for what none of them holds until it is read: a line that is written whole need not be read first. */
#ifndef WG_STREAM_H
#define WG_STREAM_H

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

/* A line of the caches; bytes of a result from which it is streamed. */
enum { WG_LINE = 64, WG_STREAMED_FROM = 1 << 25 };

/* to stands at a line's beginning, from at a multiple of 16. */
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

/* Other threads are to see what was streamed. */
static inline void wg_stream_end(void)
{
#if defined(__x86_64__)
    _mm_sfence();
#endif
}

#endif
