/* PNG. Most changed images get the CRC of their new chunks. A few bytes can promise any image of .max_side; .max_bytes bounds
   what is asked for before its pixels are seen. */
#include <zlib.h>

#include "target.h"

static struct made reads_bytes(const uint8_t *bytes, size_t size)
{
    const int channels[] = {0, 1, 3, 4};
    struct made m = {.tensor = {wg_dataset_parse_png(bytes, size, "fuzz", .channels = channels[size % 4], .max_side = 256,
                                                     .max_bytes = 100 << 10)}};
    m.good = m.tensor[0] != NULL;
    return m;
}

WRITES_NOTHING

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t max_size, unsigned seed);

static void repair(uint8_t *bytes, size_t size)
{
    for (size_t at = 8; size >= 12 && at <= size - 12;) {
        const size_t n = (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 | (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (n > size - 12 - at)
            return;
        const uLong crc = crc32(crc32(0, NULL, 0), bytes + at + 4, (uInt)n + 4);
        for (size_t i = 0; i < 4; i++)
            bytes[at + 8 + n + i] = (uint8_t)(crc >> (24 - 8 * i));
        at += 12 + n;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t max_size, unsigned seed)
{
    const size_t n = LLVMFuzzerMutate(bytes, size, max_size);
    if (seed % 8 != 0)
        repair(bytes, n);
    return n;
}
