/* Files that are compressed, up to 64 KiB of contents: a text, by way of a file that has no name. */
#define TENSOR_FACTOR 4 /* the contents in a buffer that grows by doubling, and the tensor */
#include "target.h"

#include <sys/mman.h>

static struct made reads_bytes(const uint8_t *bytes, size_t size)
{
    static int descriptor = -1;
    static char path[50];
    if (descriptor < 0) {
        descriptor = memfd_create("fuzz", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    }
    CHECK(ftruncate(descriptor, 0) == 0 && pwrite(descriptor, bytes, size, 0) == (ssize_t)size, "making the file");
    struct made m = {.tensor = {wg_dataset_read_text(path, .max_bytes = 1 << 16)}};
    m.good = m.tensor[0] != NULL;
    CHECK(!m.good || wg_numel(m.tensor[0]) <= 1 << 16, "more than max_bytes");
    return m;
}

WRITES_NOTHING
