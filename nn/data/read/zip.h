/* ZIP archives whose members are stored, not compressed. Source: PKWARE, APPNOTE.TXT, .ZIP file format specification, 6.3.10,
   2022. */
#ifndef NN_DATA_READ_ZIP_H
#define NN_DATA_READ_ZIP_H

#include "cursor.h"

struct zip_member {
    const char *name; /* of name_size bytes, without a NUL behind it */
    size_t name_size;
    size_t begin, end; /* its contents */
};

/* Its members, in the order of the directory: they fill the archive without gaps, CRC-32 fits, no name occurs twice. *members is
   to be freed; on failure it is NULL. */
wg_status zip_check(const struct cursor *archive, struct zip_member **members, size_t *n);

/* What is known of a member that is written. */
struct zip_entry {
    const char *name;
    uint32_t crc;
    uint64_t size, at; /* of the contents; where its local header begins */
};

enum { ZIP_LOCAL = 30, ZIP_CENTRAL = 46, ZIP_END = 22 };
void zip_local(unsigned char header[ZIP_LOCAL], const struct zip_entry *entry); /* the name follows each */
void zip_central(unsigned char header[ZIP_CENTRAL], const struct zip_entry *entry);
void zip_end(unsigned char record[ZIP_END], size_t entries, uint64_t directory, uint64_t size);

bool zip_is_text(const char *name, size_t n); /* UTF-8 without control characters */

#endif
