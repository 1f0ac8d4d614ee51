/* An allocation outside the library's pool that fails, for tests. The program is linked with --wrap=malloc and --wrap=calloc, and includes
   this once. */
#ifndef TEST_FAILING_MALLOC_H
#define TEST_FAILING_MALLOC_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

static int fail_at = -1; /* the allocations to go before one fails; negative: none does */

static bool is_due(void)
{
    const bool due = fail_at >= 0 && fail_at-- == 0;
    if (due)
        errno = ENOMEM;
    return due;
}

void *__wrap_malloc(size_t size)
{
    return is_due() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return is_due() ? NULL : __real_calloc(n, size);
}

#endif
