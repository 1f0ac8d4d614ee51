#include "block.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Large blocks lie in huge pages where the system has them: they are written once and read once, and faults of small pages would take
   as long as that. */
void *file_block(size_t n)
{
    const size_t huge_page = (size_t)1 << 21;
    void *block = NULL;
    if (n < 8 * huge_page)
        return malloc(n);
    if (posix_memalign(&block, huge_page, n) != 0)
        return NULL;
    (void)madvise(block, n & ~(huge_page - 1), MADV_HUGEPAGE); /* failure is harmless: the system has no huge pages */
    return block;
}
