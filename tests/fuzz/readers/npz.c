/* .npz. Most changed archives get the CRC-32 of their new members, else hardly one would be read beyond it. */
#include <zlib.h>

#include "target.h"

static struct made reads_bytes(const uint8_t *bytes, size_t size)
{
    struct made m = {.npz = wg_dataset_parse_npz(bytes, size, "fuzz")};
    m.good = m.npz != NULL;
    return m;
}

/* To a file and back; of one in sixteen, since files are slow. */
static void made_is_written(const struct made *made, uint64_t hash)
{
    const wg_tensor_list list = list_of(made);
    if (hash / 16 % 16 != 0)
        return;
    CHECK(wg_dataset_write_npz(scratch(), list) == WG_OK, "writing");
    struct made again = {.npz = wg_dataset_read_npz(scratch())};
    CHECK(again.npz, "what was written is not read");
    check_same(list, list_of(&again));
    end_made(&again);
    unlink(scratch());
}

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t max_size, unsigned seed);

static size_t number(const uint8_t *bytes, int n)
{
    size_t value = 0;
    while (n-- > 0)
        value = value << 8 | bytes[n];
    return value;
}

/* Of each member whose header and place in the directory can be found. */
static void repair(uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at + 46 <= size; at++) {
        if (memcmp(bytes + at, "PK\1\2", 4) != 0)
            continue;
        const size_t local = number(bytes + at + 42, 4), n = number(bytes + at + 24, 4);
        if (local > size || size - local < 30 || memcmp(bytes + local, "PK\3\4", 4) != 0)
            continue;
        const size_t begin = local + 30 + number(bytes + local + 26, 2) + number(bytes + local + 28, 2);
        if (begin > size || n > size - begin)
            continue;
        const uLong crc = crc32(crc32(0, NULL, 0), bytes + begin, (uInt)n);
        for (int i = 0; i < 4; i++)
            bytes[local + 14 + (size_t)i] = bytes[at + 16 + (size_t)i] = (uint8_t)(crc >> 8 * i);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t max_size, unsigned seed)
{
    const size_t n = LLVMFuzzerMutate(bytes, size, max_size);
    if (seed % 8 != 0)
        repair(bytes, n);
    return n;
}
