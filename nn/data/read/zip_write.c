/* The records of a ZIP archive that is written: members are stored, and dated 1980-01-01, so that the same tensors make the same
   bytes. */
#include <string.h>

#include "zip.h"

static void put(unsigned char *at, uint64_t value, int n)
{
    for (int i = 0; i < n; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

/* Of both headers, from the version on. */
static void put_fields(unsigned char *at, const struct zip_entry *entry)
{
    put(at, 20, 2); /* version 2.0 reads it */
    put(at + 2, 1 << 11, 2);
    put(at + 4, 0, 4);
    put(at + 8, 1 << 5 | 1, 2);
    put(at + 10, entry->crc, 4);
    put(at + 14, entry->size, 4);
    put(at + 18, entry->size, 4);
    put(at + 22, strlen(entry->name), 2);
    put(at + 24, 0, 2);
}

void zip_local(unsigned char header[ZIP_LOCAL], const struct zip_entry *entry)
{
    memcpy(header, "PK\3\4", 4);
    put_fields(header + 4, entry);
}

void zip_central(unsigned char header[ZIP_CENTRAL], const struct zip_entry *entry)
{
    memset(header, 0, ZIP_CENTRAL);
    memcpy(header, "PK\1\2", 4);
    put(header + 4, 20, 2);
    put_fields(header + 6, entry);
    put(header + 42, entry->at, 4);
}

void zip_end(unsigned char record[ZIP_END], size_t entries, uint64_t directory, uint64_t size)
{
    memset(record, 0, ZIP_END);
    memcpy(record, "PK\5\6", 4);
    put(record + 8, entries, 2);
    put(record + 10, entries, 2);
    put(record + 12, size, 4);
    put(record + 16, directory, 4);
}

/* The bytes of a character of UTF-8 that begins with that one, or 0. */
static size_t length_of(unsigned char first)
{
    return first < 0x80                    ? 1
           : first >= 0xc2 && first < 0xe0 ? 2
           : first >= 0xe0 && first < 0xf0 ? 3
           : first >= 0xf0 && first < 0xf5 ? 4
                                           : 0;
}

bool zip_is_text(const char *name, size_t n)
{
    const unsigned char *at = (const unsigned char *)name;
    for (size_t i = 0; i < n;) {
        const size_t length = length_of(at[i]);
        if (length == 0 || length > n - i || at[i] < 0x20 || at[i] == 0x7f)
            return false;
        for (size_t k = 1; k < length; k++)
            if ((at[i + k] & 0xc0) != 0x80)
                return false;
        if (length > 2) { /* not longer than needed, no surrogate, not above U+10FFFF */
            const unsigned second = at[i + 1];
            if ((at[i] == 0xe0 && second < 0xa0) || (at[i] == 0xed && second > 0x9f) || (at[i] == 0xf0 && second < 0x90) ||
                (at[i] == 0xf4 && second > 0x8f))
                return false;
        }
        i += length;
    }
    return n > 0;
}
