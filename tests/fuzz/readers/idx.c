/* IDX. */
#include "target.h"

static struct made reads_bytes(const uint8_t *bytes, size_t size)
{
    struct made m = {.tensor = {wg_dataset_parse_idx(bytes, size, "fuzz")}};
    m.good = m.tensor[0] != NULL;
    return m;
}

WRITES_NOTHING
