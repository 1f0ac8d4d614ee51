/* Reading the directory of a ZIP archive. It stands at the end; each of its entries repeats what stands before the member itself,
   and both are read and compared, since programs that read only one of them see different archives in one file. */
#include "zip.h"

#include <stdlib.h>
#include <string.h>

#include "wengert/error.h"

#ifdef WG_ZLIB
#include <zlib.h>

enum { UTF_8 = 1 << 11, ENCRYPTED = 1, SIZES_FOLLOW = 1 << 3, LOCATOR = 20, LARGE_END = 56 };

struct directory {
    size_t at, end, entries;
};

/* The fields that an entry of the directory and a local header share. */
struct fields {
    unsigned flags, method;
    uint32_t crc;
    uint64_t packed, size, local;
    const char *name;
    size_t name_size;
};

/* ---- the end of the archive ---- */

/* A number of the small record: the one of the large record or, where that is too large for it, all ones. */
static bool fits(uint64_t small, uint64_t large, uint64_t ones)
{
    return small == large || small == ones;
}

static wg_status check_directory(const struct cursor *c, size_t end, uint64_t begin, uint64_t size, uint64_t entries,
                                 struct directory *d)
{
    if (begin > end || size != end - begin)
        return cursor_wrong(c, end, "the directory does not end where the archive's end record begins");
    *d = (struct directory){(size_t)begin, end, (size_t)entries};
    return WG_OK;
}

/* Archives above 2 GiB or of more than 65534 members have a larger record, and behind it its place, before the small one. */
static wg_status read_large_end(const struct cursor *c, const unsigned char *small, struct directory *d)
{
    if (c->size < ZIP_END + LOCATOR + LARGE_END)
        return cursor_wrong(c, 0, "expected the end record of a zip64 archive");
    const size_t at = c->size - ZIP_END - LOCATOR - LARGE_END;
    const unsigned char *record = c->bytes + at, *locator = record + LARGE_END;
    const uint64_t entries = little_endian(record + 32, 8), size = little_endian(record + 40, 8),
                   begin = little_endian(record + 48, 8);
    if (memcmp(locator, "PK\6\7", 4) != 0 || memcmp(record, "PK\6\6", 4) != 0 || little_endian(locator + 8, 8) != at ||
        little_endian(record + 4, 8) != LARGE_END - 12 || little_endian(record + 16, 8) != 0 ||
        little_endian(record + 24, 8) != entries || !fits(little_endian(small + 10, 2), entries, UINT16_MAX) ||
        !fits(little_endian(small + 12, 4), size, UINT32_MAX) || !fits(little_endian(small + 16, 4), begin, UINT32_MAX))
        return cursor_wrong(c, at, "expected the end record of a zip64 archive");
    return check_directory(c, at, begin, size, entries, d);
}

static wg_status read_end(const struct cursor *c, struct directory *d)
{
    if (c->size < ZIP_END)
        return cursor_wrong(c, 0, "%zu bytes are no archive", c->size);
    const size_t at = c->size - ZIP_END;
    const unsigned char *record = c->bytes + at;
    if (memcmp(record, "PK\5\6", 4) != 0 || little_endian(record + 20, 2) != 0)
        return cursor_wrong(c, at, "expected the end record of a ZIP archive, without a comment");
    if (little_endian(record + 4, 4) != 0 || little_endian(record + 8, 2) != little_endian(record + 10, 2))
        return cursor_wrong(c, at, "an archive of several parts");
    if (at >= LOCATOR && memcmp(record - LOCATOR, "PK\6\7", 4) == 0)
        return read_large_end(c, record, d);
    return check_directory(c, at, little_endian(record + 16, 4), little_endian(record + 12, 4), little_endian(record + 8, 2), d);
}

/* ---- fields ---- */

/* Those of size, packed and local that have no place in 32 bits stand, in this order, in an extra field of the kind 1. */
static wg_status read_extra(const struct cursor *c, size_t at, size_t n, struct fields *f)
{
    uint64_t *const large[] = {&f->size, &f->packed, &f->local};
    for (size_t end = at + n; end - at >= 4;) {
        const size_t size = (size_t)little_endian(c->bytes + at + 2, 2);
        if (size > end - at - 4)
            return cursor_wrong(c, at, "an extra field is longer than its header says");
        size_t place = at + 4;
        if (little_endian(c->bytes + at, 2) == 1)
            for (int i = 0; i < 3 && place + 8 <= at + 4 + size; i++)
                if (*large[i] == UINT32_MAX) {
                    *large[i] = little_endian(c->bytes + place, 8);
                    place += 8;
                }
        at += 4 + size;
    }
    return WG_OK;
}

/* Reads the fields that a local header and an entry of the directory have in common. first: the flags, the first of them. The name and the
   extra field follow at the cursor, and their lengths are among the fields. */
static wg_status read_fields(struct cursor *c, const unsigned char *first, struct fields *f)
{
    const unsigned char *name, *extra;
    const size_t extra_size = (size_t)little_endian(first + 22, 2);
    f->flags = (unsigned)little_endian(first, 2);
    f->method = (unsigned)little_endian(first + 2, 2);
    f->crc = (uint32_t)little_endian(first + 8, 4);
    f->packed = little_endian(first + 12, 4);
    f->size = little_endian(first + 16, 4);
    f->name_size = (size_t)little_endian(first + 20, 2);
    WG_TRY(cursor_take(c, f->name_size, "a name", &name));
    f->name = (const char *)name;
    WG_TRY(cursor_take(c, extra_size, "an extra field", &extra));
    return read_extra(c, (size_t)(extra - c->bytes), extra_size, f);
}

static wg_status check_fields(const struct cursor *c, size_t at, const struct fields *f)
{
    if (!zip_is_text(f->name, f->name_size))
        return cursor_wrong(c, at, "a name that is empty, no UTF-8, or has control characters");
    const int shown = f->name_size < 40 ? (int)f->name_size : 40;
    for (size_t i = 0; i < f->name_size && !(f->flags & UTF_8); i++)
        if (f->name[i] & 0x80)
            return cursor_wrong(c, at, "the name \"%.*s\" is neither ASCII nor marked as UTF-8", shown, f->name);
    if (f->flags & ENCRYPTED)
        return cursor_wrong(c, at, "\"%.*s\" is encrypted", shown, f->name);
    if (f->method != 0)
        return cursor_wrong(c, at, "\"%.*s\" is compressed: write the archive by np.savez instead of np.savez_compressed", shown,
                            f->name);
    if (f->flags & SIZES_FOLLOW)
        return cursor_wrong(c, at, "\"%.*s\" has its size behind it: write the archive to a file, not into a pipe", shown, f->name);
    return f->size == f->packed ? WG_OK : cursor_wrong(c, at, "\"%.*s\" is stored, and its two sizes differ", shown, f->name);
}

/* ---- members ---- */

/* The member that begins at `at`, as its own header and the entry of the directory say. */
static wg_status check_member(const struct cursor *archive, size_t directory, size_t at, const struct fields *entry,
                              struct zip_member *member)
{
    struct cursor c = *archive;
    const unsigned char *head;
    struct fields f = {.local = 0};
    c.size = directory; /* members end where it begins */
    c.at = at;
    const int shown = entry->name_size < 40 ? (int)entry->name_size : 40;
    WG_TRY(cursor_take(&c, ZIP_LOCAL, "a member's header", &head));
    if (memcmp(head, "PK\3\4", 4) != 0)
        return cursor_wrong(&c, at, "expected the header of \"%.*s\"", shown, entry->name);
    WG_TRY(read_fields(&c, head + 6, &f));
    if (f.flags != entry->flags || f.method != entry->method || f.crc != entry->crc || f.packed != entry->packed ||
        f.size != entry->size || f.name_size != entry->name_size || memcmp(f.name, entry->name, f.name_size) != 0)
        return cursor_wrong(&c, at, "the header of \"%.*s\" is not that of the directory", shown, entry->name);
    if (entry->size > c.size - c.at)
        return cursor_wrong(&c, at, "\"%.*s\" is longer than the archive", shown, entry->name);
    *member = (struct zip_member){entry->name, entry->name_size, c.at, c.at + (size_t)entry->size};
    uLong crc = crc32(0, NULL, 0);
    for (size_t i = member->begin; i < member->end;) {
        const size_t some = member->end - i < 1u << 30 ? member->end - i : 1u << 30;
        crc = crc32(crc, c.bytes + i, (uInt)some);
        i += some;
    }
    return crc == entry->crc ? WG_OK : cursor_wrong(&c, at, "\"%.*s\" is damaged: its CRC-32 differs", shown, entry->name);
}

static int by_name(const void *a, const void *b)
{
    const struct zip_member *x = a, *y = b;
    const size_t n = x->name_size < y->name_size ? x->name_size : y->name_size;
    const int order = memcmp(x->name, y->name, n);
    return order ? order : (x->name_size > y->name_size) - (x->name_size < y->name_size);
}

/* members[n..2n) is for a copy that is sorted. */
static wg_status check_once(const struct cursor *c, struct zip_member *members, size_t n)
{
    struct zip_member *sorted = members + n;
    if (n == 0)
        return WG_OK;
    memcpy(sorted, members, n * sizeof *members);
    qsort(sorted, n, sizeof *sorted, by_name);
    for (size_t i = 1; i < n; i++)
        if (by_name(&sorted[i - 1], &sorted[i]) == 0)
            return cursor_wrong(c, sorted[i].begin, "two members are called \"%.*s\"",
                                sorted[i].name_size < 40 ? (int)sorted[i].name_size : 40, sorted[i].name);
    return WG_OK;
}

static wg_status read_members(const struct cursor *archive, const struct directory *d, struct zip_member *members)
{
    struct cursor c = *archive;
    size_t next = 0; /* where the next member begins: right behind the one before */
    c.at = d->at;
    c.size = d->end;
    for (size_t i = 0; i < d->entries; i++) {
        const unsigned char *head, *comment;
        struct fields f = {.local = 0};
        const size_t at = c.at;
        WG_TRY(cursor_take(&c, ZIP_CENTRAL, "an entry of the directory", &head));
        if (memcmp(head, "PK\1\2", 4) != 0)
            return cursor_wrong(&c, at, "expected an entry of the directory");
        f.local = little_endian(head + 42, 4);
        WG_TRY(read_fields(&c, head + 8, &f));
        WG_TRY(check_fields(&c, at, &f));
        WG_TRY(cursor_take(&c, (size_t)little_endian(head + 32, 2), "a comment", &comment));
        if (f.local != next)
            return cursor_wrong(&c, at, "\"%.*s\" does not begin where the member before it ends",
                                f.name_size < 40 ? (int)f.name_size : 40, f.name);
        WG_TRY(check_member(archive, d->at, next, &f, &members[i]));
        next = members[i].end;
    }
    WG_TRY(cursor_end(&c));
    return next == d->at ? check_once(archive, members, d->entries)
                         : cursor_wrong(archive, next, "%zu bytes between the last member and the directory", d->at - next);
}

wg_status zip_check(const struct cursor *archive, struct zip_member **members, size_t *n)
{
    struct directory d = {0, 0, 0};
    *members = NULL;
    WG_TRY(read_end(archive, &d));
    if (d.entries > (d.end - d.at) / ZIP_CENTRAL) /* before memory is asked for them */
        return cursor_wrong(archive, d.at, "a directory of %zu members in %zu bytes", d.entries, d.end - d.at);
    struct zip_member *list = malloc((2 * d.entries + 1) * sizeof *list);
    if (!list)
        return wg_error_set(WG_E_MEMORY, archive->op, "%s: out of memory", archive->op);
    const wg_status status = read_members(archive, &d, list);
    if (status != WG_OK) {
        free(list);
        return status;
    }
    *members = list;
    *n = d.entries;
    return WG_OK;
}

#else

wg_status zip_check(const struct cursor *archive, struct zip_member **members, size_t *n)
{
    *members = NULL;
    *n = 0;
    return wg_error_set(WG_E_STATE, archive->op,
                        "%s: this library was built without zlib, which checks archives: install zlib1g-dev and build again",
                        archive->op);
}
#endif
