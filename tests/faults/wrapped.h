/* A program's own malloc, read and write in the library's place, which count and fail: it is linked with --wrap for each of them.
   */
#ifndef TEST_WRAPPED_H
#define TEST_WRAPPED_H

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* ---- the allocator ---- */

static struct {
    bool counts;
    int64_t calls, fail_at, blocks, live, peak; /* fail_at: -1, none; blocks: how many; live: bytes in them */
    bool persistent;
} heap = {.fail_at = -1};

static bool refused(void)
{
    if (!heap.counts)
        return false;
    const int64_t call = heap.calls++;
    const bool now = heap.fail_at >= 0 && (call == heap.fail_at || (heap.persistent && call > heap.fail_at));
    if (now)
        errno = ENOMEM;
    return now;
}

static void *counted(void *block)
{
    if (block && heap.counts) {
        heap.blocks++;
        heap.live += (int64_t)malloc_usable_size(block);
        heap.peak = heap.live > heap.peak ? heap.live : heap.peak;
    }
    return block;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
int __real_posix_memalign(void **block, size_t alignment, size_t n);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
void __real_free(void *block);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
int __wrap_posix_memalign(void **block, size_t alignment, size_t n);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
int __wrap_asprintf(char **text, const char *format, ...);
void __wrap_free(void *block);

void *__wrap_malloc(size_t n)
{
    return refused() ? NULL : counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refused() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    return refused() ? NULL : counted(__real_aligned_alloc(alignment, n));
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t n)
{
    const int code = refused() ? ENOMEM : __real_posix_memalign(block, alignment, n);
    if (code == 0)
        (void)counted(*block);
    return code;
}

void *__wrap_realloc(void *block, size_t n)
{
    if (refused())
        return NULL;
    const int64_t before = block ? (int64_t)malloc_usable_size(block) : 0;
    void *moved = __real_realloc(block, n);
    if (moved && heap.counts) {
        heap.blocks -= block != NULL;
        heap.live -= before;
    }
    return counted(moved);
}

char *__wrap_strdup(const char *text)
{
    return refused() ? NULL : counted(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t n)
{
    return refused() ? NULL : counted(__real_strndup(text, n));
}

int __wrap_asprintf(char **text, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    const int n = refused() ? -1 : vasprintf(text, format, values);
    va_end(values);
    if (n >= 0)
        (void)counted(*text);
    return n;
}

void __wrap_free(void *block)
{
    if (block && heap.counts) {
        heap.blocks--;
        heap.live -= (int64_t)malloc_usable_size(block);
    }
    __real_free(block);
}

/* ---- reading, which may be interrupted, come in pieces, or fail ---- */

static enum { READS, INTERRUPTED, PIECES, FAILS } mode;
static int reads;

ssize_t __real_read(int descriptor, void *to, size_t n);
ssize_t __wrap_read(int descriptor, void *to, size_t n);

ssize_t __wrap_read(int descriptor, void *to, size_t n)
{
    reads++;
    if ((mode == INTERRUPTED && reads % 2) || (mode == FAILS && reads > 1)) {
        errno = mode == FAILS ? EIO : EINTR;
        return -1;
    }
    return __real_read(descriptor, to, mode == READS || n < 7 ? n : 7);
}

static int64_t writes, fail_write = -1;

ssize_t __real_write(int descriptor, const void *from, size_t n);
ssize_t __wrap_write(int descriptor, const void *from, size_t n);

ssize_t __wrap_write(int descriptor, const void *from, size_t n)
{
    if (fail_write >= 0 && writes++ == fail_write) {
        errno = ENOSPC;
        return -1;
    }
    return __real_write(descriptor, from, n);
}

#endif
