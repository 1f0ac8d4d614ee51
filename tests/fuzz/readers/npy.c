/* .npy. What is read is written, in memory, and read again. */
#include "target.h"

#include "../../../nn/data/read/npy.h"

static struct made reads_bytes(const uint8_t *bytes, size_t size)
{
    struct made m = {.tensor = {wg_dataset_parse_npy(bytes, size, "fuzz")}};
    m.good = m.tensor[0] != NULL;
    return m;
}

static void made_is_written(const struct made *made, uint64_t hash)
{
    (void)hash;
    const size_t n = (size_t)bytes_of(made->tensor[0]);
    char header[NPY_MAX_HEADER];
    const size_t head = npy_header(made->tensor[0], header);
    uint8_t *bytes = malloc(head + n);
    CHECK(bytes && head % 64 == 0, "a header that is not a multiple of 64");
    memcpy(bytes, header, head);
    CHECK(wg_read_raw(made->tensor[0], bytes + head) == WG_OK, "reading the elements");
    struct made again = reads_bytes(bytes, head + n);
    CHECK(again.good, "what was written is not read");
    check_same(list_of(made), list_of(&again));
    end_made(&again);
    free(bytes);
}
