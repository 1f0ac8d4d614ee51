/* Archives of NumPy: several .npy files in one, stored. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../file/replace.h"
#include "bytes.h"
#include "npy.h"
#include "wengert/data.h"
#include "wengert/error.h"
#include "zip.h"

#ifdef WG_ZLIB
#include <zlib.h>
#endif

/* ---- reading ---- */

struct wg_dataset_npz {
    size_t n;
    wg_tensor **tensor;
    char **name;
};

/* The member's array, checked. where: space for what messages say. */
static wg_status check_array(const struct cursor *archive, const struct zip_member *member, char where[200], struct npy *npy)
{
    const int shown = member->name_size < 60 ? (int)member->name_size : 60;
    struct cursor c = {archive->bytes, member->end, member->begin, archive->op, where};
    if (member->name_size < 5 || memcmp(member->name + member->name_size - 4, ".npy", 4) != 0)
        return cursor_wrong(archive, member->begin, "\"%.*s\" is no .npy file", shown, member->name);
    snprintf(where, 200, "%.100s, %.*s", archive->name, shown, member->name);
    return npy_check(&c, npy);
}

static bool add_array(struct wg_dataset_npz *npz, const struct cursor *archive, const struct zip_member *member)
{
    char where[200];
    struct npy npy;
    wg_tensor *t = check_array(archive, member, where, &npy) == WG_OK ? npy_tensor(&npy) : NULL;
    npz->tensor[npz->n] = t ? wg_adopt(t) : NULL;
    if (!npz->tensor[npz->n])
        return false;
    npz->name[npz->n] = strndup(member->name, member->name_size - 4);
    if (!npz->name[npz->n])
        (void)wg_error_set(WG_E_MEMORY, archive->op, "%s: out of memory", archive->op);
    const bool whole = npz->name[npz->n] && wg_set_name(npz->tensor[npz->n], npz->name[npz->n]) == WG_OK;
    npz->n++;
    return whole;
}

static wg_dataset_npz *make(const struct cursor *archive, const struct zip_member *members, size_t n)
{
    wg_dataset_npz *npz = calloc(1, sizeof *npz);
    if (npz) {
        npz->tensor = calloc(n + 1, sizeof *npz->tensor);
        npz->name = calloc(n + 1, sizeof *npz->name);
    }
    bool whole = npz && npz->tensor && npz->name;
    if (!whole)
        (void)wg_error_set(WG_E_MEMORY, archive->op, "%s: out of memory", archive->op);
    for (size_t i = 0; i < n && whole; i++)
        whole = add_array(npz, archive, &members[i]);
    if (whole)
        return npz;
    wg_dataset_npz_destroy(npz);
    return NULL;
}

static wg_dataset_npz *parse(const char *op, const void *bytes, size_t size, const char *name)
{
    const struct cursor archive = {.bytes = bytes, .size = size, .op = op, .name = name};
    struct zip_member *members;
    struct npy npy;
    size_t n = 0;
    char where[200];
    wg_status status = zip_check(&archive, &members, &n);
    for (size_t i = 0; i < n && status == WG_OK; i++) /* all of them before the first tensor is made */
        status = check_array(&archive, &members[i], where, &npy);
    wg_dataset_npz *npz = status == WG_OK ? make(&archive, members, n) : NULL;
    free(members);
    return npz;
}

wg_dataset_npz *wg_dataset_read_npz_with(const char *path, wg_dataset_read_options options)
{
    const char *op = "dataset_read_npz";
    struct bytes bytes;
    wg_dataset_npz *npz = NULL;
    if (bytes_read(&bytes, path, options.max_bytes, false, op) == WG_OK)
        npz = parse(op, bytes.data, bytes.size, path);
    free(bytes.data);
    return npz;
}

wg_dataset_npz *wg_dataset_parse_npz(const void *bytes, size_t size, const char *name)
{
    const char *op = "dataset_parse_npz";
    if (bytes && name)
        return parse(op, bytes, size, name);
    (void)wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, bytes ? "name is" : "bytes are");
    return NULL;
}

void wg_dataset_npz_destroy(wg_dataset_npz *npz)
{
    if (!npz)
        return;
    for (size_t i = 0; i < npz->n; i++) {
        wg_disown(npz->tensor[i]);
        free(npz->name[i]);
    }
    free(npz->tensor), free(npz->name), free(npz);
}

wg_tensor_list wg_dataset_npz_tensors(const wg_dataset_npz *npz)
{
    if (npz)
        return (wg_tensor_list){npz->n, npz->tensor, (const char *const *)npz->name};
    (void)wg_error_set(WG_E_NULL, "dataset_npz_tensors", "dataset_npz_tensors: the archive is NULL");
    return (wg_tensor_list){0, NULL, NULL};
}

wg_tensor *wg_dataset_npz_tensor(const wg_dataset_npz *npz, const char *name)
{
    const char *op = "dataset_npz_tensor";
    if (!npz || !name) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, npz ? "name" : "archive");
        return NULL;
    }
    for (size_t i = 0; i < npz->n; i++)
        if (strcmp(npz->name[i], name) == 0)
            return npz->tensor[i];
    (void)wg_error_set(WG_E_ARGUMENT, op, "%s: the archive has no array %.100s", op, name);
    return NULL;
}

/* ---- writing ---- */

#ifdef WG_ZLIB
/* A member in memory: the header and the elements of its array. */
struct array {
    char header[NPY_MAX_HEADER];
    size_t header_size, bytes;
    const unsigned char *elements;
};

struct archive {
    struct replacement file;
    uint64_t at;
};

static wg_status append(struct archive *a, const void *bytes, size_t n)
{
    a->at += n;
    return replace_write(&a->file, bytes, n);
}

static wg_status append_name(struct archive *a, const char *name)
{
    return append(a, name, strlen(name));
}

static uint32_t crc_of(const struct array *array)
{
    uLong crc = crc32(crc32(0, NULL, 0), (const Bytef *)array->header, (uInt)array->header_size);
    for (size_t i = 0; i < array->bytes;) {
        const size_t some = array->bytes - i < 1u << 30 ? array->bytes - i : 1u << 30;
        crc = crc32(crc, array->elements + i, (uInt)some);
        i += some;
    }
    return (uint32_t)crc;
}

static wg_status write_array(struct archive *a, const struct array *array, struct zip_entry *entry)
{
    unsigned char header[ZIP_LOCAL];
    entry->crc = crc_of(array);
    zip_local(header, entry);
    WG_TRY(append(a, header, sizeof header));
    WG_TRY(append_name(a, entry->name));
    WG_TRY(append(a, array->header, array->header_size));
    return append(a, array->elements, array->bytes);
}

static wg_status write_member(struct archive *a, const wg_tensor *t, struct zip_entry *entry)
{
    struct array array = {.bytes = (size_t)wg_numel(t) * wg_dtype_size(wg_dtype_of(t))};
    void *buffer;
    array.header_size = npy_header(t, array.header);
    entry->size = array.header_size + array.bytes;
    entry->at = a->at;
    if (entry->size + a->at > UINT32_MAX - ((uint64_t)1 << 28)) /* with space for a directory */
        return wg_error_set(WG_E_ARGUMENT, a->file.op, "%s: tensors above 3.75 GiB do not fit into one archive: see wg_save",
                            a->file.op);
    array.elements = elements_of(t, &buffer, a->file.op);
    const wg_status status = array.elements ? write_array(a, &array, entry) : wg_error_if_null(NULL);
    free(buffer);
    return status;
}

static wg_status write_archive(struct archive *a, wg_tensor_list list, struct zip_entry *entries)
{
    unsigned char header[ZIP_CENTRAL], end[ZIP_END];
    WG_TRY(replace_begin(&a->file, a->file.path, a->file.op));
    for (size_t i = 0; i < list.n; i++)
        WG_TRY(write_member(a, list.tensor[i], &entries[i]));
    const uint64_t directory = a->at;
    for (size_t i = 0; i < list.n; i++) {
        zip_central(header, &entries[i]);
        WG_TRY(append(a, header, sizeof header));
        WG_TRY(append_name(a, entries[i].name));
    }
    zip_end(end, list.n, directory, a->at - directory);
    WG_TRY(append(a, end, sizeof end));
    return replace_commit(&a->file);
}

/* Names of members, in one block of memory that *names gets. */
static wg_status name_members(const char *op, wg_tensor_list list, struct zip_entry *entries, char **names)
{
    size_t total = 1;
    WG_TRY(file_check_list(list, op));
    for (size_t i = 0; i < list.n; i++) {
        const size_t n = strlen(list.name[i]);
        if (!zip_is_text(list.name[i], n) || n > 1000)
            return wg_error_set(WG_E_ARGUMENT, op,
                                "%s: the name of tensor %zu is empty, too long, no UTF-8, or has control characters", op, i);
        total += n + 5;
    }
    char *at = *names = malloc(total);
    if (!at)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    for (size_t i = 0; i < list.n; i++) {
        entries[i].name = at;
        at += sprintf(at, "%s.npy", list.name[i]) + 1;
    }
    return WG_OK;
}

static wg_status write_npz(const char *path, wg_tensor_list tensors, const char *op)
{
    if (tensors.n >= UINT16_MAX)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at most 65534 tensors, got %zu", op, tensors.n);
    struct zip_entry *entries = calloc(tensors.n + 1, sizeof *entries);
    if (!entries)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    struct archive a = {.file = {.path = path, .op = op, .folder = -1, .descriptor = -1}};
    char *names = NULL;
    wg_status status = name_members(op, tensors, entries, &names);
    if (status == WG_OK)
        status = write_archive(&a, tensors, entries);
    replace_end(&a.file);
    free(names), free(entries);
    return status;
}
#else
static wg_status write_npz(const char *path, wg_tensor_list tensors, const char *op)
{
    (void)path, (void)tensors;
    return wg_error_set(WG_E_STATE, op,
                        "%s: this library was built without zlib, which sums up archives: install zlib1g-dev and build again", op);
}
#endif

wg_status wg_dataset_write_npz(const char *path, wg_tensor_list tensors)
{
    const char *op = "dataset_write_npz";
    return path ? write_npz(path, tensors, op) : wg_error_set(WG_E_NULL, op, "%s: the path is NULL", op);
}
