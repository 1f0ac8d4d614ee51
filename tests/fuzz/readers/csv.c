/* Numbers in rows of text; options from the number of bytes. */
#include "target.h"

static struct made reads_bytes(const uint8_t *bytes, size_t size)
{
    struct made m = {.good = false};
    const bool wide = size % 2, labels = size / 2 % 2;
    m.good = wg_dataset_parse_csv(bytes, size, "fuzz", &m.tensor[0], labels ? &m.tensor[1] : NULL, .dtype = wide ? WG_F64 : WG_F32,
                                  .nonfinite = size / 4 % 2, .separator = size / 8 % 4 ? ',' : ';') == WG_OK;
    return m;
}

WRITES_NOTHING
